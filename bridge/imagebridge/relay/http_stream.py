"""One answer over Streamable HTTP, message by message: a JSON body, or events that a host can resume."""

from collections import deque
from collections.abc import Iterable

import anyio
from starlette.types import Receive, Send

from imagebridge.wire import JSON, is_json

from .json_rpc import RequestId, one_line, other_spelling, spliced

_PING = 15.0
"""The seconds of silence after which a comment is sent to keep a stream open; proxies close it after 30 or 60."""

_SENT = 100
"""The maximum number of sent events kept for a host whose connection broke before they arrived."""

_MOST = 64_000_000
"""The maximum bytes queued for a host. If it leaves more unread, it has stopped reading and would fill the memory."""

_RETRY = 1_000
"""The time in milliseconds after which a host should reconnect to a broken stream."""

_EVENTS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]

SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
"""The `_meta` key in a subscription's notifications: the id of the request that subscribed (2026-07-28)."""


class Renaming:
    """The ids of a request on the way to a server that serves many hosts, if another request uses the same ones."""

    def __init__(self, message: JSON) -> None:
        params = message.get("params")
        meta = params.get("_meta") if is_json(params) else None
        self.number = message.get("id")
        self.token = meta.get("progressToken") if is_json(meta) else None
        self.sent_number, self.sent_token = self.number, self.token

    def to_server(self, line: bytes) -> bytes:
        """Return the request with the ids under which it is sent."""
        if self.sent_number is not self.number:
            line = spliced(line, ("id",), self.sent_number)
        if self.sent_token is not self.token:
            line = spliced(line, ("params", "_meta", "progressToken"), self.sent_token)
        return line

    def to_host(self, line: bytes, said: JSON) -> bytes:
        """Return a message from the server with the ids that its host knows."""
        params, result = said.get("params"), said.get("result")
        if self.sent_token is not self.token and is_json(params) and "progressToken" in params:
            line = spliced(line, ("params", "progressToken"), self.token)
        if self.sent_number is not self.number:
            if "method" not in said:
                line = spliced(line, ("id",), self.number)
            for name, holder in (("params", params), ("result", result)):
                meta = holder.get("_meta") if is_json(holder) else None
                if is_json(meta) and SUBSCRIPTION in meta:
                    line = spliced(line, (name, "_meta", SUBSCRIPTION), self.number)
        return line


class Stream:
    """The messages for one request, or those that belong to none, kept until the host reads them.

    waiting: the ids, as the server knows them, of unanswered requests. The last answer ends the stream.
    tokens: the progress tokens of these requests.
    """

    def __init__(
        self,
        name: str,
        waiting: Iterable[RequestId] = (),
        tokens: Iterable[RequestId] = (),
        renaming: Renaming | None = None,
    ) -> None:
        self.name = name
        self.waiting = set(waiting)
        self.tokens = set(tokens)
        self.renaming = renaming
        self.over = False
        self.last: JSON = {}
        self._kept: deque[tuple[int, bytes]] = deque()
        self._put = 0
        self._sent = 0
        self._bytes = 0
        self._news = anyio.Event()
        self._reader: anyio.CancelScope | None = None

    @property
    def delivered(self) -> bool:
        """Whether everything was sent."""
        return self.over and self._sent == self._put

    @property
    def is_read(self) -> bool:
        """Whether a host receives the messages as they arrive."""
        return self._reader is not None

    def put(self, line: bytes, said: JSON | None = None) -> None:
        """Add a message: `said` is its content, if it is a message."""
        if said and self.renaming:
            line = self.renaming.to_host(line, said)
        line = one_line(line)
        self._put += 1
        self._kept.append((self._put, line))
        self._bytes += len(line)
        while self._bytes > _MOST and len(self._kept) > 1:
            self._drop()
        while len(self._kept) > _SENT and self._kept[_SENT][0] <= self._sent:
            self._drop()
        self._tell()

    def answer(self, at: RequestId, said: JSON) -> None:
        """Record that a request is answered; the last answer ends the stream."""
        self.waiting.discard(at if at in self.waiting else other_spelling(at))
        self.last = said
        if not self.waiting:
            self.end()

    def end(self) -> None:
        """Record that no more messages follow."""
        self.over = True
        self._tell()

    def _drop(self) -> None:
        self._bytes -= len(self._kept.popleft()[1])

    def _tell(self) -> None:
        self._news.set()
        self._news = anyio.Event()

    async def body(self, seconds: float) -> bytes | None:
        """Return the answer if it is the first message and arrives in time, or None if events are needed."""
        with anyio.move_on_after(seconds):
            while not self._kept and not self.over:
                await self._news.wait()
        if not self.over or len(self._kept) != 1:
            return None
        self._sent = self._put
        return self._kept[0][1]

    async def events(
        self, send: Send, headers: list[tuple[bytes, bytes]], *, after: int | None = None, lasting: bool
    ) -> None:
        """Send the messages as events until the last one has been sent.

        Args:
            send: receives the bytes for the host.
            headers: sent with the response.
            after: the last event that a returning host received; None means that it received all sent events.
            lasting: whether the host is told how to reconnect.
        """
        if self._reader:
            # Only one connection gets a message (2025-11-25, transports, multiple connections): the newer one.
            self._reader.cancel()
        await send({"type": "http.response.start", "status": 200, "headers": [*_EVENTS, *headers]})
        with anyio.CancelScope() as mine:
            self._reader = mine
            await self._follow(send, self._sent if after is None else after, lasting=lasting)
        if self._reader is mine:
            self._reader = None
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _follow(self, send: Send, sent: int, *, lasting: bool) -> None:
        if lasting:
            await _body(send, f"id: {self.name}-{sent}\r\nretry: {_RETRY}\r\ndata: \r\n\r\n".encode())
        while True:
            news = self._news
            for number, line in [one for one in self._kept if one[0] > sent]:
                head = f"id: {self.name}-{number}\r\n" if lasting else ""
                await _body(send, head.encode() + b"event: message\r\ndata: " + line + b"\r\n\r\n")
                sent = number
                self._sent = max(self._sent, sent)
            if news.is_set():
                continue
            if self.over:
                return
            with anyio.move_on_after(_PING) as silence:
                await news.wait()
            if silence.cancelled_caught:
                await _body(send, b": ping\r\n\r\n")


async def _body(send: Send, part: bytes) -> None:
    await send({"type": "http.response.body", "body": part, "more_body": True})


async def until_gone(receive: Receive) -> None:
    """Return once the host has closed its connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
