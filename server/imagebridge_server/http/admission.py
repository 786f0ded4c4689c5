"""Limits how many requests are accepted and which run next: no caller can fill the queue alone or wait forever.

A request that exceeds a limit is refused at once, before its body is read; an accepted request always gets its turn.
"""

import os
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from imagebridge.errors import counted
from imagebridge.wire import is_json, text_of
from imagebridge_server.jobs import PENDING
from imagebridge_tools import apart
from imagebridge_tools.apart import SHARE, WorkShare
from imagebridge_tools.charts import worker

ALL_CALLS = 100
"""The maximum number of concurrent requests from all callers, including waiting ones."""

ALL_BODIES = 500_000_000
"""The maximum total size of the bodies of these requests, in bytes; one caller may use a quarter of it."""

TURNS = 4
"""How many tool calls may run at the same time per core; drawing and decoding have separate, lower limits."""

SPARE = 1
"""The number of drawing and decoding processes beyond one caller's share, so that other callers need not wait."""

_OTHERS_WORK = frozenset({"create_image", "edit_image"})
"""Tools that wait for another machine, so their calls do not have to wait for a turn."""

_LATER = "try again when one of them has finished"


class FullError(Exception):
    """Too many requests are in progress to accept another; the message says which limit is reached."""


class RequestPlaces:
    """Counts the requests in progress and the bytes of their bodies, and refuses those that exceed a limit."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._bodies: Counter[str] = Counter()

    @contextmanager
    def taken(self, caller: str, most: int, body: int | None) -> Generator["RequestPlace"]:
        """Count a request as in progress until the end of the block.

        Args:
            caller: the caller's name, empty if unknown.
            most: the maximum number of requests that this caller may have in progress.
            body: the size of the request's body in bytes. If None, the bytes are counted as they arrive.

        Raises:
            FullError: a limit is reached.
        """
        if caller and self._taken[caller] >= most:
            raise FullError(
                f"this caller has {counted(most, 'request')} in progress, which is the limit; {_LATER}"
            )
        if self._all_taken_with(caller) > ALL_CALLS:
            raise FullError(f"{ALL_CALLS} requests are in progress, which is the limit; {_LATER}")
        place = RequestPlace(self._bodies, caller, counts=body is None)
        place.grow(body or 0)
        self._taken[caller] += 1
        try:
            yield place
        finally:
            place.give_back()
            _count_down(self._taken, caller, 1)

    def _all_taken_with(self, caller: str) -> int:
        """Count the requests in progress and one more from a caller; no caller counts for more than half of the limit."""
        counts = {**self._taken, caller: self._taken[caller] + 1}
        return sum(min(count, ALL_CALLS // 2) if name else count for name, count in counts.items())


class RequestPlace:
    """One accepted request, and the bytes reserved for its body."""

    def __init__(self, bodies: Counter[str], caller: str, *, counts: bool) -> None:
        self._bodies = bodies
        self._caller = caller
        self._counts = counts
        self._size = 0

    def received(self, size: int) -> None:
        """Reserve bytes for a part of a body whose size was not declared.

        Raises:
            FullError: a limit is reached.
        """
        if self._counts and size:
            self.grow(size)

    def grow(self, size: int) -> None:
        """Reserve `size` more bytes.

        Raises:
            FullError: a limit is reached.
        """
        own, all_bodies = self._bodies[self._caller] - self._size, self._bodies.total() - self._size
        grown = self._size + size
        # A single request fits whatever its size; several of one caller leave room for others.
        if own and self._caller and own + grown > ALL_BODIES // 4:
            raise FullError(
                f"this caller's requests in progress total {own:,} bytes, which is the limit; {_LATER}"
            )
        if all_bodies and all_bodies + grown > ALL_BODIES:
            raise FullError(
                f"the requests in progress total {all_bodies:,} bytes, which is the limit; {_LATER}"
            )
        self._bodies[self._caller] += size
        self._size = grown

    def give_back(self) -> None:
        """Release the reserved bytes."""
        _count_down(self._bodies, self._caller, self._size)


def _count_down(counter: Counter[str], caller: str, number: int) -> None:
    counter[caller] -= number
    if not counter[caller]:
        del counter[caller]


class WorkTurns:
    """Decides which calls may run: waiting callers take turns, and no caller can use all of the capacity.

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
        """Wait for a caller's turn, and keep it for the duration of the block."""
        begun = anyio.Event()
        self._waiting.setdefault(caller, deque()).append(begun)
        self._pass_on()
        try:
            if not begun.is_set():
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
        """Start waiting calls while there is capacity, one from each caller in rotation."""
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
    """MCP middleware: calls to tools that work on this machine wait their turn and use their caller's share of processes."""

    turns: WorkTurns
    caller: str
    share: WorkShare | None

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass a message on, waiting for its turn if it needs one."""
        if ctx.method != "tools/call":
            return await call_next(ctx)
        before = SHARE.set(self.share)
        try:
            async with nullcontext() if _waits_for_others(ctx) else self.turns.turn(self.caller):
                return await call_next(ctx)
        finally:
            SHARE.reset(before)


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


def share() -> int:
    """Return how many processes may draw for one caller at the same time; the same number may decode."""
    return max(2, cores())


@contextmanager
def working_on_all_cores() -> Generator[None]:
    """Allow one drawing and one decoding process per core, and a few spare ones."""
    before = worker.PROCESSES, apart.PROCESSES
    worker.PROCESSES = apart.PROCESSES = share() + SPARE
    try:
        yield
    finally:
        worker.PROCESSES, apart.PROCESSES = before
