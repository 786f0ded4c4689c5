"""Controls the drawing process: starts it when first needed, and kills it if it takes too long.

Vega draws in a separate process because it runs in V8, which terminates its process when memory runs out and blocks the
interpreter while it draws. Plain pipes are read in a thread: the process does not depend on an event loop, so it is
still running when another loop draws a chart.
"""

import atexit
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import anyio
from anyio import to_thread
from anyio.lowlevel import RunVar

from imagebridge.errors import ArgumentError, BridgeError
from imagebridge.pictures import fonts
from imagebridge.pictures.picture import Picture
from imagebridge.requirements import install_command
from imagebridge_tools.apart import of_this_loop, shared_place

if TYPE_CHECKING:
    from typing import IO

PIXELS = 8_000_000
"""The maximum number of pixels in a chart; models see about two million."""

SECONDS = 30.0
"""The time limit for one drawing, in wall-clock seconds; a bar chart takes 0.1 seconds, 20,000 points one or two."""

PROCESSES = 2
"""The maximum number of charts drawn concurrently, each in up to 1 GiB; others wait. A server sets it at the start."""


class DrawingError(BridgeError):
    """The chart was not drawn: its process died, took too long or could not start."""


class DrawnChart(NamedTuple):
    """A chart as a PNG, its size in pixels of the spec, and characters that no available font contains. `boxes`:
    letters, which are drawn as boxes. `left_out`: emoji, which are left out of the picture.
    """

    picture: Picture
    width: int
    height: int
    boxes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


class MarkBounds(NamedTuple):
    """A rectangle, in pixels of the spec."""

    left: float
    top: float
    width: float
    height: float


class LyingMark(NamedTuple):
    """A mark: its description without the "#", the plot that it is in, and the rectangle around it."""

    description: str
    plot: MarkBounds
    box: MarkBounds


async def drawn(spec: str, seconds: float = SECONDS, scale: float = 1) -> DrawnChart:
    """Draw a Vega-Lite `spec` (JSON text) in the drawing process, with `scale` pixels for each pixel of the spec.

    Raises:
        ArgumentError: Vega-Lite rejects the spec, or the picture is blank or too large.
        DrawingError: the process died or needed more than `seconds`, or vl-convert is not installed.
    """
    answer, png = await _answered(spec, seconds, {"scale": scale})
    width, height = round(float(answer["width"])), round(float(answer["height"]))
    picture = await to_thread.run_sync(Picture.from_bytes, png)
    return DrawnChart(picture, width, height, tuple(answer["boxes"]), tuple(answer["left_out"]))


async def lying(spec: str, seconds: float = SECONDS) -> list[LyingMark]:
    """Return the positions of marks whose descriptions start with "#"; raises the same errors as `drawn`."""
    answer, _ = await _answered(spec, seconds, {"scale": 1, "marks": True})
    return [LyingMark(told[1:], MarkBounds(*plot), MarkBounds(*box)) for told, plot, box in answer["marks"]]


async def _answered(spec: str, seconds: float, wanted: Mapping[str, float]) -> tuple[dict[str, Any], bytes]:
    """Return the drawing process's answer to a request, and the picture that follows it."""
    if find_spec("vl_convert") is None:
        raise DrawingError(f"charts need the drawing engine; install it with: {install_command('server')}")
    spec = _drawable(spec)
    async with shared_place(_LIMITER), of_this_loop(_LIMITER, lambda: anyio.CapacityLimiter(PROCESSES)):
        process = await to_thread.run_sync(_warm_process)
        process.busy = True  # From now on: a call cancelled before its thread starts must not pass it on.
        try:
            with anyio.fail_after(seconds):
                return await to_thread.run_sync(process.ask, spec, seconds, wanted, abandon_on_cancel=True)
        except TimeoutError as error:
            problem = (
                f"the chart took longer than {seconds:g} seconds and was stopped; give fewer rows or marks"
            )
            raise DrawingError(problem) from error
        finally:
            _put_back(process)


_UNDRAWABLE = re.compile(r"\\(?:[bf]|u(?:00[01]|d[89a-f]|fff[ef]))", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:u(?:d[89ab]\w\w\\ud[c-f]\w\w|00[01]\w|d[89a-f]\w\w|fff[ef])|.)", re.IGNORECASE)
_LONE = len("\\ud83d")


def _drawable(spec: str) -> str:
    """Remove characters that XML does not allow (XML 1.0, 2.2) from JSON, and replace lone surrogates by U+FFFD."""

    def kept(found: re.Match[str]) -> str:
        escape = found[0]
        # JSON's short forms of U+0008 and U+000C.
        if escape in ("\\b", "\\f"):
            return ""
        if len(escape) != _LONE:
            return escape
        return "" if escape[2:4] == "00" else "\\ufffd"

    return _ESCAPE.sub(kept, spec) if _UNDRAWABLE.search(spec) else spec


def kill() -> None:
    """Kill all drawing processes without waiting for a lock; a signal handler may call this just before exiting."""
    for process in tuple(_RUNNING):
        process.kill()


def stop() -> None:
    """Stop all drawing processes at once, busy or not. The next chart starts a new one."""
    with _LOCK:
        processes = list(_RUNNING)
        _IDLE.clear()
    for process in processes:
        process.end()


class _Process:
    """One drawing process and its pipes."""

    def __init__(self) -> None:
        # Run as a file, it imports nothing of this package, which would take longer than the first chart. -P: files
        # next to it, or in the host's working directory, must not be taken for modules. The engine gets no keys.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("engine.py")), *fonts.packed()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Dates without a time zone mean the same day wherever the server runs.
            env={**environment, "TZ": "UTC"},
        )
        self.busy = False
        self._read = False

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, spec: str, seconds: float, wanted: Mapping[str, float]) -> tuple[dict[str, Any], bytes]:
        """Send a request and wait for its answer; called in a thread, on a process that is marked as busy."""
        self._read = True
        text = spec.encode()
        head = json.dumps({"spec": len(text), "pixels": PIXELS, "seconds": seconds, **wanted})
        stdin, stdout = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        try:
            stdin.write(head.encode() + b"\n" + text)
            stdin.flush()
            answer = cast("dict[str, Any]", json.loads(stdout.readline() or b"{}"))
            png = stdout.read(int(answer.get("png", 0)))
        except (OSError, ValueError):
            answer, png = {}, b""
        if not {"problem", "marks"} & answer.keys() and not png:
            self._close()
            raise DrawingError(
                "the drawing process ended before the chart was finished, most likely because it ran out of memory; "
                "give fewer rows, marks or pixels"
            )
        self.busy = self._read = False
        if "problem" in answer:
            raise ArgumentError("spec", str(answer["problem"]))
        return answer, png

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        """Kill the process and wait until it has exited, which is immediate."""
        self._process.kill()
        self._process.wait()
        with _LOCK:
            _RUNNING.discard(self)
        if not self._read:  # A thread that is still reading reaches the end of the stream and closes it.
            self._close()

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):  # Closing flushes; nobody is left to read it.
                    pipe.close()


_LOCK = Lock()
_IDLE: list[_Process] = []
_RUNNING: set[_Process] = set()
_LIMITER: RunVar[anyio.CapacityLimiter] = RunVar("imagebridge_tools.charts.worker")


def warm() -> None:
    """Start a drawing process in advance, because the first chart of a process takes a second longer."""
    process = _started()
    with _LOCK:
        _IDLE.append(process)


def _started() -> _Process:
    process = _Process()
    with _LOCK:
        if not _RUNNING:
            atexit.unregister(stop)
            atexit.register(stop)
        _RUNNING.add(process)
    return process


def _warm_process() -> _Process:
    """Return an idle process, or a new one; processes that died while idle are removed."""
    while True:
        with _LOCK:
            process = _IDLE.pop() if _IDLE else None
        if process is None:
            return _started()
        if process.alive:
            return process
        process.end()


def _put_back(process: _Process) -> None:
    """Keep a process that answered; kill one that did not, so that the next chart uses another."""
    if process.busy or not process.alive:
        process.end()
        warm()
    else:
        with _LOCK:
            _IDLE.append(process)
