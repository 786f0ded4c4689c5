"""The server of a relay as a child process: its standard streams as lines, and how to stop it with everything it started."""

import math
import os
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from imagebridge.client.pipes import STREAM_ENDED
from imagebridge.client.programs import not_found
from imagebridge.errors import ServerError
from imagebridge.wire import JSON

from .streams import Input, LineReader, PipeOutput, Rest, Take, follow

if TYPE_CHECKING:
    from anyio.abc import Process

_GRACE = 2.0
"""The time allowed, in seconds, for a server to exit on its own once its input is closed."""

_LAST = 1.5
"""The time in seconds between SIGTERM and SIGKILL: hosts kill the relay 2 seconds after their SIGTERM, and
then nothing would stop the server (the SDKs for Python and TypeScript, 2026-11)."""

_LOOK = 0.2
"""The seconds between checks of whether the process is still running, and the time allowed to read its last output."""


class ChildServer:
    """A running server. Its stderr is the relay's own, which is always read and which the host keeps as a log."""

    def __init__(self, name: str, process: "Process", pipes: "_Pipes") -> None:
        self.name = name
        self.process = process
        self.lines = LineReader(pipes.follow)
        self._pipes = pipes
        self._end_by = math.inf

    def send(self, line: bytes, message: JSON | None = None) -> Rest:
        """Write a line to the server; if the server has exited, nothing is written, and the end of its output reports it."""
        return self._pipes.send(line)

    async def finish(self) -> None:
        """Close the server's input, which requests that it exit (2025-11-25, lifecycle, stdio)."""
        self._end_by = min(self._end_by, anyio.current_time() + _GRACE)
        with suppress(*STREAM_ENDED):
            await self._pipes.finish()

    def hurry(self) -> None:
        """Give the server no time to exit on its own, because the process that stops the relay does not wait long."""
        self._end_by = anyio.current_time()

    async def stop(self) -> None:
        """Stop the server and whatever is left of its process group."""
        await self.finish()
        await _stopped(self.process, max(0.0, self._end_by - anyio.current_time()))

    async def end(self) -> str:
        """Return how the server ended, once its output has ended."""
        await _ended(self.process, _GRACE)
        code = self.process.returncode
        if code is None:
            return "closed its output"
        return f"was killed by signal {-code}" if code < 0 else f"exited with code {code}"

    async def watch(self) -> None:
        """Stop reading once the process has exited, because a child process may keep its output open."""
        while self.process.returncode is None:  # noqa: ASYNC110  # waiting for it may wait for its pipes too
            await anyio.sleep(_LOOK)
        steps = -1
        # If the host reads slowly, earlier output blocks what is still to be read.
        while self.lines.busy or steps != self.lines.steps:
            steps = self.lines.steps
            await anyio.sleep(_LOOK)
        await self.cut()

    async def cut(self) -> None:
        """Stop reading."""
        with suppress(*STREAM_ENDED):
            await self._pipes.cut()


@dataclass(frozen=True, slots=True)
class _Pipes:
    """The standard streams of a process, seen from outside: a reader, a writer, and functions that close them."""

    follow: Callable[[Take], Awaitable[None]]
    send: Callable[[bytes], Rest]
    finish: Callable[[], Awaitable[None]]
    cut: Callable[[], Awaitable[None]]


@asynccontextmanager
async def child(command: Sequence[str]) -> AsyncGenerator[ChildServer]:
    """Start a server in its own process group; on exit, stop it and whatever is left of the group.

    The server inherits the relay's environment, folder and stderr, as if the host had started it.

    Raises:
        ServerError: the server cannot be started.
    """
    name = os.path.basename(command[0])
    try:
        process, pipes = await _started(command)
    except (FileNotFoundError, PermissionError):
        raise ServerError(name, not_found(command[0])) from None
    except OSError as error:
        raise ServerError(name, f"cannot be started: {error.strerror or error}") from None
    server = ChildServer(name, process, pipes)
    async with anyio.create_task_group() as tasks:
        if sys.platform != "win32":  # There, a program that replaces itself becomes another process.
            tasks.start_soon(server.watch)
        try:
            yield server
        finally:
            with anyio.CancelScope(shield=True):
                await server.stop()
                await server.cut()
            tasks.cancel_scope.cancel()


async def _started(command: Sequence[str]) -> tuple["Process", _Pipes]:
    if sys.platform == "win32":
        # A job object ends the children too; the SDK creates one.
        from mcp.os.win32.utilities import create_windows_process, get_windows_executable_command

        program = get_windows_executable_command(command[0])
        made: Any = await create_windows_process(
            program, list(command[1:]), dict(os.environ), sys.stderr, None
        )

        async def written(line: bytes) -> None:
            with suppress(*STREAM_ENDED):
                await made.stdin.send(line)

        return made, _Pipes(
            partial(follow, made.stdout.receive),
            partial(partial, written),
            made.stdin.aclose,
            made.stdout.aclose,
        )
    program = shutil.which(command[0]) or command[0]
    their_input, asked = os.pipe()
    answered, their_output = os.pipe()
    stdin, stdout = PipeOutput(asked), Input(answered)
    try:
        process = await anyio.open_process(
            [program, *command[1:]],
            stdin=their_input,
            stdout=their_output,
            stderr=None,
            start_new_session=True,
        )
    except BaseException:
        await stdin.aclose()
        await stdout.aclose()
        raise
    finally:
        os.close(their_input)
        os.close(their_output)
    return process, _Pipes(stdout.follow, stdin.send, stdin.aclose, stdout.aclose)


async def _ended(process: "Process", seconds: float) -> None:
    """Wait at most `seconds` for the process to exit."""
    with anyio.move_on_after(seconds):
        while process.returncode is None:  # noqa: ASYNC110
            await anyio.sleep(0.01)


async def _stopped(process: "Process", seconds: float) -> None:
    """Wait, terminate, kill (2025-11-25, lifecycle, stdio), including processes that the server started, unless they detached."""
    await _ended(process, seconds)
    if sys.platform == "win32":
        if process.returncode is None:
            with suppress(*STREAM_ENDED):
                process.terminate()
            await _ended(process, _LAST)
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not _send_signal(process.pid, number):
            break
        with anyio.move_on_after(_LAST):
            while _send_signal(process.pid, 0):  # noqa: ASYNC110
                await anyio.sleep(0.01)
    await _ended(process, _LAST)


def _send_signal(group: int, number: int) -> bool:
    """Send a signal to a group; return whether it contains any process."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
