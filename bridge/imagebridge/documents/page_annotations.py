"""What a PDF page contains besides its text: form fields, notes and links (ISO 32000-2, 2020, 12.5 and 12.7)."""

from collections.abc import Callable, Iterator
from ctypes import c_ushort, create_string_buffer
from functools import partial
from importlib import import_module
from typing import Any

from imagebridge.errors import beginning, counted

_MOST = 500
"""The maximum number of annotations that are examined per page."""

_LETTERS = 4_000
"""The maximum number of characters in an annotation."""

_MARKUP = frozenset((9, 10, 11, 12))
"""FPDF_ANNOT_HIGHLIGHT, _UNDERLINE, _SQUIGGLY and _STRIKEOUT, whose notes often repeat the words that they mark."""

_LINK, _POPUP, _WIDGET = 2, 16, 20
"""FPDF_ANNOT_LINK, _POPUP and _WIDGET (pdfium, fpdf_annot.h, 2026-11)."""

_PUSH, _CHECK, _RADIO, _SIGNATURE = 1, 2, 3, 7
"""FPDF_FORMFIELD_PUSHBUTTON and others (pdfium, fpdf_formfill.h, 2026-11)."""


def annotations(document: Any, page: Any, letters: Any, text: str) -> list[str]:
    """Return what a page contains besides its text, as blocks of Markdown.

    Args:
        document: the PDF, with forms initialised (`PdfDocument.init_forms`).
        page: the page.
        letters: the page's text layer, for the words covered by links.
        text: the page's text, which is not repeated.
    """
    raw: Any = import_module("pypdfium2.raw")  # it has no type stubs
    fields: dict[str, None] = {}
    notes: dict[str, None] = {}
    links: dict[str, None] = {}
    marked = " ".join(text.split())
    for one in _annotations(raw, page):
        kind = raw.FPDFAnnot_GetSubtype(one)
        if kind == _WIDGET:
            if document.formenv and (said := _field(raw, document.formenv.raw, one)):
                fields[said] = None
        elif kind == _LINK:
            if said := _linked_words(raw, document, one, letters, text):
                links[said] = None
        elif (
            kind != _POPUP
            and (said := _said(raw, one, b"Contents"))
            and not (kind in _MARKUP and said in marked)
        ):
            author = _said(raw, one, b"T")
            notes[f"> Note{f' ({author})' if author else ''}: {said}"] = None
    blocks = ["Form:\n\n" + "\n".join(f"- {one}" for one in fields)] if fields else []
    blocks += ["Links:\n\n" + "\n".join(f"- {one}" for one in links)] if links else []
    more = raw.FPDFPage_GetAnnotCount(page) - _MOST
    return [*blocks, *notes, *([f"[{counted(more, 'more annotation')} left out]"] if more > 0 else [])]


def _annotations(raw: Any, page: Any) -> Iterator[Any]:
    for at in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST)):
        if one := raw.FPDFPage_GetAnnot(page, at):
            try:
                yield one
            finally:
                raw.FPDFPage_CloseAnnot(one)


def _field(raw: Any, forms: Any, one: Any) -> str:
    """Return a form field and its value; nothing for a button."""
    kind = raw.FPDFAnnot_GetFormFieldType(forms, one)
    if kind == _PUSH:
        return ""
    name = _wide_text(partial(raw.FPDFAnnot_GetFormFieldAlternateName, forms, one))
    name = name or _wide_text(partial(raw.FPDFAnnot_GetFormFieldName, forms, one))
    if kind in (_CHECK, _RADIO):
        checked = bool(raw.FPDFAnnot_IsChecked(forms, one))
        if kind == _CHECK:
            return f"[{'x' if checked else ' '}] {name}"
        value = _wide_text(partial(raw.FPDFAnnot_GetFormFieldExportValue, forms, one))
        return f"({'x' if checked else ' '}) {name}: {value}"
    if kind == _SIGNATURE:
        return f"{name}: a signature"
    return f"{name}: {_wide_text(partial(raw.FPDFAnnot_GetFormFieldValue, forms, one)) or '(empty)'}"


def _linked_words(raw: Any, document: Any, one: Any, letters: Any, text: str) -> str:
    """Return the words and the address of a web link; nothing if the text of the page contains the address."""
    action = raw.FPDFLink_GetAction(raw.FPDFAnnot_GetLink(one))
    size = raw.FPDFAction_GetURIPath(document, action, None, 0) if action else 0
    if not 1 < size <= _LETTERS:
        return ""
    held = create_string_buffer(size)
    raw.FPDFAction_GetURIPath(document, action, held, size)
    address = held.value.decode("utf-8", "replace")
    if not address.startswith(("http://", "https://", "mailto:")) or address in text:
        return ""
    place = raw.FS_RECTF()
    words = ""
    if raw.FPDFAnnot_GetRect(one, place):
        words = " ".join(letters.get_text_bounded(place.left, place.bottom, place.right, place.top).split())
    return f"[{words}]({address})" if words else address


def _said(raw: Any, one: Any, key: bytes) -> str:
    return " ".join(_wide_text(partial(raw.FPDFAnnot_GetStringValue, one, key)).split())


def _wide_text(read: Callable[[Any, int], int]) -> str:
    """Return a string that pdfium writes in UTF-16; called without a buffer, pdfium returns the size in bytes."""
    size = read(None, 0)
    if size <= 2:
        return ""
    held = (c_ushort * (size // 2))()
    read(held, size)
    return beginning(bytes(held)[: size - 2].decode("utf-16-le", "replace").strip(), _LETTERS)
