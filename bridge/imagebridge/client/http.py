"""MCP over HTTP: Streamable HTTP through the SDK's transport, and the older HTTP+SSE, both without a size limit."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import anyio
import anyio.abc
import httpx2
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp.types import INTERNAL_ERROR, JSONRPCError, JSONRPCRequest, JSONRPCResponse, RequestId
from pydantic_core import from_json

from imagebridge.errors import BridgeError
from imagebridge.translate.sentences import location
from imagebridge.wire import is_json, text_of

from .config import HttpServer
from .http_bodies import BodyError, bound
from .http_errors import BUSY, LOST_BEHIND, SESSION_LOST, denies, error_message, forgets, retry_after
from .json_rpc import message, refusal, sound
from .long_events import LONG, LongEvents, Reader
from .resuming import is_sound

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.client._transport import TransportStreams

# Connecting takes seconds or fails. Reading has no limit here: tools take minutes, and event streams
# are silent for hours; each call has its own deadline.
_PATIENCE = httpx2.Timeout(30.0, read=None)


@dataclass(slots=True)
class ServerReplies:
    """A server's last answer: its status, 0 before the first one, and the text of a refusal."""

    status: int = 0
    words: str = ""

    async def heard(self, response: httpx2.Response) -> None:
        """Record the status and the error message of a response."""
        self.status, self.words = response.status_code, ""
        if response.is_error:
            self.words = error_message(response.headers.get("content-type", ""), await response.aread())

    def problem(self) -> str:
        """Explain the status to someone who wants to connect; empty if it is not an error."""
        if self.status < 400:
            return ""
        named = f"it returned {self.status} {_phrase(self.status)}"
        if self.words and self.words.casefold() != _phrase(self.status).casefold():
            named += f': "{self.words}"'
        if self.status in (401, 403):
            return f"{named}. Does it need a token? Pass HttpServer(url, headers=...) or, in a configuration, `headers`"
        return f"{named}. Is this the address of its MCP endpoint, such as https://host/mcp?"


def _phrase(status: int) -> str:
    return next((one.phrase for one in HTTPStatus if one == status), "(no standard status)")


def _options(server: HttpServer, exchange: ServerReplies) -> dict[str, Any]:
    return {
        "headers": dict(server.headers),
        "auth": server.auth,
        "timeout": _PATIENCE,
        "event_hooks": {"response": [bound, exchange.heard]},
    }


@asynccontextmanager
async def streamable(server: HttpServer, exchange: ServerReplies) -> "AsyncGenerator[TransportStreams]":
    """Use Streamable HTTP, with the server's own headers."""
    long_events = LongEvents()
    async with (
        Client(long_events, **_options(server, exchange)) as client,
        streamable_http_client(server.url, http_client=client) as (incoming, outgoing),
    ):
        yield Reader(incoming, long_events), outgoing


@asynccontextmanager
async def older(server: HttpServer, exchange: ServerReplies) -> "AsyncGenerator[TransportStreams]":
    """Use HTTP+SSE, the transport of protocol 2024-11-05: one stream of events, and a POST for each message.

    The SDK's own client for it cannot be configured to accept events of more than 1 MiB.

    Raises:
        httpx2.HTTPError: the server cannot be reached or refuses the stream.
        BridgeError: the server names no address to post to, or one on another origin.
    """
    arrived, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, leaving = anyio.create_memory_object_stream[SessionMessage](0)
    async with (
        httpx2.AsyncClient(**_options(server, exchange)) as client,
        client.sse(server.url, max_event_size=None) as events,
        anyio.create_task_group() as tasks,
        arrived,
        incoming,
        outgoing,
        leaving,
    ):
        events.response.raise_for_status()
        address = await tasks.start(_receive, server.url, events, arrived)
        tasks.start_soon(_send, client, address, leaving, arrived)
        yield incoming, outgoing
        tasks.cancel_scope.cancel()


async def _receive(
    url: str,
    events: httpx2.EventSource,
    arrived: "MemoryObjectSendStream[SessionMessage | Exception]",
    *,
    task_status: anyio.abc.TaskStatus[str],
) -> None:
    """Pass on each event as a message; the first one contains the address to post to."""
    named = False
    async with arrived:
        async for event in events:
            if event.event == "endpoint" and not named:
                task_status.started(_address(url, event.data))
                named = True
            elif event.event == "message" and event.data:
                await arrived.send(message(event.data.encode()))
    if not named:
        raise BridgeError(f"{location(url)} opened an event stream but did not name an address to post to")


def _address(url: str, data: str) -> str:
    """Return the address to post to, which must be on the server's own origin: headers and messages go there."""
    try:
        address = urljoin(url, data)
    except ValueError:
        raise BridgeError(
            f"{location(url)} wants messages posted to {data[:200]!r}, which is not an address"
        ) from None
    if urlsplit(address)[:2] != urlsplit(url)[:2]:
        raise BridgeError(f"{location(url)} wants messages posted to another origin, {location(address)}")
    return address


async def _send(
    client: httpx2.AsyncClient,
    address: str,
    leaving: "MemoryObjectReceiveStream[SessionMessage]",
    arrived: "MemoryObjectSendStream[SessionMessage | Exception]",
) -> None:
    """Post each message, in order; if a request is refused, the refusal becomes its answer."""
    async for item in leaving:
        body = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        response = await client.post(address, content=body, headers={"Content-Type": "application/json"})
        if response.is_error and isinstance(item.message, JSONRPCRequest):
            status = f"{response.status_code} {response.reason_phrase}".rstrip()
            words = error_message(response.headers.get("content-type", ""), response.content)
            why = f"the server answered the request with {status}" + (f": {words}" if words else "")
            # With this transport, the address identifies the session.
            lost = forgets(response.status_code, response.content)
            await arrived.send(refusal(item.message.id, why, SESSION_LOST if lost else INTERNAL_ERROR))


_NOTICE = 3.0
"""The time allowed, in seconds, for a server to accept a notification or the end of a session. The connection stays."""


_TRIES = 5
"""How often a request other than a tool call is sent again to a server that is too busy."""


_SHORT = 10_000
"""The maximum number of bytes of an error that are searched for words about sessions."""


_QUOTED = 200
"""The maximum number of characters quoted from a refusal's body."""


class Client(httpx2.AsyncClient):
    """Passes answers to the SDK's transport in a form that it can read. The exchanges of an `Auth` are left alone."""

    def __init__(self, long_events: LongEvents, **options: Any) -> None:
        super().__init__(**options)
        self._long_events = long_events

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request; a 4xx or 5xx or a malformed answer becomes the JSON-RPC error or result that it conveys."""
        number, method = _asked(request)
        if request.method == "DELETE":
            request.extensions["timeout"] = httpx2.Timeout(_NOTICE).as_dict()
        elif request.method == "POST" and number is None:
            # The transport writes nothing else until this is answered.
            with anyio.move_on_after(_NOTICE):
                return await super().send(request, **options)
            return httpx2.Response(HTTPStatus.ACCEPTED, request=request)
        try:
            return await self._answered(request, number, method, options)
        except BodyError as error:
            if number is None:
                raise
            refused = _dumped(refusal(number, f"the server {error}"))
            return httpx2.Response(
                HTTPStatus.OK, headers={"content-type": "application/json"}, content=refused, request=request
            )

    async def _answered(
        self, request: httpx2.Request, number: RequestId | None, method: str, options: Mapping[str, Any]
    ) -> httpx2.Response:
        response = await super().send(request, **options)
        pause = retry_after(response.status_code, response.headers)
        for _ in range(_TRIES):
            # Tool calls wait within their own deadlines (see request.py), everything else here.
            if pause is None or number is None or method == "tools/call":
                break
            await response.aclose()
            await anyio.sleep(pause)
            response = await super().send(request, **options)
            pause = retry_after(response.status_code, response.headers)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        session = "mcp-session-id" in request.headers
        if response.is_success and kind == "text/event-stream":
            return _with(
                response, kind, stream=_EventBody(response, number, self._long_events, session=session)
            )
        if number is None or not (response.is_error or (response.is_success and kind == "application/json")):
            return response
        try:
            body = await response.aread()
        finally:
            await response.aclose()
        if pause is not None:
            answer_message = refusal(number, _status(response, kind, body), BUSY, pause)
        elif response.is_error and session and forgets(response.status_code, body):
            answer_message = refusal(number, _status(response, kind, body), SESSION_LOST)
        elif response.is_success or _is_error(body):
            answer_message = _session_message(number, body, session=session)
        elif response.status_code == HTTPStatus.NOT_FOUND:
            return response  # The transport itself knows what this means, with and without a session.
        else:
            lost = response.status_code == HTTPStatus.BAD_GATEWAY
            code = LOST_BEHIND if lost else INTERNAL_ERROR
            answer_message = refusal(number, _status(response, kind, body), code)
        return _with(
            response, "application/json", content=body if answer_message is None else _dumped(answer_message)
        )


class _EventBody(httpx2.AsyncByteStream):
    """An event stream whose messages are repaired, each passed on as soon as it is complete."""

    def __init__(
        self, response: httpx2.Response, number: RequestId | None, long_events: LongEvents, *, session: bool
    ) -> None:
        self._response = response
        self._number = number
        self._long_events = long_events
        self._session = session

    async def __aiter__(self) -> AsyncIterator[bytes]:
        event: list[bytes] = []
        parts: list[bytes] = []
        carriage = b""
        try:
            async for chunk in self._response.aiter_bytes():
                text = carriage + chunk
                # The other half of a line end may follow.
                carriage = b"\r" if text.endswith(b"\r") else b""
                text = text.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                *ends, rest = text.split(b"\n")
                for end in ends:
                    line = b"".join([*parts, end])
                    parts.clear()
                    event.append(line)
                    if not line:
                        yield self._event(event)
                        event.clear()
                parts.append(rest)
        except BodyError as error:
            if self._number is None:
                raise
            yield b"data: " + _dumped(refusal(self._number, f"the server {error}")) + b"\n\n"
            return
        yield b"\n".join([*event, b"".join(parts)])

    def _event(self, lines: list[bytes]) -> bytes:
        """Return the bytes of an event with its message repaired; if it is not a message, the request gets an error."""
        lines = [line for line in lines if is_sound(line)]
        names = [line[6:].strip() for line in lines if line.startswith(b"event:")]
        data = b"\n".join(line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:"))
        is_long = len(data) > LONG
        if data and names[-1:] in ([], [b"message"]):
            answer_message = _lost_session(data, self._number) if self._session else None
            if answer_message is None and (is_long or not sound(data)):
                answer_message = message(data)
            if isinstance(answer_message, Exception) and self._number is not None:
                answer_message = _no_answer(self._number, data)
            if isinstance(answer_message, SessionMessage):
                others = [line for line in lines if line and not line.startswith(b"data:")]
                lines = [
                    *others,
                    b"data: " + _dumped(self._long_events.put(answer_message) if is_long else answer_message),
                    b"",
                ]
        return b"\n".join(lines) + b"\n"

    async def aclose(self) -> None:
        await self._response.aclose()


def _session_message(number: RequestId, body: bytes, *, session: bool) -> SessionMessage | None:
    """Return the message that an answer's body means, or None if the body already is that message."""
    if session and (lost := _lost_session(body, number)):
        return lost
    fields = sound(body)
    if fields and fields.get("id") == number:
        return None
    answer_message = message(body)
    if isinstance(answer_message, Exception):
        return _no_answer(number, body)
    if isinstance(answer_message.message, (JSONRPCError, JSONRPCResponse)):
        # Whatever id it has, it answers this request.
        answer_message.message.id = number
    return answer_message


def _lost_session(data: bytes, number: RequestId | None) -> SessionMessage | None:
    """Return the lost-session error if a message amounts to one. Such messages are short; results may be long."""
    if number is None or len(data) > _SHORT or b'"error"' not in data:
        return None
    try:
        fields: object = from_json(data)
    except ValueError:
        return None
    error = fields.get("error") if is_json(fields) else None
    if not is_json(fields) or fields.get("id") not in (number, None) or not is_json(error):
        return None
    code, words = error.get("code"), text_of(error, "message")
    return refusal(number, words, SESSION_LOST) if isinstance(code, int) and denies(code, words) else None


def _no_answer(number: RequestId, body: bytes) -> SessionMessage:
    return refusal(number, f"the answer is not JSON-RPC: {body[:_QUOTED].decode(errors='replace')!r}")


def _is_error(body: bytes) -> bool:
    answer_message = message(body)
    return isinstance(answer_message, SessionMessage) and isinstance(answer_message.message, JSONRPCError)


def _status(response: httpx2.Response, kind: str, body: bytes) -> str:
    """Return why a server refused a request."""
    status = f"the server returned {response.status_code} {response.reason_phrase}".rstrip()
    words = error_message(kind, body)
    return f"{status}: {words}" if words else status


def _asked(request: httpx2.Request) -> tuple[RequestId | None, str]:
    """Return the id and method of a JSON-RPC request, or None and an empty string for anything else."""
    if request.method != "POST":
        return None, ""
    fields: object = from_json(request.content)
    if not is_json(fields) or "method" not in fields:
        return None, ""
    number = fields.get("id")
    return number if isinstance(number, (int, str)) else None, text_of(fields, "method")


def _dumped(session_message: SessionMessage) -> bytes:
    """Return a message as JSON that the transport can read."""
    with suppress(ValueError):
        dumped = session_message.message.model_dump_json(by_alias=True, exclude_unset=True).encode()
        if sound(dumped):
            return dumped
    number = getattr(session_message.message, "id", None)
    if number is None:
        return b"{}"
    return _dumped(refusal(number, "the answer is an invalid result: it is nested too deeply to be read"))


def _with(response: httpx2.Response, kind: str, **body: Any) -> httpx2.Response:
    """Return a response with another body."""
    other_headers = {
        key: value
        for key, value in response.headers.items()
        if key not in ("content-encoding", "content-length")
    }
    return httpx2.Response(
        response.status_code,
        headers={**other_headers, "content-type": kind},
        request=response.request,
        extensions=response.extensions,
        **body,
    )
