"""The standard streams of this process and of a server as lines of any length, without a copy at every chunk."""

import asyncio  # noqa: TID251  # see `Input`
import os
import select
import sys
from collections import deque
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Protocol

import anyio
import anyio.to_thread

from imagebridge.client.lines import Line, LineCutter
from imagebridge.client.pipes import ATOMIC, STREAM_ENDED
from imagebridge.wire import JSON

_SMALL, _WIDE = 1 << 16, 1 << 20
"""Bytes that are read at once: few, and many once they have come. Room for many costs more than a small message does."""

Rest = Callable[[], Awaitable[None]] | None
"""What is left of a piece of work and has to be waited for; None where all of it is done, as it mostly is."""

Take = Callable[[bytes], Rest]


async def done(rest: Rest) -> None:
    """Do what is left of something."""
    if rest:
        await rest()


TakeLine = Callable[[Line], Rest]


class LineSource(Protocol):
    """What a host or a server says, line by line."""

    async def each(self, take: TakeLine) -> None:
        """Hand over each line until the last. What `take` leaves of one is done before the next."""
        ...


class LineReader:
    """Cuts what `follow` reads into lines, without their line feeds; empty ones are left out."""

    def __init__(self, follow: Callable[[Take], Awaitable[None]]) -> None:
        self._follow = follow
        self._cutter = LineCutter()
        self.steps = 0
        """Chunks that were read so far, and those that were waited for until all was done with them."""
        self.busy = False
        """More is read once what is left of the last chunk is done."""

    async def each(self, take: TakeLine) -> None:
        """Hand over each line until the last. What `take` leaves of one is done before the next."""
        await self._follow(partial(self._taken, take))
        # A last line may lack its end.
        if self._cutter.has_begun and (rest := self._taken(take, b"\n")):
            await rest()

    def _taken(self, take: TakeLine, chunk: bytes) -> Rest:
        self.steps += 1
        lines = iter(self._cutter.cut(chunk))
        for line in lines:
            if rest := take(line):
                self.busy = True
                return partial(self._go_on, rest, take, lines)
        return None

    async def _go_on(
        self, rest: Callable[[], Awaitable[None]], take: TakeLine, lines: Iterator[Line]
    ) -> None:
        await rest()
        for line in lines:
            if left := take(line):
                await left()
        self.steps += 1
        self.busy = False


class LineQueue:
    """Lines that come one by one from within this process."""

    def __init__(self, lines: AsyncIterable[bytes]) -> None:
        self._lines = lines

    async def each(self, take: TakeLine) -> None:
        """Hand over each line until the last. What `take` leaves of one is done before the next."""
        async for line in self._lines:
            if rest := take(line):
                await rest()


async def follow(receive: Callable[[], Awaitable[bytes]], take: Take) -> None:
    """Hand over what `receive` returns until that is nothing, or the stream has ended."""
    while True:
        try:
            chunk = await receive()
        except STREAM_ENDED:
            return
        if not chunk:
            return
        if rest := take(chunk):
            await rest()
        del chunk, rest  # The next may be long in coming.


class Input:
    """A descriptor that is read without a thread where the system can tell when it is ready, else in one.

    Where the loop is asyncio's, what has come is taken in the loop's own call. A task that waits to be told (anyio
    offers no more) costs a small message several turns of the loop, more than all that a relay does with it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._room = _SMALL
        self._turn: asyncio.Future[Rest] | None = None
        self._waits = sys.platform != "win32"
        widen(descriptor)

    async def follow(self, take: Take) -> None:
        """Hand over each chunk until the end, or until this is closed. What `take` leaves is done before more is read."""
        while self._descriptor >= 0:
            turn = self._turn = self._called_back(take)
            if turn is None:
                await follow(self._receive, take)
                return
            try:
                rest = await turn
            finally:
                self._end_turn(None)
            if rest is None:
                return
            await rest()
            self._turn = None
            del turn, rest  # and the message in them: the next one may be long in coming

    def _called_back(self, take: Take) -> "asyncio.Future[Rest] | None":
        """Have the loop call for each chunk; return what tells of the first that leaves something, or of the end. None: the loop cannot."""
        try:
            loop = asyncio.get_running_loop()
            loop.add_reader(self._descriptor, self._read, take)
        except (RuntimeError, NotImplementedError, PermissionError):
            # Not asyncio's; that of Windows; a regular file, of which nothing tells that it is ready, as it always is.
            return None
        return loop.create_future()

    def _read(self, take: Take) -> None:
        try:
            chunk = self._chunk()
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._end_turn(None)
            return
        try:
            rest = take(chunk)
        except Exception as error:  # noqa: BLE001  # raised where `follow` is awaited
            self._end_turn(error)
        else:
            if rest:
                self._end_turn(rest)

    def _end_turn(self, end: Rest | Exception) -> None:
        turn = self._turn
        if turn is None or self._descriptor < 0:
            return
        turn.get_loop().remove_reader(self._descriptor)
        if turn.done():
            return
        if isinstance(end, Exception):
            turn.set_exception(end)
        else:
            turn.set_result(end)

    async def _receive(self) -> bytes:
        if self._waits:
            try:
                await anyio.wait_readable(self._descriptor)
                return self._chunk()
            except (PermissionError, NotImplementedError):
                self._waits = False
        return await anyio.to_thread.run_sync(self._chunk, abandon_on_cancel=True)

    def _chunk(self) -> bytes:
        chunk = os.read(self._descriptor, self._room)
        self._room = _WIDE if len(chunk) == self._room else _SMALL
        return chunk

    async def aclose(self) -> None:
        """Close it; whoever follows it is told that this is the end."""
        self._end_turn(None)
        self._descriptor = _closed(self._descriptor)


class PipeOutput:
    """The writing end of a pipe, which is this process's own, so that nothing need wait for it in a thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._left: deque[memoryview] = deque()
        self._turn = anyio.Lock(fast_acquire=True)
        os.set_blocking(descriptor, False)
        widen(descriptor)

    def send(self, line: bytes) -> Rest:
        """Write a line: at once where there is room for it, as there mostly is. One that nobody reads any more is lost."""
        left = memoryview(line)
        if not self._left:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                pass
            except OSError:
                return None
            if not left:
                return None
        self._left.append(left)
        return self._write

    async def _write(self) -> None:
        """Write what is left of all lines."""
        async with self._turn:
            while self._left:
                try:
                    written = os.write(self._descriptor, self._left[0])
                except BlockingIOError:
                    with suppress(*STREAM_ENDED):
                        await anyio.wait_writable(self._descriptor)
                except OSError:
                    self._left.clear()
                else:
                    self._left[0] = self._left[0][written:]
                    if not self._left[0]:
                        self._left.popleft()

    async def aclose(self) -> None:
        """Close it; whoever waits for it is told."""
        self._descriptor = _closed(self._descriptor)


def _closed(descriptor: int) -> int:
    """Close a descriptor, once."""
    if descriptor >= 0:
        anyio.notify_closing(descriptor)
        os.close(descriptor)
    return -1


class StandardOutput:
    """A file descriptor that takes whole lines, one after the other, without holding up the rest of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._left: deque[bytes] = deque()
        self._turn = anyio.Lock(fast_acquire=True)
        self._poll = None
        if sys.platform != "win32":
            self._poll = select.poll()
            self._poll.register(descriptor, select.POLLOUT)
        widen(descriptor)

    def send(self, line: bytes, said: Sequence[JSON] = ()) -> Rest:
        """Write a line, whatever it says. One that nobody reads any more is lost."""
        # A pipe says that it is ready only where there is room for a short line.
        if len(line) <= ATOMIC and not self._left and self._is_ready():
            with suppress(OSError):
                _write_line(self._descriptor, line)
            return None
        self._left.append(line)
        return self._write

    async def _write(self) -> None:
        """Write all lines that wait."""
        async with self._turn:
            while self._left:
                with suppress(OSError):
                    await anyio.to_thread.run_sync(
                        _write_line, self._descriptor, self._left[0], abandon_on_cancel=True
                    )
                self._left.popleft()

    def is_gone(self) -> bool:
        """Tell whether nobody is left who could read."""
        return self._is(select.POLLERR | select.POLLHUP) if self._poll else False

    def _is_ready(self) -> bool:
        """Tell whether something can be written without waiting."""
        return self._is(select.POLLOUT) if self._poll else False

    def _is(self, events: int) -> bool:
        return self._poll is not None and any(event & events for _, event in self._poll.poll(0))


def widen(descriptor: int) -> None:
    """Let a pipe hold a whole picture, so that writer and reader need not take turns every 64 kB (Linux)."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # no pipe, or the user's limit on pipes is reached
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _WIDE)


def _write_line(descriptor: int, line: bytes) -> None:
    left = memoryview(line)
    while left:
        try:
            left = left[os.write(descriptor, left[:_WIDE]) :]
        except BlockingIOError:  # A descriptor is as whoever else holds it has left it.
            select.select([], [descriptor], [])
