"""The relay on this process's standard streams, as hosts start it."""

import os
import sys

import anyio
import anyio.abc

from imagebridge.errors import ServerError

from .relay_options import RelayOptions, until_signal
from .streams import Input, LineReader, StandardOutput

_LOOK = 1.0
"""Seconds between two looks at whether the process that started this one is still there."""


def serve(options: RelayOptions) -> None:
    """Relay between stdin and stdout and the server until stdin ends.

    SIGINT, SIGTERM, SIGHUP and the end of the process that started this one end it too, and the server with it.

    Raises:
        ServerError: the server cannot be started.
    """
    parent = os.getppid()
    options.tell()
    # Whatever prints must not reach the host.
    wire = os.dup(1)
    os.dup2(2, 1)
    failed: list[ServerError] = []
    relay = options.relay(StandardOutput(wire))

    async def run() -> None:
        async with anyio.create_task_group() as tasks:
            if sys.platform != "win32":
                tasks.start_soon(_until_signal, tasks)
                tasks.start_soon(_until_orphaned, tasks, parent)
            try:
                await relay.run(LineReader(Input(0).follow))
            except ServerError as error:
                failed.append(error)
            tasks.cancel_scope.cancel()

    anyio.run(run)
    if failed:
        raise failed[0]


async def _until_signal(tasks: anyio.abc.TaskGroup) -> None:
    await until_signal()
    tasks.cancel_scope.cancel()


async def _until_orphaned(tasks: anyio.abc.TaskGroup, parent: int) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110  # no event tells it
        await anyio.sleep(_LOOK)
    tasks.cancel_scope.cancel()
