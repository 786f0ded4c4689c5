"""Matches calls and outputs: each call is followed by exactly one output; an output without a call becomes text."""

from collections.abc import Sequence
from hashlib import sha256

from imagebridge.facts.limits import MAX_ID
from imagebridge.rules.body import CALLS, OUTPUTS
from imagebridge.wire import JSON, Item, is_json, is_list, text_of

from .contents import chat_parts

UNANSWERED = "[This call has no output.]"
_ORPHAN = "[Output of a tool call that is not in this conversation:]"
_STAND_INS = ("item_reference", "compaction")


def with_short_ids(items: Sequence[JSON]) -> list[Item]:
    """Return items whose call ids are no longer than the API allows, with the same id in call and output."""
    return [{**item, **_short_id(item)} for item in items]


def _short_id(item: JSON) -> Item:
    identity = text_of(item, "call_id")
    if len(identity) <= MAX_ID:
        return {}
    return {
        "call_id": f"{identity[: MAX_ID - 9]}_{sha256(identity.encode(errors='replace')).hexdigest()[:8]}"
    }


def matched(items: Sequence[JSON], *, whole: bool) -> list[Item]:
    """Return the items of a Responses body with one output after each call. `whole`: no items precede these.

    Of several outputs for a call, the first stays in its place. An output before its call is moved; an output without a
    call becomes a user message, unless the server may know the call.
    """
    whole = whole and not any(item.get("type") in _STAND_INS for item in items)
    called = _first(items, tuple(CALLS))
    outputs = _first(items, OUTPUTS)
    paired: list[Item] = []
    turn: list[str] = []
    for index, item in enumerate(items):
        kind, identity = text_of(item, "type"), text_of(item, "call_id")
        if kind not in _TURN:
            paired += _late(turn, items, called, outputs)
            turn = []
        if kind in CALLS and identity:
            turn.append(identity)
        if kind in OUTPUTS and identity:
            if outputs[identity] != index or called.get(identity, -1) > index:
                continue  # a second one, or one that moves after its call
            if identity not in called and whole:
                paired.append(_as_message(item))
                continue
        paired.append(_answering(item, items[called[identity]]) if identity in called else dict(item))
    return _without_lone_reasoning([*paired, *_late(turn, items, called, outputs)])


_TURN = (*CALLS, *OUTPUTS, "reasoning")
"""The item types in a model's turn: its calls, their outputs, and reasoning."""


def _answering(item: JSON, call: JSON) -> Item:
    """Return a copy of an item; an output gets the type that matches `call`."""
    kind = text_of(item, "type")
    return {**item, "type": CALLS[text_of(call, "type")]} if kind in OUTPUTS else dict(item)


def _first(items: Sequence[JSON], kinds: Sequence[str]) -> dict[str, int]:
    """Return the position of the first item of these kinds for each call_id."""
    first_places: dict[str, int] = {}
    for index, item in enumerate(items):
        if item.get("type") in kinds:
            first_places.setdefault(text_of(item, "call_id"), index)
    return first_places


def _late(
    turn: Sequence[str], items: Sequence[JSON], called: dict[str, int], outputs: dict[str, int]
) -> list[Item]:
    """Return the outputs to add at the end of a turn: those that preceded their call, and those that are missing."""
    late_outputs: list[Item] = []
    for identity in dict.fromkeys(turn):
        call = items[called[identity]]
        at = outputs.get(identity)
        if at is not None and at < called[identity]:
            late_outputs.append(_answering(items[at], call))
        elif at is None and not call.get("async"):
            late_outputs.append(
                {"type": CALLS[text_of(call, "type")], "call_id": identity, "output": UNANSWERED}
            )
    return late_outputs


def _as_message(output: JSON) -> Item:
    """Return an output without a call as a message, so that nothing in it is lost."""
    content = output.get("output")
    parts: list[object] = (
        list(content) if is_list(content) else [{"type": "input_text", "text": str(content or "")}]
    )
    return {"role": "user", "content": [{"type": "input_text", "text": _ORPHAN}, *parts]}


def _without_lone_reasoning(items: list[Item]) -> list[Item]:
    """Remove reasoning whose following item is missing: the API refuses reasoning on its own."""
    reversed_items: list[Item] = []
    for item in reversed(items):
        after = reversed_items[-1] if reversed_items else None
        lone = (
            after is None
            or after.get("type") in OUTPUTS
            or after.get("role") in ("user", "system", "developer")
        )
        if item.get("type") != "reasoning" or not lone:
            reversed_items.append(item)
    return reversed_items[::-1]


Attached = dict[str, list[dict[str, object]]]
"""Parts of the Responses API that a tool message cannot contain, by the id of the call."""


def chat_matched(messages: Sequence[JSON], attached: Attached) -> list[Item]:
    """Return chat messages with one tool message after each call, then a user message with the attachments."""
    answers: dict[str, JSON] = {}
    for message in messages:
        if message.get("role") == "tool":
            answers.setdefault(text_of(message, "tool_call_id"), message)
    called = {identity for message in messages for identity in called_by(message)}
    paired: list[Item] = []
    for message in messages:
        if message.get("role") != "tool":
            paired.append(dict(message))
            paired += _turn([one for one in called_by(message) if one], answers, attached)
        elif (identity := text_of(message, "tool_call_id")) not in called and answers[identity] is message:
            parts: list[dict[str, object]] = [{"type": "text", "text": _ORPHAN}, *_chat_said(message)]
            paired.append({"role": "user", "content": [*parts, *chat_parts(attached.get(identity, []))]})
    return paired


def called_by(message: JSON) -> list[str]:
    """Return the ids of an assistant message's calls."""
    calls = message.get("tool_calls")
    if message.get("role") != "assistant" or not is_list(calls):
        return []
    return [text_of(call, "id") for call in calls if is_json(call)]


def _turn(calls: list[str], answers: dict[str, JSON], attached: Attached) -> list[Item]:
    answer_messages = [
        dict(answers.get(one, {"role": "tool", "tool_call_id": one, "content": UNANSWERED})) for one in calls
    ]
    attached_parts: list[dict[str, object]] = []
    for identity in calls:
        if parts := attached.get(identity):
            attached_parts.append({"type": "text", "text": f"From the output of {identity}:"})
            attached_parts += chat_parts(parts)
    return (
        [*answer_messages, {"role": "user", "content": attached_parts}] if attached_parts else answer_messages
    )


def _chat_said(message: JSON) -> list[dict[str, object]]:
    content = message.get("content")
    if is_list(content):
        return [dict(part) for part in content if is_json(part)]
    return [{"type": "text", "text": str(content or "")}]
