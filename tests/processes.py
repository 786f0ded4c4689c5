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
    """Tell whether a process ends in time; one that is not ours to wait for may stay as a zombie."""
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
    """Return how many seconds a process has worked."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def memory(pid):
    """Return the kilobytes that a process has in memory."""
    return psutil.Process(pid).memory_info().rss // 1024


def handles():
    """Return how many files this process holds open."""
    return psutil.Process().num_handles() if os.name == "nt" else psutil.Process().num_fds()


def server_command():
    """Return how tests start imagebridge-server: with a card of an earlier start where IMAGEBRIDGE_TESTED_CARDS says so."""
    if "IMAGEBRIDGE_TESTED_CARDS" in os.environ:
        return [sys.executable, str(Path(__file__).parent / "servers" / "with_card.py")]
    return [sys.executable, "-m", "imagebridge_server"]


_HELD = []


def hold(size):
    """Hold so many bytes for good in the process that this is called in; return its number."""
    _HELD.append(b"x" * size)
    return os.getpid()


def take_and_free(size):
    """Take so many bytes, free them, and return how many they were."""
    return len(b"x" * size)
