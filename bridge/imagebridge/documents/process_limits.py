"""Limits that a process sets on itself, so that they apply even if its parent is gone."""

import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager

_PR_SET_PDEATHSIG = 1
"""The number of the `prctl` option, from `linux/prctl.h`."""

_LATER = 10
"""Seconds after the time limit at which the process ends itself if its parent has not ended it."""


def limit_memory(size: int) -> None:
    """Limit this process to `size` bytes of data, where the system supports it, and disable core dumps."""
    try:
        import resource
    except ImportError:  # Windows: the wall clock remains.
        return
    for limit, most in ((resource.RLIMIT_DATA, size), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def leave_signals_to_parent() -> None:
    """Ignore termination signals: Ctrl-C and stopping a service signal every process, but the parent decides."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP.
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_IGN)


def end_with(parent: int) -> None:
    """End this process when its parent ends, even if the parent is killed; outside Linux, only the alarm ends it."""
    if sys.platform != "linux":
        return
    import ctypes

    # The thread that started this process counts, which waits for it or whose event loop keeps it.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # It was already gone.
        os._exit(1)


@contextmanager
def alarm(seconds: float) -> Generator[None]:
    """End this process if the block takes longer than `seconds` plus a margin."""
    if not hasattr(signal, "alarm"):  # Windows
        yield
        return
    signal.alarm(int(seconds) + _LATER)
    try:
        yield
    finally:
        signal.alarm(0)
