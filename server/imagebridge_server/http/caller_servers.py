"""The MCP servers behind one address: each caller has one of its own, so that no call ever meets another caller's things."""

import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup
from mcp.server import MCPServer
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from imagebridge.client.threads import in_thread

from .callers import HttpCaller

_LOG = logging.getLogger("imagebridge.http")

IDLE_SERVERS = 64
"""Servers that stay for callers who ask nothing at the moment. Each takes half a megabyte and 40 ms to build, and up to
2 MB for answers that may be asked for again."""

IDLE_SECONDS = 900.0
"""Seconds that a server stays at least, after its caller asked something: a picture may be in the making."""


MOST_SERVERS = 512
"""Servers that stay at most: with tokens of an issuer, anybody may be a new caller."""


class _CallerServer:
    """The server of one caller, from its start to its end."""

    def __init__(self) -> None:
        self.manager: StreamableHTTPSessionManager | None = None
        self.ready = anyio.Event()
        self.over = anyio.Event()
        self.in_use = 0
        self.last = 0.0

    async def run(self, build: Callable[[], MCPServer]) -> None:
        """Serve until it is over."""
        try:
            server = await in_thread(build)
            async with server.session_manager.run():
                self.manager = server.session_manager
                self.ready.set()
                await self.over.wait()
        # The other callers are served on; this one is told so by each request, and the next builds anew.
        except Exception:  # noqa: BLE001
            _LOG.exception("cannot build the server of a caller")
        finally:
            self.manager = None
            self.ready.set()


class CallerServers:
    """The servers of all callers, each built when its caller first asks.

    build: makes the server of a caller, whose session manager is ready to run.
    """

    def __init__(self, build: Callable[[HttpCaller], MCPServer]) -> None:
        self._build = build
        self._servers: OrderedDict[HttpCaller, _CallerServer] = OrderedDict()
        self._tasks: TaskGroup | None = None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Keep the servers for as long as the block lasts."""
        async with anyio.create_task_group() as self._tasks:
            yield
            for one in self._servers.values():
                one.over.set()
            self._servers.clear()
        self._tasks = None

    @asynccontextmanager
    async def of(self, caller: HttpCaller) -> AsyncGenerator[StreamableHTTPSessionManager]:
        """Lend the server of a caller for one request.

        Raises:
            RuntimeError: it cannot be built.
        """
        server = self._servers.get(caller)
        if server is None:
            server = self._servers[caller] = _CallerServer()
            if self._tasks is None:
                raise RuntimeError("the application has not started: run its lifespan")
            self._tasks.start_soon(server.run, lambda: self._build(caller))
        self._servers.move_to_end(caller)
        server.in_use += 1
        try:
            await server.ready.wait()
            if server.manager is None:
                self._forget(caller, server)
                raise RuntimeError("cannot build the server of this caller")
            yield server.manager
        finally:
            server.in_use -= 1
            server.last = anyio.current_time()
            if len(self._servers) > IDLE_SERVERS:
                self._tidy()

    def _tidy(self) -> None:
        """End those that were idle for longest, where there are too many; what goes on in the background ends with them."""
        since = anyio.current_time() - IDLE_SECONDS
        idle = [(caller, one) for caller, one in self._servers.items() if not one.in_use]
        for caller, one in idle[: max(0, len(self._servers) - IDLE_SERVERS)]:
            if one.last < since or len(self._servers) > MOST_SERVERS:
                self._forget(caller, one)

    def _forget(self, caller: HttpCaller, server: _CallerServer) -> None:
        if self._servers.get(caller) is server:
            del self._servers[caller]
        server.over.set()
