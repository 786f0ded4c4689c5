"""What the XML of a sheet says and its reader does not: formats of numbers, hidden rows, formulas without a value.

Format: ECMA-376 part 1 (2016), 18.3 and 18.8. Other workbooks than xlsx say nothing here.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Generic, NamedTuple, TypeVar
from xml.etree import ElementTree

Understood = TypeVar("Understood")

_BUILT_IN = {9: "0%", 10: "0.00%"}
"""Formats that a file names by number alone: 18.8.30. Those of money differ by language."""

_CELL = rb"""<(?:\w+:)?c (?=[^>]*\bs=["'](%s)["'])[^>]*?\br=["']([A-Z]{1,3})(\d{1,7})["']"""
_BARE = re.compile(
    rb"(?P<formula><(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<>]*</(?:\w+:)?f>))"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
"""A formula that is all that is in its cell, or has no value beside it."""

_REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_STRING = re.compile(rb"""\bt=["']str["']""")
"""An empty text is a value."""

_HIDDEN = re.compile(rb"""<(?:\w+:)?row [^>]*\bhidden=["'](?:1|true)["']""")


class SheetMarkup(NamedTuple, Generic[Understood]):
    """What was made of the formats of a sheet's cells, by row and column counted from 0; and how many rows it hides.

    `uncalculated`: the cells, such as "B3", whose formulas have no value in the file.
    """

    formats: Mapping[tuple[int, int], Understood]
    hidden: int
    uncalculated: Mapping[tuple[int, int], str]


def sheet_markup(
    data: bytes, sheet: str, understood: Callable[[str], Understood | None]
) -> SheetMarkup[Understood]:
    """Return what the XML of a sheet of an xlsx says; nothing where it cannot be found.

    Args:
        data: the workbook.
        sheet: the name of the sheet.
        understood: makes of a format, such as `0.0%`, what is of use in it; None where nothing is.
    """
    nothing = SheetMarkup[Understood]({}, 0, {})
    if not data.startswith(b"PK"):
        return nothing
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            styles = _styles(packed, understood)
            text = packed.read(_part(packed, sheet))
        hidden = len(_HIDDEN.findall(text)) if b"hidden=" in text else 0
        formats = dict(_formats(text, styles)) if styles else {}
        return SheetMarkup(formats, hidden, dict(_uncalculated(text)))
    except (
        *(KeyError, StopIteration, ElementTree.ParseError, zipfile.BadZipFile, zlib.error, EOFError),
        *(NotImplementedError, RuntimeError, ValueError),
    ):  # A part is missing or damaged, packed in another way or behind a password, or a number is none.
        return nothing


def _styles(
    packed: zipfile.ZipFile, understood: Callable[[str], Understood | None]
) -> dict[bytes, Understood]:
    """Return the styles of cells whose formats say something, by the numbers that cells name."""
    tree = ElementTree.fromstring(packed.read("xl/styles.xml"))
    codes = dict(_BUILT_IN)
    styles: dict[bytes, Understood] = {}
    for element in tree.iter():
        match _name(element):
            case "numFmt":
                codes[int(element.get("numFmtId", "0"))] = element.get("formatCode", "")
            case "cellXfs":
                for at, style in enumerate(element):
                    found = understood(codes.get(int(style.get("numFmtId", "0")), ""))
                    if found is not None:
                        styles[str(at).encode()] = found
            case _:
                pass
    return styles


def _part(packed: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part of the package that holds a sheet."""
    book = ElementTree.fromstring(packed.read("xl/workbook.xml"))
    links = ElementTree.fromstring(packed.read("xl/_rels/workbook.xml.rels"))
    one = next(one for one in book.iter() if _name(one) == "sheet" and one.get("name") == sheet)
    link = next(value for key, value in one.attrib.items() if key.endswith("}id"))
    target = next(each.get("Target", "") for each in links if each.get("Id") == link)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _formats(text: bytes, styles: Mapping[bytes, Understood]) -> Iterator[tuple[tuple[int, int], Understood]]:
    for found in re.finditer(_CELL % b"|".join(styles), text):
        yield _place(found[2], found[3]), styles[found[1]]


def _uncalculated(text: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    for found in _BARE.finditer(text):
        head = text[text.rfind(b"<", 0, found.start("formula")) : found.start("formula")]
        if (place := _REFERENCE.search(head)) and not _STRING.search(head):
            yield _place(place[1], place[2]), (place[1] + place[2]).decode()


def _place(letters: bytes, digits: bytes) -> tuple[int, int]:
    """Return the row and the column of a cell such as B3, counted from 0."""
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return int(digits) - 1, column - 1


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
