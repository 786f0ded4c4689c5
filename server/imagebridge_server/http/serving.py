"""Serves over HTTP until a signal arrives: `imagebridge-server --http HOST:PORT`."""

import gc
import os
import sys
from functools import partial

import anyio

from imagebridge.client.host_log import keep_stderr_writable
from imagebridge.errors import BridgeError
from imagebridge.relay.listening import Address, serve_until_signal
from imagebridge_server.settings import Settings

from .application import PATH, served_at
from .request_log import log_json_lines

_GRACE = 30.0
"""The number of seconds that running calls have to finish after the process has been asked to stop."""

_KEEP_ALIVE = 75
"""Seconds for which an idle connection is kept open: longer than proxies keep theirs (nginx: 60), because the client
must close first."""

_CONNECTIONS = 65_536
"""The maximum number of open files, nearly all of them connections, if the system allows as many."""


def serve(settings: Settings, address: str) -> None:
    """Serve MCP at `address` until SIGINT, SIGTERM or SIGHUP (Windows: Ctrl+C or Ctrl+Break); running calls are completed.

    Args:
        settings: what the server may do, and who may call it.
        address: a host and a port, as in "127.0.0.1:8000" or "[::1]:0"; port 0 picks a free one.

    Raises:
        BridgeError: the address is not available, or other machines could reach it without authentication.
        SettingsError: the token file or the issuer is not valid.
    """
    keep_stderr_writable()
    place = Address.parsed(address)
    if not (place.is_local or settings.no_auth or settings.tokens or settings.jwt):
        raise BridgeError(
            f"{address} can be reached from other machines without authentication: use --tokens FILE or --jwt "
            "ISSUER, listen on 127.0.0.1, or use --no-auth if something in front of the server admits only "
            "authorised callers"
        )
    # As on stdio: files in the working folder must not be taken for modules in workers.
    os.environ["PYTHONSAFEPATH"] = "1"
    _take_connections()
    app = served_at(settings, place)
    listening = place.listen()
    log_json_lines()
    # What has been loaded is permanent: it is not searched for garbage (see __main__).
    gc.freeze()
    gc.enable()
    print(f"imagebridge-server: serving at {place.url(listening, PATH)}", file=sys.stderr, flush=True)
    serve_app = partial(serve_until_signal, timeout_keep_alive=_KEEP_ALIVE, server_header=False)
    anyio.run(serve_app, app, listening, _GRACE, app.state.end)


def _take_connections() -> None:
    """Allow as many connections as the system permits."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, _CONNECTIONS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
