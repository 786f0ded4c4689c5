"""create_app: the server as an ASGI application, over MCP's Streamable HTTP in both generations of the protocol.

Requests do not depend on each other (2025-11-25 and before: without sessions), so any replica can answer any of them.
"""

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from mcp.server import MCPServer
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl
from sse_starlette.sse import AppStatus
from starlette.applications import Starlette
from starlette.authentication import AuthenticationError
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, HTTPConnection, Request
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
from .request_body import SlowBodyError, TooManyValuesError, readable
from .request_log import Noting, RequestLog, record_of

PATH = "/mcp"

_MOST_BODY = FILE_SIZE * 4 // 3 + 1_000_000
"""The maximum size of a request in bytes: a file as a `data:` URL, and the JSON around it."""

_RETRY = 1
"""Seconds after which a client should retry a request that exceeded a limit."""


_FIXES = (
    "; if callers use that name, start the server with --public-url",
    "; if the page may send them, start the server with --origin",
)
"""How to allow a host name or a web page that was refused."""


def create_app(settings: Settings | None = None) -> Starlette:
    """Build the server as an ASGI application: MCP at /mcp, health checks at /healthz and /readyz.

    Without authentication, requests are accepted only from this machine. The application's lifespan must be run. Every
    ASGI server does so; an application in which this one is mounted has to do the same.

    Args:
        settings: what the server may do, and who may call it. By default, it reads no files and serves only this
        machine.

    Raises:
        SettingsError: the token file or the issuer is not valid.
    """
    return served_at(settings or Settings(), None)


def served_at(settings: Settings, address: Address | None) -> Starlette:
    """Build the application for the address at which it is served, or None if only its ASGI server knows the address.

    Raises:
        SettingsError: as for `create_app`.
    """
    return _HttpApplication(settings, address).app


class _HttpApplication:
    """The endpoints and their shared state."""

    def __init__(self, settings: Settings, address: Address | None) -> None:
        self._settings = settings
        self._callers = callers(settings)
        self._open = settings.no_auth or self._callers.verifier is not None
        self._sites = _sites(settings, address, asks_who=self._callers.verifier is not None)
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
            asked: Any = RequireAuthMiddleware(self._known, list(settings.scopes), place)
            if settings.scopes:
                asked = _challenging(asked, settings.scopes)
            backend = BearerAuthBackend(self._callers.verifier)
            self._known = AuthenticationMiddleware(asked, backend=backend, on_error=_unverified)
        self._for_pages = _for_pages(self._serve, settings.origins)
        self._ready = self._ended = False
        self.app = Starlette(
            routes=[
                # With a slash it would be redirected: behind a proxy with TLS to http, which gives the token away.
                *(Route(path, endpoint=_Asgi(self._asked)) for path in (PATH, f"{PATH}/")),
                Route("/healthz", self._health),
                Route("/readyz", self._readiness),
                *metadata,
            ],
            middleware=[Middleware(RequestLog)],
            lifespan=self._lifespan,
        )
        self.app.state.end = self.end

    def _built(self, caller: HttpCaller) -> MCPServer[Any]:
        """Build a caller's server, with a session manager that is ready to run."""
        for folder in caller.settings.allow_write:
            folder.mkdir(mode=0o700, exist_ok=True)
        # What a caller is told must not depend on the replica that answers: nothing here changes by itself.
        server = build_server(caller.settings, tells_changes=False)
        tools = frozenset(tool.name for tool in server._tool_manager.list_tools())  # pyright: ignore[reportPrivateUsage]
        repeated = RepeatedCalls(caller.settings.places.store, caller.settings.host)
        # Without authentication, everybody shares all processes.
        own = WorkShare(share()) if caller.name else None
        server.middleware[:0] = [Noting(tools), repeated, TakingTurns(self._turns, caller.name, own)]
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
        with working_on_all_cores():
            async with self._servers.running():
                # The first caller is not to wait for all that is loaded then.
                async with self._servers.of(HttpCaller("", Settings())):
                    pass
                self._ready = True
                yield
                self.end()

    def end(self) -> None:
        """Report that this server accepts no further requests; those in progress are still answered."""
        self._ended = True

    # Health checks.

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _readiness(self, _: Request) -> Response:
        if self._ready and not self._ended:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "ending" if self._ended else "starting"}, status_code=503)

    # MCP.

    async def _asked(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Starlette's middleware takes 5.5 microseconds of CPU even for programs, whose answers it need not change; this takes 1.
        is_page = any(name == b"origin" for name, _ in scope["headers"])
        await (self._for_pages if is_page else self._serve)(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refused(scope)
        if refused:
            await refused(scope, receive, send)
            return
        try:
            await self._known(scope, receive, send)
        except ClientDisconnect:  # Nobody is left to answer.
            return

    def _refused(self, scope: Scope) -> Response | None:
        """Return the answer for requests that are not authorised or not meant for this server."""
        client = scope.get("client")
        if not self._open and client and not is_loopback(client[0]):
            return _refusal(
                403,
                "this server does not authenticate callers, so it accepts requests only from the machine it runs on",
            )
        if scope["method"] != "POST":
            # Without sessions there is nothing to listen to, and nothing to end (2025-11-25, transports).
            return Response(status_code=405, headers={"Allow": "POST"})
        # If a header is repeated, the first one counts, as everywhere else.
        headers = {name: value.decode("latin-1") for name, value in reversed(scope["headers"])}
        return self._sites.refusal(headers.get(b"host", ""), headers.get(b"origin", ""))

    async def _placed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request from an identified caller, unless it exceeds a limit."""
        user = scope.get("user")
        caller = self._callers.of(user.access_token if isinstance(user, AuthenticatedUser) else None)
        record_of(scope).caller = caller.name

        try:
            with self._places.taken(caller.name, caller.settings.calls, _body_size(scope)) as place:
                async with self._servers.of(caller) as manager:
                    with _FINISHING.one():
                        body = readable(receive, _MOST_BODY, place.received)
                        await manager.handle_request(scope, body, send)
        except SlowBodyError as error:
            await _refusal(408, str(error), Connection="close")(scope, receive, send)
        except TooManyValuesError as error:
            await _refusal(413, str(error))(scope, receive, send)
        except FullError as error:
            await _refusal(429, str(error), **{"Retry-After": str(_RETRY)})(scope, receive, send)


class _Asgi:
    """An ASGI application as an object, to which Starlette passes every method."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)


class _Finishing:
    """Lets running calls finish their event streams when uvicorn is about to exit.

    sse-starlette, which the SDK uses for events up to 2025-11-25, would otherwise cut off all streams of the process.
    """

    def __init__(self) -> None:
        self._running = 0
        self._breaks_off = True

    @contextmanager
    def one(self) -> Generator[None]:
        """Protect the call that is served in the block from being cut off."""
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
"""Shared by all applications of the process, because sse-starlette's setting is global."""


def _sites(settings: Settings, address: Address | None, *, asks_who: bool) -> Sites:
    """Return the allowed host names and pages: names are checked if there is a public URL, or if callers need no token."""
    names = [address.host] if address else []
    origins = list(settings.origins)
    if settings.public_url:
        url = AnyHttpUrl(settings.public_url)
        names.append(url.host or "")
        origins.append(str(url).removesuffix(PATH))
    # Other machines cannot reach a loopback address, but a page in a browser on this machine can.
    local = address.is_local if address else not settings.no_auth
    checks = bool(settings.public_url) or (local and not asks_who)
    return Sites(names, origins, checks=checks, fixes=_FIXES)


def _challenging(application: Any, scopes: Sequence[str]) -> Any:
    """Return an application whose refusals also list the scopes that a token needs (MCP 2026-07-28, Authorization)."""

    async def challenging(scope: Scope, receive: Receive, send: Send) -> None:
        async def challenged(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                if challenge := headers.get("www-authenticate"):
                    headers["www-authenticate"] = f'{challenge}, scope="{" ".join(scopes)}"'
            await send(message)

        await application(scope, receive, challenged)

    return challenging


def _for_pages(application: Any, origins: Sequence[str]) -> Any:
    """Return an application that lets browsers pass its answers to the web pages that may send requests.

    This follows the SDK's pages on browser-based clients (2026-11); without sessions there are fewer headers to read.
    """
    return CORSMiddleware(
        application,
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
    """Return the size that a request declares for its body, or None if it declares none (chunks, or HTTP/2)."""
    told = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return min(int(told), _MOST_BODY) if told.isdigit() and len(told) < 20 else None
