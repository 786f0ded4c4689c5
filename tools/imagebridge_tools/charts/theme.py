"""Defines the look of charts: one calm theme, with text that is large enough for a model to read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from imagebridge_tools.tool_output import JsonValue

from . import text_width

ThemeName = Literal["light", "dark"]
THEMES: tuple[str, ...] = get_args(ThemeName)


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of text, secondary text, grids, the background, series, and letters on series, and two colour scales.

    `ramp` goes from small to large numbers, `diverging` from negative to positive ones.
    """

    ink: str
    quiet: str
    line: str
    background: str
    palette: tuple[str, ...]
    on: str
    ramp: tuple[str, ...]
    diverging: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChartFrame:
    """The size of a picture in pixels, its texts, its D3 formats by role, and its colours."""

    width: int = 800
    height: int = 500
    title: str | None = None
    subtitle: str | None = None
    titles: Mapping[str, str] = field(default_factory=dict[str, str])
    formats: Mapping[str, str] = field(default_factory=dict[str, str])
    theme: ThemeName = "light"


@dataclass(frozen=True, slots=True)
class Style:
    """The sizes of letters, the chart's title and the margin, in pixels. `titles`: whether axes have titles."""

    text: int
    title: int
    padding: int
    titles: bool
    theme: Theme

    @property
    def normal(self) -> bool:
        """Whether letters have their normal size."""
        return self.text == NORMAL.text

    @property
    def beside(self) -> int:
        """The approximate difference between the width of a picture and that of its plot, in pixels."""
        return 90 if self.normal else 2 * self.padding + 5 * self.text

    @property
    def below(self) -> int:
        """The approximate difference between the heights of a picture and of its plot, in pixels, without a title."""
        return 100 if self.normal else 2 * self.padding + (5 if self.titles else 2) * self.text


FONT = "Inter"
"""The bundled font, in regular and semi-bold; the drawing process loads its files."""

PALETTE: tuple[str, ...] = (
    *(
        "#2f6fb0",
        "#e0812b",
        "#3a9a5b",
        "#c8453f",
        "#7d5fb2",
        "#8a6244",
        "#d069a6",
        "#6f7b88",
        "#a8a031",
        "#2ba3b5",
    ),
    *(
        "#174a7c",
        "#a65a10",
        "#1f6b3b",
        "#8f2a2a",
        "#53408a",
        "#5c3f2b",
        "#96437a",
        "#48515b",
        "#76701c",
        "#1a7283",
    ),
)
"""Ten colours and their darker variants; white letters are readable on all of them."""

_DARK_PALETTE = (
    *("#5aa2e6", "#f0a04b", "#5cc48a", "#f0736a", "#a88be6", "#c49a74", "#ec93c8", "#9fadbb", "#d2cb55", "#4fc9dc"),
    *("#a9d0f5", "#f8cfa0", "#aae3c2", "#f8b7b2", "#d5c6f5", "#e3cdb8", "#f6cbe5", "#d1d9e0", "#ece79f", "#a9e6ef"),
)  # fmt: skip
"""The same ten colours for a dark background, and their lighter variants; dark letters are readable on all of them."""

_LIGHT = Theme(
    ink="#1d2b3a",
    quiet="#465566",
    line="#dfe5ec",
    background="white",
    palette=PALETTE,
    on="white",
    ramp=("#e3edf7", "#7fb0dc", "#2f6fb0", "#123c66"),
    diverging=("#8f2a2a", "#e08b84", "#f2f2f0", "#7fb0dc", "#174a7c"),
)
_DARK = Theme(
    ink="#eef3f8",
    quiet="#b3c0cd",
    line="#33424f",
    background="#17212b",
    palette=_DARK_PALETTE,
    on="#17212b",
    ramp=("#22384d", "#2f6fa8", "#6fb2ea", "#d9edff"),
    diverging=("#f8a49d", "#a8453f", "#2b3844", "#3a78b3", "#a9d0f5"),
)

NORMAL = Style(text=13, title=19, padding=14, titles=True, theme=_LIGHT)
SMALL = Style(text=11, title=14, padding=8, titles=True, theme=_LIGHT)
TINY = Style(text=10, title=12, padding=6, titles=False, theme=_LIGHT)


def style(width: int, height: int, theme: ThemeName = "light") -> Style:
    """Return the style for a chart of this size: in a small chart, the letters must leave room for the data."""
    tiny, small = width < 260 or height < 180, width < 400 or height < 260
    size_style = TINY if tiny else SMALL if small else NORMAL
    return replace(size_style, theme=_DARK) if theme == "dark" else size_style


def _config(style: Style) -> dict[str, JsonValue]:
    """Return Vega-Lite's `config`."""
    theme = style.theme
    words: dict[str, JsonValue] = {"labelFontSize": style.text, "titleFontSize": style.text + 1}
    whole: dict[str, JsonValue] = {"labelLimit": 0, "titleLimit": 0}
    axis: dict[str, JsonValue] = {
        **words,
        **whole,
        "labelColor": theme.quiet,
        "titleColor": theme.ink,
        "titlePadding": 10 if style.normal else 5,
        "labelFlush": False,
        "labelSeparation": 8,
        # Vega-Lite's default of 200 pixels puts the title on top of long labels.
        "maxExtent": 2000,
        "gridColor": theme.line,
        "domainColor": theme.quiet,
        "tickColor": theme.quiet,
    }
    return {
        "font": FONT,
        "background": theme.background,
        "padding": style.padding,
        "view": {"stroke": None},
        "range": {
            "category": theme.palette,
            # As schemes, from which bins and steps get as many shades as they need; bare lists would be repeated.
            "ordinal": {"scheme": theme.ramp[1:]},
            "ramp": {"scheme": theme.ramp[1:]},
            "heatmap": {"scheme": theme.ramp},
            "diverging": {"scheme": theme.diverging},
        },
        "mark": {"color": theme.palette[0]},
        # Vega-Lite draws these black, whatever the background.
        **{name: {"color": theme.ink} for name in ("text", "rule")},
        "errorbar": {"rule": {"color": theme.ink}},
        "boxplot": {"rule": {"color": theme.quiet}, "median": {"color": theme.on}},
        "geoshape": {"stroke": theme.background, "strokeWidth": 0.5},
        "axis": axis if style.titles else axis | {"title": None},
        # A number centred on the last tick ends outside the picture if Vega hid it when it made room.
        "axisXQuantitative": {"labelFlush": True},
        "axisDiscrete": {"grid": False},
        # If there are negative values too, the bars start from a line that is not an edge of the plot.
        "axisQuantitative": {
            "gridColor": {
                "condition": {"test": "datum.value === 0", "value": theme.quiet},
                "value": theme.line,
            }
        },
        # For labels that `axes` cannot know: Vega-Lite's own upright ones are hard to read.
        "axisXDiscrete": {"labelAngle": -45 if style.normal else -90, "labelOverlap": True},
        "legend": {**words, **whole, "labelColor": theme.quiet, "titleColor": theme.ink, "symbolLimit": 0},
        "header": {**words, **whole, "labelColor": theme.ink, "labelFontWeight": "bold"},
        "title": {
            "fontSize": style.title,
            "color": theme.ink,
            "anchor": "start",
            "frame": "bounds",
            "offset": 14 if style.normal else 6,
            "limit": 0,
            "fontWeight": 600,
            "subtitleColor": theme.quiet,
            "subtitleFontSize": style.text + 1,
            "subtitlePadding": 5,
        },
    }


def title_lines(title: str, width: int, style: Style = NORMAL) -> list[str]:
    """Wrap a title into lines that fit a picture `width` pixels wide."""
    return text_width.broken(title, (width - 2 * style.padding) / style.title, bold=True)


def heading(frame: ChartFrame, style: Style) -> dict[str, JsonValue]:
    """Return the title and the subtitle of a chart, wrapped into lines; empty if there are none.

    The title occupies at most a quarter, and the subtitle a sixth, of the picture's height.
    """
    room = frame.width - 2 * style.padding
    most = max(1, int(frame.height / 4 / (style.title * 1.3)))
    lines = text_width.broken(frame.title, room / style.title, most, bold=True) if frame.title else []
    definition: dict[str, JsonValue] = {"text": [*lines]} if lines else {}
    if frame.subtitle:
        most = max(1, int(frame.height / 6 / (style.text * 1.4)))
        definition |= {
            "text": [*lines],
            "subtitle": [*text_width.broken(frame.subtitle, room / (style.text + 1), most)],
        }
    return definition


def merged(own: dict[str, JsonValue], style: Style = NORMAL) -> dict[str, JsonValue]:
    """Return the theme, overridden by the settings in a spec's own `config`."""
    return _merge(_config(style), own)


def _merge(under: dict[str, JsonValue], over: dict[str, JsonValue]) -> dict[str, JsonValue]:
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = (
            _merge(dict(below), dict(value)) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return result
