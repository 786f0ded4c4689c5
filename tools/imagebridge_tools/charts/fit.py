"""Fits pictures of several charts to the requested size: draws them, measures them, and draws them again."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import anyio

from imagebridge_tools.tool_output import JsonObject, JsonValue

from .worker import DrawnChart

Draw = Callable[[JsonObject], Awaitable[DrawnChart]]
Name = Literal["width", "height"]

COMPOSED = ("facet", "repeat", "concat", "hconcat", "vconcat")
"""Keys of a spec that contains several charts; each chart has its own size, and these sizes determine the picture's."""

_LISTS = ("concat", "hconcat", "vconcat")
_FACETS = ("row", "column", "facet")

_UNSIZED = 300
"""The size, in pixels, of a chart that specifies none, which keeps the proportions of the parts."""

_SMALLEST = 40
"""The minimum width and height of a chart, in pixels."""

_DRAWINGS = 6
"""The maximum number of times that a picture is drawn; two or three are enough if labels keep their positions."""

_EDGE = 8
"""The maximum number of missing pixels that are added to the empty edge of the picture."""


class Fitted(NamedTuple):
    """A drawing, the spec that it shows, and a remark if it does not have the requested size."""

    drawing: DrawnChart
    spec: JsonObject
    note: str


class _Dimension(NamedTuple):
    """A width or height: the requested value, the scale to try next for its parts, and the previous attempt."""

    name: Name
    asked: int
    scale: float
    before: tuple[float, int] | None = None

    def next(self, size: int) -> "_Dimension":
        """Return the dimension with the scale that gives the requested size if the size is proportional to it."""
        scale = self.scale * self.asked / size
        if self.before and self.scale != self.before[0]:
            slope = (size - self.before[1]) / (self.scale - self.before[0])
            scale = self.scale + (self.asked - size) / slope if slope > 0 else scale
        return self._replace(scale=max(0.01, scale), before=(self.scale, size))


def composed(spec: Mapping[str, JsonValue]) -> bool:
    """Return whether a spec contains several charts."""
    encoding = spec.get("encoding")
    faceted = isinstance(encoding, Mapping) and any(channel in encoding for channel in _FACETS)
    return faceted or any(key in spec for key in COMPOSED)


async def fitted(
    spec: JsonObject, width: int | None, height: int | None, draw: Draw, seconds: float
) -> Fitted:
    """Draw a spec of several charts at `width` x `height` pixels; None lets the parts determine a dimension.

    A remark is returned if the picture does not have the requested size. No new drawing starts after half of the
    `seconds`.
    """
    dimensions: list[_Dimension] = []
    if width:
        dimensions.append(_first_dimension(spec, "width", width))
    if height:
        dimensions.append(_first_dimension(spec, "height", height))
    stop = anyio.current_time() + seconds / 2
    best: Fitted | None = None
    for left in reversed(range(_DRAWINGS)):
        sized = _sized(spec, dimensions)
        drawing = await draw(sized)
        if best is None or _off(drawing, dimensions) < _off(best.drawing, dimensions):
            best = Fitted(drawing, sized, "")
        if not _off(drawing, dimensions) or anyio.current_time() > stop:
            break
        edge = _EDGE if left else None
        if (padded := _padded(sized, drawing, dimensions, edge)) is not None:
            drawing = await draw(padded)
            if _off(drawing, dimensions) < _off(best.drawing, dimensions):
                best = Fitted(drawing, padded, "")
            break
        dimensions = [dimension.next(_size(drawing, dimension)) for dimension in dimensions]
    assert best is not None  # _DRAWINGS is over 0.
    if not _off(best.drawing, dimensions):
        return best
    wanted = " and ".join(f"{dimension.name} {dimension.asked}" for dimension in dimensions)
    return best._replace(note=f"; its charts cannot be fitted to {wanted}")


def _first_dimension(spec: JsonObject, name: Name, asked: int) -> _Dimension:
    """Return a dimension that keeps the size of its parts, or scales them down if one is larger than the picture."""
    largest = max(
        (size for leaf in _leaves(spec) if isinstance(size := leaf.get(name), int | float)), default=0
    )
    return _Dimension(name, asked, min(1, asked / largest) if largest > 0 else 1)


def _size(drawing: DrawnChart, dimension: _Dimension) -> int:
    return drawing.width if dimension.name == "width" else drawing.height


def _off(drawing: DrawnChart, dimensions: Sequence[_Dimension]) -> int:
    return sum(abs(dimension.asked - _size(drawing, dimension)) for dimension in dimensions)


def _leaves(spec: Mapping[str, JsonValue]) -> Iterator[Mapping[str, JsonValue]]:
    """Yield the individual charts of a spec."""
    inner = spec.get("spec")
    if isinstance(inner, Mapping):
        yield from _leaves(inner)
        return
    lists = [views for key in _LISTS if isinstance(views := spec.get(key), Sequence)]
    if not lists:
        yield spec
    for views in lists:
        for view in views:
            if isinstance(view, Mapping):
                yield from _leaves(view)


def _sized(spec: Mapping[str, JsonValue], dimensions: Sequence[_Dimension]) -> JsonObject:
    """Return the spec with every chart in it scaled."""
    inner = spec.get("spec")
    if isinstance(inner, Mapping):
        return {**spec, "spec": _sized(inner, dimensions)}
    lists: JsonObject = {
        key: [_sized(view, dimensions) if isinstance(view, Mapping) else view for view in views]
        for key in _LISTS
        if isinstance(views := spec.get(key), Sequence)
    }
    if lists:
        return {**spec, **lists}
    return _without_layer_sizes(spec, dimensions) | {
        dimension.name: _scaled_size(spec.get(dimension.name), dimension.scale) for dimension in dimensions
    }


def _without_layer_sizes(leaf: Mapping[str, JsonValue], dimensions: Sequence[_Dimension]) -> JsonObject:
    """Remove the sizes of a chart's layers, which would take precedence."""
    layers = leaf.get("layer")
    if not isinstance(layers, Sequence):
        return dict(leaf)
    names = {dimension.name for dimension in dimensions}
    bare: list[JsonValue] = [
        _without_layer_sizes({key: value for key, value in layer.items() if key not in names}, dimensions)
        if isinstance(layer, Mapping)
        else layer
        for layer in layers
    ]
    return {**leaf, "layer": bare}


def _scaled_size(own: JsonValue, scale: float) -> JsonValue:
    return max(_SMALLEST, round((own if isinstance(own, int | float) else _UNSIZED) * scale))


def _padded(
    spec: JsonObject, drawing: DrawnChart, dimensions: Sequence[_Dimension], edge: int | None
) -> JsonObject | None:
    """Return the spec with missing pixels added to its empty edge, or None if more than `edge` pixels are missing.

    Without `edge`, the limit is a twentieth of the picture.
    """
    padding = _padding(spec)
    for dimension in dimensions:
        missing = dimension.asked - _size(drawing, dimension)
        end = "right" if dimension.name == "width" else "bottom"
        most = dimension.asked // 20 if edge is None else edge
        if missing > most or padding[end] + missing < min(padding[end], 4):
            return None
        padding[end] += missing
    return spec | {"padding": dict(padding)}


def _padding(spec: JsonObject) -> dict[str, int]:
    """Return the padding around a picture, from the spec or its theme."""
    config = spec.get("config")
    theme = config.get("padding") if isinstance(config, Mapping) else None
    own = spec.get("padding", theme)
    ends = ("left", "top", "right", "bottom")
    sizes = [own.get(end, 0) if isinstance(own, Mapping) else own for end in ends]
    return {
        end: int(size) if isinstance(size, int | float) else 0 for end, size in zip(ends, sizes, strict=True)
    }
