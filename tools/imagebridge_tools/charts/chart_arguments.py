"""The arguments of generate_chart as models read them; the chart itself validates most of them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from imagebridge_tools.declaration import Argument
from imagebridge_tools.lenient_values import number, text, word, zoom
from imagebridge_tools.tool_output import JsonValue

from . import chart_options, theme

_ROWS = [{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5}]
_TEXT = {"type": "string"}
_SIDE = {"type": "integer", "minimum": 150, "maximum": 8000}


def _by(*roles: str, **more: object) -> dict[str, object]:
    """Return the schema of an object with a text for each role."""
    properties = dict.fromkeys(roles, _TEXT) | more
    return {"type": "object", "properties": properties, "additionalProperties": False}


Kinds = Annotated[
    str | Sequence[str] | None,
    Argument(
        "The kind of chart. A list of bar, line, area or scatter draws one layer per y field.",
        json_type=Any,
        schema={
            "anyOf": [
                {"type": "string", "enum": list(chart_options.KINDS)},
                {"type": "array", "items": {"type": "string"}},
            ]
        },
        names=("type", "chart_type", "charttype", "chart", "chart_kind", "plot_type", "graph_type"),
    ),
]

Data = Annotated[
    JsonValue,
    Argument(
        "The data: rows, columns, CSV or JSON text, or a file (also xlsx), specified as in load_image. Dates and "
        "numbers may be written as people write them. With spec, it replaces the spec's data. Tables over 20,000 rows are thinned out.",
        examples=[_ROWS, "sales.csv"],
        json_type=Any,
        schema={
            "anyOf": [
                {"type": "array", "items": {"type": "object"}},
                {"type": "object"},
                {"type": "string"},
            ]
        },
        names=(
            *("rows", "table", "dataset", "records", "values", "csv", "dataframe"),
            *("file", "path", "source"),
        ),
    ),
]

FieldsByRole = Annotated[
    chart_options.Columns | None,
    Argument(
        "Which field of the data to use for x, y, color (one series per value, at most 20) and facet (one "
        "small chart per value, at most 24). y may be a list of fields, or count. Fields you leave out are "
        "guessed.",
        examples=[{"x": "month", "y": "sales", "color": "region"}],
        json_type=Any,
        schema=_by("x", "color", "facet", y={"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}),
        names=("fields", "encoding", "mapping"),
    ),
]

Stacking = Annotated[
    chart_options.Stack,
    Argument(
        "How the colours of a bar, area or histogram are combined: stacked (true), as shares of 100% (normalize), or side by side (false).",
        json_type=Any,
        schema={"enum": [True, False, "normalize"]},
    ),
]

Aggregate = Annotated[
    str | None,
    Argument(
        "How rows at the same position are combined. Default: bars show the sum.",
        json_type=Any,
        schema={"enum": list(chart_options.AGGREGATES)},
    ),
]

Sort = Annotated[
    str | None, Argument("Sort bars by size.", json_type=Any, schema={"enum": list(chart_options.ORDERS)})
]

Scales = Annotated[
    Mapping[str, str] | None,
    Argument('Axis scales, such as {"y": "log"} or symlog.', json_type=Any, schema={"type": "object"}),
]

Ranges = Annotated[
    Mapping[str, Sequence[float | str]] | None,
    Argument('Axis limits, such as {"y": [0, 100]}.', json_type=Any, schema={"type": "object"}),
]

Labels = Annotated[
    bool,
    Argument(
        "Label the marks with their numbers.",
        json_type=Any,
        schema={"type": "boolean"},
        names=("captions", "names"),
    ),
]

Title = Annotated[str | None, Argument("Title above the chart.", reading=text, schema=_TEXT)]

Subtitle = Annotated[str | None, Argument("Second line, below the title.", reading=text, schema=_TEXT)]

Titles = Annotated[
    Mapping[str, str] | None,
    Argument("Titles of the axes and the legend.", json_type=Any, schema=_by("x", "y", "color")),
]

Formats = Annotated[
    Mapping[str, str] | None,
    Argument(
        "D3 formats for the numbers or dates.",
        examples=[{"x": "%b %Y", "y": ",.1f", "color": ".0%"}],
        json_type=Any,
        schema=_by("x", "y", "color"),
    ),
]

Look = Annotated[str, Argument(words=theme.THEMES, reading=word(theme.THEMES))]

Width = Annotated[
    int | None,
    Argument(
        "Width of the whole picture in pixels. Default: 800.",
        reading=number,
        schema=_SIDE,
        least=150,
        most=8000,
    ),
]

Height = Annotated[
    int | None,
    Argument(
        "Height of the whole picture in pixels. Default: 500.",
        reading=number,
        schema=_SIDE,
        least=150,
        most=8000,
    ),
]

Scale = Annotated[
    float,
    Argument("Magnification: output pixels per pixel of width and height.", reading=zoom, least=0.5, most=4),
]

Spec = Annotated[
    JsonValue,
    Argument(
        "A Vega-Lite 6 spec, for charts that kind does not offer. Its rows must be inline or come from data; "
        "files and web "
        "addresses in it are refused.",
        examples=[{"mark": "bar", "encoding": {"x": {"field": "month"}, "y": {"field": "sales"}}}],
        json_type=Any,
        schema={"anyOf": [{"type": "object"}, {"type": "string"}]},
    ),
]

ReturnSpec = Annotated[
    bool, Argument("Also return the Vega-Lite spec that was drawn.", names=("spec_out", "with_spec"))
]
