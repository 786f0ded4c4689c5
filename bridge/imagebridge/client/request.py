"""One `tools/call` over a connected client: its deadline, its progress, and what each failure means."""

import logging
import math
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anyio
from mcp import Client, MCPError
from mcp.types import (
    CONNECTION_CLOSED,
    HEADER_MISMATCH,
    CallToolRequest,
    CallToolRequestParams,
)
from pydantic import RootModel

from imagebridge.errors import ServerError, counted, short
from imagebridge.schemas.arguments import JUDGED

from .http_errors import BUSY, LOST, SESSION_LOST, UNSENT
from .messages import STOWED

if TYPE_CHECKING:
    from mcp.shared.dispatcher import ProgressFnT
    from mcp.types import ListToolsResult, Tool

_LOG = logging.getLogger(__name__)

_IDLE = 10
"""The number of consecutive pages without a tool after which listing stops."""

_SHORTEST = 0.05
"""The minimum pause in seconds: a server may request none."""

_LONGER = 8.0
"""The maximum number of waits for a busy server, each as long as it requests."""

_LATEST = 0.8
"""The share of the time left after which a call is sent again at the latest, so that it can still be answered."""

LONGEST = 10
"""A call that reports progress may take this many times the timeout in total."""


class _RawResult(RootModel[dict[str, Any]]):
    """A result with any keys."""

    @property
    def result(self) -> dict[str, Any]:
        """The result itself: over a connection it was repaired and wrapped; from a server in this process it is plain."""
        return dict(self.root.get(STOWED, self.root))


class LostError(Exception):
    """The call was not answered.

    words: who lost the answer, if it was not this process's connection. ran: False if the server certainly never started
    the call. forgotten: whether the server no longer knows the session.
    """

    def __init__(self, words: str = "", *, ran: bool = True, forgotten: bool = False) -> None:
        super().__init__()
        self.words = words
        self.ran = ran
        self.forgotten = forgotten


async def request(
    client: Client,
    server: str,
    tool: str,
    arguments: Mapping[str, object],
    timeout: float,  # noqa: ASYNC109  # a deadline that progress moves
    on_progress: "ProgressFnT | None",
) -> dict[str, Any]:
    """Call a tool and return the result's JSON unchanged, with every key.

    Progress restarts the clock of `timeout` seconds, up to ten times that long in total (the specification
    allows the former and recommends the latter: 2025-11-25, lifecycle, timeouts). When the call is abandoned
    or cancelled, the server is notified with `notifications/cancelled`.

    Raises:
        ServerError: the server did not answer in time, or answered with an error or something other than a tool result.
        LostError: the connection was lost before the answer.
    """
    began = anyio.current_time()
    latest = began + LONGEST * timeout

    async def progressed(progress: float, total: float | None, message: str | None) -> None:
        scope.deadline = min(anyio.current_time() + timeout, latest)
        if on_progress is not None:
            await on_progress(progress, total, message)

    result: dict[str, Any] = {}
    with anyio.CancelScope(deadline=began + timeout) as scope:
        try:
            result = await _in_turn(client, tool, arguments, progressed, scope)
        except MCPError as error:
            if error.code == CONNECTION_CLOSED:
                raise LostError from error
            if error.code == SESSION_LOST:
                raise LostError(ran=False, forgotten=True) from error
            if error.code in (LOST, UNSENT):
                raise LostError(str(error), ran=error.code == LOST) from error
            if error.code == BUSY:
                raise ServerError(server, f"{tool} did not run: {error}. {_again(error.data)}") from None
            raise ServerError(server, f"{tool}: {error}") from None
        except (anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
            raise LostError from error
        except ValueError as error:  # pydantic's: the SDK refuses a result without MCP's shape
            raise ServerError(server, f"{tool} returned an invalid result: {short(error)}") from None
    if scope.cancelled_caught:
        seconds = anyio.current_time() - began
        waited = timeout if seconds < timeout + 1 else seconds
        problem = f"{tool} did not answer within {counted(float(f'{waited:.3g}'), 'second')}; it was cancelled but may still be running"
        raise ServerError(server, problem)
    if result.get("resultType") == "input_required":
        raise ServerError(server, f"{tool} asks the user for input, which this client does not support")
    return result


async def _in_turn(
    client: Client,
    tool: str,
    arguments: Mapping[str, object],
    progressed: "ProgressFnT",
    scope: anyio.CancelScope,
) -> dict[str, Any]:
    """Send the request, and repeat it if the server had no capacity for it, as long as the deadline allows."""
    longer = 1.0
    while True:
        sent = anyio.current_time()
        try:
            return await _sent(client, tool, arguments, progressed)
        except MCPError as error:
            pause = error.data if error.code == BUSY else None
            now = anyio.current_time()
            # The refusal took this long; a request without time for an answer would end in doubt about whether it ran.
            left = scope.deadline - now - 2 * (now - sent)
            if not isinstance(pause, float) or max(pause, _SHORTEST) >= left:
                raise
            # Requests that were refused together should not be retried together. The last try comes before the deadline.
            pause = max(pause, _SHORTEST)
            await anyio.sleep(min(pause * longer * random.uniform(1, 1.5), max(pause, left * _LATEST)))
            longer = min(2 * longer, _LONGER)


_A_DAY = 86_400.0


def _again(pause: object) -> str:
    """Say when to try again."""
    seconds = math.ceil(pause) if isinstance(pause, float) and 1 < pause <= _A_DAY else 0
    return f"Try again in {counted(seconds, 'second')}" if seconds else "Try again later"


async def _sent(
    client: Client, tool: str, arguments: Mapping[str, object], progressed: "ProgressFnT"
) -> dict[str, Any]:
    """Send the request; if the server's schema has changed since it was listed, list the tools and send it once more."""
    # Not `client.call_tool`: it would drop unknown keys, and the whole result if structured
    # content does not match the tool's output schema.
    call = CallToolRequest(params=CallToolRequestParams(name=tool, arguments=dict(arguments)))
    try:
        return (await client.session.send_request(call, _RawResult, progress_callback=progressed)).result
    except MCPError as error:
        if error.code != HEADER_MISMATCH:
            raise
    await listed(client)
    return (await client.session.send_request(call, _RawResult, progress_callback=progressed)).result


async def listed(client: Client) -> "list[Tool]":
    """List the tools on all pages.

    Any cursor leads to a further page, even an empty one; a list ends without a cursor (2025-11-25, pagination), at a
    repeated cursor, at a page that only repeats tools, or after ten pages in a row without any. If a later page is refused,
    only that page is lost.
    """
    page = await client.list_tools(cache_mode="refresh")
    tools = _by_name(page)
    turned: set[str] = set()
    idle = 0
    while (cursor := page.next_cursor) is not None and cursor not in turned and idle < _IDLE:
        turned.add(cursor)
        try:
            page = await client.list_tools(cursor=cursor)
        except MCPError as error:
            if cursor:  # Some servers send an empty one to mean none, and then refuse it.
                _LOG.warning("cannot list the tools after %r: %s", cursor, short(error))
            break
        new = {name: tool for name, tool in _by_name(page).items() if name not in tools}
        if page.tools and not new:
            break
        idle = 0 if new else idle + 1
        tools |= new
    return list(tools.values())


def _by_name(page: "ListToolsResult") -> "dict[str, Tool]":
    """Return the tools on a page by name, each marked if the page states who checks arguments."""
    word = {JUDGED: True} if (page.meta or {}).get(JUDGED) is True else {}
    tools = (
        tool.model_copy(update={"meta": {**word, **(tool.meta or {})}}) if word else tool
        for tool in page.tools
    )
    return {tool.name: tool for tool in tools}
