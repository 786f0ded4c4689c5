"""How a function says that it is a tool, and of each argument what models read of it: beside its code, and once.

A tool is a plain function. Its arguments that are annotated with an `Argument` are offered to models, in their order and
with their defaults; whoever offers the tool gives the others, by their names: `places`, `on_progress`, `noted`, `attach`,
the bytes of a document that may come as it is, and `room`, the characters of JSON that the answer may take.
"""

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

from imagebridge.requirements import Feature

Function = TypeVar("Function", bound=Callable[..., Any])

_DECLARATION = "__imagebridge_tool__"


class Argument(NamedTuple):
    """What models read of an argument, and how what they write is taken.

    Args:
        description: in words, as short as can be: models pay for them in every conversation.
        examples: values as they are written.
        reading: makes of a value what can be meant by it alone (see `lenient_values`).
        json_type: the type that a value is held against, where that is not the annotation. `Any`: the tool itself says
            what is wrong, where types would take several lines about unions.
        schema: the JSON Schema, where the type does not say it.
        words: the only texts that are taken.
        least: the smallest number that is taken.
        most: the largest number that is taken.
        entries: the least and the most entries of a list.
        form: what to give, for an error, where a type alone does not explain it: "give numbers and ranges, such as 1-3, 7".
        names: what else models call it; each is taken where the tool has no argument of that name.
    """

    description: str = ""
    examples: Sequence[object] = ()
    reading: Callable[[Any], object] | None = None
    json_type: object = None
    schema: Mapping[str, object] | None = None
    words: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    entries: tuple[int, int] | None = None
    form: str = ""
    names: tuple[str, ...] = ()


class Declaration(NamedTuple):
    """What is said of a tool as a whole.

    Args:
        function: what makes the answer, `async` or to be run in a thread.
        title: its name for people.
        description: what models read; `{where}` stands for where files are read, `{patience:g}` for the seconds after
            which a long call is answered with a handle.
        saves: whether what it makes can be saved as a file: `save_as` and `overwrite` are offered too.
        paid: whether each call costs money and takes long.
        requirement: the packages without which it is not offered.
        as_in: the tool that has described arguments of the same names already.
    """

    function: Callable[..., Any]
    title: str
    description: str
    saves: bool = False
    paid: bool = False
    requirement: Feature | None = None
    as_in: Callable[..., Any] | None = None

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the function's parameters that are offered to models."""
        parameters = signature(self.function).parameters.values()
        return tuple(one for one in parameters if get_origin(one.annotation) is Annotated)

    def takes(self, name: str) -> bool:
        """Tell whether the function is to be given something by this name."""
        return name in signature(self.function).parameters

    def said_before(self) -> frozenset[str]:
        """Return the names of the arguments that another tool has described already."""
        before = declaration(self.as_in).parameters() if self.as_in else ()
        return frozenset(one.name for one in before)


def argument(parameter: Parameter) -> Argument:
    """Return what is declared of a function's parameter."""
    return get_args(parameter.annotation)[1]


def tool(
    title: str,
    description: str,
    *,
    saves: bool = False,
    paid: bool = False,
    requirement: Feature | None = None,
    as_in: Callable[..., Any] | None = None,
) -> Callable[[Function], Function]:
    """Declare a function as a tool; it stays the function that it is.

    Args:
        title: see `Declaration`, as for the others.
        description: what models read of it.
        saves: whether what it makes can be saved.
        paid: whether each call costs money.
        requirement: the packages that it needs.
        as_in: the tool that has described the same arguments.
    """

    def declared(function: Function) -> Function:
        declaration = Declaration(function, title, description, saves, paid, requirement, as_in)
        setattr(function, _DECLARATION, declaration)
        return function

    return declared


def declaration(function: Callable[..., Any]) -> Declaration:
    """Return what a function was declared as."""
    return getattr(function, _DECLARATION)
