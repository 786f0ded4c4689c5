"""The server process: only JSON-RPC on stdout, an exit for every way a host may end, and warm when idle."""

import json
import os
import subprocess
import sys
import threading

import anyio
import anyio.lowlevel
import pytest
import samples
from first_messages import introduction
from mcp import Client
from processes import children, ended, memory, server_command

import imagebridge_tools
from imagebridge_server import warmup
from imagebridge_server.app import build_server
from imagebridge_server.warmup import Warming

ROWS = [{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5}]

NOISY = """
import os, subprocess, sys, time, warnings

class Noise:
    def find_spec(self, name, path=None, target=None):
        if name in ("mcp", "PIL.Image"):
            print("loading", name)
            os.write(1, b"at the descriptor\\n")

sys.meta_path.insert(0, Noise())
from imagebridge_tools import sample

def noisy(text, face):
    if text == "stuck":
        print("stuck")
        time.sleep(600)
    print("while a tool works")
    os.write(1, b"at the descriptor\\n")
    subprocess.run([sys.executable, "-c", "print('from a child')"])
    warnings.warn("careful")
    return real(text, face)

real, sample._fitted = sample._fitted, noisy
from imagebridge_server.stdio import serve
from imagebridge_server.settings import Settings
serve(Settings())
"""

BETWEEN = f"import subprocess; subprocess.run({server_command()!r})"


class Raw:
    """A process that serves, without a client: lines of JSON."""

    def __init__(self, *command, name="test"):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, *command], stdin=pipe, stdout=pipe, stderr=pipe)
        self.number = 0
        self.ask("initialize", **introduction(name))
        self.send({"method": "notifications/initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method, **params):
        self.post(method, **params)
        return self.answer()

    def post(self, method, **params):
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})

    def answer(self):
        answer = json.loads(self.process.stdout.readline())
        assert answer["id"] == self.number
        return answer["result"]

    def told(self, line):
        """Return what comes on stderr up to a line, or all of it where that does not come within 20 seconds."""
        timer = threading.Timer(120, self.process.kill)
        timer.start()
        lines = []
        while (lines or [b""])[-1] != line and (said := self.process.stderr.readline()):
            lines.append(said)
        timer.cancel()
        return b"".join(lines)

    def call(self, name, **arguments):
        return self.ask("tools/call", name=name, arguments=arguments)


@pytest.mark.long
def test_whatever_prints_stdout_has_json_rpc_alone_and_no_thread_holds_the_end():
    raw = Raw("-c", NOISY)
    assert [block["type"] for block in raw.call("get_image", text="hello")["content"]] == ["text", "image"]
    raw.post("tools/call", name="get_image", arguments={"text": "stuck"})
    err = raw.told(b"stuck\n")
    out, rest = raw.process.communicate(timeout=600)
    err += rest
    assert raw.process.returncode == 0
    assert [json.loads(line)["jsonrpc"] for line in out.splitlines()] == ["2.0"] * len(out.splitlines())
    for words in (
        "loading mcp",
        "loading PIL.Image",
        "while a tool works",
        "from a child",
        "careful",
        "stuck",
    ):
        assert words in err.decode(), words


@pytest.mark.skipif(
    os.name == "nt", reason="the vanished parent is not noticed on Windows, as the README says"
)
def test_a_vanished_parent_takes_the_server_and_its_worker_along_though_stdin_stays_open():
    raw = Raw("-c", BETWEEN)
    assert not raw.call("generate_chart", kind="bar", data=ROWS)["isError"]
    (server,) = children(raw.process.pid)
    workers = children(server)
    assert workers
    raw.process.kill()
    raw.process.wait()
    assert not raw.process.stdin.closed
    assert ended(server)
    assert all(map(ended, workers))
    assert raw.process.stdout.read() == b""
    raw.process.communicate()


@pytest.fixture
def warmed(monkeypatch):
    """Return what was drawn to warm up; each drawing waits for its event."""
    drawn = []

    async def generate_chart(**_):
        drawn.append("begun")
        await anyio.sleep(0.05)
        drawn[-1] = "done"

    monkeypatch.setattr(warmup, "IDLE", 0.01)
    monkeypatch.setattr(imagebridge_tools, "generate_chart", generate_chart)
    return drawn


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_it_warms_up_once_after_the_handshake_and_gives_way_to_calls(warmed, mode):
    server, warm = build_server(), Warming(warmup.warm)
    server.middleware.append(warm)
    with anyio.fail_after(600):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(warm.run)
            await anyio.lowlevel.checkpoint()
            assert warmed == []
            async with Client(server, mode=mode) as client:
                await client.list_tools()
                while warmed != ["begun"]:  # there is no event for what another task has begun
                    await anyio.lowlevel.checkpoint()
                assert not (await client.call_tool("get_image", {"text": "first"})).is_error
                assert warmed[0] == "begun"
                while warmed[-1] != "done":
                    await anyio.lowlevel.checkpoint()
                assert warmed == ["begun", "done"]
                assert not (await client.call_tool("get_image", {"text": "second"})).is_error
    assert warmed == ["begun", "done"]


@pytest.mark.long
def test_a_thousand_calls_leave_memory_flat(tmp_path):
    from PIL import Image

    samples.noise(1300, 900).save(tmp_path / "large.png", compress_level=1)
    Image.new("RGB", (300, 200), "red").save(tmp_path / "red.png")
    raw = Raw(*server_command()[1:], "--allow", str(tmp_path), name="claude-ai")
    calls = [
        lambda at: raw.call("load_image", source="red.png"),
        lambda at: raw.call("load_image", source=f"missing-{at}.png"),
        lambda at: raw.call("get_image", text=f"number {at}"),
        lambda at: raw.call("nothing", at=at),
        lambda at: raw.call("generate_chart", kind="bar", data=ROWS, title=f"{at}" * (at % 10), x=5),
    ]
    sizes = {}
    for at in range(1_001):
        calls[at % len(calls)](at)
        if at % 100 == 0:
            raw.call("load_image", source="large.png")
            raw.call("generate_chart", kind="bar", data=ROWS, title=f"Chart {at}")
            sizes[at] = memory(raw.process.pid)
    _, told = raw.process.communicate(timeout=600)
    assert told == b""
    # Caches and the allocator fill up in the first calls; after them nothing may grow with each call.
    assert sizes[1_000] - sizes[300] < 6_000, sizes
