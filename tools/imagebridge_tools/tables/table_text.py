"""Formats a table or a workbook for a model: describes its columns in words, and returns rows as CSV."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from imagebridge.documents.excerpt import CHARACTERS, fitting, json_length
from imagebridge.errors import ArgumentError, counted
from imagebridge.translate.sentences import amount
from imagebridge_tools.files.encodings import DecodedText
from imagebridge_tools.files.source import Source
from imagebridge_tools.tool_output import File, ToolOutput

from . import summary, workbook
from .table import FILE_SIZE, FORMULAS, Table, table
from .workbook import Book

_SENTENCE, _SHEET = 300, 800
"""The characters of JSON reserved for the numbers in a sentence, and for the remarks on a sheet and its address."""

FIRST = 50, 5_000
"""The maximum number of rows of a long table, and of characters in them, that are returned first."""


def table_in(found: Source, text: DecodedText, *, needed: bool) -> Table | None:
    """Return the table in a text, or None if there is none and rows are not `needed`."""
    if len(found.data) > FILE_SIZE:
        if needed:
            problem = (
                f"{found.name} is {len(found.data):,} bytes; rows can be read from files up to {FILE_SIZE:,}"
            )
            raise ArgumentError("rows", f"{problem}, so give start, the first character to read")
        return None
    try:
        return table(DecodedText(text.text))
    except ArgumentError as error:
        if needed:
            raise ArgumentError("rows", f"applies to tables, but {found.name} {error.problem}") from error
        return None


def piece(
    made: Table,
    row_range: tuple[int, int | None] | None,
    words: str,
    whole: str,
    file: File,
    room: int | None,
    part: int = 1,
) -> ToolOutput:
    """Return a long table: the description of its columns and its first rows, or the rows in `row_range`.

    The answer takes at most `room` characters of JSON (None: no limit), at least half of which are for rows. `part`
    selects a part of a row that does not fit.
    """
    total = max(map(len, made.written.values()))
    first, last = row_range or (1, FIRST[0])
    if first > total:
        raise ArgumentError("rows", f"starts at {first:,}; {file.name} has {counted(total, 'row')}")
    end = total if last is None else min(last, total)
    columns = "" if row_range else f"\nColumns:\n{summary.column_lines(made)}"
    # A part of a long row has the same length whatever else is said: its parts must be contiguous.
    half = None if room is None else room // 2
    if room is not None:
        room = max(room // 2, room - json_length(f"{words}{whole}{columns}") - _SENTENCE)
    text, shown = summary.rows_as_csv(made.written, first, end, CHARACTERS if row_range else FIRST[1], room)
    if shown == first and (long := _row_part(text, half, part)):
        rest = f" Call again with rows={first} and part={part + 1} for the rest of it."
        following = f" Call again with rows={first + 1} for more." if first < total else ""
        sentence = (
            f"{words}part {part} of row {first:,} of {total:,}, as CSV.{following if long.is_last else rest}"
        )
        return ToolOutput(f"{sentence}{whole}{columns}", files=(file._replace(content=long.text),))
    if part > 1:
        raise ArgumentError(
            "part", f"is {part:,}; row {first:,} is returned in full: leave part out, or request other rows"
        )
    size = f"a table of {counted(total, 'row')} and {counted(len(made.columns), 'column')}"
    these = f"these are rows {first:,} to {shown:,}" if shown > first else f"this is row {first:,}"
    sentence = f"{words}{size}; {these}, as CSV"
    more = (
        f" Call again with rows={shown + 1}-{min(total, 2 * shown - first + 1)} for more."
        if shown < total
        else ""
    )
    return ToolOutput(f"{sentence}.{more}{whole}{columns}", files=(file._replace(content=text),))


class _RowPart(NamedTuple):
    """A part of a row as CSV, and whether it is the last part."""

    text: str
    is_last: bool


def _row_part(text: str, room: int | None, part: int) -> _RowPart | None:
    """Return the part of a row, with the names of its columns, that fits one answer; None if the whole row fits."""
    at, size = 0, fitting(text, room)
    if size == len(text):
        return None
    for number in range(1, part):
        at += size
        if at >= len(text):
            raise ArgumentError("part", f"is {part:,}; the row has {counted(number, 'part')}")
        size = fitting(text[at:], room)
    return _RowPart(text[at : at + size], at + size >= len(text))


def of_book(
    found: Source,
    sheet: str | None,
    row_range: tuple[int, int | None] | None,
    whole: int,
    room: int | None,
    part: int | None = None,
) -> ToolOutput:
    """Return all sheets of a workbook in full if they have at most `whole` characters, or else the requested or the
    first one.

    The answer takes at most `room` characters of JSON (None: no limit).
    """
    if len(found.data) > FILE_SIZE:
        problem = f"{found.name} is {len(found.data):,} bytes; the limit for workbooks is {FILE_SIZE:,}"
        raise ArgumentError("source", problem)
    names, hidden = workbook.sheets(Book(found.name, found.data, None))
    words = f"{found.name}: workbook, {amount(len(found.data))}"
    if sheet is None and row_range is None and (sheets := _sheets(found, names, hidden, words, whole, room)):
        return sheets
    file = _sheet_file(found, sheet or "", "")
    try:
        made = table(Book(found.name, found.data, sheet))
    except ArgumentError as error:
        text, notes = _cells(found, sheet) if error.argument == "data" and row_range is None else ("", [])
        if not text or json_length(text) > (whole if room is None else min(whole, room - _SHEET)):
            raise
        what = "; ".join([words, "not a table, as CSV", *notes])
        return ToolOutput(f"{what}.", files=(file._replace(content=text),))
    all_names = [*map(repr, names), *(f"{name!r} (hidden)" for name in hidden)]
    others = (
        f" Its sheets are {', '.join(all_names)}; use sheet to read another." if len(all_names) > 1 else ""
    )
    return piece(made, row_range, f"{words}; ", others, file, room, part or 1)


def _sheets(
    found: Source, names: Sequence[str], hidden: Sequence[str], words: str, left: int, room: int | None
) -> ToolOutput | None:
    """Return all visible sheets in full, or None if they have more than `left` characters, or more than `room` as JSON."""
    files: list[File] = []
    sheet_lines: list[str] = []
    for name in names:
        try:
            made = table(Book(found.name, found.data, name))
        except ArgumentError:
            text, notes = _cells(found, name)
            left -= len(text)
            room = None if room is None else room - json_length(text) - _SHEET
            if left < 0 or (room is not None and room < 0):
                return None
            lines = counted(text.count("\n"), "row")
            what = f"{lines}, not a table, as CSV" if text else "empty"
            sheet_lines.append("; ".join([f"- {name!r}: {what}", *notes]))
            files += [_sheet_file(found, name, text)] if text else []
            continue
        total = max(map(len, made.written.values()))
        text, shown = summary.rows_as_csv(made.written, 1, total, left)
        left -= len(text)
        if shown < total or left < 0:
            return None
        if room is not None and (room := room - json_length(text) - _SHEET) < 0:
            return None
        size = f"{counted(total, 'row')} and {counted(len(made.columns), 'column')}"
        others = [note for note in made.notes if not note.startswith("sheet ")]
        empty = [
            f"{own!r} is empty: {FORMULAS}" for own, one in made.readings.items() if one.doubt == FORMULAS
        ]
        sheet_lines.append("; ".join([f"- {name!r}: {size}, as CSV", *others, *empty]))
        files.append(_sheet_file(found, name, text))
    if not files:
        return None
    if hidden:
        sheet_lines.append(f"- hidden: {', '.join(map(repr, hidden))}; use sheet to read one")
    return ToolOutput(
        "\n".join([f"{words}, {counted(len(names), 'sheet')}:", *sheet_lines]), files=tuple(files)
    )


def _cells(found: Source, sheet: str | None) -> tuple[str, list[str]]:
    """Return the cells of a sheet unchanged as CSV, and remarks, for a sheet that does not contain a table."""
    try:
        rows, notes = workbook.cells(Book(found.name, found.data, sheet))
    except ArgumentError:
        return "", []
    return "".join(map(summary.csv_row, rows)), notes


def _sheet_file(found: Source, sheet: str, text: str) -> File:
    """Return rows of a sheet as a separate file."""
    uri = found.uri or "file:///workbook.xlsx"
    return File(f"{uri}#{quote(sheet)}" if sheet else uri, found.name, "text/csv", text)
