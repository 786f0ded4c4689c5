"""Routes messages that are too long for the SDK's event stream reader around that reader.

The reader ends a stream at an event of more than 1 MiB, which is a picture of 780 kB. mcp 2.3 can be
configured to read longer events, but 2.0 to 2.2 cannot (read in their source, 2026-11-29). So a long message
is kept here, a short placeholder goes through the reader, and the two are swapped again behind it. This works
the same with every version.
"""

from itertools import count
from typing import TYPE_CHECKING, Any

import anyio.abc
from mcp.shared.message import SessionMessage
from mcp.types import ErrorData, JSONRPCError, JSONRPCResponse

from imagebridge.wire import JSON, as_object

if TYPE_CHECKING:
    from mcp.shared._stream_protocols import ReadStream
    from mcp.types import JSONRPCMessage

LONG = 1_000_000
"""The size in bytes of an event above which its message is kept here; the SDK's limit is 1,048,576."""

_KEPT = "imagebridge/kept"


class LongEvents:
    """The long messages of one connection that have not been delivered yet."""

    def __init__(self) -> None:
        self._messages: dict[str, JSONRPCMessage] = {}
        self._numbers = count(1)

    def put(self, long: SessionMessage) -> SessionMessage:
        """Keep a message and return its short placeholder, of the same kind because it may answer a request."""
        number = str(next(self._numbers))
        self._messages[number] = long.message
        sign: dict[str, Any] = {_KEPT: number}
        match long.message:
            case JSONRPCResponse():
                change: dict[str, Any] = {"result": sign}
            case JSONRPCError(error=error):
                change = {"error": ErrorData(code=error.code, message="", data=sign)}
            case _:
                change = {"params": sign}
        return SessionMessage(long.message.model_copy(update=change))

    def take(self, short: SessionMessage) -> SessionMessage:
        """Return the message that was kept for `short`, with its id; return `short` itself if there is none."""
        number = _sign(short.message).get(_KEPT)
        long = self._messages.pop(number, None) if isinstance(number, str) else None
        if long is None:
            return short
        # The transport knows which request a stream answers, whatever the answer says.
        change = {"id": short.message.id} if isinstance(short.message, JSONRPCResponse | JSONRPCError) else {}
        return SessionMessage(long.model_copy(update=change), short.metadata)


def _sign(message: "JSONRPCMessage") -> JSON:
    match message:
        case JSONRPCResponse():
            payload: object = message.result
        case JSONRPCError():
            payload = message.error.data
        case _:
            payload = message.params
    return as_object(payload) or {}


class Reader(anyio.abc.ObjectReceiveStream[SessionMessage | Exception]):
    """The messages that the SDK's transport has read, with placeholders replaced by the long messages."""

    def __init__(self, stream: "ReadStream[SessionMessage | Exception]", long_events: LongEvents) -> None:
        self._stream = stream
        self._long_events = long_events

    @property
    def last_context(self) -> object:
        """The sender's context, which the SDK reads from its streams."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message."""
        item = await self._stream.receive()
        return self._long_events.take(item) if isinstance(item, SessionMessage) else item

    async def aclose(self) -> None:
        """Close the transport's stream."""
        await self._stream.aclose()
