"""Examines JSON as bytes, before it is parsed: halves of characters in it, and more values than should be in memory."""

import re
from itertools import islice

MAX_VALUES = 5_000_000
"""The most values of a message. Each takes up to about 200 bytes once it is parsed, but only 3 in the message (`[],`)."""

_LONG = 8_000_000
"""Bytes from which on values are counted: a shorter message cannot hold enough of them to matter."""

_HEX = rb"[0-9a-fA-F]{2}"
_PAIR = rb"u[dD][89abAB]" + _HEX + rb"\\u[dD][c-fC-F]" + _HEX
_HALF = rb"u[dD][89a-fA-F]" + _HEX

_UNTIL_HALF = re.compile(
    rb"((?:[^\\]++|\\(?:" + _PAIR + rb"|(?!" + _HALF + rb").))*+)(\\" + _HALF + rb")?", re.DOTALL
)
r"""A stretch without the escape of a lone surrogate, and the one after it. `\\ud800` is a backslash and five letters."""

_UNTIL_VALUE = re.compile(rb'(?:[^"\[{,]++|"(?:[^"\\]++|\\.)*+"?)*+(?:[\[{,]|\Z)', re.DOTALL)
"""A stretch without a sign that begins a value or a list of them, and the sign after it. Signs in texts do not count."""


def paired_escapes(body: bytes) -> bytes:
    r"""Return JSON with U+FFFD in place of each escaped lone surrogate (`"\ud800"`); the same object if there are none.

    Python writes such escapes and reads them, but strict readers refuse the whole message (RFC 8259, section 8.2).
    """
    if b"\\ud" not in body and b"\\uD" not in body:
        return body
    found = _UNTIL_HALF.sub(lambda one: one[1] + rb"\ufffd" if one[2] else one[0], body)
    return body if found == body else found


def has_too_many_values(body: bytes) -> bool:
    """Return whether JSON has more than `MAX_VALUES` values."""
    if len(body) <= _LONG or sum(map(body.count, (b",", b"[", b"{"))) <= MAX_VALUES:
        return False
    return next(islice(_UNTIL_VALUE.finditer(body), MAX_VALUES, None), None) is not None
