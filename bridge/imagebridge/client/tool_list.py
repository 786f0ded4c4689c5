"""The tools of one server, as current as its last notification."""

import logging
import math
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import anyio
from mcp import Client, MCPError
from mcp.client.subscriptions import Subscription, SubscriptionLost
from mcp.types import ToolListChangedNotification
from mcp.types.version import MODERN_PROTOCOL_VERSIONS

from imagebridge.errors import short

from .http_errors import BUSY, LOST, UNSENT
from .request import listed

if TYPE_CHECKING:
    from mcp.client.session import IncomingMessage
    from mcp.types import Tool

_LOG = logging.getLogger(__name__)

_GRACE = 0.2
"""The seconds to wait after an answer for a notification of changed tools, so that the next request includes them."""

_PATIENCE = 4.0
"""The longest time in seconds that an answer, or the next request, waits for a list of tools that is being read."""

_FIRST_PAUSE = 0.5
"""The seconds to wait before listing the tools again or renewing a subscription; doubled each time after that."""

_LONGEST_PAUSE = 60.0

_ACKNOWLEDGED = 5.0
"""The time allowed, in seconds, for a server to acknowledge a subscription."""


class Tools:
    """A server's list of tools, read again whenever the server reports that the list changed.

    server: its name in messages. timeout: seconds for one listing. on_change: called when the list changes.
    """

    def __init__(self, server: Callable[[], str], timeout: float, on_change: Callable[[], None]) -> None:
        self.now: list[Tool] = []
        """The tools that can be called."""
        self._server = server
        self._timeout = timeout
        self._on_change = on_change
        self._stale = anyio.Event()
        self._listing = anyio.Lock()
        self._until = -math.inf
        self._called = False
        self._doubted = False
        self._left_out: set[str] = set()

    def take(self, tools: "Sequence[Tool]") -> None:
        """Store a server's list, without tools that run only as a task; each of these is reported once."""
        offered = [tool for tool in tools if not _needs_task(tool)]
        for name in {tool.name for tool in tools} - {tool.name for tool in offered} - self._left_out:
            self._left_out.add(name)
            _LOG.warning(
                "%s: not offering the tool %s, because it runs only as a task, which this client cannot "
                "start",
                self._server(),
                name,
            )
        self.now = offered

    def begin(self, tools: "Sequence[Tool]") -> None:
        """Store the list that a new connection began with: what was doubtful before it is settled."""
        self._doubted = False
        self.take(tools)

    async def heard(self, message: "IncomingMessage") -> None:
        """Handle a notification from the server."""
        if isinstance(message, ToolListChangedNotification):
            self._stale.set()

    def called(self) -> None:
        """Record that a call starts."""
        self._called = True

    def doubted(self) -> None:
        """Record that the server may have been replaced: its tools are listed again once it answers."""
        self._doubted = True

    def answered(self, client: Client) -> None:
        """Record that a call was answered: a server that announces changes may announce one a moment later."""
        if self._doubted:
            self._doubted = False
            self._stale.set()
        if _tells(client):
            self._until = anyio.current_time() + _GRACE

    async def settled(self, client: Client) -> None:
        """Return once the changes made by the last call are listed, if the server announces them soon enough."""
        with anyio.move_on_after(_PATIENCE):
            while True:
                await self.refreshed(client)
                left = self._until - anyio.current_time()
                if left <= 0:
                    return
                with anyio.move_on_after(left):
                    await self._stale.wait()

    async def refreshed(self, client: Client) -> None:
        """Return once the list of tools is as current as the server's last notice, or when that takes too long."""
        with anyio.move_on_after(_PATIENCE):
            await self._listed_again(client)

    async def _listed_again(self, client: Client) -> None:
        if not self._stale.is_set():
            return
        async with self._listing:
            if not self._stale.is_set():
                return
            self._stale = anyio.Event()
            try:
                with anyio.fail_after(self._timeout):
                    self.take(await listed(client))
            except (
                MCPError,
                ValueError,
                TimeoutError,
                anyio.ClosedResourceError,
                anyio.BrokenResourceError,
            ) as error:
                _LOG.warning("cannot list the changed tools of %s: %s", self._server(), short(error))
                return
            except anyio.get_cancelled_exc_class():
                # Waiting callers continue without it; the next one lists the tools.
                self._stale.set()
                raise
            self._on_change()

    async def watch(self, client: Client) -> None:
        """Follow changes for as long as the connection lasts."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._subscribed, client)
            tasks.start_soon(self._follow, client)

    async def _follow(self, client: Client) -> None:
        pause = _FIRST_PAUSE
        while True:
            await self._stale.wait()
            await self._listed_again(client)
            # A server that announces changes whenever it lists them would keep both sides busy forever.
            await anyio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE) if self._stale.is_set() else _FIRST_PAUSE

    async def _subscribed(self, client: Client) -> None:
        """Ask a server of protocol 2026-07-28 to announce changes; older servers do so without being asked."""
        if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or not _tells(client):
            return
        pause = _FIRST_PAUSE
        while True:
            began = anyio.current_time()
            try:
                async with AsyncExitStack() as stack:
                    subscription: Subscription | None = None
                    # Not left before it is acknowledged: the SDK logs an acknowledgement that arrives too late.
                    with anyio.move_on_after(_ACKNOWLEDGED, shield=True):
                        subscription = await stack.enter_async_context(client.listen(tools_list_changed=True))
                    if subscription is not None:
                        if self._called:
                            # The list may have changed before anybody listened.
                            self._stale.set()
                        # Each event also reaches `heard`; this only keeps the subscription open.
                        async for _ in subscription:
                            pass
            except MCPError as error:
                _LOG.debug("%s does not report changed tools: %s", self._server(), error)
                if error.code not in (BUSY, LOST, UNSENT):
                    return
            except (SubscriptionLost, TimeoutError):
                pass
            if anyio.current_time() - began > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
            await anyio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            # Changes while nobody listened.
            self._stale.set()


def _tells(client: Client) -> bool:
    """Return whether the server declares that it announces changed tools."""
    offered = client.server_capabilities
    tools = offered.tools if offered else None
    return tools is not None and tools.list_changed is True


def _needs_task(tool: "Tool") -> bool:
    """Return whether calls to the tool are refused unless they are tasks (2025-11-25, tasks, tool-level negotiation)."""
    return tool.execution is not None and tool.execution.task_support == "required"
