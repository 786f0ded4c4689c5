"""Processes that work for a call in a thread: they end at once if the call is cancelled, whatever the thread does."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import Popen


class WorkProcesses:
    """The processes started in its context, in one thread; any thread may cancel them."""

    def __init__(self) -> None:
        self._running: set[Popen[bytes]] = set()
        self.given_up = False

    def __enter__(self) -> None:
        self._before = _OURS.set(self)

    def __exit__(self, *_: object) -> None:
        _OURS.reset(self._before)

    def give_up(self) -> None:
        """End the processes at once, even one that is just starting."""
        # In this order, and in the opposite one in `add`: one of the two sees what the other did.
        self.given_up = True
        for process in tuple(self._running):
            process.kill()

    def add(self, process: "Popen[bytes]") -> None:
        """Add a process that has started."""
        self._running.add(process)
        if self.given_up:
            process.kill()

    def remove(self, process: "Popen[bytes]") -> None:
        """Remove a process that has ended."""
        self._running.discard(process)


_OURS: ContextVar[WorkProcesses | None] = ContextVar("imagebridge.pictures.work_processes", default=None)


def is_given_up() -> bool:
    """Return whether the current work has been cancelled."""
    ours = _OURS.get()
    return ours is not None and ours.given_up


@contextmanager
def ending_with_work(process: "Popen[bytes]") -> Generator[None]:
    """End a process when the block ends, or earlier if the work that it belongs to is cancelled."""
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
