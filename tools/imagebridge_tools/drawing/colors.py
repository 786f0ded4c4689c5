"""Finds colours by name, and the one that stands out best from a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imagebridge.errors import ArgumentError
from imagebridge_tools.tool_output import nearest_allowed

from .pixels import colors_of

if TYPE_CHECKING:
    from PIL.Image import Image

Color = tuple[int, int, int]

MARKING: dict[str, Color] = {
    "red": (225, 20, 35),
    "blue": (0, 85, 225),
    "orange": (255, 130, 0),
    "green": (0, 150, 60),
    "magenta": (190, 0, 170),
    "cyan": (0, 190, 220),
    "yellow": (255, 225, 0),
}
"""Colours in which marks are drawn, most common first."""

BLACK, WHITE = (0, 0, 0), (255, 255, 255)

_SAMPLE = 12
"""The number of points, across and down, that are sampled under a mark."""

_ENOUGH = 0.85
"""A more common colour is chosen if its score is at least this share of the best one."""


def color(text: str, argument: str, *, also: Sequence[str] = ()) -> Color:
    """Return the colour for a CSS name or `#rrggbb`, ignoring transparency.

    `also` are words that the caller accepts besides colours, for the error message.

    Raises:
        ArgumentError: there is no such colour.
    """
    if (known := MARKING.get(text.strip().lower())) is not None:
        return known
    from PIL import ImageColor

    try:
        return ImageColor.getrgb(text.strip())[:3]
    except ValueError:
        usual = (*also, *MARKING, "black", "white", "gray", "purple", "brown", "pink", "lime", "navy", "teal")
        raise ArgumentError(
            argument, f"is {text!r}; give a CSS name or #rrggbb; {nearest_allowed(text, usual)}"
        ) from None


def standing_out(image: "Image", box: Sequence[float]) -> tuple[str, Color]:
    """Return the name and value of the marking colour that differs most from the picture inside a box."""
    from PIL.Image import Resampling

    # A point on the right or bottom edge is after the last pixel.
    left, top = min(int(box[0]), image.width - 1), min(int(box[1]), image.height - 1)
    area = (left, top, min(image.width, int(box[2]) + 1), min(image.height, int(box[3]) + 1))
    sample = image.resize((_SAMPLE, _SAMPLE), Resampling.BOX, area)  # pyright: ignore[reportUnknownMemberType]
    pixels = colors_of(sample.convert("RGB"))
    # Prefer what differs from most of the background and at least a little from all of it.
    scores = {
        name: sum(sorted(_distance(value, pixel) for pixel in pixels)[: len(pixels) // 2])
        for name, value in MARKING.items()
    }
    best = max(scores.values())
    name = next(name for name, score in scores.items() if score >= _ENOUGH * best)
    return name, MARKING[name]


def over(ground: Color) -> Color:
    """Return black or white, whichever is more readable on a colour (WCAG 2.2, contrast ratio)."""
    return BLACK if luminance(ground) > 0.179 else WHITE


def luminance(value: Color) -> float:
    """Return the relative luminance of a colour, 0 to 1 (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (n / 255 for n in value)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _distance(one: Sequence[int], other: Sequence[int]) -> float:
    """Return how different two colours look, roughly (the "redmean" distance)."""
    red = (one[0] + other[0]) / 2
    r, g, b = (first - second for first, second in zip(one, other, strict=True))
    return ((2 + red / 256) * r * r + 4 * g * g + (2 + (255 - red) / 256) * b * b) ** 0.5
