"""Reads the host's lines from stdin; of a line that would fill the memory, only both ends are kept."""

from typing import BinaryIO

MAX_LINE = 64_000_000 * 4 // 3 + 1_000_000
"""The maximum length of a line in bytes: that of a request over HTTP, which has room for the largest file as a `data:` URL."""

_PIECE = 1 << 16
"""The number of bytes read at once."""

_KEPT = 500
"""The characters that are kept of each end of such a line: the request's id is in one of them."""

_BEGIN, _END = "\n\0", "\0\n"
"""Enclose the reason why the middle was left out: no line has an end inside it, and no JSON a NUL."""


class HostLines:
    """The host's lines as text, which is read with U+FFFD in place of what is not UTF-8."""

    def __init__(self, stdin: BinaryIO) -> None:
        self._stdin = stdin

    def readline(self) -> str:
        """Return the next line with its end, or an empty text after the last one."""
        parts: list[bytes] = []
        size = 0
        while piece := self._stdin.readline(_PIECE):
            parts.append(piece)
            size += len(piece)
            if piece.endswith(b"\n"):
                break
            if size > MAX_LINE:
                return self._skipped(b"".join(parts[:1]), b"".join(parts[-2:]))
        return b"".join(parts).decode(errors="replace")

    def _skipped(self, start: bytes, end: bytes) -> str:
        """Read the rest of a line that is too long, and return both ends of the line."""
        while not end.endswith(b"\n") and (piece := self._stdin.readline(_PIECE)):
            end = end[-_KEPT:] + piece
        both = start.decode(errors="replace"), end.decode(errors="replace")
        return both_ends(*both, f"it has more than {MAX_LINE:,} bytes, which is the limit")


def both_ends(start: str, end: str, why: str) -> str:
    """Return a line of which only the ends are kept, and between them the reason why the rest was left out."""
    return f"{start[:_KEPT]}{_BEGIN}{why}{_END}{end[-_KEPT:]}"


def why_left_out(line: str) -> str:
    """Return the reason why a part of a line was left out; empty if it is whole."""
    return line.partition(_BEGIN)[2].partition(_END)[0]
