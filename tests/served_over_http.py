"""`imagebridge-server --http` as a process that tests start, call and stop."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

WINDOWS = os.name == "nt"
END = signal.CTRL_BREAK_EVENT if WINDOWS else signal.SIGTERM
GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if WINDOWS else {}


class Served:
    """A server, and its output on stderr after it has exited."""

    def __init__(self, process, url):
        self.process = process
        self.url = url
        self.lines = []

    def end(self):
        """Stop the server as an operating system does."""
        self.process.send_signal(END)

    @property
    def requests(self):
        """Return the log lines about requests."""
        return [line for line in map(json.loads, self.lines) if line["message"] == "request"]


@contextmanager
def served(*options, address="127.0.0.1:0", code=0):
    """Serve, and yield the server, which must exit with `code` afterwards."""
    command = [sys.executable, "-m", "imagebridge_server", "--http", address, *options]
    # A file, as it takes all that is logged, whether or not it is read.
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with log.open("w") as stderr:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=stderr, **GROUP)
        try:
            while not (
                found := re.match(r"imagebridge-server: serving at (http://\S+/mcp)\n", log.read_text())
            ):
                assert process.poll() is None, log.read_text()
            server = Served(process, found[1])
            yield server
        finally:
            if process.poll() is None:
                process.send_signal(END)
            process.wait(60)
        server.lines = log.read_text().splitlines()[1:]
    assert process.returncode == code, server.lines
