"""Serving over HTTP until a signal comes: `imagebridge-server --http HOST:PORT`."""

import gc
import os
import sys

import anyio

from imagebridge.client.host_log import keep_stderr_writable
from imagebridge.errors import BridgeError
from imagebridge.relay.listening import Address, serve_until_signal
from imagebridge_server.settings import Settings

from .application import PATH, create_app
from .request_log import log_json_lines

_GRACE = 30.0
"""Seconds that running calls have to end once the process is asked to."""


def serve(settings: Settings, address: str) -> None:
    """Serve MCP at `address` until SIGINT, SIGTERM or SIGHUP (Windows: Ctrl+C or Ctrl+Break); running calls are finished.

    Args:
        settings: what the server may do, and who may ask.
        address: a host and a port, as in "127.0.0.1:8000" or "[::1]:0"; port 0 is any that is free.

    Raises:
        BridgeError: the address cannot be had, or other machines reach it and nobody is asked who it is.
        SettingsError: the file of tokens or the issuer cannot be right.
    """
    keep_stderr_writable()
    place = Address.parsed(address)
    if not (place.is_local or settings.no_auth or settings.tokens or settings.jwt):
        raise BridgeError(
            f"{address} is reached from other machines, and nobody is asked who it is: give --tokens FILE or --jwt ISSUER, listen on "
            "127.0.0.1, or give --no-auth where something before the server lets only the right ones through"
        )
    # As on stdio: files of the folder that this is started in must not pass for modules in workers.
    os.environ["PYTHONSAFEPATH"] = "1"
    app = create_app(settings)
    listening = place.listen()
    log_json_lines()
    # What has been loaded stays: it is not looked through for what does not (see __main__).
    gc.freeze()
    gc.enable()
    print(f"imagebridge-server: serving at {place.url(listening, PATH)}", file=sys.stderr, flush=True)
    anyio.run(serve_until_signal, app, listening, _GRACE, app.state.end)
