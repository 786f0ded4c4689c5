"""Assigns the fields of a table to the roles of a chart: as the caller specifies, or else by guessing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from imagebridge.errors import ArgumentError, nearest
from imagebridge_tools.tables.cells import is_missing, numbers
from imagebridge_tools.tables.column_types import CODES
from imagebridge_tools.tables.table import ColumnType, Table
from imagebridge_tools.tool_output import JsonValue, nearest_allowed

from .chart_options import ChartKind, Columns
from .plan import ROLES
from .theme import PALETTE

_NEARLY = re.compile(r"\W*\d[\d.,'\s]*\W*[^\W\d]{0,3}\W*")
"""Text that people read as a number, such as 3,5 or $12 or 40 %."""

WRITTEN = "give numbers in its cells, leave cells without a number empty, or name another field"


def fields_by_role(kind: ChartKind, table: Table, columns: Mapping[str, str]) -> dict[str, str]:
    """Return the field of each role.

    Raises:
        ArgumentError: a role or field does not exist, or no field is left that this kind can show.
    """
    for role, name in columns.items():
        if role not in ROLES:
            raise ArgumentError("columns", f"{role!r} is not a role; {nearest_allowed(role, ROLES)}")
        check_name(role, name, table)
    chosen = dict(columns)
    if kind == "pie" and "color" in chosen:  # The slices are the colours: both names mean the same here.
        chosen.setdefault("x", chosen.pop("color"))
    if kind == "histogram" and "y" in chosen:
        raise ArgumentError("columns", "a histogram counts the rows along x, so it does not accept y")
    return _guessed(kind, table, chosen)


COUNT = "count"
"""The name for y when rows are counted, unless a field has this name."""


def wrong(table: Table, columns: Mapping[str, object]) -> list[ArgumentError]:
    """Return errors for all roles and fields that the caller names but that do not exist."""
    errors: list[ArgumentError] = []
    for role, name in columns.items():
        if role not in ROLES:
            errors.append(ArgumentError("columns", f"{role!r} is not a role; {nearest_allowed(role, ROLES)}"))
            continue
        several = cast("Sequence[object]", name) if isinstance(name, list | tuple) else (name,)
        for one in several:
            if role == "y" and one == COUNT:
                continue
            try:
                check_name(role, one, table)
            except ArgumentError as error:
                errors.append(error)
    return errors


def check_name(role: str, name: object, table: Table) -> None:
    """Raise an error if a field does not exist, and suggest the most similar one."""
    if not isinstance(name, str) or name not in table.columns:
        near = nearest(str(name), table.columns, 0.5)
        hint = f"did you mean {near!r}? " if near else ""
        names = ", ".join(repr(known) for known in list(table.columns)[:30])
        raise ArgumentError("columns", f"{role} is {name!r}, which is not a field; {hint}fields are {names}")


_ORDERS: dict[ChartKind, tuple[ColumnType, ...]] = {
    "scatter": ("number", "date", "text"),
    "histogram": ("number", "date", "text"),
    "line": ("date", "text", "number"),
    "area": ("date", "text", "number"),
}
"""The preferred types of x, by kind, if the caller does not name a field; other kinds prefer text, then dates."""


def _with_fields_called_like_roles(kind: ChartKind, table: Table, chosen: dict[str, str]) -> dict[str, str]:
    """Return the chosen fields and those with the name of a role, if this kind can show them in that role."""
    fields = dict(chosen)
    for role in ROLES:
        if role in fields or role not in table.columns or role in chosen.values():
            continue
        number = bool(numbers(table.columns[role]))
        takes = {
            "x": kind != "box" or not number,
            "y": number if kind not in ("histogram", "heatmap") else kind == "heatmap",
            "color": number if kind == "heatmap" else kind not in ("pie", "box"),
            "facet": not number,
        }
        if takes[role]:
            fields[role] = role
    return fields


def _guessed(kind: ChartKind, table: Table, chosen: dict[str, str]) -> dict[str, str]:
    """Fill in x and the role of the numbers with the first fields whose types suit this kind."""
    chosen = _with_fields_called_like_roles(kind, table, chosen)
    free = [name for name in table.columns if name not in chosen.values()]
    doubted = {name for name, reading in table.readings.items() if reading.doubt}
    doubted |= {
        name for name in free if CODES.search(name.casefold()) and str in map(type, table.columns[name])
    }
    types = {
        name: "number" if name not in doubted and numbers(table.columns[name]) else table.type_of(name)
        for name in free
    }
    years = [name for name in free if are_years(name, table.columns[name])]
    known = [
        name for name in free if types[name] == "number" and name not in years and not _is_identifier(name)
    ]
    if known:  # A column that numbers or dates the rows is not what they are about.
        types |= dict.fromkeys(years, "date")
        free.sort(key=_is_identifier)
    wanted = _ORDERS.get(kind, ("text", "date", "number"))
    if "x" not in chosen:
        # One column of numbers is left for y.
        spare = [name for name in free if types[name] != "number"]
        enough = kind == "histogram" or (kind == "scatter" and len(free) - len(spare) > ("y" not in chosen))
        pool = free if enough else spare if spare or kind == "box" else free
        if kind not in ("scatter", "histogram") and all(types[name] == "number" for name in pool):
            pool = sorted(pool, key=_is_identifier, reverse=True)
        if kind not in ("scatter", "histogram"):  # If all rows are there, it says nothing about them.
            pool = [name for name in pool if len(set(map(str, table.columns[name]))) > 1] or pool
        x = next((name for column_type in wanted for name in pool if types[name] == column_type), None)
        if x is None and kind != "box":
            raise ArgumentError("columns", "no field is left for x; name it: columns={'x': ..., 'y': ...}")
        if x is not None:
            chosen["x"] = x
            free.remove(x)
    if kind == "heatmap":
        if "y" not in chosen:
            y = next((name for column_type in wanted for name in free if types[name] == column_type), None)
            if y is None:
                raise ArgumentError(
                    "columns", "no field is left for y; name it: columns={'x': ..., 'y': ...}"
                )
            chosen["y"] = y
            free.remove(y)
        number_field = next((name for name in free if types[name] == "number"), None)
        dense = all(many(table.columns[chosen[role]], table.type_of(chosen[role])) for role in "xy")
        if "color" not in chosen and number_field and not dense:
            chosen["color"] = number_field
    elif "y" not in chosen and kind != "histogram":
        y = next((name for name in free if types[name] == "number"), None)
        if y is None:
            nearly = _nearly(table, chosen.values())
            hint = nearly or _what_there_is(table)
            raise ArgumentError("columns", f"no numeric field is left for y; {hint}")
        chosen["y"] = y
    if kind in ("line", "area") and "color" not in chosen and (series := _series(table, chosen)):
        chosen["color"] = series
    return {role: chosen[role] for role in ROLES if role in chosen}


_IDENTIFIER = re.compile(
    r"(?:^|[\W_])(?:id|ids|uid|uuid|nr|no|idx|index|key|code|zip|plz)\.?$|^(?:#|№|n°|row|unnamed: 0|record( \(rn\))?)$",
    re.IGNORECASE,
)
"""Matches the names of columns that identify rows."""

_YEARS = re.compile(r"year|yr|jahr|año|\bano\b|année|annee|\banno\b|\bår\b|\brok\b|год|年", re.IGNORECASE)
"""Matches the names of columns that contain years."""


def _is_identifier(name: str) -> bool:
    return bool(_IDENTIFIER.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)))


def are_years(name: str, cells: Sequence[JsonValue]) -> bool:
    """Return whether a column contains years: whole numbers, in a column with no name or one that means years."""
    known = [cell for cell in cells if cell is not None]
    first, last = (1000, 3000) if _YEARS.search(name) else (1900, 2100)
    may_be = bool(_YEARS.search(name) or re.fullmatch(r"column \d+", name))
    return may_be and bool(known) and all(isinstance(cell, int) and first <= cell < last for cell in known)


def _series(table: Table, chosen: Mapping[str, str]) -> str | None:
    """Return a field that distinguishes rows with the same x, where a single line would zigzag, or None."""
    # As text, because a cell of JSON may be a list or an object.
    texts = {name: list(map(str, cells)) for name, cells in table.columns.items()}
    places = list(zip(*(texts[chosen[role]] for role in ("x", "facet") if role in chosen), strict=True))
    if len(set(places)) == len(places):
        return None
    for name, cells in texts.items():
        few = (
            name not in chosen.values() and table.type_of(name) == "text" and len(set(cells)) <= len(PALETTE)
        )
        if few and len(set(zip(places, cells, strict=True))) == len(places):
            return name
    return None


def _what_there_is(table: Table) -> str:
    """List the fields with the first value of each, and suggest to count rows instead."""
    examples = ", ".join(
        f"{name!r} ({next((str(cell) for cell in cells if cell is not None), 'empty')[:30]!r})"
        for name, cells in list(table.columns.items())[:10]
    )
    return f"there are {examples}: give a numeric field, or count rows with columns={{'y': 'count'}}"


def meant(table: Table, columns: Columns) -> Columns:
    """Correct names of fields that differ only in case and spaces, or are numbers."""
    plain: dict[str, list[str]] = {}
    for name in table.columns:
        plain.setdefault(name.strip().casefold(), []).append(name)

    def own(name: object) -> object:
        if not isinstance(name, str | int) or name in table.columns or name == COUNT:
            return name
        known = plain.get(str(name).strip().casefold(), ())
        return known[0] if len(known) == 1 else name

    # A value that is not a name at all is left for `wrong` to report.
    fields = {
        role: [own(one) for one in cast("Sequence[object]", name)]
        if isinstance(name, list | tuple)
        else own(name)
        for role, name in columns.items()
    }
    return cast("Columns", fields)


def _nearly(table: Table, chosen: Iterable[str]) -> str:
    """Describe a column of numbers with exceptions, or of texts that people would read as numbers, preferably an unused
    column. Return an empty string if there is none.
    """
    chosen_names = set(chosen)
    for name, reading in table.readings.items():
        if reading.doubt and name not in chosen_names:
            return f"{name!r} does not contain numbers: {reading.doubt}"
    for name in sorted(table.columns, key=chosen_names.__contains__):
        cells = [cell for cell in table.columns[name] if isinstance(cell, str) and cell]
        if cells and all(map(is_nearly, cells)):
            example = next((cell for cell in cells if numbers([cell]) is None), cells[0])
            return f"{name!r} contains text such as {example[:40]!r}: {WRITTEN}"
    for name, column in table.columns.items():
        others = [(row, cell) for row, cell in enumerate(column, 1) if is_no_number(cell)]
        if others and sum(not is_missing(cell) for cell in column) >= 2 * len(others):
            row, cell = others[0]
            held = f"{name!r} contains {str(cell)[:40]!r} in row {row:,}"
            return f"{held} (a missing number is an empty cell or null): {WRITTEN}"
    return ""


def is_no_number(cell: JsonValue) -> bool:
    """Return whether a cell is neither a number nor missing."""
    return not is_missing(cell) and numbers([cell]) is None


def is_nearly(cell: str) -> bool:
    """Return whether people would read a text as a number."""
    return len(cell) <= 40 and bool(_NEARLY.fullmatch(cell))


def many(cells: Sequence[JsonValue], column_type: ColumnType) -> bool:
    """Return whether a column has too many different numbers or dates to show as separate positions."""
    return column_type != "text" and len(set(cells)) > 60
