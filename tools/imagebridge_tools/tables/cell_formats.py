"""Reads the formats of cells in an xlsx file: percent, money, units and leading zeros, which are not in the numbers."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from imagebridge.documents.sheet_markup import SheetMarkup
from imagebridge.documents.sheets import sheet_markups

from .written_numbers import is_money

UNIT = 14
"""The maximum number of characters in a unit."""

_PART = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|[_*].|\[\$(?P<money>[^\]-]*)[^\]]*\]|\[[^\]]*\]|(?P<plain>.)'
)
"""Matches the parts of a format; _ and * only add space, and brackets contain colours and conditions."""


class CellFormat(NamedTuple):
    """The meaning of a format for its numbers: their unit ("%" for percent), and the number of digits in a code."""

    unit: str = ""
    digits: int = 0


def sheet_formats(data: bytes, sheet: str) -> SheetMarkup[CellFormat]:
    """Return the formats of a sheet in an xlsx or ods file. If they cannot be read, no cell has a format."""
    return _markups(data)(sheet)


@lru_cache(
    maxsize=1
)  # The sheets of a workbook are read one after the other, and an ods is parsed as a whole.
def _markups(data: bytes) -> Callable[[str], SheetMarkup[CellFormat]]:
    return sheet_markups(data, _telling)


def _telling(code: str) -> CellFormat | None:
    found = understood(code)
    return None if found == CellFormat() else found


def understood(code: str) -> CellFormat:
    """Return the meaning of a format such as `0.0%`, `#,##0.00 [$€-407]`, `0 "kg"` or `00000`."""
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
    if digits.endswith(",") or not digits:  # In thousands, unlike the stored numbers.
        return CellFormat()
    unit = (before if is_money(before) else "") + after
    telling = is_money(unit) or bool(re.search(r"[^\W\d_]|°", unit))
    return CellFormat(unit if telling and len(unit) <= UNIT else "")
