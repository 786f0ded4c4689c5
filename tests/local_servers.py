"""Local HTTP servers that tests start as programs."""

import os
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}


@contextmanager
def serving(script, *arguments):
    """Run a server on a free port, which is its first argument; yield its URL."""
    process, port = _listening([sys.executable, str(script)], arguments)
    with process:
        try:
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.kill()


def _listening(program, arguments, tries=3):
    """Start a program on a free port, and again on another one if the port has been taken meanwhile."""
    port = free_port()
    process = subprocess.Popen([*program, str(port), *arguments], env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    try:
        until_it_listens(process, port)
    except AssertionError:
        if tries == 1:
            raise
        return _listening(program, arguments, tries - 1)
    return process, port


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until_it_listens(process, port):
    """Wait until a starting process accepts connections; fail as soon as it has exited."""
    while True:
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"the server ended with code {process.wait(0.05)} before it listened")
