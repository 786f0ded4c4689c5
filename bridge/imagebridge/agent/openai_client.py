"""The SDK's client as the loop uses it: awaited where it is async, in threads where it blocks.

The SDK sends, tries again and names errors; what comes is read here, as plain JSON. Its own models and stream
helpers take a stream for what OpenAI's would be, and fail in ways of their own where it is not (openai 3.57).
"""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import anyio.to_thread

from imagebridge.errors import ResponseError
from imagebridge.requirements import RUN, need
from imagebridge.wire import is_json

from .event_stream import MAX_RESPONSE_BYTES, EventDecoder, TooLargeError, loaded

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

BROKEN = "stream_broken"
"""The code of a `ResponseError` for a response that broke off. Nothing was acted upon yet: calls run when all have come."""
STRANGE = "no_response"
"""The code of a `ResponseError` for what is not a response of the API."""
_LONG = 1_000_000
"""Bytes of JSON above which a thread reads it: the event loop, and a deadline, go on meanwhile."""

_RESPONSE_FIELDS = ("output", "choices", "error", "object", "type")
"""What a whole response, or an error, has at least one of."""
_SLICE = 65_536
"""Bytes of a stream that are read before the event loop goes on with other things."""

Open = Callable[[], Awaitable[Any]]
"""Sends a request and returns the HTTP response, whose body has not been read."""


class Caller:
    """Calls the methods of one client, whichever kind it is.

    Raises:
        TypeError: the client is of the other kind, or not an OpenAI client.
        RequirementError: there is no openai, or one that is too old.
    """

    def __init__(self, client: "AsyncOpenAI | OpenAI", *, blocking: bool) -> None:
        need(RUN)
        from openai import AsyncOpenAI, OpenAI

        kind: type = OpenAI if blocking else AsyncOpenAI
        if not isinstance(client, kind):
            wanted, way = ("OpenAI", "with") if blocking else ("AsyncOpenAI", "async with")
            raise TypeError(
                f"inside `{way} Bridge(...)` the client is an {wanted}, not {type(client).__name__}"
            )
        from .refused_bodies import cut

        cut(client)
        self.client: Any = client
        self.blocking = blocking
        self.retries = client.max_retries
        """How often the caller wants a request to be tried again."""
        self.at_openai = client.base_url.host == "api.openai.com"
        """Whether OpenAI's own list prices hold; others, and its regions, ask other prices."""

    async def call(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call a method of the client and return what it gives."""
        if self.blocking:
            # A request cannot be stopped from outside: a run that is cancelled does not wait for its end.
            bound = partial(method, *arguments, **named)
            return await anyio.to_thread.run_sync(bound, abandon_on_cancel=True)
        return await method(*arguments, **named)

    async def created(self, resource: Any, body: dict[str, Any]) -> Any:
        """Send a request through `create` of an SDK's resource; return the HTTP response, unread."""
        manager = resource.with_streaming_response.create(**body)
        opened = await self.call(manager.__enter__ if self.blocking else manager.__aenter__)
        return opened.http_response

    def strange(self, answer: object) -> ResponseError:
        """Say that what came is not a response of the API: another address, most likely, or an error under status 200."""
        if isinstance(answer, bytes):
            text = answer[:1_000].decode(errors="replace")
        else:
            text = json.dumps(answer, separators=(",", ":"), ensure_ascii=False, default=str)
        excerpt = " ".join(text.split())[:200]
        return ResponseError(
            f"{self.client.base_url} answered with something that is not a response of this API: {excerpt or 'nothing'}",
            STRANGE,
        )

    async def whole(self, opening: Open) -> object:
        """Send a request and return the JSON of its response.

        Raises:
            ResponseError: it broke off, or is not JSON.
        """
        async with self._opened(opening) as response:
            return await self._whole(self._reader(response))

    async def each(self, opening: Open, receive: Callable[[object], Awaitable[None]]) -> bool:
        """Send a request and hand over the JSON of each event of its stream; tell whether it said that it was done.

        A response that is not streamed, though that was asked for, is handed over as one event: its first character
        tells, as some servers label the one as the other.

        Raises:
            ResponseError: it broke off after it had begun.
        """
        async with self._opened(opening) as response:
            following = self._reader(response)
            chunk = await following()
            while chunk is not None and not chunk.strip():
                chunk = await following()
            if chunk is not None and chunk.lstrip().startswith((b"{", b"[", b"<")):
                whole = await self._whole(following, chunk)
                if not is_json(whole) or whole.keys().isdisjoint(_RESPONSE_FIELDS):
                    raise self.strange(whole)
                await receive(whole)
                return True
            decoder = EventDecoder()
            while chunk is not None:
                # What was packed unpacks to many megabytes at once: a deadline has to pass between them.
                for start in range(0, len(chunk), _SLICE):
                    if await self._hand_over(
                        _bounded_events(decoder.feed(chunk[start : start + _SLICE])), receive
                    ):
                        return True
                    await anyio.lowlevel.checkpoint()
                chunk = await following()
            return await self._hand_over(_bounded_events(decoder.rest()), receive)

    async def _hand_over(self, events: Iterator[bytes], receive: Callable[[object], Awaitable[None]]) -> bool:
        for data in events:
            if data == b"[DONE]":
                return True
            # Anything else that is not an object is a sign of life.
            if data.lstrip().startswith(b"{"):
                try:
                    event = await self._loaded(data)
                except ValueError as error:
                    raise _broken(error) from error
                await receive(event)
        return False

    async def _whole(self, following: Callable[[], Awaitable[bytes | None]], begun: bytes = b"") -> object:
        body = bytearray(begun)
        while (chunk := await following()) is not None:
            body += chunk
            if len(body) > MAX_RESPONSE_BYTES:
                raise _broken(TooLargeError())
        try:
            return await self._loaded(bytes(body))
        except ValueError as error:
            raise self.strange(bytes(body)) from error

    async def _loaded(self, data: bytes) -> object:
        if len(data) < _LONG:
            return loaded(data)
        return await anyio.to_thread.run_sync(loaded, data, abandon_on_cancel=True)

    @asynccontextmanager
    async def _opened(self, opening: Open) -> AsyncGenerator[Any]:
        from httpx2 import HTTPError, StreamError

        try:
            response = await opening()
        # The body of a refusal that breaks off, or cannot be unpacked: the SDK lets these through (openai 3.57).
        except (HTTPError, StreamError) as error:
            raise _broken(error) from error
        try:
            yield response
        finally:
            with anyio.CancelScope(shield=True):
                await self.call(response.close if self.blocking else response.aclose)

    def _reader(self, response: Any) -> Callable[[], Awaitable[bytes | None]]:
        """Return what gives the next bytes of a body, unpacked; None at its end."""
        from httpx2 import HTTPError, StreamError

        blocks = response.iter_bytes() if self.blocking else response.aiter_bytes()
        following = partial(next, blocks, None) if self.blocking else partial(anext, blocks, None)

        async def chunk() -> bytes | None:
            try:
                return await self.call(following)
            except (HTTPError, StreamError) as error:
                raise _broken(error) from error

        return chunk


def _bounded_events(events: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from events
    except TooLargeError as error:
        raise _broken(error) from error


def _broken(error: Exception) -> ResponseError:
    return ResponseError(f"the stream broke off: {type(error).__name__}: {error}", BROKEN)
