"""A session of Streamable HTTP: one relay, and the streams on which its messages go to the host.

Up to 2025-11-25, each host that performs a handshake has a session with its own server: such a server
remembers the handshake and everything sent since. From 2026-07-28 on, requests do not depend on each other,
so all hosts share one session and one server; a host that subscribes to changes (`subscriptions/listen`) is
also notified of changes caused by other hosts.
"""

import logging
import math
from collections.abc import Callable, Sequence
from contextlib import suppress

import anyio

from imagebridge.errors import ServerError
from imagebridge.wire import JSON, is_json

from .http_stream import SUBSCRIPTION, Renaming, Stream
from .json_rpc import RequestId, failure, key, other_spelling, written
from .relay import Relay
from .streams import LineQueue
from .transports import HostStream

_LOG = logging.getLogger("imagebridge.proxy")

_IDLE = 1_800.0
"""The time in seconds without a request or an open stream after which a session ends, together with its server."""

_MOST_BROKEN = 16
"""The maximum number of streams kept, with their messages, for hosts that have disconnected but may return."""

_MOST_GIVEN_UP = 10_000
"""The maximum number of abandoned requests whose ids are kept, because a server may still answer them."""


class HostSession:
    """A relay whose host speaks HTTP.

    relay: creates the relay, given the stream to its host. shared: whether many hosts use it.
    """

    def __init__(self, name: str, relay: Callable[[HostStream], Relay], *, shared: bool = False) -> None:
        self.name = name
        self.shared = shared
        self._relay = relay(self)
        self._hear, self._heard = anyio.create_memory_object_stream[bytes](0)
        self._streams: list[Stream] = []
        self._made = 0
        self._given_up: dict[RequestId, None] = {}
        self.own = Stream("0")
        """Messages that the server sends without being asked."""
        self._in_use = 0
        self._scope = anyio.CancelScope()
        self._why = "the session has ended"
        self.ended = False

    async def run(self) -> None:
        """Relay until the session ends or is idle for too long."""
        try:
            with self._scope:
                self._rest()
                await self._relay.run(LineQueue(self._heard))
        except ServerError as error:
            self._why = f"{error.server}: {error.problem}"
        finally:
            self.ended = True
            self._heard.close()
            self._refuse()

    def _refuse(self) -> None:
        """Answer all requests that are waiting for a server that has exited."""
        for stream in self._streams:
            for at in tuple(stream.waiting):
                refused = failure(at[1], self._why)
                stream.put(written(refused), refused)
                stream.answer(at, refused)
        self.own.end()

    def end(self) -> None:
        """End the session and its server."""
        self._scope.cancel()

    def hold(self) -> None:
        """Keep the session alive while a host's request is served."""
        self._in_use += 1
        self._scope.deadline = math.inf

    def release(self) -> None:
        """End the session once no request has been served for long enough."""
        self._in_use -= 1
        if not self._in_use:
            self._rest()

    def _rest(self) -> None:
        self._scope.deadline = math.inf if self._in_use else anyio.current_time() + _IDLE

    # From the host.

    def in_use(self, number: object) -> bool:
        """Return whether a request with this id is waiting for its answer."""
        at = key(number)
        return at in self._given_up or any(at in stream.waiting for stream in self._streams)

    async def hear(self, line: bytes) -> None:
        """Pass on a message from a host.

        Raises:
            BrokenResourceError: the session has ended.
        """
        await self._hear.send(line)

    async def ask(self, line: bytes, asked: Sequence[JSON]) -> Stream:
        """Pass on a host's requests; return the stream of answers to them."""
        renaming = self._renamed(asked[0]) if self.shared else None
        numbers = [renaming.sent_number] if renaming else [one.get("id") for one in asked]
        tokens = [renaming.sent_token] if renaming else [Renaming(one).token for one in asked]
        stream = Stream(
            self._new("{}"), filter(None, map(key, numbers)), filter(None, map(key, tokens)), renaming
        )
        self._streams.append(stream)
        try:
            await self.hear(renaming.to_server(line) if renaming else line)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            self._refuse()
        return stream

    def _renamed(self, asked: JSON) -> Renaming:
        """Return the ids for a request: its own if no other request uses them."""
        renaming = Renaming(asked)
        if self.in_use(renaming.number):
            renaming.sent_number = self._new("imagebridge-host-{}")
        if (at := key(renaming.token)) and any(at in stream.tokens for stream in self._streams):
            renaming.sent_token = self._new("imagebridge-host-{}")
        return renaming

    def _new(self, form: str) -> str:
        self._made += 1
        return form.format(self._made)

    def stream(self, name: str) -> Stream | None:
        """Return the stream with this name, or None if it is no longer known."""
        return next((one for one in (self.own, *self._streams) if one.name == name), None)

    def left(self, stream: Stream) -> None:
        """Forget a stream that its host has received completely; keep it if the connection broke, because the host may return."""
        if stream is self.own:
            return
        if stream.delivered or self.shared:
            self._streams.remove(stream)
        broken = [one for one in self._streams if one.over]
        for one in broken[:-_MOST_BROKEN]:
            self._streams.remove(one)

    async def give_up(self, stream: Stream) -> None:
        """Cancel the requests of a 2026-07-28 host that no longer waits for answers, because it closed the response."""
        if stream not in self._streams:
            return
        self._streams.remove(stream)
        for at in stream.waiting:
            self._given_up[at] = None
            said = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": at[1]}}
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                await self.hear(written(said).strip())
        while len(self._given_up) > _MOST_GIVEN_UP:
            del self._given_up[next(iter(self._given_up))]

    # To the host.

    def send(self, line: bytes, said: Sequence[JSON]) -> None:
        """Put a message from the server on the stream of the request that it belongs to."""
        answered = [at for one in said if (at := _answered(one))]
        stream = self._stream_of(said, answered)
        if stream is None:
            if not answered:
                words = line[:200].decode(errors="replace").strip()
                _LOG.warning("dropping a message that may belong to any of several hosts: %s", words)
            return
        stream.put(line, said[0] if len(said) == 1 else None)
        for one in said:
            if at := _answered(one):
                stream.answer(at, one)

    def _stream_of(self, said: Sequence[JSON], answered: Sequence[RequestId]) -> Stream | None:
        if answered:
            for at in answered:
                self._given_up.pop(at, None)
            for numbers in (answered, [other_spelling(at) for at in answered]):
                for stream in self._streams:
                    if not stream.waiting.isdisjoint(numbers):
                        return stream
            return None
        waiting = [one for one in self._streams if one.waiting]
        for one in said:
            if at := key(_progress(one)):
                return next((stream for stream in waiting if at in stream.tokens), None)
            if at := key(_subscription(one)):
                return next((stream for stream in waiting if at in stream.waiting), None)
        if len(waiting) == 1:
            return waiting[0]
        if self.shared:
            return None
        # If there are several, nothing says which one it belongs to.
        return self.own if self.own.is_read or not waiting else waiting[-1]


def _answered(said: JSON) -> RequestId | None:
    """Return the id of the request that a message answers, or None if it is not an answer."""
    return key(said.get("id")) if "method" not in said else None


def _progress(said: JSON) -> object:
    """Return the token of the request whose progress a message reports."""
    params = said.get("params")
    progress = said.get("method") == "notifications/progress" and is_json(params)
    return params.get("progressToken") if progress and is_json(params) else None


def _subscription(said: JSON) -> object:
    params = said.get("params")
    meta = params.get("_meta") if is_json(params) else None
    return meta.get(SUBSCRIPTION) if is_json(meta) else None
