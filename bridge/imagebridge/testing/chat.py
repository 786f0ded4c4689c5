"""Responses of Chat Completions: a completion, and the chunks that stream it."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from imagebridge.testing.steps import Raw, Spoken, SpokenCall, SpokenText, pieces
from imagebridge.wire import JsonObject, as_string


def completion(identity: str, body: Mapping[str, Any], entries: list[Spoken], tokens: int) -> JsonObject:
    """Return a `ChatCompletion` for `body`. `tokens` is the token count of its messages.

    Raises TypeError for raw output items, which only the Responses API has.
    """
    if any(isinstance(spoken, Raw) for spoken in entries):
        raise TypeError("a raw output item cannot be expressed in Chat Completions")
    calls = [spoken for spoken in entries if isinstance(spoken, SpokenCall)]
    text = "\n".join(spoken.text for spoken in entries if isinstance(spoken, SpokenText))
    message: JsonObject = {"role": "assistant", "content": text or (None if calls else ""), "refusal": None}
    if calls:
        message["tool_calls"] = [_call(spoken) for spoken in calls]
    written = (len(text) + sum(len(spoken.name) + len(spoken.arguments) for spoken in calls)) // 4 + 1
    return {
        "id": identity,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": as_string(body.get("model")),
        "choices": [
            {
                "index": 0,
                "message": message,
                "finish_reason": "tool_calls" if calls else "stop",
                "logprobs": None,
            }
        ],
        "usage": {"prompt_tokens": tokens, "completion_tokens": written, "total_tokens": tokens + written},
        "service_tier": "default",
    }


def _call(call: SpokenCall) -> JsonObject:
    return {
        "id": call.call_id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }


def chunks(whole: JsonObject, *, usage: bool) -> Iterator[JsonObject]:
    """Yield the chunks that stream the completion `whole`; the last one has the usage if it was requested."""
    base = {name: whole[name] for name in ("id", "created", "model", "service_tier")}
    base |= {"object": "chat.completion.chunk"}
    choice = whole["choices"][0]
    for delta in _deltas(choice["message"]):
        yield {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None, "logprobs": None}]}
    yield {**base, "choices": [{**choice, "delta": {}, "message": None}]}
    if usage:
        yield {**base, "choices": [], "usage": whole["usage"]}


def _deltas(message: JsonObject) -> Iterator[JsonObject]:
    yield {"role": "assistant", "content": "" if message["content"] is not None else None, "refusal": None}
    if message["content"]:
        yield from ({"content": piece} for piece in pieces(message["content"]))
    for index, call in enumerate(message.get("tool_calls", ())):
        function = call["function"]
        yield {"tool_calls": [{**call, "index": index, "function": {**function, "arguments": ""}}]}
        for piece in pieces(function["arguments"]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
