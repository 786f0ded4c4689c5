"""Converts tool definitions to the API's form, and replaces illegal names wherever they occur."""

from collections.abc import Mapping
from typing import cast

from imagebridge.rules import Api, Body
from imagebridge.rules.tool_definitions import KNOWN
from imagebridge.schemas.definitions import chat_tools, responses_tools, tool_names
from imagebridge.schemas.schema import full_description, parameters
from imagebridge.schemas.strict import strict_problem
from imagebridge.wire import JSON, JsonObject, as_string, is_json, is_list, text_of


def renames(body: Body) -> dict[str, str]:
    """Return a valid replacement for each name in the body that the API refuses; all its occurrences get the same."""
    all_names: list[str] = [as_string(tool.fields.get("name")) for tool in body.tools]
    tools = body.fields.get("tools")
    all_names += [text_of(_flat(tool), "name") for tool in tools if is_json(tool)] if is_list(tools) else []
    for item in body.items:
        all_names += [text_of(item.fields, "name")] if item.type == "function_call" else []
        calls = item.fields.get("tool_calls")
        for call in calls if is_list(calls) else ():
            function = call.get("function") if is_json(call) else None
            all_names += [text_of(function, "name")] if is_json(function) else []
    names = [name for name in dict.fromkeys(all_names) if name]
    back = tool_names([{"name": name} for name in names])
    return {original: legal for legal, original in back.items() if legal != original}


def definitions(tools: object, api: Api, renamed: Mapping[str, str]) -> object:
    """Convert function definitions to the form that the API accepts; leave all other entries unchanged."""
    if not is_list(tools):
        return tools
    mended_tools: list[object] = []
    for tool in tools:
        mended = _definition(tool, api, renamed) if is_json(tool) else tool
        # Exactly the same tool twice, as from two servers or two list_tools().
        if mended not in mended_tools:
            mended_tools.append(mended)
    return mended_tools


def _flat(tool: JSON) -> JSON:
    """Return a definition without the object that Chat Completions wraps it in."""
    function = tool.get("function")
    return function if is_json(function) else tool


def _definition(tool: JSON, api: Api, renamed: Mapping[str, str]) -> JsonObject:
    if tool.get("type") == "namespace":
        return {**tool, "tools": definitions(tool.get("tools"), api, renamed)}
    inner = _flat(tool)
    if text_of(tool, "type") not in ("", "function") or not text_of(inner, "name"):
        return dict(tool)
    if is_json(inner.get("inputSchema")):
        return _of_mcp(inner, api, renamed)
    fields = {name: value for name, value in inner.items() if name in KNOWN[api] and name != "type"}
    if is_json(schema := fields.get("parameters")):
        fields["parameters"], left = parameters(schema)
        if left:
            fields["description"] = full_description(text_of(fields, "description"), left)
        if fields.get("strict") and strict_problem(fields["parameters"]):
            fields["strict"] = False
    fields["name"] = renamed.get(text_of(inner, "name"), inner["name"])
    return {"type": "function", "function": fields} if api == "chat" else {"type": "function", **fields}


def _of_mcp(tool: JSON, api: Api, renamed: Mapping[str, str]) -> JsonObject:
    """Convert a tool that was sent in the MCP form, as a server lists it."""
    name = text_of(tool, "name")
    named = {**tool, "name": renamed.get(name, name)}
    converted = chat_tools([named]) if api == "chat" else responses_tools([named])
    return cast("list[JsonObject]", converted)[0]


def renamed_in(value: object, renamed: Mapping[str, str]) -> object:
    """Return `value` (an item, or a tool_choice) with the names of its functions replaced."""
    if is_list(value):
        return [renamed_in(one, renamed) for one in value]
    if not is_json(value):
        return value
    copy = {
        key: renamed_in(one, renamed) if key in ("function", "tools") else one for key, one in value.items()
    }
    name = copy.get("name")
    return {**copy, "name": renamed[name]} if isinstance(name, str) and name in renamed else copy


def renamed_item(item: JSON, renamed: Mapping[str, str]) -> JsonObject:
    """Return an item or message with the names of the functions that it calls or answers replaced."""
    calls = item.get("tool_calls")
    if is_list(calls):
        return {**item, "tool_calls": renamed_in(calls, renamed)}
    if item.get("type") in ("function_call", "function_call_output"):
        return cast("JsonObject", renamed_in(item, renamed))
    return dict(item)
