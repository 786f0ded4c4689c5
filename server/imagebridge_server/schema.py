"""JSON Schemas as short as they can be said: all tools of a server are read by a model before its first word."""

from collections.abc import Mapping
from typing import Any, cast


def compact(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema without the titles that only repeat names, and without null where an argument may be left out.

    What is accepted does not change: null is still taken as an argument that is left out.
    """
    left_out = {"title"}
    given = schema
    if schema.get("default", ...) is None:
        left_out.add("default")
        options = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
        if len(options) == 1:
            given = {**options[0], **schema}
            left_out.add("anyOf")
        elif options:
            given = {**schema, "anyOf": options}
    return {key: _within(key, value) for key, value in given.items() if key not in left_out}


def _within(key: str, value: Any) -> Any:
    if key == "properties":
        named = cast("dict[str, dict[str, Any]]", value)
        return {name: compact(argument) for name, argument in named.items()}
    return value
