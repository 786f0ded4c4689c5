"""Responses of the Responses API: a `Response`, and the events that stream it."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from imagebridge.testing.steps import Fault, Raw, Spoken, SpokenCall, SpokenText, pieces
from imagebridge.wire import JSON, JsonObject, as_list, as_object, as_string

# Echoed from the request if set, otherwise this value. The SDK's `Response` requires them (openai 3.54).
_ECHOED: Mapping[str, object] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "top_p": 1.0,
    "truncation": "disabled",
}


def response(identity: str, body: Mapping[str, Any], entries: list[Spoken], tokens: int) -> JsonObject:
    """Return a completed `Response` for `body` with this id. `tokens` is the token count of its input."""
    output = [item(spoken) for spoken in entries]
    written = sum(_length(spoken) for spoken in entries) // 4 + 1
    echoed = {name: default if body.get(name) is None else body[name] for name, default in _ECHOED.items()}
    return echoed | {
        "id": identity,
        "object": "response",
        "created_at": int(time.time()),
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": as_string(body.get("model")),
        "output": [_without_secret(one, body) for one in output],
        "service_tier": "default",
        "tools": [_tool(tool) for spoken in as_list(body.get("tools")) if (tool := as_object(spoken))],
        "usage": {
            "input_tokens": tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": tokens + written,
        },
    }


def failed(whole: JsonObject, fault: Fault) -> JsonObject:
    """Return the response `whole` as a failed one."""
    return whole | {
        "status": "failed",
        "error": {"code": fault.code, "message": fault.message},
        "usage": None,
    }


def _without_secret(item: JsonObject, body: Mapping[str, Any]) -> JsonObject:
    """Return an item without encrypted reasoning, unless the request asks for it."""
    if item.get("type") != "reasoning" or "reasoning.encrypted_content" in as_list(body.get("include")):
        return item
    return {name: value for name, value in item.items() if name != "encrypted_content"}


def _tool(tool: JSON) -> JSON:
    # The API fills in what the caller omitted.
    filled = {"description": None, "parameters": None, "strict": True}
    return {**filled, **tool} if tool.get("type") == "function" else tool


def _length(spoken: Spoken) -> int:
    match spoken:
        case SpokenText(text=text):
            return len(text)
        case SpokenCall(name=name, arguments=arguments):
            return len(name) + len(arguments)
        case Raw(item=raw):
            return len(str(raw))


def item(spoken: Spoken) -> JsonObject:
    """Return the output item for what the model said."""
    match spoken:
        case SpokenText():
            return _message_item(spoken, "completed", [_output_text(spoken.text)])
        case SpokenCall():
            return _call(spoken, "completed", spoken.arguments)
        case Raw():
            return dict(spoken.item)
        case _:
            assert_never(spoken)


def _output_text(text: str) -> JsonObject:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _message_item(spoken: SpokenText, status: str, content: list[JsonObject]) -> JsonObject:
    return {"type": "message", "id": spoken.id, "role": "assistant", "status": status, "content": content}


def _call(spoken: SpokenCall, status: str, arguments: str) -> JsonObject:
    return {
        "type": "function_call",
        "id": spoken.id,
        "call_id": spoken.call_id,
        "name": spoken.name,
        "arguments": arguments,
        "status": status,
    }


def events(whole: JsonObject, entries: list[Spoken]) -> Iterator[JsonObject]:
    """Yield the events that stream the response `whole`, which consists of `entries`."""
    nothing: list[JsonObject] = []
    begun: JsonObject = whole | {"status": "in_progress", "output": nothing, "usage": None}
    for number, event in enumerate(_events(whole, begun, entries)):
        yield {**event, "sequence_number": number}


def _events(whole: JsonObject, begun: JsonObject, entries: list[Spoken]) -> Iterator[JsonObject]:
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, (spoken, item) in enumerate(zip(entries, whole["output"], strict=True)):
        yield from _item_events(index, spoken, item)
    yield {"type": f"response.{whole['status']}", "response": whole}


def _item_events(index: int, spoken: Spoken, item: JsonObject) -> Iterator[JsonObject]:
    added = {"type": "response.output_item.added", "output_index": index}
    match spoken:
        case SpokenText():
            yield {**added, "item": _message_item(spoken, "in_progress", [])}
            place = {"item_id": spoken.id, "output_index": index, "content_index": 0}
            yield from _part_events(place, _output_text(spoken.text))
        case SpokenCall():
            yield {**added, "item": _call(spoken, "in_progress", "")}
            yield from _argument_events(
                {"item_id": spoken.id, "output_index": index}, spoken.name, spoken.arguments
            )
        case Raw():
            yield {**added, "item": _bare(item)}
            yield from _raw_events({"item_id": as_string(item.get("id")), "output_index": index}, item)
        case _:
            assert_never(spoken)
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _bare(item: JsonObject) -> JsonObject:
    """Return a message or call as it is announced: its content follows in pieces."""
    match item.get("type"):
        case "message":
            return {**item, "status": "in_progress", "content": []}
        case "function_call":
            return {**item, "status": "in_progress", "arguments": ""}
        case _:
            return item


def _raw_events(place: JsonObject, item: JsonObject) -> Iterator[JsonObject]:
    """Yield texts, arguments and the reasoning summary in pieces, and the progress of a hosted tool."""
    kind = as_string(item.get("type"))
    if kind == "message":
        for number, part in enumerate(as_list(item.get("content"))):
            yield from _part_events({**place, "content_index": number}, as_object(part) or {})
    if kind == "function_call":
        yield from _argument_events(place, as_string(item.get("name")), as_string(item.get("arguments")))
    for number, part in enumerate(as_list(item.get("summary"))):
        for piece in pieces(as_string((as_object(part) or {}).get("text"))):
            yield {
                "type": "response.reasoning_summary_text.delta",
                **place,
                "summary_index": number,
                "delta": piece,
            }
    if kind in ("web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call"):
        yield {"type": f"response.{kind}.in_progress", **place}
        yield {"type": f"response.{kind}.completed", **place}


def _part_events(place: JsonObject, part: JSON) -> Iterator[JsonObject]:
    kind = as_string(part.get("type"))
    name = {"output_text": "text", "refusal": "refusal"}.get(kind)
    if name is None:
        return
    text = as_string(part.get(name))
    more: JsonObject = {"logprobs": []} if kind == "output_text" else {}
    yield {"type": "response.content_part.added", **place, "part": {**part, name: ""}}
    for piece in pieces(text):
        yield {"type": f"response.{kind}.delta", **place, "delta": piece, **more}
    yield {"type": f"response.{kind}.done", **place, name: text, **more}
    yield {"type": "response.content_part.done", **place, "part": part}


def _argument_events(place: JsonObject, name: str, arguments: str) -> Iterator[JsonObject]:
    for piece in pieces(arguments):
        yield {"type": "response.function_call_arguments.delta", **place, "delta": piece}
    yield {
        "type": "response.function_call_arguments.done",
        **place,
        "name": name,
        "arguments": arguments,
    }
