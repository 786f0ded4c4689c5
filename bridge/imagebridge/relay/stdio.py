"""The relay on this process's standard streams, as hosts start it."""

import logging
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial

import anyio
import anyio.abc

from imagebridge.errors import ServerError
from imagebridge.facts.hosts import Host

from .child_server import child
from .peers import Peers
from .relay import Connect, Relay
from .streams import LineReader, StandardInput, StandardOutput

_LOOK = 1.0
"""Seconds between two looks at whether the process that started this one is still there."""


def serve(
    command: Sequence[str], url: str, host: Host | None, *, explain: bool = False, names: bool = False
) -> None:
    """Relay between stdin and stdout and the server that `command` starts, or that is at `url`, until stdin ends.

    SIGINT, SIGTERM, SIGHUP and the end of the process that started this one end it too, and the server with it.

    Raises:
        ServerError: the server cannot be started.
    """
    parent = os.getppid()
    logging.basicConfig(level=logging.WARNING, format="imagebridge proxy: %(message)s")
    if explain:
        logging.getLogger("imagebridge.proxy").setLevel(logging.INFO)
    # Whatever prints must not reach the host.
    wire = os.dup(1)
    os.dup2(2, 1)
    given = None
    if names:
        from .tool_names import Names

        given = Names()
    connect: Connect = partial(child, command)
    if url:
        from .remote_server import remote

        connect = partial(remote, url)
    failed: list[ServerError] = []
    relay = Relay(Peers(host), connect, StandardOutput(wire), explain=explain, names=given)

    async def run() -> None:
        async with anyio.create_task_group() as tasks:
            if sys.platform != "win32":
                tasks.start_soon(_until_signal, tasks)
                tasks.start_soon(_until_orphaned, tasks, parent)
            try:
                await relay.run(LineReader(StandardInput(0).receive))
            except ServerError as error:
                failed.append(error)
            tasks.cancel_scope.cancel()

    anyio.run(run)
    if failed:
        raise failed[0]


async def _until_signal(tasks: anyio.abc.TaskGroup) -> None:
    ending = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under `nohup`
        ending.append(signal.SIGHUP)
    with anyio.open_signal_receiver(*ending) as signals:
        async for _ in signals:
            tasks.cancel_scope.cancel()
            return


async def _until_orphaned(tasks: anyio.abc.TaskGroup, parent: int) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110  # no event tells it
        await anyio.sleep(_LOOK)
    tasks.cancel_scope.cancel()
