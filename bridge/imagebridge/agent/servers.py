"""The servers of an open bridge, the list of all their tools, and calls to these tools."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import anyio
import anyio.abc

from imagebridge.client.config import Filter, Setup
from imagebridge.client.connection import Connection, connected
from imagebridge.errors import ServerError, ToolLimitError, ToolNameError
from imagebridge.events import Log, Progress, ToolCall

from .answers import OnCallEvent, sendable
from .call_order import Lane
from .handles import Handles
from .hooks import Approval, Approve, OnServerEvent, call_hook
from .instructions import gathered
from .tools import OfferedTool, ToolRegistry

if TYPE_CHECKING:
    from mcp.types import LoggingMessageNotificationParams
    from openai.types.responses import FunctionToolParam

_LOG = logging.getLogger(__name__)


class Servers:
    """The servers that a bridge is connected to; the arguments are those of `Bridge`."""

    def __init__(
        self,
        rules: Filter,
        handles: Handles,
        approve: Approve | None,
        on_event: OnServerEvent | None,
        *,
        parallel: bool,
    ) -> None:
        self.connections: list[Connection] = []
        self.failures: list[ServerError] = []
        self._rules = rules
        self._handles = handles
        self._approve = approve
        self._approval = Approval(approve)
        self._on_event = on_event
        self._parallel = parallel
        self._registry = ToolRegistry(rules)
        self._tools: list[FunctionToolParam] | None = None
        self._named = False
        """Whether all servers have answered or failed, so that the tools have names."""

    def anew(self) -> "Servers":
        """Return an unopened copy."""
        return Servers(self._rules, self._handles, self._approve, self._on_event, parallel=self._parallel)

    async def open(self, setups: Sequence[Setup], tasks: anyio.abc.TaskGroup, *, required: bool) -> None:
        """Connect to all servers and name their tools; each connection is kept open by a task in `tasks`.

        Raises:
            BridgeError: see `connected`; also if `handles` names something that does not exist.
            ToolLimitError: more tools than the API accepts.
        """
        log = self._logged if self._on_event else None
        self.connections = [Connection(setup, tasks, self._changed, log) for setup in setups]
        self._handles.open(self.connections)
        failed = await connected(self.connections, required=required)
        self.failures = list(failed.values())
        self.connections = [one for one in self.connections if one not in failed]
        self._named = True
        self._changed()
        self._registry.warn(self.connections)
        _ = self.tools  # raises if there are too many
        self._handles.check()

    def close(self) -> None:
        """End all connections."""
        for connection in self.connections:
            connection.close()

    async def _logged(self, connection: Connection, record: "LoggingMessageNotificationParams") -> None:
        if self._on_event is not None:
            await call_hook(self._on_event, Log(connection.name, record.level, record.data, record.logger))

    def _changed(self) -> None:
        """Update the tools from the servers once all servers have answered: earlier, names would depend on which was first."""
        if not self._named:
            return
        self._registry.update(self.connections)
        try:
            self._tools = self._handles.learn(self._registry.tools)
        except ToolLimitError as error:
            if self._tools is not None:  # When opening, it is raised where the list is requested.
                _LOG.warning("keeping the previous list of tools: %s", error)

    @property
    def tools(self) -> "list[FunctionToolParam]":
        """The definitions of all tools.

        Raises:
            ToolLimitError: more tools than the API accepts.
        """
        if self._tools is None:
            self._tools = self._handles.learn(self._registry.tools)
        return list(self._tools)

    @property
    def instructions(self) -> str:
        """The instructions of the servers whose tools are offered."""
        heard = self._registry.connections
        return gathered((one.name, one.instructions) for one in self.connections if one in heard)

    async def settled(self) -> None:
        """Wait until `tools` includes the changes that the last calls made."""
        async with anyio.create_task_group() as tasks:
            for connection in self.connections:
                tasks.start_soon(connection.settled)

    async def offered_tool(self, name: str) -> OfferedTool:
        """Return the tool with the given name, even if a call has only just added it.

        Raises:
            ToolNameError: no tool has that name.
        """
        try:
            return self._registry.find(name)
        except ToolNameError:
            await self.settled()
            return self._registry.find(name)

    async def call(
        self,
        name: str,
        arguments: Mapping[str, object],
        call_id: str = "",
        on_event: OnCallEvent | None = None,
        asked_at: float | None = None,
    ) -> tuple[Connection, dict[str, Any]]:
        """Call a tool and return the connection to its server and the result; see `Bridge.call` and `Connection.call`.

        Raises:
            BridgeError: the call did not run, or received no answer.
        """
        offered_tool = await self.offered_tool(name)
        connection = offered_tool.connection
        plain = sendable(arguments)
        filled, wrong = await self._handles.filled(name, plain, connection)
        if wrong:
            raise offered_tool.schema.refusal(filled, wrong)
        for note in offered_tool.schema.check(filled):
            _LOG.warning("calling %s although its arguments may be wrong: %s", name, note)
        # A person who is asked sees the names of pictures, not their bytes.
        tool_call = ToolCall(name, plain, connection.name, offered_tool.tool, call_id)
        await self._approval.ask(tool_call)
        hook = self._on_event

        async def progressed(progress: float, total: float | None, message: str | None) -> None:
            note = Progress(tool_call, progress, total, message)
            if hook is not None:
                await call_hook(hook, note)
            if on_event is not None:
                await on_event(note)

        listens = hook is not None or on_event is not None
        return connection, await connection.call(
            offered_tool.tool, filled, progressed if listens else None, asked_at
        )

    def lane(self, name: str) -> Lane | None:
        """Return where the tool with the given name runs, or None if there is no such tool."""
        try:
            offered_tool = self._registry.find(name)
        except ToolNameError:
            return None
        hints = offered_tool.tool.annotations
        reads = hints is not None and hints.read_only_hint is True
        return Lane(
            id(offered_tool.connection), reads or self._parallel or offered_tool.connection.setup.parallel
        )
