"""Processes that work for a call in a thread: they end at once where the call is given up, whatever its thread waits for."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import Popen


class WorkProcesses:
    """The processes of all that is done in its context, in one thread; any thread may give them up."""

    def __init__(self) -> None:
        self._running: set[Popen[bytes]] = set()
        self.given_up = False

    def __enter__(self) -> None:
        self._before = _OURS.set(self)

    def __exit__(self, *_: object) -> None:
        _OURS.reset(self._before)

    def give_up(self) -> None:
        """End the processes at once, also one that is just starting."""
        # In this order, and in the other one in `add`: one of the two sees what the other did.
        self.given_up = True
        for process in tuple(self._running):
            process.kill()

    def add(self, process: "Popen[bytes]") -> None:
        """Count a process that has started among these."""
        self._running.add(process)
        if self.given_up:
            process.kill()

    def remove(self, process: "Popen[bytes]") -> None:
        """Count it no more: it has ended."""
        self._running.discard(process)


_OURS: ContextVar[WorkProcesses | None] = ContextVar("imagebridge.pictures.work_processes", default=None)


def is_given_up() -> bool:
    """Tell whether nobody waits any more for what is done here."""
    ours = _OURS.get()
    return ours is not None and ours.given_up


@contextmanager
def ending_with_work(process: "Popen[bytes]") -> Generator[None]:
    """Let a process end with what it works for, where that is given up; at the end of the block it has ended."""
    ours = _OURS.get()
    if ours:
        ours.add(process)
    try:
        yield
    finally:
        process.kill()
        process.wait()
        if ours:
            ours.remove(process)
