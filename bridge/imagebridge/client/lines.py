"""Splits chunks of bytes into lines of any length up to the maximum for a message, without copying at every chunk."""

from typing import NamedTuple

MAX_LINE = 256_000_000
"""The maximum length of a line in bytes. A longer one cannot be an intended message, and would fill the memory."""


class LongLine(NamedTuple):
    """Marks a line that exceeded `MAX_LINE`, with its beginning. The lines after it can be read."""

    start: bytes

    def __str__(self) -> str:
        return f"a line of more than {MAX_LINE:,} bytes"


Line = bytes | LongLine


class LineCutter:
    """Splits chunks into lines, without their line feeds; empty lines are skipped."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False

    @property
    def has_begun(self) -> bool:
        """Whether a line has started but not ended."""
        return bool(self._parts)

    def cut(self, chunk: bytes) -> list[Line]:
        """Return the lines that a chunk completes, and any line that has become too long."""
        found: list[Line] = []
        start = 0
        # `split` would examine each byte of a picture in turn, and copy them all.
        while (end := chunk.find(b"\n", start)) >= 0:
            whole = self._whole(chunk, start, end)
            start = end + 1
            if whole.strip() and not self._skipping:
                found.append(whole)
            self._skipping = False
        if start < len(chunk) and not self._skipping:
            self._parts.append(chunk[start:])
            self._size += len(chunk) - start
            if self._size > MAX_LINE:
                found.append(LongLine(b"".join(self._parts)[:1_000]))
                self._forget()
                self._skipping = True
        return found

    def _whole(self, chunk: bytes, start: int, end: int) -> bytes:
        """Return the line that ends in this chunk."""
        if not self._parts:
            return chunk[start:end]
        whole = b"".join([*self._parts, memoryview(chunk)[start:end]])
        self._forget()
        return whole

    def _forget(self) -> None:
        self._parts.clear()
        self._size = 0
