"""What document a file is, and the reader of its kind."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

from imagebridge.errors import DocumentError
from imagebridge.pictures import kinds

from .contents import Contents
from .packages import LOCKED

DocumentType = Literal["pdf", "docx", "pptx"]

READ = "PDF, Word, PowerPoint"
"""What is read."""

_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of the compound files that hold old or locked office documents (MS-CFB, 2026-11-29)."""

_OLD_STREAMS = (
    ("EncryptedPackage", LOCKED),
    ("WordDocument", "is a Word document of the old form (.doc); save it as .docx or PDF"),
    ("PowerPoint Document", "is a presentation of the old form (.ppt); save it as .pptx or PDF"),
)


def document_type(data: bytes, name: str = "") -> DocumentType | None:
    """Return what document a file is by its bytes, None for one that is not read here."""
    match kinds.kind(data):
        case kinds.PDF:
            return "pdf"
        case kinds.DOCX:
            return "docx"
        case kinds.PPTX:
            return "pptx"
        case _:
            return None


def unread(data: bytes) -> str:
    """Say what a file is that office programs wrote in a form that is not read, and what to do; nothing for others."""
    if not data.startswith(_OLD):
        return ""
    for stream, problem in _OLD_STREAMS:
        if stream.encode("utf-16-le") in data:
            return problem
    return ""


@contextmanager
def opened(data: bytes, name: str = "") -> Generator[Contents]:
    """Open a document.

    Raises:
        DocumentError: it is not one that is read, or is damaged or locked.
    """
    # Each reader loads only when it is needed.
    match document_type(data, name):
        case "pdf":
            from . import portable

            with portable.opened(data) as contents:
                yield contents
        case "docx":
            from . import word

            yield word.contents(data)
        case "pptx":
            from . import presentation

            yield presentation.contents(data)
        case None:
            raise DocumentError(unread(data) or f"is not a document; what is read: {READ}")
