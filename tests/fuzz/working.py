"""The process that tries inputs one after another, each within limits of time and memory."""

import logging
import os
import signal
import sys
import time
import traceback
import warnings

from .cases import kind_of, odd_input
from .kinds import KINDS

SECONDS = 5.0
"""CPU seconds of one input at most."""

MEMORY = 1_300.0
"""Megabytes that the process may hold at most: as much as a worker that decodes pictures for the server."""


class TooLongError(BaseException):
    """An input took more than `SECONDS` of CPU time; the tested code cannot catch this error."""


def work(pipe, only, seed, number):
    """Try inputs from `number` on, and report the problem, the CPU seconds and the peak memory for each."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # to the end of the process
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, _ring)
    while True:
        kind = kind_of(only, number)
        made = odd_input(kind, seed, number)
        began = time.process_time()
        problem = tried(kind, made, draw=number % 41 == 0)
        pipe.send((problem, time.process_time() - began, peak()))
        number += 1


def tried(kind, made, *, draw):
    """Describe what is wrong with the handling of an input, or return an empty text."""
    # A first use loads modules, which may take long on a busy machine: that is no fault of the input.
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        KINDS[kind].hold(made, draw)
    except TooLongError:
        return f"took over {SECONDS:g} seconds of CPU"
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what is looked for
        return _told(error)
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, 0)
    if peak() > MEMORY:
        return f"brought the process to {peak():.0f} MB"
    return ""


def _told(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    place = traceback.extract_tb(error.__traceback__)[-1]
    words = str(error).encode("ascii", "backslashreplace").decode()
    return f"{type(error).__name__}: {' '.join(words.split())[:300]} ({place.filename}:{place.lineno})"


def peak():
    """Return the peak memory of this process, in megabytes."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1_000_000 if sys.platform == "darwin" else 1_000)


def _ring(*_):
    raise TooLongError
