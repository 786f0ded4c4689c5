"""Reads cells of a table: plain numbers, ISO dates, and markers for missing values."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Self

from imagebridge.errors import ArgumentError
from imagebridge_tools.tool_output import JsonValue

MAX_NUMBER = 1e300
"""The maximum absolute value of a number; even `ROWS` such numbers have a finite sum."""

_DIGITS = 400
"""The maximum number of characters in an integer that is read; longer ones exceed `MAX_NUMBER`."""

ROWS = 500_000
"""The maximum number of rows that are read; if there are more than `gather.ROWS`, not all are drawn."""

COLUMNS = 1000
"""The maximum number of columns that are read."""

CELLS = 5_000_000
"""The maximum number of cells that are read."""

_MISSING = frozenset(
    """
    nan na n/a n.a. null none nil - -- --- – — − … ... : #n/a #n/a! #null! #value! #div/0! #ref!
    #name? #num! #spill! #calc! \\n tbd tba tbc k.a. n.b. n.d. b.d. .. н/д н.д. 欠測 不明
    """.split()  # noqa: SIM905
) | {""}
"""Markers for a missing cell among numbers or dates, in lower case. Elsewhere, they may be names."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?)?", re.ASCII)


class Measured(float):
    """A number in a workbook with the unit from its format: "%", a currency, a unit, or `DURATION`."""

    __slots__ = ("unit",)

    def __new__(cls, value: float, unit: str) -> Self:
        """Create a number: 0.5 for 50 percent, as the file stores it, and the number of seconds for a duration."""
        made = super().__new__(cls, value)
        made.unit = unit
        return made

    def __getnewargs__(self) -> tuple[float, str]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the arguments for unpickling, because workbooks are read in a separate process."""
        return float(self), self.unit


DURATION = "duration"
"""The unit of a number of seconds that a workbook shows as hours, minutes and seconds."""


def date(text: str) -> datetime | None:
    """Parse an ISO 8601 text, or return None if it is not such a text or not a valid date."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(f"{text}-01" if len(text) == 7 else text)
    except ValueError:
        return None


def position(cell: JsonValue) -> float | None:
    """Return the position of a cell on an axis: a number, an ISO date in seconds, or None if it is neither.

    A date without a time zone is assumed to be in UTC.
    """
    if isinstance(cell, str):
        moment = date(cell)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() if moment else None
    return cell if isinstance(cell, int | float) else None


def as_float(cell: JsonValue) -> float:
    """Return a cell if it is a number, or else 0."""
    return cell if isinstance(cell, int | float) else 0.0


def is_missing(cell: JsonValue) -> bool:
    """Return whether a cell among numbers or dates is a missing value: empty, a dash, NaN, N/A or a spreadsheet error."""
    return cell is None or (isinstance(cell, str) and cell.strip().casefold() in _MISSING)


def are_numbers(cells: Iterable[JsonValue]) -> bool:
    """Return whether cells are numbers or missing, and not all missing. This checks only their types, so it is fast."""
    kinds = set(map(type, cells)) - {type(None)}
    return bool(kinds) and kinds <= {int, float}


def finite(cell: JsonValue) -> JsonValue:
    """Return a cell, or None for numbers that JSON cannot represent (NaN and infinity) or whose sum may be infinite."""
    return None if isinstance(cell, int | float) and not abs(cell) <= MAX_NUMBER else cell


def numbers(cells: Sequence[JsonValue]) -> list[JsonValue] | None:
    """Return cells, including texts such as "12.5", as numbers; None if one is not a number, or a code such as "007"."""
    if are_numbers(cells):
        return list(cells)
    found: list[JsonValue] = []
    for cell in cells:
        if is_missing(cell):
            found.append(None)
        elif isinstance(cell, str) and _NUMBER.fullmatch(cell) and not re.match(r"[+-]?0\d", cell):
            # A number with more digits than MAX_NUMBER is infinite to `float`, and Python reads no integer of over 4,300.
            whole = len(cell) <= _DIGITS and cell.lstrip("+-").isdigit()
            value = finite(int(cell) if whole else float(cell))
            if value is None and re.match(r"\d+e", cell):
                return None  # Such as the hash 89e1234.
            found.append(value)
        elif isinstance(cell, int | float) and not isinstance(cell, bool):
            found.append(cell)
        else:
            return None
    return found if any(cell is not None for cell in found) else None


def check_size(rows: int, columns: int) -> None:
    """Check the size of a table before building it: even a few rows with many different fields can fill the memory.

    Raises:
        ArgumentError: the table has too many rows, columns or cells.
    """
    if rows > ROWS:
        problem = f"has {rows:,} rows; the limit is {ROWS:,}, so aggregate them or take a sample"
        raise ArgumentError("data", problem)
    if columns > COLUMNS:
        raise ArgumentError(
            "data", f"has {columns:,} columns; the limit is {COLUMNS:,}, so give only the columns to draw"
        )
    if rows * columns > CELLS:
        problem = f"has {rows:,} rows of {columns:,} columns; at most {CELLS:,} cells are read"
        raise ArgumentError("data", f"{problem}: give only the columns to draw")
