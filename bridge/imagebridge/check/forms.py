"""A body in the form of its API, before its contents are looked at: lists where lists belong, and items that are its own."""

import json
from collections.abc import Iterable, Iterator, Sequence

from imagebridge.rules import Body
from imagebridge.wire import JSON, is_json, is_list, text_of

Fields = dict[str, object]


def formed(body: Body) -> Fields:
    """Return the body's fields with every item an object, and calls of Chat Completions as items of Responses."""
    made = dict(body.fields)
    given = made.get(body.list_name)
    if is_list(given):
        items = [one for value in given for one in _objects(value)]
        made[body.list_name] = (
            [one for item in items for one in _items(item)] if body.api == "responses" else items
        )
    tools = made.get("tools")
    if is_json(tools):
        del made["tools"]
        made |= {"tools": [tools]} if tools else {}
    return made


def is_chat(items: Sequence[object]) -> bool:
    """Tell whether a bare list holds messages of Chat Completions: it has calls or answers in their form, and no others."""
    found = [item for item in items if is_json(item)]
    theirs = any(item.get("role") == "tool" or item.get("tool_calls") for item in found)
    return theirs and all("role" in item for item in found)


def _objects(value: object) -> Iterable[JSON]:
    """Return an entry of a list of items as one; a bare value as what a user said, null as nothing."""
    if is_json(value):
        return (value,)
    if value is None:
        return ()
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return ({"role": "user", "content": text},)


def _items(item: JSON) -> Iterator[JSON]:
    """Yield what a message of Chat Completions is in Responses: what an assistant says, then each of its calls."""
    calls = [_call(call) for call in found] if is_list(found := item.get("tool_calls")) else []
    if item.get("role") != "assistant" or "tool_calls" not in item:
        yield item
        return
    said = item.get("content") or item.get("refusal")
    if said or not calls:
        yield {"role": "assistant", "content": said or ""}
    yield from calls


def _call(call: object) -> JSON:
    fields: JSON = call if is_json(call) else {}
    custom, function = fields.get("custom"), fields.get("function")
    identity = fields.get("id")
    if is_json(custom):
        return {
            "type": "custom_tool_call",
            "call_id": identity,
            "name": text_of(custom, "name"),
            "input": text_of(custom, "input"),
        }
    inner: JSON = function if is_json(function) else {}
    return {
        "type": "function_call",
        "call_id": identity,
        "name": text_of(inner, "name"),
        "arguments": inner.get("arguments"),
    }
