"""compare_images: reports whether two pictures are the same, and where and how much they differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, NamedTuple

from imagebridge.errors import ArgumentError, counted
from imagebridge.pictures.cost import MAX_PIXELS

from . import lenient_values
from .apart import apart
from .arguments import PICTURE
from .declaration import Argument, tool
from .drawing import strokes
from .drawing.captions import Bounds, Captions
from .drawing.colors import MARKING
from .drawing.panels import PanelPlace, paneled
from .drawing.pixels import Pixels, pixels, required
from .drawing.units import Box
from .files.source import NOWHERE, Places, Source, opened
from .mistakes import Mistakes, Noted
from .tool_output import ToolOutput, described, nearest_allowed

if TYPE_CHECKING:
    from PIL.Image import Image

_BAND = 4_000_000
"""The number of pixels that are compared at a time."""


_CELLS = 96
"""The number of cells along the longer side; changes in the same cell or in adjacent ones form one region."""


class ChangedRegion(NamedTuple):
    """A box around changes, and the number of changed `pixels` in it."""

    box: Box
    pixels: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The visible difference of each pixel, including transparency: 0 to 255 in the channel that differs most.

    `hidden` is true if colours hidden by full transparency also differ.
    """

    image: "Image"
    hidden: bool

    @property
    def counts(self) -> list[int]:
        """The number of pixels that differ by 0, 1, ... 255."""
        return self.image.histogram()


def difference(one: "Image", other: "Image") -> Difference:
    """Compare two pictures aligned at the upper left; where only one of them has pixels, the difference is 255."""
    from PIL import Image as Images
    from PIL import ImageChops

    width, height = min(one.width, other.width), min(one.height, other.height)
    size = max(one.width, other.width), max(one.height, other.height)
    merged, hidden = Images.new("L", size, 255), False
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        area = (0, top, width, min(height, top + rows))
        bands = [image.crop(area).convert("RGBA") for image in (one, other)]
        seen = ImageChops.difference(*(band.convert("RGBa") for band in bands))
        red, green, blue, alpha = (seen.getchannel(channel) for channel in range(4))
        most = ImageChops.lighter(ImageChops.lighter(red, green), ImageChops.lighter(blue, alpha))
        merged.paste(most, area[:2])
        hidden = hidden or (most.getbbox() is None and bands[0].tobytes() != bands[1].tobytes())
    return Difference(merged, hidden)


def regions(changed: "Image") -> list[ChangedRegion]:
    """Return the boxes around white areas of a mask, largest change first."""
    cell = max(4, -(-max(changed.size) // _CELLS))
    cells = dict(_changed_cells(changed, cell))
    done: list[ChangedRegion] = []
    while cells:
        start = next(iter(cells))
        box, count = cells.pop(start)
        waiting = [start]
        while waiting:
            column, row = waiting.pop()
            for near in [(column + x, row + y) for x in (-1, 0, 1) for y in (-1, 0, 1)]:
                if near in cells:
                    other, more = cells.pop(near)
                    box, count = _joined(box, other), count + more
                    waiting.append(near)
        done.append(ChangedRegion(box, count))
    return sorted(done, key=lambda region: (-region.pixels, region.box))


def _changed_cells(changed: "Image", cell: int) -> Iterator[tuple[tuple[int, int], tuple[Box, int]]]:
    """Yield the column and row of each cell with changes, the box around them in the picture, and their count."""
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


"""The values of `show`: both pictures and the changes, both, the changes in red over the second, or the differences."""

TOLERANCE = 10
"""The difference, in levels of 255, up to which a pixel does not count as changed; JPEG alone causes that much."""

_TOLD = 12
"""The maximum number of regions that are listed and numbered."""

_RATIO = 0.01
"""The relative difference in proportions up to which two pictures count as the same picture in two sizes."""

_RED, _FADED = MARKING["red"], 0.35


SHOWS = ("all", "side_by_side", "overlay", "difference")


def _picture_argument(*names: str) -> Argument:
    return Argument(
        "A picture, as in load_image.",
        reading=lenient_values.alone,
        form=PICTURE,
        names=names,
    )


FirstImage = Annotated[
    str,
    _picture_argument(
        *("image1", "image_1", "image_a", "first", "first_image"),
        *("before", "source1", "source_a", "old", "left"),
    ),
]

SecondImage = Annotated[
    str,
    _picture_argument(
        *("image2", "image_2", "image_b", "second", "second_image"),
        *("after", "source2", "source_b", "new", "right"),
    ),
]

Show = Annotated[
    str,
    Argument(
        '"all" returns both pictures and the overlay.',
        words=SHOWS,
        reading=lenient_values.word(SHOWS, {"diff": "difference"}),
    ),
]

Tolerance = Annotated[int, Argument("Ignore differences of up to this much per channel (0-255).")]


@tool(
    "Compare pictures", "Compare two pictures: whether they are identical, or where and how much they differ."
)
async def compare_images(
    a: FirstImage,
    b: SecondImage,
    places: Places = NOWHERE,
    *,
    show: Show = "all",
    tolerance: Tolerance = TOLERANCE,
    noted: Noted = (),
) -> ToolOutput:
    """Compare the pictures that `a` and `b` name; they are reported as identical only if all pixels are.

    Pixels that differ by more than `tolerance` (0 to 255, in the channel that differs most) count as changed, and
    the boxes around them are reported in pixels of `a`. `b` is scaled to the size of `a` if the proportions are the
    same; otherwise both are aligned at the upper left, and areas that only one of them covers count as changed. `noted`
    contains the mistakes found so far; they are reported together with those found here.

    Raises:
        ArgumentError: a picture does not exist, or arguments are out of range; the error reports every mistake.
        ApartError: the work took too long or too much memory.
    """
    mistakes = Mistakes(noted)
    one, other = await mistakes.met(opened(a, places, "a")), await mistakes.met(opened(b, places, "b"))
    for argument, file in (("a", one), ("b", other)):
        if file:
            mistakes.of(partial(required, file, argument))
    _check(mistakes, show, tolerance)
    if one is None or other is None or mistakes.found:
        raise mistakes.error()
    return await apart(compared, one, other, show, tolerance)


def _check(mistakes: Mistakes, show: str, tolerance: int) -> None:
    if show not in SHOWS:
        mistakes.add(ArgumentError("show", f"is {show!r}; {nearest_allowed(show, SHOWS)}"))
    if not 0 <= tolerance <= 254:
        mistakes.add(ArgumentError("tolerance", f"is {tolerance}; give 0 to 254"))


def compared(a: Source, b: Source, show: str = "all", tolerance: int = TOLERANCE) -> ToolOutput:
    """Do the work of `compare_images` on files that have already been read."""
    mistakes = Mistakes()
    _check(mistakes, show, tolerance)
    one, other = mistakes.of(lambda: pixels(a, "a")), mistakes.of(lambda: pixels(b, "b"))
    if one is None or other is None or mistakes.found:
        raise mistakes.error()
    both = f"a is {one.description}, b is {other.description}"
    scaled, how = _matched(one.image, other.image)
    differing = difference(one.image, scaled)
    counts = differing.counts
    if not how and counts[0] == sum(counts):
        return ToolOutput(f"{both}. {_same(a, b, one, other, differing)}.", ())
    mask = differing.image.point([255 * (level > tolerance) for level in range(256)])  # pyright: ignore[reportUnknownMemberType]
    changed = regions(mask)
    from imagebridge.pictures.encode import as_picture

    sheet, places = _sheet(show, one, other, scaled, differing, mask, changed[:_TOLD])
    picture = as_picture(sheet)
    sentence = f"{both}{how}. {_differing(counts, tolerance)}{_where(changed)}. {_panels(show, bool(changed), places)}"
    return ToolOutput(f"{sentence}; {described(picture)}.", (picture,))


def _matched(one: "Image", other: "Image") -> "tuple[Image, str]":
    """Align the second picture with the first; return it and a remark on how it was aligned."""
    if one.size == other.size:
        return other, ""
    if abs(one.width * other.height / (one.height * other.width) - 1) <= _RATIO:
        from imagebridge.pictures.encode import resized

        return resized(other, *one.size), "; b is scaled to the size of a"
    size = max(one.width, other.width), max(one.height, other.height)
    if size[0] * size[1] > MAX_PIXELS:
        raise ArgumentError(
            "b",
            f"and a together cover {size[0]}x{size[1]} pixels, over the limit of {MAX_PIXELS:,}; crop them first",
        )
    return other, "; their proportions differ, so they are aligned at the upper left, not scaled"


def _same(a: Source, b: Source, one: Pixels, other: Pixels, differing: Difference) -> str:
    """Describe in what sense two pictures without a visible difference are the same."""
    if a.data == b.data:
        return "They are identical, byte for byte"
    if differing.hidden:
        return "They look the same; they differ only in colours of fully transparent pixels"
    if one.exact and other.exact:
        return "They are identical: every pixel is the same, although the files differ"
    return "No pixel differs at 8 bits per channel; the files may contain finer differences"


def _differing(counts: Sequence[int], tolerance: int) -> str:
    """Describe how many pixels differ, and by how much."""
    total = sum(counts)
    any_, over = total - counts[0], sum(counts[tolerance + 1 :])
    if not any_:
        return "After scaling, no pixel differs"
    most = max(level for level, count in enumerate(counts) if count)
    if not over:
        slightly = f"{_many(any_, total)} {'differs' if any_ == 1 else 'differ'}, by at most {most} of 255"
        return f"No pixel differs by more than {tolerance} of 255; {slightly}"
    less = any_ - over
    slight = f"; {less:,} {'other differs' if less == 1 else 'others differ'} by less" if less else ""
    by = f"by more than {tolerance} of 255" if tolerance else "at all"
    return f"{_many(over, total)} {'differs' if over == 1 else 'differ'} {by}, by at most {most}{slight}"


def _many(count: int, total: int) -> str:
    """Describe a number of pixels and its share of the picture, as in `1,200 pixels (3.4%)`."""
    share = 100 * count / total
    return f"{counted(count, 'pixel')} ({f'{share:.1f}' if share >= 0.1 else 'under 0.1'}%)"


def _where(changed: Sequence[ChangedRegion]) -> str:
    if not changed:
        return ""
    boxes = [
        f"{number}: x {left} to {right}, y {top} to {bottom} ({count:,} px)"
        for number, ((left, top, right, bottom), count) in enumerate(changed[:_TOLD], 1)
    ]
    more = f"; and {counted(len(changed) - _TOLD, 'smaller region')}" if len(changed) > _TOLD else ""
    return f". {counted(len(changed), 'changed region')}: {'; '.join(boxes)}{more}"


def _panels(show: str, changed: bool, places: Sequence[PanelPlace]) -> str:
    stacked = len(places) > 1 and places[0][0] == places[1][0]
    red = "b in pale grey with changes in red" + (" and the regions numbered" if changed else "")
    return {
        "all": f"Shown: a, b, and {red}",
        "side_by_side": "Shown: a above b, so that both are larger"
        if stacked
        else "Shown: a and b side by side",
        "overlay": f"Shown: {red}",
        "difference": "Shown: how much each pixel differs, from black (not at all) to white (the most)",
    }[show]


def _sheet(
    show: str,
    one: Pixels,
    other: Pixels,
    scaled: "Image",
    differing: Difference,
    mask: "Image",
    changed: Sequence[ChangedRegion],
) -> "tuple[Image, list[PanelPlace]]":
    """Draw the requested comparison; return it and the positions of its pictures."""
    from PIL import ImageOps

    sides = [(f"a: {one.name}", one.image), (f"b: {other.name}", scaled)]
    match show:
        case "side_by_side":
            return paneled(sides)
        case "difference":
            return paneled([("difference", ImageOps.autocontrast(differing.image))])
        case "overlay":
            panels: list[tuple[str, Image]] = []
        case _:
            panels = sides
    sheet, places = paneled([*panels, ("changes", _overlay(scaled, mask))])
    _outlined(sheet, places[-1], changed)
    return sheet, places


def _overlay(image: "Image", mask: "Image") -> "Image":
    """Return the picture in pale grey with changes in red."""
    from PIL import Image as Images

    from imagebridge.pictures.encode import opaque

    faded = [int(255 - _FADED * (255 - level)) for level in range(256)]
    grey = opaque(image).convert("L").point(faded)  # pyright: ignore[reportUnknownMemberType]
    page = Images.new("RGB", mask.size, "white")
    page.paste(grey.convert("RGB"), (0, 0))
    page.paste(_RED, (0, 0), mask)
    return page


def _outlined(sheet: "Image", place: tuple[int, int, float], changed: Sequence[ChangedRegion]) -> None:
    """Draw numbered boxes around the regions in the panel at `place` (its left and top, and its scale)."""
    left, top, scale = place
    captions = Captions(sheet, 14)
    # The names and pictures next to this panel stay free of its numbers.
    captions.avoid((0, 0, sheet.width, top))
    captions.avoid((0, 0, left, sheet.height))
    boxes: list[Bounds] = []
    for region in changed:
        x0, y0, x1, y1 = region.box
        box = (left + x0 * scale - 2, top + y0 * scale - 2, left + x1 * scale + 2, top + y1 * scale + 2)
        strokes.frame(sheet, box, MARKING["blue"], 2)
        captions.avoid(box)
        boxes.append(box)
    for number, box in enumerate(boxes, 1):
        captions.beside(str(number), box, MARKING["blue"], 2, "b")
