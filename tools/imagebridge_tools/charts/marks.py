"""Turns a kind of chart and its rows into a Vega-Lite spec. Each kind is one function; `style` determines the look."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from imagebridge_tools.tool_output import JsonObject, JsonValue

from . import encoding, hairlines, labels, text_width
from .chart_options import ChartKind
from .number_formats import written_number
from .number_labels import measurable
from .plan import Chart
from .theme import heading, merged
from .titles import titled

_CELL = 40
"""The minimum width and height of a small chart, in pixels."""

_SPACING = 24
"""The distance between small charts, in pixels."""

_HEADED = 0.95
"""The maximum share of a small chart's width for its name, as `fit` makes the chart a little narrower."""

_CELL_TEXT = 11
"""The font size of the numbers in the cells of a heatmap."""

_MIDDLE = 0.72
"""The distance of a slice's percentage from the centre of a pie, as a fraction of the radius."""

_SHAPE = 1.5
"""The preferred ratio of width to height of a small chart."""


def vega_lite(chart: Chart) -> JsonObject:
    """Return the Vega-Lite spec of a chart, complete with data, size and look."""
    if "facet" in chart.names:
        return _facets(chart)
    fit: JsonObject = {"autosize": {"type": "fit", "contains": "padding"}}
    return _framed(chart) | fit | _view(chart, chart.frame.width, chart.frame.height)


def _framed(chart: Chart) -> JsonObject:
    """Return the parts that every chart has: data, title and theme."""
    spec: JsonObject = {"data": {"values": chart.rows}, "config": merged({}, chart.style)}
    title = heading(chart.frame, chart.style)
    return spec | ({"title": title} if title else {})


def _facets(chart: Chart) -> JsonObject:
    """Draw small charts side by side, one for each value. Their size is a first estimate, which `fit` corrects."""
    values = chart.distinct("facet")
    names = [str(value) for value in values]
    width, height, columns = max(_arranged(names, chart, n) for n in range(1, len(values) + 1))[1:]
    header = labels.header(names, width * _HEADED, chart.style.text)[0]
    facet: JsonObject = {"field": "facet", "type": "nominal", "title": None, "sort": values, "header": header}
    spec = _framed(chart) | {
        "facet": facet,
        "columns": columns,
        "spacing": _SPACING,
        "spec": _view(chart, width, height),
    }
    if len(values) % columns:  # A shared axis would be below the empty position of the last row.
        spec["resolve"] = {"axis": {"x": "independent"}}
    # The last date of one would overlap the first of the next.
    spec["config"] = merged({"axisXTemporal": {"labelFlush": True}}, chart.style)
    return spec


def _arranged(names: Sequence[str], chart: Chart, columns: int) -> tuple[float, int, int, int]:
    """Return a score for the size of small charts in `columns` columns, their approximate size, and `columns`."""
    count, text = len(names), chart.style.text
    rows = -(-count // columns)
    across = chart.frame.width - (encoding.width_beside_plot(chart) if chart.kind != "pie" else 0)
    width = max(_CELL, round(across / columns - _SPACING))
    words = text * (0.7 + 1.3 * labels.header(names, width * _HEADED, text)[1])
    # Names above each; axes below the last ones, or below all if the last row has empty positions.
    axes = text * (4 if chart.kind != "pie" else 0)
    shared = axes if count % columns == 0 else 0
    free = chart.frame.height - 2 * chart.style.padding - chart.heading - shared
    height = round(free / rows - (axes - shared) - words - _SPACING)
    return min(width, height * _SHAPE), width, max(_CELL, height), columns


def _view(chart: Chart, width: int, height: int) -> JsonObject:
    view = measurable(_clipped(_unit_view(chart, width, height), chart), chart)
    return titled(view, encoding.room(chart, view, width, height), chart.style)


def _clipped(view: JsonObject, chart: Chart) -> JsonObject:
    """Return a view whose marks are clipped at the ends of an axis with its own range."""
    if not chart.options.ranges:
        return view
    if isinstance(layers := view.get("layer"), list):
        return {**view, "layer": [_clipped(encoding.mapping(layer), chart) for layer in layers]}
    return {**view, "mark": {**encoding.mapping(view.get("mark")), "clip": True}}


def _unit_view(chart: Chart, width: int, height: int) -> JsonObject:
    view: JsonObject = {"width": width, "height": height}
    if chart.layers:
        return view | _layered(chart, width, height)
    match chart.kind:
        case "bar":
            return view | _bar(chart, width, height)
        case "line" | "area" | "scatter":
            return (
                view | _density_marks(chart, width, height)
                if chart.cells
                else _along_both(chart, width, height)
            )
        case "histogram":
            return view | _histogram(chart, width, height)
        case "box":
            return view | _box(chart, width, height)
        case "heatmap":
            return view | (_density_marks if chart.cells else _heatmap)(chart, width, height)
        case "pie":
            return view | _pie(chart)


def _bar(chart: Chart, width: int, height: int) -> JsonObject:
    """Draw bars for each colour side by side or stacked; the bars are horizontal if their labels would not fit below."""
    _, along, channels, side = encoding.places(chart, width, height)
    number: JsonObject = {
        "field": side,
        "type": "quantitative",
        **encoding.named(chart, side, across=along == "x"),
    }
    # Set even if there is nothing to stack: each rounded bar would be drawn in a clipped group, at 2 ms per bar.
    number["stack"] = ("normalize" if chart.stack == "normalize" else "zero") if chart.stack else None
    if scale := encoding.scale(chart, side, {}):
        number["scale"] = scale
    channels |= {along: number, **encoding.stacking(chart, lying=along == "x")}
    if "color" in chart.names:
        channels["color"] = encoding.color(chart)
    long = encoding.plot(chart, width, height)[along == "y"]
    shape: JsonObject = {} if chart.stack else {"cornerRadiusEnd": 2}
    shape |= hairlines.offset(chart, side, along, along, long)
    return {"mark": {"type": "bar", **shape}, "encoding": channels}


def _along_both(chart: Chart, width: int, height: int) -> JsonObject:
    channels, _ = encoding.both(chart, width, height)
    if "color" in chart.names:
        channels |= {"color": encoding.color(chart), **encoding.stacking(chart)}
    view: JsonObject = {"width": width, "height": height}
    return view | {"mark": _mark(chart.kind, chart), "encoding": channels}


def _mark(kind: ChartKind, chart: Chart) -> JsonObject:
    if kind == "bar":
        return {"type": "bar", "cornerRadiusEnd": 2}
    # Between missing neighbours, neither a line nor an area shows anything; a point does.
    lone = any("alone" in row for row in chart.rows)
    dots: JsonValue = (
        {"size": {"expr": f"datum.alone ? {60 * _dots(chart)} : 0"}, "opacity": 1} if lone else False
    )
    if kind == "area":
        lies = chart.stack is False and "color" in chart.names
        opacity = 0.45 if lies else 0.75
        return {"type": "area", "opacity": opacity, "line": {"strokeWidth": 2}, "point": dots}
    if kind == "scatter":
        size = 60 if len(chart.rows) <= 300 else 32 if len(chart.rows) <= 3000 else 12
        return {"type": "point", "filled": True, "size": size * _dots(chart), "opacity": 0.7}
    few = len(chart.rows) <= 80
    line: JsonObject = {"type": "line", "strokeWidth": 2.5, "strokeJoin": "round"}
    return line | {"point": {"size": 40 * _dots(chart)} if few else dots}


def _dots(chart: Chart) -> float:
    """Return the size of points in a chart, relative to that in a normal one."""
    return 1 if chart.style.normal else 0.6 if chart.style.titles else 0.4


def _layered(chart: Chart, width: int, height: int) -> JsonObject:
    """Draw several kinds on top of each other; kinds with a separate scale get an axis on the right."""
    x = encoding.along(chart, "x", width, height)
    layers: list[JsonValue] = []
    for kind, series in chart.layers.items():
        series_rows = [row for row in chart.rows if not series or row["color"] in series]
        part = _part(chart, kind, series_rows)
        right = bool(chart.right) and set(series) <= set(chart.right)
        y = encoding.along(part, "y", width, height)
        y["axis"] = (
            {**encoding.mapping(y.get("axis")), "orient": "right", "grid": False}
            if right
            else y.get("axis", {})
        )
        if chart.right:
            units = {chart.units.get(name, "") for name in series}
            unit = f" ({one})" if len(units) == 1 and (one := next(iter(units))) else ""
            y["title"] = ", ".join(series) + unit if chart.style.titles else None
            if len(series) == 1:  # The colour shows which series the axis belongs to.
                at = chart.distinct("color").index(series[0])
                y["axis"] = {**encoding.mapping(y["axis"]), "titleColor": chart.style.theme.palette[at]}
        channels: JsonObject = {"x": x, "y": y}
        if "color" in chart.names:
            channels["color"] = encoding.color(chart)
        if kind == "bar":
            y["stack"] = None
        if kind == "bar" and len(series) > 1:
            channels["xOffset"] = {"field": "color", "type": "nominal", "sort": list(series)}
        mark = _mark(kind, part)
        if kind == "bar":
            scale = f"layer_{len(layers)}_y" if chart.right else "y"
            mark |= hairlines.offset(part, "y", "y", scale, encoding.plot(chart, width, height)[1])
        layer: JsonObject = {"mark": mark, "encoding": channels}
        if series:
            layer["transform"] = [{"filter": {"field": "color", "oneOf": list(series)}}]
        layers.append(layer)
    return {"layer": layers, **({"resolve": {"scale": {"y": "independent"}}} if chart.right else {})}


def _part(chart: Chart, kind: ChartKind, rows: Sequence[Mapping[str, JsonValue]]) -> Chart:
    """Return one layer as a separate chart."""
    return replace(chart, kind=kind, rows=rows)


def _histogram(chart: Chart, width: int, height: int) -> JsonObject:
    """Draw adjacent bars for bins that have already been counted."""
    channels = _reaching(chart, "x", width, height)
    y: JsonObject = {"field": "y", "type": "quantitative", **encoding.named(chart, "y")}
    overlaid = chart.stack is False and "color" in chart.names
    if "color" in chart.names:
        y["stack"] = None if chart.stack is False else "normalize" if chart.stack == "normalize" else "zero"
    else:
        y["stack"] = None
    channels["y"] = y | ({"scale": scale} if (scale := encoding.scale(chart, "y", {})) else {})
    if "color" in chart.names:
        channels |= {"color": encoding.color(chart), **encoding.stacking(chart)}
    mark: JsonObject = {
        "type": "bar",
        "orient": "vertical",
        "binSpacing": 1,
        **({"opacity": 0.55} if overlaid else {}),
        **hairlines.offset(chart, "y", "y", "y", encoding.plot(chart, width, height)[1]),
    }
    return {"mark": mark, "encoding": channels}


def _reaching(chart: Chart, role: str, width: int, height: int) -> JsonObject:
    """Return the encodings of a direction in which each row extends from one position to another."""
    first = encoding.along(chart, role, width, height)
    if chart.types[role] == "number":
        first |= {"scale": encoding.scale(chart, role, {"zero": False, "nice": False})}
        if chart.kind == "histogram":
            first |= {"bin": "binned"}
            if role not in chart.options.ranges and role not in chart.options.scales:
                axis = encoding.mapping(first.get("axis"))
                if axis.pop("tickMinStep", None):  # Otherwise Vega would leave out every other one.
                    axis["format"] = ",d"
                first["axis"] = {**axis, "values": _edges(chart, encoding.plot(chart, width, height)[0])}
    return {role: first, f"{role}2": {"field": f"{role}2"}}


def _edges(chart: Chart, room: float) -> list[JsonValue]:
    """Return the edges of bins to label along an axis of `room` pixels, including the edges of empty bins."""
    low, high = (
        [cell for row in chart.rows if isinstance(cell := row[key], int | float)] for key in ("x", "x2")
    )
    first, last = min(low), max(high)
    count = max(1, round((last - first) / (high[0] - low[0])))
    known = {
        place: edge for edge in (*low, *high) for place in [round((edge - first) / (last - first) * count)]
    }
    every = [known.get(at, first + (last - first) * at / count) for at in range(count + 1)]
    return labels.edges(every, room, chart.style.text)


def _density_marks(chart: Chart, width: int, height: int) -> JsonObject:
    """Draw the density of points. The colour scale is logarithmic because counts differ by powers of ten."""
    channels = _reaching(chart, "x", width, height) | _reaching(chart, "y", width, height)
    for role in "xy":
        place = encoding.mapping(channels[role])
        channels[role] = place | {"axis": {"tickCount": 8, **encoding.mapping(place.get("axis"))}}
    legend: JsonObject = {
        "title": "rows",
        "gradientLength": min(200, height // 2),
        **encoding.formatted(chart, "color"),
    }
    scale: JsonObject = {"type": "log", "scheme": encoding.scheme(chart, reverse=True)}
    channels["color"] = {"field": "color", "type": "quantitative", "scale": scale, "legend": legend}
    return {"mark": {"type": "rect", **_SEALED}, "encoding": channels}


_SEALED: JsonObject = {"strokeWidth": 0.6, "stroke": {"expr": "scale('color', datum.color)"}}
"""Borders in the colour of the cells, to close the gaps that rounding leaves between them."""


def _heatmap(chart: Chart, width: int, height: int) -> JsonObject:
    """Draw a coloured cell for each pair of positions, with its number if the cells are large enough."""
    columns, rows = len(chart.distinct("x")), len(chart.distinct("y"))
    numbers = [cell for row in chart.rows if isinstance(cell := row["color"], int | float)]
    around = min(numbers) < 0 < max(numbers)
    scale: JsonObject = {"domainMid": 0, "range": "diverging", "interpolate": "rgb"} if around else {}
    scale["nice"] = encoding.LEGEND_TICKS
    form = chart.frame.formats.get("color") or _cell_format(numbers)
    long = height // 2 if height < 400 else 200
    title = chart.frame.titles.get("color", chart.names["color"])
    legend: JsonObject = {"title": title, "gradientLength": long, "tickCount": encoding.LEGEND_TICKS}
    legend |= encoding.formatted(chart, "color")
    color: JsonObject = {"field": "color", "type": "quantitative", "scale": scale, "legend": legend}
    place, down = encoding.both(chart, width, height)
    room = (width - 200) / columns, down / rows
    wide = max(text_width.wide(written_number(one, form)) for one in numbers) * _CELL_TEXT
    labelled = chart.style.titles and room[0] >= max(38, wide + 6) and room[1] >= 16
    rect: JsonObject = {"type": "rect", **({} if labelled else _SEALED)}
    layers: list[JsonValue] = [{"mark": rect, "encoding": {"color": color}}]
    if labelled:
        low, high = min(numbers), max(numbers)
        far = f"abs(datum.color) > {max(-low, high) * 0.6}"
        dark = far if around else f"datum.color > {low + (high - low) * 0.55}"
        letters: JsonObject = {
            "condition": {"test": dark, "value": chart.style.theme.on},
            "value": chart.style.theme.ink,
        }
        text: JsonObject = {"field": "color", "type": "quantitative", "format": form}
        layers.append(
            {"mark": {"type": "text", "fontSize": _CELL_TEXT}, "encoding": {"text": text, "color": letters}}
        )
    return {"encoding": place, "layer": layers}


def _cell_format(numbers: Sequence[float]) -> str:
    """Return the format of numbers in cells: whole, or with enough digits to tell them apart."""
    if all(isinstance(number, int) or number.is_integer() for number in numbers):
        return ",d" if max(map(abs, numbers)) < 100_000 else ".3~s"
    sizes = [abs(number) for number in numbers if number]
    return ".3~s" if max(sizes) >= 1000 else ".3~r" if min(sizes) >= 0.001 else ".3~g"


def _box(chart: Chart, width: int, height: int) -> JsonObject:
    """Draw boxes from the lower to the upper quartile, whiskers, medians and outliers, all from computed values."""
    place, along, channels, _ = encoding.places(chart, width, height)
    series = len(chart.distinct("color")) if encoding.grouped(chart, "x") else 1
    across = encoding.plot(chart, width, height)[place == "y"]
    size = max(3, min(60, across / len(chart.distinct("x")) / series * 0.55))
    color: JsonObject = {"color": encoding.color(chart)} if "color" in chart.names else {}
    theme = chart.style.theme
    if not chart.names["x"]:
        channels[place] = {**encoding.mapping(channels[place]), "axis": None, "title": None}

    def layer(mark: JsonObject, low: str, high: str | None = None, *, colored: bool = False) -> JsonValue:
        first: JsonObject = {
            "field": low,
            "type": "quantitative",
            **encoding.named(chart, "y", across=along == "x"),
        }
        first["scale"] = encoding.scale(chart, "y", {"zero": False})
        ends: JsonObject = {along: first, **({f"{along}2": {"field": high}} if high else {})}
        valid: JsonObject = {"filter": {"field": low, "valid": True}}
        return {"transform": [valid], "mark": mark, "encoding": ends | (color if colored else {})}

    outlier: JsonObject = {"type": "point", "filled": True, "size": 18 * _dots(chart), "opacity": 0.6}
    # If all numbers are equal, the box has no height: its median would be invisible on the background.
    rim: JsonObject = {"type": "tick", "size": size, "thickness": 6, "opacity": 1}
    layers: list[JsonValue] = [
        layer({"type": "rule", "color": theme.quiet}, "low", "high"),
        layer(rim, "y", colored=True),
        layer({"type": "bar", "size": size, "cornerRadius": 1}, "q1", "q3", colored=True),
        layer({"type": "tick", "color": theme.on, "size": size, "thickness": 2}, "y"),
        layer(outlier, "out", colored=True),
    ]
    return {"encoding": channels, "layer": layers}


def _pie(chart: Chart) -> JsonObject:
    """Draw slices in the order of the data, with their shares in the legend, and on slices that are large enough."""
    theta: JsonObject = {"field": "y", "type": "quantitative", "stack": True, "sort": None}
    order: JsonObject = {"field": "order", "type": "quantitative"}
    title = chart.frame.titles.get("color", chart.frame.titles.get("x", chart.names["x"]))
    color: JsonObject = {"field": "color", "type": "nominal", "sort": None, "title": title}
    color["legend"] = encoding.key(chart, "color")
    arc: JsonObject = {"type": "arc", "stroke": chart.style.theme.background, "strokeWidth": 1.5}
    cell = "child_" if "facet" in chart.names else ""  # Vega's name for the size of a small chart.
    radius, size = f"min({cell}width, {cell}height) / 2 * {_MIDDLE}", chart.style.text + 1
    room = f"{radius} * 2 * sin(min(datum.part, 0.5) * PI)"
    text: JsonObject = {
        "type": "text",
        "radius": {"expr": radius},
        "text": {"expr": f"{room} < {text_width.wide('55%', bold=True) * size + 4:.0f} ? '' : datum.share"},
        "fontSize": size,
        "fontWeight": "bold",
        "fill": chart.style.theme.on,
    }
    layers: list[JsonValue] = [{"mark": arc, "encoding": {"color": color}}]
    if chart.style.titles:  # In a tiny pie, no slice has room for its share.
        layers.append({"mark": text})
    return {"encoding": {"theta": theta, "order": order}, "layer": layers}
