"""Runs blocking work in a thread for which a cancelled call does not wait."""

from collections.abc import Callable
from typing import TypeVar

from anyio import to_thread

from imagebridge.documents.confined import in_one_process
from imagebridge.pictures.work_processes import WorkProcesses

Made = TypeVar("Made")


async def in_thread(work: Callable[[], Made]) -> Made:
    """Return the result of blocking `work` in a thread. A cancelled call does not wait for it, and has no effect.

    The processes in which it reads documents or draws are stopped at once.
    """
    processes = WorkProcesses()

    def work_with_processes() -> Made:
        with processes, in_one_process():
            return work()

    try:
        return await to_thread.run_sync(work_with_processes, abandon_on_cancel=True)
    finally:
        processes.give_up()
