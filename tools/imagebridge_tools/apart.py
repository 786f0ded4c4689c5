"""apart: work on untrusted files in processes of their own, where a bomb costs one call and never the server."""

import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from typing import TypeVar, TypeVarTuple, cast

import anyio
from anyio import BrokenWorkerProcess, CancelScope, to_process
from anyio.lowlevel import RunVar, checkpoint_if_cancelled

from imagebridge.errors import BridgeError
from imagebridge.pictures.cost import ALLOWANCE, MAX_MEMORY, HeavyError

MEMORY = 1_300_000_000
"""Bytes of data that a process may hold, where the system can limit them."""

LIGHT = 250_000_000
"""Bytes that decoding a picture may take beside other work; what takes more waits until it is alone."""

SECONDS = 30.0
"""Wall-clock seconds that one piece of work may take; ordinary ones take a tenth."""

PROCESSES = 2
"""Pieces of work at the same time; later calls wait."""

_START = 60.0
"""Seconds that the start of a worker may take, which cannot be cancelled; anyio itself gives up after 20."""

_LIMITER: RunVar[anyio.CapacityLimiter] = RunVar("imagebridge_tools.apart")
_ALONE: RunVar[anyio.Lock] = RunVar("imagebridge_tools.apart.alone")

Arguments = TypeVarTuple("Arguments")
Returned = TypeVar("Returned")

_PR_SET_PDEATHSIG = 1
"""Linux's number of the call, from `linux/prctl.h`."""

_BROKEN = "the file broke the process that worked on it, or took too much memory; give a smaller one"


class ApartError(BridgeError):
    """Work on a file that took too long or too much memory, or ended its process."""


async def apart(
    function: Callable[[*Arguments], Returned], *arguments: *Arguments, seconds: float = SECONDS
) -> Returned:
    """Call a module's `function` in a worker process, which is kept for the next call, and return what it returns.

    Function, arguments and result travel as pickles; what it raises is raised here. As with multiprocessing, the
    worker reads the main script again: one that uses this begins its work under `if __name__ == "__main__":`.

    Raises:
        ApartError: it took over `seconds`, or its process died, most likely at the limit of memory.
    """
    try:
        async with _limiter():
            return await _worked(seconds, LIGHT, function, *arguments)
    except HeavyError:
        async with _alone():
            return await _worked(seconds, MAX_MEMORY, function, *arguments)


async def _worked(
    seconds: float, memory: int, function: Callable[[*Arguments], Returned], *arguments: *Arguments
) -> Returned:
    """Call `function` in a worker that may take `memory` bytes to decode a picture.

    Raises:
        ApartError: as `apart`.
        HeavyError: it would take more.
    """
    try:
        with anyio.fail_after(seconds):
            return await _twice(_limited, os.getpid(), seconds, memory, function, *arguments)
    except TimeoutError:
        raise ApartError(
            f"the file took longer than {seconds:g} seconds and was given up; give a smaller one"
        ) from None
    except BrokenWorkerProcess as error:
        if error.args:  # It never got as far as the file.
            raise ApartError(f"no process can be started to read the file in: {error.__cause__}") from error
        raise ApartError(_BROKEN) from error
    except MemoryError as error:
        raise ApartError(_BROKEN) from error


async def _twice(function: Callable[[*Arguments], Returned], *arguments: *Arguments) -> Returned:
    """Run in a worker, and in another one where that ends: it may have died before, which cannot be told in time."""
    ended = ready = False
    while True:
        await checkpoint_if_cancelled()
        try:
            # anyio (4.16, 2026-11) lets go of a process whose start is cancelled, and it stays: so its start is not.
            with CancelScope(shield=True), anyio.fail_after(_START):
                await _run(_nothing)
            ready = True
            # Nothing waits in between, so this is the worker that has just answered.
            return await _run(function, *arguments, cancellable=True)
        except BrokenWorkerProcess as error:
            before = not ready or isinstance(error.__cause__, anyio.BrokenResourceError)
            ready = False
            if error.args or (ended and not before):
                raise
            ended = ended or not before


async def _run(
    function: Callable[[*Arguments], Returned], *arguments: *Arguments, cancellable: bool = False
) -> Returned:
    """Run in a worker. A limiter would wait once, and another call could take the worker that stands ready."""
    unlimited = cast("anyio.CapacityLimiter", nullcontext())
    return await to_process.run_sync(function, *arguments, cancellable=cancellable, limiter=unlimited)


def _nothing() -> None:
    """What a worker does to show that it has started."""


def _limited(
    parent: int,
    seconds: float,
    memory: int,
    function: Callable[[*Arguments], Returned],
    *arguments: *Arguments,
) -> Returned:
    """Run in the worker: within limits that hold where nobody is left to watch, too."""
    # Ctrl-C on a terminal reaches this process too: its parent decides when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _bind(parent)
    _limit_memory()
    ALLOWANCE.memory = memory
    alarm = getattr(signal, "alarm", None)  # not on Windows
    if alarm:
        # It ends the process where the one that watches it is gone itself.
        alarm(int(seconds) + 10)
    try:
        return function(*arguments)
    except SystemExit:
        os._exit(1)  # As a pickle it would end the parent.
    finally:
        if alarm:
            alarm(0)


def _bind(parent: int) -> None:
    """Let this process end with the one that started it, even where that is killed; off Linux the alarm must do."""
    if sys.platform != "linux":
        return
    import ctypes

    # The thread that started this process counts, which is the one whose event loop keeps it.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # It was gone before.
        os._exit(1)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows: the wall clock remains.
        return
    for limit, size in ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def _limiter() -> anyio.CapacityLimiter:
    limiter = _LIMITER.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(PROCESSES)
        _LIMITER.set(limiter)
    return limiter


@asynccontextmanager
async def _alone() -> AsyncGenerator[None]:
    """Take every place, one after the other; nobody else takes more than one at the same time."""
    lock = _ALONE.get(None)
    if lock is None:
        lock = anyio.Lock()
        _ALONE.set(lock)
    async with lock, AsyncExitStack() as places:
        for _ in range(PROCESSES):
            await _limiter().acquire_on_behalf_of(borrower := object())
            places.callback(_limiter().release_on_behalf_of, borrower)
        yield
