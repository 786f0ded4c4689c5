"""The MCP servers behind one address: each caller has a separate one, so that calls never see another caller's data."""

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
"""How many servers are kept for idle callers. Each takes 40 ms to build, and 0.5 to 2.5 MB with remembered answers."""

IDLE_SECONDS = 900.0
"""The minimum number of seconds to keep a server after its last request, because a picture may be in progress."""


MOST_SERVERS = 512
"""The maximum number of servers that are kept, because an issuer may have any number of callers."""


class _CallerServer:
    """The server of one caller, from its start to its end."""

    def __init__(self) -> None:
        self.manager: StreamableHTTPSessionManager | None = None
        self.ready = anyio.Event()
        self.over = anyio.Event()
        self.in_use = 0
        self.last = 0.0

    async def run(self, build: Callable[[], MCPServer]) -> None:
        """Build the server and serve until `over` is set."""
        try:
            server = await in_thread(build)
            async with server.session_manager.run():
                self.manager = server.session_manager
                self.ready.set()
                await self.over.wait()
        # The other callers are still served; this one is told by each request, and the next request builds a new server.
        except Exception:  # noqa: BLE001
            _LOG.exception("cannot build a caller's server")
        finally:
            self.manager = None
            self.ready.set()


class CallerServers:
    """The servers of all callers, each built when its caller first sends a request.

    build: creates a caller's server, with a session manager that is ready to run.
    """

    def __init__(self, build: Callable[[HttpCaller], MCPServer]) -> None:
        self._build = build
        self._servers: OrderedDict[HttpCaller, _CallerServer] = OrderedDict()
        self._tasks: TaskGroup | None = None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Run the servers for the duration of the block."""
        async with anyio.create_task_group() as self._tasks:
            yield
            for one in self._servers.values():
                one.over.set()
            self._servers.clear()
        self._tasks = None

    @asynccontextmanager
    async def of(self, caller: HttpCaller) -> AsyncGenerator[StreamableHTTPSessionManager]:
        """Provide a caller's server for one request.

        Raises:
            RuntimeError: the server cannot be built.
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
            # Waiting would also let others go first where there is nothing to wait for.
            if not server.ready.is_set():
                await server.ready.wait()
            if server.manager is None:
                self._forget(caller, server)
                raise RuntimeError("cannot build this caller's server")
            yield server.manager
        finally:
            server.in_use -= 1
            server.last = anyio.current_time()
            if len(self._servers) > IDLE_SERVERS:
                self._tidy()

    def _tidy(self) -> None:
        """Stop the servers that have been idle longest, and their background work, if there are too many."""
        since = anyio.current_time() - IDLE_SECONDS
        idle = [(caller, one) for caller, one in self._servers.items() if not one.in_use]
        for caller, one in idle[: max(0, len(self._servers) - IDLE_SERVERS)]:
            if one.last < since or len(self._servers) > MOST_SERVERS:
                self._forget(caller, one)

    def _forget(self, caller: HttpCaller, server: _CallerServer) -> None:
        if self._servers.get(caller) is server:
            del self._servers[caller]
        server.over.set()
