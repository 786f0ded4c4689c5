"""Removes rows of totals from a table: drawn next to the other rows, a total would be as tall as all of them together."""

import math
import re
from collections.abc import Mapping, Sequence

from imagebridge_tools.tool_output import JsonValue

from . import column_types, written_durations
from .cells import is_missing, numbers

_WORDS = frozenset(
    """
    total totals totale totaal totalt sum sums summe gesamt insgesamt gesamtsumme suma sumă somme soma razem итого всего
    合計 合计 总计 總計 総計 小計 합계 총계 toplam celkem összesen yhteensä ukupno skupaj jumlah tổng σύνολο الإجمالي סהכ
    """.split()  # noqa: SIM905
)
"""First or last words that mark a sum."""

_MEANS = frozenset(
    """
    average averages avg mean ø durchschnitt mittelwert schnitt moyenne media promedio média gemiddelde genomsnitt
    gjennomsnitt średnia среднее 平均 평균
    """.split()  # noqa: SIM905
)
"""First or last words that mark a mean."""


def left_out(
    columns: Mapping[str, list[JsonValue]], separator: str
) -> tuple[dict[str, list[JsonValue]], str] | None:
    """Return the columns without rows that are called totals and sum other rows, and a remark on these; None if none are.

    Most numbers in such a row must be sums, of all other rows or of those since the previous total: a company may be
    called Total. The last row need not have a name if it sums at least three rows.
    """
    names = _names(columns)
    count = len(next(iter(columns.values())))
    if count > 3 and count - 1 not in names and _lacks_name(columns):
        names[count - 1] = ""
    if not names or count < 3 or len(names) * 2 > count:
        return None
    read = _numbers_or_durations(columns, separator)
    left = [at for at in names if _adds_up(at, read, names)]
    if not left:
        return None
    out = set(left)
    kept = {name: [cell for at, cell in enumerate(cells) if at not in out] for name, cells in columns.items()}
    if len(left) > 1:
        return kept, f"left out: {len(left)} rows such as {names[left[0]]!r}, which are totals of others"
    place = {0: "the first row", count - 1: "the last row"}.get(left[0], f"row {left[0] + 1}")
    if not names[left[0]]:
        return kept, f"left out: {place}, which has no name and adds up the others"
    return kept, f"left out: {place}, {names[left[0]]!r}, which {_what(names[left[0]])} the others"


def _lacks_name(columns: Mapping[str, list[JsonValue]]) -> bool:
    """Return whether only the last row lacks its first cell, and all of its other cells may be numbers."""
    *named, last = next(iter(columns.values()))
    others = [cells[-1] for cells in columns.values() if not is_missing(cells[-1])]
    return (
        is_missing(last)
        and not any(map(is_missing, named))
        and all(re.search(r"\d", str(cell)) for cell in others)
    )


def _numbers_or_durations(columns: Mapping[str, list[JsonValue]], separator: str) -> list[list[JsonValue]]:
    """Return the columns of numbers, including times of day, whose sum would show that they are durations."""
    found: list[list[JsonValue]] = []
    for name, cells in column_types.read_columns(columns, separator)[0].items():
        if _are_numbers(cells):
            found.append(list(cells))
        elif set(map(type, cells)) <= {str, type(None)}:
            texts = [None if is_missing(cell) else str(cell).strip() for cell in cells]
            times = written_durations.read(name, texts, wanted=True)
            found += [times.cells] if isinstance(times, written_durations.ReadDurations) else []
    return found


def _what(name: str) -> str:
    return "averages" if set(_words(name)) & _MEANS else "adds up"


def _names(columns: Mapping[str, list[JsonValue]]) -> dict[int, str]:
    """Return the indices of rows whose names mark them as totals, in order, and these names."""
    found: dict[int, str] = {}
    for cells in columns.values():
        called = {cell for cell in {cell for cell in cells if isinstance(cell, str)} if _is_total(cell)}
        if called:
            found |= {
                at: cell
                for at, cell in enumerate(cells)
                if isinstance(cell, str) and cell in called and at not in found
            }
    return dict(sorted(found.items()))


def _adds_up(at: int, columns: Sequence[Sequence[JsonValue]], totals: Mapping[int, str]) -> bool:
    """Return whether a row sums all rows that are not totals, or those since the previous total or up to the next."""
    before = max((one for one in totals if one < at), default=-1)
    after = min((one for one in totals if one > at), default=len(columns[0]) if columns else 0)
    rows = len(columns[0]) if columns else 0
    least = 1 if len(totals) > 1 else 2  # A lone company may be called Total.
    for others in (range(rows), range(before + 1, at), range(at + 1, after)):
        sums = [
            _is_sum(
                cells[at],
                [cells[one] for one in others if one not in totals],
                least,
                mean=bool(totals[at]),
            )
            for cells in columns
            if cells[at] is not None
        ]
        if sums and sum(sums) * 2 >= len(sums):
            return True
    return False


def _is_total(cell: str) -> bool:
    words = _words(cell)
    return bool(words) and len(words) <= 3 and bool({words[0], words[-1]} & (_WORDS | _MEANS))


def _words(cell: str) -> list[str]:
    return [word.strip(":") for word in cell.casefold().strip(" :*").split()]


def _are_numbers(cells: Sequence[JsonValue]) -> bool:
    return numbers(cells) is not None


def _is_sum(cell: JsonValue, cells: Sequence[JsonValue], least: int, *, mean: bool) -> bool:
    """Return whether a cell is the sum of other cells, or their `mean`, allowing for rounding."""
    read = [value for value in numbers(cells) or () if isinstance(value, int | float)]
    known = numbers([cell])
    value = known[0] if known else None
    if not isinstance(value, int | float) or len(read) < least:
        return False
    total = math.fsum(read)
    if not mean:
        return bool(value) and math.isclose(value, total, rel_tol=1e-6, abs_tol=0.01)
    return any(math.isclose(value, one, rel_tol=1e-6, abs_tol=0.01) for one in (total, total / len(read)))
