"""Reads workbooks: the table in a sheet of an xlsx, xls or ods file."""

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from imagebridge.documents.document_types import unread
from imagebridge.documents.packages import unpacked_size
from imagebridge.documents.sections import LOCKED
from imagebridge.documents.sheets import fill_merged, fill_shown
from imagebridge.errors import ArgumentError, BridgeError, DocumentError, counted
from imagebridge.requirements import install_command
from imagebridge_tools.apart import ApartError, Arguments, WorkResult, apart
from imagebridge_tools.tool_output import JsonValue, nearest_allowed

from . import header
from .cells import DURATION, Measured
from .header import FoundTable

if TYPE_CHECKING:
    from imagebridge.documents.sheet_markup import SheetMarkup

    from .cell_formats import CellFormat

UNPACKED = 500_000_000
"""The maximum size of an unpacked workbook, in bytes."""

SECONDS = 90.0
"""The time limit for reading a workbook, in seconds; one with millions of cells takes a long time on a busy
machine."""

LARGE = 20_000_000
"""The unpacked size, in bytes, above which reading needs too much memory while other work runs."""

_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of an xls file: https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb, 2026-11-29."""

_NAMES = re.compile(r"\.(xlsx|xlsm|xlsb|xls|ods)$", re.IGNORECASE)


class Book(NamedTuple):
    """A workbook, and the name of the requested sheet."""

    name: str
    data: bytes
    sheet: str | None


_STREAMS = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book", "EncryptedPackage"))
"""Names that such a file contains if it is a workbook or any password-protected document, not a text document."""


class BookTable(NamedTuple):
    """The table in a workbook, and the columns in which no formula has a value."""

    found: FoundTable
    bare: list[str]


async def read(book: Book) -> BookTable:
    """Return the table in a sheet, read in a separate process (see `table`).

    Raises:
        ArgumentError: as for `table`, or reading the workbook takes too much memory or time.
        BridgeError: the extra `server` is not installed.
    """
    return await in_worker(book.name, book.data, "data", table, book)


async def in_worker(
    name: str,
    data: bytes,
    argument: str,
    function: Callable[[*Arguments], WorkResult],
    *arguments: *Arguments,
) -> WorkResult:
    """Call a function that reads a workbook in a separate process, and return its result.

    A few bytes can name cells a million rows apart, and the reader allocates everything in between.

    Raises:
        ArgumentError: reading the workbook takes too much memory or time.
    """
    try:
        return await apart(function, *arguments, seconds=SECONDS, heavy=_is_large(data))
    except ApartError as error:
        problem = (
            f"{name} cannot be read as a workbook: {error}, or save the part you need as CSV. If one cell is "
            "far away from the others, all the cells in between count as well"
        )
        raise ArgumentError(argument, problem) from error


def _is_large(data: bytes) -> bool:
    """Return whether reading a workbook takes much memory, judging by the unpacked size in its directory."""
    try:
        return (_unpacked(data) or len(data)) > LARGE
    except DocumentError:  # It is reported where it is read.
        return False


def is_book(name: str, data: bytes) -> bool:
    """Return whether a file is a workbook."""
    if data.startswith(_OLD):
        return bool(_NAMES.search(name)) or any(stream in data for stream in _STREAMS)
    packed = data.startswith(b"PK\x03\x04")
    return packed and (
        bool(_NAMES.search(name)) or b"xl/workbook" in data or b"opendocument.spreadsheet" in data[:200]
    )


def sheets(book: Book) -> tuple[list[str], list[str]]:
    """Return the names of a workbook's visible and of its hidden sheets; if all are hidden, they count as visible.

    Raises:
        ArgumentError: the file is not a readable workbook.
        BridgeError: the extra `server` is not installed.
    """
    with _opened(book) as opened:
        names = list[str](opened.sheet_names)
        shown = _shown(opened) or names
    return shown, [name for name in names if name not in shown]


_UNCALCULATED = "\0formula "
"""A placeholder, followed by the position, for a cell whose formula has no value, until the columns have names."""

_NAMED = 5
"""The maximum number of cells to name if there are many."""


def table(book: Book) -> BookTable:
    """Return the table in a sheet: the requested one, or else the first with any content.

    If some formulas of a column have no value, a note says which.

    Raises:
        ArgumentError: the file is not a readable workbook, does not have this sheet, or has no table in it.
        BridgeError: the extra `server` is not installed.
    """
    with _opened(book) as opened:
        names = list[str](opened.sheet_names)
        name, rows = _sheet(opened, names, _shown(opened), book.sheet)
        fill_merged(rows, opened.get_sheet_by_name(name).merged_cell_ranges or ())
    from . import cell_formats  # Only now: it loads an XML parser.

    formats = cell_formats.sheet_formats(book.data, name)
    fill_shown(rows, formats.shown)
    lines = [[_cell(cell) for cell in row] for row in rows]
    for (row, column), form in formats.formats.items():
        if row < len(lines) and column < len(lines[row]):
            lines[row][column] = _formatted(lines[row][column], form)
    beyond: list[str] = []  # If there is nothing but formulas without a value, the reader sees no cells.
    for (row, column), place in formats.uncalculated.items():
        if row >= len(lines) or column >= len(lines[row]):
            beyond.append(place)
        elif lines[row][column] is None:
            lines[row][column] = _UNCALCULATED + place
    found = header.table([*enumerate(lines, 1)], "row")
    columns, bare, lacking = _without_formulas(found.columns)
    others = ", ".join(repr(other) for other in names if other != name)
    notes = [f"sheet {name!r}; other sheets: {others}"] if others else []
    if beyond:
        lacking.append(_no_value("outside the table", beyond))
    notes += _hidden(formats, rows)
    return BookTable(FoundTable(columns, notes + found.notes + lacking + list(formats.beside)), bare)


def _hidden(formats: "SheetMarkup[CellFormat]", rows: Sequence[Sequence[object]]) -> list[str]:
    unseen = formats.said_hidden(0, max(map(len, rows), default=0))
    return [f"hidden in the sheet but included here: {unseen}"] if unseen else []


def cells(book: Book) -> tuple[list[list[JsonValue]], list[str]]:
    """Return the cells of a sheet unchanged, and remarks on other content of the sheet.

    Raises:
        ArgumentError: the file is not a readable workbook, or the sheet does not exist or is empty.
        BridgeError: the extra `server` is not installed.
    """
    with _opened(book) as opened:
        name, rows = _sheet(opened, list[str](opened.sheet_names), _shown(opened), book.sheet)
    from . import cell_formats  # As in `table`.

    formats = cell_formats.sheet_formats(book.data, name)
    fill_shown(rows, formats.shown)
    kept = [[_cell(cell) for cell in row] for row in rows if any(cell not in (None, "") for cell in row)]
    return kept, _hidden(formats, rows) + list(formats.beside)


def _without_formulas(
    columns: Mapping[str, list[JsonValue]],
) -> tuple[dict[str, list[JsonValue]], list[str], list[str]]:
    """Return columns without the placeholders of formulas, the columns with only those, and remarks on the others."""
    kept: dict[str, list[JsonValue]] = {}
    bare: list[str] = []
    notes: list[str] = []
    for at, (name, cells) in enumerate(columns.items(), 1):
        own = f"column {at}" if name.startswith(_UNCALCULATED) else name
        places = [
            cell.removeprefix(_UNCALCULATED) for cell in cells if isinstance(cell, str) and _is_bare(cell)
        ]
        kept[own] = [None if isinstance(cell, str) and _is_bare(cell) else cell for cell in cells]
        if places and not any(cell is not None for cell in kept[own]):
            bare.append(own)
        elif places:
            notes.append(_no_value(f"of {own!r}", places))
    return kept, bare, notes


def _no_value(where: str, places: Sequence[str]) -> str:
    """Describe which formulas have no value in the file, and how to compute it."""
    more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    have, they = ("has", "it") if len(places) == 1 else ("have", "them")
    return (
        f"{counted(len(places), 'formula')} {where} ({', '.join(places[:_NAMED])}{more}) {have} no stored value: "
        f"open it in a spreadsheet program, which computes {they}, and save it"
    )


def _is_bare(cell: str) -> bool:
    return cell.startswith(_UNCALCULATED)


@contextmanager
def _opened(book: Book) -> Generator[Any]:
    try:
        calamine: Any = import_module("python_calamine")
    except ImportError as error:
        raise BridgeError(f"reading workbooks needs an extra: {install_command('server')}") from error
    _check_size(book)
    if unread(book.data) == LOCKED:
        raise ArgumentError("data", f"{book.name} {LOCKED}")
    try:
        with calamine.CalamineWorkbook.from_filelike(BytesIO(book.data)) as opened:
            yield opened
    except calamine.PasswordError as error:
        raise ArgumentError("data", f"{book.name} {LOCKED}") from error
    except calamine.CalamineError as error:
        raise ArgumentError("data", f"{book.name} cannot be read as a workbook: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # PyO3's, which no module exports
            raise
        problem = "its reader failed, which can happen when cells are very far apart"
        raise ArgumentError("data", f"{book.name} cannot be read as a workbook: {problem}") from error


def _shown(opened: Any) -> list[str]:
    return [one.name for one in opened.sheets_metadata if str(one.visible).endswith(".Visible")]


def _sheet(
    opened: Any, names: Sequence[str], shown: Sequence[str], wanted: str | None
) -> tuple[str, list[list[object]]]:
    if wanted is not None:
        folded = {name.casefold(): name for name in names}
        if (name := folded.get(wanted.strip().casefold())) is None:
            raise ArgumentError(
                "sheet", f"is {wanted!r}, which the workbook does not have; {nearest_allowed(wanted, names)}"
            )
        return name, _rows(opened, name)
    for name in shown or names:
        if rows := _rows(opened, name):
            return name, rows
    raise ArgumentError("data", f"is a workbook whose sheets are empty: {', '.join(map(repr, names))}")


def _rows(opened: Any, name: str) -> list[list[object]]:
    return opened.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _check_size(book: Book) -> None:
    """Raise an error for a workbook that would fill the memory when unpacked."""
    try:
        size = _unpacked(book.data)
    except DocumentError as error:
        raise ArgumentError("data", f"{book.name} {error}") from error
    if size > UNPACKED:
        problem = f"{book.name} is {size:,} bytes when unpacked; the limit is {UNPACKED:,}"
        raise ArgumentError("data", f"{problem}: save the sheet, or a part of it, as CSV")


def _unpacked(data: bytes) -> int:
    """Return the unpacked size in a workbook's directory, in bytes, or 0 if it is not packed."""
    return unpacked_size(data) if data.startswith(b"PK") else 0


def _formatted(cell: JsonValue, form: "CellFormat") -> JsonValue:
    """Return a number as its format shows it: with a unit, or as a code with all of its digits."""
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return cell
    if form.digits:
        return f"{cell:0{form.digits}}" if isinstance(cell, int) else cell
    return Measured(cell, form.unit)


def _cell(cell: object) -> JsonValue:
    """Return a cell as JSON, with whole numbers as integers and moments as ISO 8601."""
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
            return Measured(cell.total_seconds(), DURATION)
        case _:
            return str(cell).strip() or None
