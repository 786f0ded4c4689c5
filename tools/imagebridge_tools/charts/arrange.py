"""Puts a table into the form that a chart needs, with adjacent columns of periods combined and durations as numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from imagebridge_tools.tables import (
    column_types,
    date_formats,
    month_names,
    written_dates,
    written_durations,
)
from imagebridge_tools.tables.cells import date, is_missing, numbers
from imagebridge_tools.tables.column_types import ColumnReading
from imagebridge_tools.tables.table import Table
from imagebridge_tools.tool_output import JsonValue, label

from . import number_formats
from .chart_options import ChartKind, Columns
from .theme import PALETTE, ChartFrame

_LEAST = 3
"""The minimum number of adjacent columns of periods."""

_NAMES = 3
"""The maximum number of other columns; a table with more has a different form."""

VALUE = "value"
"""The name of the new column of numbers, for which the original table has none."""


class Periods(NamedTuple):
    """The periods that column names stand for: a noun such as "month", and a cell for each name."""

    noun: str
    cells: Sequence[JsonValue]


def arranged(kind: str, table: Table, columns: Columns) -> tuple[Table, Columns]:
    """Return the table, rearranged if no field for its numbers is named, and the fields for a chart of one kind."""
    if "y" not in columns and kind in ("bar", "line", "area", "heatmap"):
        numeric = [name for name, cells in table.columns.items() if numbers(cells)]
        others = [name for name in table.columns if name not in numeric]
        named = set(columns.values()) & set(numeric) if all(map(_is_name, columns.values())) else {""}
        if not named and len(numeric) >= _LEAST and 0 < len(others) <= _NAMES and (found := periods(numeric)):
            return _long(kind, table, columns, numeric, found)
    return _timed(table, columns), columns


def _is_name(name: object) -> bool:
    return isinstance(name, str)


def periods(names: Sequence[str]) -> Periods | None:
    """Return the periods that the names of columns stand for if all are years, months, quarters or days."""
    if all(re.fullmatch(r"(19|20)\d\d", name) for name in names):
        return Periods("year", [int(name) for name in names])
    if all(map(date, names)):
        return Periods("month" if len(names[0]) == 7 else "date", [*names])
    if all(re.fullmatch(r"Q[1-4]", name) for name in names):
        return Periods("quarter", [*names])
    match written_dates.read(names):
        case (days, how):
            noun = (
                how.partition("s, ")[0]
                if "first days" in how
                else "month"
                if len(days[names[0]]) == 7
                else "date"
            )
            return Periods(noun, [days[name] for name in names])
        case _:
            pass
    words = [month_names.folded(name) for name in names]
    known = [month_names.english(words), *(one for _, one in _foreign(words))]
    months = any(one and all(one.values()) and len(set(one.values())) == len(names) for one in known)
    return Periods("month", [*names]) if months else None


def _foreign(words: Sequence[str]) -> Sequence[tuple[str, Mapping[str, int]]]:
    """Return the languages whose month names include the words; only for twelve words, as this takes half a second."""
    return month_names.foreign(words) if len(words) == 12 else ()


def _long(
    kind: str, table: Table, columns: Columns, numeric: Sequence[str], found: Periods
) -> tuple[Table, Columns]:
    """Return a long table with one row for each number of a wide table, and the roles of its fields."""
    others = [name for name in table.columns if name not in numeric]
    period, value = _free(found.noun, others), _free(VALUE, others)
    long: dict[str, Sequence[JsonValue]] = {name: list(table.columns[name]) * len(numeric) for name in others}
    long[period] = [cell for cell in found.cells for _ in range(table.rows)]
    long[value] = [cell for name in numeric for cell in numbers(table.columns[name]) or ()]
    units = {table.readings[name].unit if name in table.readings else "" for name in numeric}
    readings = {name: one for name, one in table.readings.items() if name in others}
    readings |= {value: ColumnReading(unit=units.pop())} if len(units) == 1 else {}
    written: dict[JsonValue, str] = {
        cell: name for name, cell in zip(numeric, found.cells, strict=True) if isinstance(cell, str)
    }
    readings[period] = ColumnReading(written=written)
    note = f"columns {numeric[0]!r} to {numeric[-1]!r} are read as one column, {period!r}, with their numbers in {value!r}"
    made = replace(table, columns=long, readings=readings, notes=(*table.notes, note))
    chosen = dict(columns)
    if kind == "heatmap":
        return made, {"x": period, "y": others[0], "color": value, **chosen}
    chosen.setdefault("x", period)
    few = [name for name in others if len(set(map(str, table.columns[name]))) <= len(PALETTE)]
    group = (
        next((name for name in few if name not in chosen.values()), None) if chosen["x"] == period else period
    )
    if group and "color" not in chosen and (group != period or len(numeric) <= len(PALETTE)):
        chosen["color"] = group
    return made, {**chosen, "y": value}


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name = f"{name} "
    return name


def _timed(table: Table, columns: Columns) -> Table:
    """Return a table in which times are read as durations if y uses them, or if no other column is available for y."""
    wanted = columns.get("y")
    if wanted is None and not any(map(numbers, table.columns.values())):
        doubted = [name for name, reading in table.readings.items() if reading.doubt]
        wanted = next((name for name in doubted if name not in columns.values()), None)
    if not isinstance(wanted, str) or wanted not in table.readings or not table.readings[wanted].doubt:
        return table
    texts = [None if is_missing(cell) else str(cell).strip() for cell in table.columns[wanted]]
    found = written_durations.read(wanted, texts, wanted=True)
    if not isinstance(found, written_durations.ReadDurations):
        return table
    return table.reread(wanted, (found.cells, ColumnReading(found.how, found.unit)))


def with_numbers(kind: ChartKind, table: Table, names: Mapping[str, str]) -> Table:
    """Return a table in which texts such as 1.10 next to 1.9 are read as numbers if only numbers are shown."""
    for role in ("x", "y") if kind == "scatter" else ("y",):
        name = names.get(role, "")
        if (
            (reading := table.readings.get(name))
            and reading.doubt
            and (cells := numbers(table.columns[name]))
        ):
            written = max(map(str, table.columns[name]), key=len)
            how = f"numbers, {written!r} as {label(float(written))}"
            table = table.reread(name, (cells, ColumnReading(how)))
    return table


def settled(table: Table, names: Mapping[str, str], frame: ChartFrame) -> tuple[Table, ChartFrame]:
    """Return a table in which dates are read with a date format that all cells of its role match.

    If several formats match, the format of the axis is preferred.
    """
    forms = dict(frame.formats)
    for role in names.keys() & forms.keys():
        name, form = names[role], forms[role]
        if number_formats.of_dates(form):
            forms[role] = form.partition(date_formats.OR)[0]
            if table.type_of(name) == "text":
                table = table.reread(name, column_types.as_dates(table.columns[name], form))
    return table, replace(frame, formats=forms)
