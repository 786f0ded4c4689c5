"""generate_chart: a chart from a Vega-Lite spec, or from a kind of chart and a table."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import cast

from anyio import to_thread

from imagebridge.errors import ArgumentError
from imagebridge.translate.picture import Picture

from . import fields, marks, specs, worker
from .answer import Answer, Json, described
from .guard import SPEC_SIZE, guarded
from .table import Table, parsed, table

WIDTH, HEIGHT = 800, 500
SMALLEST = 150


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
    JSON or CSV text, or the path of a CSV or JSON file below one of the folders `allow`. `columns` says which
    field is "x", "y", "color" and "facet"; what it leaves out is guessed. With `spec`, `data` replaces the
    spec's. `width` and `height` are the pixels of the whole picture, 800 x 500; a spec's own size stays where
    neither is given.

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
        drawing, words = await to_thread.run_sync(read)
        picture = await worker.drawn(_text(drawing), seconds)
    else:
        read = partial(_of_kind, kind, data, columns or {}, title, width or WIDTH, height or HEIGHT, allow)
        chart, words = await to_thread.run_sync(read)
        try:
            picture = await _of_chart(chart, seconds)
        except ArgumentError as error:  # There is no spec to correct.
            raise ArgumentError("data", error.problem) from error
    return Answer(f"{words}. {described(picture)}.", (picture,))


async def _of_chart(chart: marks.Chart, seconds: float) -> Picture:
    """Draw a kind of chart, small charts twice: their size is known only from a first drawing."""
    drawing = marks.vega_lite(chart)
    picture = await worker.drawn(_text(drawing), seconds)
    again = marks.refitted(drawing, chart, picture.width, picture.height)
    return await worker.drawn(_text(again), seconds) if again else picture


def _check_size(width: int | None, height: int | None) -> None:
    for name, size in (("width", width), ("height", height)):
        if size is not None and size < SMALLEST:
            raise ArgumentError(name, f"is {size} pixels; give {SMALLEST} or more")
    pixels = (width or WIDTH) * (height or HEIGHT)
    if pixels > worker.PIXELS:
        raise ArgumentError(
            "width", f"times height is {pixels:,} pixels; at most {worker.PIXELS:,} are drawn"
        )


def _text(drawing: Mapping[str, Json]) -> str:
    try:
        text = json.dumps(drawing, allow_nan=False)
    except ValueError as error:
        raise ArgumentError("spec", "holds NaN or infinity, which JSON does not know") from error
    except RecursionError as error:
        raise ArgumentError("spec", "is nested too deeply") from error
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
) -> tuple[dict[str, Json], str]:
    """Return a model's own Vega-Lite spec, checked and completed, and words on it."""
    if columns:
        raise ArgumentError("columns", "goes with kind; a spec names its fields in encoding")
    given = parsed(spec, "spec") if isinstance(spec, str) else spec
    if not isinstance(given, Mapping):
        raise ArgumentError("spec", 'is no object; give Vega-Lite such as {"mark": "bar", "encoding": {...}}')
    rows: Table | None = None if data is None else table(data, allow)
    own = guarded({**given, "data": {"values": rows.records()}} if rows else given)
    specs.check(own)
    return specs.completed(own, title, width, height), specs.words(own)
