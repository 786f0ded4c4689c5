"""The relay as hosts start it: a process that exchanges lines with the test."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from first_messages import introduction

TESTS = Path(__file__).parent
PROXY = [sys.executable, "-W", "error", "-c", "from imagebridge.cli import main; main()", "proxy"]
SLOPPY = [sys.executable, str(TESTS / "servers" / "sloppy.py")]
KINDS = [sys.executable, str(TESTS / "servers" / "kinds.py")]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(TESTS)}

# What asks a process to end, without an end by force.
WINDOWS = os.name == "nt"
END = signal.CTRL_BREAK_EVENT if WINDOWS else signal.SIGTERM
GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if WINDOWS else {}


class Wire:
    """A process that speaks newline-delimited JSON-RPC; `client` is the name of its host."""

    def __init__(self, command, client="mcp"):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=ENVIRONMENT, cwd=TESTS.parent
        )
        self.client = client
        self.number = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.stdin.close()
        self.process.wait(600)
        self.process.stdout.close()
        with self.process.stderr as stderr:
            told = stderr.read().decode()
        assert kind or "Traceback" not in told, told

    def send(self, message):
        """Write one message, or a line unchanged."""
        line = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def line(self):
        """Return the next line."""
        return self.process.stdout.readline()

    def ask(self, method, params=None):
        """Return the answer to a request, skipping everything before it."""
        self.number += 1
        self.send({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params or {}})
        while True:
            line = self.line()
            assert line, self.process.stderr.read().decode()
            message = json.loads(line)
            if message.get("id") == self.number and "method" not in message:
                return message

    def open(self):
        """Perform the handshake."""
        self.ask("initialize", introduction(self.client))
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    def call(self, tool, arguments=None):
        """Return the result of a tool, or the error."""
        answer = self.ask("tools/call", {"name": tool, "arguments": arguments or {}})
        return answer.get("result", answer.get("error"))


def relay(*options, server=SLOPPY, client="mcp"):
    """Start the relay in front of a server."""
    return Wire([*PROXY, *options, "--", *server], client)


@contextmanager
def served(*options, server=SLOPPY, address="127.0.0.1:0"):
    """Serve a relay; yield its address and its process."""
    target = ["--", *server] if server else []
    command = [*PROXY, "--http", address, *options, *target]
    with subprocess.Popen(
        command, env=ENVIRONMENT, stderr=subprocess.PIPE, cwd=TESTS.parent, **GROUP
    ) as process:
        try:
            line = process.stderr.readline().decode()
            found = re.fullmatch(r"imagebridge proxy: serving at (http://\S+)\n", line)
            assert found, line + process.stderr.read().decode()
            yield found[1], process
        finally:
            if process.poll() is None:
                process.send_signal(END)
            process.wait(600)
    assert process.returncode == 0
