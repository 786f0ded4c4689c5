"""MCP over the standard streams of a child process, for messages of any length.

The SDK's own transport joins text at every chunk, which costs the square of the message's length
(measured: 702 ms against 52 ms for 11 MB). Here bytes are collected and joined once a line. The process
is started and ended with the SDK's own care: standard input closed, time to leave, then its whole tree.
"""

import math
import select
import sys
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

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
from mcp.shared.message import SessionMessage
from mcp.types import (
    INTERNAL_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCResponse,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic_core import from_json

from imagebridge.translate.wire import is_json

if TYPE_CHECKING:
    from .messages import Incoming, Outgoing

_GRACE = 2.0
"""Seconds that a server has to end by itself once its input is closed, and again after SIGTERM."""

_FLUSH = 0.5
"""Seconds for messages that were accepted already to reach the server before its input is closed."""

_ATOMIC: int = getattr(select, "PIPE_BUF", 512)
"""Bytes that a pipe takes whole or not at all; POSIX grants 512."""

_GONE = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream, OSError)


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


class Lines:
    """The lines of a server's output as messages. The session itself reads them: a task between costs a tenth of a call."""

    def __init__(self, output: anyio.abc.ByteReceiveStream) -> None:
        self._output = output
        self._parts: list[bytes] = []
        self._ready: deque[bytes] = deque()

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message, or the error of a line that is none.

        Raises:
            anyio.EndOfStream: the server has closed its output.
        """
        while not self._ready:
            try:
                chunk = await self._output.receive()
            except _GONE:
                raise anyio.EndOfStream from None
            *lines, rest = chunk.split(b"\n")
            for line in lines:
                self._parts.append(line)
                self._ready.append(b"".join(self._parts))
                self._parts.clear()
            self._parts.append(rest)
        return message(self._ready.popleft())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Leave the output open: it is drained until the process is gone."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        pass


async def _started(server: StdioServerParameters, errlog: TextIO) -> ServerProcess:
    """Start the process in a group of its own, so that all of it can be ended together."""
    environment = get_default_environment() | (server.env or {})
    if sys.platform == "win32":
        command = await anyio.to_thread.run_sync(get_windows_executable_command, server.command)
        return await create_windows_process(command, server.args, environment, errlog, server.cwd)
    return await anyio.open_process(
        [server.command, *server.args], env=environment, stderr=errlog, cwd=server.cwd, start_new_session=True
    )


class Writer:
    """Writes each message as a line, whole and in order, whatever becomes of who sent it.

    A short line goes to the server at once, where nothing is before it: that saves a tenth of a small call.
    Long ones, which a cancelled write could cut, are left to a task of their own.
    """

    def __init__(self, stream: anyio.abc.ByteSendStream, output: anyio.abc.ByteReceiveStream) -> None:
        self._stream = stream
        self._output = output
        self._turn = anyio.Lock(fast_acquire=True)
        self._queued = 0
        self._ended = anyio.Event()
        self._queue, self._waiting = anyio.create_memory_object_stream[bytes](math.inf)

    async def send(self, item: SessionMessage, /) -> None:
        """Send one message.

        Raises:
            anyio.BrokenResourceError: the server reads no more.
        """
        line = item.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
        if self._queued or self._turn.locked() or len(line) > _ATOMIC:
            self._queued += 1
            self._queue.send_nowait(line)
        else:
            await self._write(line)

    async def run(self) -> None:
        """Write what waits, until `finish`."""
        with suppress(anyio.BrokenResourceError):
            async with self._waiting:
                async for line in self._waiting:
                    await self._write(line)
                    self._queued -= 1
        self._ended.set()

    async def finish(self) -> None:
        """Return once all is written."""
        self._queue.close()
        await self._ended.wait()

    async def _write(self, line: bytes) -> None:
        try:
            async with self._turn:
                await self._stream.send(line)
        except _GONE:
            # The session, which waits for the output, is told at once.
            await _closed(self._output)
            raise anyio.BrokenResourceError from None

    async def aclose(self) -> None:
        """Leave the input open: it is closed once all is written."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        pass


async def _drain(output: anyio.abc.ByteReceiveStream) -> None:
    with suppress(*_GONE):
        while True:
            await output.receive()


def message(line: bytes) -> SessionMessage | Exception:
    """Return one JSON-RPC message; an answer that is none, but tells its id, as an error to whoever waits for it."""
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return _answer(line) or error


def _answer(line: bytes) -> SessionMessage | None:
    """Return what a malformed answer can still be taken for; None where it does not tell what it answers."""
    try:
        told: object = from_json(line)
    except ValueError:
        return None
    number = told.get("id") if is_json(told) and "method" not in told else None
    if not is_json(told) or not isinstance(number, (int, str)) or isinstance(number, bool):
        return None
    if "result" not in told:
        return refusal(number, f"the answer is no JSON-RPC: {line[:200].decode(errors='replace')}")
    result = told["result"]
    made = dict(result) if is_json(result) else {"content": result}
    return SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=number, result=made))


def refusal(number: RequestId, why: str) -> SessionMessage:
    """Return an error as the answer to a request."""
    return SessionMessage(
        JSONRPCError(jsonrpc="2.0", id=number, error=ErrorData(code=INTERNAL_ERROR, message=why))
    )


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
    with suppress(*_GONE):
        await stream.aclose()


async def _ended(process: ServerProcess, seconds: float) -> bool:
    """Tell whether the process ends in time. Its code is looked at, as waiting also waits for pipes that children hold."""
    with anyio.move_on_after(seconds):
        while process.returncode is None:  # noqa: ASYNC110  # no event tells it without waiting for pipes
            await anyio.sleep(0.01)
    return process.returncode is not None


def _release(process: ServerProcess) -> None:
    """Close asyncio's side of the process, which stays open while a descendant holds a pipe; nothing public does."""
    transport = getattr(getattr(process, "_process", None), "_transport", None)
    close = getattr(transport, "close", None)
    if callable(close):
        with suppress(PermissionError):
            close()
