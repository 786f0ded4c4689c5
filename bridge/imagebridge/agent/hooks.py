"""The hooks between a bridge and its user: approval of calls, progress, logs, and blocks for the user to see."""

import inspect
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import anyio.to_thread

from imagebridge.errors import ApprovalError
from imagebridge.events import Log, Progress, ToolCall

_LOG = logging.getLogger(__name__)


Approve = Callable[[ToolCall], "bool | Awaitable[bool]"]
Display = Callable[[list[dict[str, Any]]], object]
OnServerEvent = Callable[[Progress | Log], object]


class Approval:
    """Asks for approval of each call; plain functions run in a thread, one at a time: they may wait for a person.

    A function whose call was cancelled in the meantime is left to finish, and its answer is ignored.
    """

    def __init__(self, approve: Approve | None) -> None:
        self._approve = approve
        self._one = anyio.Lock()

    async def ask(self, tool_call: ToolCall) -> None:
        """Check that the call may run.

        Raises:
            ApprovalError: the call may not run.
        """
        approve = self._approve
        if approve is None:
            return
        if inspect.iscoroutinefunction(approve):
            allowed = await approve(tool_call)
        else:
            async with self._one:
                # A separate limiter: abandoned hooks hold their places until they return.
                answer = await anyio.to_thread.run_sync(
                    partial(approve, tool_call), limiter=anyio.CapacityLimiter(1), abandon_on_cancel=True
                )
            allowed = await answer if inspect.isawaitable(answer) else answer
        if allowed is not True:  # not "no" either
            raise ApprovalError(tool_call.name)


async def call_hook(hook: Callable[[Any], object], event: object) -> None:
    """Call a hook that only listens. An exception in it is logged and has no other effect."""
    try:
        returned = hook(event)
        if inspect.isawaitable(returned):
            await returned
    except Exception:  # noqa: BLE001
        _LOG.exception("the hook %r failed", hook)
