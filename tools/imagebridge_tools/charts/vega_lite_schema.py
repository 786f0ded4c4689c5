"""Reads the official schema of Vega-Lite 6, and checks whether values match parts of it."""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from imagebridge_tools.tool_output import JsonValue

FILE = Path(__file__).parents[1] / "vega_lite" / "schema.json.gz"
"""Vega-Lite's schema without its descriptions, with its version, its date and the version that vl-convert draws;
`.ci/vega_lite_schema.py` generates it. Its licence is next to it."""

Subschema = Mapping[str, JsonValue]
"""A part of the schema."""

_NUMBER: Subschema = {"type": "number"}
_DRAWN_TOO: Mapping[str, Subschema] = {
    # Rows mean nothing to Vega-Lite, there are many of them, and they are checked elsewhere.
    "InlineDataset": {"type": ["array", "string", "object"]},
    # Vega names what it creates itself: mean_sales.
    **{
        name: {"required": ["op"]}
        for name in ("AggregatedFieldDef", "JoinAggregateFieldDef", "WindowFieldDef")
    },
    # A list of several kinds; the schema has only lists of one kind each.
    "SortArray": {"type": "array"},
    # The type of x2 and similar channels is that of x; repeating it changes nothing.
    "SecondaryFieldDef": {"properties": {"type": {"$ref": "#/definitions/StandardType"}}},
    # The size of a layer is the size of all.
    "GenericUnitSpec<Encoding,AnyMark>": {"properties": {"width": _NUMBER, "height": _NUMBER}},
}
"""Changes to the schema's definitions, for specs that vl-convert 1.9 draws correctly anyway (2026-11-29)."""

UNSHOWN = "tooltip"
"""A key that does not affect the picture; errors in its value are ignored."""

Keys = set[tuple[int, str]]
"""Keys of objects, each with the id of its object."""


@cache
def document() -> Mapping[str, JsonValue]:
    """Return the bundled schema."""
    read: dict[str, JsonValue] = json.loads(gzip.decompress(FILE.read_bytes()))
    definitions = dict(_subschema(read["definitions"]))
    for name, wider in _DRAWN_TOO.items():
        own = _subschema(definitions[name])
        union = "type" in wider  # These replace it.
        known = {"properties": {**properties(own), **properties(wider)}} if "properties" in wider else {}
        definitions[name] = wider if union else {**own, **wider, **known}
    return {**read, "definitions": definitions}


def root() -> Subschema:
    """Return the part of the schema that describes a whole spec."""
    return _subschema(document())


def resolved(part: Subschema) -> Subschema:
    """Return a part, or the definition that it refers to."""
    while isinstance(name := part.get("$ref"), str):
        part = _subschema(_definitions()[name.removeprefix("#/definitions/")])
    return part


@cache
def _definitions() -> Mapping[str, JsonValue]:
    return _subschema(document()["definitions"])


def branches(part: Subschema) -> list[Subschema]:
    """Return the alternatives of a part, with nested unions flattened; the part itself if it is not a union."""
    part = resolved(part)
    if "anyOf" not in part:
        return [part]
    found = [one for inner in _list(part["anyOf"]) for one in branches(_subschema(inner))]
    return list({id(one): one for one in found}.values())


def properties(part: Subschema) -> Mapping[str, JsonValue]:
    """Return the properties that an object may have, by name."""
    return _subschema(part.get("properties"))


def closed(part: Subschema) -> bool:
    """Return whether an object allows only the properties that are declared for it."""
    return part.get("additionalProperties") is False


def inner(part: Subschema, key: str) -> Subschema:
    """Return the part that describes the value of a key in an object."""
    found = properties(part).get(key, part.get("additionalProperties"))
    return _subschema(found)


def required(part: Subschema) -> Iterator[str]:
    """Yield the names of an object's required properties, except its rows, which may also be defined further inside."""
    yield from (name for name in _list(part.get("required")) if isinstance(name, str) and name != "data")


def allowed_values(part: Subschema) -> list[JsonValue] | None:
    """Return the only values that a part accepts, or None if it accepts any of its type."""
    if "const" in part:
        return [part["const"]]
    return list(_list(part["enum"])) if "enum" in part else None


def is_type(part: Subschema, value: JsonValue) -> bool:
    """Return whether a value has the JSON type that a part other than a union describes."""
    if "type" not in part:
        return True
    types = part["type"]
    return any(_is(name, value) for name in ([types] if isinstance(types, str) else _list(types)))


def in_range(part: Subschema, value: JsonValue) -> bool:
    """Return whether a number is within its bounds, and a list within its length limits."""
    if isinstance(value, bool) or value != value:  # noqa: PLR0124  # NaN, which is told elsewhere.
        return True
    if isinstance(value, int | float):
        return _bound(part, "minimum", value) <= value <= _bound(part, "maximum", value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        size = len(value)
        return _bound(part, "minItems", size) <= size <= _bound(part, "maxItems", size)
    return True


def bounds(part: Subschema, kind: str) -> str:
    """Return the bounds of a number (`kind` "imum") or of a list's size ("Items") in words."""
    low, high = part.get(f"min{kind}"), part.get(f"max{kind}")
    if low == high:
        return str(low)
    return (
        f"{low} to {high}"
        if None not in (low, high)
        else f"{low} or more"
        if high is None
        else f"at most {high}"
    )


class Conformance:
    """Checks which values match which parts, each pair only once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bool] = {}
        self.newer: Keys = set()
        """Keys that the drawing engine does not support yet."""
        self.unshown: Keys = set()
        """Keys whose values do not match the schema, but do not affect the picture."""

    def fits(self, part: Subschema, value: JsonValue) -> bool:
        """Return whether a value matches a part."""
        part = resolved(part)
        if not isinstance(value, Mapping | list | tuple):
            if "anyOf" in part:
                chosen = any(self.fits(_subschema(one), value) for one in _list(part["anyOf"]))
                return chosen and in_range(part, value)
            return _fits_scalar(part, value)
        key = (id(part), id(value))
        if (known := self._known.get(key)) is None:
            if "anyOf" in part:
                known = any(self.fits(_subschema(one), value) for one in _list(part["anyOf"]))
            else:
                known = is_type(part, value) and (
                    self._fits_object(part, value)
                    if isinstance(value, Mapping)
                    else self._fits_list(part, value)
                )
            self._known[key] = known
        return known

    def _fits_object(self, part: Subschema, value: Mapping[str, JsonValue]) -> bool:
        names = properties(part)
        if closed(part) and not names.keys() >= value.keys():
            return False
        if any(name not in value for name in required(part)):
            return False
        if not all(name == UNSHOWN or self.fits(inner(part, name), one) for name, one in value.items()):
            return False
        here = id(value)
        newer = _list(part.get("newer"))
        self.newer.update((here, name) for name in value if name in newer)
        if UNSHOWN in value and not self.fits(inner(part, UNSHOWN), value[UNSHOWN]):
            self.unshown.add((here, UNSHOWN))
        return True

    def _fits_list(self, part: Subschema, value: Sequence[JsonValue]) -> bool:
        items = _subschema(part.get("items"))
        return in_range(part, value) and all(self.fits(items, one) for one in value)


def _fits_scalar(part: Subschema, value: JsonValue) -> bool:
    allowed = allowed_values(part)
    return is_type(part, value) and (allowed is None or value in allowed) and in_range(part, value)


def _is(name: JsonValue, value: JsonValue) -> bool:
    match name:
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "object":
            return isinstance(value, Mapping)
        case _:
            return isinstance(value, list | tuple)


def _bound(part: Subschema, key: str, otherwise: float) -> float:
    value = part.get(key)
    return value if isinstance(value, int | float) else otherwise


def _subschema(value: JsonValue) -> Subschema:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, list | tuple) else ()
