"""Assembles a message of Chat Completions from the chunks of its stream. Pure.

OpenAI's chunks number each call. Compatible servers omit the number, start at 1, use the same number for all calls,
or repeat ids and names in each chunk; calls are told apart by whichever of these distinguishes them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from imagebridge.events import Delta, ReasoningDelta, TextDelta
from imagebridge.wire import JSON, as_list, as_object, is_json, is_list, listed, numbered, text_of

from .event_stream import SurrogateJoiner
from .response_events import failure, place
from .response_items import written

_GROW = ("text", "summary", "data", "signature")
"""Fields of `reasoning_details` that arrive in pieces (OpenRouter's guide "Reasoning tokens", read 2026-11-22)."""
_KINDS = {"function": "arguments", "custom": "input"}
"""The field that holds the arguments, for each kind of call."""


@dataclass(slots=True)
class _CallDraft:
    index: int | None
    id: str = ""
    kind: str = "function"
    name: str = ""
    arguments: str = ""
    more: dict[str, Any] = field(default_factory=dict[str, Any])
    """Fields that servers add, such as a thought signature."""

    @property
    def whole(self) -> bool:
        """Whether the arguments are complete: a JSON object, after which nothing can follow."""
        try:
            return is_json(json.loads(self.arguments))
        except (ValueError, RecursionError):
            return False

    @property
    def item(self) -> dict[str, Any]:
        inner = {"name": self.name, _KINDS[self.kind]: self.arguments}
        return {**self.more, "id": self.id, "type": self.kind, self.kind: inner}


class ChatChunks:
    """Takes the chunks of one stream, whatever they contain, and assembles the completion."""

    def __init__(self) -> None:
        self._fields: dict[str, Any] = {}
        self._message: dict[str, Any] = {}
        self._calls: list[_CallDraft] = []
        self._finish: str | None = None
        self._text = SurrogateJoiner()
        self._reasoning = SurrogateJoiner()
        self._came = False
        self._index: int | None = None
        """The index of the choice that is followed, if choices are numbered."""

    def take(self, chunk: object) -> list[Delta]:
        """Process a chunk and return its events for a user interface. Anything that is not a chunk is ignored.

        Raises:
            ResponseError: the chunk says that the request failed.
        """
        if not is_json(chunk):
            return []
        if text_of(chunk, "type") == "error":
            raise failure(chunk.get("error") or chunk)
        if error := chunk.get("error"):
            raise failure(error)
        if chunk.get("object") == "error":
            raise failure(chunk)
        for name in ("id", "model", "usage", "service_tier"):
            if chunk.get(name):
                self._fields[name] = chunk[name]
        choice = self._choice(listed(chunk.get("choices")))
        if choice is None:
            return []
        if choice.get("finish_reason") is not None:
            self._finish = text_of(choice, "finish_reason") or "stop"
            if self._finish == "error":
                raise failure(choice.get("error") or choice.get("native_finish_reason"))
        # A server that does not stream sends the whole message; others repeat it at the end.
        whole = None if self._message.get("content") or self._calls else choice.get("message")
        delta = choice.get("delta") or whole
        self._came = self._came or is_json(choice.get("delta")) or is_json(whole)
        return self._grow(delta) if is_json(delta) else []

    def _choice(self, choices: object) -> JSON | None:
        """Return the choice that is followed: the first one, if several arrive."""
        for choice in as_list(choices):
            if not is_json(choice):
                continue
            index = place(choice.get("index"))
            self._index = index if self._index is None else self._index
            if index in (None, self._index):
                return choice
        return None

    def completion(self, *, done: bool) -> dict[str, Any] | None:
        """Return the completion, or None if the stream ended before it was complete. `done`: whether the stream said so."""
        if not self._came or (self._finish is None and not done):
            return None
        message = dict(self._message)
        if self._calls:
            message["tool_calls"] = [call.item for call in self._ordered()]
        return {**self._fields, "choices": [{"message": message, "finish_reason": self._finish}]}

    def _ordered(self) -> list[_CallDraft]:
        if any(call.index is None for call in self._calls):
            return self._calls
        return sorted(self._calls, key=lambda call: call.index or 0)

    def _grow(self, delta: JSON) -> list[Delta]:
        if is_json(content := delta.get("content")):
            delta = {**delta, "content": [content]}
        for piece in pieces(delta):
            self._called(piece)
        for name, value in delta.items():
            if name in ("tool_calls", "function_call"):
                continue
            if name == "content" and is_list(value):
                self._parts(value)
            elif name == "reasoning_details" and is_list(value):
                self._details(value)
            elif value is not None:
                self._message[name] = _more(name, self._message.get(name), value)
        return self._deltas(delta)

    def _deltas(self, delta: JSON) -> list[Delta]:
        deltas: list[Delta] = []
        if text := self._reasoning.joined(text_of(delta, "reasoning_content") or text_of(delta, "reasoning")):
            deltas.append(ReasoningDelta(text))
        content = delta.get("content")
        parts = [part for part in content if is_json(part)] if is_list(content) else []
        content_text = (
            content if isinstance(content, str) else "".join(text_of(part, "text") for part in parts)
        )
        if text := self._text.joined(content_text or delta.get("refusal")):
            deltas.append(TextDelta(text))
        return deltas

    def _parts(self, parts: Sequence[object]) -> None:
        """Add content in parts, as sent by servers that interleave reasoning; adjacent texts are joined."""
        known: Any = self._message.get("content")
        content = cast("list[Any]", known if isinstance(known, list) else [])
        if isinstance(known, str) and known:
            content.append({"type": "text", "text": known})
        for part in parts:
            last = content[-1] if content else None
            if is_json(part) and is_json(last) and part.get("type") == last.get("type") == "text":
                content[-1] = {**last, "text": text_of(last, "text") + text_of(part, "text")}
            elif is_json(part):
                content.append(dict(part))
        self._message["content"] = content

    def _details(self, details: Sequence[object]) -> None:
        known: list[dict[str, Any]] = self._message.setdefault("reasoning_details", [])
        for piece in details:
            if not is_json(piece):
                continue
            mine = next((one for one in reversed(known) if _same_detail(one, piece)), None)
            if mine is None:
                known.append(dict(piece))
                continue
            for name, value in piece.items():
                if name in _GROW and isinstance(value, str):
                    mine[name] = (mine.get(name) or "") + value
                elif mine.get(name) is None:
                    mine[name] = value

    def _called(self, piece: JSON) -> None:
        kind = next((kind for kind in _KINDS if is_json(piece.get(kind))), "function")
        inner: Any = piece.get(kind)
        function: JSON = as_object(inner) or {}
        name = text_of(function, "name")
        new_arguments = function.get(_KINDS[kind])
        arguments = "" if new_arguments is None else written(new_arguments)
        call = self._call(piece, name)
        call.kind = kind if call.kind == "function" else call.kind
        call.id = call.id or text_of(piece, "id")
        again = bool(name or text_of(piece, "id")) and arguments == call.arguments and call.whole
        call.name = call.name or name
        call.arguments += "" if again else arguments
        known = ("index", "id", "type", *_KINDS)
        call.more |= {key: value for key, value in piece.items() if key not in known and value is not None}

    def _call(self, piece: JSON, name: str) -> _CallDraft:
        """Return the call that a piece belongs to, or a new one if the piece begins one."""
        index, identity = place(piece.get("index")), text_of(piece, "id")
        here = [call for call in self._calls if index is None or call.index is None or call.index == index]
        draft = next((call for call in reversed(here) if identity and call.id == identity), None)
        if draft is None and here and not _begins(here[-1], identity, name, numbered=index is not None):
            draft = here[-1]
        if draft is None:
            draft = _CallDraft(index)
            self._calls.append(draft)
        return draft


def pieces(message: JSON) -> list[JSON]:
    """Return the calls of a message or delta, whole or in pieces: a list, a single one, or the older `function_call`."""
    calls = numbered(message.get("tool_calls"))
    if is_json(calls):
        return [calls]
    if not is_list(calls) or not calls:
        older = message.get("function_call")
        return [{"function": older}] if is_json(older) else []
    return [call for call in calls if is_json(call)]


def _begins(last: _CallDraft, identity: str, name: str, *, numbered: bool) -> bool:
    """Return whether a piece begins a new call after `last`: it has another id, or a name while the last already has one."""
    if identity and last.id:
        # Some servers give each piece a new id: without a name, it continues the call if that is incomplete.
        return identity != last.id and (bool(name) or not last.name or last.whole)
    if not name or not last.name:
        # The first pieces may be its number, its id and its name, one by one.
        return bool(identity) and not numbered and bool(last.arguments)
    return name != last.name or last.whole


def _same_detail(one: JSON, piece: JSON) -> bool:
    same = (one.get(name) == piece.get(name) for name in ("type", "index"))
    return all(same) and (not one.get("id") or not piece.get("id") or one["id"] == piece["id"])


def _more(name: str, known: Any, value: Any) -> Any:
    """Return a field of the message combined with a further piece: texts and lists grow, other values are replaced."""
    grows = name in ("content", "refusal") or name.startswith(("reasoning", "thinking"))
    if isinstance(known, str) and isinstance(value, str) and grows:
        return known + value
    if name == "content" and isinstance(known, list) and isinstance(value, str):
        return (
            [*cast("list[Any]", known), {"type": "text", "text": value}] if value else cast("object", known)
        )
    if isinstance(known, list) and isinstance(value, list):
        return [*cast("list[Any]", known), *cast("list[Any]", value)]
    return value
