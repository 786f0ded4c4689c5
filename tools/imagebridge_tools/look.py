"""How charts look: one calm theme, large enough to be read by a model at the size it is drawn."""

import textwrap
from dataclasses import dataclass

from .answer import Json


@dataclass(frozen=True, slots=True)
class Look:
    """Sizes in pixels: of letters, of the chart's title, of the empty edge. `titles`: axes say what they show."""

    text: int
    title: int
    padding: int
    titles: bool

    @property
    def beside(self) -> int:
        """Pixels of a picture's width that its plot does not have, about."""
        return 90 if self == NORMAL else 2 * self.padding + 5 * self.text

    @property
    def below(self) -> int:
        """Pixels of a picture's height that its plot does not have, about, without the chart's title."""
        return 100 if self == NORMAL else 2 * self.padding + (5 if self.titles else 2) * self.text


NORMAL = Look(text=13, title=19, padding=14, titles=True)
SMALL = Look(text=11, title=14, padding=8, titles=True)
TINY = Look(text=10, title=12, padding=6, titles=False)


def look(width: int, height: int) -> Look:
    """Return the look of a chart of this size: in a small one the letters must leave room for the data."""
    if width < 260 or height < 180:
        return TINY
    return SMALL if width < 400 or height < 260 else NORMAL


FONT = "Inter"
"""The font that is shipped, in regular and semi-bold; the drawing process knows its files."""

_INK, _QUIET, _LINE = "#1d2b3a", "#465566", "#dfe5ec"

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
"""Ten colours and their dark brothers; white letters can be read on all of them."""


def _config(look: Look) -> dict[str, Json]:
    """Return Vega-Lite's `config`."""
    words: dict[str, Json] = {"labelFontSize": look.text, "titleFontSize": look.text + 1}
    whole: dict[str, Json] = {"labelLimit": 0, "titleLimit": 0}
    axis: dict[str, Json] = {
        **words,
        **whole,
        "labelColor": _QUIET,
        "titleColor": _INK,
        "titlePadding": 10 if look == NORMAL else 5,
        "labelFlush": False,
        "labelSeparation": 8,
        # Vega-Lite's own 200 pixels put the title on top of long labels.
        "maxExtent": 2000,
        "gridColor": _LINE,
        "domainColor": _QUIET,
        "tickColor": _QUIET,
    }
    return {
        "font": FONT,
        "background": "white",
        "padding": look.padding,
        "view": {"stroke": None},
        "range": {"category": PALETTE},
        "mark": {"color": PALETTE[0]},
        "axis": axis if look.titles else axis | {"title": None},
        "axisDiscrete": {"grid": False},
        # For labels that `axes` cannot know: Vega-Lite's own upright ones are hard to read.
        "axisXDiscrete": {"labelAngle": -45},
        "legend": {**words, **whole, "labelColor": _QUIET, "titleColor": _INK, "symbolLimit": 0},
        "header": {**words, **whole, "labelColor": _INK, "labelFontWeight": "bold"},
        "title": {
            "fontSize": look.title,
            "color": _INK,
            "anchor": "start",
            "frame": "bounds",
            "offset": 14 if look == NORMAL else 6,
            "limit": 0,
        },
    }


def title_lines(title: str, width: int, look: Look = NORMAL) -> list[str]:
    """Break a title into lines that fit `width` pixels; a bold letter takes six tenths of its height."""
    return textwrap.wrap(title, max(12, round((width - 2 * look.padding) / (look.title * 0.56))))


def merged(own: dict[str, Json], look: Look = NORMAL) -> dict[str, Json]:
    """Return the theme with the settings of a spec's own `config`, which win, in their places."""
    return _merge(_config(look), own)


def _merge(under: dict[str, Json], over: dict[str, Json]) -> dict[str, Json]:
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = (
            _merge(dict(below), dict(value)) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return result
