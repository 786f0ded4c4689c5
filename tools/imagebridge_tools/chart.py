"""generate_chart: a chart from a Vega-Lite spec, or from a kind of chart and a table."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import cast

from anyio import to_thread

from imagebridge.errors import ArgumentError

from . import fields, fit, marks, specs, worker
from .answer import Answer, Json, described, few
from .guard import SPEC_SIZE, guarded
from .table import Table, parsed, table

SMALLEST = 150
"""Pixels of a picture's side at least."""

LEVELS = 100
"""Levels of a spec at most; the engine's own reader of JSON stops at 127."""


async def generate_chart(
    *,
    spec: Json = None,
    kind: str | None = None,
    data: Json = None,
    columns: Mapping[str, str] | None = None,
    title: str | None = None,
    width: int | None = None,
    height: int | None = None,
    allow: Sequence[Path] = (),
    seconds: float = worker.SECONDS,
) -> Answer:
    """Draw a chart: give either `spec` (Vega-Lite, an object or JSON text) or `kind`.

    With `kind` ("bar", "line", "area", "scatter", "pie"), `data` is a list of row objects, an object of columns,
    JSON or CSV text, a `data:` URL of one, or the path of a CSV or JSON file below one of the folders `allow`. `columns` says which
    field is "x", "y", "color" and "facet"; what it leaves out is guessed. With `spec`, `data` replaces the
    spec's. `width` and `height` are the pixels of the whole picture, 800 x 500; a spec's own size stays where
    neither is given, and a spec of several charts keeps its own width or height where only the other is given.

    Raises:
        ArgumentError: an argument that the caller can correct.
        worker.DrawingError: the drawing died, took over `seconds`, or has no engine.
    """
    if (spec is None) == (kind is None):
        problem = "give one of spec and kind" if spec is None else "give spec or kind, not both"
        raise ArgumentError("spec", f'{problem}; for example kind="bar" with data')
    _check_size(width, height)
    if kind is None:
        read = partial(_of_spec, spec, data, columns or {}, title, width, height, allow)
        drawing, own, words = await to_thread.run_sync(read)
        made, told = await _of_views(drawing, own, width, height, seconds)
    else:
        size = (width or specs.WIDTH, height or specs.HEIGHT)
        read = partial(_of_kind, kind, data, columns or {}, title, *size, allow)
        chart, words = await to_thread.run_sync(read)
        try:
            made, told = await _of_chart(chart, seconds)
        except ArgumentError as error:  # There is no spec to correct.
            raise ArgumentError("data", error.problem) from error
    boxes = f"; no font has {few(made.boxes)}: shown as boxes" if made.boxes else ""
    return Answer(f"{words}{told}{boxes}. {described(made.picture)}.", (made.picture,))


async def _of_chart(chart: marks.Chart, seconds: float) -> tuple[worker.Drawing, str]:
    """Draw a kind of chart, small charts until they fill the picture."""
    drawing = marks.vega_lite(chart)

    async def draw(spec: dict[str, Json]) -> worker.Drawing:
        return await worker.drawn(_text(spec), seconds)

    if fit.composed(drawing):
        return await fit.fitted(drawing, chart.width, chart.height, draw, seconds)
    return await draw(drawing), ""


async def _of_views(
    drawing: dict[str, Json],
    own: Mapping[str, Json],
    width: int | None,
    height: int | None,
    seconds: float,
) -> tuple[worker.Drawing, str]:
    """Draw a model's own spec; one of several charts until it has the size asked for."""

    async def draw(spec: dict[str, Json]) -> worker.Drawing:
        text = await to_thread.run_sync(lambda: _text(specs.ready(spec, own, specs.sizes(width, height))))
        return await worker.drawn(text, seconds)

    if (width or height) and fit.composed(drawing):
        return await fit.fitted(drawing, width, height, draw, seconds)
    return await draw(drawing), ""


def _check_size(width: int | None, height: int | None) -> None:
    for name, size in (("width", width), ("height", height)):
        if size is not None and size < SMALLEST:
            raise ArgumentError(name, f"is {size} pixels; give {SMALLEST} or more")
    pixels = (width or specs.WIDTH) * (height or specs.HEIGHT)
    if pixels > worker.PIXELS:
        raise ArgumentError(
            "width", f"times height is {pixels:,} pixels; at most {worker.PIXELS:,} are drawn"
        )


def _too_deep(drawing: Mapping[str, Json]) -> bool:
    """Tell whether a spec nests deeper than the engine reads; without recursion, whose limit differs by Python."""
    level: list[Json] = [dict(drawing)]
    for _ in range(LEVELS):
        inner: list[Json] = []
        for one in level:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        if not inner:
            return False
        level = inner
    return True


def _text(drawing: Mapping[str, Json]) -> str:
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
    kind: str,
    data: Json,
    columns: Mapping[str, str],
    title: str | None,
    width: int,
    height: int,
    allow: Sequence[Path],
) -> tuple[marks.Chart, str]:
    """Return what a kind of chart shows of the data, and words on it."""
    if kind not in marks.KINDS:
        close = get_close_matches(kind.lower(), marks.KINDS, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        problem = (
            f"{kind!r} is unknown; {hint}there are {', '.join(marks.KINDS)}; others can be drawn with spec"
        )
        raise ArgumentError("kind", problem)
    if data is None:
        raise ArgumentError("data", 'is missing; give rows such as [{"month": "Jan", "sales": 3}]')
    found = table(data, allow)
    chart = fields.chart(cast("marks.Kind", kind), found, columns, title, width, height)
    return chart, fields.words(chart, found)


def _of_spec(
    spec: Json,
    data: Json,
    columns: Mapping[str, str],
    title: str | None,
    width: int | None,
    height: int | None,
    allow: Sequence[Path],
) -> tuple[dict[str, Json], Mapping[str, Json], str]:
    """Return a model's own Vega-Lite spec, completed and as it was, and words on it."""
    if columns:
        raise ArgumentError("columns", "goes with kind; a spec names its fields in encoding")
    given = parsed(spec, "spec") if isinstance(spec, str) else spec
    if not isinstance(given, Mapping):
        raise ArgumentError("spec", 'is no object; give Vega-Lite such as {"mark": "bar", "encoding": {...}}')
    rows: Table | None = None if data is None else table(data, allow)
    own = guarded({**given, "data": {"values": rows.records()}} if rows else given)
    specs.check(own)
    return specs.completed(own, title, width, height), own, specs.words(own)
