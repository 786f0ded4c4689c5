"""The messages of a connection: tool results are repaired as raw JSON, before the SDK's client validates them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCError, JSONRPCRequest, JSONRPCResponse, RequestId

from imagebridge.repair import repaired

if TYPE_CHECKING:
    from mcp.client import Transport
    from mcp.shared._stream_protocols import ReadStream, WriteStream

    Incoming = ReadStream[SessionMessage | Exception]
    Outgoing = WriteStream[SessionMessage]


@asynccontextmanager
async def repairing(transport: "Transport") -> "AsyncGenerator[tuple[Incoming, Outgoing]]":
    """Pass on the messages of `transport`, in which each result of a `tools/call` is repaired.

    One malformed block otherwise loses the whole result: the SDK refuses it (mcp 2.3, 2026-11).
    """
    async with transport as (incoming, outgoing):
        asked: set[RequestId] = set()
        yield _Repaired(incoming, asked), _Watched(outgoing, asked)


class _Watched:
    """The messages to the server; the ids of tool calls are remembered until they are answered."""

    def __init__(self, stream: "Outgoing", asked: set[RequestId]) -> None:
        self._stream = stream
        self._asked = asked

    async def send(self, item: SessionMessage, /) -> None:
        message = item.message
        if isinstance(message, JSONRPCRequest) and message.method == "tools/call":
            self._asked.add(message.id)
        await self._stream.send(item)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> bool | None:
        return await self._stream.__aexit__(exc_type, exc_val, exc_tb)


class _Repaired:
    """The messages from the server, repaired where they answer a tool call."""

    def __init__(self, stream: "Incoming", asked: set[RequestId]) -> None:
        self._stream = stream
        self._asked = asked

    @property
    def last_context(self) -> object:
        """The sender's context, which the SDK asks its streams for."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        return self._mended(await self._stream.receive())

    def _mended(self, item: SessionMessage | Exception) -> SessionMessage | Exception:
        message = item.message if isinstance(item, SessionMessage) else None
        if isinstance(message, JSONRPCError) and message.id is not None:
            self._asked.discard(message.id)
        if isinstance(message, JSONRPCResponse) and message.id in self._asked:
            self._asked.discard(message.id)
            message.result = dict(repaired(message.result))
        return item

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> "Incoming":
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        return self._mended(await self._stream.__anext__())

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> bool | None:
        return await self._stream.__aexit__(exc_type, exc_val, exc_tb)
