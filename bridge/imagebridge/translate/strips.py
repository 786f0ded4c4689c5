"""Cuts a page that is much longer than wide, or wider than long, into overlapping strips, so that it can be read."""

from collections.abc import Callable
from functools import partial
from math import ceil
from typing import NamedTuple

from imagebridge.facts.models import Detail
from imagebridge.pictures.cost import MAX_DRAWN

from .receiver import PictureView
from .vision import Seen

MAX_STRIPS = 5
"""The maximum number of strips of one picture."""

_LONG = 3
"""The ratio of the longer to the shorter side from which a picture may be cut."""

_READABLE = 0.5
"""The scale below which text on a page is too small to read."""

_OVERLAPS = (1 / 16, 1 / 24)
"""The fractions of a strip that the next one repeats, so that anything cut through in one is complete in the
other. The smaller one is used only if the larger one would shrink strips: a page shrunk by a hundredth is
blurred, and takes four times as many bytes."""


class Strip(NamedTuple):
    """Strip `number` of `total`, in pixels of the whole picture, and what the model sees of it."""

    number: int
    total: int
    left: int
    top: int
    width: int
    height: int
    seen: Seen

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in the whole picture."""
        return self.left, self.top, self.left + self.width, self.top + self.height

    def enlarged(self, across: float, down: float) -> "Strip":
        """Return the strip with its position in the larger picture that was scaled down by these factors."""
        edges = zip(self.box, (across, down, across, down), strict=True)
        left, top, right, bottom = (round(edge * factor) for edge, factor in edges)
        return self._replace(left=left, top=top, width=right - left, height=bottom - top)

    @property
    def name(self) -> str:
        """The name of the strip, placed before the name of its picture."""
        return f"part {self.number} of {self.total}"


def is_unreadable(width: int, height: int, view: Seen) -> bool:
    """Return whether a picture of `width` x `height` pixels is long, and too small to read if the model sees `view`."""
    longer, shorter = max(width, height), min(width, height)
    return longer > _LONG * shorter and max(view.width, view.height) < _READABLE * longer


def strips(width: int, height: int, fit: Callable[[int, int], Seen]) -> tuple[Strip, ...]:
    """Cut a long picture into as few strips as can be seen at full size, or into the maximum number that can be read.

    `fit` returns what a model sees of a picture of a given size in pixels. The result is empty if even the strips
    would be too small to read.
    """
    cut_strips: list[Strip] = []
    for total in range(2, MAX_STRIPS + 1):
        for overlap in _OVERLAPS:
            tried = _strips_of_count(width, height, total, overlap, fit)
            if all((one.seen.width, one.seen.height) == (one.width, one.height) for one in tried):
                return tuple(tried)
        cut_strips = _strips_of_count(width, height, total, _OVERLAPS[0], fit)
    readable = all(max(one.seen.width, one.seen.height) >= _READABLE * max(one[4:6]) for one in cut_strips)
    return tuple(cut_strips) if readable else ()


def _strips_of_count(
    width: int, height: int, total: int, overlap: float, fit: Callable[[int, int], Seen]
) -> list[Strip]:
    longer = max(width, height)
    length = min(longer, ceil(longer / (total - (total - 1) * overlap)))
    starts = [round(at * (longer - length) / (total - 1)) for at in range(total)]
    if height >= width:
        view = fit(width, length)
        return [Strip(at, total, 0, start, width, length, view) for at, start in enumerate(starts, 1)]
    view = fit(length, height)
    return [Strip(at, total, start, 0, length, height, view) for at, start in enumerate(starts, 1)]


class DrawnSize(NamedTuple):
    """The size in pixels at which to draw for a model: the size that it sees, or the size of a long page, to be cut.

    Instances for the same model are equal, so that results can be cached.
    """

    view: PictureView
    model: str | None
    detail: Detail

    def __call__(self, width: int, height: int) -> tuple[int, int]:
        """Return the size for a drawing that requests `width` x `height` pixels."""
        fit = partial(self.view, model=self.model, detail=self.detail)
        view = fit(width, height)
        is_cut = (
            self.detail != "low"
            and width * height <= MAX_DRAWN
            and is_unreadable(width, height, view)
            and strips(width, height, fit)
        )
        return (width, height) if is_cut else (view.width, view.height)
