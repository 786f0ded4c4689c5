"""Reduces many rows to a few for drawing: to bins, cells, boxes, or the points that a line needs. Pure functions."""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from statistics import quantiles

from imagebridge_tools.tables.cells import as_float
from imagebridge_tools.tool_output import JsonValue

ChartRow = Mapping[str, JsonValue]

CELLS = (60, 40)
"""The maximum number of cells of a density, across and down: few enough to tell apart, drawn in a fifth of a second."""

BINS = 40
"""The maximum number of bars in a histogram."""

_OUTLIERS = 200
"""The maximum number of points beyond the whiskers of one box; the farthest ones are shown."""


def step(low: float, high: float, most: int, *, whole: bool = False) -> float:
    """Return the width of at most `most` bins from `low` to `high`: 1, 2 or 5 times 10**n, and 1 or more if `whole`."""
    span = high - low
    least = max(span / most if span > 0 else abs(low) / 10 or 1.0, 1e-300)
    power = 10.0 ** math.floor(math.log10(least))
    width = next(power * factor for factor in (1, 2, 5, 10, 20) if power * factor >= least * (1 - 1e-9))
    return max(1.0, width) if whole else width


def edge(value: float, width: float) -> int:
    """Return the index of the bin of `width` that contains a value; the bin that starts at 0 has the index 0."""
    return math.floor(value / width + 1e-9)


def binned(rows: Sequence[ChartRow], groups: Sequence[str]) -> tuple[list[dict[str, JsonValue]], float]:
    """Count rows by bins of x and by the values of `groups`; return rows with x, x2 and y, and the width of a bin."""
    known = [(x, row) for row in rows if isinstance(x := row["x"], int | float)]
    numbers = [x for x, _ in known]
    low, high = min(numbers), max(numbers)
    whole = all(isinstance(x, int) for x in numbers)
    wanted = min(BINS, max(6, math.ceil(2 * len(numbers) ** (1 / 3))))
    width = step(low, high, wanted, whole=whole)
    counts = Counter((edge(x, width), *(row[name] for name in groups)) for x, row in known)
    bins: list[dict[str, JsonValue]] = []
    # Positions are numbered from 0 in the counts; groups keep the order of the data.
    order = {key: at for at, key in enumerate(dict.fromkeys(key[1:] for key in counts))}
    for key in sorted(counts, key=lambda key: (key[0], order[key[1:]])):
        number = key[0]
        place: dict[str, JsonValue] = {"x": _round(number * width), "x2": _round((number + 1) * width)}
        bins.append({**place, "y": counts[key], **dict(zip(groups, key[1:], strict=True))})
    return bins, width


def density(xs: Sequence[float], ys: Sequence[float]) -> list[dict[str, JsonValue]]:
    """Count points by the cells of a grid; return rows with x, x2, y, y2, and the count as color."""
    wide, columns = _parts_of_axis(xs, CELLS[0])
    high, rows = _parts_of_axis(ys, CELLS[1])
    left, bottom = min(xs), min(ys)
    return [
        {
            "x": _round(left + column * wide),
            "x2": _round(left + (column + 1) * wide),
            "y": _round(bottom + row * high),
            "y2": _round(bottom + (row + 1) * high),
            "color": count,
        }
        for (column, row), count in Counter(zip(columns, rows, strict=True)).items()
    ]


def _parts_of_axis(values: Sequence[float], parts: int) -> tuple[float, list[int]]:
    """Divide an axis into equal parts; return their width, and the index of the part that contains each value."""
    low, high = min(values), max(values)
    # The largest value is in the last part, not after it.
    width = (high - low) / parts * (1 + 1e-9) or 1.0
    return width, [int((value - low) / width) for value in values]


def boxes(rows: Sequence[ChartRow], keys: Sequence[str]) -> list[dict[str, JsonValue]]:
    """Return boxes by the values of `keys`, as rows with low, q1, y (the median), q3 and high, and outliers, as rows
    with out.

    Whiskers extend to the farthest value within 1.5 times the height of the box, as Tukey draws them.
    """
    box_rows: list[dict[str, JsonValue]] = []
    for key, values in _grouped(rows, keys).items():
        place = dict(zip(keys, key, strict=True))
        q1, middle, q3 = quantiles(values, method="inclusive") if len(values) > 1 else values * 3
        reach = 1.5 * (q3 - q1)
        inside = [value for value in values if q1 - reach <= value <= q3 + reach]
        box_rows.append(
            {**place, "low": min(q1, *inside), "q1": q1, "y": middle, "q3": q3, "high": max(q3, *inside)}
            | {"count": len(values)}
        )
        outside = {value for value in values if not q1 - reach <= value <= q3 + reach}
        far = sorted(outside, key=lambda value: -abs(value - middle))[:_OUTLIERS]
        box_rows += [{**place, "out": value} for value in far]
    return box_rows


def means(rows: Sequence[ChartRow], keys: Sequence[str], value: str) -> list[dict[str, JsonValue]]:
    """Return one row for each value of `keys`, with the mean of `value`, or None if there is no number."""
    values = _grouped(rows, keys, value)
    missing: dict[tuple[JsonValue, ...], list[float]] = {tuple(row[key] for key in keys): [] for row in rows}
    return [
        {**dict(zip(keys, key, strict=True)), value: _round(sum(cells) / len(cells)) if cells else None}
        for key, cells in (missing | values).items()
    ]


def counts(rows: Sequence[ChartRow], keys: Sequence[str], value: str) -> list[dict[str, JsonValue]]:
    """Return one row for each value of `keys`, with the number of rows as `value`."""
    counter = Counter(tuple(row[key] for key in keys) for row in rows)
    return [{**dict(zip(keys, key, strict=True)), value: count} for key, count in counter.items()]


def outline(
    rows: Sequence[ChartRow], place: Sequence[float], groups: Sequence[str], columns: int
) -> list[ChartRow]:
    """Return the rows that shape a line: the first, lowest, highest and last one in each column of pixels.

    `place` contains the rows' positions along x, divided into `columns`; each value of `groups` has a separate line.
    """
    left, right = min(place), max(place)
    width = (right - left) / columns or 1.0
    columned: defaultdict[Hashable, list[tuple[float, int]]] = defaultdict(list)
    for number, (row, x) in enumerate(zip(rows, place, strict=True)):
        if row["y"] is not None:
            columned[(int((x - left) / width), *(row[name] for name in groups))].append((x, number))
    numbers: set[int] = set()
    for points in columned.values():
        by_height = [(as_float(rows[number]["y"]), number) for _, number in points]
        numbers |= {min(points)[1], max(points)[1], min(by_height)[1], max(by_height)[1]}
    return [rows[number] for number in sorted(numbers, key=place.__getitem__)]


def averaged(
    rows: Sequence[ChartRow], place: Sequence[float], groups: Sequence[str], columns: int
) -> list[ChartRow]:
    """Return a row with the mean of y for each column of pixels and value of `groups`. All values of `groups` share the
    position of the first row in a column, as stacked areas need the same positions.
    """
    left, right = min(place), max(place)
    width = (right - left) / columns or 1.0
    at = [int((x - left) / width) for x in place]
    first: dict[int, JsonValue] = {}
    for number in sorted(range(len(rows)), key=place.__getitem__):
        first.setdefault(at[number], rows[number]["x"])
    moved = [{**row, "x": first[column]} for row, column in zip(rows, at, strict=True)]
    mean_rows = means(moved, ["x", *groups], "y")
    order = {x: number for number, x in enumerate(first.values())}
    return sorted(mean_rows, key=lambda row: order[row["x"]])


def alone(rows: Sequence[ChartRow], place: Sequence[float | None], groups: Sequence[str]) -> set[int]:
    """Return the indices of rows with a y whose neighbours along x have none, which a line or area would not show."""
    lines: defaultdict[Hashable, list[tuple[float, int]]] = defaultdict(list)
    for number, (row, x) in enumerate(zip(rows, place, strict=True)):
        if x is not None:
            lines[tuple(row[name] for name in groups)].append((x, number))
    lone: set[int] = set()
    for points in lines.values():
        numbers = [number for _, number in sorted(points)]
        known = [False, *(rows[number]["y"] is not None for number in numbers), False]
        parts = zip(numbers, known, known[1:], known[2:], strict=False)
        lone.update(number for number, before, here, after in parts if here and not (before or after))
    return lone


def sampled(rows: Sequence[ChartRow], most: int) -> list[ChartRow]:
    """Return at most `most` of the rows, evenly spaced and in their original order."""
    return [rows[number * len(rows) // most] for number in range(most)] if len(rows) > most else list(rows)


def _grouped(
    rows: Iterable[ChartRow], keys: Sequence[str], value: str = "y"
) -> dict[tuple[JsonValue, ...], list[float]]:
    cells_by_key: defaultdict[tuple[JsonValue, ...], list[float]] = defaultdict(list)
    for row in rows:
        if isinstance(cell := row[value], int | float):
            cells_by_key[tuple(row[key] for key in keys)].append(cell)
    return dict(cells_by_key)


def _round(value: float) -> float:
    """Return a number without the rounding errors of binary fractions in its last digits."""
    return float(f"{value:.12g}")
