"""A command line as a person writes it becomes words. Pure."""

import re
import shlex


def split_command_line(line: str, *, windows: bool) -> list[str]:
    r"""Split a command line as the system's own programs would.

    Elsewhere than on Windows as a POSIX shell does. On Windows a backslash is itself, so that paths can be
    written as they are; only before a double quote it means that quote (as in `CommandLineToArgvW`). Words in
    single quotes, which no program there takes off, are taken as documentation for all systems writes them.

    Raises:
        ValueError: a quote is not closed.
    """
    return _windows(line) if windows else shlex.split(line)


_SINGLE = re.compile(r"'([^']*)'(?=\s|$)")
"""A quoted word ends only where a word ends, so that the quote in `it's` is a letter."""

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
    """Read the word that begins at a place; return it and where it ends."""
    word, quoted, start = "", False, at
    while at < len(line) and (quoted or not line[at].isspace()):
        single = _SINGLE.match(line, at) if not quoted and (at == start or line[at - 1] == "=") else None
        if single:
            return word + single[1], single.end()
        slashes = _SLASHES.match(line, at)
        assert slashes
        if slashes[2]:
            # Before a quote two backslashes are one; one that is left makes the quote a letter.
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
