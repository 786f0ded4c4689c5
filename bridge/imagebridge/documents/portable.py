"""The text of PDFs, page by page, and the pictures on the pages."""

import re
from collections.abc import Generator
from contextlib import closing, contextmanager
from functools import partial
from importlib import import_module
from itertools import islice
from typing import Any

from imagebridge.errors import DocumentError, PictureError, RequirementError
from imagebridge.pictures.decoder_errors import decoding
from imagebridge.pictures.pages import PDFIUM
from imagebridge.requirements import install_command

from .markdown import tidy
from .page_annotations import annotations
from .sections import LOCKED, DocumentContents, Section

_SIDE = 48
"""The length in points of the shorter side of the smallest figure; smaller pictures are rules, dots and marks."""

_PER_PAGE = 20
"""The maximum number of figures on a page; on a page with more, they are the pieces of a drawing."""

_OBJECTS = 3_000
"""The maximum number of objects that are searched for figures per page."""

_PATH, _IMAGE, _SHADING = 2, 3, 4
"""FPDF_PAGEOBJ_PATH, _IMAGE and _SHADING (pdfium, fpdf_edit.h, 2026-11)."""

_LINES = 8
"""The minimum number of lines and areas on a page with a drawing or table; fewer are header and footer rules."""

_SYMBOLS = re.compile("[\uf000-\uf0ff]")
"""Symbol-font characters that serve as bullets in most texts."""

_OUTLINE = 60
"""The maximum number of outline entries that are listed."""

_ENTRIES, _DEEPEST = 2_000, 50
"""The maximum number of outline entries and levels that are examined."""

_ATTACHED = 20
"""The maximum number of attached files that are named."""


@contextmanager
def pdf_contents(data: bytes) -> Generator[DocumentContents]:
    """Open a PDF; its pages are read one by one.

    Raises:
        DocumentError: the file is locked or damaged.
        RequirementError: the extra `documents` is not installed.
    """
    try:
        pypdfium2: Any = import_module("pypdfium2")  # it has no type stubs
    except ImportError as error:
        raise RequirementError(f"reading PDFs needs an extra: {install_command('documents')}") from error
    with PDFIUM:
        try:
            with decoding("cannot be read"):
                document = pypdfium2.PdfDocument(data)
                document.init_forms()
        except PictureError as error:
            raise DocumentError(LOCKED if "password" in error.reason else error.reason) from error
        with document:
            contents = DocumentContents("PDF", "page", len(document), lambda _: Section("", ""))
            contents.read = partial(_page, document, contents)
            contents.notes += _outline(document) if contents.total > 3 else []
            contents.notes += _attached(document)
            yield contents


def _page(document: Any, contents: DocumentContents, number: int) -> Section:
    try:
        with decoding("cannot be read"), closing(document[number - 1]) as page:
            with closing(page.get_textpage()) as letters:
                text = letters.get_text_range()
                beside = annotations(document, page, letters, text)
            figures = _figures(document, page, contents, number)
            whole = _fills(page)
    except PictureError as error:
        return Section("", f"[this page {error.reason}]")
    text = tidy(_SYMBOLS.sub("\u2022", text.replace("\r\n", "\n").replace("\ufffe", "")))
    if not text and whole:
        contents.scans.append(number)
        return Section("", "\n\n".join(("[a picture without text]", *beside)))
    return Section("", "\n\n".join(filter(None, (text, *beside, *figures))) or "[an empty page]")


def _fills(page: Any) -> bool:
    """Return whether a page contains any objects."""
    return next(iter(page.get_objects(max_depth=1)), None) is not None


def _figures(document: Any, page: Any, contents: DocumentContents, number: int) -> list[str]:
    """Return the pictures on a page as figures."""
    found: list[str] = []
    lines = 0
    for at, one in enumerate(page.get_objects(max_depth=3)):
        if at >= _OBJECTS or len(found) >= _PER_PAGE:
            break
        lines += one.type in (_PATH, _SHADING)
        if one.type != _IMAGE:
            continue
        left, bottom, right, top = one.get_bounds()
        if min(right - left, top - bottom) >= _SIDE:
            load = partial(_image, document, number, at)
            found.append(contents.figures.add((number, at), f"figure on page {number}", load))
    if found or lines >= _LINES:
        contents.drawn.append(number)
    return found


def _image(document: Any, number: int, at: int) -> bytes:
    """Return a picture on a page as a PNG."""
    from io import BytesIO

    with decoding("it cannot be drawn"), closing(document[number - 1]) as page:
        for place, one in enumerate(page.get_objects(max_depth=3)):
            if place == at:
                image = one.get_bitmap(render=True).to_pil()
                buffer = BytesIO()
                image.save(buffer, "PNG", compress_level=1)
                return buffer.getvalue()
    raise PictureError("it is no longer on the page")


def _attached(document: Any) -> list[str]:
    """Return a note that names the files attached to a PDF, if there are any."""
    try:
        count: int = document.count_attachments()
        names = [document.get_attachment(at).get_name() for at in range(min(count, _ATTACHED))]
    except Exception:  # noqa: BLE001  # a broken list must not cost the text
        return []
    more = f" and {count - len(names):,} more" if count > len(names) else ""
    return [f"It has attached files, which are not read: {', '.join(names)}{more}."] if names else []


def _outline(document: Any) -> list[str]:
    """Return a note with the outline of a PDF, if it has one."""
    lines: list[str] = []
    try:
        # A depth limit that is exceeded would be written to a log.
        for mark in islice(document.get_toc(max_depth=_DEEPEST), _ENTRIES):
            if mark.level > 1:
                continue
            if len(lines) == _OUTLINE:
                lines.append("- ...")
                break
            target = mark.get_dest()
            index = target.get_index() if target else None
            title = " ".join(mark.get_title().split())
            if title:
                where = f" (page {index + 1})" if index is not None else ""
                lines.append(f"{'  ' * mark.level}- {title}{where}")
    except Exception:  # noqa: BLE001  # what a broken outline does to the reader must not cost the text
        return []
    return ["Its outline:\n" + "\n".join(lines)] if lines else []
