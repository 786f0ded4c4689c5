"""Draws the plots of the page of results, as SVG that follows the page's light or dark theme."""

import json
import re
from typing import Literal, NamedTuple

WIDTH, HEIGHT = 380, 250
"""Pixels of the plot's inside: with its axes as wide as a phone shows without making letters small."""
LETTERS = 15
"""Pixels of the letters."""

BLUE, ORANGE, GREEN, GREY = "#2f7be0", "#d9641e", "#2c9c5a", "#8a8f98"
"""Colours that are clear on white and on black."""
INK, PAPER, LINES = "#1f2328", "#ffffff", "#d5d9de"
DARK = {INK: "#e6e9ee", PAPER: "#131416", LINES: "#3b4048"}
"""What is drawn in other colours where the reader wants dark pages."""


class Plot(NamedTuple):
    """A plot: its title, its caption, the colours of its series, and the labels of its axes.

    Rows have the fields "series", "x" and "y". form: bars, or lines whose x axis doubles with each
    step, or whose axes both are logarithmic.
    """

    title: str
    words: str
    series: dict[str, str]
    x_title: str
    y_title: str = ""
    form: Literal["bars", "lines", "doubling", "logarithmic"] = "lines"


PLOTS = {
    "kinds": Plot(
        "Kinds of results that a model sees, of 31",
        "Each framework alone and with imagebridge (the relay or an adapter, whichever is better), from "
        "[compatibility](compatibility.md); and a hand-written loop compared with `Bridge`.",
        {"alone": ORANGE, "with imagebridge": BLUE},
        "framework",
        form="bars",
    ),
    "time": Plot(
        "Time from a prompt to its answer",
        "Two requests and a call that returns a PNG of noise, the lowest of several rounds. imagebridge decodes every picture and "
        "fits the largest; the hand-written loop checks nothing.",
        {"by hand": ORANGE, "imagebridge": BLUE},
        "MB of the picture",
        "milliseconds",
        form="logarithmic",
    ),
    "tokens": Plot(
        "Tokens of a picture",
        "For the same pictures: tokens by the API's published formula, plus one token for four characters of accompanying text. The "
        "cost of a picture that a loop dumps as text depends on its bytes, and no model sees it.",
        {"by hand, dumped as text": GREY, "by hand, as a picture": ORANGE, "imagebridge": BLUE},
        "MB of the picture",
        "tokens",
        form="logarithmic",
    ),
    "history": Plot(
        "Bytes of each turn",
        "A new screenshot of 1 MB in each of 100 stateless turns: the bytes that each turn sends, including uploads.",
        {"by hand": ORANGE, "imagebridge, data URLs": BLUE, "imagebridge, uploads": GREEN},
        "turn",
        "MB sent",
    ),
    "throughput": Plot(
        "Requests per second over HTTP",
        "Calls of `get_image` with the same text, whose answer is remembered, over connections that each wait for an answer before "
        "the next request; the best of several rounds, compared with a bare server of the MCP SDK that returns the same bytes.",
        {"a bare server": ORANGE, "imagebridge": BLUE},
        "connections",
        "requests per second",
        form="doubling",
    ),
}


def drawn(name, rows):
    """Draw a plot of PLOTS as SVG."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(json.dumps(_spec(PLOTS[name], rows)))
    rules = "".join(
        f'[fill="{light}"]{{fill:{dark}}}[stroke="{light}"]{{stroke:{dark}}}' for light, dark in DARK.items()
    )
    style = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"
    return re.sub(r"(<svg [^>]*>)", rf"\1<title>{PLOTS[name].title}</title>{style}", svg, count=1)


def _spec(plot, rows):
    is_bars = plot.form == "bars"
    # The words of the upright axis stand above it, where there is room for them.
    title = {"text": plot.title, "anchor": "start", "frame": "bounds", "offset": 12}
    colour = {
        "field": "series",
        "scale": {"domain": list(plot.series), "range": list(plot.series.values())},
        "legend": {"title": None, "orient": "top", "offset": 10},
    }
    colour["legend"]["direction"] = "vertical" if len(plot.series) > 2 else "horizontal"
    colour["legend"]["symbolSize"] = 150 if is_bars else 16
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": WIDTH - 90 if is_bars else WIDTH,
        "height": {"step": 17} if is_bars else HEIGHT,
        "padding": {"left": 8, "top": 8, "bottom": 8, "right": 16},
        "background": PAPER,
        "data": {"values": rows},
        "title": {**title, **({"subtitle": plot.y_title} if plot.y_title else {})},
        **(_bars if is_bars else _lines)(plot, colour),
        "config": _theme(),
    }


def _bars(plot, colour):
    """Draw a bar for each series of each name, with its number at the end."""
    bands = {"field": "x", "type": "nominal", "sort": None, "title": None}
    bands |= {"scale": {"paddingInner": 0.3}, "axis": {"domain": False, "ticks": False, "labelPadding": 6}}
    counts = {"field": "y", "type": "quantitative", "axis": None}
    offset = {"field": "series", "sort": list(plot.series)}
    number = {"type": "text", "align": "left", "dx": 4, "fontSize": LETTERS - 1, "color": INK, "aria": False}
    return {
        "encoding": {"y": bands, "yOffset": offset, "x": counts},
        "layer": [
            {"mark": {"type": "bar", "aria": False}, "encoding": {"color": colour}},
            {"mark": number, "encoding": {"text": {"field": "y"}}},
        ],
    }


def _lines(plot, colour):
    """Draw a line for each series; all but the last are wider, so that lines on top of them do not hide them."""
    x = {"field": "x", "type": "quantitative", "title": plot.x_title}
    y = {"field": "y", "type": "quantitative", "title": None}
    y["axis"] = {"tickCount": 4, "format": ",d"}
    match plot.form:
        case "logarithmic":
            x |= {
                "scale": {"type": "log", "nice": False},
                "axis": {"values": [0.01, 0.1, 1, 10], "format": "~g"},
            }
            y |= {
                "scale": {"type": "log"},
                "axis": {"values": [10**power for power in range(8)], "format": ","},
            }
        case "doubling":
            values = [2**power for power in range(10)]
            x |= {
                "scale": {"type": "log", "base": 2, "nice": False},
                "axis": {"values": values, "format": "d"},
            }
        case _:
            x |= {"scale": {"nice": False}, "axis": {"tickCount": 5, "format": "d"}}
    x["axis"]["grid"] = False
    layers = []
    for at, name in enumerate(plot.series, 1):
        mark = {"type": "line", "aria": False, "strokeWidth": 2.5 if at == len(plot.series) else 5}
        mark["point"] = plot.form != "lines" and {"size": 45, "aria": False}
        chosen = {"filter": {"field": "series", "equal": name}}
        layers.append({"transform": [chosen], "mark": mark, "encoding": {"color": colour}})
    return {"encoding": {"x": x, "y": y}, "layer": layers}


def _theme():
    label = {"labelColor": INK, "labelFontSize": LETTERS, "labelLimit": 300}
    title = {"titleColor": INK, "titleFontSize": LETTERS, "titleFontWeight": "normal"}
    above = {"fontSize": LETTERS + 2, "fontWeight": "bold", "subtitleFontSize": LETTERS, "subtitlePadding": 6}
    symbols = {"symbolType": "square", "symbolStrokeWidth": 8, "columnPadding": 18}
    return {
        "font": "sans-serif",
        "view": {"stroke": None},
        "axis": {**label, **title, "gridColor": LINES, "domainColor": LINES, "tickColor": LINES},
        "legend": {**label, **symbols},
        "title": {"color": INK, "subtitleColor": INK, **above},
    }
