"""The standard streams of this process and of a server as lines of any length, without a copy at every chunk."""

import os
import select
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress

import anyio
import anyio.to_thread

from imagebridge.client.pipes import ATOMIC, STREAM_ENDED
from imagebridge.wire import JSON

MAX_LINE = 256_000_000
"""Bytes of a line at most. A longer one cannot be a message that anybody meant, and would take the machine's memory."""

_CHUNK = _WIDE = 1 << 20


class LineTooLongError(Exception):
    """A line passed `MAX_LINE`; `.start` is its beginning. The lines after it can be read."""

    def __init__(self, start: bytes) -> None:
        super().__init__(f"a line of more than {MAX_LINE:,} bytes")
        self.start = start


class LineReader:
    """Splits what `receive` returns into lines, without their line feeds; nothing, or one of `STREAM_ENDED`, ends them."""

    def __init__(self, receive: Callable[[], Awaitable[bytes]]) -> None:
        self._receive = receive
        self._parts: list[bytes] = []
        self._size = 0
        self._ready: list[bytes] = []
        self._skipping = False
        self.heard = 0
        """Chunks that were read so far."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """Return the next line that is not empty.

        Raises:
            LineTooLongError: it is too long to be kept.
        """
        while not self._ready:
            try:
                chunk = await self._receive()
            except STREAM_ENDED:
                chunk = b""
            if not chunk:
                if not self._parts:
                    raise StopAsyncIteration
                chunk = b"\n"  # A last line may lack its end.
            self.heard += 1
            self._split(chunk)
            if self._size > MAX_LINE:
                start = b"".join(self._parts)[:1_000]
                self._forget()
                self._skipping = True
                raise LineTooLongError(start)
        return self._ready.pop(0)

    def _split(self, chunk: bytes) -> None:
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._parts.append(line)
            whole = b"".join(self._parts)
            self._forget()
            if whole.strip() and not self._skipping:
                self._ready.append(whole)
            self._skipping = False
        if rest and not self._skipping:
            self._parts.append(rest)
            self._size += len(rest)

    def _forget(self) -> None:
        self._parts.clear()
        self._size = 0


class PipeInput:
    """The reading end of a pipe, which is this process's own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        os.set_blocking(descriptor, False)
        widen(descriptor)

    async def receive(self) -> bytes:
        """Return what there is, nothing at the end.

        Raises:
            ClosedResourceError: it was closed.
        """
        while self._descriptor >= 0:
            try:
                return os.read(self._descriptor, _CHUNK)
            except BlockingIOError:
                await anyio.wait_readable(self._descriptor)
        raise anyio.ClosedResourceError

    async def aclose(self) -> None:
        """Close it; whoever waits for it is told."""
        self._descriptor = _closed(self._descriptor)


class PipeOutput:
    """The writing end of a pipe, which is this process's own, so that nothing need wait for it in a thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._turn = anyio.Lock(fast_acquire=True)
        os.set_blocking(descriptor, False)
        widen(descriptor)

    async def send(self, line: bytes) -> None:
        """Write a line.

        Raises:
            ClosedResourceError: it was closed.
            OSError: nobody reads any more.
        """
        left = memoryview(line)
        if not self._turn.locked() and self._descriptor >= 0:
            # Mostly there is room at once: a turn is waited for only where there is not.
            with suppress(BlockingIOError):
                left = left[os.write(self._descriptor, left) :]
            if not left:
                return
        async with self._turn:
            while left:
                if self._descriptor < 0:
                    raise anyio.ClosedResourceError
                try:
                    left = left[os.write(self._descriptor, left) :]
                except BlockingIOError:
                    await anyio.wait_writable(self._descriptor)

    async def aclose(self) -> None:
        """Close it; whoever waits for it is told."""
        self._descriptor = _closed(self._descriptor)


def _closed(descriptor: int) -> int:
    """Close a descriptor, once."""
    if descriptor >= 0:
        anyio.notify_closing(descriptor)
        os.close(descriptor)
    return -1


class StandardInput:
    """A file descriptor read without a thread where the system can tell when it is ready, else in one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waits = sys.platform != "win32"
        widen(descriptor)

    async def receive(self) -> bytes:
        """Return what there is, nothing at the end."""
        if self._waits:
            try:
                await anyio.wait_readable(self._descriptor)
                return os.read(self._descriptor, _CHUNK)
            except (PermissionError, NotImplementedError):
                # A regular file is always ready, and so nothing tells it.
                self._waits = False
        return await anyio.to_thread.run_sync(os.read, self._descriptor, _CHUNK, abandon_on_cancel=True)


class StandardOutput:
    """A file descriptor that takes whole lines, one after the other, without holding up the rest of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._turn = anyio.Lock(fast_acquire=True)
        self._poll = None
        if sys.platform != "win32":
            self._poll = select.poll()
            self._poll.register(descriptor, select.POLLOUT)
        widen(descriptor)

    async def send(self, line: bytes, said: Sequence[JSON] = ()) -> None:
        """Write a line, whatever it says.

        Raises:
            OSError: nobody reads any more.
        """
        # A pipe says that it is ready only where there is room for a short line.
        if len(line) <= ATOMIC and not self._turn.locked() and self._is_ready():
            _write_line(self._descriptor, line)
            return
        async with self._turn:
            await anyio.to_thread.run_sync(_write_line, self._descriptor, line, abandon_on_cancel=True)

    def _is_ready(self) -> bool:
        """Tell whether something can be written without waiting."""
        return self._poll is not None and any(event & select.POLLOUT for _, event in self._poll.poll(0))


def widen(descriptor: int) -> None:
    """Let a pipe hold a whole picture, so that writer and reader need not take turns every 64 kB (Linux)."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # no pipe, or the user's limit on pipes is reached
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _WIDE)


def _write_line(descriptor: int, line: bytes) -> None:
    left = memoryview(line)
    while left:
        left = left[os.write(descriptor, left[:_WIDE]) :]
