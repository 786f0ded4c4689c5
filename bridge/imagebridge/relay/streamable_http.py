"""The relay as a server at a URL: MCP's Streamable HTTP, in both generations of the protocol."""

import re
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp.server.transport_security import RequestBodyLimitMiddleware, TransportSecurityMiddleware
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    InboundLadderRejection,
    classify_inbound_request,
    find_duplicated_routing_header,
)
from mcp.types import HEADER_MISMATCH, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from imagebridge.client.json_bytes import has_too_many_values, paired_escapes
from imagebridge.wire import JSON, is_json, text_of

from .http_session import HostSession
from .http_stream import Stream, until_gone
from .json_rpc import Unreadable, messages, one_line, read_line, written
from .listening import Sites
from .relay import Relay
from .transports import HostStream

PATH = "/mcp"

_VERSION = "mcp-protocol-version"
_SESSION = "mcp-session-id"

_EVENT_NUMBER = re.compile("[0-9]{1,15}")

_MOST_BODY = 64_000_000
"""The maximum size of a request in bytes: arguments may contain pictures too."""

_MOST_SESSIONS = 64
"""The maximum number of concurrent sessions. Each has its own server, usually a process."""

_RESUMABLE = "2025-11-25"
"""The first version whose hosts accept events without a message, which tell them how to reconnect."""

_PATIENCE = 15.0
"""The seconds in which an answer is sent as a plain body; then a stream is opened, so that no proxy times out."""


class _RequestRefused(Exception):
    """A request that is answered at once, with a status and a JSON-RPC error."""

    def __init__(
        self, status: int, code: int, message: str, number: object = None, data: object = None
    ) -> None:
        super().__init__(message)
        error = {"code": code, "message": message} | ({} if data is None else {"data": data})
        self.response = _response(written({"jsonrpc": "2.0", "id": number, "error": error}).strip(), status)


class HttpRelay:
    """An ASGI application that serves sessions, each with its own relay.

    relay: creates the relay of a session, given the stream to its host. sites: which host names and pages are allowed.
    """

    def __init__(self, relay: Callable[[HostStream], Relay], sites: Sites) -> None:
        self._relay = relay
        self._sites = sites
        self._media_types = TransportSecurityMiddleware()
        self._sessions: dict[str, HostSession] = {}
        self._shared: HostSession | None = None
        limited: Any = RequestBodyLimitMiddleware(self._serve, _MOST_BODY)
        self.app = Starlette(routes=[Route(PATH, endpoint=_Application(limited))], lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncGenerator[None]:
        async with anyio.create_task_group() as self._tasks:
            yield
            self._tasks.cancel_scope.cancel()

    def close(self) -> None:
        """End the streams that never end on their own, so that connections can be closed."""
        for session in self._sessions.values():
            session.own.end()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        serve = {"POST": self._post, "GET": self._get, "DELETE": self._delete}.get(request.method)
        try:
            host, origin = (request.headers.get(name, "") for name in ("host", "origin"))
            refused = self._sites.refusal(host, origin) or await self._media_types.validate_request(
                request, request.method == "POST"
            )
            if refused:
                await refused(scope, receive, send)
            elif serve is None:
                await Response(status_code=405, headers={"Allow": "GET, POST, DELETE"})(scope, receive, send)
            else:
                await serve(request, send)
        except _RequestRefused as refusal:
            await refusal.response(scope, receive, send)
        except ClientDisconnect:  # Nobody is left to answer.
            return

    # POST: messages from a host.

    async def _post(self, request: Request, send: Send) -> None:
        _accepting(request, "application/json", "text/event-stream")
        body = paired_escapes(await request.body())
        message, _ = read_line(body)
        if isinstance(message, Unreadable):
            wrong = INVALID_REQUEST if body.strip()[:1] in (b"{", b"[") and _is_json(body) else PARSE_ERROR
            number = message.deep.get("id") if message.deep else None
            why = (
                "is nested too deeply or has too many values to be read"
                if message.deep
                else "is not a JSON-RPC 2.0 message"
            )
            raise _RequestRefused(400, wrong, f"the body {why}", number)
        said = messages(message)
        line = one_line(body)
        if request.headers.get(_VERSION, _RESUMABLE) not in HANDSHAKE_PROTOCOL_VERSIONS:
            if not is_json(message) or "method" not in message:
                raise _RequestRefused(
                    400, INVALID_REQUEST, "since 2026-07-28 the body must be a single request or notification"
                )
            await self._exchange(request, line, message, send)
        else:
            await self._in_session(request, line, said, send)

    async def _exchange(self, request: Request, line: bytes, message: JSON, send: Send) -> None:
        """Serve a request of 2026-07-28, which is independent of others."""
        if "id" not in message:
            # The protocol has none, and a host must not cancel what another requested.
            await Response(status_code=202)(request.scope, request.receive, send)
            return
        _checked(request, message)
        if message["method"] == "initialize":
            # It would make the server that all share speak to only one host.
            version = request.headers.get(_VERSION)
            raise _RequestRefused(
                404, METHOD_NOT_FOUND, f"protocol {version} does not have `initialize`", message["id"]
            )
        if self._shared is None or self._shared.ended:
            self._shared = await self._opened(shared=True)
        session = self._shared
        session.hold()
        try:
            stream = await session.ask(line, [message])
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_cancelled_when_gone, request.receive, tasks.cancel_scope)
                body = await stream.body(_PATIENCE)
                if body is None:
                    await stream.events(send, [], lasting=False)
                else:
                    await _response(body, _status(stream.last))(request.scope, request.receive, send)
                tasks.cancel_scope.cancel()
            if stream.over:
                session.left(stream)
            else:
                await session.give_up(stream)
        finally:
            session.release()

    async def _in_session(self, request: Request, line: bytes, said: Sequence[JSON], send: Send) -> None:
        """Serve the messages of a host that has performed a handshake or is performing one (up to 2025-11-25)."""
        asked = [one for one in said if "method" in one and "id" in one]
        opens = any(text_of(one, "method") == "initialize" for one in asked)
        if opens and _SESSION not in request.headers:
            session = await self._opened()
        else:
            session = self._session(request)
        session.hold()
        try:
            if not asked:
                await self._pass_on(request, session, line, send)
                return
            for one in asked:
                if session.in_use(one["id"]):
                    raise _RequestRefused(
                        400,
                        INVALID_REQUEST,
                        f"a request with the id {one['id']!r} is already waiting for its answer",
                        one["id"],
                    )
            stream = await session.ask(line, asked)
            version = request.headers.get(_VERSION, "")
            if opens:
                params = asked[0].get("params")
                version = text_of(params, "protocolVersion") if is_json(params) else ""
            await self._stream(request, session, stream, send, lasting=version >= _RESUMABLE)
            if opens and stream.over and "error" in stream.last:
                session.end()
        finally:
            session.release()

    async def _pass_on(self, request: Request, session: HostSession, line: bytes, send: Send) -> None:
        try:
            await session.hear(line)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise _unknown_session() from None
        await Response(status_code=202)(request.scope, request.receive, send)

    # GET and DELETE: streams, and the end of a session.

    async def _get(self, request: Request, send: Send) -> None:
        _accepting(request, "text/event-stream")
        session = self._session(request)
        name, _, number = request.headers.get("last-event-id", "").partition("-")
        stream = session.stream(name) if name else session.own
        if stream is None or (name and not _EVENT_NUMBER.fullmatch(number)):
            raise _RequestRefused(
                404, INVALID_REQUEST, "the stream that contained this event has ended, and all of it was sent"
            )
        session.hold()
        try:
            after = int(number) if name else None
            await self._stream(request, session, stream, send, after=after, lasting=True)
        finally:
            session.release()

    async def _stream(
        self,
        request: Request,
        session: HostSession,
        stream: Stream,
        send: Send,
        *,
        after: int | None = None,
        lasting: bool,
    ) -> None:
        headers = [(_SESSION.encode(), session.name.encode())]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_cancelled_when_gone, request.receive, tasks.cancel_scope)
            await stream.events(send, headers, after=after, lasting=lasting)
            tasks.cancel_scope.cancel()
        session.left(stream)

    async def _delete(self, request: Request, send: Send) -> None:
        session = self._session(request)
        del self._sessions[session.name]
        session.end()
        await Response(status_code=200)(request.scope, request.receive, send)

    # Sessions.

    async def _opened(self, *, shared: bool = False) -> HostSession:
        self._sessions = {name: one for name, one in self._sessions.items() if not one.ended}
        if len(self._sessions) >= _MOST_SESSIONS and not shared:
            raise _RequestRefused(
                503,
                INVALID_REQUEST,
                f"{_MOST_SESSIONS} sessions are open, which is the limit; try again later",
            )
        session = HostSession(secrets.token_urlsafe(24), self._relay, shared=shared)
        if not shared:
            self._sessions[session.name] = session
        self._tasks.start_soon(session.run)
        return session

    def _session(self, request: Request) -> HostSession:
        """Return the session that a request names.

        Raises:
            _RequestRefused: the request names no session, or one that has ended.
        """
        name = request.headers.get(_SESSION)
        if name is None:
            raise _RequestRefused(
                400,
                INVALID_REQUEST,
                f"the header {_SESSION} is missing; send the one from the answer to `initialize`",
            )
        session = self._sessions.get(name)
        if session is None or session.ended:
            raise _unknown_session()
        return session


class _Application:
    """An ASGI application as an object, to which Starlette passes every method."""

    def __init__(self, application: Callable[[Scope, Receive, Send], Any]) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)


async def _cancelled_when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    await until_gone(receive)
    scope.cancel()


def _accepting(request: Request, *kinds: str) -> None:
    """Refuse a host that accepts none of these kinds of answers (transports, Streamable HTTP)."""
    taken = [one.partition(";")[0].strip() for one in request.headers.get("accept", "").lower().split(",")]
    for kind in kinds:
        if not {kind, f"{kind.partition('/')[0]}/*", "*/*"} & set(taken):
            raise _RequestRefused(406, INVALID_REQUEST, f"the header Accept must name {' and '.join(kinds)}")


def _checked(request: Request, message: JSON) -> None:
    """Refuse a request of 2026-07-28 that its headers contradict. The server decides whether its version is known.

    Raises:
        _RequestRefused: the headers are wrong.
    """
    number = message.get("id")
    if name := find_duplicated_routing_header(request.headers.items()):
        raise _RequestRefused(400, HEADER_MISMATCH, f"the header {name} appears more than once", number)
    version = request.headers.get(_VERSION, "")
    found = classify_inbound_request(
        dict(message), headers=dict(request.headers), supported_modern_versions=[version]
    )
    if isinstance(found, InboundLadderRejection):
        raise _RequestRefused(400, found.code, found.message, number, found.data)


def _status(said: JSON) -> int:
    """Return the HTTP status for an answer: since 2026-07-28, some errors have their own."""
    error = said.get("error")
    code = error.get("code") if is_json(error) else None
    return ERROR_CODE_HTTP_STATUS.get(code, 200) if isinstance(code, int) else 200


def _response(body: bytes, status: int) -> Response:
    return Response(body, status, media_type="application/json")


def _unknown_session() -> _RequestRefused:
    return _RequestRefused(
        404, INVALID_REQUEST, "there is no such session, or it has ended; `initialize` opens a new one"
    )


def _is_json(body: bytes) -> bool:
    import json

    if has_too_many_values(body):
        return False
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
