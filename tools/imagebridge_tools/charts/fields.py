"""Selects the fields of a table that a chart shows, and puts each cell into the form that its axis requires."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from functools import partial
from typing import TypeVar

from imagebridge.errors import ArgumentError, counted
from imagebridge_tools.mistakes import Mistakes
from imagebridge_tools.tables import written_numbers
from imagebridge_tools.tables.cells import date, numbers, position
from imagebridge_tools.tables.column_types import ColumnReading
from imagebridge_tools.tables.table import ColumnType, Table
from imagebridge_tools.tool_output import JsonValue, label

from . import arrange, number_formats, roles
from .chart_options import ChartKind, Columns, Options, Stack
from .gather import gathered, size
from .plan import LAYERS, Chart
from .theme import PALETTE, ChartFrame

_T = TypeVar("_T")

FACETS = 24
"""The maximum number of small charts in one picture."""

LETTERS = 500
"""The maximum number of characters in a label or title."""

NOTHING = Options()
"""The options of a chart for which none are specified."""

PLACES = 500
"""The maximum number of categories along an axis, or of slices; more take many seconds and cannot be told apart."""


def build_chart(
    kinds: Sequence[ChartKind],
    table: Table,
    columns: Columns,
    frame: ChartFrame,
    stack: Stack = None,
    options: Options = NOTHING,
) -> Chart:
    """Return a chart of the table: of one kind, or of a kind for each y field, with the kinds drawn on top of each
    other.

    Raises:
        ArgumentError: a field does not exist, or contains values that this kind cannot show.
    """
    kind = "bar" if "bar" in kinds else kinds[0]
    table, columns, options = _counted(kind, table, columns, options)
    table, chosen, several = _unfolded(kinds, table, columns)
    names = roles.fields_by_role(kind, table, chosen)
    table, frame = arrange.settled(arrange.with_numbers(kind, table, names), names, frame)
    chart = _prepared_chart(
        kind,
        table,
        names,
        frame,
        mistakes := Mistakes(),
        layered=len(kinds) > 1,
        noun="cell" if several else "row",
        how=options.aggregate.replace("count", ""),
    )
    if several:
        units = {name: table.readings[name].unit for name in several if name in table.readings}
        chart = replace(chart, names={**chart.names, "color": ""}, units=units)
    if len(kinds) > 1:
        chart = mistakes.of(partial(_layered, chart, kinds, several)) or chart
    for role, most in (("x", PLACES), ("y", PLACES), ("facet", FACETS)):
        if chart.types.get(role) == "text" and (count := len(chart.distinct(role))) > most:
            problem = f"{role} {names[role]!r} has {count:,} different values; at most {most} are shown"
            problem = f"{problem}: combine or leave out some, or draw numbers and dates as a line"
            mistakes.add(ArgumentError("columns", problem))
    _check_words(chart, mistakes)
    mistakes.of(lambda: _check_colors(chart))
    shown = {name: role for role, name in names.items()} | dict.fromkeys(several, "y")
    readings = table.description(shown, shown)
    return gathered(replace(chart, stack=stack, readings=readings, options=options), mistakes)


def _counted(
    kind: ChartKind, table: Table, columns: Columns, options: Options
) -> tuple[Table, Columns, Options]:
    """Return a table with a column to count its rows, if a chart of counts is requested or there are no other numbers."""
    named = columns.get("y") == roles.COUNT and roles.COUNT not in table.columns
    alone = (
        kind in ("bar", "pie")
        and "y" not in columns
        and not any(numbers(cells) for name, cells in table.columns.items() if name not in columns.values())
        and not any(one.doubt for name, one in table.readings.items() if name not in columns.values())
        and "x" in columns
    )
    if not named and not alone and options.aggregate != "count":
        return table, columns, options
    if kind == "heatmap":  # Its counts are colours: both of its positions are fields.
        places = {role: one for role, one in columns.items() if not (named and role == "y")}
        return table, places, replace(options, aggregate="count")
    name = roles.COUNT
    while name in table.columns:
        name = f"{name} "
    counts: Sequence[JsonValue] = [1] * table.rows
    counted_table = replace(table, columns={**table.columns, name: counts})
    return counted_table, {**columns, "y": name}, replace(options, aggregate="count")


def _unfolded(
    kinds: Sequence[ChartKind], table: Table, columns: Columns
) -> tuple[Table, dict[str, str], tuple[str, ...]]:
    """Return a table in which several y fields are combined into one column, with their names in another column."""
    y_fields = columns.get("y", "")
    plain = {role: name for role, name in columns.items() if isinstance(name, str)}
    ys = tuple(dict.fromkeys(y_fields)) if not isinstance(y_fields, str) else ()
    if other := next((role for role in columns if role not in plain and role != "y"), None):
        raise ArgumentError("columns", f"{other} accepts one field; only y accepts several")
    if len(ys) == 1:
        return table, {**plain, "y": ys[0]}, ()
    if not ys:
        return table, plain, ()
    mistakes = Mistakes()
    if len(kinds) not in (1, len(ys)):
        problem = f"has {len(kinds)} kinds for {len(ys)} y fields; give one kind per field, or a single kind"
        mistakes.add(ArgumentError("kind", problem))
    if not set(kinds) <= set(LAYERS):
        mistakes.add(ArgumentError("columns", f"only {', '.join(LAYERS)} accept several y fields"))
    if "color" in plain:
        problem = "color works only with a single y field, because several fields already have one color each"
        mistakes.add(ArgumentError("columns", problem))
    for name in ys:
        mistakes.of(lambda name=name: roles.check_name("y", name, table))
    mistakes.of(lambda: _check_currencies(table, ys))
    mistakes.tell()
    title, series = ", ".join(ys), "series"
    rest = {name: cells for name, cells in table.columns.items() if name not in ys}
    while series in rest or title in rest:
        series, title = f"{series} ", f"{title} "
    long: dict[str, Sequence[JsonValue]] = {name: list(cells) * len(ys) for name, cells in rest.items()}
    long[title] = [cell for name in ys for cell in numbers(table.columns[name]) or table.columns[name]]
    long[series] = [name for name in ys for _ in range(table.rows)]
    units = {table.readings[name].unit if name in table.readings else "" for name in ys}
    several = {title: ColumnReading(unit=units.pop())} if len(units) == 1 else {}
    return Table(long, {**table.readings, **several}), {**plain, "y": title, "color": series}, ys


def _check_currencies(table: Table, ys: Sequence[str]) -> None:
    """Raise an error if one axis has amounts in several currencies, which cannot be compared."""
    units = {name: table.readings[name].unit for name in ys if name in table.readings}
    money = {unit: name for name, unit in units.items() if written_numbers.is_money(unit)}
    if mixed := written_numbers.different(list(money)):
        told = " and ".join(f"{money[unit]!r} in {unit}" for unit in mixed)
        raise ArgumentError(
            "columns",
            f"y has {told}, which cannot share an axis; draw a separate chart for each, or convert them to "
            "one currency",
        )


def _prepared_chart(
    kind: ChartKind,
    table: Table,
    names: dict[str, str],
    frame: ChartFrame,
    mistakes: Mistakes,
    *,
    layered: bool,
    noun: str,
    how: str = "",
) -> Chart:
    """Return a chart with each cell in the form that its axis requires; formats that do not fit are recorded as
    mistakes.

    noun: the word for each row of the caller's table.
    """
    types: dict[str, ColumnType] = {role: table.type_of(name) for role, name in names.items()}
    cells = {role: list(table.columns[name]) for role, name in names.items()}
    for role in ("x", "y", "color"):
        # Numbers that arrived as text count as numbers where numbers are shown.
        is_number_role = role == _value(kind) or role == "y" or (role == "x" and kind == "scatter")
        if types.get(role) == "text" and is_number_role and (values := numbers(cells[role])):
            cells[role], types[role] = values, "number"
    horizontal = (
        kind in ("bar", "box") and not layered and types.get("x") == "number" and types["y"] != "number"
    )
    if horizontal and kind == "box":
        names, cells = _swapped(names), _swapped(cells)
        types = _swapped(types)
        frame = replace(frame, titles=_renamed(frame.titles), formats=_renamed(frame.formats))
    value = "x" if horizontal and kind == "bar" else _value(kind)
    if value in names:
        _check_numbers(kind, table, names, types, value)
    dense = (
        kind == "heatmap"
        and not {"color", "facet"} & set(names)
        and all(roles.many(cells[role], types[role]) for role in "xy")
    )
    if kind == "pie":  # The slices are the colours, as in `roles.fields_by_role`.
        frame = replace(
            frame, formats={_SLICES.get(role, role): form for role, form in frame.formats.items()}
        )
    counts = {"histogram": "y", "heatmap": "color"}.get(kind)
    for role, form in frame.formats.items():
        mistakes.of(partial(number_formats.check_role, role, form, names, counts))
    places = [role for role in types if not dense and _is_place(role, kind, types, horizontal=horizontal)]
    # Dates that are written as names are no longer recognisable as dates.
    dated = [
        role
        for role in ("x", "y")
        if role in places and (types[role] == "date" or roles.are_years(names[role], cells[role]))
    ]
    if kind != "pie" and dated:
        cells = _ordered(cells, dated)
    # Positions and series are distinguished by their names, whatever these look like.
    for role in types:
        form = frame.formats.get(role)
        if form and role not in places:
            mistakes.of(partial(number_formats.check_axis, role, names[role], types[role], form))
        if form and role in places:
            written = partial(number_formats.places, role, names[role], cells[role], types[role], form)
            cells[role] = mistakes.of(written) or cells[role]
        elif role in places and (reading := table.readings.get(names[role])):
            cells[role] = reading.as_written(cells[role])
        if role in places:
            types[role] = "text"
    frame = _measured(table, names, types, cells, frame, {value: how} if how else {})
    zoned = any(types.get(role) == "date" and _zoned(cells[role]) for role in ("x", "y"))
    keep = kind == "scatter" and not layered
    for role in names:
        if types[role] != "number" or not keep:
            cells[role] = [_vega_value(cell, types[role], keep=keep) for cell in cells[role]]
    if kind == "box" and "x" not in names:
        names, cells = {"x": "", **names}, {"x": [""] * table.rows, **cells}
        types = {"x": "text", **types}
    rows = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    return Chart(kind, rows, names, types, frame, horizontal, zoned, missing=_missing(cells, types, noun))


def _measured(
    table: Table,
    names: Mapping[str, str],
    types: Mapping[str, ColumnType],
    cells: dict[str, list[JsonValue]],
    frame: ChartFrame,
    how: Mapping[str, str],
) -> ChartFrame:
    """Add units and the words for `how` rows are combined to titles; with a percent format, divide percentages by 100."""
    titles: dict[str, str] = {}
    for role in ("x", "y", "color"):
        if role not in names or types[role] != "number":
            continue
        before = f"{how[role]} of " if role in how else ""
        unit = table.readings[names[role]].unit if names[role] in table.readings else ""
        if unit == "%" and frame.formats.get(role, "").endswith("%"):
            cells[role] = [cell / 100 if isinstance(cell, int | float) else cell for cell in cells[role]]
            unit = ""
        if before or unit:
            titles[role] = f"{before}{names[role]}" + (f" ({unit})" if unit else "")
    return replace(frame, titles={**titles, **frame.titles})


def _missing(cells: Mapping[str, Sequence[JsonValue]], types: Mapping[str, ColumnType], noun: str) -> str:
    """Return a remark on rows, or cells of several fields, that are not drawn because they lack a number or date."""
    lacking = {
        role: column_type
        for role, column_type in types.items()
        if column_type != "text" and None in cells[role]
    }
    if not lacking:
        return ""
    count = sum(None in row for row in zip(*(cells[role] for role in lacking), strict=True))
    return f"{counted(count, noun)} without a {' or '.join(dict.fromkeys(lacking.values()))}"


def _swapped(roles: dict[str, _T]) -> dict[str, _T]:
    """Return roles with x and y swapped: horizontal boxes have categories in y, but are drawn like vertical ones."""
    return {**roles, "x": roles["y"], "y": roles["x"]}


def _ordered(cells: dict[str, list[JsonValue]], by: Sequence[str]) -> dict[str, list[JsonValue]]:
    """Return columns with their rows ordered by the dates of some roles; rows without a date come last."""
    places = ([position(cell) for cell in cells[role]] for role in by)
    keys = [tuple(math.inf if place is None else place for place in key) for key in zip(*places, strict=True)]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return {role: [column[at] for at in order] for role, column in cells.items()}


_SLICES = {"color": "x"}


def _renamed(words: Mapping[str, str]) -> dict[str, str]:
    """Return texts by role with x and y swapped."""
    return {{"x": "y", "y": "x"}.get(role, role): text for role, text in words.items()}


def _value(kind: ChartKind) -> str:
    """Return the role that shows numbers in a kind of chart."""
    return {"histogram": "x", "heatmap": "color"}.get(kind, "y")


def _is_place(role: str, kind: ChartKind, types: Mapping[str, ColumnType], *, horizontal: bool) -> bool:
    """Return whether a role distinguishes rows by names, rather than along an axis of numbers or dates."""
    if role == "facet":
        return True
    if role == "color":
        return kind != "heatmap" and not (kind == "scatter" and types["color"] == "number")
    if kind == "heatmap":
        return True
    return role == ("y" if horizontal and kind == "bar" else "x") and kind in ("bar", "box", "pie")


def _layered(chart: Chart, kinds: Sequence[ChartKind], series: Sequence[str]) -> Chart:
    """Return a chart of several kinds, with a second axis if one has a different unit, or would look flat on the first."""
    if not set(kinds) <= set(LAYERS):
        raise ArgumentError("kind", f"only {', '.join(LAYERS)} can be drawn on top of one another")
    if len(set(kinds)) < len(kinds) and not series:
        raise ArgumentError("kind", "contains the same kind twice; give one y field for each kind")
    layers: dict[ChartKind, list[str]] = {
        kind: [] for kind in sorted(kinds, key=("area", "bar", "line", "scatter").index)
    }
    for kind, name in zip(kinds, series, strict=False):
        layers[kind].append(name)
    right: Sequence[str] = ()
    if len(layers) == 2 and series:
        first, second = layers.values()
        tall = [
            max((abs(size(row)) for row in chart.rows if row["color"] in names), default=0)
            for names in (first, second)
        ]
        units = [chart.units.get(name, "") for name in (*first, *second)]
        apart = max(tall) > 10 * min(tall) > 0 or (all(units) and written_numbers.different(units))
        right = second if apart else ()
    return replace(chart, layers=layers, right=right)


def _check_colors(chart: Chart) -> None:
    """Raise an error if there are more series than colours: the first and the twenty-first would look the same."""
    name = chart.names.get("color")
    told_elsewhere = name in (chart.names["x"], chart.names.get("y"))
    if chart.kind == "pie" or chart.types.get("color") != "text" or told_elsewhere:
        return
    count = len(chart.distinct("color"))
    if count > len(PALETTE):
        facet = ", or name it as facet" if count <= FACETS and "facet" not in chart.names else ""
        problem = (
            f"color {name!r} has {count:,} different values, but only {len(PALETTE)} colors can be told apart"
        )
        raise ArgumentError("columns", f"{problem}: leave out or combine some{facet}")


def _check_words(chart: Chart, mistakes: Mistakes) -> None:
    """Record texts that are too long for any chart, and that would take minutes to measure."""
    for role, name in chart.names.items():
        if len(name) > LETTERS:
            problem = f"{role} is a field whose name has {len(name):,} characters; the limit is {LETTERS}"
            mistakes.add(ArgumentError("columns", problem))
        if chart.types[role] == "text":
            longest = max((len(cell) for cell in chart.distinct(role) if isinstance(cell, str)), default=0)
            if longest > LETTERS:
                problem = f"{name!r} contains a value of {longest:,} characters; the limit is {LETTERS}"
                mistakes.add(ArgumentError("data", problem))


def _check_numbers(
    kind: ChartKind, table: Table, names: dict[str, str], types: dict[str, ColumnType], value: str
) -> None:
    if kind in ("scatter", "histogram") or types[value] == "number":
        return
    name = names[value]
    if (reading := table.readings.get(name)) and reading.doubt:
        raise ArgumentError(
            "columns", f"{value} is {name!r}, which does not contain numbers: {reading.doubt}"
        )
    example = next((cell for cell in table.columns[name] if roles.is_no_number(cell)), None)
    number_fields = (
        ", ".join(repr(other) for other in table.columns if numbers(table.columns[other])) or "none"
    )
    held = "is empty" if example is None else f"contains {str(example)[:40]!r}"
    problem = f"{value} is {name!r}, which {held}; a {kind} {'' if kind == 'heatmap' else 'chart '}needs numbers there. Numeric fields: {number_fields}"
    if isinstance(example, str) and roles.is_nearly(example):
        problem = f"{value} is {name!r}, which {held}; {roles.WRITTEN}"
    raise ArgumentError("columns", problem)


def _zoned(cells: Iterable[JsonValue]) -> bool:
    return any(isinstance(cell, str) and (moment := date(cell)) and moment.tzinfo for cell in cells)


def _vega_value(cell: JsonValue, column_type: ColumnType, *, keep: bool) -> JsonValue:
    """Return a cell in the form that Vega reads: a number, a moment in UTC, or a label."""
    if column_type == "number" and (keep or cell is None or isinstance(cell, int | float)):
        return cell
    if column_type == "date" and isinstance(cell, str) and (moment := date(cell)):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    return None if column_type != "text" and cell is None else label(cell)
