"""apart: runs work on untrusted files in separate processes, where a bomb affects one call and never the server."""

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeVar, TypeVarTuple, cast

import anyio
from anyio import BrokenWorkerProcess, CancelScope, to_process
from anyio.lowlevel import RunVar, checkpoint_if_cancelled

from imagebridge.documents.process_limits import alarm, end_with, leave_signals_to_parent, limit_memory
from imagebridge.errors import BridgeError
from imagebridge.pictures.cost import MAX_MEMORY, HeavyError, allowing

MEMORY = 1_050_000_000
"""The maximum size of the data of a process that works alone, in bytes, on systems that can limit it."""

LIGHT, LIGHT_MEMORY = 250_000_000, 450_000_000
"""The maximum bytes for decoding a picture while other work runs, and for the whole process in that case. Work that
needs more is repeated when it can run alone."""

KEPT = 100_000_000
"""A process that holds more bytes of memory than this is not kept for the next call. With this limit, a server with one
process working alone and one waiting stays below 1.5 GB; the server itself uses `imagebridge.pictures.cost.TOGETHER`
plus what it started with."""

SECONDS = 30.0
"""The time limit for one piece of work, in wall-clock seconds; ordinary work takes a tenth of a second."""

PROCESSES = 2
"""The maximum number of concurrent calls; others wait. A server for many callers sets it before the first call."""

_START = 60.0
"""The time limit, in seconds, for starting a worker, which cannot be cancelled; anyio itself gives up after 20."""

_LIMITER: RunVar[anyio.CapacityLimiter] = RunVar("imagebridge_tools.apart")
_ALONE: RunVar[anyio.Lock] = RunVar("imagebridge_tools.apart.alone")

Arguments = TypeVarTuple("Arguments")
WorkResult = TypeVar("WorkResult")
Held = TypeVar("Held")

_BROKEN = "the file crashed the process working on it, or needed too much memory; use a smaller file"


class WorkShare:
    """A limit on the processes that one caller of a server may use at the same time, so that some stay free for others.

    places: the maximum number of processes of each kind.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._held: dict[RunVar[Any], anyio.CapacityLimiter] = {}

    def of(self, kind: RunVar[Any], places: int | None = None) -> anyio.CapacityLimiter:
        """Return this caller's limiter for processes of the given kind."""
        return self._held.setdefault(kind, anyio.CapacityLimiter(places or self._places))


SHARE: ContextVar[WorkShare | None] = ContextVar("imagebridge_tools.apart.share", default=None)
"""The share of the caller whose request is being handled. None: all processes."""


def shared_place(kind: RunVar[Any], places: int | None = None) -> AbstractAsyncContextManager[object]:
    """Return a context manager that occupies one place of the caller's share, if the caller has one."""
    share = SHARE.get()
    return share.of(kind, places) if share else nullcontext()


class ApartError(BridgeError):
    """Work on a file took too long, needed too much memory, or crashed its process."""


async def apart(
    function: Callable[[*Arguments], WorkResult],
    *arguments: *Arguments,
    seconds: float = SECONDS,
    heavy: bool = False,
) -> WorkResult:
    """Call a module's `function` in a worker process, which is kept for the next call, and return its result.

    `heavy` work runs alone from the start. The function, its arguments and its result are pickled; exceptions are
    raised in the caller. As with multiprocessing, the worker imports the main script again, so a script that uses this
    must start its work under `if __name__ == "__main__":`.

    Raises:
        ApartError: the call took longer than `seconds`, or its process died, most likely at the memory limit.
    """
    if not heavy:
        try:
            async with shared_place(_LIMITER), _limiter():
                return await _worked(_Limits(seconds, LIGHT, LIGHT_MEMORY), function, *arguments)
        except (HeavyError, MemoryError):
            pass
    async with _alone():
        try:
            return await _worked(_Limits(seconds, MAX_MEMORY, MEMORY), function, *arguments)
        except MemoryError as error:
            raise ApartError(_BROKEN) from error


class _Limits(NamedTuple):
    """Limits of one piece of work: seconds, bytes to decode a picture, and bytes that its process holds."""

    seconds: float
    picture: int
    process: int


class _WorkerResult(NamedTuple):
    """What a call returned or raised, and the bytes that its process held afterwards."""

    returned: object
    raised: Exception | None
    held: int


async def _worked(
    limits: _Limits, function: Callable[[*Arguments], WorkResult], *arguments: *Arguments
) -> WorkResult:
    """Call `function` in a worker within limits, and stop the worker if it would keep too much memory.

    Raises:
        ApartError: as `apart`.
        HeavyError: decoding a picture needs more memory than `limits` allows.
        MemoryError: other work needs more memory than `limits` allows.
    """
    seconds = limits.seconds
    try:
        with anyio.fail_after(seconds):
            outcome = await _twice(_limited, os.getpid(), limits, function, *arguments)
    except TimeoutError:
        raise ApartError(
            f"processing the file took longer than {seconds:g} seconds and was stopped; use a smaller file"
        ) from None
    except BrokenWorkerProcess as error:
        if error.args:  # It never reached the file.
            raise ApartError(f"cannot start a process to read the file: {error.__cause__}") from error
        raise ApartError(_BROKEN) from error
    if outcome.held > KEPT:
        await _tidied()
    if outcome.raised:
        raise outcome.raised
    return cast("WorkResult", outcome.returned)


async def _tidied() -> None:
    """Make the worker that has just answered release memory, and stop it if it cannot release enough."""
    with CancelScope(shield=True), suppress(BrokenWorkerProcess):
        # Until the first of these, it holds what it was given and has answered.
        for _ in range(2):
            if await _run(_given_back) <= KEPT:
                return
        await _run(os._exit, 0)


async def _twice(function: Callable[[*Arguments], WorkResult], *arguments: *Arguments) -> WorkResult:
    """Run a call in a worker, and in another if the first exits: it may have died before the call, undetected."""
    ended = ready = False
    while True:
        await checkpoint_if_cancelled()
        try:
            # anyio (4.16, 2026-11) abandons a process whose start is cancelled, and the process stays: so its start is not.
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
    function: Callable[[*Arguments], WorkResult], *arguments: *Arguments, cancellable: bool = False
) -> WorkResult:
    """Run a call in a worker, without a limiter: while waiting for one, another call could take the idle worker."""
    unlimited = cast("anyio.CapacityLimiter", nullcontext())
    return await to_process.run_sync(function, *arguments, cancellable=cancellable, limiter=unlimited)


def _nothing() -> None:
    """Do nothing; a worker that returns from this has started."""


def _limited(
    parent: int, limits: _Limits, function: Callable[[*Arguments], WorkResult], *arguments: *Arguments
) -> _WorkerResult:
    """Run a call in the worker process, within limits that apply even after the parent process has died."""
    leave_signals_to_parent()
    end_with(parent)
    limit_memory(limits.process)
    try:
        with alarm(limits.seconds), allowing(limits.picture):
            return _WorkerResult(function(*arguments), None, _held())
    except Exception as error:  # noqa: BLE001  # raised again where it was asked for
        return _WorkerResult(None, error.with_traceback(None), _held())
    except BaseException:  # noqa: BLE001  # SystemExit, or the panic of a library in Rust: raised there it would end the parent
        os._exit(1)


def _held() -> int:
    """Return the bytes of memory that this process holds, or 0 if the system does not report it."""
    try:
        with open("/proc/self/statm", "rb") as pages:
            return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _given_back() -> int:
    """Release this process's unused memory to the system, and return the number of bytes that it still uses."""
    import ctypes
    import gc

    gc.collect()
    with suppress(OSError, AttributeError):  # only glibc keeps freed memory
        ctypes.CDLL(None).malloc_trim(0)
    return _held()


def of_this_loop(variable: RunVar[Held], make: Callable[[], Held]) -> Held:
    """Return the state that belongs to the running event loop, creating it on first use."""
    held = variable.get(None)
    if held is None:
        held = make()
        variable.set(held)
    return held


def _limiter() -> anyio.CapacityLimiter:
    return of_this_loop(_LIMITER, lambda: anyio.CapacityLimiter(PROCESSES))


@asynccontextmanager
async def _alone() -> AsyncGenerator[None]:
    """Acquire every place, one after another; no other caller acquires more than one at a time."""
    async with shared_place(_ALONE, 1), of_this_loop(_ALONE, anyio.Lock), AsyncExitStack() as places:
        for _ in range(PROCESSES):
            await _limiter().acquire_on_behalf_of(borrower := object())
            places.callback(_limiter().release_on_behalf_of, borrower)
        yield
