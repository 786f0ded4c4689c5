"""Facts about every pipe to a process, whichever end is ours."""

import select

import anyio

STREAM_ENDED = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream, OSError)
"""What streams raise once either end of them is closed."""

ATOMIC: int = getattr(select, "PIPE_BUF", 512)
"""Bytes that a pipe that accepts any accepts as a whole; POSIX guarantees 512."""
