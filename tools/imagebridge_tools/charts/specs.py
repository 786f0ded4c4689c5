"""Checks, completes and describes a Vega-Lite spec that a model has written."""

from collections.abc import Iterator, Mapping, Sequence

from imagebridge.errors import ArgumentError, counted
from imagebridge_tools.tables.cells import position
from imagebridge_tools.tool_output import JsonValue

from . import axes, count_ticks, grammar, params, reduce, spec_fields, spec_views
from .fit import COMPOSED, composed
from .guard import ROWS, entries
from .theme import PALETTE, ChartFrame, Style, ThemeName, heading, merged, style, title_lines

WIDTH, HEIGHT = 800, 500
"""The size of a picture in pixels, if none is specified."""


def checked(spec: Mapping[str, JsonValue]) -> grammar.Checked:
    """Return a spec without parts that would lead to a wrong picture, an empty picture, or an internal error of
    Vega-Lite.

    Raises:
        ArgumentError: a word, type of value or field is unknown; the message gives its position and suggests a similar
        one.
    """
    if "/vega/" in str(spec.get("$schema", "")):
        raise ArgumentError(
            "spec", "is Vega; write it in Vega-Lite (mark and encoding instead of marks and scales)"
        )
    drawing = ("mark", "layer", *COMPOSED)
    if not any(key in drawing or grammar.is_meant(key, drawing) for key in spec):
        raise ArgumentError("spec", 'has no mark; give Vega-Lite such as {"mark": "bar", "encoding": {...}}')
    done = grammar.checked(spec)
    spec_fields.check(done.spec)
    return done._replace(spec=params.renamed(done.spec))


def _fields(spec: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return the fields in the encodings, each with its type or an empty string."""
    sorts_by_field: dict[str, str] = {}
    for _, view in spec_views.views(spec):
        repeat = view.get("repeat")
        for names in spec_views.mapping(repeat).values() if isinstance(repeat, Mapping) else [repeat]:
            sorts_by_field |= {
                str(name): "" for name in spec_views.listed(names) if name not in sorts_by_field
            }
        facet = spec_views.mapping(view.get("facet"))
        for definition in [facet, *facet.values(), *spec_views.mapping(view.get("encoding")).values()]:
            if isinstance(definition, Mapping) and isinstance(name := definition.get("field"), str):
                sorts_by_field.setdefault(name, str(definition.get("type", definition.get("aggregate", ""))))
    return sorts_by_field


def _counts(spec: Mapping[str, JsonValue]) -> bool:
    """Return whether a spec shows a count of rows."""
    encodings = [spec_views.mapping(view.get("encoding")) for _, view in spec_views.views(spec)]
    return any(
        spec_views.mapping(one).get("aggregate") == "count"
        for encoding in encodings
        for one in encoding.values()
    )


def shown_fields(spec: Mapping[str, JsonValue]) -> set[str]:
    """Return the fields that a spec shows."""
    return set(_fields(spec))


def names(spec: Mapping[str, JsonValue]) -> set[str]:
    """Return the fields that a spec shows as names, exactly as they are written in the data."""
    return {name for name, sort in _fields(spec).items() if sort in ("nominal", "ordinal")}


def sizes(width: int | None, height: int | None, theme: ThemeName) -> Style:
    """Return the style for a picture of this size."""
    return style(width or WIDTH, height or HEIGHT, theme)


def completed(
    spec: Mapping[str, JsonValue], frame: ChartFrame, width: int | None, height: int | None
) -> dict[str, JsonValue]:
    """Return the spec with the theme as defaults for its config, with a title, and with a size if it has none.

    A single view, layered or not, fits the requested pixels with its axes and title. A composition of several
    keeps the sizes of its parts: `fit` changes them.
    """
    theme = sizes(width, height, frame.theme)
    done = {**spec, "config": _config(spec, theme)}
    if not composed(spec) and (width or height or not ("width" in spec or "height" in spec)):
        done |= {"width": width or WIDTH, "height": height or HEIGHT}
        done["autosize"] = {"type": "fit", "contains": "padding"}
    own = spec.get("title")
    if isinstance(own, str):
        own = {"text": title_lines(own, frame.width, theme)}
    if words := heading(frame, theme):
        own_title = dict(own) if isinstance(own, Mapping) else {}
        done["title"] = own_title | (
            {**words, "text": own_title["text"]} if not frame.title and "text" in own_title else words
        )
    elif own is not None:
        done["title"] = own
    return done


def _config(spec: Mapping[str, JsonValue], theme: Style) -> dict[str, JsonValue]:
    """Return a spec's own config with defaults from the theme, without specific defaults that would override it."""
    own = dict(spec_views.mapping(spec.get("config")))
    config = merged(own, theme)
    if axes.ruled(own):
        config["axisXDiscrete"] = own.get("axisXDiscrete", {})
    if any(_unfilled(view) for _, view in spec_views.views(spec)):
        config["geoshape"] = own.get("geoshape", {})
    return config


def _unfilled(view: Mapping[str, JsonValue]) -> bool:
    """Return whether a map shows only lines, which would be white, like the theme's borders between areas."""
    return spec_views.mark(view) == "geoshape" and spec_views.mapping(view.get("mark")).get("filled") is False


_GATHERS = ("aggregate", "bin", "timeUnit")
_STATISTICS = ("boxplot", "errorbar", "errorband")


def fewer(spec: Mapping[str, JsonValue]) -> tuple[Mapping[str, JsonValue], str]:
    """Return a spec with at most `ROWS` rows, and a remark on those left out.

    A spec that sums, counts or bins keeps all rows: Vega is fast at that, and a sample would be misleading. A line keeps
    the rows that it visibly touches.
    """
    rows = spec_views.rows(spec)
    if len(rows) <= ROWS or any(_gathers(view) for _, view in spec_views.views(spec)):
        return spec, ""
    touched = _outline(spec, rows)
    fewer_rows = reduce.sampled(rows, ROWS) if touched is None else touched
    how = "evenly spaced" if touched is None else "those that the line touches"
    note = f"; {len(fewer_rows):,} of the rows are drawn, {how}"
    return {**spec, "data": {**spec_views.mapping(spec.get("data")), "values": fewer_rows}}, note


def _gathers(view: Mapping[str, JsonValue]) -> bool:
    """Return whether a view reduces many rows to a few numbers."""
    channels = [one for one in spec_views.encoding(view).values() if isinstance(one, Mapping)]
    stacked = spec_views.mark(view) in ("bar", "area", "arc")
    return (
        stacked
        or spec_views.mark(view) in _STATISTICS
        or "transform" in view
        or any(key in channel for channel in channels for key in _GATHERS)
    )


def _outline(
    spec: Mapping[str, JsonValue], rows: Sequence[Mapping[str, JsonValue]]
) -> Sequence[Mapping[str, JsonValue]] | None:
    """Return the rows that the line of a single view touches, or None if it is not a line over numbers or dates."""
    if spec_views.mark(spec) not in ("line", "trail"):
        return None
    fields = {
        channel: str(one.get("field"))
        for channel, one in spec_views.encoding(spec).items()
        if isinstance(one, Mapping)
    }
    x, y = fields.pop("x", ""), fields.pop("y", "")
    place = [position(row.get(x)) for row in rows]
    if None in place or not all(isinstance(row.get(y), int | float) for row in rows):
        return None
    groups = sorted(set(fields.values()))
    light = [
        {"y": row[y], "at": at, **{name: str(row.get(name)) for name in groups}}
        for at, row in enumerate(rows)
    ]
    lines = len({tuple(row[name] for name in groups) for row in light})
    outline_rows = reduce.outline(
        light, [one or 0.0 for one in place], groups, max(50, min(WIDTH, ROWS // 4 // lines))
    )
    return [rows[at] for row in outline_rows if isinstance(at := row["at"], int)]


def ready(spec: dict[str, JsonValue], own: Mapping[str, JsonValue], theme: Style) -> dict[str, JsonValue]:
    """Return a sized spec with readable labels, unless the config of the model's `own` spec describes them."""
    spec = count_ticks.stepped(spec)
    return spec if axes.ruled(own.get("config")) else axes.labelled(spec, theme)


def expressions(spec: Mapping[str, JsonValue]) -> Iterator[tuple[str, str]]:
    """Yield the expressions of a spec, each with the path to it."""
    for path, key, value in entries(spec):
        if key in params.EXPRESSIONS:
            for text in spec_views.listed(value) or (value,):
                if isinstance(text, str):
                    yield path, text


def alone(expression: str) -> dict[str, JsonValue]:
    """Return a minimal spec that contains an expression, so that the engine reports what is wrong with it."""
    transform: JsonValue = ({"calculate": expression, "as": "value"},)
    return {"data": {"values": ({},)}, "transform": transform, "mark": "point"}


def spec_description(spec: Mapping[str, JsonValue]) -> str:
    """Describe a spec for a model that cannot see its picture."""
    mark_types = dict.fromkeys(mark for _, view in spec_views.views(spec) if (mark := spec_views.mark(view)))
    title = spec.get("title")
    if isinstance(title, Mapping):
        title = title.get("text")
    if lines := spec_views.listed(title):
        title = " ".join(map(str, lines))
    named = f' "{title}"' if isinstance(title, str) else ""
    text = f"Vega-Lite chart{named} of {', '.join(mark_types) or 'no'} marks"
    rows = spec_views.rows(spec)
    if rows:
        text += f" over {counted(len(rows), 'row')}"
    said_colors = "".join(_repeated(spec, rows))
    fields = [f"{name!r} ({sort})" if sort else repr(name) for name, sort in _fields(spec).items()]
    fields += ["the number of rows"] if _counts(spec) else []
    return text + (f": {', '.join(fields)}" if fields else "") + said_colors


def _repeated(spec: Mapping[str, JsonValue], rows: Sequence[Mapping[str, JsonValue]]) -> Iterator[str]:
    """Yield remarks on fields that have more values than the theme has colours."""
    for _, view in spec_views.views(spec):
        for channel in ("color", "fill", "stroke"):
            definition = spec_views.encoding(view).get(channel)
            if (
                not isinstance(definition, Mapping)
                or "scale" in definition
                or definition.get("type", "nominal") != "nominal"
            ):
                continue
            name = str(definition.get("field"))
            count = len({str(row[name]) for row in rows if name in row})
            if count > len(PALETTE):
                yield f"; {name!r} has {count:,} values but only {len(PALETTE)} colors, which repeat"
