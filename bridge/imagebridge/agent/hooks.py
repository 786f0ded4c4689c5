"""What a bridge asks its user and tells them: approval of calls, progress, logs, and blocks for their eyes."""

import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from imagebridge.errors import ApprovalError
from imagebridge.translate.wire import JSON

if TYPE_CHECKING:
    from mcp.types import LoggingLevel, Tool

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that is about to be made.

    name: as models call the tool. arguments: as they will be sent. server: whose tool it is. tool: the
    server's own definition, with its original name and its annotations. call_id: of the model's call, empty
    for `bridge.call`.
    """

    name: str
    arguments: JSON
    server: str
    tool: "Tool"
    call_id: str = ""

    @property
    def destructive(self) -> bool:
        """Whether the tool itself says that it may destroy something (`destructiveHint`); silence is no."""
        return self.tool.annotations is not None and self.tool.annotations.destructive_hint is True


@dataclass(frozen=True, slots=True)
class Progress:
    """A call goes on: how far, of how much if that is known, and what the server says of it."""

    call: ToolCall
    progress: float
    total: float | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """A server logs something, in MCP's terms."""

    server: str
    level: "LoggingLevel"
    data: Any
    logger: str | None = None


Approve = Callable[[ToolCall], "bool | Awaitable[bool]"]
Display = Callable[[list[dict[str, Any]]], object]
Notice = Progress | Log
Hear = Callable[[Notice], object]


class Approval:
    """Asks before each call; plain functions one at a time and in a thread, as they may wait for a person.

    One whose call was cancelled meanwhile is left alone, and counts no more.
    """

    def __init__(self, approve: Approve | None) -> None:
        self._approve = approve
        self._one = anyio.Lock()

    async def asked(self, call: ToolCall) -> None:
        """Return where the call may run.

        Raises:
            ApprovalError: it may not.
        """
        approve = self._approve
        if approve is None:
            return
        if inspect.iscoroutinefunction(approve):
            allowed = await approve(call)
        else:
            async with self._one:
                # A limiter of its own: those left alone hold theirs until they return.
                found = await anyio.to_thread.run_sync(
                    partial(approve, call), limiter=anyio.CapacityLimiter(1), abandon_on_cancel=True
                )
            allowed = await found if inspect.isawaitable(found) else found
        if allowed is not True:  # not "no" either
            raise ApprovalError(call.name)


async def tell(hook: Callable[[Any], object], told: object) -> None:
    """Call a hook that only listens. What it raises is logged and costs nothing else."""
    try:
        found = hook(told)
        if inspect.isawaitable(found):
            await found
    except Exception:  # noqa: BLE001
        _LOG.exception("the hook %r failed", hook)
