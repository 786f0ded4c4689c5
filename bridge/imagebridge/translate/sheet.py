"""An animation as one still: a contact sheet of its distinct frames, with the time under each."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from math import ceil, sqrt
from typing import TYPE_CHECKING

from .decode import decoding, frames, load
from .encode import opaque, resized, standard

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

_FRAMES = 9
"""Frames on a sheet at most."""

_CELL = (256, 480)
"""Pixels of a cell's longer side, from and to: nine of 480 make 1,440, which every model sees whole."""

_STRIP = 24
"""Pixels of the strip under each frame that holds its time."""

_EXAMINED = 1_000
_PIXELS_EXAMINED = 300_000_000
"""Frames and pixels that are decoded to find distinct frames; of an animation with more, the start is looked at."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A contact sheet, or the one frame of an animation that never changes, and the sentence that says so."""

    image: "Image"
    sentence: str


def contact_sheet(image: "ImageFile") -> Sheet:
    """Lay out the distinct frames of an animation, evenly chosen, times in seconds under them.

    Raises:
        PictureError: a frame cannot be decoded.
    """
    total = frames(image)
    examined = max(2, min(total, _EXAMINED, _PIXELS_EXAMINED // (image.width * image.height)))
    distinct: dict[bytes, tuple[int, float]] = {}
    seconds = 0.0
    for index, (frame, shown) in enumerate(_frames(image, examined)):
        distinct.setdefault(sha256(frame.convert("RGBA").tobytes()).digest(), (index, seconds))
        seconds += shown
    chosen = _evenly(list(distinct.values()))
    if len(chosen) == 1:
        image.seek(0)
        return Sheet(load(image).copy(), f"an animation of {total} frames that are all the same; this is one")
    wanted = dict(chosen)
    cells: list[Image] = []
    for index, (frame, _) in enumerate(_frames(image, max(wanted) + 1)):
        if index in wanted:
            cells.append(_cell(frame, wanted[index]))
    return Sheet(_grid(cells), _told(len(cells), total, examined, seconds))


def _told(shown: int, total: int, examined: int, seconds: float) -> str:
    start = f", taken from its first {examined}" if examined < total else ""
    return (
        f"{shown} of {total} frames of an animation{start}, {seconds:g} s long, "
        "left to right and top to bottom, with the time in seconds under each"
    )


def _frames(image: "ImageFile", count: int) -> "Iterator[tuple[Image, float]]":
    """Yield the first `count` frames with the seconds each is shown."""
    for index in range(count):
        with decoding(f"frame {index + 1} cannot be decoded"):
            image.seek(index)
        frame = load(image)
        duration = frame.info.get("duration", 0)
        yield frame, float(duration or 0) / 1_000


def _evenly(frames: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Choose at most nine, first and last among them."""
    if len(frames) <= _FRAMES:
        return frames
    return [frames[round(at * (len(frames) - 1) / (_FRAMES - 1))] for at in range(_FRAMES)]


def _cell(frame: "Image", seconds: float) -> "Image":
    """Draw one frame, scaled into a cell, over the strip with its time."""
    from PIL import Image as Images
    from PIL import ImageDraw, ImageFont

    side = max(frame.size)
    wanted = min(max(side, _CELL[0]), _CELL[1])
    size = max(1, round(frame.width * wanted / side)), max(1, round(frame.height * wanted / side))
    picture = resized(opaque(standard(frame.copy())), *size).convert("RGB")
    cell = Images.new("RGB", (max(size[0], 64), size[1] + _STRIP), "white")
    cell.paste(picture, ((cell.width - size[0]) // 2, 0))
    draw = ImageDraw.Draw(cell)
    draw.text(
        (cell.width / 2, size[1] + _STRIP / 2), f"{seconds:.2f} s", "black", ImageFont.load_default(16), "mm"
    )
    return cell


def _grid(cells: "list[Image]") -> "Image":
    """Set cells of one size side by side, as square as they go, on grey."""
    from PIL import Image as Images

    columns = ceil(sqrt(len(cells)))
    rows = ceil(len(cells) / columns)
    width, height, gap = cells[0].width, cells[0].height, 4
    sheet = Images.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), (128, 128, 128))
    for at, cell in enumerate(cells):
        row, column = divmod(at, columns)
        sheet.paste(cell, (gap + column * (width + gap), gap + row * (height + gap)))
    return sheet
