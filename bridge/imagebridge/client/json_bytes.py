"""Examines JSON as bytes, before it is parsed, for lone surrogates and for too many values to keep in memory."""

import re
from collections.abc import Iterator
from itertools import islice

MAX_VALUES = 5_000_000
"""The maximum number of values in a message. Each needs up to about 200 bytes when parsed, but only 3 before (`[],`)."""

_LONG = 8_000_000
"""The size in bytes from which values are counted: a shorter message cannot contain enough of them to matter."""

_SURROGATE = re.compile(rb"\\(?<!\\\\)\\*u[dD]([89a-fA-F])[0-9a-fA-F]{2}")
r"""All adjacent backslashes, and the surrogate after them. `\\ud800` is a backslash and five letters."""

_ESCAPE = len(rb"\ud800")
"""The length of an escape in bytes."""

_LOW = b"cdefCDEF"
"""The second digit of a low surrogate."""

_UNTIL_VALUE = re.compile(rb'(?:[^"\[{,]++|"(?:[^"\\]++|\\.)*+"?)*+(?:[\[{,]|\Z)', re.DOTALL)
"""A stretch without a character that starts a value or list, and that character. Characters in strings do not count."""


def paired_escapes(body: bytes) -> bytes:
    r"""Return JSON with U+FFFD in place of each escaped lone surrogate (`"\ud800"`); the same object if there are none.

    Python writes such escapes and reads them, but strict readers refuse the whole message (RFC 8259, section 8.2).
    """
    if b"\\ud" not in body and b"\\uD" not in body:
        return body
    pieces: list[bytes] = []
    kept = 0
    for at in _lone_surrogates(body):
        pieces.append(body[kept:at])
        kept = at + _ESCAPE
    return b"\\ufffd".join([*pieces, body[kept:]]) if pieces else body


def _lone_surrogates(body: bytes) -> Iterator[int]:
    """Yield the positions of the escapes of lone surrogates, in order."""
    high: int | None = None
    for one in _SURROGATE.finditer(body):
        at = one.end() - _ESCAPE
        if (at - one.start()) % 2:
            continue
        is_low = one[1] in _LOW
        is_paired = is_low and high is not None and at == high + _ESCAPE
        if high is not None and not is_paired:
            yield high
        if is_low and not is_paired:
            yield at
        high = None if is_low else at
    if high is not None:
        yield high


def has_too_many_values(body: bytes) -> bool:
    """Return whether JSON has more than `MAX_VALUES` values."""
    if len(body) <= _LONG or sum(map(body.count, (b",", b"[", b"{"))) <= MAX_VALUES:
        return False
    return next(islice(_UNTIL_VALUE.finditer(body), MAX_VALUES, None), None) is not None
