"""MCP over the standard streams of a child process, for messages of any length.

The SDK's own transport joins text at every chunk, which costs the square of the message's length
(measured: 702 ms against 52 ms for 11 MB). Here bytes are collected and joined once a line. The process
is started and ended with the SDK's own care: standard input closed, time to leave, then its whole tree.
"""

import math
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, TextIO

import anyio
import anyio.abc
import anyio.to_thread
from mcp import StdioServerParameters
from mcp.client.stdio import get_default_environment
from mcp.os.posix.utilities import terminate_posix_process_tree
from mcp.os.win32.utilities import (
    ServerProcess,
    close_process_job,
    create_windows_process,
    get_windows_executable_command,
    terminate_windows_process_tree,
)

from .lines import GONE, Lines, Writer

if TYPE_CHECKING:
    from .messages import Incoming, Outgoing

_GRACE = 2.0
"""Seconds that a server has to end by itself once its input is closed, and again after SIGTERM."""

_LOOK = 0.2
"""Seconds between two looks whether the process still runs, and for what it wrote last to be read."""

_FLUSH = 0.5
"""Seconds for messages that were accepted already to reach the server before its input is closed."""


@asynccontextmanager
async def pipe(server: StdioServerParameters, errlog: TextIO) -> "AsyncGenerator[tuple[Incoming, Outgoing]]":
    """Start a server and exchange newline-delimited JSON-RPC with it; `errlog` is a real file for its stderr.

    A line that is no JSON-RPC is passed on as an exception, which the session reports.

    Raises:
        OSError: the process cannot be started.
    """
    process = await _started(server, errlog)
    # From here to the task group nothing waits: a cancellation in between would leave the process alone.
    assert process.stdin
    assert process.stdout
    lines, writer = Lines(process.stdout), Writer(process.stdin, process.stdout)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(writer.run)
        if sys.platform != "win32":  # There a program that replaces itself goes on as another process.
            tasks.start_soon(_watch, process, lines)
        try:
            yield lines, writer
        finally:
            with anyio.CancelScope(shield=True):
                # A server that is stuck in a write could not read that it is to end.
                tasks.start_soon(_drain, process.stdout)
                with anyio.move_on_after(_FLUSH):
                    await writer.finish()
                await _stopped(process)
            tasks.cancel_scope.cancel()


async def _started(server: StdioServerParameters, errlog: TextIO) -> ServerProcess:
    """Start the process in a group of its own, so that all of it can be ended together."""
    environment = get_default_environment() | (server.env or {})
    if sys.platform == "win32":
        command = await anyio.to_thread.run_sync(get_windows_executable_command, server.command)
        return await create_windows_process(command, server.args, environment, errlog, server.cwd)
    return await anyio.open_process(
        [server.command, *server.args], env=environment, stderr=errlog, cwd=server.cwd, start_new_session=True
    )


async def _watch(process: ServerProcess, lines: Lines) -> None:
    """End the messages once the process is gone: a child of it that holds its output would keep them open."""
    assert process.stdout
    await _ended(process, math.inf, _LOOK)
    heard = -1
    while heard != lines.heard:
        heard = lines.heard
        await anyio.sleep(_LOOK)
    await _closed(process.stdout)


async def _drain(output: anyio.abc.ByteReceiveStream) -> None:
    with suppress(*GONE):
        while True:
            await output.receive()


async def _stopped(process: ServerProcess) -> None:
    """End the server as the specification asks: close its input, wait, terminate its tree, kill it (2025-11-25, lifecycle)."""
    assert process.stdin
    assert process.stdout
    await _closed(process.stdin)
    if not await _ended(process, _GRACE):
        if sys.platform == "win32":
            await terminate_windows_process_tree(process)
        else:
            assert isinstance(process, anyio.abc.Process)
            await terminate_posix_process_tree(process, _GRACE)
        await _ended(process, _GRACE)
    close_process_job(process)
    await _closed(process.stdout)
    _release(process)


async def _closed(stream: anyio.abc.AsyncResource) -> None:
    with suppress(*GONE):
        await stream.aclose()


async def _ended(process: ServerProcess, seconds: float, look: float = 0.01) -> bool:
    """Tell whether the process ends in time. Its code is looked at, as waiting also waits for pipes that children hold."""
    with anyio.move_on_after(seconds):
        while process.returncode is None:  # noqa: ASYNC110  # no event tells it without waiting for pipes
            await anyio.sleep(look)
    return process.returncode is not None


def _release(process: ServerProcess) -> None:
    """Close asyncio's side of the process, which stays open while a descendant holds a pipe; nothing public does."""
    transport = getattr(getattr(process, "_process", None), "_transport", None)
    close = getattr(transport, "close", None)
    if callable(close):
        with suppress(PermissionError):
            close()
