"""generate_chart: a chart from a Vega-Lite spec, or from a kind of chart and a table."""

from imagebridge.requirements import CHARTS

from .arguments import SheetName
from .charts import chart_arguments, worker
from .declaration import tool
from .files.source import NOWHERE, Places
from .mistakes import Mistakes, Noted
from .tool_output import ToolOutput


@tool(
    "Draw a chart",
    "Draw a chart as a PNG: from kind and data, or from a Vega-Lite spec.",
    saves=True,
    requirement=CHARTS,
)
async def generate_chart(
    *,
    kind: chart_arguments.Kinds = None,
    data: chart_arguments.Data = None,
    sheet: SheetName = None,
    columns: chart_arguments.FieldsByRole = None,
    stack: chart_arguments.Stacking = None,
    aggregate: chart_arguments.Aggregate = None,
    sort: chart_arguments.Sort = None,
    scales: chart_arguments.Scales = None,
    ranges: chart_arguments.Ranges = None,
    labels: chart_arguments.Labels = False,
    title: chart_arguments.Title = None,
    subtitle: chart_arguments.Subtitle = None,
    titles: chart_arguments.Titles = None,
    formats: chart_arguments.Formats = None,
    theme: chart_arguments.Look = "light",
    width: chart_arguments.Width = None,
    height: chart_arguments.Height = None,
    scale: chart_arguments.Scale = 1,
    spec: chart_arguments.Spec = None,
    return_spec: chart_arguments.ReturnSpec = False,
    places: Places = NOWHERE,
    seconds: float = worker.SECONDS,
    noted: Noted = (),
) -> ToolOutput:
    """Draw a chart from either a `spec` (Vega-Lite, as an object or JSON text) or a `kind`.

    With `kind` ("bar", "line", "area", "scatter", "histogram", "box", "heatmap", "pie"), `data` is a list of row
    objects, an object of columns, JSON, JSON lines or delimited text, or names such a file or a workbook (see
    `source.opened`), from which `sheet` selects a sheet. Dates and numbers may be written as people write them.
    `columns` specifies which field is "x", "y", "color" and "facet"; the others are guessed. y may be a list of fields;
    then `kind` may be a list of the same length, of kinds drawn on top of each other. `stack` puts the colours of bars
    and areas on top of each other (True), side by side or in front of each other (False), or as shares ("normalize").
    `titles` and `formats` (in D3's notation, for numbers or dates) are specified per role.

    If x is given alone, or y is "count" and no field has that name, rows are counted. `aggregate` ("sum", "mean",
    "median", "min", "max", "count") combines the rows at the same position into one number, `sort` ("ascending",
    "descending") orders bars and slices by size, `scales` ("log", "symlog") and `ranges` are specified per axis, and
    `labels` writes the numbers on the marks.

    With `spec`, `data` replaces the spec's own data. `width` and `height` are the size of the whole picture in pixels,
    800 x 500 by default, before `scale` multiplies it; a spec keeps its own size if neither is given, and a spec of
    several charts keeps its own width or height if only the other is given. More than 20,000 rows are counted,
    outlined, averaged or sampled, depending on what is drawn, and the sentence says so. With `return_spec`, the
    Vega-Lite spec that was drawn follows the sentence, without its rows if it is long. `noted` contains the mistakes
    found so far; they are reported together with those found here.

    Raises:
        ArgumentError: the caller can correct the arguments; the error reports every mistake.
        worker.DrawingError: the drawing process died or took longer than `seconds`, or the engine is not installed.
    """
    # Only now, because hosts wait for a server to start, and what draws charts is half of this package.
    from .charts import chart_drawing, request

    mistakes = Mistakes(noted)
    asked = request.read(
        mistakes,
        spec=spec,
        kind=kind,
        columns=columns,
        stack=stack,
        options={
            "aggregate": aggregate,
            "sort": sort,
            "scales": scales,
            "ranges": ranges,
            "labels": labels or None,
        },
        title=title,
        subtitle=subtitle,
        titles=titles,
        formats=formats,
        theme=theme,
        width=width,
        height=height,
        scale=scale,
    )
    return await chart_drawing.chart(
        mistakes,
        asked,
        spec=spec,
        kind=kind,
        data=data,
        sheet=sheet,
        width=width,
        height=height,
        scale=scale,
        return_spec=return_spec,
        places=places,
        seconds=seconds,
    )
