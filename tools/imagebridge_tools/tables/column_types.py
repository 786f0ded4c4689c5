"""Interprets the columns of a table: dates and numbers as people write them, with one reading for a whole column."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imagebridge_tools.tool_output import JsonValue, number

from . import date_formats, marked_numbers, written_dates, written_durations, written_numbers
from .cells import DURATION, Measured, are_numbers, date, is_missing, numbers
from .written_dates import Doubt

CODES = re.compile(
    r"version|release|build|phone|telefon|teléfono|téléphone|\btel\b|fax\b|mobile|handy|zip|plz|post(al|leit)|code|\bcap\b"
    r"|isbn|issn|\bean\b|gtin|\bupc\b|sku|iban|\bbic\b|\bip\b|\bmac\b|\bsha\d*\b|hash|commit|[ug]uid|\bvin\b|\bssn\b"
)
"""Matches names of columns that contain codes, which may look like dates or numbers."""


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """The way a column was read, in words that follow "read as", or the `doubt` that made it stay as written.

    `written` contains each cell as written in the data, for names along an axis; `unit` is the unit of the numbers.
    """

    how: str = ""
    unit: str = ""
    doubt: str = ""
    written: Mapping[JsonValue, str] = field(default_factory=dict["JsonValue", str])

    def as_written(self, cells: Sequence[JsonValue]) -> list[JsonValue]:
        """Return cells as written in the data."""
        # Cells may be lists and objects, which stay as they are.
        return [
            self.written.get(cell, cell) if isinstance(cell, str | int | float) else cell for cell in cells
        ]


def read_columns(
    columns: Mapping[str, Sequence[JsonValue]], separator: str = ""
) -> tuple[dict[str, Sequence[JsonValue]], dict[str, ColumnReading]]:
    """Convert columns of numbers, and of dates (to ISO 8601 texts); return the columns and how they were read.

    `separator` is the separator of cells in the text file: with semicolons, the decimal sign is assumed to be a comma,
    unless unambiguous columns use a point.
    """
    cells: dict[str, Sequence[JsonValue]] = dict(columns)
    known: dict[str, ColumnReading] = {}
    found: dict[str, written_numbers.FoundNumber] = {}
    signs: set[written_numbers.Decimal] = set()
    for name, column in columns.items():
        codes = bool(CODES.search(name.casefold()))  # Version 3.10 is not 3.1.
        if separator and not codes and not _like_versions(column) and (plain := _plain(column)):
            cells[name], pointed = plain
            signs |= {"."} if pointed else set()
        match _read(name, cells[name], text=bool(separator)):
            case None:
                pass
            case written_numbers.FoundNumber() as numbers_:
                found[name] = numbers_
                signs |= set(numbers_.readings) if numbers_.proven else set()
            case read, reading:
                cells[name], known[name] = read, reading
    if any(one.how.startswith(marked_numbers.FLAGS) for one in known.values()):
        for name in [*(name for name, one in known.items() if one.doubt), *found]:
            if flagged := marked_numbers.flagged(_texts(columns[name]), certain=True):
                cells[name], known[name] = flagged[0], ColumnReading(flagged[1])
                found.pop(name, None)
    decimal = next(iter(signs)) if len(signs) == 1 else "," if separator == ";" else "."
    for name, one in found.items():
        values, how = one.chosen(decimal)
        cells[name] = [None if is_missing(cell) else values[str(cell).strip()] for cell in columns[name]]
        written: dict[JsonValue, str] = {}
        for text, value in values.items():
            written.setdefault(value, text)
        known[name] = ColumnReading(how, one.unit, written=written)
    return cells, known


def _plain(cells: Sequence[JsonValue]) -> tuple[Sequence[JsonValue], bool] | None:
    """Return plain numbers, and whether they have a decimal point, or None if the texts may not be plain numbers."""
    read = numbers(cells)
    if read is None:
        return None
    pointed = [cell for cell in cells if isinstance(cell, str) and "." in cell]
    if pointed and all(map(_GROUPED.fullmatch, map(str, filter(None, cells)))):
        return None  # 1.234 may be 1234.
    return read, bool(pointed)


def _like_versions(cells: Sequence[JsonValue]) -> tuple[str, str] | None:
    """Return two texts of a column that are probably versions, such as 1.9 and 1.10, or None.

    Programs write numbers with the same number of decimals, or without trailing zeros.
    """
    minors: dict[str, list[str]] = {}
    for cell in dict.fromkeys(cells):
        if not is_missing(cell):
            parts = _VERSION.fullmatch(cell) if isinstance(cell, str) else None
            if parts is None:
                return None
            minors.setdefault(parts[1], []).append(parts[2])
    for major, every in minors.items():
        short = next((minor for minor in reversed(every) if len(minor) == 1), None)
        long = next((minor for minor in every if len(minor) > 1 and minor.endswith("0")), None)
        if short and long and max(map(int, every)) <= 2 * len(every) + _SKIPPED:
            return f"{major}.{short}", f"{major}.{long}"
    return None


_VERSION = re.compile(r"(\d{1,4})\.(0|[1-9]\d{0,2})")
_SKIPPED = 6
"""The number of minor versions that a list of every other version may lack."""

_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3}){0,100}")


def _read(
    name: str, cells: Sequence[JsonValue], *, text: bool
) -> tuple[Sequence[JsonValue], ColumnReading] | written_numbers.FoundNumber | None:
    """Return a column with its reading, or the possible meanings of its numbers."""
    kinds = set(map(type, cells)) - {type(None)}
    if Measured in kinds:
        return _measured(cells)
    if are_numbers(cells):
        found = written_dates.counted_days(name, cells)
        return (found.cells, ColumnReading(found.how)) if found else None
    if kinds != {str}:
        bare = [None if is_missing(cell) else cell for cell in cells]
        if str not in kinds or any(isinstance(cell, str) for cell in bare):
            return None
        return _read(name, bare, text=text) or (bare, ColumnReading())
    texts = _texts(cells)
    known = dict.fromkeys(text for text in texts if text is not None)
    if not CODES.search(name.casefold()) and (versions := _like_versions(list(known))):
        early, late = versions
        return cells, ColumnReading(
            doubt=f"{late!r} next to {early!r} may be a version, or {number(float(late))}"
        )
    if not known or (not text and numbers(list(known))):
        return None
    if all(map(date, known)):
        iso = {text: written_dates.western(text) for text in known}
        how = "dates in the Buddhist calendar" if any(iso[text] != text for text in known) else ""
        return [None if text is None else iso[text] for text in texts], ColumnReading(how)
    if CODES.search(name.casefold()):
        return None
    if doubt := marked_numbers.grades(known):
        return cells, ColumnReading(doubt=doubt.why)
    readers = (written_dates.read, written_numbers.read)
    if written_numbers.is_measured(next(iter(known))):
        readers = readers[::-1]  # In Nheengatu 12 ms is a day of March.
    found = written_durations.read(name, texts) or readers[0](known) or readers[1](known)
    if (found is None or isinstance(found, Doubt)) and (flagged := marked_numbers.flagged(texts)):
        return flagged[0], ColumnReading(flagged[1])
    if isinstance(found, written_durations.ReadDurations):
        return found.cells, ColumnReading(found.how, found.unit)
    if isinstance(found, Doubt):
        return cells, ColumnReading(doubt=found.why)
    if found is None or isinstance(found, written_numbers.FoundNumber):
        return found
    days, how = found
    written: dict[JsonValue, str] = {days[text]: text for text in reversed(known)}
    return [None if text is None else days[text] for text in texts], ColumnReading(how, written=written)


def _texts(cells: Sequence[JsonValue]) -> list[str | None]:
    """Return cells as texts, with None for missing ones."""
    return [None if is_missing(cell) else str(cell).strip() for cell in cells]


def _measured(cells: Sequence[JsonValue]) -> tuple[Sequence[JsonValue], ColumnReading]:
    """Return the numbers in a column of a workbook, some or all of which have a unit."""
    bare = [None if is_missing(cell) else cell for cell in cells]
    if not are_numbers(float(cell) if isinstance(cell, Measured) else cell for cell in bare):
        return [_without_unit(cell) for cell in cells], ColumnReading()
    units = dict.fromkeys(cell.unit if isinstance(cell, Measured) else "" for cell in bare if cell)
    units = units or {cell.unit: None for cell in bare if isinstance(cell, Measured)}
    if {"%", DURATION} & set(units) and len(units) > 1:
        unit = "percent" if "%" in units else "durations"
        how = f"the numbers stored in the file, because only some of them are formatted as {unit}"
        return [_without_unit(cell) for cell in bare], ColumnReading(how)
    several = [unit for unit in units if unit]
    if len(several) > 1:
        cells_with_units = [
            f"{number(cell)} {cell.unit}" if isinstance(cell, Measured) else cell for cell in bare
        ]
        first, other = (
            next(one for one in bare if isinstance(one, Measured) and one.unit == unit)
            for unit in several[:2]
        )
        doubt = f"{number(first)} {several[0]} and {number(other)} {several[1]} have different units"
        return cells_with_units, ColumnReading(doubt=doubt)
    if not several:  # Only zeros are formatted, and 0 is the same in any unit.
        return [_without_unit(cell) for cell in bare], ColumnReading()
    unit = several[0]
    if unit == DURATION:
        found = written_durations.of_seconds(
            [float(cell) if isinstance(cell, int | float) else None for cell in bare]
        )
        return found.cells, ColumnReading(found.how, found.unit)
    factor = 100 if unit == "%" else 1
    read = [_without_unit(cell, factor) for cell in bare]
    if unit != "%":
        return read, ColumnReading(f"numbers in {unit}", unit)
    example = next(cell for cell in bare if cell is not None)
    how = f"percent, {number(float(str(example)))} as {number(float(str(example)) * 100)}"
    return read, ColumnReading(how, unit)


def _without_unit(cell: JsonValue, factor: float = 1) -> JsonValue:
    """Return a number without its unit, and without rounding errors of binary fractions if it is scaled up."""
    if not isinstance(cell, int | float) or isinstance(cell, bool):
        return cell
    value = float(f"{cell * factor:.12g}") if factor != 1 else float(cell)
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def reading_note(name: str, reading: ColumnReading, role: str = "") -> str:
    """Return a remark on how a column in a role or a spec was read, or why it was not."""
    if reading.doubt:
        doubt, settle, how = reading.doubt.partition(date_formats.SETTLE)
        doubt += settle + how.replace("formats={'x'", f"formats={{{role!r}") if role and settle else ""
        return f"; {name!r} is shown as text, as written, because {doubt}"
    return f"; {name!r} read as {reading.how}" if reading.how else ""


def as_dates(cells: Sequence[JsonValue], form: str) -> tuple[Sequence[JsonValue], ColumnReading] | None:
    """Parse the cells of a column as dates in a D3 format, or return None if one does not match."""
    texts = [None if is_missing(cell) else str(cell) for cell in cells]
    days = {text: date_formats.in_format(text, form) for text in dict.fromkeys(texts) if text is not None}
    known = {text: day for text, day in days.items() if day}
    if not known or len(known) < len(days):
        return None
    written: dict[JsonValue, str] = {day: text for text, day in reversed(known.items())}
    read = [None if text is None else known[text] for text in texts]
    return read, ColumnReading(f"dates, as {form!r}", written=written)
