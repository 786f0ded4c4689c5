"""Jobs: work that goes on after its call was answered with a handle, because hosts give up on long calls."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from secrets import token_hex
from types import TracebackType
from typing import Self

import anyio

from imagebridge.errors import ArgumentError
from imagebridge_tools import ToolOutput
from imagebridge_tools.image_progress import OnProgress

PENDING = "image://pending-"
"""How handles begin."""

REMEMBERED = 20
"""Finished jobs whose answers wait to be collected; the pictures themselves stay in the store."""

Make = Callable[[OnProgress], Awaitable[ToolOutput]]
"""Makes an answer, and tells how far it is."""


@dataclass(slots=True, eq=False)
class _Job:
    what: str
    begun: float
    on_progress: OnProgress | None
    done: anyio.Event = field(default_factory=anyio.Event)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    answer: ToolOutput | None = None
    error: Exception | None = None

    async def run(self, make: Make) -> None:
        with self.scope:
            try:
                self.answer = await make(self._report)
            except Exception as error:  # noqa: BLE001  # raised where the job is collected
                self.error = error
        self.done.set()

    async def _report(self, seconds: float, words: str) -> None:
        if self.on_progress:
            await self.on_progress(seconds, words)

    async def result(self, patience: float) -> ToolOutput | None:
        """Return what was made, or None after `patience` seconds. Raises what made it fail."""
        with anyio.move_on_after(patience):
            await self.done.wait()
        self.on_progress = None
        if self.error:
            raise self.error
        return self.answer


class Jobs:
    """The jobs of one running server; leaving the block ends them."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._group = await self._stack.enter_async_context(anyio.create_task_group())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._group.cancel_scope.cancel()
        await self._stack.__aexit__(kind, error, trace)

    async def run(self, what: str, make: Make, on_progress: OnProgress, patience: float) -> ToolOutput:
        """Make an answer; after `patience` seconds return one that says how to collect it later.

        `what` names it: "the picture". A caller that gives up before that ends the work.
        """
        job = _Job(what, anyio.current_time(), on_progress)
        self._group.start_soon(job.run, make)
        try:
            answer = await job.result(patience)
        except anyio.get_cancelled_exc_class():
            job.scope.cancel()
            raise
        if answer:
            return answer
        handle = PENDING + token_hex(8)
        self._jobs[handle] = job
        finished = [name for name, one in self._jobs.items() if one.done.is_set()]
        for name in finished[: max(0, len(finished) - REMEMBERED)]:
            del self._jobs[name]
        return _waiting(job, handle)

    async def collected(self, handle: str, patience: float) -> ToolOutput:
        """Return what the job named `handle` made, or after `patience` seconds that it is still at work.

        Raises:
            ArgumentError: there is no such job.
            BridgeError: the job failed.
        """
        name = handle.strip().lower()
        job = self._jobs.get(name)
        if job is None:
            problem = f"{handle[:60]!r} is not being made here: it was collected long ago, or the server started anew since"
            raise ArgumentError("source", problem)
        return await job.result(patience) or _waiting(job, name)


def _waiting(job: _Job, handle: str) -> ToolOutput:
    passed = anyio.current_time() - job.begun
    return ToolOutput(
        f"{job.what} is still being made after {passed:.0f} s and goes on being made. "
        f'Call load_image with source="{handle}" to collect it.'
    )
