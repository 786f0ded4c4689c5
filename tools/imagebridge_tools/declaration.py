"""Declares functions as tools, with the descriptions of their arguments for models, once and next to the code.

A tool is a plain function. Parameters annotated with an `Argument` are offered to models, in their order and with their
defaults. The code that offers the tool passes the others by name: `places`, `on_progress`, `noted`, `attach` (the
maximum size, in bytes, of a document to return unchanged), and `room` (the maximum size of the answer, in characters of
JSON).
"""

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

from imagebridge.requirements import Feature

Function = TypeVar("Function", bound=Callable[..., Any])

_DECLARATION = "__imagebridge_tool__"


class Argument(NamedTuple):
    """The description of an argument for models, and the way to read the values that they pass.

    Args:
        description: in words, and as short as possible, as it costs tokens in every conversation.
        examples: values as models should write them.
        reading: converts a value to the only meaning that it can have (see `lenient_values`).
        json_type: the type to validate a value against, if it is not the annotation. `Any`: the tool itself reports
        what is wrong, where validation would list every member of a union.
        schema: the JSON Schema, if the type does not determine it.
        words: the only texts that are accepted.
        least: the minimum number that is accepted.
        most: the maximum number that is accepted.
        entries: the minimum and maximum number of entries in a list.
        form: the hint for an error, if the type alone does not explain it, such as "give numbers and ranges, such as
        1-3, 7".
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
    """The properties of a tool as a whole.

    Args:
        function: the function that creates the answer; if it is not `async`, it is run in a thread.
        title: the name to show to people.
        description: the description for models; `{where}` stands for the places where files are read, and
        `{patience:g}` for the seconds after which a long call is answered with a handle.
        saves: whether the result can be saved as a file: if so, `save_as` and `overwrite` are offered too.
        paid: whether each call costs money and takes a long time.
        requirement: the packages that must be installed for the tool to be offered.
        as_in: another tool that already describes the arguments with the same names.
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
        """Return whether the function accepts an argument with this name."""
        return name in signature(self.function).parameters

    def said_before(self) -> frozenset[str]:
        """Return the names of the arguments that another tool has already described in the same words."""
        before = (
            {one.name: argument(one) for one in declaration(self.as_in).parameters()} if self.as_in else {}
        )
        return frozenset(one.name for one in self.parameters() if before.get(one.name) == argument(one))


def argument(parameter: Parameter) -> Argument:
    """Return the declaration of a function's parameter."""
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
        title: the name to show to people (see `Declaration` for all of these).
        description: the description for models.
        saves: whether the result can be saved.
        paid: whether each call costs money.
        requirement: the packages that the tool needs.
        as_in: another tool that already describes the same arguments.
    """

    def declared(function: Function) -> Function:
        declaration = Declaration(function, title, description, saves, paid, requirement, as_in)
        setattr(function, _DECLARATION, declaration)
        return function

    return declared


def declaration(function: Callable[..., Any]) -> Declaration:
    """Return the declaration of a function."""
    return getattr(function, _DECLARATION)
