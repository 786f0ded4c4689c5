"""The relay on this process's standard streams, as hosts start it."""

import os
import sys

import anyio
import anyio.abc

from imagebridge.errors import ServerError

from .relay import Relay
from .relay_options import RelayOptions, until_signal
from .streams import Input, LineReader, StandardOutput

_LOOK = 1.0
"""The time in seconds between checks of whether the host is still running."""


def serve(options: RelayOptions) -> None:
    """Relay messages between stdin, stdout and the server until stdin ends.

    SIGINT, SIGTERM, SIGHUP, the end of the parent process, and the end of stdout's reader also stop the relay
    and its server.

    Raises:
        ServerError: the server cannot be started.
    """
    parent = os.getppid()
    options.tell()
    # Output of any other code must not reach the host.
    wire = os.dup(1)
    os.dup2(2, 1)
    failed: list[ServerError] = []
    output = StandardOutput(wire)
    relay = options.relay(output)

    async def run() -> None:
        async with anyio.create_task_group() as tasks:
            if sys.platform != "win32":
                tasks.start_soon(_until_signal, tasks, relay)
                tasks.start_soon(_until_alone, tasks, parent, output)
            try:
                await relay.run(LineReader(Input(0).follow))
            except ServerError as error:
                failed.append(error)
            tasks.cancel_scope.cancel()

    anyio.run(run)
    if failed:
        raise failed[0]


async def _until_signal(tasks: anyio.abc.TaskGroup, relay: Relay) -> None:
    await until_signal()
    relay.hurry()
    tasks.cancel_scope.cancel()


async def _until_alone(tasks: anyio.abc.TaskGroup, parent: int, output: StandardOutput) -> None:
    """Stop once the host is gone. stdin does not show that while an earlier message waits for a server that does not read.

    The parent process is often not the host: it may be `uvx` or a shell.
    """
    while os.getppid() == parent and not output.is_gone():  # noqa: ASYNC110  # no event tells it
        await anyio.sleep(_LOOK)
    tasks.cancel_scope.cancel()
