"""Compares the time to draw charts with the engine's own conversion, warm, in one run and one event loop.

The engine is asked in a process of its own, as here it would hold the interpreter; it draws the very spec
that `generate_chart` draws, in the same font: on a machine without fonts it would draw no text at all, in less
time. Its PNG is six times as large: ours comes from its SVG.
"""

import json
import random
import statistics
import subprocess
import sys
import time

import pytest

from imagebridge_tools import generate_chart
from imagebridge_tools.charts.engine import FONTS

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]

BARS = [{"month": f"Month {n}", "sales": n * 7 % 11 + 1} for n in range(12)]
ROUNDS = 20

ENGINE = """
import json, sys, time
import vl_convert
vl_convert.register_font_directory(sys.argv[1])
spec = sys.stdin.readline()
while line := sys.stdin.readline():
    began = time.perf_counter()
    size = len(vl_convert.vegalite_to_png(spec))
    print(json.dumps([time.perf_counter() - began, size]), flush=True)
"""


class Engine:
    """The engine in a process of its own, with one spec."""

    def __init__(self, spec):
        self._process = subprocess.Popen(
            [sys.executable, "-c", ENGINE, str(FONTS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._send(spec)

    def _send(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def draw(self):
        """Return the seconds of one conversion, and the bytes of its PNG."""
        self._send("")
        return json.loads(self._process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.communicate()


async def seconds(**arguments):
    began = time.perf_counter()
    await generate_chart(**arguments)
    return time.perf_counter() - began


def bars():
    return {"kind": "bar", "data": BARS}


async def spec_of(arguments):
    sentence = (await generate_chart(**arguments, return_spec=True)).sentence
    return sentence.split("Its Vega-Lite:\n")[1]


async def test_twelve_bars(measured, rounds):
    ours, theirs = [], []
    with Engine(await spec_of(bars())) as engine:
        engine.draw()
        for _ in range(rounds(ROUNDS)):
            theirs.append(engine.draw()[0])
            ours.append(await seconds(**bars()))
        size = engine.draw()[1]
    # The fastest of both: other work on the machine hits our two processes more than one.
    (picture,) = (await generate_chart(**bars())).pictures
    said = f"{min(ours) * 1000:.0f} ms compared with {min(theirs) * 1000:.0f} ms; {picture.size:,} bytes compared with {size:,}"
    measured("bars", min(ours) / min(theirs), said)


@pytest.mark.parametrize("form", ["rows", "columns"])
async def test_a_hundred_thousand_points(form, measured, rounds):
    numbers = random.Random(1)
    data = {name: [numbers.gauss(0, 1) for _ in range(100_000)] for name in "xy"}
    if form == "rows":
        data = [{"x": x, "y": y} for x, y in zip(data["x"], data["y"], strict=True)]
    scatter = {"kind": "scatter", "data": data}
    await seconds(**bars())
    few, many = [], []
    for _ in range(rounds(ROUNDS)):
        few.append(await seconds(**bars()))
        many.append(await seconds(**scatter))
    few, many = statistics.median(few), statistics.median(many)
    measured(f"points as {form}", many / few, f"{many * 1000:.0f} ms compared with {few * 1000:.0f} ms")
