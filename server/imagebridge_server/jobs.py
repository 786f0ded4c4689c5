"""Runs jobs, which continue after a call was answered with a handle, because hosts do not wait long."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from secrets import token_hex
from types import TracebackType
from typing import Self

import anyio

from imagebridge.client.threads import in_thread
from imagebridge.errors import ArgumentError, BridgeError
from imagebridge_tools import ToolOutput
from imagebridge_tools.image_progress import OnProgress

from .job_notes import BEAT, JobNote, JobNotes

PENDING = "image://pending-"
"""The prefix of handles."""

REMEMBERED = 20
"""How many finished jobs keep their answers until they are collected; the pictures themselves stay in the store."""

_LOOK = 1.0
"""Seconds between checks of the state of another server's job."""

_LAST_WORD = 5.0
"""Seconds allowed for storing a job's final state while its server shuts down."""

Make = Callable[[OnProgress], Awaitable[ToolOutput]]
"""Makes an answer, and reports its progress."""


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
        """Return the result, or None after `patience` seconds. Raises the exception of a failed job."""
        with anyio.move_on_after(patience):
            await self.done.wait()
        self.on_progress = None
        if self.error:
            raise self.error
        return self.answer


class Jobs:
    """The jobs of one running server; they are cancelled at the end of the `async with` block.

    notes: where servers record and read the states of jobs; None if pictures are not kept.
    """

    def __init__(self, notes: JobNotes | None = None) -> None:
        self._notes = notes
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
        """Make an answer; after `patience` seconds, return a message that says how to collect it later.

        `what` names it: "the picture". If the caller cancels the call before that, the work is cancelled too.
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
        if self._notes:
            self._group.start_soon(_note, self._notes, handle, job)
        finished = [name for name, one in self._jobs.items() if one.done.is_set()]
        for name in finished[: max(0, len(finished) - REMEMBERED)]:
            del self._jobs[name]
        return _waiting(job, handle)

    async def collected(self, handle: str, patience: float) -> ToolOutput:
        """Return the result of the job named `handle`, or after `patience` seconds a message that it is still running.

        Raises:
            ArgumentError: there is no such job.
            BridgeError: the job failed, or the server that ran it is gone.
        """
        name = handle.strip().lower()
        if job := self._jobs.get(name):
            return await job.result(patience) or _waiting(job, name)
        note = await self._noted(name, patience)
        if note is None:
            problem = (
                f"{handle[:60]!r} is not in progress here: its picture was collected long ago, or the server "
                "has restarted since then"
            )
            raise ArgumentError("source", problem)
        return _told(note, name)

    async def _noted(self, name: str, patience: float) -> JobNote | ToolOutput | None:
        """Return the state of another server's job, or its result once it is done; wait at most `patience` seconds."""
        notes = self._notes
        if notes is None:
            return None
        until = anyio.current_time() + patience
        try:
            while (note := await in_thread(lambda: notes.read(name))) and note.state == "making":
                if anyio.current_time() >= until:
                    break
                await anyio.sleep(min(_LOOK, patience))
            return await in_thread(lambda: notes.answer(note)) if note and note.state == "made" else note
        except OSError as error:
            raise BridgeError("the store is not responding at the moment; call again later") from error


async def _note(notes: JobNotes, handle: str, job: _Job) -> None:
    """Record a job's state while it runs, and then its outcome."""
    try:
        await in_thread(notes.tidy)
        while not job.done.is_set():
            note = JobNote("making", job.what, anyio.current_time() - job.begun)
            await in_thread(lambda note=note: notes.write(handle, note))
            with anyio.move_on_after(BEAT):
                await job.done.wait()
    finally:
        with anyio.move_on_after(_LAST_WORD, shield=True):
            last = _last_note(job)
            await in_thread(lambda: notes.write(handle, last))


def _last_note(job: _Job) -> JobNote:
    passed = anyio.current_time() - job.begun
    if job.answer:
        return JobNote("made", job.what, passed, job.answer.sentence, job.answer.uris)
    if job.error:
        known = isinstance(job.error, BridgeError)
        return JobNote("failed", job.what, passed, str(job.error) if known else type(job.error).__name__)
    return JobNote("lost", job.what, passed)


def _told(note: JobNote | ToolOutput, handle: str) -> ToolOutput:
    """Return the message about another server's job.

    Raises:
        BridgeError: the job failed, or its server is gone.
    """
    if isinstance(note, ToolOutput):
        return note
    if note.state == "making":
        return _still(note.what, note.passed, handle)
    if note.state == "failed":
        raise BridgeError(note.sentence)
    raise BridgeError(f"{note.what} was lost because the server running it has stopped; call that tool again")


def _waiting(job: _Job, handle: str) -> ToolOutput:
    return _still(job.what, anyio.current_time() - job.begun, handle)


def _still(what: str, passed: float, handle: str) -> ToolOutput:
    return ToolOutput(
        f"{what} is still in progress after {passed:.0f} s. "
        f'Call load_image with source="{handle}" to collect it.'
    )
