"""MCP over the standard streams of a child process, for messages of any length.

The SDK's own transport joins text at every chunk, which takes quadratic time in the message's length
(measured: 702 ms against 52 ms for 11 MB). Here bytes are collected and joined once per line. The process is
started and stopped with the same care as in the SDK: standard input is closed, and after a pause its entire
tree is terminated.
"""

import atexit
import math
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import anyio
import anyio.abc
import anyio.to_thread
from mcp import StdioServerParameters
from mcp.os.posix.utilities import terminate_posix_process_tree
from mcp.os.win32.utilities import (
    ServerProcess,
    close_process_job,
    create_windows_process,
    get_windows_executable_command,
    terminate_windows_process_tree,
)
from mcp.shared.message import SessionMessage

from .json_rpc import messages
from .lines import Line, LineCutter
from .pipes import ATOMIC, STREAM_ENDED

if TYPE_CHECKING:
    from .messages import Incoming, Outgoing

_GRACE = 2.0
"""The time allowed, in seconds, for a server to exit on its own once its input is closed, and again after SIGTERM."""

_LOOK = 0.2
"""The seconds between checks of whether the process is still running, and the time allowed to read its last output."""

_FLUSH = 0.5
"""The time allowed, in seconds, for accepted messages to reach the server before its input is closed."""


_QUOTED = 2_000
"""The maximum number of characters of a server's stderr that an error quotes."""

_KEPT = 4 * _QUOTED
"""The number of bytes of stderr that are kept: a character takes at most four."""

_PROCESS = os.getpid()
"""The process that started the servers; a fork of it leaves them alone."""

_groups: set[int] = set()
"""The running process groups, recorded so that none outlives this process if it exits abruptly."""


_Started = tuple[ServerProcess, anyio.abc.ByteReceiveStream]


class LastWords:
    """The last part of a server's stderr output, however much it writes."""

    def __init__(self) -> None:
        self._kept = b""

    def add(self, chunk: bytes) -> None:
        """Take more output."""
        self._kept = (self._kept + chunk)[-_KEPT:]

    @property
    def text(self) -> str:
        """The last part of its output."""
        return self._kept.decode(errors="replace")[-_QUOTED:]


class StdoutMessages(anyio.abc.ObjectReceiveStream[SessionMessage | Exception]):
    """The lines of a server's output as messages.

    The session itself reads them: another task in between would add a tenth to the time of a call.
    """

    def __init__(self, output: anyio.abc.ByteReceiveStream) -> None:
        self._output = output
        self._cutter = LineCutter()
        self._ready: deque[Line] = deque()
        self._read: deque[SessionMessage | Exception] = deque()
        self.heard = 0
        """The number of pieces of output read so far."""

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message, or the error for a line that is not one.

        Raises:
            anyio.EndOfStream: the server has closed its output.
        """
        if self._read:
            return self._read.popleft()
        while not self._ready:
            try:
                chunk = await self._output.receive()
            except STREAM_ENDED:
                raise anyio.EndOfStream from None
            self.heard += 1
            self._ready += self._cutter.cut(chunk)
        first, *others = messages(self._ready.popleft())
        self._read += others
        return first

    async def aclose(self) -> None:
        """Leave the output open: it is drained until the process has exited."""


class Writer(anyio.abc.ObjectSendStream[SessionMessage]):
    """Writes each message as a line, in full and in order, even if its sender is cancelled.

    A short line is sent to the server at once if nothing is queued: that saves a tenth of the time of a small call.
    Long ones, which a cancelled write could cut, are left to a separate task.
    """

    def __init__(self, stream: anyio.abc.ByteSendStream, output: anyio.abc.ByteReceiveStream) -> None:
        self._stream = stream
        self._output = output
        self._turn = anyio.Lock(fast_acquire=True)
        self._queued = 0
        self._ended = anyio.Event()
        self._queue, self._waiting = anyio.create_memory_object_stream[bytes](math.inf)

    async def send(self, item: SessionMessage) -> None:
        """Send one message.

        Raises:
            anyio.BrokenResourceError: the server no longer reads.
        """
        line = item.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
        if self._queued or self._turn.locked() or len(line) > ATOMIC:
            self._queued += 1
            self._queue.send_nowait(line)
        else:
            await self._write(line)

    async def run(self) -> None:
        """Write the queued messages until `finish` is called."""
        with suppress(anyio.BrokenResourceError):
            async with self._waiting:
                async for line in self._waiting:
                    await self._write(line)
                    self._queued -= 1
        self._ended.set()

    async def finish(self) -> None:
        """Return once everything is written."""
        self._queue.close()
        await self._ended.wait()

    async def _write(self, line: bytes) -> None:
        try:
            async with self._turn:
                await self._stream.send(line)
        except STREAM_ENDED:
            # The session, which waits for the output, is notified at once.
            with suppress(*STREAM_ENDED):
                await self._output.aclose()
            raise anyio.BrokenResourceError from None

    async def aclose(self) -> None:
        """Leave the input open: it is closed once everything is written."""


@asynccontextmanager
async def pipe(
    server: StdioServerParameters, stderr: LastWords
) -> "AsyncGenerator[tuple[Incoming, Outgoing]]":
    """Start a server with exactly the given environment, and exchange newline-delimited JSON-RPC with it.

    Its standard error is written to `stderr`. A line that is not JSON-RPC is passed on as an
    exception, which the session reports.

    Raises:
        OSError: the process cannot be started.
    """
    started: _Started | None = None
    # If it were cancelled in the middle, a process would be running that nobody knows about.
    with anyio.CancelScope(shield=True):
        started = await _started(server)
    assert started
    process, errors = started
    # Nothing waits from here to the task group: a cancellation in between would orphan the process.
    assert process.stdin
    assert process.stdout
    lines, writer = StdoutMessages(process.stdout), Writer(process.stdin, process.stdout)
    async with anyio.create_task_group() as tasks:
        has_written = anyio.Event()
        tasks.start_soon(_listen, errors, stderr, has_written)
        tasks.start_soon(writer.run)
        if sys.platform != "win32":  # There, a program that replaces itself becomes another process.
            tasks.start_soon(_watch, process, lines)
        try:
            yield lines, writer
        finally:
            with anyio.CancelScope(shield=True):
                # A server that is stuck in a write could not read that it should exit.
                tasks.start_soon(_drain, process.stdout)
                with anyio.move_on_after(_FLUSH):
                    await writer.finish()
                await _stopped(process)
                # Its last output is still on its way; a child that left its group may hold it open forever.
                with anyio.move_on_after(_LOOK):
                    await has_written.wait()
                await _closed(errors)
                _release(process)
            tasks.cancel_scope.cancel()


async def _started(server: StdioServerParameters) -> _Started:
    """Start the process in its own group, so that the group can be terminated together; also return its stderr."""
    if sys.platform == "win32":
        command = await anyio.to_thread.run_sync(get_windows_executable_command, server.command)
        reading, writing = os.pipe()
        with os.fdopen(writing, "w") as errlog:
            child = await create_windows_process(command, server.args, server.env, errlog, server.cwd)
        return child, _Pipe(reading)
    process = await anyio.open_process(
        [server.command, *server.args],
        env=server.env,
        stderr=subprocess.PIPE,
        cwd=server.cwd,
        start_new_session=True,
    )
    _groups.add(process.pid)
    atexit.unregister(_kill)
    atexit.register(_kill)
    assert process.stderr
    return process, process.stderr


class _Pipe(anyio.abc.ByteReceiveStream):
    """The reading end of a pipe, read in threads: Windows has no other way to read an inherited one."""

    def __init__(self, number: int) -> None:
        self._number = number

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        chunk = await anyio.to_thread.run_sync(os.read, self._number, max_bytes, abandon_on_cancel=True)
        if not chunk:
            raise anyio.EndOfStream
        return chunk

    async def aclose(self) -> None:
        """Leave the pipe to the thread that may still be reading: it ends when its last writer does."""


def _kill() -> None:
    """Kill the servers still running when this process exits: a second Ctrl-C skips the orderly exit."""
    if sys.platform != "win32" and os.getpid() == _PROCESS:
        for group in _groups:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)


async def _listen(errors: anyio.abc.ByteReceiveStream, stderr: LastWords, has_written: anyio.Event) -> None:
    """Read the server's stderr as it is written: a full pipe would block the server."""
    with suppress(*STREAM_ENDED):
        while True:
            stderr.add(await errors.receive())
    has_written.set()


async def _watch(process: ServerProcess, lines: StdoutMessages) -> None:
    """Stop reading once the process has exited, because a child process may keep its output open."""
    assert process.stdout
    await _ended(process, math.inf, _LOOK)
    heard = -1
    while heard != lines.heard:
        heard = lines.heard
        await anyio.sleep(_LOOK)
    await _closed(process.stdout)


async def _drain(output: anyio.abc.ByteReceiveStream) -> None:
    with suppress(*STREAM_ENDED):
        while True:
            await output.receive()


async def _stopped(process: ServerProcess) -> None:
    """Stop the server as specified: close its input, wait, terminate its process tree, kill it (2025-11-25, lifecycle)."""
    assert process.stdin
    assert process.stdout
    await _closed(process.stdin)
    ended = await _ended(process, _GRACE)
    if sys.platform != "win32":
        # Even if it exited by itself, processes that it started may still be running. If its group is gone, nothing is done.
        assert isinstance(process, anyio.abc.Process)
        await terminate_posix_process_tree(process, _GRACE)
        _groups.discard(process.pid)
    elif not ended:
        await terminate_windows_process_tree(process)
    if not ended:
        await _ended(process, _GRACE)
    close_process_job(process)
    await _closed(process.stdout)


async def _closed(stream: anyio.abc.AsyncResource) -> None:
    with suppress(*STREAM_ENDED):
        await stream.aclose()


async def _ended(process: ServerProcess, seconds: float, look: float = 0.01) -> bool:
    """Return whether the process exits in time. Polls the exit code, because waiting also waits for pipes that children keep open."""
    with anyio.move_on_after(seconds):
        while process.returncode is None:  # noqa: ASYNC110  # no event tells it without waiting for pipes
            await anyio.sleep(look)
    return process.returncode is not None


def _release(process: ServerProcess) -> None:
    """Close asyncio's side of the process, which stays open while a descendant has a pipe; no public function does that."""
    transport = getattr(getattr(process, "_process", None), "_transport", None)
    close = getattr(transport, "close", None)
    if callable(close):
        with suppress(PermissionError):
            close()
