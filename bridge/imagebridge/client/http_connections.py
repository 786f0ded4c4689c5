"""The options of every HTTP client that reaches an MCP server."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx2

from .http_bodies import bound

# Connecting takes seconds or fails. Reading has no limit here: tools take minutes, and event streams
# are silent for hours; each call has its own deadline.
_PATIENCE = httpx2.Timeout(30.0, read=None)

# Each call in progress has a connection. If their number were limited, calls beyond it would fail after 30 seconds.
_CONNECTIONS = httpx2.Limits(max_connections=None, max_keepalive_connections=20)


def client_options(
    headers: Mapping[str, str], *heard: Callable[[httpx2.Response], Awaitable[None]]
) -> dict[str, Any]:
    """Return the options of an HTTP client that sends `headers` and calls each of `heard` with every response."""
    return {
        "headers": dict(headers),
        "timeout": _PATIENCE,
        "limits": _CONNECTIONS,
        "event_hooks": {"response": [bound, *heard]},
    }
