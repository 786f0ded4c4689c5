"""Makes a server's description of itself and its tools acceptable to the SDK: only malformed parts are lost.

The SDK's client validates an answer as a whole, against the schema of its protocol version (mcp 2.3, 2026-11): otherwise
one tool of a PHP server, which writes an empty object as `[]`, would lose the server and all its tools.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from mcp.types import Tool
from mcp.types.methods import validate_server_result
from pydantic import TypeAdapter, ValidationError

from imagebridge.schemas.malformed import sound
from imagebridge.wire import JSON, as_list, as_object, is_json, is_list, is_number, text_of, writable

_LOG = logging.getLogger(__name__)

_VERSIONS = ("2025-11-25", "2026-07-28")
"""The newest version of each generation; what both accept is accepted by all versions that the SDK supports."""

_CACHING: Mapping[str, object] = {"cacheScope": "private", "resultType": "complete", "ttlMs": 0}
"""The fields that 2026-07-28 requires in each result, with values that promise nothing."""

_LISTED = TypeAdapter(list[Tool])

_ROUNDS = 4
"""How many times an answer is validated again: removing a value may reveal a fault in its container."""

_GROUPS = ("completions", "experimental", "extensions", "logging", "prompts", "resources", "tasks", "tools")


def introduced(result: JSON) -> JSON:
    """Return the answer of a server to `initialize` or `server/discover`, with invalid fields repaired or removed."""
    introduction = _described(_writable(result))
    offered = introduction.get("capabilities")
    introduction["capabilities"] = {
        name: as_object(value) or {}
        for name, value in (offered.items() if is_json(offered) else ())
        # Null means that there is none. PHP writes an empty object as a list.
        if name not in _GROUPS or is_json(value) or value == []
    }
    if "serverInfo" in introduction or "protocolVersion" in introduction:
        info = introduction.get("serverInfo")
        named = dict(info) if is_json(info) else {}
        introduction["serverInfo"] = {
            **named,
            "name": _name_text(named.get("name")),
            "version": _name_text(named.get("version")),
        }
    method = "server/discover" if "supportedVersions" in introduction else "initialize"
    return _accepted(introduction, method)


def relisted(result: JSON) -> JSON:
    """Return one page of `tools/list` in which every tool is valid.

    Invalid parts of a tool are removed. A tool that cannot be called because it has no name is left
    out, and a warning is logged.
    """
    result = _writable(result)
    listed = result.get("tools")
    if is_json(listed):
        listed = list(listed.values())
    tools: Sequence[object] = as_list(listed)
    page = _described(result)
    page["tools"] = [mended for tool in tools if (mended := _mended(tool)) is not None]
    cursor = page.pop("nextCursor", None)
    if isinstance(cursor, str) or is_number(cursor):
        page["nextCursor"] = str(cursor)
    return _accepted(page, "tools/list")


def _writable(result: JSON) -> JSON:
    """Return an answer that can be validated: the SDK's schemas fail on deep nesting."""
    return cast("JSON", writable(result))


def _described(result: JSON) -> dict[str, Any]:
    """Return an answer in which the fields that every answer has are valid."""
    fields: dict[str, Any] = dict(result)
    if not is_json(fields.get("_meta", {})):
        del fields["_meta"]
    for key, default in _CACHING.items():
        if not isinstance(fields.get(key), type(default)) or isinstance(fields.get(key), bool):
            fields[key] = default
    if fields["ttlMs"] < 0 or fields["cacheScope"] not in ("private", "public"):
        fields |= _CACHING
    return fields


def _name_text(value: object) -> str:
    """Return a name or version, which some servers send as a number."""
    if not is_number(value) and not isinstance(value, str):
        return ""
    return str(value)


def _mended(tool: object) -> dict[str, Any] | None:
    """Return a tool with valid schemas, or None if it cannot be called."""
    name = text_of(tool, "name") if is_json(tool) else ""
    if not is_json(tool) or not name:
        _LOG.warning("leaving out a tool without a name: %.200r", tool)
        return None
    definition: dict[str, Any] = dict(tool)
    # The protocol requires an object; some servers write {} or nothing for a tool without arguments.
    definition["inputSchema"] = {**_schema(definition.get("inputSchema")), "type": "object"}
    if "outputSchema" in definition:
        output = _schema(definition["outputSchema"])
        # Other types are refused up to 2025-11-25, and nothing here needs them.
        if output.get("type") == "object":
            definition["outputSchema"] = output
        else:
            del definition["outputSchema"]
    return definition


def _schema(schema: object) -> dict[str, Any]:
    try:
        return sound(schema)
    except RecursionError:  # Code that reads it would never finish.
        return {}


def _accepted(fields: dict[str, Any], method: str) -> dict[str, Any]:
    """Return an answer without the fields that a version's schema, or the SDK's own model of a tool, refuses."""
    checks: list[Callable[[dict[str, Any]], object]] = [
        lambda answer, version=version: validate_server_result(method, version, answer)
        for version in _VERSIONS
    ]
    if method == "tools/list":
        checks.append(_tools_are_valid)
    for check in checks:
        for _ in range(_ROUNDS):
            try:
                check(fields)
            except KeyError:  # The version has no such method.
                break
            except ValidationError as error:
                places = {
                    tuple(problem["loc"]) for problem in error.errors(include_url=False, include_input=False)
                }
                fields = cast("dict[str, Any]", _without_places(fields, places))
            else:
                break
    return fields


def _tools_are_valid(answer: dict[str, Any]) -> None:
    _LISTED.validate_python(answer["tools"], by_name=False)


def _without_places(value: object, places: set[tuple[int | str, ...]]) -> object:
    """Return a value without the parts at some positions; if a position is missing, its parent is removed."""
    heads: dict[int | str, set[tuple[int | str, ...]]] = {}
    for place in places:
        if place:
            heads.setdefault(place[0], set()).add(place[1:])
    if is_json(value):
        return {
            key: _without_places(inner, heads[key]) if key in heads else inner
            for key, inner in value.items()
            if key not in heads or not _goes(inner, heads[key])
        }
    if is_list(value):
        return [
            _without_places(inner, heads[at]) if at in heads else inner
            for at, inner in enumerate(value)
            if at not in heads or not _goes(inner, heads[at])
        ]
    return value


def _goes(value: object, rests: set[tuple[int | str, ...]]) -> bool:
    """Return whether a value itself is at fault: either it is reported, or it lacks a child that is reported."""

    def held(step: int | str) -> bool:
        if is_json(value):
            return step in value
        return is_list(value) and isinstance(step, int) and step < len(value)

    return any(not rest or not held(rest[0]) for rest in rests)
