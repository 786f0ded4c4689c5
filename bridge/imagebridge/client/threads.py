"""Blocking work next to the event loop that can be abandoned."""

from collections.abc import Callable
from typing import TypeVar

from anyio import to_thread

from imagebridge.documents.confined import Confinement

Made = TypeVar("Made")


async def in_thread(work: Callable[[], Made]) -> Made:
    """Return the result of blocking `work` in a thread. A cancelled call does not wait for it, and has no effect.

    If the work reads documents in a process, that process ends at once.
    """
    confinement = Confinement()

    def confined_work() -> Made:
        with confinement:
            return work()

    try:
        return await to_thread.run_sync(confined_work, abandon_on_cancel=True)
    finally:
        confinement.give_up()
