"""Where a server listens: an address that was typed, the socket for it, who may ask there, and serving until a signal comes."""

import ipaddress
import os
import re
import socket
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import uvicorn
from starlette.requests import Request
from starlette.responses import Response

from imagebridge.errors import BridgeError

from .relay_options import until_signal


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port, and where the system finds the host."""

    text: str
    host: str
    port: int
    family: socket.AddressFamily
    where: tuple[str, int]
    is_local: bool
    """Whether it is reached from this machine alone."""

    @classmethod
    def parsed(cls, text: str) -> "Address":
        """Read an address as in "127.0.0.1:8000" or "[::1]:0"; port 0 is any that is free.

        Raises:
            BridgeError: it is not an address, or nothing is known of its host.
        """
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not colon or not host or not port.isdecimal() or int(port) > 65_535:
            raise BridgeError(f"{text!r} is not a host and a port; write it as in 127.0.0.1:8000")
        try:
            found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
        except OSError as error:
            raise BridgeError(f"cannot resolve {host!r}: {error.strerror or error}") from None
        places = [(family, (str(where[0]), int(where[1]))) for family, _, _, _, where in found]
        is_local = all(is_loopback(where[0]) for _, where in places)
        return cls(text, host, int(port), *places[0], is_local)

    def listen(self) -> socket.socket:
        """Return a socket that listens here.

        Raises:
            BridgeError: the address cannot be had.
        """
        try:
            listening = socket.create_server(self.where, family=self.family)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise BridgeError(f"cannot listen on {self.text}: {why}") from error
        # asyncio sends at once (TCP_NODELAY) only where the protocol is named, which create_server leaves out: answers
        # of two packets, head and body, would wait 40 ms for the acknowledgement of the first.
        return socket.socket(self.family, socket.SOCK_STREAM, socket.IPPROTO_TCP, listening.detach())

    def url(self, listening: socket.socket, path: str) -> str:
        """Return the URL of `path` behind a socket that listens here."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{listening.getsockname()[1]}{path}"


def is_loopback(address: str) -> bool:
    """Tell whether an IP address is of this machine alone; what is no IP address is not."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


LOCAL_PAGES = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
"""Origins of pages of this machine."""

_HOST = re.compile(r"(?P<name>[^\s:/@\[\]]+|\[[0-9a-f:.]+\])(:[0-9]{0,5})?", re.IGNORECASE)
"""A Host header (RFC 9110, 7.2)."""


class Sites:
    """Under which names a server is asked, and which web pages may ask it: pages of foreign sites must not reach one of this
    machine under a name of theirs (DNS rebinding; MCP 2026-07-28, Streamable HTTP, Security & Endpoint).

    Args:
        names: hosts that the server is called by, beside those of this machine.
        origins: pages that may ask, beside those of this machine and of the server's own site.
        checks: whether the server is called by these names alone.
        fixes: what is said of a name and of a page that are refused: how whoever runs the server lets them in.
    """

    def __init__(
        self,
        names: Iterable[str] = (),
        origins: Iterable[str] = (),
        *,
        checks: bool = True,
        fixes: tuple[str, str] = ("", ""),
    ) -> None:
        self._names = {"localhost", *map(_plain, names)}
        self._origins = {one.lower() for one in origins}
        self._checks = checks
        self._fixes = fixes

    def refusal(self, request: Request) -> Response | None:
        """Return what a request is answered that comes by another name, or from a page that may not ask; None for others."""
        host = _HOST.fullmatch(request.headers.get("host", ""))
        if self._checks and (host is None or not self._is_called(_plain(host["name"]))):
            words = f"this server does not go by the name in the Host header{self._fixes[0]}"
            return Response(words, status_code=421)
        origin = request.headers.get("origin")
        if origin and not self._may_ask(origin, host):
            words = f"the web page in the Origin header may not send requests{self._fixes[1]}"
            return Response(words, status_code=403)
        return None

    def _is_called(self, name: str) -> bool:
        return name in self._names or is_loopback(name)

    def _may_ask(self, origin: str, host: re.Match[str] | None) -> bool:
        if origin.lower() in self._origins or LOCAL_PAGES.fullmatch(origin):
            return True
        scheme, _, place = origin.partition("://")
        if host is None or place.lower() != host[0].lower():
            return False
        # A page of the server's own site. Where its name is not checked, one that points here for a moment would count too:
        # but neither with a certificate, nor as an address.
        return self._checks or scheme.lower() == "https" or _is_address(_plain(host["name"]))


def _plain(name: str) -> str:
    """Return a host as it is compared: a name in small letters without the root's dot, an address in its shortest form."""
    name = name.removeprefix("[").removesuffix("]").removesuffix(".").lower()
    return str(ipaddress.ip_address(name)) if _is_address(name) else name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class _UvicornServer(uvicorn.Server):
    """A server that leaves the signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


async def serve_until_signal(
    app: Any, listening: socket.socket, grace: float, on_end: Callable[[], object], **options: Any
) -> None:
    """Serve an ASGI application until SIGINT, SIGTERM or SIGHUP (Windows: Ctrl+C or Ctrl+Break).

    Args:
        app: the application.
        listening: where it is reached.
        grace: seconds that running requests have to end then.
        on_end: called when the signal comes: what never ends by itself is to be ended.
        options: of uvicorn's configuration.
    """
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=round(grace), **options
    )
    server = _UvicornServer(config)
    async with anyio.create_task_group() as tasks:

        async def end() -> None:
            await until_signal()
            server.should_exit = True
            on_end()

        tasks.start_soon(end)
        await server.serve([listening])
        tasks.cancel_scope.cancel()
