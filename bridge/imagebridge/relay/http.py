"""The relay at an HTTP address: `--http HOST:PORT`."""

import os
import shutil
import sys

import anyio

from imagebridge.client.programs import not_found
from imagebridge.errors import BridgeError, ServerError

from .listening import Address, Sites, serve_until_signal
from .relay_options import RelayOptions
from .streamable_http import PATH, HttpRelay

_GRACE = 5
"""The time allowed, in seconds, for running calls to finish once the process is told to stop."""


def serve(options: RelayOptions, address: str, *, authenticated: bool = True) -> None:
    """Serve the relay at `address` until a signal arrives (see `listening`); running calls have some seconds to finish.

    Args:
        options: the options of each session's relay.
        address: a host and a port, as in "127.0.0.1:8000" or "[::1]:0"; port 0 picks a free one.
        authenticated: whether to refuse an address that other machines can reach, because the relay does not
            authenticate anyone.

    Raises:
        BridgeError: the address is not available, or is refused.
        ServerError: the command does not exist.
    """
    options.tell()
    if options.command and not shutil.which(options.command[0]):
        raise ServerError(os.path.basename(options.command[0]), not_found(options.command[0]))
    place = Address.parsed(address)
    if authenticated and not place.is_local:
        raise BridgeError(
            f"{address} can be reached from other machines, and the relay does not authenticate anyone: "
            "listen on 127.0.0.1, or pass --no-auth if something in front of it admits only "
            "authorised callers"
        )
    listening = place.listen()
    relay = HttpRelay(options.relay, Sites([place.host], checks=place.is_local))
    print(f"imagebridge proxy: serving at {place.url(listening, PATH)}", file=sys.stderr, flush=True)
    anyio.run(serve_until_signal, relay.app, listening, _GRACE, relay.close)
