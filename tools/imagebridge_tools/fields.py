"""Which columns of a table a chart shows, and how: named by the caller, else guessed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC
from difflib import get_close_matches

from imagebridge.errors import ArgumentError

from .answer import Json, counted
from .look import PALETTE
from .marks import ROLES, Chart, Kind
from .table import Sort, Table, date, numbers

FACETS = 24
"""Small charts in one picture at most."""

PLACES = 500
"""Categories along an axis, or slices, at most: more take many seconds and nobody can tell them apart."""

_NEARLY = re.compile(r"\W*\d[\d.,'\s]*\W*[^\W\d]{0,3}\W*")
"""Text that people read as a number: 3,5 or $12 or 40 %."""

_WRITTEN = "write numbers as 3.5 or 1200, without units and separators of thousands"


def chart(
    kind: Kind, table: Table, columns: Mapping[str, str], title: str | None, width: int, height: int
) -> Chart:
    """Return what a chart of `kind` shows of the table.

    Raises:
        ArgumentError: a field that does not exist, or holds what this kind cannot show.
    """
    names = _chosen(kind, table, columns)
    sorts: dict[str, Sort] = {role: table.sort(name) for role, name in names.items()}
    cells = {role: list(table.columns[name]) for role, name in names.items()}
    for role in ("x", "y"):
        # Numbers that came as text count as numbers where numbers are shown.
        if sorts[role] == "text" and (role == "y" or kind == "scatter") and (found := numbers(cells[role])):
            cells[role], sorts[role] = found, "number"
    horizontal = kind == "bar" and sorts["x"] == "number" and sorts["y"] != "number"
    _check_numbers(kind, table, names, sorts, value="x" if horizontal else "y")
    # Places and series are told apart by their names, whatever they look like.
    for role in ("x", "y", "color", "facet"):
        places = role == ("y" if horizontal else "x") and kind in ("bar", "pie")
        shades = role == "color" and kind == "scatter" and sorts.get(role) == "number"
        if role in sorts and (places or (role in ("color", "facet") and not shades)):
            sorts[role] = "text"
    zoned = any(sorts.get(role) == "date" and _zoned(cells[role]) for role in ("x", "y"))
    for role in names:
        cells[role] = [_shown(cell, sorts[role], keep=kind == "scatter") for cell in cells[role]]
    rows = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    drawn = Chart(kind, rows, names, sorts, title, width, height, horizontal, zoned)
    for role, most in (("x", PLACES), ("y", PLACES), ("facet", FACETS)):
        if sorts.get(role) == "text" and (count := len(drawn.distinct(role))) > most:
            problem = f"{role} {names[role]!r} has {count:,} different values; at most {most} are shown"
            raise ArgumentError(
                "columns", f"{problem}: add up or leave out some, or draw numbers and dates as a line"
            )
    _check_colors(drawn)
    return _pie(drawn) if kind == "pie" else _summed(drawn) if kind == "bar" else drawn


def _check_colors(drawn: Chart) -> None:
    """Refuse more series than there are colours: the first and the twenty-first would look the same."""
    name = drawn.names.get("color")
    told_elsewhere = name in (drawn.names["x"], drawn.names["y"])
    if drawn.kind == "pie" or drawn.sorts.get("color") != "text" or told_elsewhere:
        return
    count = len(drawn.distinct("color"))
    if count > len(PALETTE):
        facet = ", or name it as facet" if count <= FACETS and "facet" not in drawn.names else ""
        problem = (
            f"color {name!r} has {count:,} different values, and {len(PALETTE)} colors can be told apart"
        )
        raise ArgumentError("columns", f"{problem}: leave out or add up some{facet}")


def _chosen(kind: Kind, table: Table, columns: Mapping[str, str]) -> dict[str, str]:
    for role, name in columns.items():
        if role not in ROLES:
            raise ArgumentError("columns", f"{role!r} is no role; name fields for {', '.join(ROLES)}")
        if not isinstance(name, str) or name not in table.columns:  # pyright: ignore[reportUnnecessaryIsInstance]
            close = get_close_matches(str(name), table.columns, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}? " if close else ""
            told = ", ".join(repr(known) for known in list(table.columns)[:30])
            raise ArgumentError("columns", f"{role} is {name!r}, which is no field; {hint}there are {told}")
    chosen = dict(columns)
    if kind == "pie" and "color" in chosen:  # The slices are the colours: both names mean the same here.
        chosen.setdefault("x", chosen.pop("color"))
    return _guessed(kind, table, chosen)


def _guessed(kind: Kind, table: Table, chosen: dict[str, str]) -> dict[str, str]:
    """Complete x and y: text before dates before numbers along x (a line: dates first), the first numbers in y."""
    free = [name for name in table.columns if name not in chosen.values()]
    order: dict[Kind, tuple[Sort, ...]] = {
        "scatter": ("number", "date", "text"),
        "line": ("date", "text", "number"),
    }
    order["area"] = order["line"]
    sorts = {name: "number" if numbers(table.columns[name]) else table.sort(name) for name in free}
    if "x" not in chosen:
        wanted = order.get(kind, ("text", "date", "number"))
        # One column of numbers is left for y.
        spare = [name for name in free if sorts[name] != "number"]
        enough = kind == "scatter" and len(free) - len(spare) > ("y" not in chosen)
        pool = free if enough else spare or free
        x = next((name for sort in wanted for name in pool if sorts[name] == sort), None)
        if x is None:
            raise ArgumentError("columns", "no field is left for x; name it: columns={'x': ..., 'y': ...}")
        chosen["x"] = x
        free.remove(x)
    if "y" not in chosen:
        y = next((name for name in free if sorts[name] == "number"), None)
        if y is None:
            nearly = _nearly(table, chosen.values())
            hint = f"{nearly}: {_WRITTEN}" if nearly else "name it: columns={'x': ..., 'y': ...}"
            raise ArgumentError("columns", f"no field of numbers is left for y; {hint}")
        chosen["y"] = y
    return {role: chosen[role] for role in ROLES if role in chosen}


def _nearly(table: Table, chosen: Iterable[str]) -> str:
    """Name a column whose texts people would read as numbers, one that nobody chose first; empty if there is none."""
    for name in sorted(table.columns, key=list(chosen).__contains__):
        cells = [cell for cell in table.columns[name] if isinstance(cell, str) and cell]
        if cells and all(map(_is_nearly, cells)):
            example = next((cell for cell in cells if numbers([cell]) is None), cells[0])
            return f"{name!r} holds text such as {example[:40]!r}"
    return ""


def _is_nearly(cell: str) -> bool:
    return len(cell) <= 40 and bool(_NEARLY.fullmatch(cell))


def _check_numbers(
    kind: Kind, table: Table, names: dict[str, str], sorts: dict[str, Sort], value: str
) -> None:
    if kind == "scatter" or sorts[value] == "number":
        return
    name = names[value]
    example = next(
        (cell for cell in table.columns[name] if numbers([cell]) is None and cell is not None), None
    )
    told = ", ".join(repr(other) for other in table.columns if numbers(table.columns[other])) or "none"
    held = "is empty" if example is None else f"holds {str(example)[:40]!r}"
    problem = (
        f"{value} is {name!r}, which {held}; a {kind} chart needs numbers there. Fields of numbers: {told}"
    )
    if isinstance(example, str) and _is_nearly(example):
        problem = f"{value} is {name!r}, which {held}; {_WRITTEN}"
    raise ArgumentError("columns", problem)


def _zoned(cells: Iterable[Json]) -> bool:
    return any(isinstance(cell, str) and (moment := date(cell)) and moment.tzinfo for cell in cells)


def _shown(cell: Json, sort: Sort, *, keep: bool) -> Json:
    """Return a cell as Vega takes it: a number, a moment in UTC, a label."""
    if sort == "number" and (keep or cell is None or isinstance(cell, int | float)):
        return cell
    if sort == "date" and isinstance(cell, str) and (moment := date(cell)):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    return None if sort != "text" and cell is None else label(cell)


def label(cell: Json) -> str:
    """Return a cell in words."""
    if cell is None:
        return "(none)"
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return number(cell)
    return str(cell)


def _summed(drawn: Chart) -> Chart:
    """Add the values of bars that would stand in the same place."""
    value = "x" if drawn.horizontal else "y"
    sums: dict[tuple[Json, ...], dict[str, Json]] = {}
    for row in drawn.rows:
        place = tuple(cell for role, cell in row.items() if role != value)
        below = sums.get(place)
        if below is None:
            sums[place] = dict(row)
        elif isinstance(number := row[value], int | float):
            held = below[value]
            below[value] = number + (held if isinstance(held, int | float) else 0)
    return replace(drawn, rows=list(sums.values()))


def _pie(drawn: Chart) -> Chart:
    """Return the slices: their shares are told in the legend, and on those that have room."""
    roles = {role: drawn.names[role] for role in ("x", "y", "facet") if role in drawn.names}
    kept = [{role: row[role] for role in roles} for row in drawn.rows]
    every = _summed(replace(drawn, rows=kept, names={**roles, "color": roles["x"]}))
    totals: dict[Json, float] = {}
    for row in every.rows:
        if _size(row) < 0:
            told = number(_size(row))
            raise ArgumentError("data", f"{row['x']!r} has {told}; a pie chart shows no negative values")
        totals[row.get("facet")] = totals.get(row.get("facet"), 0) + _size(row)
    if not all(totals.values()):
        raise ArgumentError("data", "the values add up to 0; a pie chart has nothing to show")
    summed = _few(every)
    order = {place: at for at, place in enumerate(summed.distinct("x"))}
    slices: list[dict[str, Json]] = []
    for row in summed.rows:
        share = _size(row) / totals[row.get("facet")]
        told = f"{row['x']}" if "facet" in roles else f"{row['x']} ({share:.1%})"
        mark = f"{share:.0%}" if share >= 0.05 else ""
        slices.append(row | {"color": told, "order": order[row["x"]], "share": mark})
    return replace(summed, rows=slices, sorts={**summed.sorts, "color": "text"})


def _size(row: Mapping[str, Json]) -> float:
    return value if isinstance(value := row["y"], int | float) else 0


def _few(pie: Chart) -> Chart:
    """Return a pie that has a colour for every slice: the smallest are added up to a last one."""
    sizes: dict[Json, float] = {}
    for row in pie.rows:
        sizes[row["x"]] = sizes.get(row["x"], 0) + _size(row)
    if len(sizes) <= len(PALETTE):
        return pie
    kept = sorted(sizes, key=lambda place: sizes[place], reverse=True)[: len(PALETTE) - 1]
    rest = f"the other {len(sizes) - len(kept)}"
    rows = [row for row in pie.rows if row["x"] in kept]
    others = [{**row, "x": rest} for row in pie.rows if row["x"] not in kept]
    return _summed(replace(pie, rows=[*rows, *others], every=pie.rows))


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def number(value: float) -> str:
    """Return a number as people write it: 1,250 or 0.3."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 100_000 else f"{value:,.6g}"


def words(drawn: Chart, table: Table) -> str:
    """Describe a chart to a model that cannot see it: kind, title, fields, rows, the extremes and where they are."""
    title = f' "{drawn.title}"' if drawn.title else ""
    roles = [
        f"{role} {name!r}"
        for role, name in drawn.names.items()
        if not (drawn.kind == "pie" and role == "color")
    ]
    value, place = ("x", "y") if drawn.horizontal else ("y", "x")
    rows = drawn.every or drawn.rows
    said = f"{drawn.kind.capitalize()} chart{title} of {counted(table.rows, 'row')}: {', '.join(roles)}"
    known = [(cell, row) for row in rows if isinstance(cell := row[value], int | float)]
    if drawn.sorts[value] == "number" and known:
        low, high = min(known, key=lambda pair: pair[0]), max(known, key=lambda pair: pair[0])
        said += f"; {drawn.names[value]} from {_at(low, place, drawn)} to {_at(high, place, drawn)}"
    if drawn.kind == "bar" and len(drawn.rows) < table.rows:
        said += f"; rows of the same place are added up to {len(drawn.rows):,} bars"
    if drawn.every:
        said += f"; the smallest {_merged(drawn)} are one slice"
    if missing := len(rows) - len(known):
        told = f"; left out: {counted(missing, 'row')} without a number"
        said += told if drawn.sorts[value] == "number" else ""
    unused = [repr(name) for name in table.columns if name not in drawn.names.values()]
    return said + (f"; not drawn: {', '.join(unused[:10])}" if unused else "")


def _merged(pie: Chart) -> int:
    """Return how many slices of a pie were added up."""
    shown = pie.distinct("x")
    return len({str(row["x"]) for row in pie.every if row["x"] not in shown})


def _at(pair: tuple[float, dict[str, Json]], place: str, drawn: Chart) -> str:
    value, row = pair
    where = [row[place], *(row[role] for role in ("color", "facet") if role in row and drawn.kind != "pie")]
    told = [_short(label(cell)) for cell in where]
    if drawn.sorts[place] == "date" and told[0].endswith("+00:00"):
        moment = told[0].removesuffix("T00:00:00+00:00").removesuffix("+00:00").replace("T", " ")
        told[0] = f"{moment} UTC" if drawn.zoned else moment
    return f"{number(value)} ({', '.join(dict.fromkeys(told))})"
