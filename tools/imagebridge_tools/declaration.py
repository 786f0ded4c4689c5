"""How a function declares that it is a tool, and what models read about each argument: next to its code, and once.

A tool is a plain function. Arguments annotated with an `Argument` are offered to models, in their order and
with their defaults; whoever offers the tool passes the others by name: `places`, `on_progress`, `noted`, `attach`,
the bytes of a document that may be returned unchanged, and `room`, the characters of JSON that the answer may take.
"""

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

from imagebridge.requirements import Feature

Function = TypeVar("Function", bound=Callable[..., Any])

_DECLARATION = "__imagebridge_tool__"


class Argument(NamedTuple):
    """What models read about an argument, and how their values are read.

    Args:
        description: in words, as short as possible: models pay for them in every conversation.
        examples: values in the form in which to write them.
        reading: converts a value to the only thing that it can mean (see `lenient_values`).
        json_type: the type to validate a value against, if it is not the annotation. `Any`: the tool itself says
            what is wrong, if types would take several lines about unions.
        schema: the JSON Schema, if the type does not determine it.
        words: the only texts that are accepted.
        least: the smallest number that is accepted.
        most: the largest number that is accepted.
        entries: the minimum and maximum number of entries in a list.
        form: what to give, for an error, if the type alone does not explain it: "give numbers and ranges, such as 1-3, 7".
        names: other names that models use; each is accepted if the tool has no argument with that name.
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
    """What is declared about a tool as a whole.

    Args:
        function: the function that makes the answer, `async` or to be run in a thread.
        title: its name for people.
        description: what models read; `{where}` stands for where files are read, `{patience:g}` for the seconds after
            which a long call is answered with a handle.
        saves: whether the result can be saved as a file: if so, `save_as` and `overwrite` are offered too.
        paid: whether each call costs money and takes long.
        requirement: the packages without which it is not offered.
        as_in: the tool that has already described arguments of the same names.
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
        """Return whether the function takes an argument with this name."""
        return name in signature(self.function).parameters

    def said_before(self) -> frozenset[str]:
        """Return the names of the arguments that another tool has already described."""
        before = declaration(self.as_in).parameters() if self.as_in else ()
        return frozenset(one.name for one in before)


def argument(parameter: Parameter) -> Argument:
    """Return what is declared about a function's parameter."""
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
    """Declare a function as a tool; the function itself is unchanged.

    Args:
        title: see `Declaration`, as for the others.
        description: what models read about it.
        saves: whether the result can be saved.
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
    """Return the declaration of a function."""
    return getattr(function, _DECLARATION)
