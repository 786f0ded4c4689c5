"""The result of reading a document: the text of its sections in Markdown, and the figures that the text refers to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from .markdown import CellRoom

Unit = Literal["page", "slide", "sheet", "chapter", ""]
"""What a section of a document is called; empty if its text is continuous."""

MARK = "figure:"
"""The prefix of a figure's address in the text; the number of the figure follows."""


LOCKED = "is locked with a password; save a copy without one"
"""The error that every reader reports for a password-protected document."""


class Section(NamedTuple):
    """One page, slide, sheet or chapter, or an entire continuous text: its title, if any, and its text."""

    title: str
    text: str


class FigureFile(NamedTuple):
    """A figure in a document: its description in the document, and a function that loads its bytes."""

    caption: str
    load: Callable[[], bytes]


@dataclass(slots=True)
class FigureList:
    """The figures found so far. A figure that occurs several times has one number."""

    files: list[FigureFile] = field(default_factory=list)
    _numbers: dict[object, int] = field(default_factory=dict)

    def add(self, key: object, caption: str, load: Callable[[], bytes]) -> str:
        """Return a figure in Markdown; `key` identifies it."""
        if key not in self._numbers:
            self.files.append(FigureFile(caption, load))
            self._numbers[key] = len(self.files)
        # Characters that would end the description of a picture in Markdown.
        words = " ".join(caption.translate(_BRACKETS).split())[:_CAPTION]
        return f"![{words or f'figure {self._numbers[key]}'}]({MARK}{self._numbers[key]})"


_BRACKETS = str.maketrans("[]", "()")
_CAPTION = 300
"""The maximum number of characters in a figure's description."""


@dataclass(slots=True)
class DocumentContents:
    """The content of a document.

    form: what the document is, in words. total: the number of sections. read: returns a section by its number,
    counted from 1; a continuous text is one section. figures, notes: the figures found so far, and remarks on the whole
    document. scans, drawn: the numbers of the pages that are pictures without text, and of those with figures or
    drawings besides text.
    cells: how many more cells may be added to its tables.
    """

    form: str
    unit: Unit
    total: int
    read: Callable[[int], Section]
    figures: FigureList = field(default_factory=FigureList)
    notes: list[str] = field(default_factory=list)
    cells: CellRoom = field(default_factory=CellRoom)
    scans: list[int] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)
