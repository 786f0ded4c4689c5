"""What limits a process that another one waits for, seen from inside: it holds where nobody is left to watch, too."""

import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager

_PR_SET_PDEATHSIG = 1
"""Linux's number of the call, from `linux/prctl.h`."""

_LATER = 10
"""Seconds after which a process ends itself that the one which watches it should have ended."""


def limit_memory(size: int) -> None:
    """Let this process hold no more than `size` bytes of data, where the system can limit them, and leave no core."""
    try:
        import resource
    except ImportError:  # Windows: the wall clock remains.
        return
    for limit, most in ((resource.RLIMIT_DATA, size), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def leave_signals_to_parent() -> None:
    """Ignore what asks to end: Ctrl-C on a terminal and who ends a whole service reach this process too, and its parent decides."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP.
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_IGN)


def end_with(parent: int) -> None:
    """Let this process end with the one that started it, even where that is killed; off Linux the alarm must do."""
    if sys.platform != "linux":
        return
    import ctypes

    # The thread that started this process counts, which is the one that waits for it or whose event loop keeps it.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # It was gone before.
        os._exit(1)


@contextmanager
def alarm(seconds: float) -> Generator[None]:
    """Let this process end by itself where what is done in here takes longer than `seconds`, and some more."""
    if not hasattr(signal, "alarm"):  # Windows
        yield
        return
    signal.alarm(int(seconds) + _LATER)
    try:
        yield
    finally:
        signal.alarm(0)
