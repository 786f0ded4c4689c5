"""The last row of a table that adds up the others: drawn beside them it would be as tall as all."""

import math
from collections.abc import Mapping, Sequence

from imagebridge_tools.answer import JsonValue

from . import column_types
from .cells import numbers

_WORDS = frozenset(
    """
    total totals totale totaal totalt sum sums summe gesamt insgesamt gesamtsumme suma sumă somme soma razem итого всего
    合計 合计 总计 總計 総計 小計 합계 총계 toplam celkem összesen yhteensä ukupno skupaj jumlah tổng σύνολο الإجمالي סהכ
    """.split()  # noqa: SIM905
)
"""What stands before a sum, as the first word."""


def left_out(
    columns: Mapping[str, list[JsonValue]], separator: str
) -> tuple[dict[str, list[JsonValue]], str] | None:
    """Return columns without a last row that is called a total and adds up the others, and words on it; or None.

    Most numbers in it must be such sums: a company may be called Total.
    """
    last = {name: cells[-1] for name, cells in columns.items() if cells}
    named = next((cell for cell in last.values() if isinstance(cell, str) and _is_total(cell)), None)
    if named is None or len(next(iter(columns.values()))) < 3:
        return None
    above = {name: cells[:-1] for name, cells in columns.items()}
    every, rest = column_types.read(columns, separator)[0], column_types.read(above, separator)[0]
    sums = [
        _is_sum(cells[-1], rest[name])
        for name, cells in every.items()
        if _are_numbers(cells) and _are_numbers(rest[name]) and last[name] is not None
    ]
    if not sums or sum(sums) * 2 <= len(sums) - 1:
        return None
    return above, f"left out: the last row, {named!r}, which adds up the others"


def _is_total(cell: str) -> bool:
    words = cell.casefold().strip(" :*").split()
    return bool(words) and len(words) <= 3 and bool({words[0].strip(":"), words[-1].strip(":")} & _WORDS)


def _are_numbers(cells: Sequence[JsonValue]) -> bool:
    return numbers(cells) is not None


def _is_sum(cell: JsonValue, cells: Sequence[JsonValue]) -> bool:
    """Tell whether a cell is the sum of others, which may have been rounded."""
    read = [value for value in numbers(cells) or () if isinstance(value, int | float)]
    total = numbers([cell])
    value = total[0] if total else None
    return isinstance(value, int | float) and math.isclose(value, math.fsum(read), rel_tol=1e-6, abs_tol=0.01)
