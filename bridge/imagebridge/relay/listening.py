"""Where a server listens: a typed address, its socket, who may send requests, and serving until a signal comes."""

import ipaddress
import os
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import anyio
import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request

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
            BridgeError: it is not an address, or its host is unknown.
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


def local_security(*names: str, checks: bool = True) -> TransportSecuritySettings:
    """Return who may send requests: pages of other sites must not reach a server on this machine under a name of theirs.

    Args:
        names: host names of the server, in addition to those of this machine.
        checks: whether anything is checked.
    """
    known = dict.fromkeys(
        ("127.0.0.1", "localhost", "[::1]", *(f"[{name}]" if ":" in name else name for name in names))
    )
    hosts = [one for name in known for one in (name, f"{name}:*")]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=checks,
        allowed_hosts=hosts,
        allowed_origins=[f"http://{one}" for one in hosts],
    )


def is_foreign(request: Request) -> bool:
    """Return whether a page of another site sends the request; pages of this machine are allowed if the security settings say so."""
    try:
        origin = urlsplit(request.headers.get("origin", ""))
        _ = origin.port  # An invalid number raises too.
    except ValueError:  # No browser sends an invalid one.
        return True
    local = origin.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(origin.netloc) and not local and origin.netloc != request.headers.get("host")


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
        grace: seconds that running requests then have to finish.
        on_end: called when the signal arrives, to end what never ends by itself.
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
