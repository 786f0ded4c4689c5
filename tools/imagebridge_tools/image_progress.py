"""Reports progress while pictures are created: the elapsed seconds and unfinished pictures."""

from collections.abc import Awaitable, Callable

import anyio
from anyio import to_thread

from imagebridge.errors import BridgeError, short
from imagebridge.pictures.picture import Picture

from .files.source import Places
from .image_api import CreatedPictures, CreationError, ImageRequest, request_pictures

OnProgress = Callable[[float, str], Awaitable[None]]
"""A function that receives the seconds since the start, and a short message, while a picture is created."""


async def watched(
    order: ImageRequest, places: Places, on_progress: OnProgress | None, seconds: float, tick: float
) -> CreatedPictures:
    """Request pictures from the API, and report progress."""
    watch = _ProgressTicker(on_progress, places, order)
    await watch.begin()
    done: CreatedPictures | BridgeError = CreationError("the API did not answer; call again")
    async with anyio.create_task_group() as work:
        work.start_soon(watch.tick, tick)
        done = await request_pictures(order, watch.partial, seconds)
        work.cancel_scope.cancel()
    if isinstance(done, BridgeError):  # Not raised: the task group would wrap it in a group.
        raise done
    return done


class _ProgressTicker:
    """Reports the progress of a request: the elapsed seconds, and the unfinished pictures that were kept."""

    def __init__(self, on_progress: OnProgress | None, places: Places, order: ImageRequest) -> None:
        self._start = anyio.current_time()
        self._on_progress = on_progress
        self._places = places
        self._order = order
        self._partial = ""
        self._count = 0

    async def begin(self) -> None:
        if self._on_progress:
            await self._on_progress(0, "the picture is being created")

    async def tick(self, tick: float) -> None:
        while True:
            await anyio.sleep(tick)
            await self._tell()

    async def partial(self, picture: Picture) -> None:
        if self._places.store is None:
            return
        self._count += 1
        tool = "edit_image" if self._order.images else "create_image"
        origin = f"{tool}(prompt={quoted(self._order.prompt)}), unfinished picture {self._count}"
        try:
            note = await to_thread.run_sync(self._places.store.keep, picture, origin)
        except OSError:  # A full disk must not cost the picture that is being paid for.
            return
        self._partial = f"; unfinished picture {self._count} of {self._order.partial_images}: {note.short}"
        await self._tell()

    async def _tell(self) -> None:
        if self._on_progress:
            passed = anyio.current_time() - self._start
            await self._on_progress(
                passed, f"the picture is being created, {passed:.0f} s so far{self._partial}"
            )


def quoted(prompt: str) -> str:
    """Return a prompt in quotes, or the start of a long one."""
    return f'"{short(prompt, 200)}"'
