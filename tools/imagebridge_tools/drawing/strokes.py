"""Draws lines and shapes on a picture, with smooth edges, and a thin rim that sets them off from any background."""

from collections.abc import Callable, Sequence
from math import atan2, cos, pi, sin
from typing import TYPE_CHECKING

from .colors import Color, over

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

Point = tuple[float, float]

_FINE = 3
"""The factor by which shapes are drawn larger than the picture, to smooth their edges."""

_LARGE = 3_000_000
"""The size, in pixels, above which a shape is drawn directly, as its edges are fine enough."""

_HEAD = 6
"""The length of an arrow's head, as a multiple of the width of its line."""


def frame(image: "Image", box: Sequence[float], color: Color, width: int) -> None:
    """Draw the edges of a box, with half of the `width` (in pixels) on either side of them."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(image)
    rim = max(1, width // 4)
    for value, thick, out in ((over(color), width + 2 * rim, width // 2 + rim), (color, width, width // 2)):
        left, top, right, bottom = (round(side) for side in box)
        corners = (left - out, top - out, right + out - 1, bottom + out - 1)
        draw.rectangle(corners, outline=value if image.mode == "RGB" else (*value, 255), width=thick)


def path(
    image: "Image", points: Sequence[Point], color: Color, width: float, *, closed: bool = False
) -> None:
    """Draw a line through points; `width` is in pixels."""
    corners = [*points, points[0]] if closed else list(points)

    def shape(draw: "ImageDraw", place: "Callable[[Point], Point]", thick: float) -> None:
        placed = [place(point) for point in corners]
        draw.line(placed, 255, max(1, round(thick)))
        for x, y in placed:  # Round joints and ends: a line alone leaves gaps at its corners.
            draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), 255)

    _painted(image, corners, color, width, shape)


def arrow(image: "Image", start: Point, end: Point, color: Color, width: float) -> None:
    """Draw an arrow whose tip is at `end`."""
    angle = atan2(end[1] - start[1], end[0] - start[0])
    long = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
    head = min(_HEAD * width, max(long * 0.6, 2 * width))
    neck = (end[0] - head * 0.8 * cos(angle), end[1] - head * 0.8 * sin(angle))
    wings = [
        (end[0] + head * cos(angle + side), end[1] + head * sin(angle + side))
        for side in (pi - 0.5, pi + 0.5)
    ]

    def shape(draw: "ImageDraw", place: "Callable[[Point], Point]", thick: float) -> None:
        draw.line([place(start), place(neck)], 255, max(1, round(thick)))
        corners = [place(point) for point in (end, *wings)]
        draw.polygon(corners, 255)
        # The rim goes around the head as well.
        draw.line([*corners, corners[0]], 255, max(1, round(thick - thick / 1.4)), joint="curve")

    _painted(image, [start, end, *wings], color, width, shape)


def disc(image: "Image", centre: Point, color: Color, radius: float, rim: float) -> None:
    """Draw a filled circle with a rim; `radius` and `rim` are in pixels."""

    def shape(draw: "ImageDraw", place: "Callable[[Point], Point]", thick: float) -> None:
        (x, y), r = place(centre), thick / 2
        draw.ellipse((x - r, y - r, x + r, y + r), 255)

    _painted(image, [centre], color, 2 * radius, shape, rim)


def plate(image: "Image", box: Sequence[float], color: Color, rim: float) -> None:
    """Draw a filled box with slightly rounded corners and a rim: the background of a label."""
    left, top, right, bottom = box

    def shape(draw: "ImageDraw", place: "Callable[[Point], Point]", thick: float) -> None:
        (x0, y0), (x1, y1) = place((left, top)), place((right, bottom))
        r = thick / 2
        draw.rounded_rectangle((x0 - r, y0 - r, x1 + r, y1 + r), (y1 - y0) * 0.15 + r, 255)

    _painted(image, [(left, top), (right, bottom)], color, 0, shape, rim)


def _painted(
    image: "Image",
    points: Sequence[Point],
    color: Color,
    width: float,
    shape: "Callable[[ImageDraw, Callable[[Point], Point], float], None]",
    rim: float | None = None,
) -> None:
    """Paint a shape twice: first wider and in black or white, then in its colour."""
    from PIL import Image as Images
    from PIL import ImageDraw

    rim = max(1.0, width / 4) if rim is None else rim
    reach = width / 2 + rim + 2
    left = max(0, int(min(x for x, _ in points) - reach))
    top = max(0, int(min(y for _, y in points) - reach))
    right = min(image.width, int(max(x for x, _ in points) + reach) + 1)
    bottom = min(image.height, int(max(y for _, y in points) + reach) + 1)
    size = right - left, bottom - top
    if min(size) < 1:
        return
    fine = _FINE if size[0] * size[1] < _LARGE else 1

    def place(point: Point) -> Point:
        return (point[0] - left) * fine, (point[1] - top) * fine

    for value, thick in ((over(color), width + 2 * rim), (color, width)):
        mask = Images.new("L", (size[0] * fine, size[1] * fine))
        shape(ImageDraw.Draw(mask), place, thick * fine)
        mask = mask.reduce(fine) if fine > 1 else mask
        # On a transparent picture, the mark is opaque.
        ink = Images.new(image.mode, size, value if image.mode == "RGB" else (*value, 255))
        image.paste(ink, (left, top), mask)
