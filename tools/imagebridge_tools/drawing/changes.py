"""Where two pictures differ: the difference of every pixel, and the boxes around what belongs together."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .units import Box

if TYPE_CHECKING:
    from PIL.Image import Image

_BAND = 4_000_000
"""Pixels that are compared at a time."""

_CELLS = 96
"""Cells along the longer side: changes in one cell or in neighbours belong together."""


class Region(NamedTuple):
    """A box around changes, and how many `pixels` in it changed."""

    box: Box
    pixels: int


@dataclass(frozen=True, slots=True)
class Difference:
    """How much each pixel differs, 0 to 255 in the channel that differs most, as seen (transparency included).

    `hidden` is true where colours differ too that full transparency hides.
    """

    image: "Image"
    hidden: bool

    @property
    def counts(self) -> list[int]:
        """How many pixels differ by 0, 1, ... 255."""
        return self.image.histogram()


def difference(one: "Image", other: "Image") -> Difference:
    """Compare two pictures from their upper left corners; where only one of them is, the difference is 255."""
    from PIL import Image as Images
    from PIL import ImageChops

    width, height = min(one.width, other.width), min(one.height, other.height)
    size = max(one.width, other.width), max(one.height, other.height)
    found, hidden = Images.new("L", size, 255), False
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        area = (0, top, width, min(height, top + rows))
        bands = [image.crop(area).convert("RGBA") for image in (one, other)]
        seen = ImageChops.difference(*(band.convert("RGBa") for band in bands))
        red, green, blue, alpha = (seen.getchannel(channel) for channel in range(4))
        most = ImageChops.lighter(ImageChops.lighter(red, green), ImageChops.lighter(blue, alpha))
        found.paste(most, area[:2])
        hidden = hidden or (most.getbbox() is None and bands[0].tobytes() != bands[1].tobytes())
    return Difference(found, hidden)


def regions(changed: "Image") -> list[Region]:
    """Return the boxes around what is white in a mask, the largest change first."""
    cell = max(4, -(-max(changed.size) // _CELLS))
    found = dict(_cells(changed, cell))
    done: list[Region] = []
    while found:
        start = next(iter(found))
        box, count = found.pop(start)
        waiting = [start]
        while waiting:
            column, row = waiting.pop()
            for near in [(column + x, row + y) for x in (-1, 0, 1) for y in (-1, 0, 1)]:
                if near in found:
                    other, more = found.pop(near)
                    box, count = _joined(box, other), count + more
                    waiting.append(near)
        done.append(Region(box, count))
    return sorted(done, key=lambda region: (-region.pixels, region.box))


def _cells(changed: "Image", cell: int) -> Iterator[tuple[tuple[int, int], tuple[Box, int]]]:
    """Yield column and row of the cells that hold changes, with their box in the picture and their count."""
    for row in range(-(-changed.height // cell)):
        strip = changed.crop((0, row * cell, changed.width, min(changed.height, (row + 1) * cell)))
        bounds = strip.getbbox()
        if not bounds:
            continue
        for column in range(bounds[0] // cell, (bounds[2] - 1) // cell + 1):
            left = column * cell
            part = strip.crop((left, 0, min(strip.width, left + cell), strip.height))
            if box := part.getbbox():
                placed = (left + box[0], row * cell + box[1], left + box[2], row * cell + box[3])
                yield (column, row), (placed, part.histogram()[255])


def _joined(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
