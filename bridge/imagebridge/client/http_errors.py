"""The meaning of an HTTP server's refusal: whether it has lost our session, or else the message for a person. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from pydantic_core import from_json

from imagebridge.errors import beginning
from imagebridge.wire import JSON, is_json, text_of

from .json_bytes import has_too_many_values

SESSION_LOST = -31_404
"""The JSON-RPC error code with which our own transport reports that the server does not know the session: the request
was refused and did not run. It is outside the ranges that JSON-RPC and MCP reserve."""

BUSY = -31_429
"""The JSON-RPC error code with which our own transport reports that the server had no capacity for a call,
which did not run; its data is the number of seconds after which to try again."""

LOST = -31_502
"""The JSON-RPC error code with which our own transport says that the answer was lost: the request may or may not
have run."""

UNSENT = -31_503
"""The JSON-RPC error code with which our own transport says that a request was not sent: it did not run."""

LOST_STATUSES = (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT, *range(520, 525))
"""With these, a gateway says that it has lost the server (RFC 9110, 15.6.3 and 15.6.5; Cloudflare's 520 to 524,
its documentation, 2026-11)."""

DOUBT = "it may or may not have run"

_ADVICE = {
    HTTPStatus.UNAUTHORIZED: "the token is missing, wrong or expired, and the user has to renew it",
    HTTPStatus.FORBIDDEN: "the user's token does not permit this",
    HTTPStatus.NOT_FOUND: "the user has to check the server's address",
    HTTPStatus.REQUEST_TIMEOUT: "the request took too long to arrive; try again",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "pass a smaller picture, or its address",
    HTTPStatus.MISDIRECTED_REQUEST: "the server is not reached under this host name; the user has to check its address",
    HTTPStatus.SERVICE_UNAVAILABLE: "the server is not available at the moment; try again later",
}
"""What a refusal without words of its own means, and what to do."""

_REFUSING = (
    HTTPStatus.NOT_IMPLEMENTED,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
)
"""The 5xx with which a request has not been run."""

_SOON = 1.0
"""The number of seconds to wait before trying again if the server does not specify them."""

_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
"""404 is from the specification (2025-11-25, transports, session management); some gateways send 410."""

_UNKNOWN = re.compile(
    r"session.{0,40}\b(not (found|exist|initiali[sz]ed|valid|known)|no longer|unknown|invalid|expired|missing|"
    r"required|terminated|closed|gone|does ?n.t exist)"
    r"|\b(no|not a|unknown|invalid|expired|missing|bad|stale|unrecogni[sz]ed|no valid)\b.{0,20}session"
    r"|(server|client|connection|not) (has )?(not |n.t )?(been |yet )?(been )?initiali[sz]ed",
    re.IGNORECASE | re.DOTALL,
)
"""How servers word a lost session (TypeScript SDK and its example, Python SDK, gateways; their trackers, 2026-11)."""

_OWN = re.compile(r"mcp.?session|session.?id|not (yet |been )*initiali[sz]ed", re.IGNORECASE)
"""Words used only for the protocol's session: a tool may have its own sessions, such as a browser's."""

_CODES = (-32_001, -32_600)
_GENERAL = (-32_000, -32_002)
"""The JSON-RPC error codes for a lost session; an error with another code may come from a tool that ran."""

_QUOTED = 200
"""The maximum number of characters of a refusal that are shown."""

_UNSEEN = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x1f\x7f-\x9f]+")


def retry_after(status: int, headers: Mapping[str, str]) -> float | None:
    """Return the seconds after which to try again (RFC 9110, 10.2.3), or None if the server was not too busy.

    With 429 (RFC 6585), or with 503 and Retry-After, a request was refused before it ran.
    """
    told = headers.get("retry-after", "").strip()
    if status != HTTPStatus.TOO_MANY_REQUESTS and not (status == HTTPStatus.SERVICE_UNAVAILABLE and told):
        return None
    if told.isdecimal() and len(told) < 10:
        return float(told)
    try:
        moment = parsedate_to_datetime(told)
        # Of the three forms of a date, two have no time zone; all mean UTC (RFC 9110, 5.6.7).
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return _SOON


def forgets(status: int, body: bytes) -> bool:
    """Return whether the answer to a request that named a session means that the server does not know it.

    A 4xx refuses a request before it runs, so any that mentions sessions or initializing means this.
    """
    if status in _GONE:
        return True
    return 400 <= status < 500 and re.search(rb"session|initiali[sz]", body, re.IGNORECASE) is not None


def denies(code: int, message: str) -> bool:
    """Return whether a JSON-RPC error, which may come with status 200, means that the session is unknown."""
    if code not in _CODES and not (code in _GENERAL and _OWN.search(message)):
        return False
    return _UNKNOWN.search(message) is not None


def may_have_run(status: int) -> bool:
    """Return whether a call that was answered with this status may have run."""
    return status >= 500 and status not in _REFUSING


def phrase(status: int) -> str:
    """Return the standard name of a status."""
    return next((one.phrase for one in HTTPStatus if one == status), "(no standard status)")


def returned(status: int, kind: str, body: bytes) -> str:
    """Say what a server returned in place of an answer, and what it says or what to do, as the rest of a sentence."""
    said = f"returned {status} {phrase(status)}"
    words = _advice(kind, status, body)
    return f"{said}: {words}" if words else said


def _advice(kind: str, status: int, body: bytes) -> str:
    """Return what a refusal says, or else what its status means and what to do; empty if neither is known."""
    said, known = (
        error_message(kind, body),
        next((words for one, words in _ADVICE.items() if one == status), ""),
    )
    # How large is too large is often all that a server says.
    return f"{said}; {known}" if said and status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else said or known


def error_message(kind: str, body: bytes) -> str:
    """Return the text of a refusal: the message in its JSON, or its first line, shortened to one line."""
    text = body[:10_000].decode(errors="replace")
    if "json" in kind or text.lstrip().startswith("{"):
        try:
            fields: object = None if has_too_many_values(body) else from_json(body)
        except ValueError:
            fields = None
        text = (_error_message(fields) if is_json(fields) else "") or text.strip("{}[] \n")
    elif "html" in kind or text.lstrip().startswith("<"):
        return ""  # A page for people, usually a gateway's: the status says as much.
    lines = (" ".join(_UNSEEN.sub(" ", line).split()) for line in text.splitlines())
    first = next(filter(None, lines), "")
    return beginning(first, _QUOTED)


def _error_message(fields: JSON) -> str:
    """Return an error's message, wherever JSON-RPC, problem details (RFC 9457), OAuth or a web framework puts it."""
    inner = fields.get("error")
    if is_json(inner) and (text := text_of(inner, "message")):
        return text
    keys = ("message", "detail", "error_description", "title", "error", "reason")
    return next((text for key in keys if (text := text_of(fields, key))), "")
