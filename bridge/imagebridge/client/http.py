"""MCP over HTTP: Streamable HTTP through the SDK's transport, without a size limit."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    JSONRPCError,
    JSONRPCResponse,
    RequestId,
)
from pydantic_core import from_json

from imagebridge.errors import BridgeError
from imagebridge.wire import is_json, text_of

from .config import HttpServer
from .http_bodies import EVENTS, BodyError, media_type
from .http_connections import client_options
from .http_errors import LOST, LOST_STATUSES, SESSION_LOST, denies, retry_after
from .http_failures import failure, is_of_auth
from .http_refusals import not_now, refused
from .http_replies import ASKS, ServerReplies
from .json_rpc import message, messages, refusal, sound
from .long_events import LONG, LongEvents, Reader
from .resuming import is_sound

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

_LOG = logging.getLogger(__name__)


@asynccontextmanager
async def streamable(server: HttpServer, exchange: ServerReplies) -> "AsyncGenerator[TransportStreams]":
    """Use Streamable HTTP, with the server's own headers."""
    long_events = LongEvents()
    async with (
        Client(long_events, auth=server.auth, **client_options(server.headers, exchange.heard)) as client,
        streamable_http_client(server.url, http_client=client) as (incoming, outgoing),
    ):
        yield Reader(incoming, long_events), outgoing


_NOTICE = 3.0
"""The time allowed, in seconds, for a server to accept a notification or the end of a session. The connection stays."""


_TRIES = 5
"""The number of times that a request other than a tool call is sent again to a busy server."""


_PATIENT = 30.0
"""The maximum wait for such a request, in seconds."""


_OPENING = ("server/discover", "initialize")
"""The methods that open a connection."""


_SHORT = 10_000
"""The maximum number of bytes of an error that are searched for words about sessions."""


_QUOTED = 200
"""The maximum number of characters quoted from a refusal's body."""


class Client(httpx2.AsyncClient):
    """Passes answers to the SDK's transport in a form that it can read. The exchanges of an `Auth` are left alone."""

    def __init__(self, long_events: LongEvents, **options: Any) -> None:
        super().__init__(**options)
        self._long_events = long_events

    @property
    def _has_auth(self) -> bool:
        return self.auth is not None

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request; whatever comes instead of an answer becomes the JSON-RPC error that it means.

        An exception would end the transport, and with it all other calls. It is raised only while connecting, so that the
        SDK does not try an older version of the protocol with a server that cannot be reached.
        """
        await request.aread()  # One that follows a redirect is not read yet.
        number, method = _asked(request)
        request.extensions[ASKS] = number is not None
        if request.method == "DELETE":
            request.extensions["timeout"] = httpx2.Timeout(_NOTICE).as_dict()
        elif request.method == "POST" and number is None:
            return await self._notified(request, options)
        try:
            return await self._answered(request, number, method, options)
        except BodyError as error:
            if number is None:
                raise
            return _error_response(request, refusal(number, f"the server {error}"))
        except Exception as error:
            code, words = failure(error, request.url, has_auth=self._has_auth)
            if method in _OPENING and self._has_auth and is_of_auth(error, request.url):
                raise BridgeError(words) from error
            if number is None or method in _OPENING:
                raise
            _LOG.debug("%s was not answered", method, exc_info=True)
            return _error_response(request, refusal(number, words, code))

    async def _notified(self, request: httpx2.Request, options: Mapping[str, Any]) -> httpx2.Response:
        """Send a message that has no answer. The transport writes nothing else in the meantime."""
        try:
            with anyio.move_on_after(_NOTICE):
                return await super().send(request, **options)
        except Exception:  # noqa: BLE001  # an `Auth` may raise anything; the next request says what is wrong
            _LOG.debug("a notification was not accepted", exc_info=True)
        return httpx2.Response(HTTPStatus.ACCEPTED, request=request)

    async def _repeated(self, request: httpx2.Request, options: Mapping[str, Any]) -> httpx2.Response:
        """Send a request that changes nothing: again while the server is too busy, and once more if its answer is lost."""
        is_lost = False
        for _ in range(_TRIES):
            try:
                response = await super().send(request, **options)
                if media_type(response) != EVENTS:
                    # It may break off after its head.
                    await response.aread()
            except BodyError:
                raise
            except httpx2.RequestError as error:
                if is_lost or failure(error, request.url, has_auth=self._has_auth)[0] != LOST:
                    raise
                is_lost = True
                continue
            pause = retry_after(response.status_code, response.headers)
            if pause is not None and pause <= _PATIENT:
                await response.aclose()
                await anyio.sleep(pause)
            elif response.status_code in LOST_STATUSES and not is_lost:
                is_lost = True
                await response.aclose()
            else:
                return response
        return await super().send(request, **options)

    async def _answered(
        self, request: httpx2.Request, number: RequestId | None, method: str, options: Mapping[str, Any]
    ) -> httpx2.Response:
        if number is None or method == "tools/call":
            # Tool calls are repeated within their own deadlines, and only if that can do no harm (see request.py).
            response = await super().send(request, **options)
        else:
            response = await self._repeated(request, options)
        kind = media_type(response)
        session = "mcp-session-id" in request.headers
        if response.is_success and kind == EVENTS:
            return _with(
                response, kind, stream=_EventBody(response, number, self._long_events, session=session)
            )
        is_other = not (response.is_error or response.is_success)
        if number is None or (is_other and (method in _OPENING or _stays(response))):
            return response
        try:
            body = await response.aread()
        finally:
            await response.aclose()
        if response.is_success and kind == "application/json":
            answer_message = _session_message(number, body, session=session)
        else:
            answer_message = _meaning(response, number, method, kind, body, session=session)
        return _with(
            response, "application/json", content=body if answer_message is None else _dumped(answer_message)
        )


def _stays(response: httpx2.Response) -> bool:
    """Return whether a redirect keeps the method and the place: the transport follows it, or warns that it leaves HTTPS."""
    following, asked = response.next_request, response.request
    if following is None or following.method != asked.method:
        return False
    return (following.url.host, following.url.port) == (asked.url.host, asked.url.port)


def _error_response(request: httpx2.Request, answer_message: SessionMessage) -> httpx2.Response:
    """Return the answer of a server that could have said it itself."""
    headers = {"content-type": "application/json"}
    return httpx2.Response(HTTPStatus.OK, headers=headers, content=_dumped(answer_message), request=request)


def _meaning(
    response: httpx2.Response, number: RequestId, method: str, kind: str, body: bytes, *, session: bool
) -> SessionMessage | None:
    """Return what a response without a result means, or None if its body says it."""
    if (answer_message := not_now(number, response, body, session=session)) is not None:
        return answer_message
    if _is_error(body):
        return _session_message(number, body, session=session)
    status = response.status_code
    if response.is_success:
        what = f"{status} with {kind or 'a body of no type'}" if body else f"{status} without a body"
        words = f"the server returned {what}, which is not an MCP answer; something in between, such as a login page, may have sent it"
        return refusal(number, words, INVALID_REQUEST)
    if status == HTTPStatus.NOT_FOUND and method != "tools/call":
        # What an address without sessions says of a method that it does not know.
        return refusal(number, "Not Found", METHOD_NOT_FOUND)
    return refused(number, response, body, is_call=method == "tools/call")


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
        if data and names[-1:] in ([], [b"message"]) and (found := self._replaced(data)):
            is_long = len(data) > LONG
            *before, last = [
                b"data: " + _dumped(self._long_events.put(one) if is_long else one) for one in found
            ]
            others = [line for line in lines if line and not line.startswith(b"data:")]
            # The event has been read, as its id says, only after the last one.
            lines = [*(line for one in before for line in (one, b"")), *others, last, b""]
        return b"\n".join(lines) + b"\n"

    def _replaced(self, data: bytes) -> list[SessionMessage]:
        """Return the messages in an event, or an empty list if it passes unchanged."""
        lost = _lost_session(data, self._number) if self._session else None
        if lost is not None:
            return [lost]
        if len(data) <= LONG and sound(data):
            return []
        found = [one for one in messages(data) if isinstance(one, SessionMessage)]
        if self._number is None:
            return found
        # The transport gives any answer this request's number, so those of a batch to other requests are left out.
        answer = _answer_among([*found], self._number)
        found = [
            one
            for one in found
            if one.message is answer or not isinstance(one.message, (JSONRPCError, JSONRPCResponse))
        ]
        return found or [_no_answer(self._number, data)]

    async def aclose(self) -> None:
        await self._response.aclose()


def _session_message(number: RequestId, body: bytes, *, session: bool) -> SessionMessage | None:
    """Return the message that an answer's body means, or None if the body already is that message."""
    if session and (lost := _lost_session(body, number)):
        return lost
    fields = sound(body)
    if fields and fields.get("id") == number and "method" not in fields:
        return None
    # The body can be replaced by one message, so the others of a batch are lost.
    answer = _answer_among(messages(body), number)
    if answer is None:
        return _no_answer(number, body)
    # Whatever id it has, it answers this request.
    answer.id = number
    return SessionMessage(answer)


def _answer_among(
    found: list[SessionMessage | Exception], number: RequestId
) -> JSONRPCError | JSONRPCResponse | None:
    """Return the answer to a request: the one with its number, or else the first."""
    answers = [
        one.message
        for one in found
        if isinstance(one, SessionMessage) and isinstance(one.message, (JSONRPCError, JSONRPCResponse))
    ]
    return next((one for one in answers if one.id == number), answers[0] if answers else None)


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
    """Return a response with a different body."""
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
