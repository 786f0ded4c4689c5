"""The JSON-RPC error for a request that an HTTP server refuses, the same in both transports."""

import httpx2
from mcp.shared.message import SessionMessage
from mcp.types import RequestId

from imagebridge.translate.sentences import location

from .http_bodies import media_type
from .http_errors import (
    BUSY,
    DOUBT,
    LOST,
    LOST_STATUSES,
    SESSION_LOST,
    forgets,
    may_have_run,
    retry_after,
    returned,
)
from .json_rpc import refusal


def not_now(
    number: RequestId, response: httpx2.Response, body: bytes, *, session: bool
) -> SessionMessage | None:
    """Return the error for a server that is too busy or has lost the session, whatever else its body says."""
    status = response.status_code
    pause = retry_after(status, response.headers)
    if pause is not None:
        return refusal(number, _words(response, body), BUSY, pause)
    if response.is_error and session and forgets(status, body):
        return refusal(number, _words(response, body), SESSION_LOST)
    return None


def refused(number: RequestId, response: httpx2.Response, body: bytes, *, is_call: bool) -> SessionMessage:
    """Return the error that a status means; if a call may have run, it says so."""
    words = _words(response, body)
    if response.status_code in LOST_STATUSES:
        return refusal(number, words, LOST)
    return refusal(number, f"{words}; {DOUBT}" if is_call and may_have_run(response.status_code) else words)


def _words(response: httpx2.Response, body: bytes) -> str:
    if response.next_request is not None:
        place = location(str(response.next_request.url))
        return f"the server redirects to {place}; use that URL if it is the intended server"
    return f"the server {returned(response.status_code, media_type(response), body)}"
