"""Wraps the titles of axes and legends if they are longer than the axes and legends themselves."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imagebridge_tools.tool_output import JsonObject, JsonValue

from .labels import LINE
from .spec_views import mapping
from .text_width import broken, wide
from .theme import Style

_LEGENDS = ("color", "fill", "stroke", "opacity", "size", "shape", "strokeDash", "strokeWidth")
_SHARE = 0.12
"""The maximum share of the picture for the lines of an axis title."""

_UNITS = re.compile("year|quarter|month|week|dayofyear|day|date|hours|minutes|(?:milli)?seconds")
"""Matches the parts of a unit of time."""

_WORD = 200
"""The width, in pixels, up to which a word in a legend's title is not broken, however small the chart."""

_MOST = 4
"""The maximum number of lines in a title."""


def side_title_width(width: float) -> float:
    """Return the width for a legend's title in a picture `width` pixels wide: a quarter, or more in a small picture."""
    return max(width / 4, min(110, width * 0.4))


class PlotSize(NamedTuple):
    """In pixels: the plot's width and height, those of the picture or small chart around it, and the picture's width."""

    x: float
    y: float
    width: float
    height: float
    whole: float

    def room_for_lines(self, channel: str) -> tuple[float, float]:
        """Return the maximum length of a line of a title, and the maximum height of all its lines."""
        if channel == "x":  # A narrow plot has empty corners next to its title.
            return max(self.x, self.width * 0.4), self.height * _SHARE
        if channel == "y":
            return max(self.y, self.height * 0.3), self.width * _SHARE
        return side_title_width(self.whole), self.height * _SHARE * 2


def titled(
    view: Mapping[str, JsonValue], room: PlotSize, style: Style, shared: Mapping[str, JsonValue] | None = None
) -> JsonObject:
    """Return a chart, layered or not, with titles that fit; `shared` is the encoding around a layer."""
    done = dict(view)
    around = dict(shared or {})
    if isinstance(encoding := view.get("encoding"), Mapping):
        done["encoding"] = {
            channel: _fitting(channel, definition, around.get(channel), room, style)
            if channel in ("x", "y", *_LEGENDS) and isinstance(definition, Mapping)
            else definition
            for channel, definition in encoding.items()
        }
        around |= {
            channel: {**outer, **own}
            if isinstance(outer := around.get(channel), Mapping) and isinstance(own, Mapping)
            else own
            for channel, own in encoding.items()
        }
    if isinstance(layers := view.get("layer"), Sequence):
        done["layer"] = [
            titled(layer, room, style, around) if isinstance(layer, Mapping) else layer for layer in layers
        ]
    return done


def _fitting(
    channel: str, definition: Mapping[str, JsonValue], shared: JsonValue, room: PlotSize, style: Style
) -> Mapping[str, JsonValue]:
    """Return the definition of a channel with its title, or the one that Vega-Lite generates, broken into lines."""
    place = "axis" if channel in ("x", "y") else "legend"
    around = mapping(shared)
    guide = definition.get(place, around.get(place, {}))
    if not isinstance(guide, Mapping):  # None: there is nothing to have a title.
        return definition
    if "title" in around and "title" not in definition and "title" not in guide:
        return definition  # It was wrapped where it is defined.
    derived = _derived(definition) if style.titles or place == "legend" else None
    own = guide.get("title", definition.get("title", derived))
    size = style.text + 1
    long, high = room.room_for_lines(channel)
    if place == "legend" and isinstance(own, str):  # This makes the picture wider, if it must.
        longest = max((wide(word, bold=True) * size for word in own.split()), default=0)
        long = max(long, min(longest + 1, max(room.whole / 2, _WORD)))
    if place == "legend" and "field" in definition:
        guide = {"labelLimit": room.whole / 2, **guide}
        definition = {**definition, place: guide}
    if not isinstance(own, str) or wide(own, bold=True) * size <= long:
        return definition
    lines: list[JsonValue] = [
        *broken(own, long / size, min(_MOST, max(2, int(high / (size * LINE)))), bold=True)
    ]
    if "title" in guide:
        return {**definition, place: {**guide, "title": lines}}
    return {**definition, "title": lines}


def _derived(definition: Mapping[str, JsonValue]) -> JsonValue:
    """Return the title that Vega-Lite generates for a field without a title."""
    field = definition.get("field")
    if not isinstance(field, str):
        return None
    if isinstance(aggregate := definition.get("aggregate"), str):
        return f"{aggregate.capitalize()} of {field}"
    unit = "binned" if definition.get("bin") not in (None, False, "binned") else definition.get("timeUnit")
    return f"{field} ({'-'.join(_UNITS.findall(unit)) or unit})" if isinstance(unit, str) else field
