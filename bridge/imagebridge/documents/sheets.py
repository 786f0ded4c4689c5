"""The text of workbooks, sheet by sheet, as tables."""

import re
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from importlib import import_module
from io import BytesIO
from typing import Any

from imagebridge.errors import DocumentError, RequirementError
from imagebridge.requirements import install_command

from .markdown import COLUMNS, table
from .open_sheets import is_open, open_sheets
from .packages import MAX_UNPACKED, unpacked_size
from .sections import LOCKED, DocumentContents, Section
from .sheet_markup import SheetMarkup, Understood, sheet_markup

_ROWS = 10_000
"""The maximum number of rows that are read per sheet."""

_NAMED = 5
"""The maximum number of cells that are named."""

_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
"""Parts of a format that are literal text, a colour or a condition."""


@contextmanager
def workbook_contents(data: bytes) -> Generator[DocumentContents]:
    """Open a workbook; its sheets are read one by one.

    Raises:
        DocumentError: the file is locked, damaged or too large.
        RequirementError: the extra `documents` is not installed.
    """
    try:
        calamine: Any = import_module("python_calamine")
    except ImportError as error:
        raise RequirementError(f"reading workbooks needs an extra: {install_command('documents')}") from error
    _check_size(data)
    try:
        with calamine.CalamineWorkbook.from_filelike(BytesIO(data)) as book:
            hidden = [one.name for one in book.sheets_metadata if not str(one.visible).endswith(".Visible")]
            contents = DocumentContents("workbook", "sheet", len(book.sheet_names), lambda _: Section("", ""))
            contents.read = partial(_sheet, book, sheet_markups(data, _percent), hidden)
            yield contents
    except calamine.PasswordError as error:
        raise DocumentError(LOCKED) from error
    except calamine.CalamineError as error:
        raise DocumentError(f"is damaged: {error}") from error


def _check_size(data: bytes) -> None:
    if not data.startswith(b"PK"):
        return
    if (size := unpacked_size(data)) > MAX_UNPACKED:
        raise DocumentError(f"has a size of {size:,} bytes when unpacked; the limit is {MAX_UNPACKED:,}")


def sheet_markups(
    data: bytes, understood: Callable[[str], Understood | None]
) -> Callable[[str], SheetMarkup[Understood]]:
    """Return a function that takes a sheet's name and returns what the XML says about that sheet.

    Args:
        data: the workbook. An OpenDocument workbook is parsed once, when the first sheet is read.
        understood: converts a format, such as `0.0%`, to what the caller needs; returns None for formats to ignore.
    """
    if is_open(data):
        parsed = cache(partial(open_sheets, data, understood))
        return lambda sheet: parsed()(sheet)
    return partial(sheet_markup, data, understood=understood)


def _sheet(book: Any, markups: Callable[[str], SheetMarkup[str]], hidden: list[str], number: int) -> Section:
    name: str = book.sheet_names[number - 1]
    opened_sheet = book.get_sheet_by_name(name)
    rows: list[list[object]] = opened_sheet.to_python(skip_empty_area=True, nrows=_ROWS + 1)
    top, left = opened_sheet.start or (0, 0)
    fill_merged(rows, opened_sheet.merged_cell_ranges or (), top, left)
    markup = markups(name)
    fill_shown(rows, markup.shown, top, left)
    cells = [
        [_cell(cell, markup.formats.get((top + at, left + column), "")) for column, cell in enumerate(row)]
        for at, row in enumerate(rows[:_ROWS])
    ]
    notes = [f"[rows after the first {_ROWS:,} are left out]"] if len(rows) > _ROWS else []
    width = max(map(len, rows), default=0)
    if width > COLUMNS:
        notes.append(f"[columns after the first {COLUMNS} are left out]")
    if unseen := markup.said_hidden(left, width):
        notes.append(f"[hidden in the sheet but included here: {unseen}]")
    notes += [f"[{sentence}]" for sentence in markup.beside]
    if lacking := [
        cell
        for (row, column), cell in markup.uncalculated.items()
        if not _holds(cells, row - top, column - left)
    ]:
        notes.append(_uncalculated(lacking))
    text = table(cells) or "[empty]"
    return Section(f"{name}{' (hidden)' if name in hidden else ''}", "\n\n".join([text, *notes]))


def _holds(cells: list[list[str]], row: int, column: int) -> bool:
    return 0 <= row < len(cells) and 0 <= column < len(cells[row]) and bool(cells[row][column])


def _uncalculated(cells: list[str]) -> str:
    """Return a note that names the cells whose formulas have no value in the file."""
    more = f" and {len(cells) - _NAMED:,} more" if len(cells) > _NAMED else ""
    formulas, have, they = (
        ("1 formula", "has", "it") if len(cells) == 1 else (f"{len(cells):,} formulas", "have", "them")
    )
    return (
        f"[{formulas} ({', '.join(cells[:_NAMED])}{more}) {have} no stored value: open the workbook in a "
        f"spreadsheet program, which computes {they}, and save it]"
    )


def fill_merged(
    rows: list[list[object]],
    merged: Iterable[tuple[tuple[int, int], tuple[int, int]]],
    top: int = 0,
    left: int = 0,
) -> None:
    """Write the name in cells merged down a column into each of their rows.

    Args:
        rows: the cells.
        merged: first and last row and column of each range, counted from 0 in the sheet.
        top: the row of the sheet at which `rows` starts.
        left: the column of the sheet at which `rows` starts.
    """
    for (first, column), (last, _) in merged:
        at, place = first - top, column - left
        name = rows[at][place] if 0 <= at < len(rows) and 0 <= place < len(rows[at]) else None
        if isinstance(name, str):
            for row in rows[at + 1 : last - top + 1]:
                row[place] = row[place] or name


def fill_shown(
    rows: list[list[object]], shown: Mapping[tuple[int, int], str], top: int = 0, left: int = 0
) -> None:
    """Write the texts of cells that the reader returns differently, such as errors.

    Args:
        rows: the cells.
        shown: the texts, by row and column counted from 0 in the sheet.
        top: the row of the sheet at which `rows` starts.
        left: the column of the sheet at which `rows` starts.
    """
    for (row, column), text in shown.items():
        if 0 <= row - top < len(rows) and 0 <= column - left < len(rows[row - top]):
            rows[row - top][column - left] = text


def _percent(code: str) -> str | None:
    """Return the percent sign for a percent format."""
    return "%" if "%" in _LITERAL.sub("", code).partition(";")[0] else None


def _cell(cell: object, unit: str = "") -> str:
    match cell:
        case bool():
            return str(cell).upper()
        case int() | float() if unit:
            return f"{cell * 100:.12g}{unit}"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime() if cell.time() == time.min:
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat()
        case timedelta() | None:
            return "" if cell is None else str(cell)
        case _:
            return str(cell)
