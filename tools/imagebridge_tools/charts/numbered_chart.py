"""Draws a chart with numbers at its marks: measures it, makes room for the numbers, measures again and draws."""

from collections.abc import Awaitable, Callable, Sequence

from anyio import to_thread

from imagebridge_tools.tool_output import JsonObject

from . import fit, marks, number_labels
from .plan import Chart
from .worker import LyingMark

Lying = Callable[[JsonObject], Awaitable[Sequence[LyingMark]]]
"""A function that returns the positions of the marks of a spec."""


async def fitted(chart: Chart, draw: fit.Draw, lying: Lying, seconds: float) -> fit.Fitted:
    """Draw a kind of chart with the numbers that fit; small charts are drawn again until they fill the picture."""
    numbered = number_labels.numbered(chart)
    drawing = await to_thread.run_sync(marks.vega_lite, numbered)
    numbered = number_labels.with_room(drawing, numbered, await lying(drawing))
    drawing = await to_thread.run_sync(marks.vega_lite, numbered)
    unfitted = ""
    if fit.composed(drawing):
        width, height = chart.frame.width, chart.frame.height
        _, drawing, unfitted = await fit.fitted(drawing, width, height, draw, seconds)
    spec, note = number_labels.written(drawing, chart, await lying(drawing))
    return fit.Fitted(await draw(spec), spec, unfitted + note)
