"""Details of OpenDocument workbooks that only their XML contains, not the reader's result.

OpenDocument 1.3 part 3, 2021, section 9.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Generic
from xml.etree.ElementTree import Element

from imagebridge.errors import DocumentError

from .markdown import CellRoom, inline
from .packages import Package, local, whole_number
from .sheet_markup import SheetMarkup, Understood, beside

_URN = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_OFFICE, _TABLE, _DRAW = (_URN % name for name in ("office", "table", "drawing"))
_VALUE = (
    "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type",
    f"{_OFFICE}value-type",
)
"""The type of a cell; the first attribute, from LibreOffice, also marks errors."""

_MEANT = frozenset((*_VALUE, f"{_TABLE}formula"))
"""The attributes of cells that are not empty."""

_ERROR = re.compile(r"#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!)|Err:\d{3}")
"""Errors, as written by programs that mark the cell as a number."""

_ROWS = frozenset(("table-header-rows", "table-rows", "table-row-group"))
_COLUMNS = frozenset(("table-header-columns", "table-columns", "table-column-group"))

_DRAWN = {"image": "picture", "object": "chart", "object-ole": "chart"}
"""What a frame without text is called, by its first known child element."""

_APART = frozenset(("p", "h", "s", "tab", "line-break"))
"""Elements that separate words."""


def is_open(data: bytes) -> bool:
    """Return whether a workbook is an OpenDocument package."""
    try:
        return data.startswith(b"PK") and "content.xml" in Package(data)
    except DocumentError:  # It is reported where it is read.
        return False


def open_sheets(
    data: bytes, understood: Callable[[str], Understood | None]
) -> Callable[[str], SheetMarkup[Understood]]:
    """Parse a workbook; return a function that takes a sheet's name and returns what the XML says about that sheet.

    Args:
        data: the workbook.
        understood: converts a format, such as `0%`, to what the caller needs; returns None for formats to ignore.
    """
    try:
        book = Package(data).xml("content.xml").find(f"{_OFFICE}body/{_OFFICE}spreadsheet")
    except DocumentError as error:
        unread = f"cell notes, text boxes, errors and hidden rows and columns are not read: the file {error}"
        nothing = SheetMarkup[Understood]({}, 0, {}, (unread,))
        return lambda _: nothing
    percent, room = understood("0%"), CellRoom()
    found = {
        one.get(f"{_TABLE}name", ""): _SheetReader(percent, room).read(one)
        for one in (book if book is not None else ())
        if one.tag == f"{_TABLE}table"
    }
    return lambda sheet: found.get(sheet, SheetMarkup({}, 0, {}))


class _SheetReader(Generic[Understood]):
    """One sheet being read. `percent` is the converted percent format; `room` limits the cells that repeats add."""

    def __init__(self, percent: Understood | None, room: CellRoom) -> None:
        self._percent = percent
        self._room = room
        self._formats: dict[tuple[int, int], Understood] = {}
        self._uncalculated: dict[tuple[int, int], str] = {}
        self._shown: dict[tuple[int, int], str] = {}
        self._notes: dict[str, str] = {}
        self._boxes: list[str] = []
        self._drawn: Counter[str] = Counter()

    def read(self, sheet: Element) -> SheetMarkup[Understood]:
        """Read the sheet and return its details."""
        for shapes in sheet.iterfind(f"{_TABLE}shapes"):
            self._draw(shapes)
        hidden = waiting = at = 0
        for row in _inside(sheet, "table-row", _ROWS):
            times = _times(row, "rows")
            waiting += times if _is_hidden(row) else 0
            if any(map(_has_content, row)):  # Hidden rows below the last cell say nothing.
                hidden, waiting = hidden + waiting, 0
                self._row(row, at, times)
            at += times
        return SheetMarkup(
            self._formats,
            hidden,
            self._uncalculated,
            tuple(beside(self._notes, self._boxes, self._drawn)),
            self._shown,
            tuple(_hidden_columns(sheet)),
        )

    def _row(self, row: Element, at: int, times: int) -> None:
        column = 0
        for cell in row:
            across = _times(cell, "columns")
            self._cell(cell, at, column, times, across)
            column += across

    def _cell(self, cell: Element, row: int, column: int, down: int, across: int) -> None:
        drawn = [one for one in cell if one.tag.startswith(_DRAW)]
        for one in drawn:
            self._shape(one)
        name = f"{_letters(column)}{row + 1}"
        if (note := cell.find(f"{_OFFICE}annotation")) is not None:
            self._notes[name] = _words([one for one in note if local(one) in ("p", "list")])
        kind = next((value for one in _VALUE if (value := cell.get(one))), "")
        formula = f"{_TABLE}formula" in cell.attrib
        paragraphs = [one for one in cell if local(one) == "p"]
        if formula and not kind and not paragraphs:
            self._uncalculated[row, column] = name
        text = "\n".join(_words([one]) for one in paragraphs)
        # The reader returns no errors, and adds the words of a shape to the text of its cell.
        if kind == "error" or (formula and _ERROR.fullmatch(text)) or (drawn and kind == "string"):
            self._shown |= dict.fromkeys(self._places(row, column, down, across), text)
        if kind == "percentage" and self._percent is not None:
            self._formats |= dict.fromkeys(self._places(row, column, down, across), self._percent)

    def _places(self, row: int, column: int, down: int, across: int) -> Iterator[tuple[int, int]]:
        """Yield the positions of a repeated cell, within the limit."""
        across = self._room.times(across)
        for at in range(row, row + self._room.times(down, across)):
            yield from ((at, place) for place in range(column, column + across))

    def _draw(self, shapes: Element) -> None:
        for shape in shapes:
            self._shape(shape)

    def _shape(self, shape: Element) -> None:
        """Store the text of a shape, or count the shape if it has none."""
        if local(shape) in ("g", "a"):
            self._draw(shape)
        elif words := _words([one for one in shape if local(one) in ("p", "list", "text-box")]):
            self._boxes.append(words)
        else:
            kinds = (_DRAWN[local(one)] for one in shape if local(one) in _DRAWN)
            self._drawn[next(kinds, "shape")] += 1


def _inside(sheet: Element, name: str, groups: frozenset[str]) -> Iterator[Element]:
    """Yield the rows or columns of a sheet, which may be grouped."""
    for one in sheet:
        if local(one) == name:
            yield one
        elif local(one) in groups:
            yield from _inside(one, name, groups)


def _hidden_columns(sheet: Element) -> Iterator[tuple[int, int]]:
    at = 0
    for column in _inside(sheet, "table-column", _COLUMNS):
        times = _times(column, "columns")
        if _is_hidden(column):
            yield at, at + times - 1
        at += times


def _has_content(cell: Element) -> bool:
    return bool(len(cell)) or not _MEANT.isdisjoint(cell.keys())


def _is_hidden(element: Element) -> bool:
    return element.get(f"{_TABLE}visibility", "visible") != "visible"


def _times(element: Element, what: str) -> int:
    return max(1, whole_number(element.get(f"{_TABLE}number-{what}-repeated", "1"), 1))


def _letters(column: int) -> str:
    """Return the letters of a column counted from 0."""
    left, found = column + 1, ""
    while left:
        left, letter = divmod(left - 1, 26)
        found = chr(65 + letter) + found
    return found


def _words(elements: list[Element]) -> str:
    """Return the words of paragraphs on one line."""
    return " ".join("".join(map(_piece, elements)).split())


def _piece(element: Element) -> str:
    return f"{' ' if local(element) in _APART else ''}{inline(element, _piece)}"
