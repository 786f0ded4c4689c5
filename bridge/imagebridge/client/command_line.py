"""Splits a command line into words. Pure."""

import re
import shlex


def split_command_line(line: str, *, windows: bool) -> list[str]:
    r"""Split a command line as programs on this system would.

    On systems other than Windows, this follows POSIX shells. On Windows, a backslash is literal, so that paths can be
    written plainly; only before a double quote does it escape the quote (as in `CommandLineToArgvW`). Single quotes,
    which Windows programs do not remove, are removed, because documentation for all systems uses them.

    Raises:
        ValueError: a quote is not closed.
    """
    return _windows(line) if windows else shlex.split(line)


_SINGLE = re.compile(r"'([^']*)'(?=\s|$)")
"""A quotation ends only at the end of a word, so that the quote in `it's` counts as a letter."""

_SLASHES = re.compile(r'(\\*)(")?')


def _windows(line: str) -> list[str]:
    arguments: list[str] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
        else:
            word, at = _word(line, at)
            arguments.append(word)
    return arguments


def _word(line: str, at: int) -> tuple[str, int]:
    """Read the word at a position; return it and its end."""
    word, quoted, start = "", False, at
    while at < len(line) and (quoted or not line[at].isspace()):
        single = _SINGLE.match(line, at) if not quoted and (at == start or line[at - 1] == "=") else None
        if single:
            return word + single[1], single.end()
        slashes = _SLASHES.match(line, at)
        assert slashes
        if slashes[2]:
            # Before a quote, two backslashes mean one; a single one left over makes the quote literal.
            word += "\\" * (len(slashes[1]) // 2)
            at = slashes.end()
            if len(slashes[1]) % 2:
                word += '"'
            elif quoted and line[at : at + 1] == '"':
                word += '"'
                at += 1
            else:
                quoted = not quoted
        else:
            word += slashes[1] or line[at]
            at += len(slashes[1]) or 1
    if quoted:
        raise ValueError("a double quote is not closed; to end with a backslash before the quote, write two")
    return word, at
