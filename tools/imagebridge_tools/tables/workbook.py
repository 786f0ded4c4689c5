"""Workbooks: the table in a sheet of an xlsx, xls or ods file."""

import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from importlib import import_module
from io import BytesIO
from typing import Any, NamedTuple

from imagebridge.errors import ArgumentError, BridgeError
from imagebridge_tools.answer import JsonValue, nearest

from . import header
from .header import FoundTable

UNPACKED = 500_000_000
"""Bytes of a workbook at most once it is unpacked."""

_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of an xls: https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb, 2026-11-29."""

_NAMES = re.compile(r"\.(xlsx|xlsm|xlsb|xls|ods)$", re.IGNORECASE)


class Book(NamedTuple):
    """A file that is a workbook, and the name of the sheet that is asked for."""

    name: str
    data: bytes
    sheet: str | None


def is_book(name: str, data: bytes) -> bool:
    """Tell whether a file is a workbook."""
    if data.startswith(_OLD):
        return True
    packed = data.startswith(b"PK\x03\x04")
    return packed and (
        bool(_NAMES.search(name)) or b"xl/workbook" in data or b"opendocument.spreadsheet" in data[:200]
    )


def table(book: Book) -> tuple[FoundTable, list[str]]:
    """Return the table in a sheet: the one asked for, else the first that holds anything; and columns of bare formulas.

    Raises:
        ArgumentError: it is no workbook that can be read, has no such sheet, or no table in it.
        BridgeError: the extra `server` is not installed.
    """
    try:
        calamine: Any = import_module("python_calamine")
    except ImportError as error:
        raise BridgeError('workbooks are read with an extra: pip install "imagebridge[server]"') from error
    _check_size(book)
    try:
        with calamine.CalamineWorkbook.from_filelike(BytesIO(book.data)) as opened:
            names = list[str](opened.sheet_names)
            shown = [one.name for one in opened.sheets_metadata if "Visible" in str(one.visible)]
            name, rows = _sheet(opened, names, shown, book.sheet)
    except calamine.CalamineError as error:
        raise ArgumentError("data", f"{book.name} cannot be read as a workbook: {error}") from error
    found = header.table([(at, [_cell(cell) for cell in row]) for at, row in enumerate(rows, 1)], "row")
    others = ", ".join(repr(other) for other in names if other != name)
    notes = [f"sheet {name!r}; other sheets: {others}"] if others else []
    bare = [column for column, cells in found.columns.items() if not any(cell is not None for cell in cells)]
    formulas = bare if bare and _has_bare_formulas(book.data) else []
    return FoundTable(found.columns, notes + found.notes), formulas


def _sheet(
    opened: Any, names: Sequence[str], shown: Sequence[str], wanted: str | None
) -> tuple[str, list[list[object]]]:
    if wanted is not None:
        folded = {name.casefold(): name for name in names}
        if (name := folded.get(wanted.strip().casefold())) is None:
            raise ArgumentError(
                "sheet", f"is {wanted!r}, which the workbook does not have; {nearest(wanted, names)}"
            )
        return name, _rows(opened, name)
    for name in shown or names:
        if rows := _rows(opened, name):
            return name, rows
    raise ArgumentError("data", f"is a workbook whose sheets are empty: {', '.join(map(repr, names))}")


def _rows(opened: Any, name: str) -> list[list[object]]:
    return opened.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _check_size(book: Book) -> None:
    """Refuse what would fill the memory once it is unpacked."""
    if not book.data.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(BytesIO(book.data)) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile as error:
        raise ArgumentError("data", f"{book.name} is damaged: {error}") from error
    if size > UNPACKED:
        problem = f"{book.name} has {size:,} bytes unpacked; at most {UNPACKED:,} are read"
        raise ArgumentError("data", f"{problem}: save the sheet as CSV, or a part of it")


def _has_bare_formulas(data: bytes) -> bool:
    """Tell whether cells of an xlsx hold formulas without the values that they had when it was saved."""
    if not data.startswith(b"PK"):
        return False
    with zipfile.ZipFile(BytesIO(data)) as packed:
        sheets = [name for name in packed.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
        return any(re.search(rb"</f>\s*(<v\s*/>|<v>\s*</v>)?\s*</c>", packed.read(name)) for name in sheets)


def _cell(cell: object) -> JsonValue:
    """Return a cell as JSON: whole numbers as such, moments as ISO 8601."""
    match cell:
        case bool() | int() | None:
            return cell
        case float():
            return int(cell) if cell.is_integer() and abs(cell) < 1e15 else cell
        case datetime():
            midnight = cell.time() == time.min
            return cell.date().isoformat() if midnight else cell.isoformat()
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return cell.total_seconds()
        case _:
            return str(cell).strip() or None
