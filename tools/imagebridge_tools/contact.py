"""contact_sheet: arranges several pictures on one sheet, each with its number and name."""

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Annotated

from anyio import to_thread

from imagebridge.errors import ArgumentError, BridgeError, counted

from .apart import apart
from .arguments import PICTURES as LIST_OF_PICTURES
from .arguments import SEVERAL
from .declaration import Argument, tool
from .drawing.pixels import Pixels, pixels, squared
from .drawing.text import face, missing, shortened
from .files import folders
from .files.source import NOWHERE, Places, Source, opened
from .lenient_values import listed, texts
from .mistakes import Mistakes, Noted
from .tool_output import ToolOutput, described

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURES = 48
"""The maximum number of pictures on a sheet."""

SIDE = 1_600
"""The maximum length of a sheet's longer side, in pixels: every vision model sees 2,500 patches."""

TOGETHER = 200_000_000
"""The maximum total size of the files for one sheet, in bytes."""

_CELL = 480
"""The maximum side length of a picture's cell, in pixels; smaller pictures are enlarged only by whole factors."""

_STRIP, _LETTERS, _GAP = 26, 15, 8
_PAPER, _INK, _ROOM = "#ffffff", "#1d2b3a", "#eef1f5"

_LONGEST = 100
"""The maximum number of characters in a label."""


SourceImages = Annotated[
    Sequence[str],
    Argument(
        "Pictures, as in load_image; * matches any text, as in trip/*.jpg.",
        reading=listed,
        json_type=list[str],
        form=LIST_OF_PICTURES,
        names=SEVERAL,
    ),
]

CellLabels = Annotated[
    Sequence[str] | None,
    Argument(
        "One label per picture.",
        reading=texts,
        json_type=list[str] | None,
        form='give a list of strings, one per picture, such as ["before", "after"]',
        names=("captions", "names"),
    ),
]


@tool("Contact sheet", "Lay out up to 48 pictures on one numbered sheet.")
async def contact_sheet(
    sources: SourceImages,
    places: Places = NOWHERE,
    *,
    labels: CellLabels = None,
    columns: int | None = None,
    noted: Noted = (),
) -> ToolOutput:
    """Arrange the pictures that `sources` name on one sheet, in order; a `*` in the last part of a path matches any name.

    Each picture has its number and name, or its label, below it. Pictures that cannot be shown are listed in the
    sentence. `noted` contains the mistakes found so far; they are reported together with those found here.

    Raises:
        ArgumentError: no picture can be shown, there are more than `PICTURES`, or the labels do not match; the error
        reports everything that is wrong.
        ApartError: the work took too long or too much memory.
    """
    mistakes = Mistakes(noted)
    mistakes.of(lambda: _check_arguments(sources, None, columns))
    named: list[str] = []
    # More than fits a sheet has already been refused, and is not read.
    for number, source in enumerate(sources[:PICTURES]):
        finding = to_thread.run_sync(folders.matching, source, places.allow, f"sources[{number}]")
        named += await mistakes.met(finding) or [source]
    if len(sources) <= PICTURES:
        mistakes.of(lambda: _check_arguments(named, labels, columns))
    mistakes.tell()
    files: list[Source | str] = []
    room = TOGETHER
    for number, name in enumerate(named):
        try:
            source = await opened(name, places, f"sources[{number}]")
        except ArgumentError as error:
            files.append(str(error))
            continue
        room -= len(source.data)
        files.append(source if room >= 0 else f"{source.name}: the files total over {TOGETHER:,} bytes")
    return await apart(laid_out, files, labels, columns)


def laid_out(
    sources: Sequence[Source | str], labels: Sequence[str] | None = None, columns: int | None = None
) -> ToolOutput:
    """Do the work of `contact_sheet` on files that have been read; a text explains why a file could not be read."""
    _check_arguments(sources, labels, columns)
    pictures: list[tuple[int, str, Pixels]] = []
    lost: list[str] = []
    for number, source in enumerate(sources):
        if isinstance(source, str):
            lost.append(source)
            continue
        try:
            # Reduced at once: a page of photographs at full size would take all memory.
            seen = _small(pixels(source, f"sources[{number}]", 2 * _CELL))
        except ArgumentError as error:
            lost.append(str(error))
            continue
        label = " ".join(labels[number].split())[:_LONGEST] if labels else seen.name
        pictures.append((number + 1, label, seen))
    if not pictures:
        raise BridgeError("none of the pictures can be shown: " + "; ".join(lost))
    sheet, remark = _sheet(pictures, columns)
    from imagebridge.pictures.encode import as_picture

    picture = as_picture(sheet)
    each = "; ".join(
        f"{number}: {seen.description}" if label == seen.name else f"{number}: {label!r}, {seen.description}"
        for number, label, seen in pictures
    )
    gone = f". Not shown: {'; '.join(lost)}" if lost else ""
    sentence = f"A sheet of {counted(len(pictures), 'picture')}, left to right and top to bottom: {each}{remark}{gone}"
    return ToolOutput(f"{sentence}. {described(picture)}.", (picture,))


def _check_arguments(sources: Sequence[object], labels: Sequence[str] | None, columns: int | None) -> None:
    mistakes = Mistakes()
    if not sources:
        problem = 'is empty; give the pictures to lay out, such as ["a.png", "b.png"]'
        mistakes.add(ArgumentError("sources", problem))
    if len(sources) > PICTURES:
        mistakes.add(ArgumentError("sources", f"has {len(sources)} pictures; a sheet holds up to {PICTURES}"))
    if labels is not None and len(labels) != len(sources):
        problem = f"has {counted(len(labels), 'label')} for {counted(len(sources), 'picture')}; give one per picture"
        mistakes.add(ArgumentError("labels", problem))
    if columns is not None and not 1 <= columns <= PICTURES:
        mistakes.add(ArgumentError("columns", f"is {columns}; give 1 to {PICTURES}"))
    mistakes.tell()


def _small(seen: Pixels) -> Pixels:
    from imagebridge.pictures.encode import resized

    longer = max(seen.image.size)
    if longer <= _CELL:
        return seen
    sides = (max(1, round(side * _CELL / longer)) for side in seen.image.size)
    return seen._replace(image=resized(seen.image, *sides))


def _sheet(pictures: Sequence[tuple[int, str, Pixels]], columns: int | None) -> "tuple[Image, str]":
    """Return the sheet, and a remark on letters that no available font contains."""
    from PIL import Image as Images
    from PIL import ImageDraw

    # The shape of a cell follows the pictures: that of the middle one, neither very wide nor very tall.
    shapes = sorted(seen.image.width / seen.image.height for _, _, seen in pictures)
    shape = min(max(shapes[len(shapes) // 2], 0.6), 1.8)
    across, width, height = _arranged(len(pictures), shape, columns)
    rows = ceil(len(pictures) / across)
    size = across * (width + _GAP) + _GAP, rows * (height + _STRIP + _GAP) + _GAP
    sheet = Images.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    letters = "".join(label for _, label, _ in pictures)
    font = face(letters).font_variant(size=min(_LETTERS, max(9, width // 8)))
    for place, (number, label, seen) in enumerate(pictures):
        row, column = divmod(place, across)
        left, top = _GAP + column * (width + _GAP), _GAP + row * (height + _STRIP + _GAP)
        draw.rectangle((left, top, left + width - 1, top + height - 1), fill=_ROOM)
        cell = _fitted_page(seen.image, width, height)
        sheet.paste(cell, (left + (width - cell.width) // 2, top + (height - cell.height) // 2))
        text = shortened(f"{number}  {label}", font, width)
        draw.text((left + width / 2, top + height + _STRIP / 2 - 1), text, _INK, font, "mm")
    return sheet, missing(letters, font)


def _arranged(count: int, shape: float, columns: int | None) -> tuple[int, int, int]:
    """Return the number of columns, and the width and height of a cell, that make the pictures as large as possible."""
    best = (0.0, 1, 1, 1)
    for across in [columns] if columns else range(1, count + 1):
        rows = ceil(count / across)
        width = (SIDE - _GAP) / across - _GAP
        height = (SIDE - _GAP) / rows - _GAP - _STRIP
        scale = min(width, height * shape, _CELL, _CELL * shape)
        # Of two equally large arrangements, the one with fewer empty cells.
        best = max(best, (round(scale, 6), -(across * rows - count), across, max(1, int(scale))))
    width = best[3]
    return best[2], width, max(1, int(width / shape))


def _fitted_page(image: "Image", width: int, height: int) -> "Image":
    from imagebridge.pictures.encode import opaque, resized

    page = opaque(image).convert("RGB")
    scale = min(width / page.width, height / page.height)
    if scale >= 1:
        return squared(page, (page.width * int(scale), page.height * int(scale)))
    return resized(page, max(1, round(page.width * scale)), max(1, round(page.height * scale)))
