"""Converts malformed schemas from servers into what they were meant to be. Pure.

PHP writes an empty object as `[]` and a list with gaps as an object with number keys (shopware/shopware#18713,
modelcontextprotocol/php-sdk#405); other servers send a text or null as a schema, or `required: true` (2026-11).
"""

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any, cast

from imagebridge.wire import JSON, as_list, as_object, is_json, is_list, writable

LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
"""Keywords whose value is a list of schemas."""

MAPS = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")
"""Keywords whose value maps names to schemas."""

ONES = (
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)
"""Keywords whose value is one schema."""

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_TEXTS = ("$schema", "$id", "$ref", "$anchor", "$comment", "title", "description", "format", "pattern")
_NAMES = ("required", "type")


def sound(schema: object) -> dict[str, Any]:
    """Return a schema with objects, lists and texts where they belong, at any depth.

    Valid parts are unchanged; a fully valid schema is returned as the same object. Meaningless parts are left out: infinity and
    NaN, which JSON lacks, are dropped as bounds, and become text inside values.
    """
    read_schema = _schema_object(schema)
    sound_schema = cast("dict[str, Any]", writable(_sound(read_schema), finite=True))
    return read_schema if sound_schema == read_schema and isinstance(read_schema, dict) else sound_schema


def _schema_object(schema: object) -> JSON:
    """Return a schema as an object, even if the server sent it as JSON text."""
    if isinstance(schema, str):
        try:
            schema = json.loads(schema)
        except (ValueError, RecursionError):
            return {}
    found = as_object(schema)
    return {} if found is None else found


def _sound(schema: JSON) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in schema.items():
        sound_value = _value(key, value)
        if sound_value is not None or value is None:
            fields[key] = sound_value
    return fields


def _value(key: str, value: object) -> object:
    """Return a keyword's value in the correct form, or None if it is meaningless."""
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return None
    if key in MAPS:
        return {name: _one(inner) for name, inner in value.items()} if is_json(value) else {}
    if key in LISTS:
        return [_one(inner) for inner in values] if (values := _list(value)) else None
    if key == "items" and is_list(value) and value:
        return [_one(inner) for inner in value]  # A tuple, as Draft 7 writes it.
    if key in ONES:
        return _one(value)
    if key in _NAMES:
        return _type_or_required_names(key, value)
    if key == "enum":
        return _list(value) or None
    return None if key in _TEXTS and not isinstance(value, str) else value


def _one(value: object) -> object:
    """Return an inner schema. A type's name becomes that type, other text a description; anything else is ignored."""
    if is_json(value):
        return _sound(value)
    if isinstance(value, str) and value:
        return {"type": value} if value in _TYPES else {"description": value}
    return value if isinstance(value, bool) else {}


def _list(value: object) -> Sequence[object]:
    """Return a list, even if the server sent it as an object with number keys; empty for anything else."""
    if is_json(value):
        return list(value.values()) if all(name.isdecimal() for name in value) else ()
    return as_list(value)


def _type_or_required_names(key: str, value: object) -> object:
    """Return the names in `required` or `type`, or None if there are none."""
    if isinstance(value, str):
        return value if key == "type" else [value]
    # JSON's null among the types means the type with that name.
    all_names = ["null" if one is None and key == "type" else one for one in _list(value)]
    names = list(dict.fromkeys(one for one in all_names if isinstance(one, str)))
    return names or ([] if key == "required" and is_list(value) else None)
