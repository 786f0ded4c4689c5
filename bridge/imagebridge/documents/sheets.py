"""The text of workbooks, sheet by sheet, as tables."""

import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import partial
from importlib import import_module
from io import BytesIO
from typing import Any

from imagebridge.errors import DocumentError, RequirementError

from .markdown import table
from .packages import LOCKED, MAX_UNPACKED
from .sections import DocumentContents, Section

_ROWS = 10_000
"""Rows of a sheet at most."""


@contextmanager
def workbook_contents(data: bytes) -> Generator[DocumentContents]:
    """Open a workbook; its sheets are read one by one.

    Raises:
        DocumentError: it is locked, damaged or too large.
        RequirementError: the extra `documents` is not installed.
    """
    try:
        calamine: Any = import_module("python_calamine")
    except ImportError as error:
        raise RequirementError(
            'workbooks are read with an extra: pip install "imagebridge[documents]"'
        ) from error
    _check_size(data)
    try:
        with calamine.CalamineWorkbook.from_filelike(BytesIO(data)) as book:
            hidden = [one.name for one in book.sheets_metadata if not str(one.visible).endswith(".Visible")]
            contents = DocumentContents("workbook", "sheet", len(book.sheet_names), lambda _: Section("", ""))
            contents.read = partial(_sheet, book, hidden)
            yield contents
    except calamine.PasswordError as error:
        raise DocumentError(LOCKED) from error
    except calamine.CalamineError as error:
        raise DocumentError(f"is damaged: {error}") from error


def _check_size(data: bytes) -> None:
    if not data.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile as error:
        raise DocumentError("is damaged: its list of parts cannot be read") from error
    if size > MAX_UNPACKED:
        raise DocumentError(f"has {size:,} bytes unpacked; at most {MAX_UNPACKED:,} are read")


def _sheet(book: Any, hidden: list[str], number: int) -> Section:
    name: str = book.sheet_names[number - 1]
    rows: list[list[object]] = book.get_sheet_by_name(name).to_python(skip_empty_area=True, nrows=_ROWS + 1)
    text = table([[_cell(cell) for cell in row] for row in rows[:_ROWS]])
    more = f"\n\n[rows after the first {_ROWS:,} are left out]" if len(rows) > _ROWS else ""
    return Section(f"{name}{' (hidden)' if name in hidden else ''}", (text or "[empty]") + more)


def _cell(cell: object) -> str:
    match cell:
        case bool():
            return str(cell).upper()
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
