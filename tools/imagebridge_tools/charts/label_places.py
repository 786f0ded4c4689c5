"""Finds positions for the numbers at marks: inside the plot, without covering other numbers or marks, or none."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from .text_width import wide
from .worker import MarkBounds

GAP = 5
"""The distance between a number and the end of its bar, or its point, in pixels."""

_HIGH = 1.15
"""The height of a number including its spacing, as a multiple of the font size."""

_DOT = 4.5
"""The approximate radius of a point, in pixels."""

_EDGE = 0.5
"""The number of pixels by which a number may extend beyond the plot, to allow for rounding."""


_Point = tuple[float, float]
"""The distance from the left and from the top, in pixels."""


class LabelPlace(NamedTuple):
    """The position of a number relative to the end of its mark: pixels right, pixels down, and the side to align."""

    dx: float
    dy: float
    align: str


class Numbered(NamedTuple):
    """A mark that gets a number: its text, its plot, its rectangle and its series.

    `sign`: the end of the mark at which the number is placed: 1 in the direction of larger numbers, -1 at the other end, 0 in the middle.
    """

    text: str
    plot: MarkBounds
    box: MarkBounds
    sign: int
    series: object


class _Rect(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Rect") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def within(self, other: "_Rect") -> bool:
        return (
            self.left >= other.left - _EDGE
            and self.right <= other.right + _EDGE
            and self.top >= other.top - _EDGE
            and self.bottom <= other.bottom + _EDGE
        )

    def crossed(self, first: _Point, second: _Point) -> bool:
        """Return whether a line between two points crosses the rectangle (Liang and Barsky's algorithm)."""
        start, end = 0.0, 1.0
        for at, by, low, high in (
            (first[0], second[0] - first[0], self.left, self.right),
            (first[1], second[1] - first[1], self.top, self.bottom),
        ):
            if not by:
                if not low < at < high:
                    return False
                continue
            ways = sorted(((low - at) / by, (high - at) / by))
            start, end = max(start, ways[0]), min(end, ways[1])
        return start < end


def _height(size: int) -> float:
    return size * _HIGH


def width(text: str, size: int) -> float:
    """Return the width of a number in pixels."""
    return wide(text) * size


def beyond(marks: Sequence[Numbered], size: int, *, lying: bool) -> dict[int, LabelPlace]:
    """Return the positions of numbers beyond the ends of horizontal or vertical bars, by the index of the mark."""
    ends = [_end(mark, lying=lying) for mark in marks]
    far = GAP if lying else GAP + _height(size) / 2 - 2
    places = [
        [
            LabelPlace(mark.sign * far, 0, "left" if mark.sign > 0 else "right")
            if lying
            else LabelPlace(0, -mark.sign * far, "center")
        ]
        for mark in marks
    ]
    return _placed(marks, ends, places, size, [_rect(mark.box) for mark in marks])


def inside(marks: Sequence[Numbered], size: int, *, bars: bool) -> dict[int, LabelPlace]:
    """Return the positions of numbers in the middle of the parts of stacks, which are `bars` or bands of areas."""
    ends = [(mark.box.left + mark.box.width / 2, mark.box.top + mark.box.height / 2) for mark in marks]
    fitting = [
        mark.box.height >= size and (not bars or mark.box.width >= width(mark.text, size)) for mark in marks
    ]
    places = [[LabelPlace(0, 0, "center")] if fits else [] for fits in fitting]
    return _placed(marks, ends, places, size, [])


def around(marks: Sequence[Numbered], size: int, *, joined: bool, above: bool) -> dict[int, LabelPlace]:
    """Return the positions of numbers next to points; `joined`: lines join the points; `above`: numbers must be above."""
    ends = [(mark.box.left, mark.box.top) for mark in marks]
    far = _DOT + _height(size) / 2
    side = _DOT + 2
    over = [
        LabelPlace(0, -far, "center"),
        LabelPlace(side, -far + 2, "left"),
        LabelPlace(-side, -far + 2, "right"),
    ]
    under = [
        LabelPlace(0, far, "center"),
        LabelPlace(side, far - 2, "left"),
        LabelPlace(-side, far - 2, "right"),
    ]
    beside = [LabelPlace(side + 2, 0, "left"), LabelPlace(-side - 2, 0, "right")]
    places = over if above else [*over[:1], *under[:1], *over[1:], *under[1:], *beside]
    if joined:
        return _placed(marks, ends, [places] * len(marks), size, [], [*_segments(marks)])
    dots = [_Rect(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in ends]
    return _placed(marks, ends, [places] * len(marks), size, dots)


def _end(mark: Numbered, *, lying: bool) -> tuple[float, float]:
    """Return the midpoint of the edge of a bar where its number is written."""
    left, top, right, bottom = _rect(mark.box)
    if lying:
        return (right if mark.sign > 0 else left), (top + bottom) / 2
    return (left + right) / 2, (top if mark.sign > 0 else bottom)


def _placed(
    marks: Sequence[Numbered],
    ends: Sequence[_Point],
    wanted: Sequence[Sequence[LabelPlace]],
    size: int,
    others: Sequence[_Rect],
    lines: Sequence[tuple[_Point, _Point]] = (),
) -> dict[int, LabelPlace]:
    """Return the first free position for each number; it must not cover `others`, except its own mark."""
    taken: list[_Rect] = []
    found: dict[int, LabelPlace] = {}
    for at in _order(ends):
        plot = _rect(marks[at].plot)
        for place in wanted[at]:
            words = _text_rect(marks[at].text, ends[at], place, size)
            if (
                words.within(plot)
                and not any(map(words.meets, taken))
                and not any(words.meets(other) for one, other in enumerate(others) if one != at)
                and not any(words.crossed(*line) for line in lines)
            ):
                taken.append(words)
                found[at] = place
                break
    return found


def _order(ends: Sequence[_Point]) -> Iterable[int]:
    """Return the indices of marks in the order of placement: the most informative, the highest and the lowest, first."""
    by_height = sorted(range(len(ends)), key=lambda at: ends[at][1])
    return dict.fromkeys([*by_height[:1], *by_height[-1:], *range(len(ends))])


def _text_rect(text: str, end: _Point, place: LabelPlace, size: int) -> _Rect:
    """Return the rectangle that a number occupies at the end of its mark."""
    x, y = end[0] + place.dx, end[1] + place.dy
    long, half = width(text, size), _height(size) / 2
    left = x - {"left": 0.0, "center": long / 2, "right": long}[place.align]
    return _Rect(left, y - half, left + long, y + half)


def _segments(marks: Sequence[Numbered]) -> Iterator[tuple[_Point, _Point]]:
    """Yield the lines that join neighbouring points of each series from left to right."""
    points: dict[tuple[object, MarkBounds], list[_Point]] = {}
    for mark in marks:
        points.setdefault((mark.series, mark.plot), []).append((mark.box.left, mark.box.top))
    for line in points.values():
        yield from pairwise(sorted(line))


def _rect(box: MarkBounds) -> _Rect:
    return _Rect(box.left, box.top, box.left + box.width, box.top + box.height)
