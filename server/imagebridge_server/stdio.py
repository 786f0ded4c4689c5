"""Serves over stdin and stdout until the host disconnects, sends a signal or exits."""

import gc
import logging
import os
import signal
import sys
import threading
import time
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO, cast

from imagebridge.client.host_log import finish_stderr, keep_stderr_writable

from .settings import Settings
from .startup.start import ServerStart, divert_stdout, taken_stdin

if TYPE_CHECKING:
    from mcp.server import MCPServer

_LOOK = 1.0
"""Seconds between checks of whether the parent process is still running."""

_GRACE = 2.0
"""Seconds that threads have to finish after the host has disconnected."""


def serve(settings: Settings, start: ServerStart | None = None) -> None:
    """Serve MCP on stdin and stdout, and return when stdin ends.

    `start` may have answered the host's first requests; a card is kept for later starts like it. SIGINT, SIGTERM,
    SIGHUP and the end of the parent process stop the server and its workers at once.
    """
    parent = os.getppid()
    opening = start and start.opening
    keep_stderr_writable()
    # Anything printed while modules load must not reach the host; afterwards the SDK ensures this.
    wire = None if opening else os.dup(1)
    divert_stdout()
    # Set before the SDK does: the host keeps stderr as a log, where boxes drawn around errors help nobody.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # A thread waits for stdin and nothing can wake it: only the end of the process does.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP; under `nohup` it stays ignored.
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end_by_signal)
    if sys.platform != "win32":  # There, a process keeps its parent's number when the parent ends.
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    # Hosts start this in a project's folder, whose files must not be taken for modules in workers.
    os.environ["PYTHONSAFEPATH"] = "1"
    import anyio
    from mcp.server.stdio import stdio_server

    from .app import build_server
    from .startup.message_streams import bounded, serve_streams, tell_tools_changed
    from .warmup import Warming, warm

    server = build_server(settings)
    keep_card = partial(_keep_card, server, settings, start)
    warming = Warming(keep_card, warm)
    server.middleware.append(warming)
    if opening:
        import anyio.from_thread

        opening.on_tools_changed = lambda: anyio.from_thread.run(tell_tools_changed, server)
    # What has been loaded is permanent: it is not searched for garbage (see __main__).
    gc.freeze()
    gc.enable()

    async def run() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(warming.run)
            # Without stdout, the SDK takes it by itself.
            stdout: Any = anyio.wrap_file(cast("TextIO", opening)) if opening else None
            stdin: Any = bounded(aiter(stdout or anyio.wrap_file(cast("TextIO", taken_stdin()))))
            async with stdio_server(stdin, stdout) as streams:
                await serve_streams(server, *streams)
            # When a worker's pipes are closed, asyncio may notice its end before its own watcher, which then warns.
            logging.getLogger("asyncio").setLevel(logging.ERROR)
            tasks.cancel_scope.cancel()
        # If the host was busy until its end, or left at once, the next start should still find a card.
        if warming.owes(keep_card):
            await keep_card()

    sys.stdout.flush()
    if wire is not None:
        os.dup2(wire, 1)
        os.close(wire)
    try:
        anyio.run(run)
    except* BrokenPipeError:
        # The host reads no more answers: nobody waits for what is still running.
        _kill_workers()
        finish_stderr()
        os._exit(0)
    finally:
        # Printed output that was not yet written must not follow the last answer.
        divert_stdout()
    _leave()


async def _keep_card(server: "MCPServer[Any]", settings: Settings, start: ServerStart | None) -> None:
    """Keep a card for later starts, unless this start had a valid card or there is no folder to keep one in."""
    if start is None or (start.opening and not start.opening.differs):
        return
    from imagebridge.client.threads import in_thread

    from .startup.card import writable
    from .startup.rehearsal import rehearsed

    if await in_thread(lambda: writable(start.launch.folder)):
        card = await rehearsed(server)
        folders = [str(folder) for folder in (*settings.allow, *settings.allow_write)]
        await in_thread(lambda: card.keep(start.launch, folders))


def _watch(parent: int) -> None:
    """End this process once its parent has exited, because other processes may keep stdin open."""
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os.kill(os.getpid(), signal.SIGTERM)


def _leave() -> None:
    """Give threads a short time to finish, because a call that nobody waits for may still be reading or drawing."""
    _kill_workers()
    last = time.monotonic() + _GRACE
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join(max(0.0, last - time.monotonic()))
            if thread.is_alive():
                finish_stderr()
                os._exit(0)


def _end_by_signal(number: int, _frame: FrameType | None) -> None:
    _kill_workers()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _kill_workers() -> None:
    """Kill the drawing processes. A signal may arrive while their module is only partly loaded."""
    kill = getattr(sys.modules.get("imagebridge_tools.charts.worker"), "kill", None)
    if kill:
        kill()
