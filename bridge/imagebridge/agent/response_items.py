"""The output of a response from any server: its items in the form in which they are sent back, and their text."""

import json
from collections.abc import Mapping, Sequence
from uuid import uuid4

from imagebridge.conversation.attachments import by_model
from imagebridge.wire import Item, is_json, is_list, text_of

from .turn import plain

_CALLS = ("function_call", "custom_tool_call")
UNNAMED = "unnamed"
"""The name for a call that arrived without one: the API does not accept a call without a name."""


def items(output: Sequence[object]) -> list[Item]:
    """Return the items of an output without nulls. Calls have a name, a unique id and their arguments as text.

    Raises:
        TypeError: an item is not an object.
    """
    used_ids: set[str] = set()
    repaired: list[Item] = []
    for entry in output:
        if entry is None:
            continue
        item = plain(entry)
        if not text_of(item, "type") and "role" in item:
            item["type"] = "message"
        if item.get("type") in _CALLS:
            item = {**item, **_call_fields(item, used_ids)}
            used_ids.add(item["call_id"])
        repaired.append(item)
    return repaired


def ended(output: Sequence[Item], *, cut: bool) -> list[Item]:
    """Return the items of a finished response: none is still in progress, and the last may be incomplete if it was cut off."""
    over: list[Item] = []
    for at, item in enumerate(output):
        status = text_of(item, "status")
        if cut and at == len(output) - 1 and item.get("type") in _CALLS and not _is_complete(item):
            item = {**item, "status": "incomplete"}
        elif status == "in_progress":
            item = {**item, "status": "incomplete" if cut else "completed"}
        over.append(item)
    return over


def _is_complete(call: Item) -> bool:
    """Return whether a call is marked as complete and has content."""
    return text_of(call, "status") == "completed" and bool(
        text_of(call, "arguments") or text_of(call, "input")
    )


def _call_fields(item: Item, used_ids: set[str]) -> Item:
    identity = text_of(item, "call_id") or text_of(item, "id")
    fields: Item = {"call_id": unique(identity, used_ids), "name": text_of(item, "name") or UNNAMED}
    if item.get("type") == "function_call":
        fields["arguments"] = written(item.get("arguments"))
    return fields


def unique(identity: str, used_ids: set[str]) -> str:
    """Return the id of a call, or a new one if it has none or an earlier call has the same."""
    return identity if identity and identity not in used_ids else f"call_{uuid4().hex}"


def written(arguments: object) -> str:
    """Return the arguments of a call as text, because some servers send the object itself, or null."""
    if isinstance(arguments, str):
        return arguments
    return "{}" if arguments is None else json.dumps(arguments, ensure_ascii=False)


def parts(item: Item) -> list[Mapping[str, object]]:
    """Return the content parts of an item. A bare text counts as one part; some servers send a part without a list."""
    content = item.get("content")
    listed = content if is_list(content) else (content,)
    texts = ({"type": "output_text", "text": part} if isinstance(part, str) else part for part in listed)
    return [part for part in texts if is_json(part)]


def final_text(output: Sequence[Item]) -> str:
    """Return the model's text: its final answer, or its commentary if there is nothing else, or its refusal.

    `phase` distinguishes them (openai 3.57, types/responses/response_output_message.py).
    """
    messages = [item for item in output if item.get("type") == "message" and item.get("role") != "user"]
    final = [item for item in messages if item.get("phase") != "commentary"]
    for some in (final, messages):
        if text := _joined_texts(some, "text"):
            return text
    return _joined_texts(output, "refusal")


def refuses(output: Sequence[Item]) -> bool:
    """Return whether the model refuses to answer, in a part of its message or in the field of Chat Completions."""
    return not _joined_texts(output, "text") and any(
        text_of(item, "refusal") or any(text_of(part, "refusal") for part in parts(item)) for item in output
    )


def _joined_texts(some: Sequence[Item], name: str) -> str:
    return "".join(text_of(part, name) for item in some for part in parts(item))


def unanswered(output: Sequence[Item]) -> list[Item]:
    """Return the items that none of our servers can answer: calls whose output is not among the items."""
    answered = {text_of(item, "call_id") for item in output if text_of(item, "type").endswith("_output")}
    return [
        item
        for item in output
        if item.get("type") == "mcp_approval_request"
        or (
            text_of(item, "type").endswith("_call")
            and item.get("type") != "function_call"
            and text_of(item, "call_id")
            and item["call_id"] not in answered
        )
    ]


def unreferenced(sent: Sequence[Item]) -> list[Item]:
    """Return items that a server without storage accepts: without incomplete reasoning, and without ids.

    An item after removed reasoning would be refused because its id refers to it (openai/openai-node#1567, read 2026-11-22).
    """
    referenced: list[Item] = []
    bare = False
    for item in sent:
        if item.get("type") == "reasoning":
            bare = not text_of(item, "encrypted_content")
            referenced += [] if bare else [item]
        elif bare and by_model(item) and "id" in item:
            referenced.append({name: value for name, value in item.items() if name != "id"})
        else:
            bare = bare and by_model(item)
            referenced.append(item)
    return referenced
