"""The answers to the calls of one response: each exactly once, whatever becomes of it."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import anyio

from imagebridge.client.connection import Connection
from imagebridge.client.resources import shown
from imagebridge.errors import BridgeError
from imagebridge.events import Answer, Progress
from imagebridge.repair.compose import tool_result
from imagebridge.translate.policy import Policy
from imagebridge.translate.result import translate
from imagebridge.wire import JSON, is_error, text_of

from .call_order import Lane, after
from .calls import arguments_of, short
from .handles import Turn
from .hooks import Display, tell

_LOG = logging.getLogger(__name__)
_AT_ONCE = 16
"""Calls of one response that run at the same time on one server."""


Notices = Callable[[Progress | Answer], Awaitable[None]]
"""Takes what happens while calls run."""


class Calling(Protocol):
    """Runs a call by the tool's name; returns the connection of its server and the result."""

    def __call__(
        self,
        name: str,
        arguments: Mapping[str, object],
        call_id: str,
        on_progress: Notices | None,
        asked: float,
    ) -> Awaitable[tuple[Connection, dict[str, Any]]]:
        """Run the call, which is wanted since the time `asked`. Raises BridgeError where it fails."""
        ...


async def answered(
    calls: Sequence[tuple[JSON, Turn]],
    policy: Policy,
    lane: Callable[[str], Lane | None],
    calling: Calling,
    on_display: Display | None,
    on_event: Notices | None,
) -> list[Answer]:
    """Run calls, in order where one may see what another has changed, and return their answers in order.

    `lane` says where the tool of a name runs.
    """
    found: dict[int, Answer] = {}
    lanes = [lane(text_of(call, "name")) for call, _ in calls]
    waits = after(lanes)
    asked = anyio.current_time()
    ended = [anyio.Event() for _ in calls]
    limits = {one and one.server: anyio.CapacityLimiter(_AT_ONCE) for one in lanes}

    async def answer(at: int, call: JSON, turn: Turn) -> None:
        for before in waits[at]:
            await ended[before].wait()
        one = lanes[at]
        async with limits[one and one.server]:
            began = anyio.current_time()
            # What a result links to is read before the next call may change it.
            connection, result = await _result(call, partial(calling, asked=asked), on_event)
            seconds = anyio.current_time() - began
        ended[at].set()
        # Proving and fitting take milliseconds to a second of CPU: the event loop goes on meanwhile.
        try:
            translation = await turn.translated(result, policy, connection)
        except Exception as error:  # noqa: BLE001
            result = _failed(call, error)
            translation = translate(result, policy)
        if on_display is not None and translation.for_user:
            await tell(on_display, translation.for_user)
        found[at] = Answer(call, translation, is_error(result), seconds)
        if on_event:
            await on_event(found[at])

    async with anyio.create_task_group() as tasks:
        for at, (call, turn) in enumerate(calls):
            tasks.start_soon(answer, at, call, turn)
    return [found[at] for at in sorted(found)]


async def _result(
    call: JSON,
    calling: Callable[..., Awaitable[tuple[Connection, dict[str, Any]]]],
    on_event: Notices | None,
) -> tuple[Connection | None, dict[str, Any]]:
    """Run one function call; a failure is a result too, of no connection."""
    try:
        name, call_id = text_of(call, "name"), text_of(call, "call_id")
        connection, result = await calling(name, arguments_of(call), call_id, on_event)
        return connection, await shown(result, connection.resources.read)
    except BridgeError as error:
        return None, tool_result(str(error), is_error=True)
    # A fault of ours, or of an SDK, costs its own call alone: the others keep their answers.
    except Exception as error:  # noqa: BLE001
        return None, _failed(call, error)


def _failed(call: JSON, error: Exception) -> dict[str, Any]:
    """Log what should not have happened and return it as a result."""
    _LOG.error("the call of %s failed", call.get("name"), exc_info=error)
    return tool_result(f"the call failed: {type(error).__name__}: {short(error)}", is_error=True)
