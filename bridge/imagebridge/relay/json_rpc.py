"""Reads and writes lines of JSON-RPC 2.0 without a model of their content: messages pass through unchanged."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import isfinite
from typing import Any, NamedTuple, TypeGuard

from imagebridge.client.json_bytes import has_too_many_values
from imagebridge.client.lines import LongLine
from imagebridge.wire import JSON, is_json, is_list, is_number

INTERNAL_ERROR = -32603
"""JSON-RPC 2.0, section 5.1: the code of an error that no request caused."""

_LARGE = 100_000
"""The size of a line in bytes from which a faster JSON library is worth loading."""

RequestId = tuple[str, object]
"""An id as a key: 1 and "1" are different ids, and True is not an id."""


class Unreadable(NamedTuple):
    """A line that is not a message. `text` is its beginning.

    deep: the id and method, if found, of a message that is nested too deeply or has too many values to be parsed.
    """

    text: str
    deep: JSON | None = None


Message = JSON | Sequence[object] | Unreadable
"""The content of a line: a message, a batch of them (protocol 2025-03-26), or something unreadable."""


def read_line(line: bytes) -> tuple[Message, bool]:
    """Return the content of a line, and whether it can be passed on unchanged because any JSON parser accepts it.

    Output of a program before a message is ignored, as is everything in a batch except messages. Numbers with
    more digits than Python reads are text in the returned content.
    """
    if has_too_many_values(line):
        return Unreadable(_beginning(line), id_and_method(line)), True
    if len(line) > _LARGE and _is_message(found := _read_large(line)):
        return found, True
    try:
        try:
            found, clean = _STRICT.decode(line.decode()), True
        except ValueError:
            found, clean = _read_leniently(line)
    except RecursionError:
        return Unreadable(_beginning(line), id_and_method(line)), True
    if _is_message(found):
        return found, clean
    batch = [one for one in found if is_json(one)] if is_list(found) else []
    return (batch or Unreadable(_beginning(line))), False


def _beginning(line: bytes) -> str:
    return line[:200].decode(errors="replace").strip()


def _read_large(line: bytes) -> object:
    # Eight times as fast as Python's own parser, but slow to load, and it refuses lone surrogates.
    from pydantic_core import from_json

    with suppress(ValueError, RecursionError):
        return from_json(line, allow_inf_nan=False)
    return None


def _refused(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


_STRICT = json.JSONDecoder(parse_constant=_refused)
"""Refuses NaN and Infinity, which Python's own writer produces but no other reader accepts."""


class LongNumber(str):
    """A string that replaces an integer with more digits than Python reads."""

    __slots__ = ()


def _integer(digits: str) -> int | LongNumber:
    try:
        return int(digits)
    except ValueError:  # 4,300 digits (Python's documentation, 3.11)
        return LongNumber(f"[a whole number of {len(digits.lstrip('-')):,} digits]")


_LONG_NUMBERS = json.JSONDecoder(parse_constant=_refused, parse_int=_integer)


def _read_leniently(line: bytes) -> tuple[object, bool]:
    """Return the content of a line that Python refuses, and whether other parsers accept it."""
    with suppress(ValueError):
        return _LONG_NUMBERS.decode(line.decode()), True
    with suppress(ValueError):
        return json.loads(line, parse_int=_integer), False
    text = line.decode(errors="replace")
    with suppress(ValueError):
        return json.loads(text, parse_int=_integer), False
    return _behind(text), False


_DEEP_ID = rb'"id"\s*:\s*("[^"\\]{0,200}"|-?(?:0|[1-9]\d{0,17}))\s*'
_HEAD = re.compile(
    rb'\s*\{(?:\s*"jsonrpc"\s*:\s*"[^"\\]*"\s*,)?(?:\s*' + _DEEP_ID + rb"[,}])?"
    rb'(?:\s*"method"\s*:\s*("[^"\\]{0,200}"))?'
)
_TAIL = re.compile(
    rb'\}\s*,\s*(?:"jsonrpc"\s*:\s*"[^"\\]*"\s*,\s*)?'
    + _DEEP_ID
    + rb'(?:,\s*"jsonrpc"\s*:\s*"[^"\\]*"\s*)?\}\s*$'
)


def id_and_method(line: bytes) -> JSON | None:
    """Return the id and method of a message that cannot be parsed, from before or after its part that is too deep or long."""
    head, tail = _HEAD.match(line), _TAIL.search(line[-500:])
    if head is None:
        return None
    number = head[1] or (tail[1] if tail else b"null")
    return {"id": _scalar(number)} | ({"method": _scalar(head[2])} if head[2] else {})


def broken_request(line: bytes) -> list[JSON]:
    """Return what is known of the request in an unreadable line, if its beginning says that it is one."""
    said = id_and_method(line)
    return [said] if said and "method" in said else []


def _scalar(written: bytes) -> object:
    """Return the number or text in a broken line: quoted text may contain what neither JSON nor UTF-8 allows."""
    return json.loads(written.decode(errors="replace"), strict=False)


def _is_message(found: object) -> TypeGuard[JSON | Sequence[object]]:
    if is_json(found):
        return "method" in found or "id" in found
    return is_list(found) and bool(found) and all(is_json(one) for one in found)


def _behind(text: str) -> object:
    """Return the answer at the end of a line. Only answers count, because servers print the requests that they receive."""
    for start in ('{"jsonrpc"', "{"):
        with suppress(ValueError, RecursionError):
            found: object = json.loads(text[text.index(start) :], parse_int=_integer)
            if is_json(found) and "jsonrpc" in found and "method" not in found:
                return found
    return None


def one_line(message: bytes) -> bytes:
    """Return a message that may span several lines as one line: JSON has line breaks only between its values."""
    return message.strip().replace(b"\r", b" ").replace(b"\n", b" ")


def written(message: object, size: int = 0) -> bytes:
    """Return a message as a line of ASCII, which no reader can split, and whose characters every reader accepts.

    Values that are not numbers (NaN, Infinity) become null, as in JavaScript.

    Args:
        message: the message to write.
        size: the approximate number of bytes, if it may be large.
    """
    if size > _LARGE:
        from pydantic_core import to_json

        with suppress(ValueError):  # lone surrogates
            line = to_json(message, inf_nan_mode="null")
            return (
                line if line.isascii() else to_json(message, inf_nan_mode="null", ensure_ascii=True)
            ) + b"\n"
    try:
        text = json.dumps(message, separators=(",", ":"), allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(message), separators=(",", ":"))
    return text.encode() + b"\n"


def _finite(value: object) -> object:
    """Return a value with null in place of each number that is NaN or infinite."""
    if is_json(value):
        return {name: _finite(one) for name, one in value.items()}
    if is_list(value):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value


_DECODER = json.JSONDecoder()
_SCALAR = re.compile(r'"(?:[^"\\]++|\\.)*+"|[^\s,\]}]++')
_MARK = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{\]}]')
_BLANKS = re.compile(r"[ \t\r\n]*")


def spliced(line: bytes, path: Sequence[str], value: object) -> bytes:
    """Return a message with a different value at `path`; every other byte is unchanged.

    Args:
        line: a readable message.
        path: the names that lead to an existing value.
        value: the new value.
    """
    text = line.decode(errors="surrogateescape")
    start, end = 0, len(text)
    for name in path:
        # If a name occurs twice, the last one counts, as for every JSON parser.
        start, end = dict(_members(text, start))[name]
    return (text[:start] + json.dumps(value) + text[end:]).encode(errors="surrogateescape")


def _members(text: str, start: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the names of an object, each with the start and end of its value."""
    at = _behind_blanks(text, _behind_blanks(text, start) + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        at = _behind_blanks(text, _behind_blanks(text, at) + 1)
        end = _end(text, at)
        yield name, (at, end)
        at = _behind_blanks(text, end)
        if text[at] == ",":
            at = _behind_blanks(text, at + 1)


def _end(text: str, at: int) -> int:
    """Return the end of the value that starts at `at`, however deeply it is nested and however long its numbers."""
    if text[at] not in "[{":
        found = _SCALAR.match(text, at)
        return found.end() if found else at
    levels = 0
    for mark in _MARK.finditer(text, at):
        levels += {"[": 1, "{": 1, "]": -1, "}": -1}.get(text[mark.start()], 0)
        if not levels:
            return mark.end()
    return len(text)


def _behind_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def key(number: object) -> RequestId | None:
    """Return an id as a key, or None for any value that is not an id."""
    if not is_number(number) and not isinstance(number, str):
        return None
    return ("text" if isinstance(number, str) else "number", number)


def answered_by(start: bytes) -> RequestId | None:
    """Return the id of the request that a broken line was meant to answer, or None if its start does not contain one."""
    head = _HEAD.match(start) if b'"jsonrpc"' in start else None
    return key(_scalar(head[1])) if head and head[1] and not head[2] else None


def other_spelling(at: RequestId) -> RequestId:
    """Return the id with which a careless server may answer instead: "1" for 1, or 1 for "1"."""
    kind, value = at
    if kind == "number":
        return "text", str(value)
    plain = isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 20
    return ("number", int(value)) if plain and isinstance(value, str) else at


def messages(message: Message) -> list[JSON]:
    """Return the messages of a batch, or the single message."""
    if isinstance(message, Unreadable):
        return [message.deep] if message.deep else []
    return [message] if is_json(message) else [one for one in message if is_json(one)]


def request(number: str, method: str, params: JSON) -> dict[str, Any]:
    """Return a request."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def failure(number: object, why: str) -> dict[str, Any]:
    """Return an error as the answer to a request."""
    number = None if isinstance(number, LongNumber) else number
    return {"jsonrpc": "2.0", "id": number, "error": {"code": INTERNAL_ERROR, "message": why}}


def unread(line: LongLine) -> JSON | None:
    """Return the refusal of a request whose line is too long to be read, or None if it is not a request with an id."""
    asked = id_and_method(line.start) or {}
    if asked.get("id") is None or "method" not in asked:
        return None
    return failure(asked["id"], f"the host sent {line}, which is the limit")


def same(one: object, other: object) -> bool:
    """Return whether two JSON values are written the same way: True is not 1, and 1.0 is not 1."""
    if one is other:
        return True
    if is_json(one) and is_json(other):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if is_list(one) and is_list(other):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other
