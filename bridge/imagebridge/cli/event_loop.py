"""Runs commands on an event loop; however a command ends, everything that it has started is stopped."""

import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

_ENDING = ("SIGTERM", "SIGHUP", "SIGQUIT")
"""Signals that end a command from outside: those of `kill`, `timeout`, service managers, a closed terminal, Ctrl-\\."""


class Ended(BaseException):
    """A signal ended the command. `.number` says which."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run(function: Callable[..., Awaitable[T]], *arguments: Any) -> T:
    """Run a command's coroutine function and return its result. Meanwhile, log messages go to stderr.

    A signal that would end the process first cancels the command, so that its servers are stopped cleanly. An ignored
    signal, such as SIGHUP under `nohup`, stays ignored.

    Raises:
        Ended: such a signal arrived.
    """
    import logging

    import anyio

    from imagebridge.client.host_log import StderrRecords

    logging.basicConfig(format="%(message)s", handlers=[StderrRecords()])
    numbers = [number for name in _ENDING if (number := getattr(signal, name, None)) and _is_default(number)]
    if sys.platform == "win32" or not numbers or threading.current_thread() is not threading.main_thread():
        return anyio.run(function, *arguments)
    return anyio.run(_watched, partial(function, *arguments), numbers)


def _is_default(number: int) -> bool:
    return signal.getsignal(number) is signal.SIG_DFL


async def _watched(function: Callable[[], Awaitable[T]], numbers: list[signal.Signals]) -> T:
    import anyio

    came: list[int] = []
    results: list[T] = []
    failed: list[Exception] = []

    # Open until everything has ended: another signal must not end the process in the middle.
    with anyio.open_signal_receiver(*numbers) as signals:

        async def watch() -> None:
            async for number in signals:
                came.append(number)
                tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            try:
                results.append(await function())
            except Exception as error:  # noqa: BLE001  # raised below: the task group would wrap it
                failed.append(error)
            tasks.cancel_scope.cancel()
    if came:
        raise Ended(came[0])
    if failed:
        raise failed[0]
    return results[0]
