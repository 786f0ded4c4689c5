"""Work beside the event loop, which may be given up."""

from collections.abc import Callable
from typing import TypeVar

from anyio import to_thread

from imagebridge.documents.confined import Confinement

Made = TypeVar("Made")


async def in_thread(work: Callable[[], Made]) -> Made:
    """Return what blocking `work` makes in a thread. A cancelled call does not wait for its end, and changes nothing.

    The process in which it reads documents ends at once.
    """
    confinement = Confinement()

    def confined_work() -> Made:
        with confinement:
            return work()

    try:
        return await to_thread.run_sync(confined_work, abandon_on_cancel=True)
    finally:
        confinement.give_up()
