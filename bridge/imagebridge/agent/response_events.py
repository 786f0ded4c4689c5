"""Assembles a response of the Responses API from the events of its stream. Pure.

According to OpenAI, the last event contains the whole response. Servers that are almost compatible send it empty or
with items missing, announce nothing, number items differently or give an item a new id in each event: whatever
arrived earlier, item by item or piece by piece, supplies what the last event lacks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imagebridge.errors import ResponseError, beginning
from imagebridge.events import Delta, HostedTool, ReasoningDelta, TextDelta
from imagebridge.wire import JSON, as_object, is_json, is_list, is_number, listed, text_of

from .event_stream import SurrogateJoiner, sound
from .response_items import parts, written

_ENDS = {
    "response.completed": "completed",
    "response.done": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
    "response.cancelled": "cancelled",
}
"""The status that each final event stands for."""
_PART = {"output_text": "text", "refusal": "refusal"}
"""The field that contains the text, for each kind of part."""
_NOTHING: JSON = {}

MOST_ITEMS = 3_000
"""The maximum number of items in a response. Each event searches through all of them, on the event loop."""

_DIGITS = 20
"""The number of digits from which a text is not treated as an index."""

_WORKS = ("in_progress", "searching", "interpreting", "generating")


@dataclass(slots=True)
class _Draft:
    """An output item, as received so far. `index` is its `output_index`, `id` the last id sent for it."""

    index: int | None
    id: str
    announced: JSON = field(default_factory=dict[str, object])
    done: JSON | None = None
    texts: dict[tuple[int, str], str] = field(default_factory=dict[tuple[int, str], str])
    arguments: str = ""

    @property
    def item(self) -> dict[str, Any] | None:
        """The item; None if only pieces arrived and they are not enough to form one."""
        known = {**self.announced, **(self.done or {})}
        if not known and self.texts:
            known = {"type": "message", "role": "assistant"}
        if not known:
            return None
        return fuller(known, self._pieces)

    @property
    def _pieces(self) -> JSON:
        """The pieces that arrived, as fields of an item."""
        parts: list[JSON] = [
            {"type": kind, _PART[kind]: text, **({"annotations": []} if kind == "output_text" else {})}
            for (_, kind), text in sorted(self.texts.items())
        ]
        return {"content": parts, "arguments": self.arguments, "input": self.arguments}


class ResponseEvents:
    """Takes the events of one stream, whatever they contain, and assembles the response."""

    def __init__(self) -> None:
        self._drafts: list[_Draft] = []
        self._begun: JSON = {}
        self._final: dict[str, object] | None = None
        self._text = SurrogateJoiner()
        self._reasoning = SurrogateJoiner()
        self.came = False
        """Whether any part of an API response has arrived."""

    def take(self, event: object) -> Delta | None:
        """Process an event and return its events for a user interface. Anything that is not an event is ignored.

        Raises:
            ResponseError: the event says that the response failed.
        """
        if not is_json(event):
            return None
        kind = text_of(event, "type")
        if kind == "error" or (not kind and event.get("error")):
            inner = event.get("error")
            raise failure(inner if inner else event)
        if event.get("object") == "error":
            raise failure(event)
        if not kind and is_list(listed(event.get("output"))):
            self._final = dict(event)  # not streamed, although that was requested
        self.came = self.came or bool(kind)
        response = event.get("response")
        if kind in _ENDS:
            fields: JSON = as_object(response) or {}
            self._final = _once_more(self._final or _NOTHING, fields)
            self._final["status"] = text_of(fields, "status") or _ENDS[kind]
        elif kind in ("response.created", "response.in_progress"):
            self._begun = as_object(response) or {}
        elif kind in ("response.output_item.added", "response.output_item.done"):
            return self._item(event, done=kind.endswith("done"))
        return self._piece(event, kind.split("."))

    def response(self, *, done: bool) -> dict[str, Any] | None:
        """Return the response, or None if the stream ended before it was complete. `done`: whether the stream said so.

        Raises:
            ResponseError: pieces of a call arrived, but not its name.
        """
        final = self._final
        if final is None and done and self._drafts:
            final = {"status": "completed"}
        if final is None:
            return None
        whole = {**self._begun, **final}
        output = listed(final.get("output"))
        last_items = [item for item in output if is_json(item)] if is_list(output) else []
        merged_items = merged(last_items, self._assembled())
        # If there is no list and nothing arrived before, it stays as it is: this is not an empty answer.
        whole["output"] = merged_items if merged_items or is_list(output) else output
        if text_of(whole, "status") in ("", "in_progress", "queued"):
            whole["status"] = "completed"
        if not whole["output"] and any(draft.arguments for draft in self._drafts):
            raise ResponseError("the response has a function call whose name never arrived", "nameless_call")
        return whole

    def _assembled(self) -> "list[AssembledItem]":
        drafts = ((draft, draft.item) for draft in self._ordered())
        return [
            AssembledItem(item, draft.index, bool(draft.announced or draft.done))
            for draft, item in drafts
            if item
        ]

    def _ordered(self) -> list[_Draft]:
        places = [draft.index for draft in self._drafts]
        if None in places:
            return self._drafts
        return sorted(self._drafts, key=lambda draft: draft.index or 0)

    def _item(self, event: JSON, *, done: bool) -> HostedTool | None:
        item = event.get("item")
        if not is_json(item) or (not done and self._is_known(event, item)):
            return None
        draft = self._draft(event, text_of(item, "id") or text_of(item, "call_id"), new=not done)
        if not done:
            draft.announced = item
            return None
        draft.done = item
        kind = text_of(item, "type")
        if not _hosted(kind):
            return None
        status = text_of(item, "status") or "completed"
        fields: Any = sound(item)
        return HostedTool(kind.removesuffix("_call"), status, text_of(item, "id"), fields)

    def _piece(self, event: JSON, kind: Sequence[str]) -> Delta | None:
        match kind:
            case ["response", "output_text" | "refusal" as part, "delta"]:
                self._write(event, part, event.get("delta"), whole=False)
                return TextDelta(text) if (text := self._text.joined(event.get("delta"))) else None
            case ["response", "output_text" | "refusal" as part, "done"]:
                self._write(event, part, event.get(_PART[part]), whole=True)
            case ["response", "content_part", "added" | "done"]:
                self._write_part(event)
            case ["response", "function_call_arguments" | "custom_tool_call_input", "delta"]:
                self._argue(event, event.get("delta"), whole=False)
            case ["response", "function_call_arguments" | "custom_tool_call_input" as part, "done"]:
                self._argue(event, event.get(part.rpartition("_")[2]), whole=True)
            case ["response", "reasoning_summary_text" | "reasoning_text", "delta"]:
                return ReasoningDelta(text) if (text := self._reasoning.joined(event.get("delta"))) else None
            case ["response", tool, status] if _hosted(tool) and status in _WORKS:
                return HostedTool(tool.removesuffix("_call"), status, text_of(event, "item_id"))
            case _:
                pass
        return None

    def _is_known(self, event: JSON, item: JSON) -> bool:
        """Return whether an announced item is a repetition, with the same position and ids, rather than a second item."""
        index = place(event.get("output_index"))
        return bool(text_of(item, "id")) and any(
            draft.index == index
            and all(draft.announced.get(name) == item.get(name) for name in ("type", "id", "call_id"))
            for draft in self._drafts
            if draft.announced
        )

    def _write(self, event: JSON, kind: str, text: object, *, whole: bool) -> None:
        if isinstance(text, str) and text:
            draft = self._draft(event, text_of(event, "item_id"))
            at = (place(event.get("content_index")) or 0, kind)
            draft.texts[at] = text if whole else draft.texts.get(at, "") + text

    def _write_part(self, event: JSON) -> None:
        """Record a part that is announced or done; if it is announced empty, its pieces follow."""
        part = event.get("part")
        kind = text_of(part, "type") if is_json(part) else ""
        if is_json(part) and kind in _PART:
            self._write(event, kind, part.get(_PART[kind]), whole=True)

    def _argue(self, event: JSON, arguments: object, *, whole: bool) -> None:
        if arguments is None or arguments == "":
            return
        draft = self._draft(event, text_of(event, "item_id"))
        if whole:
            draft.arguments = written(arguments)
            if name := text_of(event, "name"):
                draft.announced = {"type": "function_call", "name": name, **draft.announced}
        else:
            draft.arguments += written(arguments)

    def _draft(self, event: JSON, identity: str, *, new: bool = False) -> _Draft:
        """Return the item that an event is about: by id and position, then by position, then by id, otherwise the last one.

        With `new`, the event announces a new item, which is never one that was announced before.
        """
        index = place(event.get("output_index"))
        latest = [draft for draft in reversed(self._drafts) if not (new and (draft.announced or draft.done))]
        here = [
            candidate
            for candidate in latest
            if index is None or candidate.index is None or candidate.index == index
        ]
        # Some servers give an item a new id in each event; a finished item takes no more events with another id.
        open_draft = next((candidate for candidate in here if identity and candidate.id == identity), None)
        open_draft = open_draft or next((candidate for candidate in here if candidate.done is None), None)
        if open_draft is None and not new:
            open_draft = next(
                (
                    candidate
                    for candidate in latest
                    if identity and candidate.id == identity and candidate.done is None
                ),
                None,
            )
        if open_draft is None:
            if len(self._drafts) == MOST_ITEMS:
                raise ResponseError(f"the response has more than {MOST_ITEMS:,} items", "too_many_items")
            open_draft = _Draft(index, identity)
            self._drafts.append(open_draft)
        open_draft.id = identity or open_draft.id
        open_draft.index = index if open_draft.index is None else open_draft.index
        return open_draft


def _once_more(first: JSON, last: JSON) -> dict[str, object]:
    """Return the combination of two final events: a server that sends two may omit the output from one of them."""
    output = {"output": first["output"]} if first.get("output") and not last.get("output") else {}
    return {**first, **last, **output}


@dataclass(frozen=True, slots=True)
class AssembledItem:
    """An item as it arrived before the last event: its position, and whether it arrived in full, not only in pieces."""

    item: JSON
    index: int | None
    whole: bool


def merged(output: Sequence[JSON], assembled: Sequence[AssembledItem]) -> list[dict[str, Any]]:
    """Return the items of the last event, completed from their counterparts in `assembled`, with missing items inserted."""
    matches = _matches(output, [piece.item for piece in assembled])
    likes = {to: assembled[at].item for at, to in matches.items()}
    theirs = iter(fuller(item, likes.get(to, _NOTHING)) for to, item in enumerate(output))
    items: list[dict[str, Any]] = []
    used = 0
    for at, piece in enumerate(assembled):
        paired = at in matches
        until = matches[at] + 1 if paired else used + max(0, (piece.index or 0) - len(items))
        # Items that only the last event has stay before those that follow them there.
        while used < min(until, len(output)):
            items.append(next(theirs))
            used += 1
        if not paired and (piece.whole or not output):
            items.append(dict(piece.item))
    return [*items, *theirs]


def _matches(output: Sequence[JSON], assembled: Sequence[JSON]) -> dict[int, int]:
    """Return, for items of `assembled`, the positions of the same items in `output`."""
    matches: dict[int, int] = {}
    for alike in (_same_id, _same_content, _same_type):
        for at, item in enumerate(assembled):
            if at in matches:
                continue
            used = set(matches.values())
            places = (to for to, other in enumerate(output) if to not in used and alike(other, item))
            if (place := next(places, None)) is not None:
                matches[at] = place
    return matches


def _same_type(one: JSON, other: JSON) -> bool:
    return one.get("type") == other.get("type")


def _same_id(one: JSON, other: JSON) -> bool:
    return _same_type(one, other) and any(
        text_of(one, name) and text_of(one, name) == text_of(other, name) for name in ("call_id", "id")
    )


def _same_content(one: JSON, other: JSON) -> bool:
    return _same_type(one, other) and all(
        one.get(name) == other.get(name) for name in ("name", "arguments", "input", "content", "summary")
    )


def fuller(item: JSON, other: JSON) -> dict[str, Any]:
    """Return an item with missing arguments, input or text taken from the same item as it arrived earlier."""
    completed = dict(item)
    if not any(text_of(part, name) for part in parts(completed) for name in _PART.values()):
        completed |= (
            {"content": other["content"]}
            if other.get("content") and completed.get("type") == "message"
            else {}
        )
    fields = {
        "function_call": ("arguments", "name", "call_id"),
        "custom_tool_call": ("input", "name", "call_id"),
    }
    for name in fields.get(text_of(completed, "type"), ()):
        if not completed.get(name) and other.get(name):
            completed[name] = other[name]
    return completed


def place(value: object) -> int | None:
    """Return an index, even if it arrived as text or as a float, or None for anything else."""
    if isinstance(value, str) and value.isdecimal() and len(value) < _DIGITS:
        return int(value)
    if is_number(value) and value % 1 == 0:
        return int(value)
    return None


def _hosted(kind: str) -> bool:
    return kind.endswith("_call") and kind not in ("function_call", "custom_tool_call")


def failure(error: object) -> ResponseError:
    """Return the error of a failed response: `error` is the response's error field, of any type."""
    fields: Mapping[str, object] = as_object(error) or {}
    message = text_of(fields, "message") or (
        "" if is_json(error) or error is None else beginning(str(error), 300)
    )
    return ResponseError(f"the response failed: {message or 'no reason was given'}", code_of(fields))


def refused(response: JSON) -> ResponseError | None:
    """Return the error in a body that should be a response, in the API's form but with a success status."""
    error = response.get("error")
    if is_json(error) and error and not response.get("output") and not response.get("choices"):
        return failure(error)
    return failure(response) if response.get("object") == "error" else None


def code_of(error: JSON) -> str | None:
    """Return the code of an error, or its type if it has no code."""
    code = error.get("code")
    return str(code) if isinstance(code, (str, int)) else None
