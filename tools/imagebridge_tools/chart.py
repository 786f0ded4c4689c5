"""generate_chart: a chart from a Vega-Lite spec, or from a kind of chart and a table."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from itertools import islice
from typing import Literal, cast

from anyio import to_thread

from imagebridge.errors import ArgumentError

from .charts import arrange, chart_options, fields, fit, marks, number_formats, plan, roles, specs, worker
from .charts.description import chart_description
from .charts.guard import SPEC_SIZE, guarded
from .charts.theme import THEMES, ChartFrame, ThemeName
from .files.source import NOWHERE, Places
from .tables.table import Table, parsed, read, table
from .tables.workbook import Book
from .tool_output import JsonValue, ToolOutput, described, few, nearest

SMALLEST = 150
"""Pixels of a picture's side at least."""

SCALES = (0.5, 4)
"""Pixels of the picture for one of `width` and `height`, at least and at most."""

LEVELS = 100
"""Levels of a spec at most; the engine's own reader of JSON stops at 127."""

TRIED = 20
"""Expressions of a spec that are tried at most, to find the one that the engine refuses."""

RETURNED = 50_000
"""Characters of a spec that is handed back with its rows; of a longer one the rows are left out."""


async def generate_chart(
    *,
    spec: JsonValue = None,
    kind: str | Sequence[str] | None = None,
    data: JsonValue = None,
    sheet: str | None = None,
    columns: plan.Columns | None = None,
    stack: bool | Literal["normalize"] | None = None,
    aggregate: str | None = None,
    sort: str | None = None,
    scales: Mapping[str, str] | None = None,
    ranges: Mapping[str, Sequence[float | str]] | None = None,
    labels: bool = False,
    title: str | None = None,
    subtitle: str | None = None,
    titles: Mapping[str, str] | None = None,
    formats: Mapping[str, str] | None = None,
    theme: str = "light",
    width: int | None = None,
    height: int | None = None,
    scale: float = 1,
    return_spec: bool = False,
    places: Places = NOWHERE,
    seconds: float = worker.SECONDS,
) -> ToolOutput:
    """Draw a chart: give either `spec` (Vega-Lite, an object or JSON text) or `kind`.

    With `kind` ("bar", "line", "area", "scatter", "histogram", "box", "heatmap", "pie"), `data` is a list of row
    objects, an object of columns, JSON, JSON lines or delimited text, or names such a file or a workbook (see
    `source.opened`), of which `sheet` names the sheet. Columns of dates and numbers as people write them are read.
    `columns` says which field is "x", "y", "color" and "facet"; what it leaves out is guessed. y may be a list of
    fields; then `kind` may be a list as long, of kinds drawn over each other. `stack` puts the colours of bars and
    areas on each other (True), side by side or before each other (False), or as shares ("normalize"). `titles` and
    `formats` (D3's, of numbers or dates) are by role.

    Where x stands alone, or y is "count" and no field is called so, rows are counted. `aggregate` ("sum", "mean",
    "median", "min", "max", "count") makes one number of the rows of a place, `sort` ("ascending", "descending")
    orders bars and slices by size, `scales` ("log", "symlog") and `ranges` are by axis, `labels` writes the numbers.

    With `spec`, `data` replaces the spec's. `width` and `height` are the pixels of the whole picture, 800 x 500,
    before `scale` multiplies them; a spec's own size stays where neither is given, and a spec of several charts
    keeps its own width or height where only the other is given. Over 20,000 rows are counted, outlined, averaged
    or sampled as fits what is drawn, and the sentence says so. With `return_spec` the Vega-Lite that was drawn
    follows the sentence, without its rows where it is long.

    Raises:
        ArgumentError: an argument that the caller can correct.
        worker.DrawingError: the drawing died, took over `seconds`, or has no engine.
    """
    if (spec is None) == (kind is None):
        problem = "give one of spec and kind" if spec is None else "give spec or kind, not both"
        raise ArgumentError("spec", f'{problem}; for example kind="bar" with data')
    _check_size(width, height, scale)
    if theme not in THEMES:
        raise ArgumentError("theme", f"{theme!r} is unknown; there are {', '.join(THEMES)}")
    _check_roles(titles or {}, formats or {})
    _check_words(
        {
            "title": title,
            "subtitle": subtitle,
            **{f"titles.{role}": one for role, one in (titles or {}).items()},
        }
    )
    size = (width or specs.WIDTH, height or specs.HEIGHT)
    options: Mapping[str, JsonValue] = {
        "aggregate": aggregate,
        "sort": sort,
        "scales": scales,
        "ranges": ranges,
        "labels": labels or None,
    }
    held = await read(data, places, sheet)
    frame = ChartFrame(*size, title, subtitle, titles or {}, formats or {}, cast("ThemeName", theme))
    if kind is None:
        if one := next(
            (
                name
                for name, value in (
                    ("columns", columns),
                    ("titles", titles),
                    ("formats", formats),
                    ("stack", stack),
                    *options.items(),
                )
                if value
            ),
            None,
        ):
            raise ArgumentError(one, "goes with kind; a spec says it itself, in encoding")
        reading = partial(_of_spec, spec, held, frame, width, height)
        drawing, own, description = await to_thread.run_sync(reading)
        drawn = await _of_views(drawing, own, frame, width, height, seconds, scale)
    else:
        if not isinstance(kind, str | Sequence):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError("kind", f"is {kind!r}; give one of {', '.join(plan.KINDS)}")
        kinds = [plan.kind_name(str(one)) for one in ([kind] if isinstance(kind, str) else kind)]
        reading = partial(_of_kind, kinds, held, columns or {}, frame, stack, options)
        chart, description = await to_thread.run_sync(reading)
        try:
            drawn = await _of_chart(chart, seconds, scale)
        except ArgumentError as error:  # There is no spec to correct.
            raise ArgumentError("data", error.problem) from error
    picture = drawn.drawing
    lacking = f"; no font has {few(picture.boxes)}: shown as boxes" if picture.boxes else ""
    lacking += f"; no font has {few(picture.left_out)}: left out" if picture.left_out else ""
    handed = f"\n\nIts Vega-Lite{_spec_text(drawn.spec)}" if return_spec else ""
    return ToolOutput(
        f"{description}{drawn.note}{lacking}. {described(picture.picture)}.{handed}", (picture.picture,)
    )


async def _of_chart(chart: plan.Chart, seconds: float, scale: float) -> fit.Fitted:
    """Draw a kind of chart, small charts until they fill the picture."""
    drawing = await to_thread.run_sync(marks.vega_lite, chart)

    async def draw(spec: dict[str, JsonValue]) -> worker.DrawnChart:
        return await worker.drawn(await to_thread.run_sync(_json_for_engine, spec), seconds, scale)

    if fit.composed(drawing):
        return await fit.fitted(drawing, chart.frame.width, chart.frame.height, draw, seconds)
    return fit.Fitted(await draw(drawing), drawing, "")


async def _of_views(
    drawing: dict[str, JsonValue],
    own: Mapping[str, JsonValue],
    frame: ChartFrame,
    width: int | None,
    height: int | None,
    seconds: float,
    scale: float,
) -> fit.Fitted:
    """Draw a model's own spec; one of several charts until it has the size asked for."""
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
    """Return the engine's complaint with the place of the expression that it is about, which it does not name."""
    for path, expression in islice(specs.expressions(own), TRIED):
        try:
            await worker.drawn(json.dumps(specs.alone(expression)), seconds)
        except ArgumentError as same:
            if same.problem == error.problem:
                return ArgumentError("spec", f"{path} is {expression[:200]!r}: {error.problem}")
    return error


def _check_size(width: int | None, height: int | None, scale: float) -> None:
    for name, size in (("width", width), ("height", height)):
        if size is not None and size < SMALLEST:
            raise ArgumentError(name, f"is {size} pixels; give {SMALLEST} or more")
    if not SCALES[0] <= scale <= SCALES[1]:
        raise ArgumentError("scale", f"is {scale:g}; give {SCALES[0]:g} to {SCALES[1]:g}")
    pixels = (width or specs.WIDTH) * (height or specs.HEIGHT) * scale**2
    if pixels > worker.PIXELS:
        by = "times height" if scale == 1 else f"times height at scale {scale:g}"
        raise ArgumentError("width", f"{by} is {pixels:,.0f} pixels; at most {worker.PIXELS:,} are drawn")


def _check_roles(titles: Mapping[str, str], formats: Mapping[str, str]) -> None:
    for name, texts in (("titles", titles), ("formats", formats)):
        for role, text in texts.items():
            if role not in ("x", "y", "color"):
                raise ArgumentError(name, f"{role!r} has none; there are x, y, color")
            if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise ArgumentError(name, f"of {role} is {text!r}, which is no text")
    number_formats.check(formats)


def _check_words(words: Mapping[str, str | None]) -> None:
    for name, text in words.items():
        if text and len(text) > fields.LETTERS:
            raise ArgumentError(name, f"has {len(text):,} characters; at most {fields.LETTERS} are shown")


def _spec_text(drawing: Mapping[str, JsonValue]) -> str:
    """Return a spec as text, with a word on the rows that it lacks."""
    text = json.dumps(drawing, ensure_ascii=False)
    if len(text) <= RETURNED:
        return f":\n{text}"
    bare: dict[str, JsonValue] = {key: value for key, value in drawing.items() if key != "datasets"}
    bare["data"] = {"values": ()}
    return f", its rows left out:\n{json.dumps(bare, ensure_ascii=False)[:RETURNED]}"


def _too_deep(drawing: Mapping[str, JsonValue]) -> bool:
    """Tell whether a spec nests deeper than the engine reads; without recursion, whose limit differs by Python."""
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
        raise ArgumentError("spec", "holds NaN or infinity, which JSON does not know") from error
    if len(text) > SPEC_SIZE:
        raise ArgumentError(
            "spec", f"has {len(text):,} characters with its data; at most {SPEC_SIZE:,} are drawn"
        )
    return text


def _of_kind(
    kinds: Sequence[str],
    data: JsonValue | Book,
    columns: plan.Columns,
    frame: ChartFrame,
    stack: JsonValue,
    options: Mapping[str, JsonValue],
) -> tuple[plan.Chart, str]:
    """Return what a kind of chart shows of the data, and words on it. All that is wrong with a call is told at once."""
    if not kinds:
        raise ArgumentError("kind", f"is empty; there are {', '.join(plan.KINDS)}")
    wrong = [_unknown_kind(kind) for kind in kinds if kind not in plan.KINDS]
    chosen, errors = chart_options.read_options(
        [kind for kind in kinds if kind in plan.KINDS] or ["bar"], **options
    )
    wrong += errors
    stacked: plan.Stack = None
    try:
        stacked = _stacked(stack)
        if stacked is not None and not wrong and kinds[0] not in ("bar", "area", "histogram"):
            raise ArgumentError("stack", f"goes with bar, area and histogram, not with {kinds[0]}")
    except ArgumentError as error:
        wrong.append(error)
    if data is None:
        wrong.append(ArgumentError("data", 'is missing; give rows such as [{"month": "Jan", "sales": 3}]'))
        raise _together(wrong)
    found = table(data)
    wrong += roles.wrong(found, columns)
    if wrong:
        raise _together(wrong)
    if len(kinds) == 1:
        found, columns = arrange.arranged(kinds[0], found, columns)
    chart = fields.build_chart(
        cast("Sequence[plan.ChartKind]", kinds), found, columns, frame, stacked, chosen
    )
    return chart, chart_description(chart, found)


def _unknown_kind(kind: str) -> ArgumentError:
    close = get_close_matches(kind.lower(), plan.KINDS, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    problem = f"{kind!r} is unknown; {hint}there are {', '.join(plan.KINDS)}; others can be drawn with spec"
    return ArgumentError("kind", problem)


def _together(wrong: Sequence[ArgumentError]) -> ArgumentError:
    """Return all that is wrong with a call as one error, which names the first argument."""
    first, *others = wrong
    return ArgumentError(first.argument, "; ".join([first.problem, *map(str, others)]))


def _stacked(stack: JsonValue) -> plan.Stack:
    """Return how colours are stacked; "true" and "false" are read as JSON."""
    ways: dict[str, plan.Stack] = {"true": True, "false": False, "normalize": "normalize"}
    if stack is None or isinstance(stack, bool):
        return stack
    if (name := str(stack)) not in ways:
        raise ArgumentError("stack", f"{name!r} is unknown; {nearest(name, ways)}")
    return ways[name]


def _of_spec(
    spec: JsonValue,
    data: JsonValue | Book,
    frame: ChartFrame,
    width: int | None,
    height: int | None,
) -> tuple[dict[str, JsonValue], Mapping[str, JsonValue], str]:
    """Return a model's own Vega-Lite spec, completed and as it was, and words on it."""
    spec_object = parsed(spec, "spec") if isinstance(spec, str) else spec
    if not isinstance(spec_object, Mapping):
        raise ArgumentError("spec", 'is no object; give Vega-Lite such as {"mark": "bar", "encoding": {...}}')
    rows: Table | None = None if data is None else table(data)
    if _too_deep({**spec_object, "data": None}):
        raise ArgumentError("spec", "is nested too deeply")
    own = guarded(
        {**spec_object, "data": {"values": rows.records(specs.names(spec_object))}} if rows else spec_object
    )
    own, passed_over = specs.checked(own)
    few, note = specs.fewer(own)
    description = (
        specs.spec_description(own)
        + (rows.description(specs.shown_fields(own) - specs.names(own)) if rows else "")
        + note
        + passed_over
    )
    return specs.completed(few, frame, width, height), few, description
