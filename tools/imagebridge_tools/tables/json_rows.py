"""Finds rows in JSON as programs return it: inside a response, with nested objects, or with separate names."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeGuard, cast

from imagebridge_tools.tool_output import JsonValue

_DEPTH = 4
"""The maximum depth to which a response is searched for rows."""

_NAMES = ("columns", "fields", "header", "headers", "names")
_ROWS = ("data", "rows", "values", "results", "records", "items")

RowObjects = Sequence[Mapping[str, JsonValue]]


def rows(data: JsonValue) -> tuple[RowObjects, str] | None:
    """Return the rows in JSON, with nested objects flattened, and a remark on their position; None if there are none."""
    if isinstance(data, Mapping):
        return _apart(data) or _series(data) or _rows_inside(data) or _keyed(data)
    if isinstance(data, Sequence) and not isinstance(data, str) and data:
        if all(isinstance(row, dict | Mapping) for row in data):
            return flat(cast("RowObjects", data)), ""
        if len(data) > 1 and all(map(_is_list, data)) and (row_objects := _listed(data[0], data[1:])):
            return row_objects, ""
        return _unnamed(data)
    return None


def _unnamed(data: Sequence[JsonValue]) -> tuple[RowObjects, str] | None:
    """Return rows that are lists of equal length without a header, and a remark on it, or None."""
    lists = [one for one in data if _is_list(one) and one]
    if len(lists) < len(data) or len(set(map(len, lists))) > 1:
        return None
    if any(_is_list(cell) or isinstance(cell, Mapping) for one in lists for cell in one):
        return None
    names = [f"column {at}" for at in range(1, len(lists[0]) + 1)]
    return [dict(zip(names, one, strict=True)) for one in lists], "there is no row of column names"


def flat(data: RowObjects) -> RowObjects:
    """Flatten objects inside rows: `{"stats": {"views": 3}}` becomes `{"stats.views": 3}`."""
    if not any(isinstance(cell, dict) for row in data for cell in row.values()):
        return data
    return [dict(_flat_cells(row)) for row in data]


def _flat_cells(
    row: Mapping[str, JsonValue], before: str = "", depth: int = _DEPTH
) -> Iterator[tuple[str, JsonValue]]:
    for name, cell in row.items():
        if isinstance(cell, Mapping) and cell and depth:
            yield from _flat_cells(cell, f"{before}{name}.", depth - 1)
        else:
            yield f"{before}{name}", cell


def _apart(data: Mapping[str, JsonValue]) -> tuple[RowObjects, str] | None:
    """Return the rows of an object that contains the names of its columns in one list and the rows in another."""
    for names in (data.get(key) for key in _NAMES):
        for lists in (data.get(key) for key in _ROWS):
            if _is_list(names) and _is_list(lists) and lists and all(map(_is_list, lists)):
                titles = [one.get("name") if isinstance(one, Mapping) else one for one in names]
                if row_objects := _listed(titles, lists):
                    return row_objects, ""
    return None


def _listed(names: JsonValue, lists: Sequence[JsonValue]) -> RowObjects | None:
    """Convert rows that are lists to objects with these names, or return None if they do not match."""
    if not _is_list(names) or not all(isinstance(name, str) for name in names):
        return None
    titles, cells = list(map(str, names)), [one for one in lists if _is_list(one) and len(one) == len(names)]
    if len(cells) < len(lists) or len(set(titles)) < len(titles):
        return None
    return flat([dict(zip(titles, one, strict=True)) for one in cells])


def _series(data: Mapping[str, JsonValue]) -> tuple[RowObjects, str] | None:
    """Return the rows in labels and datasets, as Chart.js uses them."""
    labels, datasets = data.get("labels"), data.get("datasets")
    if not (_is_list(labels) and labels and _is_list(datasets) and datasets):
        return None
    columns: dict[str, JsonValue] = {"label": labels}
    for at, one in enumerate(datasets, 1):
        if not isinstance(one, Mapping):
            return None
        columns[str(one.get("label") or f"dataset {at}")] = one.get("data")
    found = _beside(columns) if len(columns) == len(datasets) + 1 else None
    return (found, "") if found else None


def _beside(data: Mapping[str, JsonValue]) -> RowObjects | None:
    """Return the rows of an object with at least two columns of equal length, or None for anything else."""
    columns = [cells for cells in data.values() if _is_list(cells) and cells]
    if len(columns) < max(2, len(data)) or len(set(map(len, columns))) > 1:
        return None
    if any(isinstance(cell, Mapping) or _is_list(cell) for cells in columns for cell in cells):
        return None
    return [dict(zip(data, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _rows_inside(data: Mapping[str, JsonValue]) -> tuple[RowObjects, str] | None:
    """Return the longest list of rows anywhere in a program's response, and its position."""
    lists_by_place = sorted(_inside(data, ""), key=lambda one: -len(one[1]))
    if not lists_by_place:
        return None
    place, lists = lists_by_place[0]
    table_rows = rows(lists)
    others = ", ".join(repr(other) for other, _ in lists_by_place[1:4])
    return (
        (table_rows[0], f"rows of {place!r}" + (f"; there are others in {others}" if others else ""))
        if table_rows
        else None
    )


def _inside(
    data: Mapping[str, JsonValue], before: str, depth: int = _DEPTH
) -> Iterator[tuple[str, Sequence[JsonValue]]]:
    for name, part in data.items():
        if isinstance(part, Mapping) and (beside := _beside(part)):
            yield f"{before}{name}", beside
        elif isinstance(part, Mapping) and depth:
            yield from _inside(part, f"{before}{name}.", depth - 1)
        elif _is_list(part) and part and rows(part):
            yield f"{before}{name}", part


def _keyed(data: Mapping[str, JsonValue]) -> tuple[RowObjects, str] | None:
    """Return the rows of an object whose keys name rows (or columns, if the inner keys are numbers of rows)."""
    values = list(data.values())
    if len(values) > 1 and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    ):
        return [{"name": name, "value": value} for name, value in data.items()], ""
    if not values or not all(isinstance(value, Mapping) and value for value in values):
        return None
    inner = [value for value in values if isinstance(value, Mapping)]
    keys = list(dict.fromkeys(chain.from_iterable(inner)))
    if all(key.isdigit() for key in keys):
        return flat(
            [{name: column.get(key) for name, column in zip(data, inner, strict=True)} for key in keys]
        ), ""
    return flat([{"name": name, **row} for name, row in zip(data, inner, strict=True)]), ""


def _is_list(value: JsonValue) -> TypeGuard[Sequence[JsonValue]]:
    return isinstance(value, list | tuple)
