"""The content of a chart: rows with a role for each cell, ready to be drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imagebridge_tools.tables.table import ColumnType
from imagebridge_tools.tool_output import JsonValue

from .chart_options import KINDS, ChartKind, Options, Stack
from .theme import ChartFrame, Style, heading, style

LAYERS = ("bar", "line", "area", "scatter")
"""Kinds that can be drawn on top of one another."""

MEANT: dict[str, ChartKind] = {
    "donut": "pie",
    "doughnut": "pie",
    "column": "bar",
    "columns": "bar",
    "bars": "bar",
    "barh": "bar",
    "hbar": "bar",
    "lines": "line",
    "points": "scatter",
    "point": "scatter",
    "scatterplot": "scatter",
    "hist": "histogram",
    "boxplot": "box",
    "boxes": "box",
}
"""Other names of kinds, each with only one meaning."""


def kind_name(kind: str) -> str:
    """Return the name of a kind of chart, however it is written: `Line`, `bar_chart`, `donut`."""
    plain = kind.strip().casefold().replace("-", " ").replace("_", " ")
    plain = plain.removesuffix(" chart").removesuffix(" plot").removesuffix(" graph").replace(" ", "")
    return plain if plain in KINDS else MEANT.get(plain, kind)


ROLES = ("x", "y", "color", "facet")


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart to draw: rows with the keys x, y, color and facet, of which the last two may be missing.

    `names` are the fields' own names by role, and `types` their types. `horizontal` bars have their numbers in x.
    `zoned`: its dates had a time zone, and were converted to UTC. `every` contains all slices of a pie if the smallest
    are combined in `rows`. `cells`: rows of a histogram or a density extend from x to x2 and y to y2. `layers`: the
    series that each kind draws, if there are several kinds; `right`: the series whose axis is on the right; `units`:
    the unit of each series. `note`: a remark on reduced rows. `missing`: a remark on rows left out. `readings`: a
    remark on how columns were read. `options`: options apart from the fields. `reach`: the ends of numeric axes that
    extend beyond their marks.
    """

    kind: ChartKind
    rows: Sequence[Mapping[str, JsonValue]]
    names: dict[str, str]
    types: dict[str, ColumnType]
    frame: ChartFrame
    horizontal: bool = False
    zoned: bool = False
    every: Sequence[Mapping[str, JsonValue]] = ()
    stack: Stack = None
    cells: bool = False
    layers: Mapping[ChartKind, Sequence[str]] = field(default_factory=dict["ChartKind", "Sequence[str]"])
    right: Sequence[str] = ()
    units: Mapping[str, str] = field(default_factory=dict[str, str])
    note: str = ""
    missing: str = ""
    readings: str = ""
    options: Options = field(default_factory=Options)
    reach: Mapping[str, tuple[float | None, float | None]] = field(
        default_factory=dict[str, "tuple[float | None, float | None]"]
    )

    @property
    def style(self) -> Style:
        """The font sizes, margins and colours."""
        return style(self.frame.width, self.frame.height, self.frame.theme)

    @property
    def stacked(self) -> bool:
        """Whether colours are stacked: for bars only if requested, for areas and histograms by default."""
        kinds = self.kind == "bar" and bool(self.stack), self.kind in ("area", "histogram")
        return not self.layers and (kinds[0] or (kinds[1] and self.stack is not False))

    @property
    def parted(self) -> bool:
        """Whether several colours are stacked."""
        return self.stacked and "color" in self.names

    @property
    def below(self) -> float:
        """The approximate height above and below the plot, in pixels."""
        # The room for a normal chart's title is included, whether there is one or not.
        return self.style.below + (0 if self.style.normal else self.heading)

    @property
    def heading(self) -> float:
        """The height of the title and the subtitle, in pixels."""
        title_definition = heading(self.frame, self.style)
        if not title_definition:
            return 0
        title, under = (
            len(lines) if isinstance(lines := title_definition.get(key), list) else 0 for key in _HEADING
        )
        return title * self.style.title * 1.3 + under * (self.style.text + 1) * 1.3 + 14

    def distinct(self, role: str) -> list[JsonValue]:
        """Return the distinct values of a role, in the order of the data."""
        return list(dict.fromkeys(row[role] for row in self.rows if role in row))


_HEADING = ("text", "subtitle")
