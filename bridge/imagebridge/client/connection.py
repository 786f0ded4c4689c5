"""One server of a bridge: starts it, keeps the connection, restarts it after it exits, and sends it requests."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import anyio
import anyio.abc
from mcp import Client, MCPError
from mcp.server import MCPServer
from mcp.types import LoggingMessageNotificationParams

from imagebridge.errors import BridgeError, ServerError, counted, short
from imagebridge.repair.protocol import repaired

from .config import HttpServer, Setup
from .connect import Listening, connect, label, plain
from .environment import UNHEARD
from .http_errors import DOUBT, SESSION_LOST
from .request import LostError, request
from .resources import Resources
from .session import Session
from .tool_list import Tools

if TYPE_CHECKING:
    from mcp.shared.dispatcher import ProgressFnT
    from mcp.types import ReadResourceResult, Tool

_LOG = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5
"""The number of seconds to wait before restarting a server that exited twice in a row; doubled each time after that."""

_LONGEST_PAUSE = 60.0

_PATIENCE = 4.0
"""The longest time in seconds that a call waits for its server to restart; if it would take longer, it fails at once."""

_LAST_WORDS = 10.0
"""The number of seconds that a lost call waits for the server's process to exit, so that the error can quote its stderr."""

_RUNS = ("it did not run", DOUBT, "it was tried twice")
"""What is certain about a call, by the number of times that it may have run."""

Changed = Callable[[], None]
Logged = Callable[["Connection", LoggingMessageNotificationParams], Awaitable[None]]


class Connection:
    """One server and its tools. If it exits, the next call restarts it, after increasing pauses.

    on_change: called when the list of tools changes. on_log: receives the server's log messages.
    """

    def __init__(
        self, setup: Setup, tasks: anyio.abc.TaskGroup, on_change: Changed, on_log: Logged | None = None
    ) -> None:
        self.setup = setup
        self.name = setup.name or label(setup.server)
        """Until the server is connected, a name for the user; after that, a name that a model may read."""
        self.instructions = ""
        """The server's instructions for models."""
        self.resources = Resources(self.read)
        self._tools = Tools(lambda: self.name, setup.timeout, on_change)
        self._tasks = tasks
        self._on_change = on_change
        self._on_log = on_log
        self._session = Session()
        self._held: set[Session] = set()
        self._closed = False
        self._starting = anyio.Lock()
        self._ends = 0
        self._not_before = 0.0
        self._failure: ServerError | None = None
        self._failed_at = 0.0

    @property
    def tools(self) -> "list[Tool]":
        """The server's tools, as last listed."""
        return self._tools.now

    async def open(self) -> None:
        """Start or reach the server and list its tools.

        Raises:
            ServerError: it failed; the message quotes the server's stderr.
        """
        if self.setup.problem:
            raise ServerError(self.name, self.setup.problem)
        seconds = self.setup.timeout
        session = self._session = Session()
        try:
            with anyio.fail_after(seconds):
                await self._tasks.start(self._hold, session)
        except TimeoutError:
            problem = f"no answer within {counted(seconds, 'second')}"
            if self._is_child:
                problem += f". {UNHEARD}"
            elif refused := session.replies.problem():
                problem += f": {refused}"
            raise self._failed(problem, session.stderr) from None
        except ServerError as error:
            raise self._failed(error.problem, error.stderr) from error.__cause__

    @property
    def _is_child(self) -> bool:
        return not isinstance(self.setup.server, (HttpServer, MCPServer))

    def _failed(self, problem: str, stderr: str) -> ServerError:
        """Return the error for a server that is not connected, with its name in the configuration and its label."""
        server = label(self.setup.server)
        return ServerError(f"{self.setup.name} ({server})" if self.setup.name else server, problem, stderr)

    def close(self) -> None:
        """Close the connection; further calls are refused."""
        self._closed = True
        for session in self._held:
            session.drop()

    async def _hold(self, session: Session, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """Keep a connection open in a separate task until it or the bridge is closed."""
        self._held.add(session)
        ready = False
        logged = self._logged if self._on_log else None
        listening = Listening(session.end, self._tools.heard, logged, exchange=session.replies)
        try:
            async with connect(self.setup.server, listening, self.setup.environment) as (client, tools):
                info = client.server_info
                self.name = self.setup.name or (info and info.name) or plain(self.setup.server)
                self.instructions = client.instructions or ""
                self._tools.begin(tools)
                session.client, ready = client, True
                task_status.started()
                async with anyio.create_task_group() as watching:
                    watching.start_soon(self._tools.watch, client)
                    await session.over.wait()
                    watching.cancel_scope.cancel()
                if session.forgotten:
                    # Each call in progress gets its own answer: only that shows whether it was refused.
                    with anyio.move_on_after(self.setup.timeout):
                        await session.idle()
        except Exception:
            # After it has served, a server that ends badly costs only its own calls: each of them says so.
            if not ready:
                raise
            _LOG.debug("%s ended", self.name, exc_info=True)
        finally:
            self._held.discard(session)
            session.end()
            session.stderr = listening.stderr.text
            if not session.forgotten:
                self._pause()
            session.gone.set()

    def _pause(self) -> None:
        """Compute when the server may be restarted: at once after its first exit, and later each time after that."""
        self._ends += 1
        pause = min(_FIRST_PAUSE * 2 ** (self._ends - 2), _LONGEST_PAUSE) if self._ends > 1 else 0
        self._not_before = anyio.current_time() + pause

    async def _connected(self, asked_at: float) -> tuple[Session, Client]:
        """Return the session and its client, restarting the server if it has exited.

        If a start fails after `asked_at`, when the caller made its request, the caller does not wait for another start.
        """
        if self._session.client is not None:
            return self._session, self._session.client
        async with self._starting:
            if self._closed:
                raise ServerError(self.name, "the bridge is closed; use it inside its `with` or `async with`")
            if self._session.client is None:
                if self._failure is None or self._failed_at < asked_at:
                    await self._restart()
                if self._failure:
                    raise ServerError(self.name, self._failure.problem, self._failure.stderr)
            if self._session.client is None:
                raise ServerError(self.name, "it exited as soon as it started", self._session.stderr)
            return self._session, self._session.client

    async def _restart(self) -> None:
        """Restart the server once it has exited and its pause is over; `_failure` is set if that fails."""
        if not self._session.forgotten:
            # Two instances at once might conflict over a port or a profile.
            await self._session.gone.wait()
        self._failure = None
        pause = self._not_before - anyio.current_time()
        if pause > _PATIENCE:
            problem = (
                f"it exited {self._ends} times in a row; it will not be restarted for {pause:.0f} seconds"
                if self._is_child
                else f"its connection ended {self._ends} times in a row; try again in {pause:.0f} seconds"
            )
            self._failure, self._failed_at = (
                ServerError(self.name, problem, self._session.stderr),
                anyio.current_time(),
            )
            return
        await anyio.sleep(max(0.0, pause))
        try:
            await self.open()
        except ServerError as error:
            self._failure, self._failed_at = error, anyio.current_time()
        else:
            self._on_change()

    async def call(
        self,
        tool: "Tool",
        arguments: Mapping[str, object],
        on_progress: "ProgressFnT | None" = None,
        asked_at: float | None = None,
    ) -> dict[str, Any]:
        """Call a tool and return its repaired result as JSON.

        `asked_at`: when the call was requested, by the event loop's clock; by default now.
        A call whose answer is lost is repeated once if that is harmless, because the tool states that it only reads
        or is idempotent. A call that was refused because the server no longer knew the session is repeated once, in a
        new session.

        Raises:
            ServerError: the server did not answer in time, refused the call or is gone.
        """
        hints = tool.annotations
        harmless = hints is not None and (hints.read_only_hint is True or hints.idempotent_hint is True)
        timeout = self.setup.timeout
        asked_at = anyio.current_time() if asked_at is None else asked_at
        runs, is_renewed = 0, False
        while True:
            session, client = await self._connected(asked_at)
            self._tools.called()
            try:
                with session.calling():
                    result = await request(client, self.name, tool.name, arguments, timeout, on_progress)
            except LostError as lost:
                if isinstance(self.setup.server, MCPServer) and not self._closed:
                    # In this process nothing can be lost: the code is the server's own.
                    raise ServerError(self.name, f"{tool.name}: {lost.__cause__}") from lost.__cause__
                if session is self._session:
                    # The server may be another one now. A new connection has its own list.
                    self._tools.doubted()
                runs += lost.ran
                if lost.forgotten:
                    session.forget()
                if lost.forgotten and not is_renewed:
                    is_renewed = True
                elif not (harmless and lost.ran and runs == 1):
                    raise await self._lost(session, tool.name, lost, _RUNS[runs]) from None
            else:
                break
        self._ends = 0
        self._tools.answered(client)
        await self._tools.refreshed(client)
        # Results from a connection were repaired on arrival; a server in this process has no connection.
        return dict(repaired(result)) if isinstance(self.setup.server, MCPServer) else result

    async def settled(self) -> None:
        """Return once the changes that the last call made to the tools are known; see `Tools.settled`."""
        if (client := self._session.client) is not None:
            await self._tools.settled(client)

    async def _lost(self, session: Session, tool: str, lost: LostError, certain: str) -> ServerError:
        """Return the error for a lost call, with the end of the process's stderr; `certain` says whether it ran."""
        if lost.words:
            return ServerError(self.name, f"{tool}: {lost.words}; {certain}")
        if lost.forgotten:
            why = "the server does not recognise the session that it has just opened"
            return ServerError(self.name, f"{tool}: {why}; {certain}")
        why = "the connection was lost"
        if session.client is None:
            with anyio.move_on_after(_LAST_WORDS):
                await session.gone.wait()
            if self._closed:
                why = "the bridge was closed"
            elif self._is_child:
                why = "the server exited or its connection was lost"
        return ServerError(self.name, f"{why}, and {tool} was not answered: {certain}", session.stderr)

    async def read(self, uri: str) -> "ReadResourceResult":
        """Read a resource of the server.

        Raises:
            ServerError: it cannot be read.
        """
        try:
            with anyio.fail_after(self.setup.timeout):
                return await self._read(uri)
        except TimeoutError:
            raise ServerError(
                self.name, f"no answer within {counted(self.setup.timeout, 'second')}"
            ) from None
        except (MCPError, ValueError, anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
            raise ServerError(self.name, short(error) or type(error).__name__) from None

    async def _read(self, uri: str) -> "ReadResourceResult":
        asked_at = anyio.current_time()
        try:
            return await self._read_once(uri, asked_at)
        except MCPError as error:
            if error.code != SESSION_LOST:
                raise
        return await self._read_once(uri, asked_at)

    async def _read_once(self, uri: str, asked_at: float) -> "ReadResourceResult":
        session, client = await self._connected(asked_at)
        try:
            with session.calling():
                return await client.read_resource(uri)
        except MCPError as error:
            if error.code == SESSION_LOST:
                session.forget()
            raise

    async def _logged(self, params: LoggingMessageNotificationParams) -> None:
        if self._on_log is not None:
            await self._on_log(self, params)


async def connected(connections: Sequence[Connection], *, required: bool) -> dict[Connection, ServerError]:
    """Open all connections at the same time; return why some failed, if the others may continue without them.

    Raises:
        BridgeError: all failed, or a required one did; with `required`, every one is required.
    """
    failures: dict[Connection, ServerError] = {}

    async def start(connection: Connection) -> None:
        try:
            await connection.open()
        except ServerError as error:
            failures[connection] = error

    async with anyio.create_task_group() as starts:
        for connection in connections:
            starts.start_soon(start, connection)
    failed = {one: failures[one] for one in connections if one in failures}
    needed = required or any(one.setup.required for one in failures)
    if failed and (needed or len(failed) == len(connections)):
        first, *others = failed.values()
        raise BridgeError("\n".join(map(str, failed.values()))) if others else first
    for failure in failed.values():
        _LOG.warning("continuing without %s", failure)
    return failed
