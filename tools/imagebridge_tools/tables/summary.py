"""Describes a table in words: the content of its columns, and its rows as CSV."""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from statistics import fmean

from imagebridge.documents.excerpt import json_length
from imagebridge.errors import beginning, counted
from imagebridge_tools.tool_output import JsonValue, label, number

from . import column_types
from .cells import DURATION, Measured, is_missing, numbers
from .table import Table

_COLUMNS = 60
"""The maximum number of columns that are described one by one."""

_FEW = 8
"""The maximum number of different texts in a column that are all listed, with their counts."""

_SHOWN = 3
"""The number of texts to list if there are too many to list them all."""

_LETTERS = 40
"""The maximum number of characters of a listed text."""


def column_lines(table: Table) -> str:
    """Return a line for each column (its content, its range, and how it was read), then the remarks on the table."""
    names = list(table.columns)
    lines = [f"- {name}: {_column(table, name)}" for name in names[:_COLUMNS]]
    if left := names[_COLUMNS:]:
        lines.append(f"- {counted(len(left), 'more column')}: {', '.join(left)}")
    return "\n".join([*lines, *(f"- {note}" for note in table.notes)])


def _column(table: Table, name: str) -> str:
    cells, reading = table.columns[name], table.readings.get(name)
    known = [cell for cell in cells if not is_missing(cell)]
    said: list[str] = []
    if not known:
        said.append("empty")
    elif found := numbers(cells):
        values = [cell for cell in found if isinstance(cell, int | float)]
        unit = reading.unit if reading else ""
        noun = "percent" if unit == "%" else f"numbers in {unit}" if unit else "numbers"
        said.append(f"{noun}, {number(min(values))} to {number(max(values))}, mean {number(fmean(values))}")
        said += [] if unit == "%" else [f"sum {number(math.fsum(values))}"]
    elif table.type_of(name) == "date":
        days = sorted(map(str, known))
        said.append(f"dates, {days[0]} to {days[-1]}, {len(set(days)):,} different")
    else:
        said.append(_texts_in_words(known))
    if missing := len(cells) - len(known):
        said.append(f"{missing:,} missing")
    reading_note = (
        column_types.reading_note(name, reading).partition(" ")[2].removeprefix(f"{name!r} ")
        if reading
        else ""
    )
    return "; ".join([", ".join(said), reading_note] if reading_note else [", ".join(said)])


def _texts_in_words(cells: Sequence[JsonValue]) -> str:
    counts = Counter(label(cell) for cell in cells)
    if len(counts) <= _FEW:
        return "names, " + ", ".join(f"{_short(text)} ({count:,})" for text, count in counts.most_common())
    some = ", ".join(_short(text) for text, _ in counts.most_common(_SHOWN))
    return f"names, {len(counts):,} different, such as {some}"


def _short(text: str) -> str:
    return repr(beginning(text, _LETTERS))


def rows_as_csv(
    columns: Mapping[str, Sequence[JsonValue]], first: int, last: int, most: int, room: int | None = None
) -> tuple[str, int]:
    """Return the rows from `first` to `last`, counted from 1, as CSV, and the number of the last one.

    The result contains at least one row, and as many as fit in `most` characters, including the names of the columns,
    and in `room` characters as JSON (None: no limit).
    """
    rows = [csv_row(columns)]
    length, taken = len(rows[0]), json_length(rows[0])
    for at in range(first - 1, last):
        row = csv_row([_written(cells[at]) for cells in columns.values()])
        length += len(row)
        taken += 0 if room is None else json_length(row)
        if at > first - 1 and (length > most or (room is not None and taken > room)):
            return "".join(rows), at
        rows.append(row)
    return "".join(rows), last


def csv_row(cells: Iterable[JsonValue]) -> str:
    """Return cells as a CSV row."""
    made = StringIO()
    csv.writer(made, lineterminator="\n").writerow(cells)
    return made.getvalue()


def _written(cell: JsonValue) -> JsonValue:
    """Return a cell as written in CSV, with numbers from a workbook as their format shows them."""
    if not isinstance(cell, Measured):
        return "" if cell is None else str(cell).lower() if isinstance(cell, bool) else cell
    if cell.unit == DURATION:
        hours, rest = divmod(round(float(cell)), 3600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"
    value = f"{cell * 100:.12g}" if cell.unit == "%" else f"{float(cell):.15g}"
    return f"{value}%" if cell.unit == "%" else f"{value} {cell.unit}"
