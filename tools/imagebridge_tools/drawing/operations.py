"""Reads the operations of transform_image, all of them before the first is performed."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from imagebridge.errors import ArgumentError
from imagebridge_tools.mistakes import Mistakes
from imagebridge_tools.tool_output import JsonValue, nearest_allowed

from . import tones
from .colors import Color, color
from .units import coordinates

FORMATS = ("png", "jpeg", "webp")

MAX_OPERATIONS = 20
"""The maximum number of operations in a call."""

SIDE = 12_000
"""The maximum side length of a result, in pixels."""

_BLUR = 200
"""The maximum radius, in pixels."""

_CLEAR = "transparent"

_NAMED = ("type", "op", "operation", "name", "action", "kind")
"""Keys under which models name an operation, next to its value."""

_HINTS = {"scale": "resize", "thumbnail": "fit", "mirror": "flip", "border": "pad", "convert": "format"}
"""Other names for operations whose values have a different form, used in hints."""

_MEANT = {"greyscale": "grayscale", "grey": "grayscale", "gray": "grayscale", "colour": "color"}


class Operation(NamedTuple):
    """A parsed operation; `argument` is its position in the call."""

    argument: str
    name: str
    value: Any


class Ground(NamedTuple):
    """The background that rotate and pad add: a colour, or None for transparency, and the caller's name for it."""

    color: Color | None
    name: str


def read_operations(mistakes: Mistakes, operations: Sequence[JsonValue]) -> list[Operation | None]:
    """Return the operations, with None for an invalid one that may have changed the size; mistakes are recorded."""
    if not operations:
        mistakes.add(
            ArgumentError("operations", f"is empty; {_FORM}; operations are {', '.join(OPERATIONS)}")
        )
    if len(operations) > MAX_OPERATIONS:
        problem = f"has {len(operations)} operations; give at most {MAX_OPERATIONS} per call"
        mistakes.add(ArgumentError("operations", problem))
        return []
    read: list[Operation | None] = []
    for number, one in enumerate(operations):
        try:
            read.append(_operation(one, f"operations[{number}]"))
        except ArgumentError as error:
            mistakes.add(error)
            name = error.argument.rpartition(".")[2]
            if name in SHAPING or name not in _OPERATIONS:
                read.append(None)
    chosen = {one.name: one for one in read if one}
    if "quality" in chosen and "format" in chosen and chosen["format"].value == "png":
        problem = "applies to jpeg and webp; png is lossless, so leave it out"
        mistakes.add(ArgumentError(chosen["quality"].argument, problem))
    return read


_FORM = 'give one operation per object, such as [{"crop": [0, 0, 40, 30]}, {"resize": [800, null]}]'


def _operation(operation: JsonValue, path: str) -> Operation:
    """Return an operation with its value.

    Raises:
        ArgumentError: the operation does not exist, or does not accept this value.
    """
    if isinstance(operation, str):
        name = _name(operation)
        if name in _SWITCHES:
            return Operation(f"{path}.{name}", name, True)
        raise ArgumentError(path, f"is {operation!r}, which is not an object; {_form(name)}")
    if not isinstance(operation, Mapping):
        raise ArgumentError(path, f"is {operation!r}, which is not an object; {_FORM}")
    name, value = _named(operation, path)
    argument = f"{path}.{name}"
    return Operation(argument, name, _OPERATIONS[name].read(value, argument))


def _name(text: str) -> str:
    plain = text.strip().casefold().replace("-", "_").replace(" ", "_")
    return _MEANT.get(plain, plain)


def _named(operation: Mapping[str, JsonValue], path: str) -> tuple[str, JsonValue]:
    """Return the name of an operation and its value, even if the name is itself a value: `{"type": "crop", ...}`."""
    if len(operation) == 1:
        ((key, value),) = operation.items()
        if (name := _name(key)) in _OPERATIONS:
            return name, value
        if key not in _NAMED or not isinstance(value, str):
            raise ArgumentError(
                path,
                f"has {key!r}, which is not an operation; {nearest_allowed(_HINTS.get(name, name), OPERATIONS)}",
            )
    naming = [key for key in _NAMED if isinstance(operation.get(key), str)]
    if naming and not any(_name(key) in _OPERATIONS for key in operation):
        name = _name(str(operation[naming[0]]))
        if name not in _OPERATIONS:
            raise ArgumentError(
                path, f"is {operation[naming[0]]!r}; {nearest_allowed(name, OPERATIONS)}; {_FORM}"
            )
        others = {key: value for key, value in operation.items() if key != naming[0]}
        if not others and name in _SWITCHES:
            return name, True
        if len(others) == 1 and not {"width", "height"} & set(others):
            return name, next(iter(others.values()))
        if others and name in ("crop", "resize", "fit", "pad"):
            return name, others
        raise ArgumentError(path, f"is {dict(operation)!r}; {_form(name)}")
    known = [key for key in operation if _name(key) in _OPERATIONS]
    unknown = [key for key in operation if key not in known]
    told = f" and {', '.join(map(repr, unknown))}, which is not an operation" if unknown else ""
    raise ArgumentError(path, f"has {', '.join(map(repr, known)) or 'no operation'}{told}; {_FORM}")


def _form(name: str) -> str:
    """Describe how to write an operation."""
    return f'write {{"{name}": {_OPERATIONS[name].form}}}' if name in _OPERATIONS else _FORM


def _number(value: JsonValue, argument: str, least: float, most: float) -> float:
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d+(\.\d+)?\s*(px|°|deg(rees)?)?\s*", value):
        value = float(re.sub(r"[^\d.-]", "", value))
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise ArgumentError(argument, f"is {value!r}; give a number from {least} to {most}")
    return value


def _region(value: JsonValue, argument: str) -> Sequence[float]:
    found = coordinates(value)
    sides = [one for one in found if isinstance(one, int | float)] if isinstance(found, list) else []
    if len(sides) != 4 or not isinstance(found, list) or len(found) != 4:
        raise ArgumentError(argument, f"is {value!r}; give [left, top, right, bottom]")
    return sides


def _size(value: JsonValue, argument: str) -> tuple[int | None, int | None]:
    """Return a width and a height, of which one may be None because it follows from the other."""
    sides: list[JsonValue] = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
    if isinstance(value, Mapping) and value and set(value) <= {"width", "height"}:
        sides = [value.get("width"), value.get("height")]
    if isinstance(value, str) and (found := re.fullmatch(r"\s*(\d+)\s*[x×*]\s*(\d+)\s*(?:px)?\s*", value)):
        sides = [int(found[1]), int(found[2])]
    if len(sides) != 2 or sides == [None, None]:
        form = "give [width, height] in pixels, with null for a side that follows from the proportions"
        raise ArgumentError(argument, f"is {value!r}; {form}, such as [800, null]")
    width, height = (None if side is None else round(_number(side, argument, 1, SIDE)) for side in sides)
    return width, height


def _way(value: JsonValue, argument: str) -> str:
    ways = ("horizontal", "vertical")
    plain = str(value).strip().casefold().removesuffix("ly")
    if plain not in ways:
        raise ArgumentError(argument, f"is {value!r}; {nearest_allowed(plain, ways)}")
    return plain


def _edges(value: JsonValue, argument: str) -> list[int]:
    found = coordinates(value) if isinstance(value, Mapping) else value
    edges = [found] * 4 if isinstance(found, int | float | str) else found
    if not isinstance(edges, list) or len(edges) != 4:
        problem = f"is {value!r}; give a number of pixels, or [left, top, right, bottom]"
        raise ArgumentError(argument, problem)
    return [round(_number(one, argument, 0, SIDE)) for one in edges]


def _switch(value: JsonValue, argument: str) -> bool:
    if value is not True and value != {} and str(value).casefold() != "true":
        raise ArgumentError(argument, f"is {value!r}; give true, or leave the operation out")
    return True


def _factor(value: JsonValue, argument: str) -> float:
    amount = tones.factor(value, argument)
    assert amount != "auto"  # It is not allowed here.
    return amount


def _ground(value: JsonValue, argument: str) -> Ground:
    named = str(value).strip().lower()
    return Ground(None if named == _CLEAR else color(named, argument, also=[_CLEAR]), named)


def _format(value: JsonValue, argument: str) -> str:
    plain = str(value).strip().casefold().removeprefix("image/").removeprefix(".")
    plain = {"jpg": "jpeg"}.get(plain, plain)
    if plain not in FORMATS:
        raise ArgumentError(argument, f"is {value!r}; {nearest_allowed(plain, FORMATS)}")
    return plain


def _percent(value: JsonValue, argument: str) -> int:
    return round(_number(value, argument, 1, 100))


class _Form(NamedTuple):
    """The function that reads the value of an operation, and an example of the value."""

    read: Callable[[JsonValue, str], Any]
    form: str


_FACTOR = _Form(_factor, "1.5")
_OPERATIONS: dict[str, _Form] = {
    "crop": _Form(_region, "[left, top, right, bottom]"),
    "resize": _Form(_size, "[width, height]"),
    "fit": _Form(_size, "[width, height]"),
    "rotate": _Form(partial(_number, least=-360, most=360), "90"),
    "flip": _Form(_way, '"horizontal"'),
    "pad": _Form(_edges, "20"),
    "grayscale": _Form(_switch, "true"),
    "invert": _Form(_switch, "true"),
    "brightness": _FACTOR,
    "contrast": _Form(partial(tones.factor, auto=True), '"auto"'),
    "saturation": _FACTOR,
    "sharpen": _FACTOR,
    "blur": _Form(partial(_number, least=0, most=_BLUR), "4"),
    "background": _Form(_ground, '"white"'),
    "format": _Form(_format, '"png"'),
    "quality": _Form(_percent, "85"),
}

_SWITCHES = ("grayscale", "invert")

SHAPING = ("crop", "resize", "fit", "rotate", "pad")
"""Operations that may change the size, which later operations depend on."""

OPERATIONS = tuple(_OPERATIONS)
"""The names of the operations."""
