"""Inspects processes that tests have started, on every system, and contains the code that some of them run."""

import os
import sys
import time
from pathlib import Path

import psutil


def children(pid):
    """Return the processes that a process has started."""
    return [child.pid for child in psutil.Process(pid).children()]


def ended(pid, seconds=60):
    """Return whether a process exits in time; one that is not our child may remain as a zombie."""
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        try:
            if psutil.Process(pid).status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def worked(pid):
    """Return the CPU seconds of a process."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def memory(pid):
    """Return the memory of a process, in kilobytes."""
    return psutil.Process(pid).memory_info().rss // 1024


def handles():
    """Return the number of files that this process has open."""
    return psutil.Process().num_handles() if os.name == "nt" else psutil.Process().num_fds()


def server_command():
    """Return the command for imagebridge-server, with an earlier start's card if IMAGEBRIDGE_TESTED_CARDS is set."""
    if "IMAGEBRIDGE_TESTED_CARDS" in os.environ:
        return [sys.executable, str(Path(__file__).parent / "servers" / "with_card.py")]
    return [sys.executable, "-m", "imagebridge_server"]


_HELD = []


def hold(size):
    """Allocate this many bytes permanently in the current process; return its process id."""
    _HELD.append(b"x" * size)
    return os.getpid()


def take_and_free(size):
    """Allocate this many bytes, free them, and return their number."""
    return len(b"x" * size)
