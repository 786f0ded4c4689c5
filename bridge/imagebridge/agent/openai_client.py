"""The SDK's client as the loop uses it: awaited if it is async, run in threads if it blocks.

The SDK sends requests, retries them and classifies errors; responses are read here as plain JSON. The SDK's
own models and stream helpers assume that a stream is OpenAI's, and fail in their own ways if it is not
(openai 3.57).
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread

from imagebridge.errors import ResponseError, short
from imagebridge.requirements import RUN, need
from imagebridge.wire import is_json, is_list

from .event_stream import (
    DONE,
    MAX_RESPONSE_BYTES,
    EventDecoder,
    ServerEvent,
    TooLargeError,
    documents,
    is_event,
    objects_of,
)

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

BROKEN = "stream_broken"
"""The `ResponseError` code for a response that was cut off. No call has run: calls start only after all have arrived."""
STRANGE = "no_response"
"""The `ResponseError` code for something that is not a response of the API."""
_LONG = 1_000_000
"""The size in bytes above which JSON is parsed in a thread, so that the event loop and a deadline keep running."""

_TELLING = 9
"""The number of bytes that distinguish events from one body: a byte order mark and a field name with its colon."""
_EVENTS = re.compile(rb"(?:data|event|id|retry)?:")
_SLICE = 65_536
"""The number of bytes of a stream that are read before other tasks of the event loop may run."""


class Whole(NamedTuple):
    """A response that arrived in one piece, as JSON."""

    json: object


class Streamed(NamedTuple):
    """A response that arrived as events. `done`: whether it stated that it was complete."""

    done: bool


_Undecoded = TypeVar("_Undecoded")

Open = Callable[[], Awaitable[Any]]
"""Sends a request and returns the HTTP response with its body unread."""


class Caller:
    """Calls the methods of one client, whichever kind it is.

    Raises:
        TypeError: the client is not an OpenAI client, or is blocking where an async one is needed or vice versa.
        RequirementError: openai is missing or too old.
    """

    def __init__(self, client: "AsyncOpenAI | OpenAI", *, blocking: bool) -> None:
        need(RUN)
        from openai import AsyncOpenAI, OpenAI

        kind: type = OpenAI if blocking else AsyncOpenAI
        if not isinstance(client, kind):
            wanted, way = ("OpenAI", "with") if blocking else ("AsyncOpenAI", "async with")
            raise TypeError(
                f"inside `{way} Bridge(...)` the client must be an {wanted}, not {type(client).__name__}"
            )
        from .refused_bodies import cut

        cut(client)
        self.client: Any = client
        self.blocking = blocking
        self.retries = client.max_retries
        """The number of retries that the caller wants for a request."""
        self.at_openai = client.base_url.host == "api.openai.com"
        """Whether OpenAI's list prices apply: other servers, and OpenAI's regional endpoints, have other prices."""

    async def call(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call a method of the client and return its result."""
        if self.blocking:
            # A request cannot be stopped from outside: a cancelled run does not wait for its end.
            bound = partial(method, *arguments, **named)
            return await anyio.to_thread.run_sync(bound, abandon_on_cancel=True)
        return await method(*arguments, **named)

    async def created(self, resource: Any, body: dict[str, Any]) -> Any:
        """Send a request through `create` of an SDK resource; return the HTTP response, unread."""
        manager = resource.with_streaming_response.create(**body)
        opened = await self.call(manager.__enter__ if self.blocking else manager.__aenter__)
        return opened.http_response

    def strange(self, answer: object) -> ResponseError:
        """Return the error for an answer that is not a response from the API: a wrong address, or an error with status 200."""
        if isinstance(answer, bytes):
            text = answer[:1_000].decode(errors="replace")
        else:
            text = json.dumps(answer, separators=(",", ":"), ensure_ascii=False, default=str)
        excerpt = short(text, 200)
        return ResponseError(
            f"{self.client.base_url} returned something that is not a response from this API: "
            f"{excerpt or 'nothing'}",
            STRANGE,
        )

    async def answer(
        self, opening: Open, receive: Callable[[object], Awaitable[None]], *, streamed: bool
    ) -> "Whole | Streamed":
        """Send a request and return its response, in full or passed on event by event.

        The first bytes show which of the two it is, whatever was requested (`streamed`) and however it is labelled:
        some servers always stream, others never do.

        Raises:
            ResponseError: the response was cut off, or is not JSON.
        """
        async with self._opened(opening) as response:
            following = self._reader(response)
            begun, blank = b"", 0
            while len(begun) < _TELLING and (chunk := await following()) is not None:
                blank += len(chunk)
                begun = (begun + chunk).lstrip()
                if blank > MAX_RESPONSE_BYTES and not begun:
                    raise _broken(TooLargeError())
            if _is_whole(begun, streamed=streamed):
                return await self._body(following, begun, receive)
            decoder, came = EventDecoder(), False

            async def hand_over(events: Iterator[ServerEvent]) -> bool:
                nonlocal came
                for event in _unbroken(events):
                    try:
                        values = await self._read(objects_of, event, len(event.data))
                    except ValueError as error:
                        raise _broken(error) from None
                    came = came or bool(values)
                    if await _hand_over(values, receive):
                        return True
                return False

            chunk: bytes | None = begun
            while chunk is not None:
                # Compressed data can expand to many megabytes at once: a deadline must be able to interrupt it.
                for start in range(0, len(chunk), _SLICE):
                    if await hand_over(decoder.feed(chunk[start : start + _SLICE])):
                        return Streamed(done=True)
                    await anyio.lowlevel.checkpoint()
                chunk = await following()
            done = await hand_over(decoder.rest())
            if begun and not came and not _EVENTS.match(begun.removeprefix(BOM_UTF8)):
                raise self.strange(begun)
            return Streamed(done=done)

    async def _body(
        self,
        following: Callable[[], Awaitable[bytes | None]],
        begun: bytes,
        receive: Callable[[object], Awaitable[None]],
    ) -> "Whole | Streamed":
        """Read a body of JSON: a response, or events on separate lines or in a list."""
        body = bytearray(begun)
        while (chunk := await following()) is not None:
            body += chunk
            if len(body) > MAX_RESPONSE_BYTES:
                raise _broken(TooLargeError())
        try:
            found = await self._read(documents, bytes(body), len(body))
        except ValueError:
            raise self.strange(bytes(body)) from None
        first = found[0] if len(found) == 1 else found
        events = first if is_list(first) else [first]
        if not any(map(is_event, events)):
            return Whole(first)
        done = await _hand_over(events, receive)
        return Streamed(done=done or (first is not found and is_list(first)))

    async def _read(
        self, read: Callable[[_Undecoded], list[object]], data: _Undecoded, size: int
    ) -> list[object]:
        if size < _LONG:
            return read(data)
        return await anyio.to_thread.run_sync(read, data, abandon_on_cancel=True)

    @asynccontextmanager
    async def _opened(self, opening: Open) -> AsyncGenerator[Any]:
        from httpx2 import HTTPError, StreamError

        from imagebridge.client.http_bodies import BodyError, check_packed_once

        try:
            response = await opening()
        # A refusal's body that breaks off or cannot be decompressed: the SDK lets these exceptions through (openai 3.57).
        except (HTTPError, StreamError) as error:
            raise _broken(error) from None
        try:
            check_packed_once(response)
            yield response
        except BodyError as error:
            raise _broken(error) from None
        finally:
            with anyio.CancelScope(shield=True):
                await self.call(response.close if self.blocking else response.aclose)

    def _reader(self, response: Any) -> Callable[[], Awaitable[bytes | None]]:
        """Return a function that returns the next bytes of a body, decompressed, or None at its end."""
        from httpx2 import HTTPError, StreamError

        blocks = response.iter_bytes() if self.blocking else response.aiter_bytes()
        following = partial(next, blocks, None) if self.blocking else partial(anext, blocks, None)

        async def chunk() -> bytes | None:
            try:
                return await self.call(following)
            except (HTTPError, StreamError) as error:
                raise _broken(error) from None

        return chunk


def _is_whole(begun: bytes, *, streamed: bool) -> bool:
    """Return whether a body with this beginning is one response or an error; otherwise it is a stream of events."""
    begun = begun.removeprefix(BOM_UTF8)
    return begun.lstrip().startswith((b"{", b"[", b"<")) or not (streamed or _EVENTS.match(begun))


def _unbroken(events: Iterator[ServerEvent]) -> Iterator[ServerEvent]:
    try:
        yield from events
    except TooLargeError as error:
        raise _broken(error) from None


async def _hand_over(values: Sequence[object], receive: Callable[[object], Awaitable[None]]) -> bool:
    """Pass on the values that are events; return whether the stream has stated that it is complete."""
    for value in values:
        if value is DONE:
            return True
        if is_json(value):
            await receive(value)
    return False


def _broken(error: Exception) -> ResponseError:
    return ResponseError(f"the stream was cut off: {type(error).__name__}: {error}", BROKEN)
