"""Computes the ends and the ticks of logarithmic axes."""

import math
from collections.abc import Sequence

_DECADES = 3
"""An axis that spans this many powers of ten has ticks only at powers of ten; shorter axes also have ticks at 2 and 5
times each power."""

_ROUND = (1, 2, 5)


def ends(kind: str, cells: Sequence[float], *, ground: bool) -> tuple[float, float]:
    """Return round numbers for the ends of a "log" or "symlog" axis that shows the numbers in `cells`.

    On a log axis that starts at the smallest number, its bar would have no length: with `ground`, the axis starts below
    it.
    """
    low, high = min(cells), max(cells)
    if kind == "symlog":
        return -_round(-low, up=True) if low < 0 else 0, _round(high, up=True) if high > 0 else 0
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    if last - first < _DECADES:
        bottom, top = _round(low, up=False), _round(high, up=True)
        if ground and bottom >= low:
            bottom = _round(bottom / 2.1, up=False)
        return (bottom, top) if bottom < top else (bottom, 10 * bottom)
    first -= ground and _times(1, first) >= low
    return _times(1, first), _times(1, last)


def ticks(kind: str, low: float, high: float, most: int) -> list[float]:
    """Return at most about `most` ticks for an axis from `low` to `high`, with a preference for round numbers."""
    if kind == "symlog":
        return [
            *(-tick for tick in reversed(_powers(1, -low, most // 2 if high > 0 else most))),
            0,
            *_powers(1, high, most // 2 if low < 0 else most),
        ]
    if high / low < 10.0**_DECADES:
        exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        every = [_times(factor, power) for power in exponents for factor in _ROUND]
        known = [tick for tick in every if low * 0.999 <= tick <= high * 1.001]
        if 1 < len(known) <= most:
            return known
    return _powers(low, high, most)


def _powers(low: float, high: float, most: int) -> list[float]:
    """Return powers of ten, or every nth of them if there are many, always including the largest."""
    if high < low:
        return []
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = max(1, -(-(last - first + 1) // max(2, most)))
    return [_times(1, power) for power in range(last, first - 1, -step)][::-1]


def _round(number: float, *, up: bool) -> float:
    """Round a positive number up or down to 1, 2 or 5 times a power of ten."""
    power = math.floor(math.log10(number))
    near = [_times(factor, one) for one in (power - 1, power, power + 1) for factor in _ROUND]
    if up:
        return next(one for one in near if one >= number * (1 - 1e-9))
    return max(one for one in near if one <= number * (1 + 1e-9))


def _times(factor: int, power: int) -> float:
    return factor * 10**power if power >= 0 else float(f"{factor}e{power}")
