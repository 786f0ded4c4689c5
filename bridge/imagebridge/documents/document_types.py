"""Determines what kind of document a file is, and which reader handles it."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Literal

from imagebridge.errors import DocumentError
from imagebridge.pictures import kinds

from .sections import LOCKED, DocumentContents

DocumentType = Literal["pdf", "docx", "pptx", "odt", "odp", "epub", "rtf", "html", "workbook"]

READ = "PDF, Word, PowerPoint, OpenDocument, EPUB, RTF and HTML"
"""The document types that can be read, in words."""

_PACKED: dict[bytes, DocumentType] = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.presentation": "odp",
    b"application/vnd.oasis.opendocument.spreadsheet": "workbook",
    b"application/epub+zip": "epub",
}
"""The type that the first, uncompressed member of a package states (OpenDocument 1.3 part 2, 3.3;
EPUB 3.3, 4.2). Templates have a longer name."""

_PAGES = (".html", ".htm", ".xhtml")
_SCRIPTS = ("", ".php", ".asp", ".aspx", ".jsp", ".cgi")
"""Suffixes of addresses that serve HTML pages, if the content starts like a page."""

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)

_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of compound files, which contain old or locked office documents (MS-CFB, 2026-11-29)."""

_OLD_STREAMS = (
    ("EncryptedPackage", LOCKED),
    ("WordDocument", "is a Word document in the old format (.doc); save it as .docx or PDF"),
    ("PowerPoint Document", "is a presentation in the old format (.ppt); save it as .pptx or PDF"),
)


def document_type(data: bytes, name: str = "") -> DocumentType | None:
    """Return the kind of document according to a file's bytes, or None if it cannot be read here."""
    match kinds.kind(data):
        case kinds.PDF:
            return "pdf"
        case kinds.DOCX:
            return "docx"
        case kinds.PPTX:
            return "pptx"
        case kinds.XLSX:
            return "workbook"
        case kinds.RTF:
            return "rtf"
        case kinds.ZIP:
            start = data[:200]
            return next((one for name, one in _PACKED.items() if b"mimetype" + name in start), None)
        case None | kinds.SVG:
            suffix = PurePosixPath(name).suffix.lower()
            if suffix in _PAGES or (suffix in _SCRIPTS and _is_page(data[:5_000])):
                return "html" if b"\0" not in data[:100] or kinds.wide(data) else None
            return None
        case _:
            return None


def unread(data: bytes) -> str:
    """Return what an unreadable office file is and what to do about it; empty for other files."""
    if not data.startswith(_OLD):
        return ""
    for stream, problem in _OLD_STREAMS:
        if stream.encode("utf-16-le") in data:
            return problem
    return ""


def _is_page(start: bytes) -> bool:
    from . import web_page

    return web_page.is_page(_page_decoded(start))


def _page_decoded(data: bytes) -> str:
    """Decode a page by its byte order mark, as UTF-8, or in the encoding that it declares."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        said = _CHARSET.search(data[:5_000])
    try:
        return data.decode(said[1].decode() if said else "cp1252", "replace")
    except LookupError:
        return data.decode("cp1252", "replace")


@contextmanager
def opened(data: bytes, name: str = "") -> Generator[DocumentContents]:
    """Open a document.

    Raises:
        DocumentError: the document's type cannot be read, or the file is damaged or locked.
    """
    # Each reader is loaded only when it is needed.
    match document_type(data, name):
        case "pdf":
            from . import portable

            with portable.pdf_contents(data) as contents:
                yield contents
        case "workbook":
            from . import sheets

            with sheets.workbook_contents(data) as contents:
                yield contents
        case "docx":
            from . import word

            yield word.word_contents(data)
        case "pptx":
            from . import presentation

            yield presentation.presentation_contents(data)
        case "odt":
            from . import open_document

            yield open_document.text_contents(data)
        case "odp":
            from . import open_document

            yield open_document.slides_contents(data)
        case "epub":
            from . import book

            yield book.book_contents(data)
        case "rtf":
            from . import rich_text

            yield rich_text.rtf_contents(data)
        case "html":
            from . import web_page

            yield web_page.page_contents(_page_decoded(data))
        case None:
            raise DocumentError(unread(data) or f"is not a supported document; supported types are {READ}")
