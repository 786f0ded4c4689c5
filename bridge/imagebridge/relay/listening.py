"""Where a server listens: the address, its socket, who may send requests, and serving until a signal arrives."""

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
from starlette.responses import Response

from imagebridge.errors import BridgeError

from .relay_options import until_signal


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port, and the addresses that the system finds for the host."""

    text: str
    host: str
    port: int
    family: socket.AddressFamily
    where: tuple[str, int]
    is_local: bool
    """Whether only this machine can reach it."""

    @classmethod
    def parsed(cls, text: str) -> "Address":
        """Parse an address as in "127.0.0.1:8000" or "[::1]:0"; port 0 picks a free one.

        Raises:
            BridgeError: the text is not an address, or its host is unknown.
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
            BridgeError: the address is not available.
        """
        try:
            listening = socket.create_server(self.where, family=self.family)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise BridgeError(f"cannot listen on {self.text}: {why}") from error
        # asyncio sends at once (TCP_NODELAY) only if the protocol is named, which create_server omits: answers
        # of two packets, header and body, would wait 40 ms for the acknowledgement of the first.
        return socket.socket(self.family, socket.SOCK_STREAM, socket.IPPROTO_TCP, listening.detach())

    def url(self, listening: socket.socket, path: str) -> str:
        """Return the URL of `path` at a socket that listens here."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{listening.getsockname()[1]}{path}"


def is_loopback(address: str) -> bool:
    """Return whether an IP address belongs only to this machine; False for anything that is not an IP address."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


LOCAL_PAGES = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
"""Origins of pages on this machine."""

_HOST = re.compile(r"(?P<name>[^\s:/@\[\]]+|\[[0-9a-f:.]+\])(:[0-9]{0,5})?", re.IGNORECASE)
"""A Host header (RFC 9110, 7.2)."""


class Sites:
    """The host names of a server, and the web pages that may send it requests.

    Pages of other sites must not reach a server on this machine under a host name of their own (DNS
    rebinding; MCP 2026-07-28, Streamable HTTP, Security & Endpoint).

    Args:
        names: host names of the server, in addition to those of this machine.
        origins: pages that may send requests, in addition to those of this machine and of the server's own site.
        checks: whether requests for other host names are refused.
        fixes: text added to the message about a refused host name or page, on how the operator can allow it.
    """

    def __init__(
        self,
        names: Iterable[str] = (),
        origins: Iterable[str] = (),
        *,
        checks: bool = True,
        fixes: tuple[str, str] = ("", ""),
    ) -> None:
        self._names = {"localhost", *map(_bare, names)}
        self._origins = {one.lower() for one in origins}
        self._checks = checks
        self._fixes = fixes

    def refusal(self, host: str, origin: str) -> Response | None:
        """Return the response that refuses a request for another host name or from a page that may not send it, or None.

        Args:
            host: the Host header, empty if there is none.
            origin: the Origin header, empty if there is none.
        """
        if not self._checks and not origin:
            return None
        asked = _HOST.fullmatch(host)
        if self._checks and (asked is None or not self._is_called(_bare(asked["name"]))):
            words = f"the name in the Host header is not one of this server's{self._fixes[0]}"
            return Response(words, status_code=421)
        if origin and not self._may_ask(origin, asked):
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
        # A page of the server's own site. If names are not checked, another site's name could point here for a moment, but
        # it would have no certificate then, and it cannot be an address.
        return self._checks or scheme.lower() == "https" or _is_address(_bare(host["name"]))


def _bare(name: str) -> str:
    """Return a host name for comparison: in lower case without the final dot, and an address in its shortest form."""
    name = name.removeprefix("[").removesuffix("]").removesuffix(".").lower()
    return str(ipaddress.ip_address(name)) if _is_address(name) else name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class _UvicornServer(uvicorn.Server):
    """A server that leaves signal handling to its caller."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


async def serve_until_signal(
    app: Any, listening: socket.socket, grace: float, on_end: Callable[[], object], **options: Any
) -> None:
    """Serve an ASGI application until SIGINT, SIGTERM or SIGHUP (Windows: Ctrl+C or Ctrl+Break).

    Args:
        app: the application.
        listening: the address to serve.
        grace: seconds that running requests have to finish after the signal.
        on_end: called when the signal arrives, to stop anything that never ends on its own.
        options: for uvicorn's configuration.
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
