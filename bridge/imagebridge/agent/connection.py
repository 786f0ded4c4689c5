"""One server of a bridge: started, held, started anew after it ended, and asked."""

import logging
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import anyio
import anyio.abc
from mcp import Client, MCPError
from mcp.client.subscriptions import Subscription, SubscriptionLost
from mcp.server import MCPServer
from mcp.types import LoggingMessageNotificationParams, ToolListChangedNotification
from mcp.types.version import MODERN_PROTOCOL_VERSIONS

from imagebridge.errors import BridgeError, ServerError
from imagebridge.repair import repaired

from .calls import short
from .config import Setup
from .connect import Listening, connect, label, last_words, plain
from .http import Exchange
from .links import Resources
from .request import LostError, listed, request

if TYPE_CHECKING:
    from mcp.client.session import IncomingMessage
    from mcp.shared.dispatcher import ProgressFnT
    from mcp.types import ReadResourceResult, Tool

_LOG = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5
"""Seconds before a server that ended twice in a row is started again; doubled for each further time."""

_LONGEST_PAUSE = 60.0

_PATIENCE = 4.0
"""Seconds that a call waits for its server's next start; with more to wait it is answered at once."""

_LAST_WORDS = 10.0
"""Seconds that a lost call waits for the server's process to be gone, so that it can quote its stderr."""

_ACKNOWLEDGED = 5.0
"""Seconds that a server has to acknowledge a subscription."""

Changed = Callable[[], None]
Logged = Callable[["Connection", LoggingMessageNotificationParams], Awaitable[None]]


class Connection:
    """One server and its tools. After it ended it is started anew by the next call, with growing pauses.

    on_change: called when the list of tools is another. on_log: hears what the server logs.
    """

    def __init__(
        self, setup: Setup, tasks: anyio.abc.TaskGroup, on_change: Changed, on_log: Logged | None = None
    ) -> None:
        self.setup = setup
        self.name = setup.name or label(setup.server)
        """Until it is connected as a person would name it; from then on a model may read it."""
        self.tools: list[Tool] = []
        self.resources = Resources(self.read)
        self._tasks = tasks
        self._on_change = on_change
        self._on_log = on_log
        self._client: Client | None = None
        self._closed = False
        self._over = anyio.Event()
        self._gone = anyio.Event()
        self._starting = anyio.Lock()
        self._listing = anyio.Lock()
        self._stale = anyio.Event()
        self._exchange = Exchange()
        self._ends = 0
        self._not_before = 0.0
        self._starts = 0
        self._failure: ServerError | None = None
        self._said = ""

    @property
    def is_open(self) -> bool:
        """Whether the server is connected now."""
        return self._client is not None

    async def open(self) -> None:
        """Start or reach the server and list its tools.

        Raises:
            ServerError: that failed; it quotes what the server wrote to stderr.
        """
        if self.setup.problem:
            raise ServerError(self.name, self.setup.problem)
        seconds = self.setup.timeout
        try:
            with anyio.fail_after(seconds):
                await self._tasks.start(self._hold)
        except TimeoutError:
            raise self._failed(f"no answer within {seconds:g} seconds", self._said) from None
        except ServerError as error:
            raise self._failed(error.problem, error.stderr) from error

    def _failed(self, problem: str, stderr: str) -> ServerError:
        """Return the error of a server that is not connected, named as its configuration and as a person would."""
        told = label(self.setup.server)
        return ServerError(f"{self.setup.name} ({told})" if self.setup.name else told, problem, stderr)

    def close(self) -> None:
        """End the connection; further calls are refused."""
        self._closed = True
        self._lost()

    def _lost(self) -> None:
        """Note that the present connection is over."""
        self._client = None
        self._over.set()

    async def _hold(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """Hold the connection in a task of its own, until it or the bridge ends."""
        self._over, self._gone, self._said = anyio.Event(), anyio.Event(), ""
        ready = False
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errlog:
            listening = Listening(errlog, self._lost, self._heard, self._logged if self._on_log else None)
            self._exchange = listening.exchange
            try:
                async with connect(self.setup.server, listening) as (client, tools):
                    info = client.server_info
                    self.name = self.setup.name or (info and info.name) or plain(self.setup.server)
                    self._client, self.tools, ready = client, tools, True
                    task_status.started()
                    async with anyio.create_task_group() as watching:
                        watching.start_soon(self._subscribed, client)
                        watching.start_soon(self._follow)
                        await self._over.wait()
                        watching.cancel_scope.cancel()
            except Exception:
                # Once it served, a server that ends badly costs its own calls alone: each of them says so.
                if not ready:
                    raise
                _LOG.debug("%s ended", self.name, exc_info=True)
            finally:
                self._client = None
                self._said = last_words(errlog)
                self._pause()
                self._gone.set()

    def _pause(self) -> None:
        """Reckon when the server may be started again: at once after the first end, later after each further one."""
        self._ends += 1
        pause = min(_FIRST_PAUSE * 2 ** (self._ends - 2), _LONGEST_PAUSE) if self._ends > 1 else 0
        self._not_before = anyio.current_time() + pause

    async def _connected(self) -> Client:
        """Return the client, starting the server anew where it has ended."""
        if self._exchange.forgotten:
            self._lost()
        if self._client is not None:
            return self._client
        starts = self._starts
        async with self._starting:
            if self._closed:
                raise ServerError(self.name, "the bridge is closed; use it inside its `with` or `async with`")
            if self._client is None:
                # Who waited for a start that failed is not made to wait for one more.
                if starts == self._starts:
                    await self._restart()
                    self._starts += 1
                if self._failure:
                    raise ServerError(self.name, self._failure.problem, self._failure.stderr)
            if self._client is None:
                raise ServerError(self.name, "it ended as soon as it had started", self._said)
            return self._client

    async def _restart(self) -> None:
        """Start the server anew once it is gone and its pause is over; `_failure` is why that failed."""
        # Two of the same at once might fight over a port or a profile.
        await self._gone.wait()
        self._failure = None
        pause = self._not_before - anyio.current_time()
        if pause > _PATIENCE:
            problem = f"it ended {self._ends} times in a row; it is not started again for {pause:.0f} seconds"
            self._failure = ServerError(self.name, problem, self._said)
            return
        await anyio.sleep(max(0.0, pause))
        try:
            await self.open()
        except ServerError as error:
            self._failure = error
        else:
            self._on_change()

    async def call(
        self, tool: "Tool", arguments: Mapping[str, object], on_progress: "ProgressFnT | None" = None
    ) -> dict[str, Any]:
        """Call a tool and return its repaired result as JSON.

        A call that is lost with its connection is made once more where that can do no harm: the tool says that
        it only reads or is idempotent, or the server never saw the call.

        Raises:
            ServerError: the server did not answer in time, refused the call or is gone.
        """
        hints = tool.annotations
        harmless = hints is not None and (hints.read_only_hint is True or hints.idempotent_hint is True)
        timeout = self.setup.timeout
        for told in ("it may or may not have run", "it was tried twice"):
            client = await self._connected()
            try:
                result = await request(
                    client, self.name, tool.name, arguments, timeout, on_progress, self._exchange
                )
            except LostError as lost:
                if isinstance(self.setup.server, MCPServer) and not self._closed:
                    # In this process nothing can be lost: the code is the server's own.
                    raise ServerError(self.name, f"{tool.name}: {lost.__cause__}") from lost
                if told.startswith("it may") and (harmless or not lost.ran):
                    continue
                raise await self._ended(f"{tool.name} was not answered: {told}") from lost
            self._ends = 0
            await self._refreshed()
            # Over a connection results were repaired on their way in; a server in this process has none.
            return dict(repaired(result)) if isinstance(self.setup.server, MCPServer) else result
        raise AssertionError("unreachable")

    async def _ended(self, problem: str) -> ServerError:
        """Return the error of a lost call, with the last words of the server's process."""
        if self._client is None:
            with anyio.move_on_after(_LAST_WORDS):
                await self._gone.wait()
            why = "the bridge was closed" if self._closed else "the server ended or its connection was lost"
        else:
            why = "the connection was lost"
        return ServerError(self.name, f"{why}, and {problem}", self._said)

    async def read(self, uri: str) -> "ReadResourceResult":
        """Read a resource of the server.

        Raises:
            ServerError: it cannot be read.
        """
        client = await self._connected()
        try:
            with anyio.fail_after(self.setup.timeout):
                return await client.read_resource(uri)
        except TimeoutError:
            raise ServerError(self.name, f"no answer within {self.setup.timeout:g} seconds") from None
        except (MCPError, ValueError, anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
            raise ServerError(self.name, short(error) or type(error).__name__) from error

    async def _logged(self, params: LoggingMessageNotificationParams) -> None:
        if self._on_log is not None:
            await self._on_log(self, params)

    async def _heard(self, message: "IncomingMessage") -> None:
        if isinstance(message, ToolListChangedNotification):
            self._stale.set()

    async def _follow(self) -> None:
        """List the tools again whenever the server says that they changed."""
        pause = _FIRST_PAUSE
        while True:
            await self._stale.wait()
            await self._refreshed()
            # A server that says so whenever it lists them would keep both sides busy for ever.
            await anyio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE) if self._stale.is_set() else _FIRST_PAUSE

    async def _refreshed(self) -> None:
        """Return once the list of tools is as new as the server's last word on it."""
        if not self._stale.is_set():
            return
        async with self._listing:
            client = self._client
            if client is None or not self._stale.is_set():
                return
            self._stale = anyio.Event()
            try:
                with anyio.fail_after(self.setup.timeout):
                    self.tools = await listed(client)
            except (
                MCPError,
                ValueError,
                TimeoutError,
                anyio.ClosedResourceError,
                anyio.BrokenResourceError,
            ) as error:
                _LOG.warning("%s: its changed tools cannot be listed: %s", self.name, short(error))
                return
            self._on_change()

    async def _subscribed(self, client: Client) -> None:
        """Ask a server of protocol 2026-07-28 to tell of changes; older ones do so unasked."""
        offered = client.server_capabilities.tools
        if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or not (offered and offered.list_changed):
            return
        pause = _FIRST_PAUSE
        while True:
            began = anyio.current_time()
            try:
                async with AsyncExitStack() as stack:
                    subscription: Subscription | None = None
                    # Not left before it is acknowledged: the SDK logs an acknowledgment that comes too late.
                    with anyio.move_on_after(_ACKNOWLEDGED, shield=True):
                        subscription = await stack.enter_async_context(client.listen(tools_list_changed=True))
                    if subscription is not None:
                        # Each event reaches `_heard` too; here the subscription is only kept open.
                        async for _ in subscription:
                            pass
            except MCPError as error:
                _LOG.debug("%s does not tell of changed tools: %s", self.name, error)
                return
            except (SubscriptionLost, TimeoutError):
                pass
            if anyio.current_time() - began > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
            await anyio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            # What changed while nobody listened.
            self._stale.set()


async def connected(connections: Sequence[Connection], *, required: bool) -> list[ServerError]:
    """Open all connections at the same time; return why some failed, where the others may go on without them.

    Raises:
        BridgeError: all failed, or one that is required; with `required` each is.
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
    found = [failures[one] for one in connections if one in failures]
    needed = required or any(one.setup.required for one in failures)
    if found and (needed or len(found) == len(connections)):
        raise found[0] if len(found) == 1 else BridgeError("\n".join(map(str, found)))
    for failure in found:
        _LOG.warning("going on without %s", failure)
    return found
