"""The pages of a PDF as pictures, where the extra `documents` is installed."""

from importlib import import_module
from typing import Any

from imagebridge.errors import PictureError

from .encode import encoded
from .picture import Picture

_SIDE = 1_536
"""Pixels of a page's longer side: 12-point text is read well, and one page stays under 2,500 patches."""

MAX_PAGES = 30
"""Pages that are drawn at most; the sentence names how many there are."""


def rendered(data: bytes) -> tuple[list[Picture], str]:
    """Draw the pages of a PDF and say which they are.

    Raises:
        PictureError: the extra is missing, or the PDF cannot be read.
    """
    try:
        pypdfium2: Any = import_module("pypdfium2")  # it has no type stubs
    except ImportError as error:
        raise PictureError('drawing them needs an extra: pip install "imagebridge[documents]"') from error
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise PictureError(f"the PDF cannot be read ({error})") from error
    with document:
        total = len(document)
        pages = [_drawn(document[at]) for at in range(min(total, MAX_PAGES))]
    if total <= MAX_PAGES:
        return pages, f"[the {total} pages of a PDF]" if total > 1 else "[the one page of a PDF]"
    return pages, f"[the first {MAX_PAGES} of {total} pages of a PDF]"


def _drawn(page: Any) -> Picture:
    width, height = page.get_size()
    bitmap = page.render(scale=_SIDE / max(width, height, 1.0))
    page.close()
    return encoded(bitmap.to_pil())
