"""The standard streams of this process and of a server as lines of any length, without copying at every chunk."""

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
"""The bytes to read at once: few at first, many once much has arrived. A large buffer costs more than a small message."""

Rest = Callable[[], Awaitable[None]] | None
"""The unfinished part of some work, to be awaited, or None if all of it is done, which is usual."""

Take = Callable[[bytes], Rest]


async def done(rest: Rest) -> None:
    """Complete whatever remains of some work."""
    if rest:
        await rest()


TakeLine = Callable[[Line], Rest]


class LineSource(Protocol):
    """The output of a host or a server, line by line."""

    async def each(self, take: TakeLine) -> None:
        """Pass on each line until the last. Work that `take` leaves unfinished is completed before the next line."""
        ...


class LineReader:
    """Splits what `follow` reads into lines, without their line feeds; empty lines are skipped."""

    def __init__(self, follow: Callable[[Take], Awaitable[None]]) -> None:
        self._follow = follow
        self._cutter = LineCutter()
        self.steps = 0
        """The number of chunks read so far, plus the number of chunks that were completed later."""
        self.busy = False
        """Whether the last chunk is still being processed; more is read after that."""

    async def each(self, take: TakeLine) -> None:
        """Pass on each line until the last. Work that `take` leaves unfinished is completed before the next line."""
        await self._follow(partial(self._taken, take))
        # A last line may have no line end.
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
    """Lines that arrive one by one from within this process."""

    def __init__(self, lines: AsyncIterable[bytes]) -> None:
        self._lines = lines

    async def each(self, take: TakeLine) -> None:
        """Pass on each line until the last. Work that `take` leaves unfinished is completed before the next line."""
        async for line in self._lines:
            if rest := take(line):
                await rest()


async def follow(receive: Callable[[], Awaitable[bytes]], take: Take) -> None:
    """Pass on what `receive` returns until it is empty or the stream has ended."""
    while True:
        try:
            chunk = await receive()
        except STREAM_ENDED:
            return
        if not chunk:
            return
        if rest := take(chunk):
            await rest()
        del chunk, rest  # The next may take long to arrive.


class Input:
    """A descriptor that is read without a thread if the system can signal when it is ready, otherwise in one.

    On asyncio, data are read in the loop's own callback. With a task waiting for a signal, which is all that
    anyio offers, a small message would take several iterations of the loop, longer than all other work on it
    in a relay.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._room = _SMALL
        self._turn: asyncio.Future[Rest] | None = None
        self._waits = sys.platform != "win32"
        widen(descriptor)

    async def follow(self, take: Take) -> None:
        """Pass on each chunk until the end, or until this is closed. Work that `take` leaves unfinished is completed before more is read."""
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
            del turn, rest  # and the message in them: the next one may take long to arrive

    def _called_back(self, take: Take) -> "asyncio.Future[Rest] | None":
        """Have the loop call back for each chunk; return a future for the first unfinished one or the end, None if it cannot."""
        try:
            loop = asyncio.get_running_loop()
            loop.add_reader(self._descriptor, self._read, take)
        except (RuntimeError, NotImplementedError, PermissionError):
            # Not asyncio's; that of Windows; a regular file, which is always ready and cannot be waited for.
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
        """Close the descriptor, which ends the loop of a follower."""
        self._end_turn(None)
        self._descriptor = _closed(self._descriptor)


class PipeOutput:
    """The writing end of a pipe inside this process, so that nothing has to wait for it in a thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._left: deque[memoryview] = deque()
        self._turn = anyio.Lock(fast_acquire=True)
        os.set_blocking(descriptor, False)
        widen(descriptor)

    def send(self, line: bytes) -> Rest:
        """Write a line, at once if there is space, as there usually is. A line that nobody reads any more is lost."""
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
        """Write whatever remains of all lines."""
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
        """Close the descriptor and wake the tasks that wait for it."""
        self._descriptor = _closed(self._descriptor)


def _closed(descriptor: int) -> int:
    """Close a descriptor, once."""
    if descriptor >= 0:
        anyio.notify_closing(descriptor)
        os.close(descriptor)
    return -1


class StandardOutput:
    """A file descriptor that accepts complete lines, one after another, without blocking the rest of the process."""

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
        """Write a line, whatever it contains. A line that nobody reads any more is lost."""
        # A pipe is reported as ready only if there is room for a short line.
        if len(line) <= ATOMIC and not self._left and self._is_ready():
            with suppress(OSError):
                _write_line(self._descriptor, line)
            return None
        self._left.append(line)
        return self._write

    async def _write(self) -> None:
        """Write all waiting lines."""
        async with self._turn:
            while self._left:
                with suppress(OSError):
                    await anyio.to_thread.run_sync(
                        _write_line, self._descriptor, self._left[0], abandon_on_cancel=True
                    )
                self._left.popleft()

    def is_gone(self) -> bool:
        """Return whether no reader is left."""
        return self._is(select.POLLERR | select.POLLHUP) if self._poll else False

    def _is_ready(self) -> bool:
        """Return whether a write would not block."""
        return self._is(select.POLLOUT) if self._poll else False

    def _is(self, events: int) -> bool:
        return self._poll is not None and any(event & events for _, event in self._poll.poll(0))


def widen(descriptor: int) -> None:
    """Enlarge a pipe to hold a whole picture, so that writer and reader need not alternate every 64 kB (Linux)."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # no pipe, or the user's limit on pipes is reached
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _WIDE)


def _write_line(descriptor: int, line: bytes) -> None:
    left = memoryview(line)
    while left:
        try:
            left = left[os.write(descriptor, left[:_WIDE]) :]
        except BlockingIOError:  # A descriptor keeps the mode in which other holders have left it.
            select.select([], [descriptor], [])
