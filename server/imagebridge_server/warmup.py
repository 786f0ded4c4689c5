"""Does work that later calls and starts would otherwise wait for, while the host is idle after the handshake."""

from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

import imagebridge_tools
from imagebridge.client.threads import in_thread
from imagebridge.errors import BridgeError

IDLE = 2.0
"""Seconds without a call after which the machine is assumed to be idle."""

_ROWS = [{"x": "a", "y": 1}, {"x": "b", "y": 2}]
_LATE_MODULES = (
    "imagebridge_tools.charts.chart_drawing",
    "PIL.Image",
    "PIL.PngImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.ImageCms",
)


class Warming:
    """Middleware and a task that runs one step after another while the host is idle after the handshake.

    A call interrupts a step, which is started again when the host is idle; the task ends after the last step.
    """

    def __init__(self, *steps: Callable[[], Awaitable[object]]) -> None:
        self._steps = deque(steps)
        self._greeted = anyio.Event()
        self._quiet = anyio.Event()
        self._calls = 0
        self._scope: anyio.CancelScope | None = None

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass a message on, and pause the steps while a tool runs."""
        if ctx.method != "tools/call":
            result = await call_next(ctx)
            self._greeted.set()
            return result
        self._calls += 1
        if self._scope:
            self._scope.cancel()
        try:
            return await call_next(ctx)
        finally:
            self._calls -= 1
            if not self._calls:
                self._quiet.set()

    def owes(self, step: Callable[[], Awaitable[object]]) -> bool:
        """Return whether the host has connected, but was never idle long enough for this step to run."""
        return self._greeted.is_set() and step in self._steps

    async def run(self) -> None:
        """Wait for the handshake and until the host is idle, run the steps, and return once they are done."""
        await self._greeted.wait()
        while self._steps:
            with anyio.CancelScope() as self._scope:
                await anyio.sleep(IDLE)
                while self._steps:
                    await self._steps[0]()
                    self._steps.popleft()
            if self._calls:
                self._quiet = anyio.Event()
                await self._quiet.wait()


async def warm() -> None:
    """Load Pillow and the chart engine, and start the drawing process, so that the first chart need not wait."""
    await in_thread(lambda: [import_module(name) for name in _LATE_MODULES])
    with suppress(BridgeError):  # No engine, or one that does not start: a call will report it.
        await imagebridge_tools.generate_chart(kind="bar", data=_ROWS)
