"""Lines of JSON-RPC 2.0 read and written, without a model of what they say: what is passed on stays as it came."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from imagebridge.wire import JSON, is_json, is_list

INTERNAL_ERROR = -32603
"""JSON-RPC 2.0, section 5.1: the code of an error that is nobody's request's fault."""

RequestId = tuple[str, object]
"""An id as a key: 1 and "1" are two ids, and True is none."""


class Unreadable(NamedTuple):
    """A line that is not a message. `said` is its beginning."""

    said: str


Message = JSON | Sequence[object] | Unreadable
"""What a line says: a message, a batch of them (protocol 2025-03-26), or nothing that can be read."""


def read(line: bytes) -> Message:
    """Return what a line says. Where a program printed something before a message, the message counts."""
    try:
        found: object = json.loads(line)
    except (ValueError, RecursionError):
        found = _behind(line.decode(errors="replace"))
    if is_json(found) and ("method" in found or "id" in found):
        return found
    if is_list(found) and found and all(is_json(one) for one in found):
        return found
    return Unreadable(line[:200].decode(errors="replace").strip())


def _behind(text: str) -> object:
    """Return the answer at the end of a line. Nothing else is taken there: servers print the requests that they get."""
    for start in ('{"jsonrpc"', "{"):
        with suppress(ValueError, RecursionError):
            found: object = json.loads(text[text.index(start) :])
            if is_json(found) and "jsonrpc" in found and "method" not in found:
                return found
    return None


def is_clean(line: bytes) -> bool:
    """Tell whether a line is a message and nothing else, so that it can be passed on as it is."""
    return line.lstrip()[:1] in (b"{", b"[")


def written(message: object) -> bytes:
    """Return a message as a line of ASCII, which no reader can split or refuse for its characters."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def key(number: object) -> RequestId | None:
    """Return an id as a key, None for what is not an id."""
    if isinstance(number, bool) or not isinstance(number, (int, float, str)):
        return None
    return ("text" if isinstance(number, str) else "number", number)


def request(number: str, method: str, params: JSON) -> dict[str, Any]:
    """Return a request."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def failure(number: object, why: str) -> dict[str, Any]:
    """Return the error that answers a request."""
    return {"jsonrpc": "2.0", "id": number, "error": {"code": INTERNAL_ERROR, "message": why}}


def same(one: object, other: object) -> bool:
    """Tell whether two JSON values are written alike: True is not 1, and 1.0 is not 1."""
    if one is other:
        return True
    if is_json(one) and is_json(other):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if is_list(one) and is_list(other):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other
