"""Serving over stdin and stdout until the host hangs up, sends a signal or is gone."""

import gc
import logging
import os
import signal
import sys
import threading
import time
from types import FrameType

from .settings import Settings

_LOOK = 1.0
"""Seconds between two looks at whether the process that started this one is still there."""

_GRACE = 2.0
"""Seconds that threads have for their last work once the host has hung up."""


def serve(settings: Settings) -> None:
    """Serve MCP on stdin and stdout; returns when stdin ends.

    SIGINT, SIGTERM, SIGHUP and the end of the process that started this one end it at once, with its workers.
    """
    parent = os.getppid()
    # Whatever prints while modules load must not reach the host; the SDK sees to it afterwards.
    wire = os.dup(1)
    _divert()
    # Set before the SDK does it: the host keeps stderr as a log, where drawn frames around errors help nobody.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # A thread waits for stdin and nothing can wake it: only the end of the process does.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP; under `nohup` it stays ignored.
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    if sys.platform != "win32":  # There a process keeps the number of its parent when that ends.
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    # Hosts start this in the folder of a project: its files must not pass for modules in workers.
    os.environ["PYTHONSAFEPATH"] = "1"
    gc.disable()  # Loading makes half a million objects that stay: looking for others among them is in vain.
    import anyio

    from .app import build_server
    from .warmup import Warming

    warming = Warming()
    server = build_server(settings)
    server.middleware.append(warming)
    gc.freeze()
    gc.enable()

    async def run() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(warming.run)
            await server.run_stdio_async()
            # Closing a worker's pipes, asyncio may take note of its end before its own watcher, which then warns.
            logging.getLogger("asyncio").setLevel(logging.ERROR)
            tasks.cancel_scope.cancel()

    sys.stdout.flush()
    os.dup2(wire, 1)
    os.close(wire)
    try:
        anyio.run(run)
    finally:
        # What was printed and not yet written must not follow the last answer.
        _divert()
    _leave()


def _divert() -> None:
    """Let what is printed go to stderr, or nowhere for a host that keeps no stderr."""
    try:
        os.dup2(2, 1)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def _watch(parent: int) -> None:
    """End this process once the one that started it is gone: others may hold its end of stdin open."""
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os.kill(os.getpid(), signal.SIGTERM)


def _leave() -> None:
    """Let threads finish, but not for long: a call that nobody waits for may still be reading or drawing."""
    _kill_workers()
    last = time.monotonic() + _GRACE
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join(max(0.0, last - time.monotonic()))
            if thread.is_alive():
                os._exit(0)


def _end(number: int, _frame: FrameType | None) -> None:
    _kill_workers()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _kill_workers() -> None:
    """Kill the drawing processes. A signal may come while their module is only half loaded."""
    kill = getattr(sys.modules.get("imagebridge_tools.charts.worker"), "kill", None)
    if kill:
        kill()
