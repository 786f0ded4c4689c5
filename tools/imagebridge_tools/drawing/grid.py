"""Maps a view to the original, and draws a grid over the view, labelled with the original's coordinates."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10
from typing import TYPE_CHECKING, NamedTuple

from .text import bundled
from .units import Box, Ruler

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont


_LINES = 10
"""The maximum number of lines along the longer side of the region."""

_PAPER, _INK = (255, 255, 255), (40, 40, 40)
_DARK, _LIGHT = (0, 0, 0, 120), (255, 255, 255, 150)
_TICK = 5


@dataclass(frozen=True, slots=True)
class View:
    """The way a view shows the `box` of the original: its scale in both directions, its rotation and its offset."""

    box: Box
    across: float
    down: float
    turn: int
    left: int = 0
    top: int = 0

    def seen(self, x: float, y: float) -> tuple[float, float]:
        """Return the position of a point of the original in the view, in pixels."""
        x0, y0, x1, y1 = self.box
        u, v = {
            0: ((x - x0) * self.across, (y - y0) * self.down),
            90: ((y1 - y) * self.down, (x - x0) * self.across),
            180: ((x1 - x) * self.across, (y1 - y) * self.down),
            270: ((y - y0) * self.down, (x1 - x) * self.across),
        }[self.turn]
        return self.left + u, self.top + v

    def description(self) -> str:
        """Describe how to convert pixels (X, Y) of the view to pixels (x, y) of the original."""
        x0, y0, x1, y1 = self.box
        u, v = _less("X", self.left), _less("Y", self.top)
        x, y = {
            0: (_sum(x0, 1, u, self.across), _sum(y0, 1, v, self.down)),
            90: (_sum(x0, 1, v, self.across), _sum(y1, -1, u, self.down)),
            180: (_sum(x1, -1, u, self.across), _sum(y1, -1, v, self.down)),
            270: (_sum(x1, -1, v, self.across), _sum(y0, 1, u, self.down)),
        }[self.turn]
        if (x, y) == ("X", "Y"):
            return "Pixel coordinates in this view are the same as in the original"
        return f"Pixel (X, Y) of this view is x = {x}, y = {y} in the original"


def _less(letter: str, offset: int) -> str:
    return f"({letter} - {offset})" if offset else letter


def _sum(start: int, sign: int, letter: str, scale: float) -> str:
    if scale == 1:
        factor = letter
    else:
        factor = f"{letter} / {scale:g}" if scale == round(scale) else f"{1 / scale:.5g} * {letter}"
    if not start and sign > 0:
        return factor
    return f"{start} {'+' if sign > 0 else '-'} {factor}"


class _LabelledLine(NamedTuple):
    """A line of the grid: whether it is vertical, its position in pixels, and its label."""

    upright: bool
    at: float
    label: str


def ruled(image: "Image", ruler: Ruler, view: "View") -> "tuple[Image, tuple[int, int]]":
    """Return the view with lines at round coordinates and labels in a margin, and the position of the picture in it.

    In an enlarged view, a line is at the boundary between the pixel with its coordinate and the one before.
    """
    from PIL import Image as Images
    from PIL import ImageDraw

    from imagebridge.pictures.encode import opaque

    font = bundled(max(13, min(22, max(image.size) // 80)))
    height = sum(font.getmetrics())
    lines = _grid_lines(ruler, view, image.size, font)
    left = ceil(max((font.getlength(one.label) for one in lines if not one.upright), default=0)) + 12
    # The labels above are higher than those at the side, whose first may be in the same corner.
    top = height + max(height // 2, _TICK) + 2
    # A label centred on a line at the right edge needs room after it.
    right = ceil(max((font.getlength(one.label) for one in lines if one.upright), default=0) / 2) + 4
    page = Images.new("RGB", (left + image.width + right, top + image.height + height), _PAPER)
    page.paste(opaque(image).convert("RGB"), (left, top))
    sheet = Images.new("RGBA", page.size)
    draw = ImageDraw.Draw(sheet)
    for line in lines:
        for color, offset in ((_LIGHT, 1), (_DARK, 0)):
            at = round(line.at) + offset
            if line.upright:
                draw.line((left + at, top - _TICK, left + at, top + image.height - 1), color)
            else:
                draw.line((left - _TICK, top + at, left + image.width - 1, top + at), color)
    page.paste(sheet, (0, 0), sheet)
    draw = ImageDraw.Draw(page)
    for line in lines:
        above, beside = (left + line.at, height), (left - _TICK - 3, top + line.at)
        draw.text(above if line.upright else beside, line.label, _INK, font, "mb" if line.upright else "rm")
    return page, (left, top)


def _grid_lines(
    ruler: Ruler, view: "View", size: tuple[int, int], font: "FreeTypeFont"
) -> list[_LabelledLine]:
    """Return the lines in both directions, with the smallest step at which no labels touch."""
    x0, y0, x1, y1 = view.box
    unit = ruler.width / ruler.edges[0], ruler.height / ruler.edges[1]
    step = max((x1 - x0) / unit[0], (y1 - y0) / unit[1]) / _LINES
    while True:
        step = _round(step, whole=ruler.units != "0-1")
        lines = [
            *(
                _line("x", value, view, size, (value * unit[0], y0))
                for value in _values(x0 / unit[0], x1 / unit[0], step)
            ),
            *(
                _line("y", value, view, size, (x0, value * unit[1]))
                for value in _values(y0 / unit[1], y1 / unit[1], step)
            ),
        ]
        if not _touching(lines, font):
            return lines
        step *= 1.5


def _values(start: float, stop: float, step: float) -> list[float]:
    """Return the multiples of a step between two coordinates, inclusive."""
    return [number * step for number in range(ceil(start / step - 1e-9), floor(stop / step + 1e-9) + 1)]


def _line(
    letter: str, value: float, view: "View", size: tuple[int, int], point: tuple[float, float]
) -> _LabelledLine:
    """Return the line through a point of the original; a line at the right or bottom edge is on the last pixels."""
    u, v = view.seen(*point)
    if (letter == "x") == (view.turn % 180 == 0):
        return _LabelledLine(True, min(u, size[0] - 1), f"{letter} {value:.10g}")
    return _LabelledLine(False, min(v, size[1] - 1), f"{letter} {value:.10g}")


def _round(rough: float, *, whole: bool) -> float:
    """Round a number up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return max(1, round(step)) if whole else step


def _touching(lines: list[_LabelledLine], font: "FreeTypeFont") -> bool:
    """Return whether adjacent labels in one direction overlap."""
    for upright in (True, False):
        placed = sorted((line for line in lines if line.upright == upright), key=lambda line: line.at)
        for one, other in pairwise(placed):
            sizes = [
                font.getlength(line.label) if upright else sum(font.getmetrics()) for line in (one, other)
            ]
            if other.at - one.at < sum(sizes) / 2 + 6:
                return True
    return False
