"""create_app: the server as an ASGI application, over MCP's Streamable HTTP in both generations of the protocol.

Requests do not depend on each other (2025-11-25 and before: without sessions), so any replica can answer any of them.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import anyio
from mcp.server import MCPServer
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.authentication import AuthenticationError
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from imagebridge.relay.listening import is_foreign, is_loopback, local_security
from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings
from imagebridge_tools.files.source import FILE_SIZE

from .admission import TURNS, FullError, RequestPlaces, TakingTurns, WorkTurns, cores
from .caller_servers import CallerServers
from .callers import HttpCaller, callers
from .repeated_calls import RepeatedCalls
from .request_log import Noting, RequestLog, record_of

PATH = "/mcp"

_MOST_BODY = FILE_SIZE * 4 // 3 + 1_000_000
"""The most bytes of a request: a file as a `data:` URL, and what surrounds it."""

_BODY_SECONDS = 60.0
"""Seconds within which a request must arrive; after that it loses its place."""


_RETRY = 1
"""Seconds after which a request that found no place should try again."""


_LOCAL_PAGES = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
"""Origins of pages on this machine."""


class _SlowBodyError(Exception):
    """A request that took too long to arrive."""


def create_app(settings: Settings | None = None) -> Starlette:
    """Build the server as an ASGI application: MCP at /mcp, health checks at /healthz and /readyz.

    Without authentication, only this machine is answered. Its lifespan must be run, as every ASGI server
    does; if it is mounted in another application, that application must run it.

    Args:
        settings: what the server may do, and who may call it. None: no files, and only this machine.

    Raises:
        SettingsError: the token file or the issuer is not valid.
    """
    return _HttpApplication(settings or Settings()).app


class _HttpApplication:
    """The endpoints, and what they share."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._callers = callers(settings)
        self._open = settings.no_auth or self._callers.verifier is not None
        public = urlsplit(settings.public_url or "")
        checks = bool(public.hostname) or not self._open
        self._security = TransportSecurityMiddleware(
            local_security(*([public.hostname] if public.hostname else []), checks=checks)
        )
        origins = self._security.settings.allowed_origins
        origins += [f"{public.scheme}://{public.netloc}"] if public.netloc else []
        origins += settings.origins
        self._servers = CallerServers(self._built)
        self._places = RequestPlaces()
        self._turns = WorkTurns(TURNS * cores())
        self._known: Any = self._placed
        metadata: list[Route] = []
        if self._callers.verifier:
            place = None
            if settings.jwt:
                url = AnyHttpUrl(settings.public_url or "")
                place = build_resource_metadata_url(url)
                scopes = list(settings.scopes) or None
                # Exactly as written: clients compare it with the issuer's own metadata (RFC 8414, 3.3), and AnyHttpUrl alone
                # would add a slash.
                issuer: Any = settings.jwt
                metadata = create_protected_resource_routes(url, [issuer], scopes)
            asked = AuthContextMiddleware(RequireAuthMiddleware(self._known, list(settings.scopes), place))
            backend = BearerAuthBackend(self._callers.verifier)
            self._known = AuthenticationMiddleware(asked, backend=backend, on_error=_unverified)
        self._ready = self._ended = False
        self.app = Starlette(
            routes=[
                Route(PATH, endpoint=_Asgi(self._serve), middleware=[_pages(settings.origins)]),
                Route("/healthz", self._health),
                Route("/readyz", self._readiness),
                *metadata,
            ],
            middleware=[Middleware(RequestLog)],
            lifespan=self._lifespan,
        )
        self.app.state.end = self.end

    def _built(self, caller: HttpCaller) -> MCPServer[Any]:
        """Return a caller's server, with a session manager that is ready to run."""
        for folder in caller.settings.allow_write:
            folder.mkdir(mode=0o700, exist_ok=True)
        # What a caller is told must not depend on the replica that answers: nothing here changes by itself.
        server = build_server(caller.settings, tells_changes=False)
        tools = frozenset(tool.name for tool in server._tool_manager.list_tools())  # pyright: ignore[reportPrivateUsage]
        repeated = RepeatedCalls(caller.settings.places.store, caller.settings.host)
        server.middleware[:0] = [Noting(tools), repeated, TakingTurns(self._turns, caller.name)]
        server.streamable_http_app(
            streamable_http_path=PATH,
            json_response=self._settings.json_response,
            stateless_http=True,
            max_request_body_size=_MOST_BODY,
            # What it checks has already been checked (see `_refused`).
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        return server

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncGenerator[None]:
        async with self._servers.running():
            # The first caller should not wait for everything that is loaded then.
            async with self._servers.of(HttpCaller("", Settings())):
                pass
            self._ready = True
            yield
            self.end()

    def end(self) -> None:
        """Say that no further requests should come here; those in progress are answered."""
        self._ended = True

    # Health checks.

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _readiness(self, _: Request) -> Response:
        if self._ready and not self._ended:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "ending" if self._ended else "starting"}, status_code=503)

    # MCP.

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        refused = await self._refused(request)
        if refused:
            await refused(scope, receive, send)
            return
        try:
            await self._known(scope, _in_time(receive), send)
        except _SlowBodyError:
            words = f"the body did not arrive within {_BODY_SECONDS:.0f} seconds"
            await _refusal(408, words, Connection="close")(scope, receive, send)

    async def _refused(self, request: Request) -> Response | None:
        """Return the answer for requests that are not authorised or not meant for this server."""
        client = request.client
        if not self._open and client and not is_loopback(client.host):
            return _refusal(
                403, "this server does not authenticate callers, so it answers only its own machine"
            )
        if request.method != "POST":
            # Without sessions there is nothing to listen to, and nothing to end (2025-11-25, transports).
            return Response(status_code=405, headers={"Allow": "POST"})
        if refused := await self._security.validate_request(request, is_post=True):
            return refused
        if is_foreign(request) and request.headers["origin"] not in self._settings.origins:
            return Response("Invalid Origin header", status_code=403)
        return None

    async def _placed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request of an identified caller, if there is a place for it."""
        user = scope.get("user")
        caller = self._callers.of(user.access_token if isinstance(user, AuthenticatedUser) else None)
        record_of(scope).caller = caller.name

        try:
            with self._places.taken(caller.name, caller.settings.calls, _body_size(scope)):
                async with self._servers.of(caller) as manager:
                    await manager.handle_request(scope, receive, send)
        except FullError as error:
            await _refusal(429, str(error), **{"Retry-After": str(_RETRY)})(scope, receive, send)


class _Asgi:
    """An ASGI application as an object, to which Starlette passes every method."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)


def _pages(origins: Sequence[str]) -> Middleware:
    """Return the middleware that lets browsers show answers to the pages that may send requests.

    This follows the SDK's pages on browser-based clients (2026-11); without sessions there are fewer headers to read.
    """
    return Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_origin_regex=_LOCAL_PAGES,
        allow_methods=["POST"],
        allow_headers=["*"],
        expose_headers=["WWW-Authenticate", "Retry-After"],
    )


def _unverified(_: HTTPConnection, error: AuthenticationError) -> Response:
    return _refusal(503, str(error), **{"Retry-After": "5"})


def _refusal(status: int, words: str, **headers: str) -> Response:
    return JSONResponse({"error": words}, status_code=status, headers=headers)


def _body_size(scope: Scope) -> int:
    """Return how many bytes a request announces; one that does not may have as many as are allowed."""
    told = Headers(scope=scope).get("content-length", "")
    return min(int(told), _MOST_BODY) if told.isdecimal() else _MOST_BODY


def _in_time(receive: Receive) -> Receive:
    """Return a receiver that waits a limited time for a request's body, but any time for its end."""
    deadline = anyio.current_time() + _BODY_SECONDS
    complete = False

    async def received() -> Message:
        nonlocal complete
        if complete:
            return await receive()
        with anyio.move_on_after(deadline - anyio.current_time()):
            message = await receive()
            complete = not message.get("more_body", False)
            return message
        raise _SlowBodyError

    return received
