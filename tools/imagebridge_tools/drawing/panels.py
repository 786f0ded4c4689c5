"""Arranges pictures of equal size, with their names, side by side or in a column, whichever shows them larger."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .pixels import squared
from .text import face, shortened

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 2_000
"""The maximum side length of the sheet, in pixels."""

_USUAL = 1_600
_ENLARGED = 480
"""The size, in pixels, up to which the longer side of small pictures is enlarged."""

_STRIP, _LETTERS, _GAP = 28, 17, 8
_PAPER, _INK, _EDGE = "#ffffff", "#1d2b3a", "#8593a3"

PanelPlace = tuple[int, int, float]
"""The left and top of a picture on the sheet, and its scale."""


def paneled(panels: "Sequence[tuple[str, Image]]") -> "tuple[Image, list[PanelPlace]]":
    """Arrange named pictures, all at one scale, and return the sheet and their positions on it."""
    from PIL import Image as Images
    from PIL import ImageDraw

    from imagebridge.pictures.encode import opaque, resized

    width = max(image.width for _, image in panels)
    height = max(image.height for _, image in panels)
    across, scale = _arranged(len(panels), width, height)
    cell = max(80, round(width * scale)), round(height * scale) + _STRIP
    rows = -(-len(panels) // across)
    size = across * (cell[0] + _GAP) + _GAP, rows * (cell[1] + _GAP) + _GAP
    sheet, places = Images.new("RGB", size, _PAPER), list[PanelPlace]()
    draw = ImageDraw.Draw(sheet)
    font = face(" ".join(name for name, _ in panels)).font_variant(size=_LETTERS)
    for number, (name, image) in enumerate(panels):
        row, column = divmod(number, across)
        left, top = _GAP + column * (cell[0] + _GAP), _GAP + row * (cell[1] + _GAP)
        draw.text((left, top + _STRIP / 2 - 2), shortened(name, font, cell[0]), _INK, font, "lm")
        page = opaque(image).convert("RGB")
        sized = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        page = squared(page, sized) if scale >= 1 else resized(page, *sized)
        sheet.paste(page, (left, top + _STRIP))
        draw.rectangle((left - 1, top + _STRIP - 1, left + sized[0], top + _STRIP + sized[1]), outline=_EDGE)
        places.append((left, top + _STRIP, scale))
    return sheet, places


def _arranged(count: int, width: int, height: int) -> tuple[int, float]:
    """Return the maximum number of pictures in a row at the largest possible scale, and that scale."""
    scale, across = max((_scale(across, count, width, height), across) for across in range(1, count + 1))
    return across, scale


def _scale(across: int, count: int, width: int, height: int) -> float:
    down = -(-count // across)
    room = (_USUAL if across > 1 else SIDE) / across - 2 * _GAP, SIDE / down - 2 * _GAP - _STRIP
    scale = min(room[0] / width, room[1] / height)
    return max(1, min(int(scale), _ENLARGED // max(width, height))) if scale >= 1 else scale
