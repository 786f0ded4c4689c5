"""Cancelled work leaves no process, descriptor, thread or file behind, at any moment, on asyncio and on trio."""

import base64
import json
import shlex
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import anyio
import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mcp.server import MCPServer
from mcp.types import CallToolResult
from openai import AsyncOpenAI, DefaultAsyncHttpx2Client
from PIL import Image
from processes import handles
from samples import drawing, file, pdf

from imagebridge import Bridge, Policy, tool_result
from imagebridge.client.threads import in_thread
from imagebridge.documents import confined
from imagebridge.pictures.svg import raster
from imagebridge.testing import Endpoint
from imagebridge_tools import ToolOutput, generate_chart, load_image
from imagebridge_tools.apart import PROCESSES, apart
from imagebridge_tools.charts import worker
from imagebridge_tools.files import saving
from imagebridge_tools.files.source import Places
from imagebridge_tools.files.store import Store

RAW = [sys.executable, str(Path(__file__).parent / "servers" / "raw.py")]
PLAN = {"tools": {"tools": [{"name": "look", "inputSchema": {"type": "object"}}]}}
OURS = ("imagebridge", "imagebridge_tools", "imagebridge_server")


class Place:
    """Where calls work: a picture to read, a folder to write to, a store, and a folder for what is temporary."""

    def __init__(self, folder):
        self.out, self.temporary, self.kept = (folder / name for name in ("out", "temporary", "kept"))
        for one in (self.out, self.temporary):
            one.mkdir()
        (folder / "a.png").write_bytes(file(drawing(400, 300), "PNG"))
        self.read = Places(allow=(folder,), store=Store(self.kept, 10_000_000, 3_600))
        self.number = 0

    async def worker(self):
        await apart(time.sleep, 0.05)

    async def load(self):
        await load_image("a.png", places=self.read)

    async def save(self):
        self.number += 1
        where = saving.target(f"{self.number}.webp", [self.out])
        pictures = (await load_image("a.png", places=self.read)).pictures
        self.read.store.keep(pictures[0], "a call")
        await saving.saved(ToolOutput("Made.", (*pictures, *pictures)), where)

    async def chart(self):
        await generate_chart(kind="bar", data=[{"a": "x", "b": 1}])

    async def reading(self, seconds=0.05):
        await in_thread(partial(confined.confined, partial(time.sleep, seconds)))

    async def document(self):
        server = MCPServer("library", log_level="CRITICAL")

        @server.tool()
        def read() -> CallToolResult:
            blob = base64.b64encode(pdf(2)).decode()
            resources = [{"uri": f"file:///{name}.pdf", "blob": blob} for name in "ab"]
            return CallToolResult.model_validate(
                {"content": [{"type": "resource", "resource": one} for one in resources]}
            )

        async with Bridge(server, policy=Policy(documents="pages")) as bridge:
            await bridge.answer("read", {})

    async def server(self):
        async with Bridge(shlex.join([*RAW, json.dumps(PLAN)]), timeout=600) as bridge:
            await bridge.call("look", {})

    async def run(self):
        server = MCPServer("eyes", log_level="CRITICAL")

        @server.tool()
        def look(path: str = "") -> CallToolResult:
            return CallToolResult.model_validate(tool_result("here", drawing(40, 30)))

        steps = [[("look", {})], [("look", {"path": "picture:1"})], "Done."]
        endpoint = Endpoint(steps)
        endpoint.start()
        try:
            async with (
                AsyncOpenAI(
                    base_url=endpoint.base_url,
                    api_key="test",
                    http_client=DefaultAsyncHttpx2Client(verify=False),
                ) as client,
                Bridge(server, handles={"look.path": "path"}) as bridge,
            ):
                await bridge.run(client, model="gpt-5.6-luna", input="look", uploads=10)
        finally:
            endpoint.stop()

    def left(self):
        """What may be left of calls that were given up: whole pictures, all of a call or none, and nothing else."""
        names = sorted(one.name for one in self.out.iterdir())
        for name in names:
            with Image.open(self.out / name) as image:
                image.load()
            assert name.replace("-1.", "-2.") in names
            assert name.replace("-2.", "-1.") in names
        kept = [one.name for one in self.kept.iterdir()] if self.kept.exists() else []
        return [*self.temporary.iterdir(), *(one for one in kept if one.startswith("new-"))]


@contextmanager
def temporary_files_in(folder):
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    with temporary_files_in(place.temporary):
        yield place
    worker.stop()


def state(already):
    """The processes below this one, its descriptors, and the threads in which code of ours runs."""
    processes = [one for one in psutil.Process().children(recursive=True) if one not in already]
    running = [one for one in processes if _runs(one)]
    here = threading.get_ident()
    threads = [frame for thread, frame in sys._current_frames().items() if thread != here and _is_ours(frame)]
    return len(running), handles(), len(threads)


def _runs(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # It ended in between.
        return False


def _is_ours(frame):
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] in OURS:
            return True
        frame = frame.f_back
    return False


def settled(already, expected):
    """The state once it is as expected, or after a minute."""
    stop = time.monotonic() + 60
    while (seen := state(already)) != expected and time.monotonic() < stop:
        time.sleep(0.01)
    return seen


WORKING = "working"
"""The moment when a process works for the call."""

MOMENTS = st.integers(0, 60) | st.floats(0, 0.5)
"""Turns of the event loop, or seconds, after which a call is given up."""


async def given_up(call, moment):
    async with anyio.create_task_group() as tasks:

        async def run():
            await call()
            tasks.cancel_scope.cancel()

        tasks.start_soon(run)
        if moment == WORKING:
            while not psutil.Process().children():  # noqa: ASYNC110  # another process sets no event
                await anyio.sleep(0.01)
        elif isinstance(moment, int):
            for _ in range(moment):
                await anyio.lowlevel.checkpoint()
        else:
            await anyio.sleep(moment)
        tasks.cancel_scope.cancel()


def check(place, backend, name, moments):
    """Give up calls one after the other and side by side; then one more must work, and nothing is left."""
    call = getattr(place, name)
    already = psutil.Process().children(recursive=True)

    async def calls():
        for moment in moments:
            await given_up(call, moment)
        async with anyio.create_task_group() as tasks:
            for moment in moments:
                tasks.start_soon(given_up, call, moment)
        await call()
        ready = [one for one in psutil.Process().children(recursive=True) if one not in already]
        assert len([one for one in ready if _runs(one)]) <= PROCESSES

    anyio.run(calls, backend=backend)
    worker.stop()


def untouched(place, backend, name):
    """The state after one call that was let finish: modules are loaded, and what stays open once is open."""
    anyio.run(getattr(place, name), backend=backend)
    worker.stop()
    already = psutil.Process().children(recursive=True)
    return already, (0, handles(), 0)


def nothing_is_left(place, backend, name, moments):
    already, before = untouched(place, backend, name)
    check(place, backend, name, moments)
    assert settled(already, before) == before
    assert place.left() == []


BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
ONE_PLACE = [HealthCheck.function_scoped_fixture]


@BACKENDS
@pytest.mark.parametrize("name", ["worker", "server", "run"])
def test_a_call_that_is_given_up_early_or_late_leaves_nothing(place, backend, name):
    nothing_is_left(place, backend, name, [0, 20, 0.1])


def a_reading_without_end_ends(place, backend, moments):
    already, before = untouched(place, backend, "reading")

    async def calls():
        for moment in moments:
            await given_up(partial(place.reading, 1_000), moment)
        async with anyio.create_task_group() as tasks:
            for moment in moments:
                tasks.start_soon(given_up, partial(place.reading, 1_000), moment)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(confined, "SECONDS", 1_000)
        anyio.run(calls, backend=backend)
    assert settled(already, before) == before


ENDLESS = """<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"><filter id="f"><feTurbulence numOctaves="999999999"
baseFrequency="9"/></filter><rect width="900" height="900" filter="url(#f)"/></svg>"""
DRAW = f"""from imagebridge.pictures.svg import raster
raster.SECONDS = 1_000
raster.rasterised({ENDLESS!r}, 900, 900)"""


def is_drawing(process):
    with suppress(psutil.NoSuchProcess):  # It ended in between.
        return "painter.py" in str(process.cmdline())
    return False


@pytest.mark.parametrize("where", ["a thread", "a worker that is killed"])
def test_a_drawing_without_end_that_is_given_up_ends_at_once(where, monkeypatch):
    monkeypatch.setattr(raster, "SECONDS", 1_000)
    drawn = []

    async def draw():
        if where == "a thread":
            await in_thread(partial(raster.rasterised, ENDLESS, 900, 900))
        else:
            await apart(exec, DRAW, seconds=1_000)

    async def calls():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(draw)
            while not drawn:  # another process sets no event
                await anyio.sleep(0.01)
                drawn.extend(filter(is_drawing, psutil.Process().children(recursive=True)))
            tasks.cancel_scope.cancel()

    anyio.run(calls)
    assert psutil.wait_procs(drawn, timeout=60)[1] == [] or (sys.platform != "linux" and where != "a thread")


@BACKENDS
def test_a_reading_without_end_that_is_given_up_ends_at_once(place, backend):
    a_reading_without_end_ends(place, backend, [0, 20, WORKING])


@pytest.mark.long
@BACKENDS
@settings(max_examples=10, phases=[Phase.generate], suppress_health_check=ONE_PLACE)
@given(moments=st.lists(MOMENTS, min_size=8, max_size=8))
def test_a_reading_without_end_ends_whenever_it_is_given_up(place, backend, moments):
    a_reading_without_end_ends(place, backend, moments)


@pytest.mark.long
@BACKENDS
@pytest.mark.parametrize("name", ["worker", "load", "save", "chart", "reading", "document", "server", "run"])
@settings(max_examples=10, phases=[Phase.generate], suppress_health_check=ONE_PLACE)
@given(moments=st.lists(MOMENTS, min_size=8, max_size=8))
def test_calls_of_every_kind_that_are_given_up_leave_nothing(place, backend, name, moments):
    nothing_is_left(place, backend, name, moments)
