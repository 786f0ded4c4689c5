"""Details of a sheet that only its XML contains: number formats, errors, hidden rows and columns, notes and shapes.

Format: ECMA-376 part 1 (2016), 18.3 and 18.8. For OpenDocument see `open_sheets`; xls and xlsb contain no such XML.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar
from xml.etree.ElementTree import Element

from imagebridge.errors import DocumentError, beginning, counted

from .packages import OFFICE, Package, local, whole_number

Understood = TypeVar("Understood")

_BUILT_IN = {9: "0%", 10: "0.00%"}
"""Formats that a file names only by number: 18.8.30. Currency formats depend on the language."""

# Text between "<" and ">" excludes both characters; otherwise a tag without an end would be read again at each "<".
_CELL = re.compile(
    rb"""<(?:\w+:)?c (?=[^<>]*\bs=["'](\d{1,9})["'])[^<>]*?\br=["']([A-Z]{1,3})(\d{1,7})["']"""
)
_BARE = re.compile(
    rb"(?P<formula><(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<>]*</(?:\w+:)?f>))"
    rb"\s*(?:(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)\s*)?</(?:\w+:)?c>"
)
"""A formula without a value: it is the only content of its cell, or the value next to it is empty."""

_REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_STRING = re.compile(rb"""\bt=["']str["']""")
"""A cell whose value is text, which may be empty."""

_HIDDEN = re.compile(rb"""<(?:\w+:)?row [^<>]*\bhidden=["'](?:1|true)["']""")
_HIDDEN_COLUMNS = re.compile(
    rb"""<(?:\w+:)?col (?=[^<>]*\bhidden=["'](?:1|true)["'])(?=[^<>]*\bmin=["'](\d{1,9})["'])"""
    rb"""[^<>]*\bmax=["'](\d{1,9})["']"""
)

_ERROR = re.compile(
    rb"""<(?:\w+:)?c (?=[^<>]*\bt=["']e["'])[^<>]*\br=["']([A-Z]{1,3})(\d{1,7})["'][^<>]*>\s*"""
    rb"(?:<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<>]*</(?:\w+:)?f>)\s*)?<(?:\w+:)?v>([^<>]+)<"
)
"""A cell whose value is an error, such as #N/A."""

_BOOK = "xl/workbook.xml"

_NOTE, _NOTES = 300, 30
"""The maximum number of characters per note or text box, and of notes or text boxes, that are returned."""

_DRAWN = {"pic": "picture", "graphicFrame": "chart", "sp": "shape", "cxnSp": "shape"}
"""Objects on a sheet, by element (ECMA-376 part 1, 20.5.2)."""

_BESIDE = {
    "comments": "cell notes",
    "threadedComment": "cell notes",
    "drawing": "the drawings on the sheet",
}
"""The contents of a sheet besides its cells, by the type of relationship."""


class SheetMarkup(NamedTuple, Generic[Understood]):
    """The converted formats of a sheet's cells, by row and column counted from 0; and the number of hidden rows.

    `uncalculated`: the cells, such as "B3", whose formulas have no value in the file. `beside`: sentences about what the
    sheet has besides its cells: cell notes, text boxes, and pictures and charts that are not shown. `shown`: the texts
    of cells that their reader returns differently, such as errors. `hidden_columns`: the first and last column of
    each range.
    """

    formats: Mapping[tuple[int, int], Understood]
    hidden: int
    uncalculated: Mapping[tuple[int, int], str]
    beside: tuple[str, ...] = ()
    shown: Mapping[tuple[int, int], str] = {}
    hidden_columns: tuple[tuple[int, int], ...] = ()

    def said_hidden(self, left: int, width: int) -> str:
        """Return the number of hidden rows and columns, such as "2 rows and 1 column", or nothing.

        Args:
            left: the first column with cells, counted from 0; hiding all unused columns is common and means nothing.
            width: the number of columns.
        """
        parts = (
            min(last + 1, left + width) - max(first, left)
            for first, last in self.hidden_columns
            if first < left + width and last >= left
        )
        counts = ((self.hidden, "row"), (min(sum(parts), width), "column"))
        return " and ".join(counted(number, what) for number, what in counts if number > 0)


def sheet_markup(
    data: bytes, sheet: str, understood: Callable[[str], Understood | None]
) -> SheetMarkup[Understood]:
    """Return the details in the XML of a sheet in an xlsx file; none if the XML cannot be found.

    Args:
        data: the workbook.
        sheet: the name of the sheet.
        understood: converts a format, such as `0.0%`, to what the caller needs; returns None for formats to ignore.
    """
    nothing = SheetMarkup[Understood]({}, 0, {})
    if not data.startswith(b"PK"):
        return nothing
    try:
        package = Package(data)
        part = _part(package, sheet)
        text = package.read(part)
        styles = _styles(package, understood)
        formats = dict(_formats(text, styles)) if styles else {}
        # Most sheets have neither, which is sooner found than each of their cells.
        hiding = text if b"hidden=" in text else b""
        failing = text if b'"e"' in text or b"'e'" in text else b""
        return SheetMarkup(
            formats,
            len(_HIDDEN.findall(hiding)),
            dict(_uncalculated(text)),
            tuple(_beside(package, part)),
            {_place(found[1], found[2]): _error(found[3]) for found in _ERROR.finditer(failing)},
            tuple((int(found[1]) - 1, int(found[2]) - 1) for found in _HIDDEN_COLUMNS.finditer(hiding)),
        )
    except DocumentError:  # A part is missing, damaged, expensive by design, or compressed in another way.
        return nothing


def _styles(package: Package, understood: Callable[[str], Understood | None]) -> dict[bytes, Understood]:
    """Return the cell styles with a format that the caller needs, by the number that cells refer to."""
    codes = dict(_BUILT_IN)
    styles: dict[bytes, Understood] = {}
    try:
        root = package.xml_if_there("xl/styles.xml")
    except DocumentError:  # The cells are as they are.
        return styles
    for element in root.iter() if root is not None else ():
        match local(element):
            case "numFmt":
                codes[whole_number(element.get("numFmtId", ""), 0)] = element.get("formatCode", "")
            case "cellXfs":
                for at, style in enumerate(element):
                    found = understood(codes.get(whole_number(style.get("numFmtId", ""), 0), ""))
                    if found is not None:
                        styles[str(at).encode()] = found
            case _:
                pass
    return styles


def _part(package: Package, sheet: str) -> str:
    """Return the name of the package part that contains a sheet.

    Raises:
        DocumentError: no part contains the sheet.
    """
    relations = package.relations(_BOOK)
    for one in package.xml(_BOOK).iter():
        if local(one) == "sheet" and one.get("name") == sheet:
            found = relations.get(one.get(f"{OFFICE}id", ""))
            if found and not found.outside:
                return found.target
    raise DocumentError("is damaged: it has no part for a sheet")


def _beside(package: Package, part: str) -> Iterator[str]:
    """Yield sentences about what a sheet has besides its cells: notes, text boxes, pictures and charts."""
    notes: dict[str, str] = {}
    threads: dict[str, list[str]] = {}
    boxes: list[str] = []
    drawn: Counter[str] = Counter()
    related = package.relations(part).values()
    for kind, target in sorted({(one.kind, one.target) for one in related if not one.outside}):
        try:
            root = package.xml_if_there(target) if kind in _BESIDE else None
        except DocumentError:
            yield f"{_BESIDE[kind]} cannot be read: the file is damaged there"
            continue
        for element in _visible(root) if root is not None else ():
            name = local(element)
            if name == "comment":
                notes[element.get("ref", "")] = _words(element)
            elif name == "threadedComment":
                threads.setdefault(element.get("ref", ""), []).append(_words(element))
            elif name == "sp" and (words := _words(element)):
                boxes.append(words)
            elif name in _DRAWN:
                drawn[_DRAWN[name]] += 1
    # In threaded comments, the older part is only advice to get a newer program: the newer one counts.
    for cell, (first, *replies) in threads.items():
        notes[cell] = first + "".join(f" (reply: {words})" for words in replies)
    yield from beside(notes, boxes, drawn)


def beside(notes: Mapping[str, str], boxes: Iterable[str], drawn: Mapping[str, int]) -> Iterator[str]:
    """Yield sentences about what a sheet has besides its cells.

    Args:
        notes: the notes, by cell, such as "B3".
        boxes: the texts of text boxes and other shapes.
        drawn: the number of other objects, by noun, such as "picture".
    """
    told = [f"{cell}: {beginning(text, _NOTE)}" for cell, text in notes.items()]
    if told:
        yield f"cell notes: {_at_most(told, 'more note')}"
    if texts := [beginning(text, _NOTE) for text in boxes]:
        yield f"text boxes: {_at_most(texts, 'more text box', 'more text boxes')}"
    if drawn:
        counts = [counted(number, what) for what, number in sorted(drawn.items())]
        yield f"not shown: {' and '.join(counts)} on the sheet; save the sheet as a PDF to see everything"


def _at_most(texts: list[str], *more: str) -> str:
    """Return the first texts on one line; `more` is the noun for the others, with its plural if it is irregular."""
    others = len(texts) - _NOTES
    return "; ".join([*texts[:_NOTES], *([counted(others, *more)] if others > 0 else [])])


_STAND_INS = frozenset(("Fallback", "rPh"))
"""Elements that repeat others: fallbacks for older programs, and the pronunciation of a text."""


def _visible(root: Element) -> Iterator[Element]:
    """Yield the elements of a part in order, without those that repeat others."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        yield element
        waiting += [one for one in reversed(element) if local(one) not in _STAND_INS]


def _words(element: Element) -> str:
    """Return the words of a note or a text box, on one line."""
    runs = ((local(one), one.text or "") for one in _visible(element))
    return " ".join("".join(" " if name == "p" else text for name, text in runs if name in _WORDS).split())


_WORDS = frozenset(("p", "t", "text"))
"""The elements of notes and text boxes that contain words, and "p", which starts a new line."""


def _formats(text: bytes, styles: Mapping[bytes, Understood]) -> Iterator[tuple[tuple[int, int], Understood]]:
    for found in _CELL.finditer(text):
        if (style := styles.get(found[1])) is not None:
            yield _place(found[2], found[3]), style


def _uncalculated(text: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    for found in _BARE.finditer(text):
        head = text[text.rfind(b"<", 0, found.start("formula")) : found.start("formula")]
        if (place := _REFERENCE.search(head)) and not _STRING.search(head):
            yield _place(place[1], place[2]), (place[1] + place[2]).decode()


def _error(value: bytes) -> str:
    return value.decode("utf-8", "replace").strip()


def _place(letters: bytes, digits: bytes) -> tuple[int, int]:
    """Return the row and the column of a cell such as B3, counted from 0."""
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return int(digits) - 1, column - 1
