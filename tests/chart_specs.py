"""The spec of a requested chart before it is drawn."""

import json

import pytest

from imagebridge_tools import generate_chart
from imagebridge_tools.charts import chart_drawing


async def vega_lite(**arguments):
    """Return the spec that is drawn, with all of its rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chart_drawing, "RETURNED", 1_000_000)
        sentence = (await generate_chart(**arguments, return_spec=True)).sentence
    return json.loads(sentence.split("Its Vega-Lite:\n")[1])
