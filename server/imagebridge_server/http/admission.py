"""Limits how many requests are accepted, and decides whose turn it is: no caller can fill the queue alone, and none waits forever.

A request without a place is refused at once, before its body is read; one with a place gets its turn in time.
"""

import os
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from imagebridge.errors import counted
from imagebridge.wire import is_json, text_of
from imagebridge_server.jobs import PENDING

ALL_CALLS = 100
"""The most concurrent requests of all callers, including waiting ones."""

ALL_BODIES = 500_000_000
"""The most bytes of the bodies of these requests together; one caller may use a quarter of it."""

TURNS = 4
"""Tool calls that run at the same time, for each core: drawing and decoding have their own, lower limits."""

_OTHERS_WORK = frozenset({"create_image", "edit_image"})
"""Tools that wait for another machine: they need no turn."""

_LATER = "try again when one has been answered"


class FullError(Exception):
    """There is no place for a request now; the message says what there is too much of."""


class RequestPlaces:
    """The places for requests."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._bodies: Counter[str] = Counter()

    @contextmanager
    def taken(self, caller: str, most: int, body: int) -> Generator[None]:
        """Hold a place for a request until the end of the block.

        Args:
            caller: the caller's name, empty if unknown.
            most: the most places that this caller may hold.
            body: the number of bytes in the request.

        Raises:
            FullError: there is no place.
        """
        if caller and self._taken[caller] >= most:
            raise FullError(
                f"this caller has {counted(most, 'request')} under way, which is the limit; {_LATER}"
            )
        if self._taken.total() >= ALL_CALLS:
            raise FullError(f"{ALL_CALLS} requests are under way, which is the limit; {_LATER}")
        # A single request fits whatever its size; several of one caller leave room for others.
        own, all_bodies = self._bodies[caller], self._bodies.total()
        if own and caller and own + body > ALL_BODIES // 4:
            raise FullError(
                f"this caller has requests of {own:,} bytes under way, which is the limit; {_LATER}"
            )
        if all_bodies and all_bodies + body > ALL_BODIES:
            raise FullError(f"requests of {all_bodies:,} bytes are under way, which is the limit; {_LATER}")
        self._taken[caller] += 1
        self._bodies[caller] += body
        try:
            yield
        finally:
            for count, number in ((self._bodies, body), (self._taken, 1)):
                count[caller] -= number
                if not count[caller]:
                    del count[caller]


class WorkTurns:
    """Decides who may run: waiting callers take turns, and no caller can occupy all places.

    Args:
        count: the number of calls that run at the same time.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._share = max(1, count // 2)
        self._working: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[anyio.Event]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, caller: str) -> AsyncGenerator[None]:
        """Wait for a caller's turn, and hold it for the duration of the block."""
        begun = anyio.Event()
        self._waiting.setdefault(caller, deque()).append(begun)
        self._pass_on()
        try:
            await begun.wait()
            yield
        finally:
            if begun.is_set():
                self._free += 1
                self._working[caller] -= 1
                if not self._working[caller]:
                    del self._working[caller]
            else:
                self._leave(caller, begun)
            self._pass_on()

    def _leave(self, caller: str, begun: anyio.Event) -> None:
        queue = self._waiting[caller]
        queue.remove(begun)
        if not queue:
            del self._waiting[caller]

    def _pass_on(self) -> None:
        """Give free turns to those who wait, one to each caller in rotation."""
        while self._free and (caller := self._next()) is not None:
            queue = self._waiting[caller]
            queue.popleft().set()
            self._waiting.move_to_end(caller)
            if not queue:
                del self._waiting[caller]
            self._free -= 1
            self._working[caller] += 1

    def _next(self) -> str | None:
        may = (caller for caller in self._waiting if not caller or self._working[caller] < self._share)
        return next(may, None)


@dataclass(frozen=True, slots=True)
class TakingTurns:
    """MCP middleware: calls of tools that work on this machine wait for their caller's turn."""

    turns: WorkTurns
    caller: str

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass a message on, waiting for its turn if it needs one."""
        if ctx.method != "tools/call" or _waits_for_others(ctx):
            return await call_next(ctx)
        async with self.turns.turn(self.caller):
            return await call_next(ctx)


def _waits_for_others(ctx: ServerRequestContext[Any, Any]) -> bool:
    params = ctx.params or {}
    arguments: object = params.get("arguments")
    source = text_of(arguments, "source") if is_json(arguments) else ""
    return params.get("name") in _OTHERS_WORK or source.strip().lower().startswith(PENDING)


def cores() -> int:
    """Return how many processors this process may use, respecting a container's limit (cgroup v2, cpu.max)."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        count = os.cpu_count() or 1
    with suppress(OSError, ValueError), open("/sys/fs/cgroup/cpu.max") as limit:
        quota, period = limit.read().split()
        count = min(count, max(1, round(int(quota) / int(period))))
    return count
