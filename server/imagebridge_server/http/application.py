"""create_app: the server as an ASGI application, over MCP's Streamable HTTP in both generations of the protocol.

No request depends on another (2025-11-25 and before: without sessions), so any replica answers any of them.
"""

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
from mcp.server import MCPServer
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from pydantic import AnyHttpUrl
from sse_starlette.sse import AppStatus
from starlette.applications import Starlette
from starlette.authentication import AuthenticationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from imagebridge.relay.listening import LOCAL_PAGES, Address, Sites, is_loopback
from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings
from imagebridge_tools.apart import WorkShare
from imagebridge_tools.files.source import FILE_SIZE

from .admission import (
    TURNS,
    FullError,
    RequestPlace,
    RequestPlaces,
    TakingTurns,
    WorkTurns,
    cores,
    share,
    working_on_all_cores,
)
from .caller_servers import CallerServers
from .callers import HttpCaller, callers
from .repeated_calls import RepeatedCalls
from .request_log import Noting, RequestLog, record_of

PATH = "/mcp"

_MOST_BODY = FILE_SIZE * 4 // 3 + 1_000_000
"""Bytes of a request at most: a file as a `data:` URL, and what is around it."""

_BODY_SECONDS = 60.0
"""Seconds in which a request is to be here; one that is not holds its place no longer."""


_RETRY = 1
"""Seconds after which a request that found no place is to come again."""


_FIXES = (
    "; if callers use that name, start the server with --public-url",
    "; if it may, start the server with --origin",
)
"""What lets a name and a web page in that are refused."""


class _SlowBodyError(Exception):
    """A request that took too long to come."""


def create_app(settings: Settings | None = None) -> Starlette:
    """Build the server as an ASGI application: MCP at /mcp, health checks at /healthz and /readyz.

    Without authentication, only this machine is answered. Its lifespan must be run, as every ASGI server
    does; if it is mounted in another application, that application must run it.

    Args:
        settings: what the server may do, and who may call it. None: no files, and only this machine.

    Raises:
        SettingsError: the token file or the issuer is not valid.
    """
    return served_at(settings or Settings(), None)


def served_at(settings: Settings, address: Address | None) -> Starlette:
    """Build the application for an address at which it is served; None: for one that only its ASGI server knows.

    Raises:
        SettingsError: as `create_app`.
    """
    return _HttpApplication(settings, address).app


class _HttpApplication:
    """The endpoints, and what they share."""

    def __init__(self, settings: Settings, address: Address | None) -> None:
        self._settings = settings
        self._callers = callers(settings)
        self._open = settings.no_auth or self._callers.verifier is not None
        self._sites = _sites(settings, address, asks_who=self._callers.verifier is not None)
        self._media_types = TransportSecurityMiddleware()
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
                # As it is written: clients hold it against the issuer's own metadata (RFC 8414, 3.3), and AnyHttpUrl alone
                # would add a slash.
                issuer: Any = settings.jwt
                metadata = create_protected_resource_routes(url, [issuer], scopes)
            asked = AuthContextMiddleware(RequireAuthMiddleware(self._known, list(settings.scopes), place))
            asked = _challenging(asked, settings.scopes)
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
        """Return the server of a caller, with a session manager that is ready to run."""
        for folder in caller.settings.allow_write:
            folder.mkdir(mode=0o700, exist_ok=True)
        # What a caller hears of must not depend on the replica that it happens to ask: nothing here changes by itself.
        server = build_server(caller.settings, tells_changes=False)
        tools = frozenset(tool.name for tool in server._tool_manager.list_tools())  # pyright: ignore[reportPrivateUsage]
        repeated = RepeatedCalls(caller.settings.places.store, caller.settings.host)
        # Where nobody is known, all is for whoever asks.
        own = WorkShare(share()) if caller.name else None
        server.middleware[:0] = [Noting(tools), repeated, TakingTurns(self._turns, caller.name, own)]
        server.streamable_http_app(
            streamable_http_path=PATH,
            json_response=self._settings.json_response,
            stateless_http=True,
            max_request_body_size=_MOST_BODY,
            # What that looks at has been looked at (see `_refused`).
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        return server

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncGenerator[None]:
        with working_on_all_cores():
            async with self._servers.running():
                # The first caller is not to wait for all that is loaded then.
                async with self._servers.of(HttpCaller("", Settings())):
                    pass
                self._ready = True
                yield
                self.end()

    def end(self) -> None:
        """Say that no more is to come here; what is under way is answered."""
        self._ended = True

    # Whether it is well.

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
        """Return what is answered to those who may not ask, and to what is not asked here."""
        client = request.client
        if not self._open and client and not is_loopback(client.host):
            return _refusal(
                403, "this server does not authenticate callers, so it answers only its own machine"
            )
        if request.method != "POST":
            # Without sessions there is nothing to listen to, and nothing to end (2025-11-25, transports).
            return Response(status_code=405, headers={"Allow": "POST"})
        return self._sites.refusal(request) or await self._media_types.validate_request(request, is_post=True)

    async def _placed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request of a caller who is known, where there is a place for it."""
        user = scope.get("user")
        caller = self._callers.of(user.access_token if isinstance(user, AuthenticatedUser) else None)
        record_of(scope).caller = caller.name

        try:
            with self._places.taken(caller.name, caller.settings.calls, _body_size(scope)) as place:
                async with self._servers.of(caller) as manager:
                    with _FINISHING.one():
                        await manager.handle_request(scope, _counted(receive, place), send)
        except FullError as error:
            await _refusal(429, str(error), **{"Retry-After": str(_RETRY)})(scope, receive, send)


class _Asgi:
    """An ASGI application as an object, which Starlette passes every method on to."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)


class _Finishing:
    """Lets the event streams of running calls end by themselves, also under an ASGI server that is to exit.

    Once uvicorn is, sse-starlette, with which the SDK sends events until 2025-11-25, breaks off all streams of the process.
    """

    def __init__(self) -> None:
        self._running = 0
        self._breaks_off = True

    @contextmanager
    def one(self) -> Generator[None]:
        """Finish the call that is served in the block."""
        if not self._running:
            self._breaks_off = AppStatus.enable_automatic_graceful_drain
            AppStatus.disable_automatic_graceful_drain()
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            if self._breaks_off and not self._running:
                AppStatus.enable_automatic_graceful_drain_mode()


_FINISHING = _Finishing()
"""One for all applications of the process, as what breaks streams off is."""


def _sites(settings: Settings, address: Address | None, *, asks_who: bool) -> Sites:
    """Return under which names the server is asked: where nobody is asked who it is, or it has a name of its own, no others."""
    names = [address.host] if address else []
    origins = list(settings.origins)
    if settings.public_url:
        url = AnyHttpUrl(settings.public_url)
        names.append(url.host or "")
        origins.append(str(url).removesuffix(PATH))
    # An address of this machine is reached by no other, but a page in a browser of this one could ask there.
    local = address.is_local if address else not settings.no_auth
    checks = bool(settings.public_url) or (local and not asks_who)
    return Sites(names, origins, checks=checks, fixes=_FIXES)


def _challenging(application: Any, scopes: Sequence[str]) -> Any:
    """Return an application whose refusals also name the scopes that a token needs (MCP 2026-07-28, Authorization)."""

    async def challenging(scope: Scope, receive: Receive, send: Send) -> None:
        async def challenged(message: Message) -> None:
            if message["type"] == "http.response.start" and scopes:
                headers = MutableHeaders(raw=message["headers"])
                if challenge := headers.get("www-authenticate"):
                    headers["www-authenticate"] = f'{challenge}, scope="{" ".join(scopes)}"'
            await send(message)

        await application(scope, receive, challenged)

    return challenging


def _pages(origins: Sequence[str]) -> Middleware:
    """Return what tells browsers that the pages which may ask may also read the answers.

    As the SDK's pages on browser-based clients ask (2026-11); without sessions there are fewer headers to read.
    """
    return Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_origin_regex=LOCAL_PAGES.pattern,
        allow_methods=["POST"],
        allow_headers=["*"],
        expose_headers=["WWW-Authenticate", "Retry-After"],
    )


def _unverified(_: HTTPConnection, error: AuthenticationError) -> Response:
    return _refusal(503, str(error), **{"Retry-After": "5"})


def _refusal(status: int, words: str, **headers: str) -> Response:
    return JSONResponse({"error": words}, status_code=status, headers=headers)


def _body_size(scope: Scope) -> int | None:
    """Return how many bytes a request says that it has, None where it does not (in chunks, or HTTP/2)."""
    told = Headers(scope=scope).get("content-length", "")
    return min(int(told), _MOST_BODY) if told.isdecimal() and len(told) < 20 else None


def _counted(receive: Receive, place: RequestPlace) -> Receive:
    """Return what receives a request, and lets its place have room for what comes."""

    async def received() -> Message:
        message = await receive()
        place.received(len(message.get("body", b"")))
        return message

    return received


def _in_time(receive: Receive) -> Receive:
    """Return what receives a request and waits for its body only so long; for its end it waits as ever."""
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
