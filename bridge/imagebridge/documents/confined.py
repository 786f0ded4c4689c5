"""Readers that are not written in Python work in a process of their own: a file that takes all time or memory costs that alone.

A PDF of 2 kB can have more parts than any memory holds, and a sheet whose two cells lie far apart a billion empty ones; what
reads them ends the process that it is in.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from imagebridge.errors import DocumentError

SECONDS = 30.0
"""Seconds that one reading may take; ordinary ones take a tenth of one, and a start as much."""

MEMORY = 1_050_000_000
"""Bytes of data that the process may hold, where the system can limit them."""

NATIVE = frozenset(("pdf", "workbook"))
"""The documents whose readers are not written in Python."""

Returned = TypeVar("Returned")


def confined(function: Callable[[], Returned]) -> Returned:
    """Call `function`, a partial of one that a module has, in a process of its own, and return what it returns.

    Raises:
        DocumentError: it took too long or too much memory, ended its process, or no process can be started.
        Exception: what the function itself raises.
    """
    # Only now: few results hold such a document.
    import pickle
    import subprocess

    command = [sys.executable, "-P", "-m", __name__]
    paths = os.pathsep.join(filter(None, sys.path))
    try:
        done = subprocess.run(
            command,
            input=pickle.dumps(function),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            env=os.environ | {"PYTHONPATH": paths},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DocumentError(
            f"is not read: it took longer than {SECONDS:g} seconds; ask for a smaller one"
        ) from error
    except OSError as error:
        raise DocumentError(f"is not read: no process can be started for it ({error.strerror})") from error
    if done.returncode or not done.stdout:
        raise DocumentError(
            "is not read: it broke the process that read it, or took too much memory; ask for a smaller one"
        )
    raised, returned = pickle.loads(done.stdout)  # what this same program wrote
    if raised is not None:
        raise raised
    return returned


def _limit() -> None:
    """Let this process take no more memory, and end by itself where nobody is left to end it."""
    with suppress(ImportError):  # Windows: the time remains.
        import resource
        import signal

        signal.alarm(int(SECONDS) + 10)
        for limit, size in ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_CORE, 0)):
            hard = resource.getrlimit(limit)[1]
            with suppress(ValueError, OSError):
                resource.setrlimit(limit, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def _work() -> None:
    import pickle

    _limit()
    # What a library prints must not stand before the answer.
    answer = os.dup(1)
    os.dup2(2, 1)
    function = pickle.loads(sys.stdin.buffer.read())  # from `confined`
    try:
        outcome = None, function()
    except MemoryError:
        os._exit(1)
    except Exception as error:  # noqa: BLE001  # raised again where it was asked for
        outcome = error.with_traceback(None), None
    with os.fdopen(answer, "wb") as written:
        written.write(pickle.dumps(outcome))


if __name__ == "__main__":
    _work()
