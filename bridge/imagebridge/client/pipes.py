"""Facts about every pipe to a process, whichever end is ours."""

import select

import anyio

STREAM_ENDED = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream, OSError)
"""The exceptions that streams raise once either end of them is closed."""

ATOMIC: int = getattr(select, "PIPE_BUF", 512)
"""The number of bytes that a writable pipe accepts in one piece; POSIX guarantees 512."""
