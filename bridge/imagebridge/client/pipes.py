"""What holds of every pipe to a process, whichever end of it is ours."""

import select

import anyio

STREAM_ENDED = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream, OSError)
"""What streams raise once the other side, or this end of them, is gone."""

ATOMIC: int = getattr(select, "PIPE_BUF", 512)
"""Bytes that a pipe takes whole at once where it takes any; POSIX grants 512."""
