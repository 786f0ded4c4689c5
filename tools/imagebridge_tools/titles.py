"""Titles of axes and legends: broken into lines where they are longer than what they stand at."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .answer import Json
from .labels import LINE
from .letters import broken, wide
from .look import Look

Object = dict[str, Json]

_LEGENDS = ("color", "fill", "stroke", "opacity", "size", "shape", "strokeDash", "strokeWidth")
_DERIVED = ("aggregate", "bin", "timeUnit")
_SHARE = 0.2
"""Share of the picture that the lines of an axis' title take at most; half of that of a legend's."""


class Room(NamedTuple):
    """Pixels: of a plot's width and height, and of the picture or the small chart around it."""

    x: float
    y: float
    width: float
    height: float

    def lines(self, channel: str) -> tuple[float, float]:
        """Return how long the lines of a title may be, and how high all of them together."""
        if channel == "x":
            return self.x, self.height * _SHARE
        return (self.y, self.width * _SHARE) if channel == "y" else (self.width / 4, self.height * _SHARE * 2)


def titled(view: Mapping[str, Json], room: Room, look: Look) -> Object:
    """Return a chart, layered or not, whose titles fit."""
    done = dict(view)
    if isinstance(encoding := view.get("encoding"), Mapping):
        done["encoding"] = {
            channel: _fitting(channel, definition, room, look)
            if channel in ("x", "y", *_LEGENDS) and isinstance(definition, Mapping)
            else definition
            for channel, definition in encoding.items()
        }
    if isinstance(layers := view.get("layer"), Sequence):
        done["layer"] = [
            titled(layer, room, look) if isinstance(layer, Mapping) else layer for layer in layers
        ]
    return done


def _fitting(channel: str, definition: Mapping[str, Json], room: Room, look: Look) -> Mapping[str, Json]:
    """Return what a channel shows with its title in lines; a title that Vega-Lite makes itself is cut at the end."""
    place = "axis" if channel in ("x", "y") else "legend"
    guide = definition.get(place, {})
    if not isinstance(guide, Mapping):  # None: there is none to have a title.
        return definition
    own = guide.get("title", definition.get("title", definition.get("field")))
    size = look.text + 1
    long, high = room.lines(channel)
    if not isinstance(own, str) or wide(own, bold=True) * size <= long:
        return definition
    if "title" not in {*guide, *definition} and any(name in definition for name in _DERIVED):
        return {**definition, place: {"titleLimit": long, **guide}}
    lines: list[Json] = [*broken(own, long / size, max(1, int(high / (size * LINE))), bold=True)]
    if "title" in guide:
        return {**definition, place: {**guide, "title": lines}}
    return {**definition, "title": lines}
