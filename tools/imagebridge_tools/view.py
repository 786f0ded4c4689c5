"""view_image: shows a part of a picture at full resolution, rotated, with more contrast or with a labelled grid."""

from collections.abc import Sequence
from dataclasses import replace
from math import floor
from typing import TYPE_CHECKING, Annotated, Any

from imagebridge.errors import ArgumentError
from imagebridge.pictures import kinds

from . import lenient_values
from .apart import apart
from .arguments import AnySource
from .declaration import Argument, tool
from .drawing.grid import View
from .drawing.pixels import Pixels, pixels, squared
from .drawing.tones import Contrast, contrasted, factor
from .drawing.units import Box, Ruler, Units, coordinates
from .files.source import NOWHERE, Places, Source, opened
from .mistakes import Mistakes, Noted
from .tool_output import ToolOutput, described

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 2_000
"""The maximum side length of a view, in pixels; hosts reject larger ones if a conversation contains many pictures."""

_USUAL = 1_600
"""The maximum side length of a view, in pixels, if no zoom is requested; every vision model sees 2,500 patches."""

_ENLARGED, _MOST = 1_024, 16
"""The size in pixels up to which a small region is enlarged if no zoom is requested, and the maximum factor."""

_TURNS = {0: None, 90: "ROTATE_270", 180: "ROTATE_180", 270: "ROTATE_90"}
"""The names of Pillow's rotations, which are counterclockwise, by degrees clockwise."""


Region = Annotated[
    Sequence[float] | None,
    Argument(
        "The region as [left, top, right, bottom]. Default: the whole picture.",
        reading=coordinates,
        json_type=list[float] | None,
        form="give [left, top, right, bottom], such as [0, 0, 400, 300]",
        names=("box", "bbox", "crop", "rect", "rectangle", "area", "roi", "bounds"),
    ),
]

Zoom = Annotated[
    float | None,
    Argument(
        "Magnification: output pixels per source pixel.",
        reading=lenient_values.zoom,
        names=("factor", "magnification"),
    ),
]

Rotation = Annotated[
    int,
    Argument(
        "Turn the view clockwise by 0, 90, 180 or 270 degrees.",
        reading=lenient_values.number,
        form="give 0, 90, 180 or 270 degrees clockwise",
        names=("rotation", "angle"),
    ),
]

ViewContrast = Annotated[
    Contrast | None,
    Argument(
        "Change the contrast by a factor, or auto.",
        reading=lenient_values.factor,
        json_type=Any,
        schema={"anyOf": [{"type": ["number", "string"]}, {"type": "null"}]},
    ),
]

GridLines = Annotated[bool, Argument("Draw a grid with labelled coordinates.")]


@tool(
    "View a region",
    "Look closely at a region of a picture. The answer says how its pixels map to the original.",
)
async def view_image(
    source: AnySource,
    places: Places = NOWHERE,
    *,
    region: Region = None,
    units: Units = "pixels",
    zoom: Zoom = None,
    rotate: Rotation = 0,
    contrast: ViewContrast = None,
    grid: GridLines = False,
    noted: Noted = (),
) -> ToolOutput:
    """Show a `region` of the picture that `source` names (`[left, top, right, bottom]` in `units`), or all of it.

    `zoom` is the number of pixels shown per pixel of the original: by default a large region is shrunk to 1,600 pixels
    and a small one enlarged, by a whole number, up to 1,024. `rotate` is a multiple of 90 degrees, clockwise.
    `contrast` is a factor, or `auto` to stretch the region's tones. `grid` draws lines with the original's coordinates,
    in `units`. The sentence describes how to convert coordinates of the view to the original. `noted` contains the
    mistakes found so far; they are reported together with those found here.

    Raises:
        ArgumentError: the picture does not exist, or arguments are out of range; the error reports every mistake.
        ApartError: the work took too long or too much memory.
    """
    mistakes = Mistakes(noted)
    file = await mistakes.met(opened(source, places))
    _check(mistakes, units, zoom, rotate, contrast)
    if file is None:
        raise mistakes.error()
    return await apart(viewed, file, region, units, zoom, rotate, contrast, grid, mistakes.found)


def viewed(
    source: Source,
    region: Sequence[float] | None = None,
    units: str = "pixels",
    zoom: float | None = None,
    rotate: int = 0,
    contrast: Contrast | None = None,
    grid: bool = False,
    noted: Noted = (),
) -> ToolOutput:
    """Do the work of `view_image` on a file that has already been read."""
    mistakes = Mistakes(noted)
    _check(mistakes, units, zoom, rotate, contrast)
    placed = mistakes.of(lambda: _placed(source, region, units, zoom))
    if placed is None or mistakes.found:
        raise mistakes.error()
    seen, ruler, box, size = placed
    turn = _turn(rotate)
    image = _toned(seen.image.crop(box), contrast)
    view = View(box, size[0] / image.width, size[1] / image.height, turn)
    image = _turned(_resized(image, size), turn)
    if grid:
        from .drawing.grid import ruled

        image, (left, top) = ruled(image, ruler, view)
        view = replace(view, left=left, top=top)
    from imagebridge.pictures.encode import as_picture

    picture = as_picture(image, lossless=kinds.is_lossless(source.data))
    done = _done(view, region is None, turn, contrast, units if grid else "")
    return ToolOutput(f"{seen.description}: {done}. {view.description()}. {described(picture)}.", (picture,))


def _check(
    mistakes: Mistakes, units: str, zoom: float | None, rotate: int, contrast: Contrast | None
) -> None:
    """Record mistakes that do not depend on the picture."""
    mistakes.of(lambda: Ruler(1, 1, units))
    mistakes.of(lambda: _turn(rotate))
    if contrast is not None:
        mistakes.of(lambda: factor(contrast, "contrast", auto=True))
    if not _is_zoom(zoom):
        mistakes.add(ArgumentError("zoom", f"is {zoom:g}; give a number above 0, such as 2 or 0.5"))


def _placed(
    source: Source, region: Sequence[float] | None, units: str, zoom: float | None
) -> tuple[Pixels, Ruler, Box, tuple[int, int]]:
    """Return the picture, its coordinate system, the region to show, and the size of the view in pixels.

    Raises:
        ArgumentError: the picture or the region does not exist, or the zoom is out of range for it.
    """
    seen = pixels(source)
    ruler = Ruler(*seen.image.size, units)
    box = (0, 0, *seen.image.size) if region is None else ruler.region(region, "region")
    return seen, ruler, box, _shown_size(box[2] - box[0], box[3] - box[1], zoom if _is_zoom(zoom) else None)


def _is_zoom(zoom: float | None) -> bool:
    return zoom is None or zoom > 0


def _turn(rotate: int) -> int:
    if rotate % 90:
        near = round(rotate / 90) * 90 % 360
        problem = (
            f"is {rotate}; a view can be rotated by 0, 90, 180 or 270 degrees clockwise, such as {near} "
            "(transform_image accepts any angle)"
        )
        raise ArgumentError("rotate", problem)
    return rotate % 360


def _toned(image: "Image", contrast: Contrast | None) -> "Image":
    if contrast is None:
        return image
    return contrasted(image, factor(contrast, "contrast", auto=True))


def _shown_size(width: int, height: int, zoom: float | None) -> tuple[int, int]:
    """Return the size of the view in pixels.

    Raises:
        ArgumentError: the zoom is out of range for this region.
    """
    longer = max(width, height)
    if zoom is None:
        zoom = min(_MOST, max(1, _ENLARGED // longer)) if longer <= _USUAL else _USUAL / longer
    most = SIDE / longer
    if zoom > max(most, 1 / longer) + 1e-9:
        largest = floor(most) if most >= 2 else floor(most * 1000) / 1000
        limit = f"{width}x{height} pixels can be shown at most {largest:g} times as large, to stay within {SIDE} pixels"
        raise ArgumentError("zoom", f"is {zoom:g}; {limit}; give up to {largest:g}, or a smaller region")
    return max(1, round(width * zoom)), max(1, round(height * zoom))


def _resized(image: "Image", size: tuple[int, int]) -> "Image":
    """Scale the picture; a drawing that is enlarged by a whole factor keeps its colours and edges."""
    from imagebridge.pictures.encode import is_flat, resized

    if size == image.size:
        return image
    whole = size[0] % image.width == 0 and size[1] % image.height == 0
    return squared(image, size) if whole and is_flat(image) else resized(image, *size)


def _turned(image: "Image", turn: int) -> "Image":
    from PIL.Image import Transpose

    name = _TURNS[turn]
    return image.transpose(Transpose[name]) if name else image


def _done(view: View, whole: bool, turn: int, contrast: Contrast | None, grid: str) -> str:
    """Describe the part of the original that is shown, and how it is shown."""
    x0, y0, x1, y1 = view.box
    done = ["the whole picture" if whole else f"the region x {x0} to {x1}, y {y0} to {y1}"]
    done[0] += " at full resolution" if view.across == 1 else f" at {view.across:.4g} times its size"
    if turn:
        done.append(f"turned {turn} degrees clockwise")
    if contrast is not None:
        done.append("tones stretched" if contrast == "auto" else f"contrast multiplied by {contrast:g}")
    if grid:
        done.append(f"with a grid of the original's coordinates in {'pixels' if grid == 'pixels' else grid}")
    return ", ".join(done)
