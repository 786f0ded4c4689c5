"""Compares the time from process start to the answer to `tools/list` with an empty server of the SDK.

`uv run pytest -m benchmark -n 0 -s tests/benchmarks/test_startup.py`.
"""

import json
import os
import subprocess
import sys
import time
from typing import NamedTuple

import pytest
from first_messages import initialize
from processes import worked

pytestmark = pytest.mark.benchmark

ROUNDS = 20

BARE = [sys.executable, "-c", "for _ in range(2): print(end=input() and '{\"result\": {}}\\n', flush=True)"]
"""Python alone: nothing starts faster."""

EMPTY = [sys.executable, "-c", "from mcp.server import MCPServer; MCPServer('empty').run()"]
OURS = [sys.executable, "-m", "imagebridge_server"]
HELLO = initialize(client="benchmark")
LIST = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}


class Taken(NamedTuple):
    """What a start has taken until its tools are told, in seconds."""

    cpu: float
    wall: float


def started(command, cards="off", until=lambda: True):
    """Start a server, and return what it has taken when its list of tools is there; it ends once `until` holds."""
    pipe = subprocess.PIPE
    environment = {**os.environ, "IMAGEBRIDGE_CARD": str(cards)}
    begun = time.perf_counter()
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        for question in (HELLO, LIST):
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
        wall = time.perf_counter() - begun
        cpu = worked(process.pid)
        while not until():
            time.sleep(0.05)
        process.kill()
    assert "result" in answer
    return Taken(cpu, wall)


@pytest.fixture
def cards(tmp_path):
    """Return a folder with the card of our start, whose byte code is written by then."""
    started(OURS, tmp_path / "cards", until=lambda: list((tmp_path / "cards").glob("*.card")))
    return tmp_path / "cards"


def least(taken):
    """Return the least of both times: what else the machine does can only add to them."""
    return Taken(min(one.cpu for one in taken), min(one.wall for one in taken))


def test_the_tools_are_told_soon(cards, measured, rounds):
    commands = {"bare": BARE, "empty": EMPTY, "no card": OURS, "card": OURS}
    kept = {"no card": cards / "none", "card": cards}
    # In rounds that take turns, so that what else the machine does hits all alike.
    taken = [
        {name: started(command, kept.get(name, "off")) for name, command in commands.items()}
        for _ in range(rounds(ROUNDS))
    ]
    of = {name: least([one[name] for one in taken]) for name in commands}
    print(f"\nPython alone: {of['bare'].cpu:.3f} s of CPU, {of['bare'].wall:.3f} s in all", end="")
    for name in kept:
        for what, ours, empty in zip(Taken._fields, of[name], of["empty"], strict=True):
            measured(f"{name} {what}", ours / empty, f"{ours:.3f} s compared with {empty:.3f} s")
