"""Terminal codes in texts: colours, cursors, links and titles, which mean nothing to a model, and pictures (ECMA-48, 5th edition).

A code begins with the character ESC, or with a C1 control that stands for ESC and a letter. Texts that
spell codes out with the letters ESC or \\x1b contain neither.
"""

import re
from collections.abc import Callable

_TURNING = (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""The marks, embeddings and isolates that change the direction of text (Unicode 17, UAX 9): they can disguise a name."""

STEERING = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160), *_TURNING])
"""Characters that control a terminal, as a table for `str.translate`: quoted text could clear the screen or type into it."""

# Each alternative reads a character once, so an unfinished code costs nothing after it.
_STRING_END = r"(?:\x07|\x1b\\|\x9c)"
_ESCAPED = re.compile(
    r"\x1b(?:"
    r"\[[0-?]*+[ -/]*+[@-~]?"  # CSI: colours, moves
    rf"|\][^\x07\x1b\x9c\n]*+{_STRING_END}"  # OSC: titles, links, whose words are between two of them
    rf"|[PX^_][^\x07\x1b\x9c]*+{_STRING_END}"  # DCS, SOS, PM, APC
    r"|[ -/]++[0-~]?"  # character sets
    r"|[0-?DEHMNOZc\\]"  # save, restore, reset
    r")?"
)

# C1 controls also remain when UTF-8 is read as Latin-1: after such letters they are not codes, and a
# code has to be complete.
_C1_CODES = re.compile(
    r"(?<![\x80-\xff])(?>(?:"
    r"\x9b[0-?]++[ -/]*+[@-~]"
    rf"|\x9d[0-9]++;[^\x07\x1b\x80-\x9f\n]*+{_STRING_END}"
    rf"|[\x90\x98\x9e\x9f][^\x07\x1b\x80-\x9f\n]*+{_STRING_END}"
    r")+)"
)

# Pictures: an iTerm2 file, a kitty picture in one or more chunks, sixels (their documentation, read 2026-11-29).
_PICTURES = re.compile(
    rf"\x1b\]1337;File=[^:\x07\x1b\n]*+:(?P<file>[^\x07\x1b\x9c]*+){_STRING_END}"
    rf"|(?P<kitty>(?>(?:\x1b_G[^;\x1b\x9c]*+;[^\x1b\x9c]++(?:\x1b\\|\x9c)\s*+)+))"
    rf"|\x1bP[0-9;]*+q[^\x07\x1b\x9c]*+{_STRING_END}"
)
_PIECE = re.compile(r"\x1b_G([^;]*);([^\x1b\x9c]*)")


def pictured(text: str, describe: Callable[[str], str]) -> str:
    """Return a text with each terminal picture replaced by `describe` of its base64, which is empty for other formats."""
    if "\x1b" not in text:
        return text
    return _PICTURES.sub(
        lambda one: _kitty(one["kitty"], describe) if one["kitty"] else describe(one["file"] or ""), text
    )


def _kitty(written: str, describe: Callable[[str], str]) -> str:
    """Return whether chunks form pictures: all but a picture's last have `m=1`; only `f=100` is a file, a PNG, and only `t=d` contains it."""
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
    """Return a text without terminal codes; the same object if it has none."""
    if "\x1b" in text:
        text = _ESCAPED.sub("", text)
    if not text.isascii() and any(one in text for one in "\x9b\x9d\x90\x98\x9e\x9f"):
        text = _C1_CODES.sub("", text)
    return text
