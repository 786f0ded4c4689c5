"""The server as hosts start it: a process that speaks JSON-RPC on stdin and stdout."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from first_messages import introduction
from mcp import Client, StdioServerParameters
from processes import children, ended, server_command, worked

pytestmark = pytest.mark.anyio

ROWS = [{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5}]
COMMAND = server_command()
BOMB = {
    "data": {"sequence": {"start": 0, "stop": 50_000_000}},
    "mark": "bar",
    "encoding": {"x": {"field": "data"}},
}


@pytest.fixture(scope="module", params=["auto", "legacy"])
async def client(request, tmp_path_factory):
    """Return a client of one process for each generation of the protocol."""
    folder = tmp_path_factory.mktemp("allowed")
    (folder / "sales.csv").write_text("month,sales\nJan,3\nFeb,5\n")
    store = str(tmp_path_factory.mktemp("store"))
    started = StdioServerParameters(
        command=COMMAND[0],
        args=[*COMMAND[1:], "--allow", str(folder), "--store", store],
        env={name: value for name, value in os.environ.items() if name.startswith("IMAGEBRIDGE_")},
    )
    async with Client(started, mode=request.param) as client:
        yield client


async def test_both_generations_of_the_protocol(client):
    assert client.protocol_version in ("2026-07-28", "2025-11-25")
    names = [tool.name for tool in (await client.list_tools()).tools]
    assert names[:4] == ["get_image", "load_image", "load_file", "generate_chart"]
    assert "create_image" not in names


async def test_calls(client):
    for name, arguments in [
        ("get_image", {"text": "Hello"}),
        ("generate_chart", {"kind": "bar", "data": ROWS}),
        ("generate_chart", {"kind": "line", "data": "sales.csv"}),
    ]:
        result = await client.call_tool(name, arguments)
        assert not result.is_error, result.content
        assert [block.type for block in result.content] == ["text", "image"]
        name = result.content[0].text.rpartition(" Kept as ")[2].rstrip(".")
        (kept,) = (await client.read_resource(name)).contents
        assert kept.blob == result.content[1].data


class Raw:
    """The process without a client: lines of JSON."""

    def __init__(self, *arguments, command=COMMAND, cwd=None):
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
        )
        self.ask("initialize", **introduction())
        self.answer()
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method, **params):
        self.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def call(self, name, **arguments):
        self.ask("tools/call", name=name, arguments=arguments)


@pytest.fixture
def raw():
    server = Raw()
    yield server
    server.process.kill()
    server.process.communicate()


sends_signals = pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")


@pytest.mark.parametrize(
    ("end", "busy"),
    [
        ("eof", True),
        pytest.param(signal.SIGINT, False, marks=[pytest.mark.long, sends_signals]),
        pytest.param("eof", False, marks=pytest.mark.long),
        pytest.param(signal.SIGTERM, True, marks=[pytest.mark.long, sends_signals]),
    ],
)
def test_the_end_takes_the_drawing_process_along_and_is_quiet(raw, end, busy):
    raw.call("generate_chart", kind="bar", data=ROWS)
    assert not raw.answer()["result"]["isError"]
    (child,) = children(raw.process.pid)
    if busy:
        raw.call("generate_chart", spec=BOMB)
        while worked(child) < 0.8:
            time.sleep(0.01)
    if end == "eof":
        raw.process.stdin.close()
        raw.process.stdin = None
    else:
        raw.process.send_signal(end)
    out, err = raw.process.communicate(timeout=600)
    assert raw.process.returncode == (0 if end == "eof" else -end)
    assert err == b""
    assert all(json.loads(line) for line in out.splitlines())
    assert ended(child)


@pytest.mark.long
@pytest.mark.parametrize(
    "end", ["eof", pytest.param(signal.SIGTERM, marks=[pytest.mark.long, sends_signals])]
)
def test_the_end_takes_the_decoding_process_along_and_is_quiet(raw, end):
    raw.call(
        "load_image",
        source="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
    )
    assert not raw.answer()["result"]["isError"]
    (child,) = children(raw.process.pid)
    if end == "eof":
        raw.process.stdin.close()
        raw.process.stdin = None
    else:
        raw.process.send_signal(end)
    _, err = raw.process.communicate(timeout=600)
    assert err == b""
    assert ended(child)


@pytest.mark.long
def test_files_of_the_folder_it_is_started_in_are_no_modules(tmp_path):
    for name in ("anyio", "pickle", "PIL", "json", "vl_convert"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    server = Raw(cwd=tmp_path, command=[sys.executable, "-P", *COMMAND[1:]])
    try:
        for name, arguments in (
            ("load_image", {"source": "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"}),
            ("generate_chart", {"kind": "bar", "data": ROWS}),
        ):  # fmt: skip
            server.call(name, **arguments)
            assert not server.answer()["result"]["isError"]
    finally:
        server.process.kill()
        server.process.communicate()
    assert not (tmp_path / "ran").exists()


@pytest.mark.long
def test_the_end_of_a_connection_is_quiet_even_where_warnings_are_shown():
    greeting = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": introduction()})
    command = [sys.executable, "-W", "always", "-m", "imagebridge_server", "--store", "off"]
    done = subprocess.run(command, input=greeting.encode(), capture_output=True, check=True)
    assert json.loads(done.stdout)["id"] == 1
    assert done.stderr == b""


def test_nothing_heavy_is_loaded_before_the_first_call():
    program = "import sys; from imagebridge_server.app import build_server; build_server(); "
    program += "print(sorted({'PIL', 'openai', 'vl_convert'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_help_loads_no_protocol_and_no_engine():
    program = "import sys; from imagebridge_server.cli import command; "
    program += "command(['--help'], standalone_mode=False); "
    program += (
        "print(sorted({'mcp', 'mcp_types', 'PIL', 'openai', 'vl_convert', 'anyio'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "--allow DIR" in run.stdout
    assert run.stdout.strip().endswith("[]")


@pytest.mark.long
def test_a_host_that_reads_no_more_is_no_error():
    server = Raw()
    server.process.stdout.close()
    server.call("get_image", text="Hello")
    server.process.stdin.close()
    assert (server.process.wait(timeout=600), server.process.stderr.read()) == (0, b"")
    server.process.stderr.close()
