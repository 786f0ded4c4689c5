"""The pages of a document as pictures: a TIFF, and a PDF where the extra `documents` is installed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from imagebridge.errors import PictureError

from . import grey, tiff
from .cost import MAX_PIXELS, check_pixels, turn
from .decode import at_page, frames, header, load, upright
from .decoder_errors import UNKNOWN_FORM, decoding
from .encode import redrawn
from .picture import Picture
from .tiff_directory import ORIENTATION, classic
from .tiff_directory import count as stored_pages
from .tiff_directory import page as stored_page

if TYPE_CHECKING:
    from PIL.Image import Image

PDFIUM = Lock()
"""Held by who uses pdfium, which works for one thread at a time."""

_SIDE = 1_536
"""Pixels of a PDF page's longer side: 12-point text is read well, and one page stays under 2,500 patches."""

MAX_PAGES = 30
"""Pages that are shown at most; the sentence names how many there are."""

_MAX_TOGETHER = 2 * MAX_PIXELS
"""Pixels of the pages of one TIFF that are decoded at most."""


_PER_PIXEL = 8
"""Bytes that a pixel takes in memory, as it is decoded and as it is shown."""


@dataclass(slots=True)
class _PageCount:
    """What came of the pages of one document; numbers count from 1."""

    what: str
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
        """Say which pages are shown, which could not be, and why the first of those could not.

        Raises:
            PictureError: none is shown.
        """
        if not self.shown:
            raise PictureError(self.reason or f"the {self.what} has no pages")
        return "; ".join((self._which(), *self._missing(), *self.remarks))

    def _which(self) -> str:
        count = len(self.shown)
        if self.total == 1:
            return f"the one page of a {self.what}"
        if count == self.total:
            return f"the {count} pages of a {self.what}"
        if count > 1 and self.shown[-1] == count:
            return f"the first {count} of {self.total} pages of a {self.what}"
        return f"{_numbered(self.shown)} of the {self.total} pages of a {self.what}"

    def _missing(self) -> list[str]:
        return [f"{_numbered(self.failed)} cannot be shown: {self.reason}"] if self.failed else []


def _numbered(numbers: Sequence[int]) -> str:
    """Write `page 2` or `pages 1, 3 and 4`."""
    *most, last = map(str, numbers)
    return f"pages {', '.join(most)} and {last}" if most else f"page {last}"


def scanned(data: bytes) -> tuple[tuple[Picture, ...], str]:
    """Return the pages of a TIFF that can be decoded, and a sentence on them, empty for one whole page.

    Raises:
        PictureError: none can be decoded.
    """
    data = classic(data)
    total, whole = _counted(data)
    pages = _PageCount("TIFF", total)
    room = _MAX_TOGETHER
    for index in range(min(total, MAX_PAGES)):
        number = index + 1
        try:
            stored = stored_page(data, index)
            # Read anew for each page: what a broken one leaves behind in the decoder stays with it.
            width, height = stored.size if stored else at_page(header(data), index).size
            check_pixels(width, height)
            room -= width * height
            if room < 0:
                pages.remarks.append(f"more would pass {_MAX_TOGETHER:,} pixels together")
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
        pages.remarks.append(f"what follows page {total} cannot be read")
    sentence = pages.sentence()
    return tuple(pages.pictures), sentence if total > 1 or not whole else "; ".join(pages.remarks)


def page(data: bytes, index: int) -> "tuple[Image, str]":
    """Decode one page of a TIFF, counted from 0, and say what of its range had to be chosen, or is left out.

    Raises:
        PictureError: it cannot be decoded; where its form is the reason, that is told.
    """
    data = classic(data)
    stored = stored_page(data, index)
    if stored and (refusal := tiff.refused(stored)):
        raise PictureError(refusal)
    try:
        if stored and tiff.is_strange(stored):
            image, remark = tiff.image(stored)
            image = upright(image, stored.of(ORIENTATION, 1))
        else:
            image = load(at_page(header(data), index))
            image = tiff.recoloured(image, stored) if stored else image
            # Its mode before it is converted says whether there is something to tell.
            remark = grey.depth_sentence(image)
    except PictureError as error:
        if stored and UNKNOWN_FORM in error.reason:
            raise PictureError(stored.sentence()) from error
        raise
    remarks = remark, tiff.left_out(stored) if stored else ""
    return image, "; ".join(filter(None, remarks))


def _counted(data: bytes) -> tuple[int, bool]:
    """Return how many pages of a TIFF can be found, and whether that is all: a broken header hides what follows."""
    try:
        return frames(header(data)), True
    except PictureError:
        # A page of a form that Pillow does not know, or a broken directory behind sound ones.
        total, whole = stored_pages(data, MAX_PAGES)
        if not total:
            raise
        return total, whole


def rendered(data: bytes) -> tuple[list[Picture], str]:
    """Draw the pages of a PDF and say which they are.

    Raises:
        PictureError: the extra is missing, the PDF cannot be read, or none of its pages can be drawn.
    """
    try:
        pypdfium2: Any = import_module("pypdfium2")  # it has no type stubs
    except ImportError as error:
        raise PictureError('drawing them needs an extra: pip install "imagebridge[documents]"') from error
    with PDFIUM:
        with decoding("the PDF cannot be read"):
            document = pypdfium2.PdfDocument(data)
        with document:
            pages = _PageCount("PDF", len(document))
            for number in range(1, min(pages.total, MAX_PAGES) + 1):
                try:
                    pages.add(number, _drawn(document, number - 1))
                except PictureError as error:
                    pages.fail(number, error)
    return pages.pictures, f"[{pages.sentence()}]"


def _drawn(document: Any, index: int) -> Picture:
    with decoding("it cannot be drawn"):
        page = document[index]
        try:
            image = page.render(scale=_SIDE / max(*page.get_size(), 1.0)).to_pil()
        finally:
            page.close()
    return redrawn(image)
