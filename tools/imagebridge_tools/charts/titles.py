"""Titles of axes and legends: broken into lines where they are longer than what they stand at."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imagebridge_tools.answer import JsonObject, JsonValue

from .labels import LINE
from .text_width import broken, wide
from .theme import Style

_LEGENDS = ("color", "fill", "stroke", "opacity", "size", "shape", "strokeDash", "strokeWidth")
_SHARE = 0.12
"""Share of the picture that the lines of an axis' title take at most; half of that of a legend's."""

_MOST = 4
"""Lines of a title at most."""


def side_title_width(width: float) -> float:
    """Return the pixels of a legend's title in a picture `width` pixels wide: a quarter, or more in a small one."""
    return max(width / 4, min(110, width * 0.4))


class PlotSize(NamedTuple):
    """Pixels: of a plot's width and height, of the picture or the small chart around it, and of the whole width."""

    x: float
    y: float
    width: float
    height: float
    whole: float

    def room_for_lines(self, channel: str) -> tuple[float, float]:
        """Return how long the lines of a title may be, and how high all of them together."""
        if channel == "x":  # A narrow plot has empty corners beside its title.
            return max(self.x, self.width * 0.4), self.height * _SHARE
        if channel == "y":
            return max(self.y, self.height * 0.3), self.width * _SHARE
        return side_title_width(self.whole), self.height * _SHARE * 2


def titled(view: Mapping[str, JsonValue], room: PlotSize, style: Style) -> JsonObject:
    """Return a chart, layered or not, whose titles fit."""
    done = dict(view)
    if isinstance(encoding := view.get("encoding"), Mapping):
        done["encoding"] = {
            channel: _fitting(channel, definition, room, style)
            if channel in ("x", "y", *_LEGENDS) and isinstance(definition, Mapping)
            else definition
            for channel, definition in encoding.items()
        }
    if isinstance(layers := view.get("layer"), Sequence):
        done["layer"] = [
            titled(layer, room, style) if isinstance(layer, Mapping) else layer for layer in layers
        ]
    return done


def _fitting(
    channel: str, definition: Mapping[str, JsonValue], room: PlotSize, style: Style
) -> Mapping[str, JsonValue]:
    """Return what a channel shows with its title, or the one that Vega-Lite makes, in lines."""
    place = "axis" if channel in ("x", "y") else "legend"
    guide = definition.get(place, {})
    if not isinstance(guide, Mapping):  # None: there is none to have a title.
        return definition
    derived = _derived(definition) if style.titles or place == "legend" else None
    own = guide.get("title", definition.get("title", derived))
    size = style.text + 1
    long, high = room.room_for_lines(channel)
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
    """Return the title of a field that has none, as Vega-Lite writes it."""
    field = definition.get("field")
    if not isinstance(field, str):
        return None
    if isinstance(aggregate := definition.get("aggregate"), str):
        return f"{aggregate.capitalize()} of {field}"
    unit = "binned" if definition.get("bin") not in (None, False, "binned") else definition.get("timeUnit")
    return f"{field} ({unit})" if isinstance(unit, str) else field
