"""What a server at a URL says to each request, and the options of every HTTP client that reaches one."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx2

from .config import HttpServer
from .http_bodies import bound
from .http_errors import error_message

# Connecting takes seconds or fails. Reading has no limit here: tools take minutes, and event streams
# are silent for hours; each call has its own deadline.
_PATIENCE = httpx2.Timeout(30.0, read=None)

# Each call in progress has a connection. If their number were limited, calls beyond it would fail after 30 seconds.
_CONNECTIONS = httpx2.Limits(max_connections=None, max_keepalive_connections=20)


ASKS = "imagebridge.asks"
"""The extension of an HTTP request that is true if the server's state shows in its answer: not a notification, for
example, nor the stream for the server's own messages, which a healthy server may refuse with 405."""


@dataclass(slots=True)
class ServerReplies:
    """A server's last answer to a request: its status, 0 before the first one, and the text of a refusal."""

    status: int = 0
    words: str = ""

    async def heard(self, response: httpx2.Response) -> None:
        """Record what a response says, if its request has `ASKS`."""
        if not response.request.extensions.get(ASKS):
            return
        self.status, self.words = response.status_code, ""
        if response.is_error:
            self.words = error_message(response.headers.get("content-type", ""), await response.aread())

    def problem(self) -> str:
        """Return what the status means for someone who wants to connect, or an empty string if it means nothing."""
        if self.status < 400:
            return ""
        named = f"it returned {self.status} {_phrase(self.status)}"
        if self.words and self.words.casefold() != _phrase(self.status).casefold():
            named += f': "{self.words}"'
        if self.status in (401, 403):
            return f"{named}. Does it need a token, or a newer one? Pass HttpServer(url, headers=...) or, in a configuration, `headers`"
        if self.status == HTTPStatus.TOO_MANY_REQUESTS or self.status >= 500:
            return f"{named}. Try again later; if it stays like this, whoever runs the server can say why"
        return f"{named}. Is this the address of its MCP endpoint, such as https://host/mcp?"


def _phrase(status: int) -> str:
    return next((one.phrase for one in HTTPStatus if one == status), "(no standard status)")


def client_options(server: HttpServer, exchange: ServerReplies) -> dict[str, Any]:
    """Return the options of an HTTP client for `server`, which records the answers in `exchange`."""
    return {
        "headers": dict(server.headers),
        "auth": server.auth,
        "timeout": _PATIENCE,
        "limits": _CONNECTIONS,
        "event_hooks": {"response": [bound, exchange.heard]},
    }
