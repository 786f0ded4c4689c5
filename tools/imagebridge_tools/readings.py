"""How the columns of a table are read: dates and numbers as people write them, one reading for a whole column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import moments
from .answer import Json
from .cells import are_numbers, date, is_missing, numbers


@dataclass(frozen=True, slots=True)
class Reading:
    """How a column was read, in words that follow "read as", or the `doubt` for which it stays as it is written.

    `written` is how the data write each cell, which is what names along an axis show; `unit` what its numbers are of.
    """

    how: str = ""
    unit: str = ""
    doubt: str = ""
    written: Mapping[Json, str] = field(default_factory=dict["Json", str])


def read(name: str, cells: Sequence[Json]) -> tuple[Sequence[Json], Reading | None]:
    """Return the cells of a column as numbers, or dates as ISO 8601 texts, where all of them are; and how they were read."""
    kinds = set(map(type, cells)) - {type(None)}
    if are_numbers(cells):
        found = moments.counted(name, cells)
        return (found.cells, Reading(found.how)) if found else (cells, None)
    if kinds != {str}:
        return cells, None
    texts = [None if is_missing(cell) else str(cell).strip() for cell in cells]
    known = dict.fromkeys(text for text in texts if text is not None)
    if not known or numbers(list(known)):
        return cells, None
    if all(map(date, known)):
        return texts, None
    found = moments.read(name, known)
    if isinstance(found, moments.Doubt):
        return cells, Reading(doubt=found.why)
    if found is None:
        return cells, None
    days, how = found
    written: dict[Json, str] = {days[text]: text for text in reversed(known)}
    return [None if text is None else days[text] for text in texts], Reading(how, written=written)


def words(name: str, reading: Reading) -> str:
    """Return words on how a column that is shown was read, or why it was not."""
    if reading.doubt:
        return f"; {name!r} is shown as names, as written: {reading.doubt}"
    return f"; {name!r} read as {reading.how}" if reading.how else ""


def follow(cells: Sequence[Json], form: str) -> tuple[Sequence[Json], Reading] | None:
    """Return the cells of a column as the dates that they are in a format of D3's, or None where one is none."""
    texts = [None if is_missing(cell) else str(cell) for cell in cells]
    days = {text: moments.parsed(text, form) for text in dict.fromkeys(texts) if text is not None}
    known = {text: day for text, day in days.items() if day}
    if not known or len(known) < len(days):
        return None
    written: dict[Json, str] = {day: text for text, day in reversed(known.items())}
    read = [None if text is None else known[text] for text in texts]
    return read, Reading(f"dates, as {form!r}", written=written)
