"""The HTTP client under Streamable HTTP: answers are mended before the SDK reads them, and nothing is waited for in vain.

Over stdio the lines themselves are read leniently (see `lines`). Here the SDK's transport reads the bodies, strictly
(mcp 2.3, 2026-11), so that half a surrogate, a result that is a bare text, or bytes that are no UTF-8 would lose the
whole answer; and it tells no status of a refusal.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import anyio
import httpx2
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCError, JSONRPCResponse, RequestId
from pydantic_core import from_json

from imagebridge.wire import is_json, text_of

from .http_errors import SESSION_LOST, denies, forgets, said
from .json_lines import message, refusal, sound
from .long_messages import LONG, Held

_NOTICE = 3.0
"""Seconds that a server has to take a notification, or the end of a session; the connection goes on without."""

_SHORT = 10_000
"""Bytes of an error that is looked at for what it says of sessions."""

_QUOTED = 200
"""Characters of a refusal's body that are told."""


class Client(httpx2.AsyncClient):
    """Gives the SDK's transport answers that it can read. What an `Auth` sends and gets is left alone."""

    def __init__(self, held: Held, **options: Any) -> None:
        super().__init__(**options)
        self._held = held

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request; a 4xx or 5xx, or a malformed answer, becomes the JSON-RPC error or the result that it tells."""
        number = _number(request)
        if request.method == "DELETE":
            request.extensions["timeout"] = httpx2.Timeout(_NOTICE).as_dict()
        elif request.method == "POST" and number is None:
            # The transport writes nothing else until this is answered.
            with anyio.move_on_after(_NOTICE):
                return await super().send(request, **options)
            return httpx2.Response(HTTPStatus.ACCEPTED, request=request)
        response = await super().send(request, **options)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        session = "mcp-session-id" in request.headers
        if response.is_success and kind == "text/event-stream":
            return _with(response, kind, stream=_Events(response, number, self._held, session=session))
        if number is None or not (response.is_error or (response.is_success and kind == "application/json")):
            return response
        try:
            body = await response.aread()
        finally:
            await response.aclose()
        if response.is_error and session and forgets(response.status_code, body):
            made = refusal(number, _status(response, kind, body), SESSION_LOST)
        elif response.is_success or _is_error(body):
            made = _answer(number, body, session=session)
        elif response.status_code == HTTPStatus.NOT_FOUND:
            return response  # The transport itself knows what it means, with a session and without.
        else:
            made = refusal(number, _status(response, kind, body))
        return _with(response, "application/json", content=body if made is None else _dumped(made))


class _Events(httpx2.AsyncByteStream):
    """A stream of events whose messages are mended, each passed on as soon as it is whole."""

    def __init__(
        self, response: httpx2.Response, number: RequestId | None, held: Held, *, session: bool
    ) -> None:
        self._response = response
        self._number = number
        self._held = held
        self._session = session

    async def __aiter__(self) -> AsyncIterator[bytes]:
        event: list[bytes] = []
        parts: list[bytes] = []
        carriage = b""
        async for chunk in self._response.aiter_bytes():
            text = carriage + chunk
            # The other half of a line's end may follow.
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
        yield b"\n".join([*event, b"".join(parts)])

    def _event(self, lines: list[bytes]) -> bytes:
        """Return the bytes of an event, its message mended; one that is none answers the request it came for."""
        names = [line[6:].strip() for line in lines if line.startswith(b"event:")]
        data = b"\n".join(line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:"))
        is_long = len(data) > LONG
        if data and names[-1:] in ([], [b"message"]):
            made = _lost(data, self._number) if self._session else None
            if made is None and (is_long or not sound(data)):
                made = message(data)
            if isinstance(made, Exception) and self._number is not None:
                made = _no_answer(self._number, data)
            if isinstance(made, SessionMessage):
                others = [line for line in lines if line and not line.startswith(b"data:")]
                lines = [*others, b"data: " + _dumped(self._held.put(made) if is_long else made), b""]
        return b"\n".join(lines) + b"\n"

    async def aclose(self) -> None:
        await self._response.aclose()


def _answer(number: RequestId, body: bytes, *, session: bool) -> SessionMessage | None:
    """Return what the body of an answer means, None where it says so itself."""
    if session and (lost := _lost(body, number)):
        return lost
    told = sound(body)
    if told and told.get("id") == number:
        return None
    made = message(body)
    if isinstance(made, Exception):
        return _no_answer(number, body)
    if isinstance(made.message, (JSONRPCError, JSONRPCResponse)):
        # Whatever number it has, it answers this request.
        made.message.id = number
    return made


def _lost(data: bytes, number: RequestId | None) -> SessionMessage | None:
    """Return the error of a lost session where a message means one. It is short; results may be long."""
    if number is None or len(data) > _SHORT or b'"error"' not in data:
        return None
    try:
        told: object = from_json(data)
    except ValueError:
        return None
    error = told.get("error") if is_json(told) else None
    if not is_json(told) or told.get("id") not in (number, None) or not is_json(error):
        return None
    code, words = error.get("code"), text_of(error, "message")
    return refusal(number, words, SESSION_LOST) if isinstance(code, int) and denies(code, words) else None


def _no_answer(number: RequestId, body: bytes) -> SessionMessage:
    return refusal(number, f"the answer is no JSON-RPC: {body[:_QUOTED].decode(errors='replace')!r}")


def _is_error(body: bytes) -> bool:
    made = message(body)
    return isinstance(made, SessionMessage) and isinstance(made.message, JSONRPCError)


def _status(response: httpx2.Response, kind: str, body: bytes) -> str:
    """Say what a server refused a request with."""
    status = f"the server answered {response.status_code} {response.reason_phrase}".rstrip()
    words = said(kind, body)
    return f"{status}: {words}" if words else status


def _number(request: httpx2.Request) -> RequestId | None:
    """Return the number of a JSON-RPC request, None for whatever else is sent."""
    if request.method != "POST":
        return None
    asked: object = from_json(request.content)
    number = asked.get("id") if is_json(asked) and "method" in asked else None
    return number if isinstance(number, (int, str)) else None


def _dumped(made: SessionMessage) -> bytes:
    """Return a message as JSON that the transport can read."""
    with suppress(ValueError):
        dumped = made.message.model_dump_json(by_alias=True, exclude_unset=True).encode()
        if sound(dumped):
            return dumped
    number = getattr(made.message, "id", None)
    if number is None:
        return b"{}"
    return _dumped(refusal(number, "the answer is an invalid result: it nests too deep to be read"))


def _with(response: httpx2.Response, kind: str, **body: Any) -> httpx2.Response:
    """Return a response with another body."""
    kept = {
        key: value
        for key, value in response.headers.items()
        if key not in ("content-encoding", "content-length")
    }
    return httpx2.Response(
        response.status_code,
        headers={**kept, "content-type": kind},
        request=response.request,
        extensions=response.extensions,
        **body,
    )
