"""Codes for a terminal in a text: colours, cursors, links and titles, which say nothing to a model (ECMA-48, 5th edition).

A code begins with the character ESC, or with one of the C1 controls that stand for ESC and a letter. Texts that
speak of codes, with the letters ESC or \\x1b, hold neither.
"""

import re

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


def plain(text: str) -> str:
    """Return a text without codes for a terminal; the very same where it has none."""
    if "\x1b" in text:
        text = _ESCAPED.sub("", text)
    if not text.isascii() and any(one in text for one in "\x9b\x9d\x90\x98\x9e\x9f"):
        text = _C1_CODES.sub("", text)
    return text
