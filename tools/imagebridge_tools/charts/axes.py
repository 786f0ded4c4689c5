"""Labels the axes of a model's own spec: horizontal categories if they fit, and dates that name the day."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from imagebridge_tools.tables.cells import date
from imagebridge_tools.tool_output import JsonObject, JsonValue

from . import dates, labels
from .theme import NORMAL, Style
from .titles import PlotSize, titled

Records = Sequence[Mapping[str, JsonValue]]
Channel = Literal["x", "y"]

_LISTS = ("concat", "hconcat", "vconcat")
_OWN = frozenset({"labelAngle", "labelExpr", "labelOverlap", "format", "values", "tickCount"})
"""If a spec sets one of these properties of an axis, its labels are left as the spec defines them."""

_KEEP_WHOLE = ("max", "min", "sum")
"""Aggregates that return whole numbers for whole numbers."""

_SIDE, _STEP = 300, 20
"""The size in pixels of a chart that specifies none, and of one of its categories: Vega-Lite's defaults."""

_NARROW = 40
"""The width of a category, in pixels, below which its label may extend beyond the end of an axis."""

_ENDS: Sequence[JsonObject] = (
    {"test": "datum.index === 0", "value": "left"},
    {"test": "datum.index === 1", "value": "right"},
)
"""The alignment that keeps the first and last labels inside the axis."""

_NOTHING: Mapping[str, JsonValue] = {}

_MOST = 500
"""The maximum number of categories whose labels are laid out; nobody can read more."""


class _InheritedRows(NamedTuple):
    """The properties that a view inherits: the rows, whether all of them are drawn, the fields to repeat it for."""

    rows: Records
    whole: bool
    datasets: Mapping[str, JsonValue]
    repeats: Mapping[str, Sequence[JsonValue]]

    def inside(self, view: Mapping[str, JsonValue]) -> "_InheritedRows":
        """Return what the parts of a view inherit."""
        repeat = view.get("repeat")
        repeat_of = repeat if isinstance(repeat, Mapping) else {"repeat": repeat}
        repeats = {name: fields for name, fields in repeat_of.items() if isinstance(fields, Sequence)}
        return _InheritedRows(
            self._data(view),
            self.whole and "transform" not in view,
            self.datasets,
            {**self.repeats, **repeats},
        )

    def _data(self, view: Mapping[str, JsonValue]) -> Records:
        if "data" not in view:
            return self.rows
        data = view["data"]
        values = (
            data.get("values", self.datasets.get(str(data.get("name"))))
            if isinstance(data, Mapping)
            else None
        )
        return [row for row in values if isinstance(row, Mapping)] if isinstance(values, Sequence) else []


class _AxisUse(NamedTuple):
    """One position in a chart where a channel shows a field."""

    definition: Mapping[str, JsonValue]
    inherited: _InheritedRows

    @property
    def fields(self) -> list[str]:
        """The fields shown here: one, or those that a view is repeated for."""
        field = self.definition.get("field")
        if isinstance(field, Mapping):
            return [str(name) for name in self.inherited.repeats.get(str(field.get("repeat")), ())]
        return [str(field)]

    def values(self) -> list[str | float]:
        """Return the distinct values of the fields."""
        cells = [row.get(field) for field in self.fields for row in self.inherited.rows]
        return list(dict.fromkeys(value for value in cells if isinstance(value, str | int | float)))


def labelled(spec: Mapping[str, JsonValue], style: Style = NORMAL) -> JsonObject:
    """Return the spec with labels on axes that it does not define itself and whose values are in its rows."""
    datasets = spec.get("datasets")
    inherited = _InheritedRows([], True, datasets if isinstance(datasets, Mapping) else {}, {})
    return _views(spec, inherited, style)


def ruled(config: JsonValue) -> bool:
    """Return whether a spec's own `config` defines the labels of axes."""
    parts = config.items() if isinstance(config, Mapping) else ()
    return any(
        name.startswith("axis") and isinstance(part, Mapping) and _OWN & set(part) for name, part in parts
    )


def _views(spec: Mapping[str, JsonValue], outer: _InheritedRows, style: Style) -> JsonObject:
    inherited = outer.inside(spec)
    inner = spec.get("spec")
    if isinstance(inner, Mapping):
        return {**spec, "spec": _views(inner, inherited, style)}
    lists: JsonObject = {
        key: [_views(view, inherited, style) if isinstance(view, Mapping) else view for view in views]
        for key in _LISTS
        if isinstance(views := spec.get(key), Sequence)
    }
    return {**spec, **lists} if lists else _chart(spec, outer, style)


def _chart(view: Mapping[str, JsonValue], inherited: _InheritedRows, style: Style) -> JsonObject:
    """Return one chart, layered or not, with labels on its axes."""
    done = dict(view)
    for channel in ("x", "y"):
        uses = list(_uses(view, channel, inherited))
        if channel == "x" and uses and all(map(_periodic, uses)):
            done = _replaced(done, channel, _level_axis(view, uses))
        elif (
            uses
            and all(_free(use.definition) for use in uses)
            and (write_axis := _axis(view, channel, uses, style))
        ):
            done = _replaced(done, channel, write_axis)
    return titled(done, _titles(done, style), style)


def _titles(view: Mapping[str, JsonValue], style: Style) -> PlotSize:
    """Return the approximate space that the axis titles need."""
    heading = _mapping(view.get("title"))
    above = sum(
        style.title * 1.3 for key in ("text", "subtitle") for _ in _list(heading.get(key)) if style.titles
    )
    encodings = [_mapping(view.get("encoding")), *(_mapping(one.get("encoding")) for one in _layers(view))]
    legend = any(name in encoding for encoding in encodings for name in ("color", "fill", "stroke"))
    turned = any(
        _mapping(_mapping(encoding.get("x")).get("axis")).get("labelAngle", 0) != 0 for encoding in encodings
    )
    x, y = (_room(view, channel, style) for channel in ("x", "y"))
    width = _number(view.get("width")) or _SIDE
    return PlotSize(
        (x or _SIDE) * (0.75 if legend else 1),
        max(_STEP, (y or _SIDE) - above) * (0.7 if turned else 1),
        width,
        _number(view.get("height")) or _SIDE,
        width,
    )


def _uses(
    view: Mapping[str, JsonValue],
    channel: Channel,
    outer: _InheritedRows,
    shared: Mapping[str, JsonValue] = _NOTHING,
) -> Iterator[_AxisUse]:
    """Yield the uses of a channel that show a field; a layer's definition includes the surrounding encoding."""
    inherited = outer.inside(view)
    own = _mapping(_mapping(view.get("encoding")).get(channel))
    whole = {**shared, **own}
    if "field" in own:
        yield _AxisUse(whole, inherited)
    for layer in _layers(view):
        yield from _uses(layer, channel, inherited, whole)


def _layers(view: Mapping[str, JsonValue]) -> list[Mapping[str, JsonValue]]:
    layers = view.get("layer")
    return [layer for layer in layers if isinstance(layer, Mapping)] if isinstance(layers, Sequence) else []


def _free(definition: Mapping[str, JsonValue]) -> bool:
    """Return whether the values of a field are shown unchanged, on an axis that the spec does not define."""
    axis = definition.get("axis", {})
    plain = not any(key in definition for key in ("bin", "timeUnit", "impute"))
    kept = "aggregate" not in definition or (
        definition["aggregate"] in _KEEP_WHOLE and _type(definition) == "quantitative"
    )
    return plain and kept and isinstance(axis, Mapping) and not _OWN & set(axis)


def _type(definition: Mapping[str, JsonValue]) -> str:
    """Return the type that a definition specifies for its field, or Vega-Lite's default."""
    return str(definition.get("type", "quantitative" if "aggregate" in definition else "nominal"))


def _periodic(use: _AxisUse) -> bool:
    """Return whether a field is shown by its months, days or hours as categories, on an axis that is not defined."""
    one = use.definition
    axis = one.get("axis", {})
    named = "timeUnit" in one and one.get("type") in ("ordinal", "nominal") and "bin" not in one
    return named and isinstance(axis, Mapping) and not _OWN & set(axis)


def _level_axis(
    view: Mapping[str, JsonValue], uses: Sequence[_AxisUse]
) -> Callable[[Mapping[str, JsonValue]], JsonObject]:
    """Return a function that makes the labels of a definition horizontal, if Vega would leave out overlapping ones."""
    level: JsonObject = {"labelAngle": 0, "labelOverlap": True}
    room, count = _room(view, "x", NORMAL), len({value for use in uses for value in use.values()})
    if (room / max(count, 1) if room else _step(view, "x")) < _NARROW:
        level["labelAlign"] = {"condition": [*_ENDS], "value": "center"}
    return lambda definition: {**definition, "axis": level | _mapping(definition.get("axis"))}


def _replaced(
    view: Mapping[str, JsonValue],
    channel: Channel,
    write_axis: Callable[[Mapping[str, JsonValue]], JsonObject],
    shared: Mapping[str, JsonValue] = _NOTHING,
) -> JsonObject:
    """Return a chart in which each definition of a channel that shows a field has the axis built for it."""
    done = dict(view)
    encoding = _mapping(view.get("encoding"))
    own = _mapping(encoding.get(channel))
    whole = {**shared, **own}
    if "field" in own:
        done["encoding"] = {**encoding, channel: {**own, "axis": write_axis(whole)["axis"]}}
    layers = view.get("layer")
    if isinstance(layers, Sequence):
        done["layer"] = [
            _replaced(layer, channel, write_axis, whole) if isinstance(layer, Mapping) else layer
            for layer in layers
        ]
    return done


def _axis(
    view: Mapping[str, JsonValue], channel: Channel, uses: Sequence[_AxisUse], style: Style
) -> Callable[[Mapping[str, JsonValue]], JsonObject] | None:
    """Return a function that adds labels to a definition, or None if nothing is known about its values."""
    types = {_type(use.definition) for use in uses}
    values = [value for use in uses for value in use.values()]
    if not values:
        return None
    if types <= {"nominal", "ordinal"}:
        if len(values) > _MOST:
            return None
        axis = _categories(view, channel, uses, style)
        return lambda definition: {**definition, "axis": axis | _mapping(definition.get("axis"))}
    if types == {"quantitative"}:
        whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
        steps: JsonObject = {"tickMinStep": labels.WHOLE}
        known = whole and all(use.inherited.whole and "stack" not in use.definition for use in uses)
        if not known:
            return None
        return lambda definition: {**definition, "axis": steps | _mapping(definition.get("axis"))}
    moments = [moment for value in values if isinstance(value, str) and (moment := date(value))]
    scaled = any("domain" in _mapping(use.definition.get("scale")) for use in uses)
    if (
        types != {"temporal"}
        or len(moments) < len(values)
        or scaled
        or not all(use.inherited.whole for use in uses)
    ):
        return None
    room = _room(view, channel, style)
    zoned = [moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in moments]
    return _dated(zoned, room or _SIDE, style, down=channel == "y")


def _categories(
    view: Mapping[str, JsonValue], channel: Channel, uses: Sequence[_AxisUse], style: Style
) -> JsonObject:
    sets = [use.values() for use in uses]
    names = list(dict.fromkeys(_category_text(value) for values in sets for value in values))
    # The charts of a repeat have different labels with the same width.
    most = max(len(names) // max(len(use.fields) for use in uses), 1)
    room = _room(view, channel, style)
    each = _step(view, channel) if room is None else room / most
    if channel == "x":
        return labels.below(names, each, _number(view.get("height")) or _SIDE, style.text)
    return labels.beside(names, each, _number(view.get("width")) or _SIDE, style.text)[0]


def _dated(
    moments: Sequence[datetime], room: float, style: Style, *, down: bool
) -> Callable[[Mapping[str, JsonValue]], JsonObject]:
    axis, shared = dates.axis(moments, room, style.text, titled=style.titles, down=down)

    def with_axis(definition: Mapping[str, JsonValue]) -> JsonObject:
        own = _mapping(definition.get("axis"))
        title = own.get("title", definition.get("title", definition.get("field")))
        named = f"{title} ({shared})" if isinstance(title, str) and title else shared
        return {**definition, "axis": axis | own | ({"title": named} if shared else {})}

    return with_axis


def _step(view: Mapping[str, JsonValue], channel: Channel) -> float:
    """Return the size of a category, in pixels, in a chart that grows with the number of its categories."""
    size = view.get("width" if channel == "x" else "height")
    return _number(_mapping(size).get("step")) or _STEP


def _room(view: Mapping[str, JsonValue], channel: Channel, style: Style) -> float | None:
    """Return the length of an axis in pixels, or None if each category has a fixed step."""
    size = _number(view.get("width" if channel == "x" else "height"))
    margin = (style.beside if channel == "x" else style.below) if "autosize" in view else 0
    return max(_STEP, size - margin) if size else None


def _number(value: JsonValue) -> float | None:
    return value if isinstance(value, int | float) else None


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, list) else () if value is None else (value,)


def _mapping(value: JsonValue) -> JsonObject:
    return dict(value) if isinstance(value, Mapping) else {}


def _category_text(value: str | float) -> str:
    """Return the text that Vega writes for a value on an axis of categories."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
