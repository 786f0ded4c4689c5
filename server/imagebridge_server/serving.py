"""Serving over stdin and stdout until the host hangs up or sends a signal."""

import logging
import os
import signal
from types import FrameType

import anyio

from imagebridge_tools import worker

from .app import build_server
from .settings import Settings


def serve(settings: Settings) -> None:
    """Serve MCP on stdin and stdout; returns when stdin ends. SIGINT and SIGTERM end the process at once."""
    # Set before the SDK does it: the host keeps stderr as a log, where drawn frames around errors help nobody.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # A thread waits for stdin and nothing can wake it: only the end of the process does.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    anyio.run(build_server(settings).run_stdio_async)


def _end(number: int, _frame: FrameType | None) -> None:
    worker.kill()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
