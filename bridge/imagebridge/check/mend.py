"""Repairs everything in a request body that can be repaired."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from imagebridge.facts.models import chat_tools_of
from imagebridge.providers.openai_items import response_call
from imagebridge.rules import Body
from imagebridge.rules.body import OUTPUTS
from imagebridge.translate.policy import Policy
from imagebridge.wire import (
    JSON,
    JsonObject,
    as_words,
    is_error,
    is_json,
    is_list,
    text_of,
    writable,
)

from . import names, pairing
from .contents import Contents, chat_parts, cut, joined, known_fields
from .finding import Finding
from .review import reading, reviewed

_PAYLOAD = 500_000_000
"""The maximum size in bytes of the pictures and files in one item: the API limits only the request as a whole."""

_TEXT_ONLY = ("assistant", "system", "developer")


_ROUNDS = 3
"""How many times a body is checked: a repair can reveal another problem, such as a picture in a stray string."""


def mended(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the repaired body; see `imagebridge.check.fixed`."""
    mended_body = _once(formed(reading(body, "decoded")))
    for _ in range(_ROUNDS - 1):
        before, mended_body = mended_body, _once(mended_body)
        if mended_body == before:
            break
    return mended_body


def _once(body: Mapping[str, Any]) -> dict[str, Any]:
    read = reading(body, "decoded")
    findings = reviewed(read)
    if not findings:
        return dict(read.fields)
    if any(finding.rule == "half-surrogate" for finding in findings):
        return cast("dict[str, Any]", writable(read.fields))
    policy = Policy(model=read.model, proof="decoded", max_bytes=_PAYLOAD)
    contents = Contents(policy, _touched(findings))
    renamed = names.renames(read)
    fields = dict(read.fields)
    if (
        any(finding.rule == "chat-tools-effort" for finding in findings)
        and chat_tools_of(read.model or "") != "never"
    ):
        fields["reasoning_effort"] = "none"
    if "tools" in contents.touched:
        fields["tools"] = names.definitions(fields["tools"], read.api, renamed)
    if "tool_choice" in fields:
        fields["tool_choice"] = names.renamed_in(fields["tool_choice"], renamed)
    content = fields.get(read.list_name)
    if is_list(content):
        items = [names.renamed_item(item, renamed) for item in cast("list[JSON]", content)]
        fields[read.list_name] = (_responses if read.api == "responses" else _chat)(items, contents, read)
    elif isinstance(content, str) and read.list_name in contents.touched:
        parts = contents.parts(content, read.list_name)
        joined_content = joined(parts, content)
        fields[read.list_name] = (
            joined_content
            if isinstance(joined_content, str)
            else [{"role": "user", "content": joined_content}]
        )
    return fields


def _touched(findings: Iterable[Finding]) -> frozenset[str]:
    """Return the paths of everything that needs repair, and of everything that contains it."""
    paths: set[str] = set()
    for finding in findings:
        if finding.rule == "repeated-picture":
            continue
        for at, letter in enumerate(finding.path):
            if letter in ".[":
                paths.add(finding.path[:at])
        paths.add(finding.path)
    return frozenset(paths)


def _responses(items: list[dict[str, object]], contents: Contents, body: Body) -> list[dict[str, object]]:
    mended_items = [
        _item(item, f"input[{index}]", contents) if f"input[{index}]" in contents.touched else item
        for index, item in enumerate(items)
    ]
    return pairing.matched(pairing.with_short_ids(mended_items), whole=body.whole)


def _item(item: JSON, path: str, contents: Contents) -> dict[str, object]:
    kind = text_of(item, "type")
    if kind in OUTPUTS:
        return _output(item, f"{path}.output", contents)
    if kind in ("", "message") and item.get("role") == "tool" and item.get("tool_call_id"):
        # A tool message of Chat Completions.
        answer = {
            "type": "function_call_output",
            "call_id": item["tool_call_id"],
            "content": item.get("content"),
        }
        return _output(answer, f"{path}.content", contents)
    if kind == "function_call" and not isinstance(item.get("arguments"), str):
        return {**item, "arguments": json.dumps(item.get("arguments") or {}, ensure_ascii=False, default=str)}
    if "content" in item and item.get("role"):
        return _message(item, f"{path}.content", contents)
    return dict(item)


def _output(item: JSON, path: str, contents: Contents) -> dict[str, object]:
    """Return an output with repaired content and only documented fields."""
    error = is_error(item)
    content = item.get("output", item.get("content"))
    output_fields = known_fields(item)
    if not output_fields.get("call_id") and item.get("tool_call_id"):
        output_fields["call_id"] = item["tool_call_id"]
    if error or path in contents.touched or "output" not in item:
        output_fields["output"] = joined(contents.parts(content, path, error=error), content)
    return output_fields


def _message(item: JSON, path: str, contents: Contents) -> dict[str, object]:
    if path not in contents.touched:
        return dict(item)
    content = item.get("content")
    if text_of(item, "role") == "assistant":
        return {**item, "content": _texts_alone(content, "output_text")}
    return {**item, "content": joined(contents.parts(content, path), content)}


def _texts_alone(content: object, kind: str) -> object:
    """Shorten over-long texts in content that may contain only text, such as the model's replies."""
    if isinstance(content, str):
        return cut(content)
    if not is_list(content):
        return content
    return [
        _text_part(part, kind) if is_json(part) else {"type": kind, "text": cut(str(part))}
        for part in content
    ]


def _text_part(part: JSON, kind: str) -> JsonObject:
    if not isinstance(part.get("text"), str) or text_of(part, "type") == "refusal":
        return dict(part)
    return {**part, "type": kind, "text": cut(text_of(part, "text"))}


def _chat(items: list[dict[str, object]], contents: Contents, body: Body) -> list[dict[str, object]]:
    attached: pairing.Attached = {}
    messages: list[dict[str, object]] = []
    for index, message in enumerate(items):
        path = f"{body.list_name}[{index}].content"
        role, content = text_of(message, "role"), message.get("content")
        if path not in contents.touched:
            messages.append(message)
        elif role == "tool":
            messages.append(_tool_message(message, contents.parts(content, path), attached))
        elif role in _TEXT_ONLY:
            messages.append({**message, "content": _texts_alone(content, "text")})
        else:
            joined_content = joined(contents.parts(content, path), content)
            messages.append(
                {
                    **message,
                    "content": joined_content
                    if isinstance(joined_content, str)
                    else chat_parts(cast("list[JsonObject]", joined_content)),
                }
            )
    return pairing.chat_matched(messages, attached)


def _tool_message(message: JSON, parts: list[JsonObject], attached: pairing.Attached) -> dict[str, object]:
    """Return a tool message with the texts of `parts`; everything else is added to `attached`."""
    lines: list[str] = []
    more: list[JsonObject] = []
    for part in parts:
        if "text" in (chat_part := chat_parts([part])[0]):
            # Files that Chat Completions does not take are described too.
            lines.append(str(chat_part["text"]))
        else:
            more.append(part)
            lines.append("[shown in the user message that follows]")
    if more:
        attached.setdefault(text_of(message, "tool_call_id"), []).extend(more)
    return {**message, "content": "\n".join(lines)}


def formed(body: Body) -> JsonObject:
    """Return the body's fields with every item as an object, and calls of Chat Completions as Responses items."""
    fields = dict(body.fields)
    content = fields.get(body.list_name)
    if is_list(content):
        items = [one for value in content for one in _objects(value)]
        fields[body.list_name] = (
            [one for item in items for one in _items(item)] if body.api == "responses" else items
        )
    tools = fields.get("tools")
    if is_json(tools):
        del fields["tools"]
        fields |= {"tools": [tools]} if tools else {}
    return fields


def is_chat(items: Sequence[object]) -> bool:
    """Return whether a bare list contains Chat Completions messages: all its calls and answers have that form."""
    objects = [item for item in items if is_json(item)]
    theirs = any(item.get("role") == "tool" or item.get("tool_calls") for item in objects)
    return theirs and all("role" in item for item in objects)


def _objects(value: object) -> Iterable[JSON]:
    """Convert an entry in a list of items to items: a bare value becomes a user message, null is dropped."""
    if is_json(value):
        return (value,)
    if value is None:
        return ()
    return ({"role": "user", "content": as_words(value)},)


def _items(item: JSON) -> Iterator[JSON]:
    """Yield the Responses items for a message of Chat Completions: the assistant's text, then each of its calls."""
    calls = (
        [response_call(call) for call in tool_calls] if is_list(tool_calls := item.get("tool_calls")) else []
    )
    if item.get("role") != "assistant" or "tool_calls" not in item:
        yield item
        return
    content = item.get("content") or item.get("refusal")
    if content or not calls:
        yield {"role": "assistant", "content": content or ""}
    yield from calls
