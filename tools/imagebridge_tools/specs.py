"""A Vega-Lite spec written by a model: what is wrong in it, what it lacks, and what it shows, in words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from difflib import get_close_matches

from imagebridge.errors import ArgumentError

from . import axes, reduce
from .answer import Json, counted
from .fit import COMPOSED, composed
from .guard import ROWS
from .look import PALETTE, Frame, Look, ThemeName, heading, look, merged, title_lines
from .table import date

WIDTH, HEIGHT = 800, 500
"""Pixels of a picture for which nobody gave a size."""

_MARKS = """
arc area bar boxplot circle errorband errorbar geoshape image line point rect rule square text tick
trail
""".split()  # noqa: SIM905  # a list literal takes a line a word
_CHANNELS = """
x y x2 y2 xOffset yOffset xError xError2 yError yError2 theta theta2 radius radius2 longitude
latitude longitude2 latitude2 color fill stroke opacity fillOpacity strokeOpacity strokeWidth
strokeDash size angle shape time detail key text href url description tooltip order row column facet
""".split()  # noqa: SIM905
_TYPES = ("quantitative", "temporal", "ordinal", "nominal", "geojson")
# What Vega-Lite 6.4 knows: https://vega.github.io/schema/vega-lite/v6.json, 2026-11-22.

_VIEWS = ("layer", "concat", "hconcat", "vconcat")


def check(spec: Mapping[str, Json]) -> None:
    """Find what Vega-Lite answers with an empty picture or an error about itself.

    Raises:
        ArgumentError: an unknown mark, channel, type or field; the message names the nearest.
    """
    if "/vega/" in str(spec.get("$schema", "")):
        raise ArgumentError(
            "spec", "is Vega; write it in Vega-Lite (mark and encoding instead of marks and scales)"
        )
    if not any(key in spec for key in ("mark", "layer", *COMPOSED)):
        raise ArgumentError("spec", 'has no mark; give Vega-Lite such as {"mark": "bar", "encoding": {...}}')
    for path, view in _views(spec):
        if (mark := _mark(view)) is not None:
            _known(f"{path}mark", mark, _MARKS)
        for channel, definition in _encoding(view).items():
            _known(f"{path}encoding", channel, _CHANNELS)
            if isinstance(definition, str | int | float):
                problem = f'encoding.{channel} is {definition!r}; write {{"field": ..., "type": ...}}'
                raise ArgumentError("spec", f"{path}{problem}")
            if isinstance(definition, Mapping) and isinstance(sort := definition.get("type"), str):
                _known(f"{path}encoding.{channel}.type", sort, _TYPES)
    _check_fields(spec)


def _known(path: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
        raise ArgumentError("spec", f"{path}: Vega-Lite does not know {name!r}; {hint}")


def _views(
    spec: Mapping[str, Json], path: str = "", depth: int = 20
) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield every view of a spec, the outermost first."""
    yield path, spec
    inner = spec.get("spec")
    if isinstance(inner, Mapping) and depth:
        yield from _views(inner, f"{path}spec.", depth - 1)
    for key in _VIEWS:
        views = spec.get(key)
        if isinstance(views, Sequence) and depth:
            for number, view in enumerate(views):
                if isinstance(view, Mapping):
                    yield from _views(view, f"{path}{key}[{number}].", depth - 1)


def _mark(view: Mapping[str, Json]) -> str | None:
    mark = view.get("mark")
    sort = mark.get("type") if isinstance(mark, Mapping) else mark
    return None if mark is None else str(sort)


def _encoding(view: Mapping[str, Json]) -> Mapping[str, Json]:
    encoding = view.get("encoding", {})
    if not isinstance(encoding, Mapping):
        raise ArgumentError("spec", 'encoding is no object; write it as {"x": {"field": ..., "type": ...}}')
    return encoding


def _rows(spec: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    data = spec.get("data")
    values = data.get("values") if isinstance(data, Mapping) else None
    if not isinstance(values, Sequence):
        return []
    return [row for row in values if isinstance(row, Mapping)]


def _fields(spec: Mapping[str, Json]) -> dict[str, str]:
    """Return the fields that the encodings name, each with its type or an empty text."""
    found: dict[str, str] = {}
    for _, view in _views(spec):
        for definition in _encoding(view).values():
            if isinstance(definition, Mapping) and isinstance(name := definition.get("field"), str):
                found.setdefault(name, str(definition.get("type", definition.get("aggregate", ""))))
    return found


def _check_fields(spec: Mapping[str, Json]) -> None:
    """Compare fields with the rows, where nothing between them makes new fields."""
    rows = _rows(spec)
    inner = [view for path, view in _views(spec) if path]
    if not rows or any("transform" in view or "repeat" in view for _, view in _views(spec)):
        return
    if any("data" in view for view in inner):
        return
    known = dict.fromkeys(name for row in rows for name in row)
    for name in _fields(spec):
        if name not in known and not set(name) & set(".[\\"):
            close = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}? " if close else ""
            told = ", ".join(repr(one) for one in list(known)[:30])
            raise ArgumentError("spec", f"field {name!r} is not in the data; {hint}there are {told}")


def sizes(width: int | None, height: int | None, theme: ThemeName) -> Look:
    """Return the look of a picture that shall be this large."""
    return look(width or WIDTH, height or HEIGHT, theme)


def completed(
    spec: Mapping[str, Json], frame: Frame, width: int | None, height: int | None
) -> dict[str, Json]:
    """Return the spec with the theme below its own config, a title, and a size where it has none.

    A single view, layered or not, fits the pixels asked for with its axes and title. What is composed of
    several keeps the sizes of its parts: `fit` changes them.
    """
    theme = sizes(width, height, frame.theme)
    done = {**spec, "config": _config(spec.get("config"), theme)}
    if not composed(spec) and (width or height or not ("width" in spec or "height" in spec)):
        done |= {"width": width or WIDTH, "height": height or HEIGHT}
        done["autosize"] = {"type": "fit", "contains": "padding"}
    own = spec.get("title")
    if isinstance(own, str):
        own = {"text": title_lines(own, frame.width, theme)}
    if words := heading(frame, theme):
        kept = dict(own) if isinstance(own, Mapping) else {}
        done["title"] = kept | (
            {**words, "text": kept["text"]} if not frame.title and "text" in kept else words
        )
    elif own is not None:
        done["title"] = own
    return done


def _config(own: Json, theme: Look) -> dict[str, Json]:
    """Return the theme below a spec's own config; the theme's angle of labels is the more special, but not wanted."""
    given = dict(own) if isinstance(own, Mapping) else {}
    config = merged(given, theme)
    return config | {"axisXDiscrete": given.get("axisXDiscrete", {})} if axes.ruled(own) else config


_GATHERS = ("aggregate", "bin", "timeUnit")
_STATISTICS = ("boxplot", "errorbar", "errorband")


def fewer(spec: Mapping[str, Json]) -> tuple[Mapping[str, Json], str]:
    """Return a spec with at most `ROWS` rows, and words on those left out.

    What it adds up, counts or bins itself keeps all rows: Vega does that fast, and a part of them would tell
    untruths. A line keeps the rows that it visibly touches.
    """
    rows = _rows(spec)
    if len(rows) <= ROWS or any(_gathers(view) for _, view in _views(spec)):
        return spec, ""
    touched = _outline(spec, rows)
    kept = reduce.sampled(rows, ROWS) if touched is None else touched
    how = "evenly chosen" if touched is None else "those that the line touches"
    told = f"; drawn are {len(kept):,} of the rows, {how}"
    return {**spec, "data": {**_mapping(spec.get("data")), "values": kept}}, told


def _gathers(view: Mapping[str, Json]) -> bool:
    """Tell whether a view makes few numbers of many rows."""
    channels = [one for one in _encoding(view).values() if isinstance(one, Mapping)]
    stacked = _mark(view) in ("bar", "area", "arc")
    return (
        stacked
        or _mark(view) in _STATISTICS
        or "transform" in view
        or any(key in channel for channel in channels for key in _GATHERS)
    )


def _outline(
    spec: Mapping[str, Json], rows: Sequence[Mapping[str, Json]]
) -> Sequence[Mapping[str, Json]] | None:
    """Return the rows that the line of a single view touches, or None where it is no line over numbers or dates."""
    if _mark(spec) not in ("line", "trail"):
        return None
    fields = {
        channel: str(one.get("field")) for channel, one in _encoding(spec).items() if isinstance(one, Mapping)
    }
    x, y = fields.pop("x", ""), fields.pop("y", "")
    place = [_place(row.get(x)) for row in rows]
    if None in place or not all(isinstance(row.get(y), int | float) for row in rows):
        return None
    groups = sorted(set(fields.values()))
    light = [
        {"y": row[y], "at": at, **{name: str(row.get(name)) for name in groups}}
        for at, row in enumerate(rows)
    ]
    lines = len({tuple(row[name] for name in groups) for row in light})
    kept = reduce.outline(
        light, [one or 0.0 for one in place], groups, max(50, min(WIDTH, ROWS // 4 // lines))
    )
    return [rows[at] for row in kept if isinstance(at := row["at"], int)]


def _place(cell: Json) -> float | None:
    if isinstance(cell, int | float):
        return cell
    moment = date(cell) if isinstance(cell, str) else None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() if moment else None


def _mapping(value: Json) -> dict[str, Json]:
    return dict(value) if isinstance(value, Mapping) else {}


def ready(spec: dict[str, Json], own: Mapping[str, Json], theme: Look) -> dict[str, Json]:
    """Return a spec that has its sizes with readable labels, unless the config of the model's `own` says how."""
    return spec if axes.ruled(own.get("config")) else axes.labelled(spec, theme)


def words(spec: Mapping[str, Json]) -> str:
    """Describe a spec to a model that cannot see its picture."""
    sorts = dict.fromkeys(mark for _, view in _views(spec) if (mark := _mark(view)))
    title = spec.get("title")
    if isinstance(title, Mapping):
        title = title.get("text")
    named = f' "{title}"' if isinstance(title, str) else ""
    said = f"Vega-Lite chart{named} of {', '.join(sorts) or 'no'} marks"
    rows = _rows(spec)
    if rows:
        said += f" over {counted(len(rows), 'row')}"
    said_colors = "".join(_repeated(spec, rows))
    fields = [f"{name!r} ({sort})" if sort else repr(name) for name, sort in _fields(spec).items()]
    return said + (f": {', '.join(fields)}" if fields else "") + said_colors


def _repeated(spec: Mapping[str, Json], rows: Sequence[Mapping[str, Json]]) -> Iterator[str]:
    """Yield words on fields that have more values than the theme has colours."""
    for _, view in _views(spec):
        for channel in ("color", "fill", "stroke"):
            shown = _encoding(view).get(channel)
            if (
                not isinstance(shown, Mapping)
                or "scale" in shown
                or shown.get("type", "nominal") != "nominal"
            ):
                continue
            name = str(shown.get("field"))
            count = len({str(row[name]) for row in rows if name in row})
            if count > len(PALETTE):
                yield f"; {name!r} has {count:,} values but only {len(PALETTE)} colors, which repeat"
