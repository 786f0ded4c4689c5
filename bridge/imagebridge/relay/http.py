"""The relay behind an address of its own: `--http HOST:PORT`."""

import ipaddress
import os
import shutil
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from imagebridge.errors import BridgeError, ServerError

from .relay_options import RelayOptions, until_signal
from .streamable_http import PATH, HttpRelay

_GRACE = 5
"""Seconds that running calls have to end once the process is asked to."""


class _UvicornServer(uvicorn.Server):
    """A server that leaves the signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def serve(options: RelayOptions, address: str, *, authenticated: bool = True) -> None:
    """Serve the relay at `address` until SIGINT, SIGTERM or SIGHUP (Windows: Ctrl+C or Ctrl+Break); running calls have some seconds to end.

    Args:
        options: what each session's relay is to do.
        address: a host and a port, as in "127.0.0.1:8000" or "[::1]:0"; port 0 is any that is free.
        authenticated: whether an address that other machines reach is refused, as the relay asks nobody who it is.

    Raises:
        BridgeError: the address cannot be had, or is one of those.
        ServerError: there is no such command.
    """
    options.tell()
    if options.command and not shutil.which(options.command[0]):
        raise ServerError(options.command[0], "it cannot be started: no such program")
    host, port = _host_and_port(address)
    found = _addresses(host, port)
    local = all(ipaddress.ip_address(where[0].partition("%")[0]).is_loopback for _, where in found)
    if authenticated and not local:
        raise BridgeError(
            f"{address} is reached from other machines, and the relay asks nobody who it is: listen on 127.0.0.1, "
            "or give --no-auth where something before it lets only the right ones through"
        )
    try:
        listening = socket.create_server(found[0][1], family=found[0][0])
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise BridgeError(f"{address} cannot be listened on: {why}") from error
    port = listening.getsockname()[1]
    relay = HttpRelay(options.relay, _security(host, local=local))
    name = f"[{host}]" if ":" in host else host
    print(f"imagebridge proxy: serving at http://{name}:{port}{PATH}", file=sys.stderr, flush=True)
    config = uvicorn.Config(relay.app, log_config=None, access_log=False, timeout_graceful_shutdown=_GRACE)
    anyio.run(_run, _UvicornServer(config), listening, relay)


async def _run(server: uvicorn.Server, listening: socket.socket, relay: HttpRelay) -> None:
    async with anyio.create_task_group() as tasks:

        async def end() -> None:
            await until_signal()
            server.should_exit = True
            relay.close()

        tasks.start_soon(end)
        await server.serve([listening])
        tasks.cancel_scope.cancel()


def _host_and_port(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise BridgeError(f"{address!r} is not a host and a port; write it as in 127.0.0.1:8000")
    return host, int(port)


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise BridgeError(f"there is no address for {host!r}: {error.strerror or error}") from error
    return [(family, (str(where[0]), int(where[1]))) for family, _, _, _, where in found]


def _security(host: str, *, local: bool) -> TransportSecuritySettings:
    """Return who may ask: pages of foreign sites must not reach a server on this machine under a name of theirs."""
    names = dict.fromkeys(("127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host))
    hosts = [one for name in names for one in (name, f"{name}:*")]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=local,
        allowed_hosts=hosts,
        allowed_origins=[f"http://{one}" for one in hosts],
    )
