"""Places labels on a picture where they cover as little as possible, always completely inside its edges."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from imagebridge.errors import ArgumentError

from .colors import Color, over
from .strokes import plate
from .text import face, missing, wrapped

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

Bounds = tuple[float, float, float, float]

_SMALLEST = 9
"""The size of the smallest readable letters, in pixels."""

_WIDEST = 0.6
"""The maximum share of the picture's width for a label before it is wrapped."""


_HIDDEN = 0.1
"""The share of an object that its own label may cover while there is room elsewhere."""

_ROWS = 5
"""The number of rows for labels above and below an object if the nearest positions are taken."""


class Block(NamedTuple):
    """A text laid out in one font, its lines and its size including the background, in pixels."""

    lines: list[str]
    font: "FreeTypeFont"
    width: float
    height: float
    padding: float


class Captions:
    """The labels of one picture, which do not overlap while there is room."""

    def __init__(self, image: "Image", size: float) -> None:
        """Prepare labels in letters of `size` pixels."""
        self._image = image
        self._size = size
        self._taken: list[Bounds] = []
        self.boxes: dict[str, None] = {}
        """Remarks on characters that no available font contains."""

    def avoid(self, box: Bounds) -> None:
        """Keep labels off a box while there is room elsewhere."""
        self._taken.append(box)

    def beside(self, text: str, anchor: Bounds, color: Color, gap: float, argument: str) -> None:
        """Write a label next to the object in a box, preferably above it.

        Raises:
            ArgumentError: the label does not fit the picture.
        """
        block = self._laid(text, argument)
        places = [self._inside(place, block) for place in _places(anchor, block, gap)]
        costs = [
            self._covered(place) + _hidden(anchor, place) + number * 1e-3 * block.height
            for number, place in enumerate(places)
        ]
        self._write(block, places[costs.index(min(costs))], color)

    def within(self, text: str, box: Bounds, color: Color, argument: str) -> None:
        """Write a label in the middle of a box with its colour, or next to it if the box is too small.

        Raises:
            ArgumentError: the label does not fit the picture.
        """
        block = self._laid(text, argument)
        left, top = (box[0] + box[2] - block.width) / 2, (box[1] + box[3] - block.height) / 2
        if left < box[0] or top < box[1]:
            self.beside(text, box, color, 1, argument)
        else:
            self._write(block, (left, top, left + block.width, top + block.height), color, rimmed=False)

    def at(self, text: str, corner: tuple[float, float], color: Color, argument: str) -> None:
        """Write a label with its upper left corner at a point, or as close to it as the edges allow.

        Raises:
            ArgumentError: the label does not fit the picture.
        """
        block = self._laid(text, argument)
        self._write(
            block, self._inside((*corner, corner[0] + block.width, corner[1] + block.height), block), color
        )

    def _laid(self, text: str, argument: str) -> Block:
        """Wrap a text, in smaller letters if it is too large for the picture."""
        font = face(text)
        if remark := missing(text, font):
            self.boxes[remark] = None
        size = self._size
        while size >= _SMALLEST:
            for share in (_WIDEST, 1.0):
                block = _block(text, font.font_variant(size=round(size)), self._image.width * share)
                if block.width <= self._image.width and block.height <= self._image.height:
                    return block
            size *= 0.8
        raise ArgumentError(
            argument,
            f"{text[:40]!r} does not fit in {self._image.width}x{self._image.height} pixels; shorten it, "
            "or enlarge the picture with transform_image",
        )

    def _inside(self, place: Bounds, block: Block) -> Bounds:
        left = min(max(0.0, place[0]), self._image.width - block.width)
        top = min(max(0.0, place[1]), self._image.height - block.height)
        return left, top, left + block.width, top + block.height

    def _covered(self, place: Bounds) -> float:
        return sum(_overlap(place, other) for other in self._taken)

    def _write(self, block: Block, place: Bounds, color: Color, *, rimmed: bool = True) -> None:
        from PIL import ImageDraw

        self._taken.append(place)
        left, top, right, bottom = place
        rim = max(1.0, block.font.size / 14)
        if rimmed:
            plate(self._image, (left + rim, top + rim, right - rim, bottom - rim), color, rim)
        draw = ImageDraw.Draw(self._image)
        ascent, descent = block.font.getmetrics()
        for number, line in enumerate(block.lines):
            point = left + block.padding, top + block.padding + number * (ascent + descent) + ascent
            ink = over(color) if self._image.mode == "RGB" else (*over(color), 255)
            draw.text(point, line, ink, block.font, "ls")


def _block(text: str, font: "FreeTypeFont", room: float) -> Block:
    """Lay out a text in lines of at most `room` pixels."""
    padding = font.size * 0.3
    lines = [
        line for part in text.splitlines() for line in wrapped(part, font, max(1, int(room - 2 * padding)))
    ]
    width = max(font.getbbox(line, anchor="ls")[2] for line in lines) + 2 * padding
    return Block(lines, font, width, len(lines) * sum(font.getmetrics()) + 2 * padding, padding)


def _places(anchor: Bounds, block: Block, gap: float) -> list[Bounds]:
    """Return the possible positions of a label next to a box, most common ones first."""
    left, top, right, bottom = anchor
    above, below = top - gap - block.height, bottom + gap
    before, behind = left - gap - block.width, right + gap
    middle, centre = (top + bottom - block.height) / 2, (left + right - block.width) / 2
    corners = [
        (left - gap, above),
        (left - gap, below),
        (left + gap, top + gap),
        (right + gap - block.width, above),
        (right + gap - block.width, below),
        (behind, middle),
        (before, middle),
        (behind, top),
        (before, top),
        (behind, bottom - block.height),
        (before, bottom - block.height),
        *(
            (x, y)
            for rows in range(1, _ROWS)
            for x in (left - gap, centre, behind, before)
            for y in (above - rows * block.height, below + rows * block.height)
        ),
    ]
    return [(x, y, x + block.width, y + block.height) for x, y in corners]


def _hidden(thing: Bounds, label: Bounds) -> float:
    """Return how many pixels of an object a label covers, or 0 if this is a small part of the object."""
    covered = _overlap(thing, label)
    return covered if covered > _HIDDEN * (thing[2] - thing[0]) * (thing[3] - thing[1]) else 0.0


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how many pixels two boxes share."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across * down if across > 0 and down > 0 else 0.0
