"""The messages of a connection: results are repaired as raw JSON, before the SDK's client validates them."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import anyio.abc
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse, RequestId

from imagebridge.errors import short
from imagebridge.repair.protocol import repaired, reread
from imagebridge.wire import JSON

from .json_rpc import refusal
from .listing import introduced, relisted

if TYPE_CHECKING:
    from mcp.client import Transport
    from mcp.shared._stream_protocols import ReadStream, WriteStream

    Incoming = ReadStream[SessionMessage | Exception]
    Outgoing = WriteStream[SessionMessage]

_LOG = logging.getLogger(__name__)

Repair = Callable[[JSON], JSON]

STOWED = "imagebridge/result"
"""The key under which a repaired tool result passes through the SDK."""


def _stowed(result: JSON) -> JSON:
    """Return a result that every version of the protocol accepts and that contains the repaired one.

    Each version's schema refuses something different, for example structured content that is a list, and
    because of one refused field, the entire result of a tool that has already run is lost (mcp 2.3, 2026-11).
    So the SDK sees none of its fields.
    """
    return {"content": [], "resultType": "complete", STOWED: repaired(result)}


REPAIRS: dict[str, Repair] = {
    "initialize": introduced,
    "server/discover": introduced,
    "tools/list": relisted,
    "tools/call": _stowed,
    "resources/read": reread,
}

_NOTICE = 1.0
"""The time allowed, in seconds, for a transport to accept the notice that a call was cancelled."""


@asynccontextmanager
async def repairing(
    transport: "Transport", over: Callable[[], None]
) -> "AsyncGenerator[tuple[Incoming, Outgoing]]":
    """Pass on the messages of `transport`, with each result of a method in `REPAIRS` repaired.

    Otherwise, one malformed block, tool or resource would make everything that came with it fail: the SDK refuses
    the whole result (mcp 2.3, 2026-11). `over` is called as soon as no more messages can arrive.
    """
    async with transport as (incoming, outgoing):
        pending: dict[RequestId, Repair] = {}
        yield _Repaired(incoming, pending, over), _Watched(outgoing, pending)


class _Watched(anyio.abc.ObjectSendStream[SessionMessage]):
    """The messages to the server; requests are remembered until they are answered or abandoned."""

    def __init__(self, stream: "Outgoing", pending: "dict[RequestId, Repair]") -> None:
        self._stream = stream
        self._pending = pending

    async def send(self, item: SessionMessage) -> None:
        message = item.message
        if isinstance(message, JSONRPCRequest) and message.method in REPAIRS:
            self._pending[message.id] = REPAIRS[message.method]
        elif isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
            self._pending.pop((message.params or {}).get("requestId", ""), None)
            # A stuck transport delivers nothing: a caller that gave up does not wait for it.
            with anyio.move_on_after(_NOTICE):
                await self._stream.send(item)
            return
        await self._stream.send(item)

    async def aclose(self) -> None:
        await self._stream.aclose()


def _request_id(answered: RequestId) -> RequestId:
    """Return the id of the request that an answer names; the SDK accepts "7" as an answer to 7."""
    try:
        return int(answered) if str(answered).isdecimal() else answered
    except ValueError:  # Python reads no number with more than 4,300 digits; none of ours has that many.
        return answered


class _Repaired(anyio.abc.ObjectReceiveStream[SessionMessage | Exception]):
    """The messages from the server, repaired if they answer a request."""

    def __init__(
        self, stream: "Incoming", pending: "dict[RequestId, Repair]", over: Callable[[], None]
    ) -> None:
        self._stream = stream
        self._pending = pending
        self._over = over

    @property
    def last_context(self) -> object:
        """The sender's context, which the SDK reads from its streams."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        try:
            return self._mended(await self._stream.receive())
        except BaseException:
            # The end of the stream, or of the task that reads it: nothing is read after either.
            self._over()
            raise

    def _mended(self, item: SessionMessage | Exception) -> SessionMessage | Exception:
        message = item.message if isinstance(item, SessionMessage) else None
        if isinstance(message, (JSONRPCError, JSONRPCResponse)) and message.id is not None:
            repair = self._pending.pop(_request_id(message.id), None)
            if repair is not None and isinstance(message, JSONRPCResponse):
                try:
                    message.result = dict(repair(message.result))
                # An exception here ends the connection, and every call on it: a bug of ours may cost only this answer.
                except Exception as error:  # noqa: BLE001
                    _LOG.exception("an answer cannot be repaired")
                    return refusal(message.id, f"the answer cannot be read: {short(error)}")
        return item

    async def aclose(self) -> None:
        await self._stream.aclose()
