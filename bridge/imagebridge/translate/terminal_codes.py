"""Codes for a terminal in a text: colours, cursors, links and titles, which say nothing to a model, and pictures (ECMA-48, 5th edition).

A code begins with the character ESC, or with one of the C1 controls that stand for ESC and a letter. Texts that
speak of codes, with the letters ESC or \\x1b, hold neither.
"""

import re
from collections.abc import Callable

_TURNING = (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""The marks, embeddings and isolates that turn text round (Unicode 17, UAX 9): a name can pass for another with them."""

STEERING = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160), *_TURNING])
"""Characters that steer a terminal, as `str.translate` takes them out: whoever is quoted there could clear it or type into it."""

# Each alternative reads a character once, and what a broken code lacks costs nothing behind it.
_STRING_END = r"(?:\x07|\x1b\\|\x9c)"
_ESCAPED = re.compile(
    r"\x1b(?:"
    r"\[[0-?]*+[ -/]*+[@-~]?"  # CSI: colours, moves
    rf"|\][^\x07\x1b\x9c\n]*+{_STRING_END}"  # OSC: titles, links, whose words stand between two of them
    rf"|[PX^_][^\x07\x1b\x9c]*+{_STRING_END}"  # DCS, SOS, PM, APC
    r"|[ -/]++[0-~]?"  # character sets
    r"|[0-?DEHMNOZc\\]"  # save, restore, reset
    r")?"
)

# C1 controls are also what is left of UTF-8 that was read as Latin-1: behind such letters they are no codes, and a
# code has to be whole.
_C1_CODES = re.compile(
    r"(?<![\x80-\xff])(?:"
    r"\x9b[0-?]++[ -/]*+[@-~]"
    rf"|\x9d[0-9]++;[^\x07\x1b\x80-\x9f\n]*+{_STRING_END}"
    rf"|[\x90\x98\x9e\x9f][^\x07\x1b\x80-\x9f\n]*+{_STRING_END}"
    r")++"
)

# Pictures: a file of iTerm2, a picture of kitty in one or more pieces, sixels (their documentation, read 2026-11-29).
_PICTURES = re.compile(
    rf"\x1b\]1337;File=[^:\x07\x1b\n]*+:(?P<file>[^\x07\x1b\x9c]*+){_STRING_END}"
    rf"|(?P<kitty>(?:\x1b_G[^;\x1b\x9c]*+;[^\x1b\x9c]++(?:\x1b\\|\x9c)\s*+)++)"
    rf"|\x1bP[0-9;]*+q[^\x07\x1b\x9c]*+{_STRING_END}"
)
_PIECE = re.compile(r"\x1b_G([^;]*);([^\x1b\x9c]*)")


def pictured(text: str, describe: Callable[[str], str]) -> str:
    """Return a text in which each picture for a terminal is `describe(its base64)`; that is empty where it has another form."""
    if "\x1b" not in text:
        return text
    return _PICTURES.sub(
        lambda one: _kitty(one["kitty"], describe) if one["kitty"] else describe(one["file"] or ""), text
    )


def _kitty(written: str, describe: Callable[[str], str]) -> str:
    """Tell the pictures of pieces, each but a picture's last with `m=1`; only `f=100` is a file, a PNG, which only `t=d` holds."""
    pieces = iter([(set(keys.split(",")), encoded) for keys, encoded in _PIECE.findall(written)])
    described: list[str] = []
    for keys, encoded in pieces:
        more = [encoded]
        if "m=1" in keys:
            for later, rest in pieces:
                more.append(rest)
                if "m=1" not in later:
                    break
        is_png = "f=100" in keys and not keys & {"t=f", "t=t", "t=s", "o=z"}
        described.append(describe("".join(more) if is_png else ""))
    return "\n".join(described)


def plain(text: str) -> str:
    """Return a text without codes for a terminal; the very same where it has none."""
    if "\x1b" in text:
        text = _ESCAPED.sub("", text)
    if not text.isascii() and any(one in text for one in "\x9b\x9d\x90\x98\x9e\x9f"):
        text = _C1_CODES.sub("", text)
    return text
