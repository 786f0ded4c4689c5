"""How the cells of an xlsx are formatted: percent, money, units and leading zeros, which their numbers alone do not tell."""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import NamedTuple
from xml.etree import ElementTree

from .written_numbers import is_money

UNIT = 14
"""Characters of a unit at most."""

_BUILT_IN = {9: "0%", 10: "0.00%"}
"""Formats that a file names by number alone: ECMA-376, part 1, 18.8.30 (2016). Those of money differ by language."""

_PART = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|[_*].|\[\$(?P<money>[^\]-]*)[^\]]*\]|\[[^\]]*\]|(?P<plain>.)'
)
"""The parts of a format; what follows _ and * only takes room, brackets hold colors and conditions."""

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


class CellFormat(NamedTuple):
    """What a format says of the numbers it writes: what they are of ("%" for percent), and how many digits a code has."""

    unit: str = ""
    digits: int = 0


class SheetFormats(NamedTuple):
    """The formats of a sheet's cells by row and column, counted from 0, where they say something; and its hidden rows.

    `uncalculated`: the cells, such as "B3", whose formulas have no value in the file.
    """

    cells: Mapping[tuple[int, int], CellFormat]
    hidden: int
    uncalculated: Mapping[tuple[int, int], str]


NOTHING = SheetFormats({}, 0, {})
"""No format says anything, as in files other than xlsx."""


def sheet_formats(data: bytes, sheet: str) -> SheetFormats:
    """Return the formats of a sheet of an xlsx. Where they cannot be found, none says anything."""
    if not data.startswith(b"PK"):
        return NOTHING
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            styles = _styles(packed)
            text = packed.read(_part(packed, sheet))
        hidden = len(_HIDDEN.findall(text)) if b"hidden=" in text else 0
        formats = dict(_cells(text, styles)) if styles else {}
        return SheetFormats(formats, hidden, dict(_uncalculated(text)))
    except (
        *(KeyError, StopIteration, ElementTree.ParseError, zipfile.BadZipFile, zlib.error, EOFError),
        *(NotImplementedError, RuntimeError, ValueError),
    ):  # A part is missing or damaged, packed in another way or behind a password, or a number is none.
        return NOTHING


def understood(code: str) -> CellFormat:
    """Return what a format says of numbers: `0.0%`, `#,##0.00 [$€-407]`, `0 "kg"`, `00000`."""
    digits, before, after = "", "", ""
    for found in _PART.finditer(code.replace("General", "0")):
        plain = found["plain"] or ""
        if plain == ";":  # What follows is for negative numbers and zero.
            break
        if plain and plain in "dmyhsDMYHS@":
            return CellFormat()
        literal = found["quoted"] or found["escaped"] or found["money"] or ""
        if plain and plain in "0#?.,/Ee+":
            digits += plain
        elif digits:
            after += literal or plain
        else:
            before += literal or plain
    before, after = before.strip(" -("), after.strip(" )")
    if "%" in (before, after):
        return CellFormat("%")
    if re.fullmatch("0{2,}", digits) and not before and not after:
        return CellFormat(digits=len(digits))
    if digits.endswith(",") or not digits:  # In thousands, which the kept numbers are not.
        return CellFormat()
    unit = (before if is_money(before) else "") + after
    telling = is_money(unit) or bool(re.search(r"[^\W\d_]|°", unit))
    return CellFormat(unit if telling and len(unit) <= UNIT else "")


def _styles(packed: zipfile.ZipFile) -> dict[bytes, CellFormat]:
    """Return the styles of cells whose formats say something, by the numbers that cells name."""
    tree = ElementTree.fromstring(packed.read("xl/styles.xml"))
    codes = dict(_BUILT_IN)
    styles: dict[bytes, CellFormat] = {}
    for element in tree.iter():
        match _name(element):
            case "numFmt":
                codes[int(element.get("numFmtId", "0"))] = element.get("formatCode", "")
            case "cellXfs":
                for at, style in enumerate(element):
                    found = understood(codes.get(int(style.get("numFmtId", "0")), ""))
                    if found != CellFormat():
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


def _cells(text: bytes, styles: Mapping[bytes, CellFormat]) -> Iterator[tuple[tuple[int, int], CellFormat]]:
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
