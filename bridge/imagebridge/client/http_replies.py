"""What a server at a URL says to each request, for someone who wants to connect."""

from dataclasses import dataclass
from http import HTTPStatus

import httpx2

from .http_errors import error_message, phrase

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
        named = f"it returned {self.status} {phrase(self.status)}"
        if self.words and self.words.casefold() != phrase(self.status).casefold():
            named += f': "{self.words}"'
        if self.status in (401, 403):
            return f"{named}. Does it need a token, or a newer one? Pass HttpServer(url, headers=...) or, in a configuration, `headers`"
        if self.status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or self.status >= 500:
            return f"{named}. Try again later; if it stays like this, whoever runs the server can say why"
        return f"{named}. Is this the address of its MCP endpoint, such as https://host/mcp?"
