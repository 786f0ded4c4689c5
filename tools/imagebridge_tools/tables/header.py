"""The table in a grid of cells, as programs export it: titles and comments above the header, repeated and empty names."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from imagebridge.errors import ArgumentError
from imagebridge_tools.answer import JsonValue, counted

from .cells import check_size

GridLine = tuple[int, Sequence[JsonValue]]
"""The number of a line in its file, counted from 1, and its cells."""

_SEEN = 200
"""Lines from which the usual number of cells is known."""


class FoundTable(NamedTuple):
    """A table: its columns, and words on what stands around it and how its names came about."""

    columns: dict[str, list[JsonValue]]
    notes: list[str]


def table(lines: Sequence[GridLine], noun: str = "line") -> FoundTable:
    """Return the table that some lines hold, without those that are empty; `noun` is what errors call them.

    Raises:
        ArgumentError: there is none, a line has more or fewer cells than the header, or there are too many.
    """
    known = [(number, cells) for number, cells in lines if any(map(_filled, cells))]
    if not known:
        raise ArgumentError("data", "is empty; give at least one row")
    at = _header(known)
    notes: list[str] = []
    (first, header), rows = known[at], known[at + 1 :]
    width = len(header)
    while rows and width > 1 and len(rows[-1][1]) == 1:
        notes.append(f"left out: the last {noun}, {_excerpt(rows.pop()[1])}")
    check_size(len(rows), width)
    for number, cells in rows:
        if len(cells) != width:
            raise ArgumentError(
                "data", f"{noun} {number} has {len(cells)} cells, its header in {noun} {first} has {width}"
            )
    columns = list(zip(*(cells for _, cells in rows), strict=True)) or [()] * width
    names = [_name(cell) for cell in header]
    above = known[:at]
    if above and _is_double(above[-1][1], names):
        names = _joined(above.pop()[1], names)
        notes.append(f"two {noun}s of names are read as one, such as {names[-1]!r}")
    if above:
        notes.append(f"left out: {counted(len(above), noun)} above the header, {_excerpt(above[0][1])}")
    return _named(names, columns, notes)


def _header(lines: Sequence[GridLine]) -> int:
    """Return which line names the columns: the first that has about as many cells as most lines have."""
    counts = [sum(map(_filled, cells)) for _, cells in lines[:_SEEN]]
    frequent = Counter(counts)
    usual = max(frequent, key=lambda count: (frequent[count], count))
    for at, count in enumerate(counts):
        if count * 2 >= usual and (count > 1 or usual == 1):
            return at
    return 0


def _is_double(above: Sequence[JsonValue], names: Sequence[str]) -> bool:
    """Tell whether a line above the header names groups of its columns, without which some have one name."""
    repeated = len(set(names)) < len(names)
    return repeated and len(above) == len(names) and any(map(_filled, above[1:]))


def _joined(above: Sequence[JsonValue], names: Sequence[str]) -> list[str]:
    group, joined = "", list[str]()
    for over, name in zip(above, names, strict=True):
        group = _name(over) or group
        joined.append(f"{group} {name}".strip())
    return joined


def _named(names: Sequence[str], columns: Sequence[Sequence[JsonValue]], notes: list[str]) -> FoundTable:
    """Return columns by names of their own, without those that have neither a name nor cells."""
    found: dict[str, list[JsonValue]] = {}
    repeated: list[str] = []
    for at, (name, cells) in enumerate(zip(names, columns, strict=True), 1):
        if not name and not any(map(_filled, cells)):
            continue
        if not name and at == 1 and len(columns) > 2 and _numbers_rows(cells):
            notes.append("left out: the first column, which numbers the rows")
            continue
        own, count = name or f"column {at}", 1
        while own in found:
            count += 1
            own = f"{name or f'column {at}'} ({count})"
        if count > 1:
            repeated.append(own)
        found[own] = [cell if _filled(cell) else None for cell in cells]
    if repeated:
        notes.append(f"columns of the same name are told apart: {', '.join(map(repr, repeated[:10]))}")
    return FoundTable(found, notes)


def _numbers_rows(cells: Sequence[JsonValue]) -> bool:
    """Tell whether cells count rows from 0 or 1, as data frames write their index."""
    texts = [str(cell) for cell in cells]
    return bool(texts) and any(texts == [str(at + start) for at in range(len(texts))] for start in (0, 1))


def _name(cell: JsonValue) -> str:
    return str(cell).strip() if cell is not None else ""


def _filled(cell: JsonValue) -> bool:
    return cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())


def _excerpt(cells: Sequence[JsonValue]) -> str:
    """Return the first words of a line."""
    text = " ".join(_name(cell) for cell in cells if _filled(cell))
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
