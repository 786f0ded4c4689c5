"""Newline-delimited JSON-RPC over a pair of byte streams, for messages of any length."""

import json
import math
import select
from collections import deque
from contextlib import suppress

import anyio
import anyio.abc
from mcp.shared.message import SessionMessage
from mcp.types import (
    CONNECTION_CLOSED,
    INTERNAL_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCResponse,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic_core import from_json

from imagebridge.wire import JSON, is_json

_ATOMIC: int = getattr(select, "PIPE_BUF", 512)
"""Bytes that a pipe takes whole or not at all; POSIX grants 512."""

GONE = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream, OSError)
"""What the streams of a process raise once it, or its end of them, is gone."""


class Lines(anyio.abc.ObjectReceiveStream[SessionMessage | Exception]):
    """The lines of a server's output as messages. The session itself reads them: a task between costs a tenth of a call."""

    def __init__(self, output: anyio.abc.ByteReceiveStream) -> None:
        self._output = output
        self._parts: list[bytes] = []
        self._ready: deque[bytes] = deque()
        self.heard = 0
        """Pieces of output that were read so far."""

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message, or the error of a line that is none.

        Raises:
            anyio.EndOfStream: the server has closed its output.
        """
        while not self._ready:
            try:
                chunk = await self._output.receive()
            except GONE:
                raise anyio.EndOfStream from None
            self.heard += 1
            *lines, rest = chunk.split(b"\n")
            for line in lines:
                self._parts.append(line)
                self._ready.append(b"".join(self._parts))
                self._parts.clear()
            self._parts.append(rest)
        return message(self._ready.popleft())

    async def aclose(self) -> None:
        """Leave the output open: it is drained until the process is gone."""


class Writer(anyio.abc.ObjectSendStream[SessionMessage]):
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

    async def send(self, item: SessionMessage) -> None:
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
        except GONE:
            # The session, which waits for the output, is told at once.
            with suppress(*GONE):
                await self._output.aclose()
            raise anyio.BrokenResourceError from None

    async def aclose(self) -> None:
        """Leave the input open: it is closed once all is written."""


def message(line: bytes) -> SessionMessage | Exception:
    """Return one JSON-RPC message; an answer that is none, but tells its id, as an error to whoever waits for it."""
    try:
        # Read before it is validated: reading JSON straight into a union of models takes three times as long.
        told: object = from_json(line)
    except ValueError as error:
        try:
            told = _lenient(line)
        except (ValueError, RecursionError):
            return error
    try:
        found = jsonrpc_message_adapter.validate_python(told, by_name=False)
    except ValueError as error:
        return _answer(told, line) or error
    if isinstance(found, JSONRPCError) and found.error.code == CONNECTION_CLOSED:
        # -32000 is for servers to use as they like (JSON-RPC 2.0, 5.1), and the SDK's own word for a lost connection.
        found.error.code = INTERNAL_ERROR
    return SessionMessage(found)


def sound(line: bytes) -> JSON | None:
    """Return what a line says where a strict reader takes it for a message as well, and for the same one."""
    try:
        told: object = from_json(line)
        found = jsonrpc_message_adapter.validate_python(told, by_name=False)
    except ValueError:
        return None
    closed = isinstance(found, JSONRPCError) and found.error.code == CONNECTION_CLOSED
    return told if is_json(told) and not closed else None


def _lenient(line: bytes) -> object:
    r"""Read JSON that strict readers refuse, so that what waits for it is answered.

    A text that was cut inside a character leaves half a surrogate (`"\ud83d"`) or bytes that are no UTF-8: both
    become U+FFFD. What nests deeper than 200 levels can at least be refused. An answer may follow what was
    printed without ending its line, or a byte order mark.

    Raises:
        ValueError, RecursionError: it is no JSON at all, or too deep for any reader.
    """
    text = line.decode(errors="replace")
    try:
        told: object = json.loads(text)
    except ValueError:
        told = _after_more(text)
        if told is None:
            raise
    written = json.dumps(told, ensure_ascii=False)
    return json.loads(written.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _after_more(text: str) -> JSON | None:
    """Return the answer at the end of a line. Nothing else is taken there: servers log the requests that they get."""
    for start in ('{"jsonrpc"', "{"):
        with suppress(ValueError):
            told: object = json.loads(text[text.index(start) :])
            if is_json(told) and "jsonrpc" in told and "method" not in told:
                return told
    return None


def _answer(told: object, line: bytes) -> SessionMessage | None:
    """Return what a malformed answer can still be taken for; None where it does not tell what it answers."""
    number = told.get("id") if is_json(told) and "method" not in told else None
    if not is_json(told) or not isinstance(number, (int, str)) or isinstance(number, bool):
        return None
    if "result" not in told:
        return refusal(number, f"the answer is no JSON-RPC: {line[:200].decode(errors='replace')}")
    result = told["result"]
    made = dict(result) if is_json(result) else {"content": result}
    return SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=number, result=made))


def refusal(number: RequestId, why: str, code: int = INTERNAL_ERROR) -> SessionMessage:
    """Return an error as the answer to a request."""
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=number, error=ErrorData(code=code, message=why)))
