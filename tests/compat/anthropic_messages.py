"""A strict local stand-in for Anthropic's Messages API: it plays a scripted model and rejects what the API rejects.

The rules are those of platform.claude.com/docs (vision, tool use), as of 2026-11-29: which blocks a tool result may
contain, which pictures are accepted, and that each use of a tool is answered in the next message.
"""

import json

from compat.scripted_api import ScriptedApi
from compat.shown import Refused, picture

from imagebridge.testing.server import json_answer, stream_answer

TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
IN_RESULTS = ("text", "image", "document", "search_result", "tool_reference")
SEARCH = "ToolSearch"
"""The tool by which Claude Code gives a model the definitions of tools that it has only named."""
SIDE, SIDE_OF_MANY, MANY, PICTURE_BYTES, REQUEST_BYTES = 8_000, 2_000, 20, 10_000_000, 32_000_000


class AnthropicMessages(ScriptedApi):
    """Answers a request as the API does."""

    def answer(self, method, path, content):
        if (method, path) != ("POST", "/v1/messages"):
            return _error(404, "not_found_error", f"{method} {path}")
        body = json.loads(content)
        try:
            if len(content) > REQUEST_BYTES:
                raise Refused(f"a request of {len(content):,} bytes")
            results = judged(body)
        except Refused as error:
            self.refusals.append(str(error))
            return _error(400, "invalid_request_error", str(error))
        said = self._said(body, results)
        whole = {
            "id": f"msg_{next(self.numbers)}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": said,
            "stop_reason": "tool_use" if said[0]["type"] == "tool_use" else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
        return stream_answer(events(whole)) if body.get("stream") else json_answer(whole)

    def _said(self, body, results):
        names = [tool["name"] for tool in body.get("tools", ())]
        said = self.model.turn(names, results) if names else "Done."
        if isinstance(said, str):
            return [{"type": "text", "text": said}]
        name, arguments = said
        if name not in names:  # Its definition is to be had first.
            name, arguments = SEARCH, {"query": f"+{name}", "max_results": 5}
        return [{"type": "tool_use", "id": f"toolu_{next(self.numbers)}", "name": name, "input": arguments}]


def judged(body):
    """Return the content of each tool result, in order; raise Refused if the API would reject the request."""
    messages = [message | {"content": blocks(message["content"])} for message in body["messages"]]
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        raise Refused("max_tokens: a whole number over 0 is required")
    shown, pictures, names, unanswered = [], [], {}, []
    for message in messages:
        results = [block for block in message["content"] if block["type"] == "tool_result"]
        uses = {block["id"]: block["name"] for block in message["content"] if block["type"] == "tool_use"}
        if message["role"] in ("user", "assistant"):
            answered = [one["tool_use_id"] for one in results]
            if sorted(answered) != sorted(unanswered):
                raise Refused(f"the tool_result blocks {answered} follow the tool_use blocks {unanswered}")
            unanswered = list(uses)
        names |= uses
        pictures += [image(block["source"]) for block in message["content"] if block["type"] == "image"]
        for result in results:
            parts = [part(block) for block in blocks(result.get("content", ()))]
            pictures += [one for one in parts if not isinstance(one, str)]
            if names[result["tool_use_id"]] != SEARCH:
                shown.append(parts)
    if unanswered:
        raise Refused(f"no tool_result for {unanswered}")
    side = SIDE_OF_MANY if len(pictures) > MANY else SIDE
    for one in pictures:
        if max(one.size) > side:
            raise Refused(f"a picture of {one.size} among {len(pictures)}: at most {side} pixels a side")
    return shown


def blocks(content):
    """Return content as its blocks."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def part(block):
    """Return the content of a result's block: a picture or a text."""
    match block["type"]:
        case "text":
            return block["text"]
        case "image":
            return image(block["source"])
        case kind if kind in IN_RESULTS:
            return json.dumps(block)
        case kind:
            raise Refused(f"a tool_result holds a block of type {kind}")


def image(source):
    """Return the picture of an image block."""
    if source["type"] != "base64":
        raise Refused(f"a picture by {source['type']}, which this endpoint does not fetch")
    if source["media_type"] not in TYPES:
        raise Refused(f"media_type {source['media_type']}")
    if len(source["data"]) > PICTURE_BYTES:
        raise Refused(f"a picture of {len(source['data']):,} characters of base64")
    return picture(source["data"], source["media_type"])


def events(whole):
    """Yield a message as the API streams it."""
    yield {"type": "message_start", "message": whole | {"content": [], "stop_reason": None}}
    for index, block in enumerate(whole["content"]):
        if block["type"] == "text":
            start, delta = block | {"text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            written = json.dumps(block["input"])
            start, delta = block | {"input": {}}, {"type": "input_json_delta", "partial_json": written}
        yield {"type": "content_block_start", "index": index, "content_block": start}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 1}}
    yield {"type": "message_stop"}


def _error(status, kind, message):
    return json_answer({"type": "error", "error": {"type": kind, "message": message}}, status)
