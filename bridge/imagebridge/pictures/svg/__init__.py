"""SVG drawings as pictures: measured, cut off from files and the network, and drawn at the size that the model sees."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from xml.etree import ElementTree

from imagebridge.pictures.cost import MAX_DRAWN, MAX_SIDE
from imagebridge.pictures.picture import Picture

from . import raster, scrub
from .markup import SvgAllowance, svg_root

_ICON, _VISIBLE = 64, 512
"""The length of the longer side, in pixels, below which a drawing is an icon, and up to which icons are enlarged."""

_LENGTH = re.compile(r"\s*\+?([0-9.]+(?:e[+-]?[0-9]+)?)\s*([a-z]*)\s*$", re.IGNORECASE)
# CSS pixels of a unit (CSS Values 3, section 5.2); font units assume 16 pixels, as drawn here.
_UNITS = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "pc": 16.0,
    "mm": 96 / 25.4,
    "cm": 96 / 2.54,
    "q": 96 / 101.6,
    "in": 96.0,
    "em": 16.0,
    "rem": 16.0,
    "ex": 8.0,
    "ch": 8.0,
}

Fit = Callable[[int, int], tuple[int, int]]
"""A function that converts the size in pixels that an SVG specifies to the size at which it is drawn."""


@dataclass(frozen=True, slots=True)
class DrawnSvg:
    """A drawn SVG: its picture, the `width` x `height` in CSS pixels that it specifies, and what is missing."""

    picture: Picture
    width: int
    height: int
    sentence: str = ""


def capped(width: int, height: int) -> tuple[int, int]:
    """Return the size, reduced to `MAX_DRAWN` pixels if necessary; tools use the coordinates that the SVG declares."""
    # By the longer side, because the shorter side of a line is a pixel, whatever the scale.
    longer, shorter = max(width, height), min(width, height)
    most = int(sqrt(MAX_DRAWN * longer / shorter)) if longer * shorter > MAX_DRAWN else longer
    scale = min(most, MAX_SIDE) / longer
    return max(1, round(width * scale)), max(1, round(height * scale))


def visible(width: int, height: int, fit: Fit = capped) -> tuple[int, int]:
    """Return the size that `fit` returns for a drawing's size; icons are enlarged by a whole number first."""
    times = _VISIBLE // max(width, height) if max(width, height) < _ICON else 1
    return fit(times * width, times * height)


def drawn(data: bytes, fit: Fit = capped) -> DrawnSvg:
    """Draw an SVG, packed with gzip or not, at the size that `fit` returns for its declared size, keeping transparency.

    The SVG is drawn in a separate process, within `raster.SECONDS` and `raster.MEMORY`.

    Raises:
        PictureError: the data is not an SVG, is too large or deep, or the rasteriser refuses it or exceeds its limits.
    """
    room, notes = SvgAllowance(), scrub.Notes()
    root = svg_root(data, room)
    width, height = _root_size(root)
    scrub.scrubbed(root, room, notes)
    # The rasteriser interprets percentages and missing sizes differently; it must not stretch the drawing.
    root.set("width", str(width))
    root.set("height", str(height))
    drawn_size = max(1, round(width)), max(1, round(height))
    raster_image = raster.rasterised(ElementTree.tostring(root, encoding="unicode"), *fit(*drawn_size))
    sentence = scrub.sentence(notes, raster_image.missing, raster_image.fontless)
    return DrawnSvg(Picture.from_bytes(raster_image.png), *drawn_size, sentence)


def shown(data: bytes, fit: Fit = capped) -> DrawnSvg:
    """Draw an SVG like `drawn`, but enlarge an icon and say so in the sentence.

    Raises:
        PictureError: as for `drawn`.
    """
    made = drawn(data, partial(visible, fit=fit))
    width, height = made.picture.width, made.picture.height
    if width <= made.width:
        return made
    larger = f"drawn {width}x{height}, larger than the {made.width}x{made.height} that it specifies"
    return replace(made, sentence="; ".join(filter(None, (larger, made.sentence))))


def _root_size(root: ElementTree.Element) -> tuple[float, float]:
    """Return the width and height in pixels, taken from the view box if they are missing."""
    box = [_as_float(part) for part in re.split(r"[\s,]+", root.get("viewBox", "").strip())]
    across, down = (box[2], box[3]) if len(box) == 4 else (0.0, 0.0)
    width, height = _length(root.get("width")), _length(root.get("height"))
    if not width and not height:
        # 300 x 150 is what CSS gives a replaced element without a size.
        return (across, down) if across and down else (300.0, 150.0)
    ratio = across / down if across and down else 1.0
    return width or height * ratio, height or width / ratio


def _length(text: str | None) -> float:
    """Return a length in pixels, or 0 if it is missing, a percentage or in viewport units."""
    match = _LENGTH.match(text or "")
    return _as_float(match[1]) * _UNITS.get(match[2].lower(), 0.0) if match else 0.0


def _as_float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 < value < 1e9 else 0.0
