"""Logs one line of JSON for each request, never with its content or a key.

Messages of other libraries may quote data that was sent or received. Only the constant part of such messages is logged,
and only the types and code locations of errors.
"""

import json
import logging
import re
import sys
import time
import traceback
from dataclasses import dataclass
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger("imagebridge.http")
_OURS = ("imagebridge.", "imagebridge_server.", "imagebridge_tools.")
_METHOD = re.compile(r"[a-zA-Z]{1,40}(?:/[a-zA-Z_]{1,40}){0,2}")
_PLACES = 8
"""How many code locations are logged for an error, starting with the innermost."""

RECORD = "imagebridge.record"
"""The key of a request's record in its ASGI scope."""

_QUIET = ("/healthz", "/readyz")
"""Paths that are requested every few seconds; only failures are logged."""


@dataclass(slots=True)
class RequestRecord:
    """The data that is logged about one request; each layer adds what it knows."""

    caller: str = ""
    rpc: str = ""
    tool: str = ""
    failed: bool = False
    status: int = 0
    received: int = 0
    sent: int = 0


def record_of(scope: Scope) -> RequestRecord:
    """Return the record of a request, or a new one if none is kept."""
    return scope.setdefault(RECORD, RequestRecord())


class RequestLog:
    """ASGI middleware that logs each request when it has finished."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and log its outcome."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = record_of(scope)
        begun = time.monotonic()
        over = False

        async def counted_receive() -> Message:
            message = await receive()
            record.received += len(message.get("body", b""))
            return message

        async def counted_send(message: Message) -> None:
            nonlocal over
            record.status = message.get("status", record.status)
            record.sent += len(message.get("body", b""))
            over = over or (message["type"] == "http.response.body" and not message.get("more_body"))
            await send(message)

        try:
            await self._app(scope, counted_receive, counted_send)
        finally:
            if scope["path"] not in _QUIET or record.status >= 400:
                told = {name: value for name, value in _told(record).items() if value not in ("", False)}
                head = {"method": scope["method"], "path": scope["path"][:100]}
                cut = {} if over else {"cut": True}
                seconds = round(time.monotonic() - begun, 4)
                _LOG.info("request", extra={"fields": {**head, **told, **cut, "seconds": seconds}})


def _told(record: RequestRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in RequestRecord.__slots__}


@dataclass(frozen=True, slots=True)
class Noting:
    """MCP middleware that records what a request asks for: the method, and the tool if it is one of ours."""

    tools: frozenset[str]

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass a message on, and record its method and tool."""
        scope = getattr(ctx.request, "scope", None)
        if scope is None:
            return await call_next(ctx)
        record = record_of(scope)
        record.rpc = ctx.method if _METHOD.fullmatch(ctx.method) else "unknown"
        name = (ctx.params or {}).get("name")
        record.tool = name if isinstance(name, str) and name in self.tools else ""
        record.failed = True
        result = await call_next(ctx)
        record.failed = isinstance(result, dict) and bool(result.get("isError"))
        return result


_encoded = json.JSONEncoder(ensure_ascii=False).encode


class _JsonLines(logging.Formatter):
    """Formats a log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record without the values that it quotes."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{moment}.{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _constant(record),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1]:
            line["error"], line["at"] = type(record.exc_info[1]).__name__, _code_places(record.exc_info[1])
        return _encoded(line)


def _constant(record: logging.LogRecord) -> str:
    """Return a message without the values that it quotes; for other libraries, the text before the values."""
    if record.name.startswith(_OURS):
        return record.getMessage()
    text = str(record.msg)
    return text if record.args else text.partition(":")[0][:80]


def _code_places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno}" for frame in frames[-_PLACES:]]


def log_json_lines() -> None:
    """Log to stderr as lines of JSON: everything from level WARNING, and this server's messages from level INFO."""
    # Nobody is told of these, and looking them up for each message takes time.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _LOG.setLevel(logging.INFO)
