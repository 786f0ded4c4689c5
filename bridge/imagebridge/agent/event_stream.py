"""Parses the output of an endpoint: the events in a stream of bytes, JSON, and JSON that can be sent back. Pure."""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import NamedTuple, cast

from imagebridge.wire import is_json, is_list, paired, text_of

MAX_RESPONSE_BYTES = 256 * 1024 * 1024
"""The maximum bytes of a response, or of one event of its stream, after decompression: more is an attack or a fault."""
_DEEPEST = 200
"""The maximum depth of JSON that is read: not every library can send back deeper nesting."""


class TooLargeError(ValueError):
    """More than `MAX_RESPONSE_BYTES` arrived."""

    def __init__(self) -> None:
        super().__init__(f"more than {MAX_RESPONSE_BYTES // 1024 // 1024} MiB arrived in one piece")


class ServerEvent(NamedTuple):
    """An event as it was sent: its name, empty if it has none, and its data."""

    name: str
    data: bytes


class EventDecoder:
    """Splits bytes, however they are divided, into server-sent events; only the name and data are kept.

    Lines end with LF, CRLF or CR (HTML Living Standard, 9.2.6 "Interpreting an event stream", read 2026-11-29).
    """

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._data: list[bytes] = []
        self._name = ""
        self._size = 0
        self._held = False
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """Yield each event that `chunk` completes.

        Raises:
            TooLargeError: one event is larger than `MAX_RESPONSE_BYTES`.
        """
        self._size += len(chunk)
        if self._size > MAX_RESPONSE_BYTES:
            raise TooLargeError
        if self._held:
            chunk = b"\r" + chunk
        # It may be the first half of CRLF.
        self._held = chunk.endswith(b"\r")
        for line in (chunk[:-1] if self._held else chunk).splitlines(keepends=True):
            self._line.append(line)
            if line.endswith((b"\n", b"\r")):
                yield from self._ended()

    def rest(self) -> Iterator[ServerEvent]:
        """Yield the event at the end of the stream."""
        if self._line or self._held:
            yield from self._ended()
        yield from self._event()

    def _ended(self) -> Iterator[ServerEvent]:
        line = b"".join(self._line).rstrip(b"\r\n")
        self._line.clear()
        if not self._begun:
            line = line.removeprefix(BOM_UTF8)
            self._begun = True
        if not line:
            yield from self._event()
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        elif name == b"event":
            self._name = value.removeprefix(b" ").decode(errors="replace")

    def _event(self) -> Iterator[ServerEvent]:
        event = ServerEvent(self._name, b"\n".join(self._data))
        self._data.clear()
        self._name, self._size = "", 0
        if event.data:
            yield event


DONE = object()
"""Stands for "[DONE]", which marks the end of a stream."""


def documents(data: bytes) -> list[object]:
    """Return the JSON values of a body or event: one, or one on each line if a server omits the separators.

    Raises:
        ValueError: it is not JSON.
    """
    if data.strip() == b"[DONE]":
        return [DONE]
    try:
        return [loaded(data)]
    except ValueError:
        lines = [line for line in data.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        return [DONE if line.strip() == b"[DONE]" else loaded(line) for line in lines]


def objects_of(event: ServerEvent) -> list[object]:
    """Return the content of an event: objects of the API, and `DONE`. Anything else is a keep-alive, unless it is an error.

    An object without a type gets the event's name as its type.

    Raises:
        ValueError: it starts like a JSON object, but is not one.
    """
    data = event.data.lstrip()
    if not data.startswith((b"{", b"[DONE]")):
        message = data.decode(errors="replace")
        return [{"type": "error", "message": message}] if event.name == "error" else []
    named = event.name not in ("", "message")
    return [
        {**value, "type": event.name} if named and is_json(value) and not value.get("type") else value
        for value in documents(event.data)
    ]


def is_event(value: object) -> bool:
    """Return whether a JSON value is a stream event, of either API, rather than a whole response."""
    if not is_json(value):
        return False
    choices = value.get("choices")
    chunked = is_list(choices) and any(
        is_json(one) and "delta" in one and "message" not in one for one in choices
    )
    return chunked or text_of(value, "type").startswith("response.")


def loaded(data: bytes) -> object:
    """Return the value of JSON text. NaN and the infinities, which JSON does not have, become null.

    Raises:
        ValueError: it is not JSON, is nested too deeply, or contains a number with more digits than Python reads.
    """
    try:
        return cast("object", json.loads(data, parse_constant=lambda _: None))
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError as error:
        raise ValueError("the JSON contains a number with too many digits") from error


def sound(value: object, depth: int = 0) -> object:
    """Return a value that can be sent back: lone surrogates and numbers that are not finite are replaced.

    Raises:
        ValueError: it is nested too deeply.
    """
    if isinstance(value, str):
        return paired(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if depth > _DEEPEST:
        raise ValueError("the JSON is nested too deeply")
    if is_json(value):
        return {paired(str(name)): sound(inner, depth + 1) for name, inner in value.items()}
    if is_list(value):
        return [sound(inner, depth + 1) for inner in value]
    return value


class SurrogateJoiner:
    """Passes on the pieces of a text: half of a surrogate pair waits for the piece with the other half."""

    def __init__(self) -> None:
        self._half = ""

    def joined(self, piece: object) -> str:
        """Return what can be passed on now; "" for anything that is not a text."""
        if not isinstance(piece, str):
            return ""
        text, self._half = self._half + piece, ""
        if "\ud800" <= text[-1:] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return paired(text)
