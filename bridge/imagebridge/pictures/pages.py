"""The pages of a document as pictures: a TIFF, and a PDF if the extra `documents` is installed."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from imagebridge.errors import PictureError
from imagebridge.requirements import install_command

from . import grey, tiff
from .cost import MAX_PIXELS, check_pixels, turn
from .decode import at_page, frames, header, load, upright
from .decoder_errors import UNKNOWN_FORM, decoding
from .encode import is_flat, redrawn, within
from .picture import Picture
from .tiff_directory import ORIENTATION, classic, without_lone_plane
from .tiff_directory import count as stored_pages
from .tiff_directory import page as stored_page

if TYPE_CHECKING:
    from PIL.Image import Image

PDFIUM = Lock()
"""A lock for pdfium, which only one thread may use at a time."""

_SIDE, _SMALLER = 1_536, 1_100
"""The length in pixels of a PDF page's longer side: 12-point text is easy to read, and a page stays under 2,500
patches. Second, the length for a page that takes too many bytes: letters are sharper when drawn at that size than
when scaled down."""

MAX_PAGES = 30
"""The maximum number of pages that are shown; the sentence states the total."""

ENOUGH = 90_000
"""The size in bytes at which a page is readable. Measured 2026-11-30: lossless, a page of text takes 36 to 180 kB."""

_SCANNED = 130_000
"""The size in bytes at which a scan is readable: at `_SMALLER` and quality 60, a grainy one takes 123 kB
(2026-11-30)."""

_MAX_TOGETHER = 2 * MAX_PIXELS
"""The maximum number of pixels that are decoded from all pages of one TIFF."""


_PER_PIXEL = 8
"""Bytes of memory per pixel, for the decoded page and the one that is shown."""


@dataclass(slots=True)
class _PageCount:
    """The results for the pages of one TIFF; page numbers start at 1."""

    total: int
    shown: list[int] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    reason: str = ""
    remarks: list[str] = field(default_factory=list)

    def add(self, number: int, picture: Picture) -> None:
        self.shown.append(number)
        self.pictures.append(picture)

    def fail(self, number: int, error: PictureError) -> None:
        self.failed.append(number)
        self.reason = self.reason or error.reason

    def sentence(self) -> str:
        """Return which pages are shown, which cannot be shown, and the reason for the first of those.

        Raises:
            PictureError: no page is shown.
        """
        if not self.shown:
            raise PictureError(self.reason or "the TIFF has no pages")
        return "; ".join((self._which(), *self._missing(), *self.remarks))

    def _which(self) -> str:
        count = len(self.shown)
        if self.total == 1:
            return "the only page of a TIFF"
        if count == self.total:
            return f"the {count} pages of a TIFF"
        if count > 1 and self.shown[-1] == count:
            return f"the first {count} of {self.total} pages of a TIFF"
        return f"{_numbered(self.shown)} of the {self.total} pages of a TIFF"

    def _missing(self) -> list[str]:
        return [f"{_numbered(self.failed)} cannot be shown: {self.reason}"] if self.failed else []


def _numbered(numbers: Sequence[int]) -> str:
    """Return page numbers in words: `page 2` or `pages 1, 3 and 4`."""
    *most, last = map(str, numbers)
    return f"pages {', '.join(most)} and {last}" if most else f"page {last}"


def scanned(data: bytes) -> tuple[tuple[Picture, ...], str]:
    """Return the pages of a TIFF that can be decoded, and a sentence about them, which is empty for one complete page.

    Raises:
        PictureError: no page can be decoded.
    """
    data = classic(data)
    total, whole = _counted(data)
    pages = _PageCount(total)
    room = _MAX_TOGETHER
    for index in range(min(total, MAX_PAGES)):
        number = index + 1
        try:
            stored = stored_page(data, index)
            # Read again for each page: what a broken one leaves behind in the decoder stays with it.
            width, height = stored.size if stored else at_page(header(data), index).size
            check_pixels(width, height)
            room -= width * height
            if room < 0:
                pages.remarks.append(f"more would exceed {_MAX_TOGETHER:,} pixels in total")
                break
            with turn(tiff.memory_of_page(stored) if stored else _PER_PIXEL * width * height):
                image, remark = page(data, index)
                pages.add(number, redrawn(image, lossless=True))
        except PictureError as error:
            pages.fail(number, error)
            continue
        if remark:
            pages.remarks.append(f"page {number}: {remark}" if total > 1 else remark)
    if not whole:
        pages.remarks.append(f"pages after page {total} cannot be read")
    sentence = pages.sentence()
    return tuple(pages.pictures), sentence if total > 1 or not whole else "; ".join(pages.remarks)


def page(data: bytes, index: int) -> "tuple[Image, str]":
    """Decode one page of a TIFF, counted from 0; the sentence says how its range was chosen, and what is left out.

    Raises:
        PictureError: the page cannot be decoded; the message says so if its format is the reason.
    """
    data = without_lone_plane(classic(data), index)
    stored = stored_page(data, index)
    if stored and (refusal := tiff.refused(stored)):
        raise PictureError(refusal)
    try:
        if stored and tiff.is_strange(stored):
            image, remark = tiff.image(stored)
            image = upright(image, stored.of(ORIENTATION, 1))
        else:
            image = load(at_page(header(data), index))
            image = tiff.corrected(image, stored) if stored else image
            # Its mode before conversion shows whether there is something to report.
            remark = grey.depth_sentence(image)
    except PictureError as error:
        if stored and UNKNOWN_FORM in error.reason:
            raise PictureError(stored.sentence()) from error
        raise
    remarks = remark, tiff.left_out(stored) if stored else ""
    return image, "; ".join(filter(None, remarks))


def _counted(data: bytes) -> tuple[int, bool]:
    """Return how many pages of a TIFF can be found, and whether these are all: a broken header hides those after it."""
    try:
        return frames(header(data)), True
    except PictureError:
        # A page in a form that Pillow does not know, or a broken directory after valid ones.
        total, whole = stored_pages(data, MAX_PAGES)
        if not total:
            raise
        return total, whole


class DrawnPages(NamedTuple):
    """Pages of a PDF as pictures, by page number. missing: which pages cannot be shown, and why; empty if all can."""

    pictures: Mapping[int, Picture]
    missing: str


def rendered(data: bytes, numbers: Sequence[int] | None = None, room: int | None = None) -> DrawnPages:
    """Draw pages of a PDF.

    Args:
        data: the PDF.
        numbers: the pages, counted from 1, the most important ones first; None for the first
            `MAX_PAGES`.
        room: bytes for all pages together: pages that do not fit are not drawn, and if the room is small, pages are
            drawn just well enough to be readable. None for no limit.

    Raises:
        PictureError: the extra is missing, the PDF cannot be read, or none of its pages can be drawn.
    """
    try:
        pypdfium2: Any = import_module("pypdfium2")  # it has no type stubs
    except ImportError as error:
        raise PictureError(f"drawing them needs an extra: {install_command('documents')}") from error
    pictures, failed, reason, used = dict[int, Picture](), list[int](), "", 0
    room, short = sys.maxsize if room is None else room, False
    with PDFIUM:
        with decoding("the PDF cannot be read"):
            document = pypdfium2.PdfDocument(data)
            document.init_forms()  # Only then are filled-in values drawn.
        with document:
            wanted = range(1, min(len(document), MAX_PAGES) + 1) if numbers is None else numbers
            for number in wanted:
                try:
                    with decoding("it cannot be drawn"), closing(document[number - 1]) as page:
                        picture = _light(page) if short else page_picture(page, _SIDE)
                        if not short and picture.size > ENOUGH and picture.size * len(wanted) > room:
                            short, picture = True, _light(page)
                except PictureError as error:
                    failed.append(number)
                    reason = reason or error.reason
                    continue
                used += picture.size
                if pictures and used > room:
                    break
                pictures[number] = picture
    if not pictures:
        raise PictureError(reason or "the PDF has no pages")
    return DrawnPages(pictures, f"{_numbered(sorted(failed))} cannot be shown: {reason}" if failed else "")


def page_picture(page: Any, side: int) -> Picture:
    """Draw a page of a PDF with `side` pixels on its longer side. Callers in threads must hold `PDFIUM`."""
    return redrawn(_drawn(page, side))


def _light(page: Any) -> Picture:
    """Draw a page in at most `ENOUGH` bytes if fewer shades or a smaller size suffice, otherwise in `_SCANNED`."""
    picture = None
    for side in (_SIDE, _SMALLER):
        image = _drawn(page, side)
        picture = redrawn(grey.in_shades(image) if image.mode == "L" and is_flat(image) else image)
        if picture.size <= ENOUGH:
            return picture
    assert picture, "there are sides"
    return within(picture, _SCANNED)


def _drawn(page: Any, side: int) -> "Image":
    image = page.render(scale=side / max(*page.get_size(), 1.0)).to_pil()
    # Most pages are grey: without colours they take a third of the bytes and of the time.
    return image.convert("L") if grey.is_grey(image) else image
