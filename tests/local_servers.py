"""Local HTTP servers that tests start as programs."""

import os
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}


@contextmanager
def serving(script, *arguments):
    """Run a server on a free port, which is its first argument; yield its URL."""

    def start(port):
        command = [sys.executable, str(script), str(port), *arguments]
        return subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.DEVNULL)

    process, port = at_free_port(start)
    with process:
        try:
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.kill()


def at_free_port(start, tries=5):
    """Call `start` with a free port, wait until the process that it returns listens there, and return both.

    If another program takes the port first, a different port is tried.
    """
    port = free_port()
    process = start(port)
    try:
        until_it_listens(process, port)
    except AssertionError:
        if tries == 1:
            raise
        return at_free_port(start, tries - 1)
    return process, port


def free_port():
    """Return a port that is free now, and may be another program's when it is to be used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until_it_listens(process, port):
    """Wait until this process accepts connections at a port; fail as soon as it has exited."""
    while not _listens(process.pid, port):
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"the server ended with code {process.wait(0.05)} before it listened")


def _listens(pid, port):
    """Return whether a process, or one of its children, listens at a port."""
    with suppress(psutil.NoSuchProcess):
        started = psutil.Process(pid)
        for one in (started, *started.children(recursive=True)):
            for connection in one.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                    return True
    return False
