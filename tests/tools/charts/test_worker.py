"""The drawing process: a crash or timeout affects only one call."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from html import escape
from threading import Thread

import anyio
import anyio.lowlevel
import psutil
import pytest
import resvg_py
from processes import worked
from samples import SCRIPTS, lacked_here

from imagebridge.errors import ArgumentError
from imagebridge.requirements import install_command
from imagebridge_tools.charts import engine as drawing_process
from imagebridge_tools.charts import worker
from imagebridge_tools.charts.worker import DrawingError, drawn

pytestmark = pytest.mark.anyio

limits_memory = pytest.mark.skipif(sys.platform != "linux", reason="no other system limits a process's data")

BAR = {
    "data": {"values": [{"a": "x", "b": 1}]},
    "mark": "bar",
    "encoding": {"y": {"field": "b", "type": "quantitative"}},
}
BOMB = {**BAR, "data": {"sequence": {"start": 0, "stop": 50_000_000}}}


def text(spec):
    return json.dumps(spec)


def processes():
    """Return the process ids of our children that draw."""
    return {child.pid for child in psutil.Process().children() if draws(child)}


def draws(process):
    with suppress(psutil.NoSuchProcess):  # So does one that has ended and was not waited for.
        return any(word.endswith("engine.py") for word in process.cmdline())
    return False


@pytest.fixture
def fresh():
    """No process at first, and none left at the end."""
    worker.stop()
    yield
    worker.stop()
    assert not processes()


@pytest.fixture(scope="module", autouse=True)
def last():
    yield
    worker.stop()
    assert not processes()


@pytest.mark.long
@pytest.mark.usefixtures("fresh")
async def test_one_process_draws_one_chart_after_the_other():
    await drawn(text(BAR))
    first = processes()
    await drawn(text(BAR))
    assert len(first) == 1
    assert processes() == first


@pytest.mark.long
@pytest.mark.usefixtures("fresh")
def test_the_process_outlives_the_event_loop():
    anyio.run(drawn, text(BAR))
    first = processes()
    anyio.run(drawn, text(BAR))
    assert processes() == first


@pytest.mark.long
@pytest.mark.usefixtures("fresh")
async def test_no_more_processes_than_allowed_at_the_same_time():
    async with anyio.create_task_group() as calls:
        for _ in range(6):
            calls.start_soon(drawn, text(BAR))
    assert 1 <= len(processes()) <= worker.PROCESSES


@pytest.mark.long
@pytest.mark.usefixtures("fresh")
async def test_time_out():
    with pytest.raises(DrawingError, match=r"longer than 0\.7 seconds"):
        await drawn(text(BOMB), 0.7)
    assert (await drawn(text(BAR))).picture.media_type == "image/png"


@pytest.mark.long
@pytest.mark.usefixtures("fresh")
async def test_a_process_killed_while_it_waits_costs_nothing():
    await drawn(text(BAR))
    killed()
    assert (await drawn(text(BAR))).picture.media_type == "image/png"


def killed():
    """Kill the only process and wait for its end, leaving it to its parent to clear it away."""
    (process,) = processes()
    found = psutil.Process(process)
    found.kill()
    # Not by its status: a process with threads counts as ended before its parent can hear of it.
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    else:
        found.wait()


@pytest.mark.usefixtures("fresh")
async def test_a_process_killed_while_it_draws_costs_that_call():
    await drawn(text(BAR))
    (process,) = processes()
    Thread(target=kill_busy, args=(process,)).start()
    with pytest.raises(DrawingError, match="ended before the chart was finished"):
        await drawn(text(BOMB))
    assert (await drawn(text(BAR))).picture.media_type == "image/png"


def kill_busy(process):
    """Kill a process once it has worked for a while, by its own clock."""
    start = worked(process)
    while worked(process) - start < 0.2:
        time.sleep(0.01)
    psutil.Process(process).kill()


@pytest.mark.long
@pytest.mark.usefixtures("fresh")
async def test_a_cancelled_call_ends_its_process():
    await drawn(text(BAR))
    first = processes()
    with anyio.move_on_after(0.7):
        await drawn(text(BOMB))
    # Another gets ready for the next call.
    with anyio.fail_after(600):
        while not processes() - first:
            await anyio.lowlevel.checkpoint()
    assert not processes() & first


@pytest.mark.usefixtures("fresh")
@limits_memory
async def test_memory_has_an_end(monkeypatch):
    # A small limit makes the bomb go off soon.
    monkeypatch.setattr(subprocess, "Popen", limited(subprocess.Popen))
    with pytest.raises(DrawingError, match="out of memory"):
        await drawn(text(BOMB))
    monkeypatch.undo()
    worker.stop()  # The next one has the small limit too.
    assert (await drawn(text(BAR))).picture.media_type == "image/png"


HUGE = [
    {**BAR, "data": {"sequence": {"start": 0, "stop": 5_000_000}}},
    {**BAR, "transform": [{"calculate": "sequence(100000000)", "as": "b"}]},
    {**BAR, "params": [{"name": "p", "expr": "pad('', 500000000, 'x')"}], "title": {"text": {"expr": "p"}}},
    {"data": {"graticule": {"step": [0.01, 0.01]}}, "mark": "geoshape"},
    {**BAR, "width": 100_000, "height": 100_000},
    {**BAR, "width": 1e300},
]


@pytest.mark.usefixtures("fresh")
@pytest.mark.long
@pytest.mark.parametrize("spec", HUGE, ids=["rows", "list", "text", "lines", "pixels", "endless"])
async def test_whatever_a_spec_asks_for_costs_one_call(spec):
    with pytest.raises((DrawingError, ArgumentError)):
        await drawn(text(spec), 2)
    assert (await drawn(text(BAR))).picture.media_type == "image/png"


@pytest.mark.usefixtures("fresh")
@pytest.mark.long
@limits_memory
async def test_memory_has_an_end_before_time_has():
    with pytest.raises(DrawingError, match="out of memory"):
        await drawn(text(BOMB))
    assert (await drawn(text(BAR))).picture.media_type == "image/png"


@pytest.mark.parametrize("scale", [1, 4])
async def test_pixels_have_an_end(scale):
    with pytest.raises(ArgumentError, match="make it smaller"):
        await drawn(text({**BAR, "width": 8_000 // scale, "height": 1_200 // scale}), scale=scale)


def limited(start):
    def popen(arguments, **options):
        program = "import runpy, sys; module = runpy.run_path(sys.argv[1]); main = module['main']; "
        program += "main.__globals__['MEMORY'] = 300 << 20; main()"
        return start([sys.executable, "-P", "-c", program, arguments[-1]], **options)

    return popen


@pytest.mark.parametrize(
    ("label", "boxes"),
    [
        ("plain, é, Ω and –", ()),
        ("\U000f0000 <&> \U000f0001\U000f0000", ("\U000f0000", "\U000f0001")),
        ("e\u0301\u200b", ()),
    ],
)
async def test_characters_that_no_font_has_are_named(label, boxes):
    assert (await drawn(labelled(label))).boxes == boxes


@pytest.mark.parametrize("label", SCRIPTS)
async def test_other_scripts_are_drawn_with_the_fonts_of_the_system_or_named(label):
    assert (await drawn(labelled(label))).boxes == ((label,) if lacked_here(label) else ())


def labelled(label):
    spec = {**BAR, "data": {"values": [{"a": label, "b": 1}]}}
    spec["encoding"] = {**BAR["encoding"], "x": {"field": "a", "type": "nominal"}}
    return text(spec)


@pytest.mark.usefixtures("fresh")
async def test_the_engine_gets_no_keys(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    await drawn(text(BAR))
    (process,) = processes()
    assert "sk-secret" not in psutil.Process(process).environ().values()


async def test_without_the_engine_one_sentence_names_it(monkeypatch):
    monkeypatch.setattr(worker, "find_spec", lambda name: None)
    with pytest.raises(DrawingError, match=re.escape(install_command("server"))):
        await drawn(text(BAR))


def test_the_shipped_font_has_what_is_not_looked_up(capfd):
    sure = [
        c for c in map(chr, range(0x20, 0x3000)) if c.isprintable() and not drawing_process._UNSURE.search(c)
    ]
    words = escape("".join(sure))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text font-family="Inter">{words}</text></svg>'
    fonts = [str(drawing_process.FONTS)]
    resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, font_dirs=fonts, log_information=True)
    printed = "".join(capfd.readouterr())
    assert len(sure) > 300
    assert drawing_process._NO_GLYPH not in printed
