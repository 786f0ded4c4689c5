"""Draws the requested chart, and describes it in a sentence."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import cast

from anyio import to_thread

from imagebridge.errors import ArgumentError, together
from imagebridge.pictures import fonts
from imagebridge.wire import writable
from imagebridge_tools.files.source import Places
from imagebridge_tools.mistakes import Mistakes
from imagebridge_tools.tables.table import Table, TableData, parsed, read, table
from imagebridge_tools.tool_output import JsonValue, ToolOutput, described, few

from . import (
    arrange,
    fields,
    fit,
    hairlines,
    marks,
    number_labels,
    numbered_chart,
    plan,
    request,
    roles,
    specs,
    worker,
)
from .description import chart_description
from .guard import SPEC_SIZE, guarded
from .theme import ChartFrame

LEVELS = 100
"""The maximum nesting depth of a spec; the engine's own JSON parser stops at 127."""

TRIED = 20
"""The maximum number of expressions in a spec that are tried to find the one that the engine rejects."""

RETURNED = 50_000
"""The maximum length of a returned spec with its rows, in characters; a longer spec is returned without its rows."""


async def chart(
    mistakes: Mistakes,
    asked: request.Request,
    *,
    spec: JsonValue,
    kind: JsonValue,
    data: JsonValue,
    sheet: str | None,
    width: int | None,
    height: int | None,
    scale: float,
    return_spec: bool,
    places: Places,
    seconds: float,
) -> ToolOutput:
    """Draw the chart that `asked` describes; `mistakes` are those found while reading the arguments of `generate_chart`."""
    held = await mistakes.met(read(data, places, sheet))
    if held is None and data is not None:
        raise mistakes.error()
    if spec is not None and kind is None:
        reading = partial(_of_spec, spec, held, places, asked.frame, width, height)
        planned = await mistakes.met(to_thread.run_sync(reading))
        if planned is None or mistakes.found:
            raise mistakes.error()
        drawing, own, description = planned
        drawn = await _of_views(drawing, own, asked.frame, width, height, seconds, scale)
    else:
        if data is None:
            problem = 'is missing; give rows such as [{"month": "Jan", "sales": 3}], or a file'
            mistakes.add(ArgumentError("data", problem))
        chart = await mistakes.met(to_thread.run_sync(_of_kind, asked, held)) if held is not None else None
        if chart is None or mistakes.found:
            raise mistakes.error()
        chart, description = chart
        try:
            drawn = await _of_chart(chart, seconds, scale)
        except ArgumentError as error:  # There is no spec to correct.
            raise ArgumentError("data", error.problem) from error
        description += hairlines.told(drawn.spec)
    picture = drawn.drawing
    lacking = (
        f"; shown as boxes, because no font contains them: {few(picture.boxes)}" if picture.boxes else ""
    )
    lacking += f" ({remedy})" if (remedy := fonts.remedy(picture.boxes)) else ""
    lacking += (
        f"; left out, because no font contains them: {few(picture.left_out)}" if picture.left_out else ""
    )
    handed = f"\n\nIts Vega-Lite{_spec_text(drawn.spec)}" if return_spec else ""
    return ToolOutput(
        f"{description}{drawn.note}{lacking}. {described(picture.picture)}.{handed}", (picture.picture,)
    )


async def _of_chart(chart: plan.Chart, seconds: float, scale: float) -> fit.Fitted:
    """Draw a kind of chart; small charts are drawn again until they fill the picture."""
    drawing = await to_thread.run_sync(marks.vega_lite, chart)

    async def draw(spec: dict[str, JsonValue]) -> worker.DrawnChart:
        return await worker.drawn(await to_thread.run_sync(_json_for_engine, spec), seconds, scale)

    async def lying(spec: dict[str, JsonValue]) -> Sequence[worker.LyingMark]:
        return await worker.lying(await to_thread.run_sync(_json_for_engine, spec), seconds)

    if number_labels.is_measurable(drawing):
        return await numbered_chart.fitted(chart, draw, lying, seconds)
    if fit.composed(drawing):
        return await fit.fitted(drawing, chart.frame.width, chart.frame.height, draw, seconds)
    return fit.Fitted(await draw(drawing), drawing, number_labels.lacking(drawing, chart))


async def _of_views(
    drawing: dict[str, JsonValue],
    own: Mapping[str, JsonValue],
    frame: ChartFrame,
    width: int | None,
    height: int | None,
    seconds: float,
    scale: float,
) -> fit.Fitted:
    """Draw a model's own spec; a spec of several charts is drawn again until it has the requested size."""
    style = specs.sizes(width, height, frame.theme)

    async def draw(spec: dict[str, JsonValue]) -> worker.DrawnChart:
        text = await to_thread.run_sync(lambda: _json_for_engine(specs.ready(spec, own, style)))
        try:
            return await worker.drawn(text, seconds, scale)
        except ArgumentError as error:
            raise await _placed(error, own, seconds) from error

    if (width or height) and fit.composed(drawing):
        drawn = await fit.fitted(drawing, width, height, draw, seconds)
    else:
        drawn = fit.Fitted(await draw(drawing), drawing, "")
    return drawn._replace(spec=specs.ready(drawn.spec, own, style))


async def _placed(error: ArgumentError, own: Mapping[str, JsonValue], seconds: float) -> ArgumentError:
    """Return the engine's error with the position of the expression that caused it, which the engine does not name."""
    for path, expression in islice(specs.expressions(own), TRIED):
        try:
            await worker.drawn(json.dumps(specs.alone(expression)), seconds)
        except ArgumentError as same:
            if same.problem == error.problem:
                return ArgumentError("spec", f"{path} is {expression[:200]!r}: {error.problem}")
    return error


def _spec_text(drawing: Mapping[str, JsonValue]) -> str:
    """Return a spec as text, with a note about omitted rows."""
    text = json.dumps(drawing, ensure_ascii=False)
    if len(text) <= RETURNED:
        return f":\n{text}"
    bare: dict[str, JsonValue] = {key: value for key, value in drawing.items() if key != "datasets"}
    bare["data"] = {"values": ()}
    return f", its rows left out:\n{json.dumps(bare, ensure_ascii=False)[:RETURNED]}"


def _too_deep(drawing: Mapping[str, JsonValue]) -> bool:
    """Return whether a spec is nested deeper than the engine reads; not recursive, as Python's limit depends on its version."""
    level: list[JsonValue] = [
        {key: value for key, value in drawing.items() if key != "data"},
        drawing.get("data"),
    ]
    for _ in range(LEVELS):
        inner: list[JsonValue] = []
        for one in level:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        if not inner:
            return False
        level = inner
    return True


def _json_for_engine(drawing: Mapping[str, JsonValue]) -> str:
    if _too_deep(drawing):
        raise ArgumentError("spec", "is nested too deeply")
    try:
        text = json.dumps(drawing, allow_nan=False)
    except ValueError as error:
        raise ArgumentError("spec", "contains NaN or infinity, which are not valid JSON") from error
    if len(text) > SPEC_SIZE:
        raise ArgumentError(
            "spec", f"has {len(text):,} characters with its data; at most {SPEC_SIZE:,} are accepted"
        )
    return text


def _of_kind(asked: request.Request, data: TableData) -> tuple[plan.Chart, str] | None:
    """Return a chart of the requested kind with its data, and remarks on it; None if the kind is unknown.

    Raises:
        ArgumentError: the data is not a table, or lacks requested fields; the error reports everything that is wrong.
    """
    found = table(data)
    columns = roles.meant(found, asked.columns)
    if wrong := roles.wrong(found, columns):
        raise together(wrong)
    if not asked.kinds:
        return None
    if len(asked.kinds) == 1:
        found, columns = arrange.arranged(asked.kinds[0], found, columns)
    chart = fields.build_chart(asked.kinds, found, columns, asked.frame, asked.stack, asked.options)
    return chart, chart_description(chart, found)


def _of_spec(
    spec: JsonValue,
    data: TableData,
    places: Places,
    frame: ChartFrame,
    width: int | None,
    height: int | None,
) -> tuple[dict[str, JsonValue], Mapping[str, JsonValue], str]:
    """Return a model's own Vega-Lite spec, completed and original, and remarks on it."""
    spec_object = parsed(spec, "spec") if isinstance(spec, str) else spec
    if not isinstance(spec_object, Mapping):
        raise ArgumentError(
            "spec", 'is not an object; give Vega-Lite such as {"mark": "bar", "encoding": {...}}'
        )
    rows: Table | None = None if data is None else table(data)
    if rows:
        spec_object = {key: value for key, value in spec_object.items() if key != "data"}
    if _too_deep(spec_object):
        raise ArgumentError("spec", "is nested too deeply")
    own = cast("Mapping[str, JsonValue]", writable(spec_object))
    if rows:
        own = {**own, "data": {"values": rows.records(specs.names(own))}}
    own, passed_over = specs.checked(guarded(own, places))
    few, note = specs.fewer(own)
    description = (
        specs.spec_description(own)
        + (rows.description(specs.shown_fields(own) - specs.names(own)) if rows else "")
        + note
        + passed_over
    )
    return specs.completed(few, frame, width, height), few, description
