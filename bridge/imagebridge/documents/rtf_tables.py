"""Tables in RTF: each cell has an edge, which shows the columns that it spans (RTF 1.9.1, 2008)."""

from bisect import bisect_right
from typing import NamedTuple

from .markdown import COLUMNS, REPEATED, CellRoom, spread, table

_NEAR = 30
"""The distance in twentieths of a point within which two edges count as the same."""


class _Place(NamedTuple):
    """The right edge of a cell, in twentieths of a point, and whether it continues the cell above or to the left."""

    edge: int
    from_above: bool
    from_left: bool


class _Row(NamedTuple):
    cells: list[str]
    places: list[_Place]


class RtfTable:
    """The current table: its rows so far, and the cells of the row in progress."""

    def __init__(self, room: CellRoom) -> None:
        self._room = room
        self._rows: list[_Row] = []
        self._cells: list[str] = []
        self._places: list[_Place] = []
        self._from_above = self._from_left = False

    def define(self, word: str, number: int | None) -> bool:
        """Handle a control word for the layout of cells; return whether the word is one of these."""
        match word:
            case "trowd":
                self._places = []
            case "clvmrg":
                self._from_above = True
            case "clmrg":
                self._from_left = True
            case "cellx" if len(self._places) < COLUMNS:
                self._places.append(_Place(number or 0, self._from_above, self._from_left))
            case _:
                return False
        if word in ("trowd", "cellx"):
            self._from_above = self._from_left = False
        return True

    def cell(self, text: str) -> None:
        """End a cell."""
        self._cells.append(text)

    def row(self) -> None:
        """End a row."""
        if self._cells:
            self._rows.append(_Row(self._cells, self._places))
        self._cells = []

    def ended(self) -> str:
        """Return the table as Markdown, empty if there is none, and clear it."""
        self.row()
        rows, self._rows = self._rows, []
        edges = _edges(rows)
        lines: list[list[str]] = []
        for row in rows:
            lines.append(self._line(row, edges, lines[-1] if lines else []))
        return table(lines)

    def _line(self, row: _Row, edges: list[int], above: list[str]) -> list[str]:
        """Return a row with a cell for each column."""
        if len(row.places) != len(row.cells):
            return row.cells
        line: list[str] = []
        for text, place in zip(row.cells, row.places, strict=True):
            at = len(line)
            if not text and place.from_above and at < len(above):
                text = above[at] if len(above[at]) <= REPEATED else ""
            elif not text and place.from_left and line:
                text = line[-1] if len(line[-1]) <= REPEATED else ""
            ends = bisect_right(edges, place.edge + _NEAR)
            line += spread(text, self._room.times(min(ends - at, COLUMNS)))
        return line


def _edges(rows: list[_Row]) -> list[int]:
    """Return the right edges of the columns: the edges of all cells, with nearby ones merged."""
    edges: list[int] = []
    # Consecutive rows share their edges.
    places = {id(row.places): row.places for row in rows}.values()
    for edge in sorted({place.edge for one in places for place in one}):
        if not edges or edge - edges[-1] > _NEAR:
            edges.append(edge)
    return edges
