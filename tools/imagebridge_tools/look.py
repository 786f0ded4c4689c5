"""How charts look: one calm theme, large enough to be read by a model at the size it is drawn."""

import textwrap

from .answer import Json

PADDING = 14
TEXT_SIZE = 13
TITLE_SIZE = 19

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

CONFIG: dict[str, Json] = {
    "background": "white",
    "padding": PADDING,
    "view": {"stroke": None},
    "range": {"category": PALETTE},
    "mark": {"color": PALETTE[0]},
    "axis": {
        "labelFontSize": TEXT_SIZE,
        "titleFontSize": TEXT_SIZE + 1,
        "labelColor": _QUIET,
        "titleColor": _INK,
        "titlePadding": 10,
        "labelLimit": 0,
        "titleLimit": 0,
        "labelFlush": False,
        "labelSeparation": 8,
        # Vega-Lite's own 200 pixels put the title on top of long labels.
        "maxExtent": 2000,
        "gridColor": _LINE,
        "domainColor": _QUIET,
        "tickColor": _QUIET,
    },
    "axisDiscrete": {"grid": False},
    "legend": {
        "labelFontSize": TEXT_SIZE,
        "titleFontSize": TEXT_SIZE + 1,
        "labelColor": _QUIET,
        "titleColor": _INK,
        "labelLimit": 0,
        "titleLimit": 0,
        "symbolLimit": 0,
    },
    "header": {
        "labelFontSize": TEXT_SIZE,
        "titleFontSize": TEXT_SIZE + 1,
        "labelColor": _INK,
        "labelFontWeight": "bold",
        "labelLimit": 0,
        "titleLimit": 0,
    },
    "title": {
        "fontSize": TITLE_SIZE,
        "color": _INK,
        "anchor": "start",
        "frame": "bounds",
        "offset": 14,
        "limit": 0,
    },
}
"""Vega-Lite's `config`. A spec's own settings win over it."""


def title_lines(title: str, width: int) -> list[str]:
    """Break a title into lines that fit `width` pixels; a bold letter takes six tenths of its height."""
    return textwrap.wrap(title, max(12, round((width - 2 * PADDING) / (TITLE_SIZE * 0.56))))


def merged(own: dict[str, Json]) -> dict[str, Json]:
    """Return the theme with the settings of a spec's `config` in their places."""
    return _merge(CONFIG, own)


def _merge(under: dict[str, Json], over: dict[str, Json]) -> dict[str, Json]:
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = (
            _merge(dict(below), dict(value)) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return result
