"""Reads a table of data from rows, columns, JSON, JSON lines, CSV or TSV, and interprets its columns."""

import json
import math
import re
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal, cast

from anyio import to_thread

from imagebridge.errors import ArgumentError
from imagebridge_tools.files.encodings import DecodedText
from imagebridge_tools.files.source import Places, Source, characters, opened
from imagebridge_tools.tool_output import JsonValue

from . import column_types, delimited, json_rows, log_lines, sentinels, totals, workbook
from .cells import MAX_NUMBER, are_numbers, check_size, date, finite
from .column_types import ColumnReading
from .workbook import Book, BookTable

FILE_SIZE = 20_000_000
"""The maximum size of a data file, in bytes."""

ColumnType = Literal["number", "date", "text"]

READ = "CSV, TSV, JSON and workbooks (xlsx, xls, ods)"
"""The supported formats, for messages."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length, in the order of the data. A missing cell is None. `readings`: how columns were read."""

    columns: Mapping[str, Sequence[JsonValue]]
    readings: Mapping[str, ColumnReading] = field(default_factory=dict[str, ColumnReading])
    written: Mapping[str, Sequence[JsonValue]] = field(default_factory=dict[str, "Sequence[JsonValue]"])
    """The columns as written in the data, including rows of totals."""
    notes: Sequence[str] = ()
    """Remarks on parts of the file that were left out, and on changed names."""

    @property
    def rows(self) -> int:
        """The number of rows."""
        return max((len(cells) for cells in self.columns.values()), default=0)

    def reread(self, name: str, found: tuple[Sequence[JsonValue], ColumnReading] | None) -> "Table":
        """Return the table with a new reading for a column, or unchanged if there is none."""
        if found is None:
            return self
        cells, reading = found
        return replace(self, columns={**self.columns, name: cells}, readings={**self.readings, name: reading})

    def records(self, named: Container[str] = ()) -> list[dict[str, JsonValue]]:
        """Return the rows as objects; `named` columns contain their cells as written in the data."""
        columns = {
            name: self.readings[name].as_written(cells) if name in named and name in self.readings else cells
            for name, cells in self.columns.items()
        }
        return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]

    def description(self, shown: Container[str], roles: Mapping[str, str] | None = None) -> str:
        """Return remarks on how the `shown` columns were read, in their `roles` if they have any, or why they were not."""
        reading_notes = [
            column_types.reading_note(name, one, (roles or {}).get(name, ""))
            for name, one in self.readings.items()
            if name in shown
        ]
        gaps = [sentinels.note(name, cells) for name, cells in self.columns.items() if name in shown]
        return "".join([*(f"; {note}" for note in self.notes), *reading_notes, *gaps])

    def type_of(self, name: str) -> ColumnType:
        """Return what a column contains: numbers, ISO dates, or text (anything else, and mixtures)."""
        cells = self.columns[name]
        if are_numbers(cells):
            return "number"
        cells = [cell for cell in cells if cell is not None]
        if cells and all(isinstance(cell, str) and date(cell) for cell in cells):
            return "date"
        return "text"


TableData = JsonValue | Book | BookTable | DecodedText
"""The data from which a table can be read."""


async def read(data: JsonValue, places: Places, sheet: str | None = None) -> TableData:
    """Return the text or the workbook of the file that `data` names (see `source.opened`), or `data` if it does not
    name one.

    Raises:
        ArgumentError: the file may not be read, is too large, or is not a table, or a `sheet` is requested for a file
        without sheets.
    """
    data = _naming(data)
    named = isinstance(data, str) and _is_name(data.strip())
    found = await _opened(data.strip(), places) if named and isinstance(data, str) else None
    if found and workbook.is_book(found.name, found.data):
        return await workbook.read(Book(found.name, found.data, sheet))
    if sheet is not None:
        raise ArgumentError("sheet", "applies only to workbooks such as xlsx; leave it out")
    return await to_thread.run_sync(characters, found, READ, "data") if found else data


def _naming(data: JsonValue) -> JsonValue:
    """Return the name of a file if an object contains nothing else: `{"file": "sales.csv"}`."""
    if not isinstance(data, Mapping) or len(data) != 1:
        return data
    ((key, name),) = data.items()
    return name if isinstance(name, str) and key.casefold() in _FILE else data


_FILE = ("file", "path", "filename", "file_path", "source", "url", "uri", "csv")
"""Keys that models use to name a file."""


async def _opened(text: str, places: Places) -> Source:
    if not text:
        raise ArgumentError("data", "is empty; give rows, columns, CSV or JSON text, or a file")
    if _is_head(text):
        raise ArgumentError(
            "data", f'is {text[:60]!r}, a CSV header without rows; give the rows too: "month,sales\\nJan,3"'
        )
    found = await opened(text, places, "data")
    if len(found.data) > FILE_SIZE:
        problem = f"{found.name} is {len(found.data):,} bytes; the limit is {FILE_SIZE:,}"
        raise ArgumentError("data", problem)
    return found


def table(data: TableData) -> Table:
    """Read `data`: row objects, columns, JSON text of either, delimited text, or a workbook.

    Raises:
        ArgumentError: `data` is none of these, has no rows, or has too many.
    """
    if isinstance(data, Book):
        data = workbook.table(data)
    if isinstance(data, BookTable):
        found, formulas = data
        made = _checked(found.columns, notes=found.notes)
        doubts = {name: ColumnReading(doubt=FORMULAS) for name in formulas}
        return replace(made, readings={**made.readings, **doubts})
    if isinstance(data, DecodedText):
        made = _content(data.text)
        note = f"the file does not specify its encoding; read as {data.guessed}"
        return replace(made, notes=[note, *made.notes]) if data.guessed else made
    if isinstance(data, str):
        return _content(data)
    if isinstance(data, Mapping) and not _is_columns(data) and (found := json_rows.rows(data)):
        rows, note = found
        return _checked(_rows(rows), notes=[note] if note else [])
    if isinstance(data, Mapping):
        return _checked(_columns(data))
    if isinstance(data, Sequence):
        found = json_rows.rows(data)
        return _checked(_rows(found[0] if found else data), notes=[found[1]] if found and found[1] else [])
    raise ArgumentError("data", 'give rows such as [{"month": "Jan", "sales": 3}], columns, or a file')


FORMULAS = (
    "its formulas have no stored values: open it in a spreadsheet program, which computes them, and save it"
)
"""The message for a column in which no formula has a value."""


def _is_columns(data: Mapping[str, JsonValue]) -> bool:
    """Return whether an object has a list of cells for each column."""
    cells = [cells[0] for cells in data.values() if isinstance(cells, list | tuple) and cells]
    return len(cells) == len(data) and not any(isinstance(cell, Mapping | list) for cell in cells)


def _is_name(text: str) -> bool:
    """Return whether a text names a file rather than containing a table."""
    return text[:5].lower() == "data:" or not (text.startswith(("[", "{")) or "\n" in text)


def _content(text: str) -> Table:
    """Read JSON or CSV text, which may not name another file."""
    text = text.strip("\n\r \ufeff")
    if text.lstrip().startswith(("[", "{")):
        return table(_json_lines(text) if _has_lines(text) else parsed(text, "data"))
    if pairs := log_lines.rows(text):
        return _checked(_rows(pairs), log_lines.SEPARATOR)
    found, separator = delimited.delimited_table(text)
    return _checked(found.columns, separator, found.notes)


def _has_lines(text: str) -> bool:
    """Return whether a text is in the JSON Lines format, with an object on each line."""
    lines = text.strip().split("\n", 2)
    return len(lines) > 1 and all(re.fullmatch(r"\s*\{.*\}\s*", line) for line in lines[:2])


def _json_lines(text: str) -> list[JsonValue]:
    found: list[JsonValue] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(cast("JsonValue", json.loads(line)))
            except (json.JSONDecodeError, RecursionError) as error:
                raise ArgumentError("data", f"line {number} of the JSON lines is not JSON") from error
            except ValueError as error:
                raise ArgumentError("data", f"line {number} of the JSON lines {_ENDLESS}") from error
    return found


def _is_head(text: str) -> bool:
    """Return whether a line is more likely the header of a CSV than the name of a file."""
    return (
        text[:5].lower() != "data:"
        and bool(re.search("[,;\t]", text))
        and not re.search(r"[/\\]|\.\w{2,4}$", text)
    )


def parsed(text: str, argument: str) -> JsonValue:
    """Parse JSON text.

    Raises:
        ArgumentError: the text is not JSON; the message gives the position.
    """
    try:
        return cast("JsonValue", json.loads(text))
    except json.JSONDecodeError as error:
        near = text[max(0, error.pos - 20) : error.pos + 20].replace("\n", " ")
        problem = f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}, near `{near}`"
        raise ArgumentError(argument, problem) from error
    except RecursionError as error:
        raise ArgumentError(argument, "is nested too deeply") from error
    except ValueError as error:
        raise ArgumentError(argument, _ENDLESS) from error


_ENDLESS = "contains a whole number with over 4,300 digits; write it in a shorter form, such as 1.5e300"


def _rows(rows: Sequence[JsonValue]) -> dict[str, list[JsonValue]]:
    known: list[Mapping[str, JsonValue]] = []
    for number, row in enumerate(rows):
        if not isinstance(row, dict | Mapping):  # A dict is recognised much faster.
            problem = f'row {number + 1} is not an object; give rows such as {{"month": "Jan", "sales": 3}}'
            raise ArgumentError("data", problem)
        known.append(row)
    names = dict.fromkeys(chain.from_iterable(known))
    check_size(len(known), len(names))
    return {name: _sound_cells([row.get(name) for row in known]) for name in names}


def _columns(columns: Mapping[str, JsonValue]) -> dict[str, list[JsonValue]]:
    found: dict[str, list[JsonValue]] = {}
    for name, cells in columns.items():
        if isinstance(cells, str) or not isinstance(cells, Sequence):
            raise ArgumentError(
                "data", f"column {name!r} is not a list; give columns such as {{{name!r}: [1, 2, 3]}}"
            )
        found[name] = _sound_cells(cells)
    lengths = {name: len(cells) for name, cells in found.items()}
    if len(set(lengths.values())) > 1:
        lengths_listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ArgumentError("data", f"its columns have different lengths: {lengths_listed}")
    return found


def _sound_cells(cells: Sequence[JsonValue]) -> list[JsonValue]:
    """Return the cells of a column; unusable numbers become missing."""
    kinds = set(map(type, cells))
    if not kinds & {int, float}:
        return list(cells)
    with suppress(OverflowError):  # An integer of over 308 digits.
        known = cast("list[float]", cells)
        if kinds <= {int, float} and all(map(math.isfinite, known)) and max(map(abs, known)) <= MAX_NUMBER:
            return list(cells)
    return [finite(cell) for cell in cells]


def _checked(columns: dict[str, list[JsonValue]], separator: str = "", notes: Sequence[str] = ()) -> Table:
    """Return a table with interpreted columns, without rows that contain totals."""
    if not any(columns.values()):
        raise ArgumentError("data", "is empty; give at least one row")
    check_size(len(next(iter(columns.values()))), len(columns))
    written = columns
    if without := totals.left_out(columns, separator):
        columns, note = without
        notes = (*notes, note)
    read, readings = column_types.read_columns(columns, separator)
    return Table(read, readings, written, tuple(notes))
