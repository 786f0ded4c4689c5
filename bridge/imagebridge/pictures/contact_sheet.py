"""An animation as one still: a contact sheet of its distinct frames, with the time under each."""

from dataclasses import dataclass
from hashlib import sha256
from math import ceil, sqrt
from typing import TYPE_CHECKING

from . import animation
from .decode import srgb, upright
from .encode import opaque, resized, standard

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 1_600
"""The longest side of a sheet in pixels if nothing is known about the model: 2,500 patches, which every model sees."""

_ACROSS = (2, 3)
"""The minimum and maximum number of cells in a row of a full sheet."""

_CELL = (256, 480)
"""The minimum and maximum length of a frame's longer side in pixels: other frames are enlarged or shrunk."""

_GAP = 4
"""The gap between and around cells in pixels; including it, two cells of 256 fill 512 pixels."""

_STRIP = 24
"""The height in pixels of the strip under each frame, which shows its time."""

_EXAMINED = 1_000
_PIXELS_EXAMINED = 300_000_000
"""The maximum number of frames and of pixels decoded to find distinct frames; the rest of an animation is ignored."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A contact sheet, or one frame of an animation that never changes; and a sentence that describes it."""

    image: "Image"
    sentence: str


@dataclass(frozen=True, slots=True)
class _Film:
    """The frames of an animation: how many it claims, how many were decoded, and the distinct ones.

    `distinct` contains the index of each and its start in seconds. `wanted` is the number that should be decoded.
    """

    total: int
    wanted: int
    decoded: int
    seconds: float
    distinct: list[tuple[int, float]]

    def lost(self) -> str:
        """Return a note on the frames that cannot be decoded, if any."""
        if self.decoded == self.wanted:
            return ""
        return f" (frame {self.decoded + 1} and later ones cannot be decoded)"


def contact_sheet(data: bytes, side: int = SIDE) -> Sheet:
    """Lay out the distinct frames of an animation, evenly chosen, with their times in seconds.

    `side` is the side in pixels, at least 512, of the square that the sheet must fit: nine frames from 768 pixels
    upwards, otherwise four. Frames that cannot be decoded are left out, and the sentence says so.

    Raises:
        PictureError: not even the first frame can be decoded.
    """
    film = _watched(data)
    if len(film.distinct) == 1:
        return Sheet(animation.frame(data, 0), _same(film))
    across = min(max(side // _CELL[0], _ACROSS[0]), _ACROSS[1])
    chosen = _evenly(film.distinct, across * across)
    room = (side - _GAP) // ceil(sqrt(len(chosen))) - _GAP
    timed, wanted = film.seconds > 0, dict(chosen)
    cells = [
        _frame_cell(frame, f"{wanted[index]:.2f} s" if timed else str(index + 1), room)
        for index, (frame, _) in enumerate(animation.shown(data, max(wanted) + 1))
        if index in wanted
    ]
    return Sheet(_grid(cells), _sentence(film, len(cells)))


def _watched(data: bytes) -> _Film:
    """Decode the frames once, to find the distinct ones and their times."""
    total, (width, height) = animation.count(data), animation.size(data)
    enough = max(2, _PIXELS_EXAMINED // (width * height))
    wanted = min(total, _EXAMINED, enough)
    distinct: dict[bytes, tuple[int, float]] = {}
    seconds, decoded = 0.0, 0
    for frame, shown in animation.shown(data, wanted):
        distinct.setdefault(sha256(_rgba(frame).tobytes()).digest(), (decoded, seconds))
        seconds += shown
        decoded += 1
    return _Film(total, wanted, decoded, seconds, list(distinct.values()))


def _rgba(frame: "Image") -> "Image":
    return frame if frame.mode == "RGBA" else frame.convert("RGBA")


def _same(film: _Film) -> str:
    """Describe an animation whose examined frames are all identical."""
    if film.decoded == film.total:
        return f"an animation of {film.total} identical frames; this is one of them"
    if film.decoded == 1:
        return f"the first of {film.total} frames of an animation{film.lost()}"
    return (
        f"an animation of {film.total} frames; its first {film.decoded} frames are identical; this is one "
        f"of them{film.lost()}"
    )


def _sentence(film: _Film, shown: int) -> str:
    """Describe which frames are on the sheet and what is written under them."""
    what = f"{shown} of {film.total} frames of an animation{film.lost()}"
    if film.wanted < film.total:
        what += f", taken from its first {film.decoded}"
    if film.seconds > 0:
        return (
            f"{what}, {film.seconds:g} s long, "
            "left to right and top to bottom, with the time in seconds under each"
        )
    return f"{what}, left to right and top to bottom, with the frame number under each (the file states no times)"


def _evenly(frames: list[tuple[int, float]], most: int) -> list[tuple[int, float]]:
    """Choose at most `most` frames at even intervals, including the first and the last."""
    if len(frames) <= most:
        return frames
    return [frames[round(at * (len(frames) - 1) / (most - 1))] for at in range(most)]


def _frame_cell(frame: "Image", label: str, room: int) -> "Image":
    """Draw one frame above the strip with its label, in a cell of at most `room` x `room` pixels."""
    from PIL import Image as Images
    from PIL import ImageDraw, ImageFont

    frame = standard(srgb(upright(frame)))
    wanted = min(max(*frame.size, _CELL[0]), _CELL[1])
    scale = min(wanted / max(frame.size), room / frame.width, (room - _STRIP) / frame.height)
    size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    picture = resized(opaque(frame), *size).convert("RGB")
    cell = Images.new("RGB", (max(size[0], 64), size[1] + _STRIP), "white")
    cell.paste(picture, ((cell.width - size[0]) // 2, 0))
    draw = ImageDraw.Draw(cell)
    draw.text((cell.width / 2, size[1] + _STRIP / 2), label, "black", ImageFont.load_default(16), "mm")
    return cell


def _grid(cells: "list[Image]") -> "Image":
    """Arrange cells of equal size on grey, as close to a square as possible."""
    from PIL import Image as Images

    columns = ceil(sqrt(len(cells)))
    rows = ceil(len(cells) / columns)
    width, height = cells[0].size
    size = columns * (width + _GAP) + _GAP, rows * (height + _GAP) + _GAP
    sheet = Images.new("RGB", size, (128, 128, 128))
    for at, cell in enumerate(cells):
        row, column = divmod(at, columns)
        sheet.paste(cell, (_GAP + column * (width + _GAP), _GAP + row * (height + _GAP)))
    return sheet
