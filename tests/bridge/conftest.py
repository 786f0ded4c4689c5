"""What the tests of commands share."""

import socket
import subprocess
import sys

import httpx2
import pytest
from commands import SCRIPT


@pytest.fixture(scope="module")
def server():
    """The small server over HTTP, so that each test does not start one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/mcp"
    with subprocess.Popen([sys.executable, str(SCRIPT), str(port)], stderr=subprocess.DEVNULL) as process:
        try:
            while True:
                try:
                    httpx2.get(url)
                    break
                except httpx2.ConnectError:
                    assert process.poll() is None
            yield url
        finally:
            process.kill()
