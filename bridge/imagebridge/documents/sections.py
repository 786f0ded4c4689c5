"""What readers of documents hand on: the text of their sections in Markdown, and the figures that it names."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from .markdown import CellRoom

Unit = Literal["page", "slide", "sheet", "chapter", ""]
"""What a section of a document is called; nothing where its text runs on."""

MARK = "figure:"
"""What stands in a text in place of the address of a figure, before its number."""


class Section(NamedTuple):
    """One page, slide, sheet or chapter, or the whole of a text that runs on: its title, empty for none, and its text."""

    title: str
    text: str


class FigureFile(NamedTuple):
    """A figure as it lies in the document: what it is called there, and what loads its bytes."""

    caption: str
    load: Callable[[], bytes]


@dataclass(slots=True)
class FigureList:
    """The figures met so far. One that stands in several places has one number."""

    files: list[FigureFile] = field(default_factory=list)
    _numbers: dict[object, int] = field(default_factory=dict)

    def add(self, key: object, caption: str, load: Callable[[], bytes]) -> str:
        """Return a figure in Markdown; `key` tells the same one by."""
        if key not in self._numbers:
            self.files.append(FigureFile(caption, load))
            self._numbers[key] = len(self.files)
        # What would end the words of a picture in Markdown.
        words = " ".join(caption.translate(_BRACKETS).split())[:_CAPTION]
        return f"![{words or f'figure {self._numbers[key]}'}]({MARK}{self._numbers[key]})"


_BRACKETS = str.maketrans("[]", "()")
_CAPTION = 300
"""Characters of what a figure is called."""


@dataclass(slots=True)
class DocumentContents:
    """What is in a document.

    form: what it is, in words. total: how many sections it has. read: returns the one of a number, from 1 on; a text
    that runs on is one section. figures, notes: what was met so far, and what is to be said of the whole. scans: the
    numbers of the pages that are pictures without a text, `drawn` of those that have figures or drawings beside it.
    cells: what its tables may still spread.
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
