"""Work beside the event loop, which may be given up."""

from collections.abc import Callable
from typing import TypeVar

from anyio import to_thread

from imagebridge.documents.confined import in_one_process
from imagebridge.pictures.work_processes import WorkProcesses

Made = TypeVar("Made")


async def in_thread(work: Callable[[], Made]) -> Made:
    """Return what blocking `work` makes in a thread. A cancelled call does not wait for its end, and changes nothing.

    The processes in which it reads documents and draws end at once.
    """
    processes = WorkProcesses()

    def work_with_processes() -> Made:
        with processes, in_one_process():
            return work()

    try:
        return await to_thread.run_sync(work_with_processes, abandon_on_cancel=True)
    finally:
        processes.give_up()
