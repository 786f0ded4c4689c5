"""Reads coordinates of a picture in three units, the same way for every tool."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite
from typing import Annotated

from imagebridge.errors import ArgumentError, counted
from imagebridge_tools.declaration import Argument
from imagebridge_tools.lenient_values import word
from imagebridge_tools.tool_output import JsonValue, nearest_allowed

UNITS = {"pixels": 0, "0-1": 1, "0-1000": 1000}
"""The units, each with the coordinate of the right and the bottom edge (0: it depends on the picture's size)."""

Units = Annotated[
    str,
    Argument(
        reading=word(
            tuple(UNITS),
            {"px": "pixels", "pixel": "pixels"} | dict.fromkeys(("normalized", "relative"), "0-1"),
        ),
        schema={"type": "string", "enum": list(UNITS)},
    ),
]

_LOST = 1e-6

_SIDES = (("left", "top", "right", "bottom"), ("x1", "y1", "x2", "y2"), ("x0", "y0", "x1", "y1"))
_SIZES = (
    ("x", "y", "width", "height"),
    ("x", "y", "w", "h"),
    ("left", "top", "width", "height"),
)
_POINTS = (("from", "to"), ("start", "end"), ("x", "y"))
"""The names of coordinates: sides; a corner with width and height; two points or one."""

REGION_KEYS = (*_SIZES, *_SIDES)
"""Keys that together describe a region."""

PLACE_KEYS = (*REGION_KEYS, *_POINTS)
"""Keys that together describe a position."""

_LISTED = re.compile(r"[\s\[(]*(-?\d+(?:\.\d+)?(?:[\s,;]+-?\d+(?:\.\d+)?){0,10000})[\s\])]*")
"""Matches numbers in a row, as text."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; right and bottom are just after the last pixel."""


@dataclass(frozen=True, slots=True)
class Ruler:
    """The coordinates in a picture of `width` x `height` pixels: x to the right, y down, 0 at the left and top edges."""

    width: int
    height: int
    units: str = "pixels"

    def __post_init__(self) -> None:
        if self.units not in UNITS:
            raise ArgumentError("units", f"is {self.units!r}; {nearest_allowed(self.units, UNITS)}")

    @property
    def edges(self) -> tuple[int, int]:
        """The coordinates of the right and the bottom edge in these units."""
        whole = UNITS[self.units]
        return (whole, whole) if whole else (self.width, self.height)

    def pixels(self, values: Sequence[float], argument: str) -> list[tuple[float, float]]:
        """Convert `x, y, x, y, ...` to points in pixels.

        Raises:
            ArgumentError: the count is odd, a point is outside the picture, or all are within its first pixel.
        """
        if len(values) % 2 or not values:
            raise ArgumentError(
                argument, f"has {counted(len(values), 'number')}; give the x and y of each point in turn"
            )
        points = list(zip(values[::2], values[1::2], strict=True))
        for x, y in points:
            for letter, value, edge in (("x", x, self.edges[0]), ("y", y, self.edges[1])):
                if not isfinite(value) or not 0 <= value <= edge:
                    problem = f"{letter} = {value:g} is outside the picture, which extends from 0 to {edge}"
                    raise ArgumentError(argument, f"{problem} in {self._named}{self._hint(values)}")
        if any(value % 1 for value in values):
            self._check_extent(values, argument)
        across, down = self.width / self.edges[0], self.height / self.edges[1]
        return [(x * across, y * down) for x, y in points]

    def region(self, values: Sequence[float], argument: str) -> Box:
        """Return the whole pixels that a region `[left, top, right, bottom]` touches.

        Raises:
            ArgumentError: there are not four numbers, or the region is empty or partly outside the picture.
        """
        if len(values) != 4:
            raise ArgumentError(
                argument, f"has {counted(len(values), 'number')}; give [left, top, right, bottom]"
            )
        (left, top), (right, bottom) = self.pixels(values, argument)
        if right - left <= 2 * _LOST or bottom - top <= 2 * _LOST:
            x0, y0, x1, y1 = values
            sides = sorted((x0, x1)), sorted((y0, y1))
            turned = [f"{side:g}" for side in (sides[0][0], sides[1][0], sides[0][1], sides[1][1])]
            hint = f", such as [{', '.join(turned)}]" if x0 > x1 or y0 > y1 else ""
            raise ArgumentError(argument, f"is empty; give [left, top, right, bottom]{hint}")
        self._check_extent(values, argument)
        # Rounding errors of fractions converted to pixels do not count as part of another pixel.
        return floor(left + _LOST), floor(top + _LOST), ceil(right - _LOST), ceil(bottom - _LOST)

    def _check_extent(self, values: Sequence[float], argument: str) -> None:
        """Raise an error for coordinates inside the first pixel, which are probably meant as fractions of the whole."""
        if self.units == "pixels" and max(values) <= 1 and max(self.width, self.height) > 1:
            raise ArgumentError(
                argument, f"is a single pixel in {self.width}x{self.height}{self._hint(values)}"
            )

    @property
    def _named(self) -> str:
        return "pixels" if self.units == "pixels" else f"units of {self.units}"

    def _hint(self, values: Sequence[float]) -> str:
        """Name the units in which the numbers would be inside the picture."""
        if not all(isfinite(value) and value >= 0 for value in values):
            return ""
        if self.units == "pixels":
            fitting = "0-1" if max(values) <= 1 else "0-1000" if max(values) <= 1000 else ""
        else:
            inside = max(values[::2]) <= self.width and max(values[1::2], default=0) <= self.height
            fitting = "pixels" if inside else "0-1000" if max(values) <= 1000 else ""
        return f'; did you mean units="{fitting}"?' if fitting and fitting != self.units else ""


def coordinates(value: JsonValue) -> JsonValue:
    """Return coordinates as a list of numbers if they are written in another unambiguous form; otherwise unchanged.

    Such forms are named sides, a corner with a width and a height, points, and text.
    """
    if isinstance(value, str):
        found = _LISTED.fullmatch(value)
        return [float(one) for one in re.split(r"[\s,;]+", found[1])] if found else value
    if isinstance(value, Sequence):
        inner = [coordinates(one) if isinstance(one, str | Mapping) else one for one in value]
        return [
            number
            for one in inner
            for number in (one if isinstance(one, Sequence) and not isinstance(one, str) else [one])
        ]
    if not isinstance(value, Mapping):
        return value
    given = {name.casefold(): one for name, one in value.items()}
    for names in (*_SIDES, *_POINTS):
        if set(given) == set(names):
            return coordinates([given[name] for name in names])
    for names in _SIZES:
        if set(given) == set(names):
            left, top, width, height = (given[name] for name in names)
            sides = [one for one in (left, top, width, height) if isinstance(one, int | float)]
            if len(sides) == 4:
                return [sides[0], sides[1], sides[0] + sides[2], sides[1] + sides[3]]
    return value
