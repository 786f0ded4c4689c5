"""Servers that are started as child processes: what they inherit, where they may write, and that none remains."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from commands import MAIN, run
from first_messages import initialize
from mcp import StdioServerParameters
from processes import ended, memory

from imagebridge import Bridge, BridgeError, HttpServer
from imagebridge.client.connect import _program
from imagebridge.client.environment import UNHEARD, child, inherited
from imagebridge.client.stdio import LastWords

RAW = Path(__file__).parents[2] / "servers" / "raw.py"

ENVIRONMENT = {
    "PATH": "/bin",
    "HOME": "/home/me",
    "DISPLAY": ":7",
    "WAYLAND_DISPLAY": "wayland-7",
    "XAUTHORITY": "/home/me/.Xauthority",
    "XDG_RUNTIME_DIR": "/run/user/7",
    "XDG_SESSION_TYPE": "wayland",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/bus",
    "HTTPS_PROXY": "http://proxy.example:3128",
    "https_proxy": "http://proxy.example:3128",
    "No_Proxy": "localhost",
    "SSL_CERT_FILE": "/etc/own.pem",
    "NODE_EXTRA_CA_CERTS": "/etc/own.pem",
    "LANG": "de_AT.UTF-8",
    "LC_ALL": "de_AT.UTF-8",
    "TZ": "Europe/Vienna",
}
KEPT_HERE = {
    "OPENAI_API_KEY": "sk",
    "GITHUB_TOKEN": "t",
    "AWS_SECRET_ACCESS_KEY": "s",
    "DATABASE_PASSWORD": "p",
    "XDG_API_KEY": "k",
    "LC_TOKEN": "t",
    "XDG_SESSION_COOKIE": "c",
    "MY_OWN": "x",
    "EDITOR": "vi",
    "PYTHONPATH": "/x",
    "LD_PRELOAD": "x.so",
    "display": ":8",
    "LC_TELEPHONE": "() { :; }",
}


def test_what_every_child_gets():
    assert inherited(ENVIRONMENT | KEPT_HERE) == ENVIRONMENT


@pytest.mark.parametrize(
    ("address", "passed"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("http://me:secret@proxy:3128", "http://me@proxy:3128"),
        ("me:secret@proxy:3128", "me@proxy:3128"),
        ("http://me@proxy:3128", "http://me@proxy:3128"),
        ("http://me@corp.example:se@cr:et/x@proxy:3128", "http://me@corp.example@proxy:3128"),
        ("socks5h://:secret@[::1]:1080", "socks5h://@[::1]:1080"),
        ("HTTP://me:@proxy", "HTTP://me@proxy"),
        ("//me:secret@proxy", "//me@proxy"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"])
def test_a_proxys_password_stays_here_unless_the_variable_is_named(name, address, passed, monkeypatch):
    assert inherited({name: address}) == {name: passed}
    monkeypatch.setenv(name, address)
    assert child({name: address})[name] == address


PRINTED = """
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)
    results = {
        "initialize": {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "env", "version": "1"}},
        "tools/list": {"tools": [{"name": "env", "inputSchema": {"type": "object"}}]},
        "tools/call": {"content": [{"type": "text", "text": json.dumps(dict(os.environ))}]},
    }
    if "id" in asked:
        told = results.get(asked["method"])
        answer = {"result": told} if told else {"error": {"code": -32601, "message": "no"}}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **answer}), flush=True)
"""
SERVER = shlex.join([sys.executable, "-c", PRINTED])


@pytest.mark.parametrize("way", ["--server", "--config"])
def test_variables_are_given_by_name_or_with_a_value(way, tmp_path):
    config = tmp_path / "mcp.json"
    entry = {"command": sys.executable, "args": ["-c", PRINTED], "env": {"OWN": "entry"}}
    config.write_text(json.dumps({"mcpServers": {"env": entry}}))
    where = ["--server", SERVER] if way == "--server" else ["--config", str(config)]
    words = ["--env", "MY_KEY", "--env", "OTHER=a=b", "--env", "EMPTY=", "--env", "OWN=here"]
    done = run("call", "env", *where, *words, MY_KEY="k", UNNAMED="u", GITHUB_TOKEN="t")
    assert done.exit_code == 0, done.output
    found = json.loads(json.loads(done.stdout)["output"])
    own = "entry" if way == "--config" else "here"
    assert {
        name: found.get(name) for name in ("MY_KEY", "OTHER", "EMPTY", "OWN", "UNNAMED", "GITHUB_TOKEN")
    } == {
        "MY_KEY": "k",
        "OTHER": "a=b",
        "EMPTY": "",
        "OWN": own,
        "UNNAMED": None,
        "GITHUB_TOKEN": None,
    }


@pytest.mark.parametrize(
    ("word", "problem"), [("NOT_SET_HERE", "NOT_SET_HERE is not set here"), ("=x", "has no variable name")]
)
def test_a_variable_that_there_is_not_is_wrong_usage(word, problem):
    done = run("tools", "--env", word)
    assert done.exit_code == 2
    assert problem in done.stderr


def test_a_server_that_does_not_start_is_told_of_with_the_rule():
    code = "import os, sys; os.environ.get('STUDIO_HOME') or sys.exit('cannot open the studio')"
    done = run("tools", "--server", shlex.join([sys.executable, "-c", code]), STUDIO_HOME="/opt/studio")
    assert done.exit_code == 2
    assert "cannot open the studio" in done.stderr
    assert UNHEARD in done.stderr
    assert "--env NAME" in UNHEARD


@pytest.mark.long
def test_our_own_commands_are_found_beside_the_running_python(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = _program("imagebridge-server")
    assert Path(found).is_file()
    assert Path(found).parent == Path(sys.executable).parent
    assert _program("no-such-program") == "no-such-program"
    with Bridge("imagebridge-server", timeout=600) as bridge:
        assert "load_image" in [tool["name"] for tool in bridge.tools]


@pytest.mark.parametrize(
    "server", ["ws://127.0.0.1:9/mcp", "wss://host/mcp", HttpServer("ws://127.0.0.1:9/mcp")], ids=str
)
def test_a_websocket_is_no_transport(server):
    with (
        pytest.raises(BridgeError, match="uses a WebSocket, which is not an MCP transport"),
        Bridge(server),
    ):
        pass


@pytest.mark.parametrize("kind", ["websocket", "ws", "WebSocket"])
def test_nor_is_it_in_a_configuration(kind, tmp_path):
    config = tmp_path / "mcp.json"
    config.write_text(json.dumps({"mcpServers": {"s": {"type": kind, "url": "http://127.0.0.1:9/mcp"}}}))
    with (
        pytest.raises(BridgeError, match="uses a WebSocket, which is not an MCP transport"),
        Bridge(config=config),
    ):
        pass


# ---- stderr ------------------------------------------------------------------------------------------------------------


def test_last_words_are_the_end_whatever_came_before():
    words = LastWords()
    for _ in range(100):
        words.add("é".encode() * 30_000)
    words.add("the end \U0001f600".encode()[:-1])
    assert len(words.text) == 2_000
    assert words.text.endswith("éthe end \ufffd")


def raw(**plan):
    plan = {"tools": {"tools": [{"name": "t", "inputSchema": {"type": "object"}}]}, **plan}
    return StdioServerParameters(command=sys.executable, args=["-S", str(RAW), json.dumps(plan)])


@pytest.mark.long
def test_a_flood_of_stderr_costs_little_memory_and_no_disk_and_its_last_words_are_told():
    before = memory(os.getpid())
    with pytest.raises(BridgeError) as raised, Bridge(raw(stderr=300_000_000, leave=True), timeout=600):
        pass
    assert str(raised.value).endswith("x\nthe last words")
    assert len(str(raised.value)) < 4_000
    assert memory(os.getpid()) - before < 100_000
    with Bridge(raw(stderr=50_000_000), timeout=600) as bridge:
        assert bridge.call("t")["content"][0]["text"] == "called t"


# ---- none is left behind -------------------------------------------------------------------------------------------------

DEAF = """
import os, signal, subprocess, sys, time
note, family, stubborn = sys.argv[1:]
if stubborn == "yes":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
pids = [os.getpid()]
if family == "yes":
    # One that outlives its parent unless somebody ends it, and holds the parent's stdin and stdout.
    pids.append(subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"]).pid)
with open(note + "~", "w") as file:
    file.write(" ".join(map(str, pids)))
os.rename(note + "~", note)
time.sleep(600)
"""


def deaf(note, family="no", stubborn="no"):
    return shlex.join([sys.executable, "-S", "-c", DEAF, str(note), family, stubborn])


def pids(note, process):
    """Wait until the server runs; return its processes."""
    while not note.exists():
        assert process.poll() is None
        time.sleep(0.01)
    return [int(word) for word in note.read_text().split()]


COMMANDS = {"ask": ["ask", "Hello"], "call": ["call", "t"], "tools": ["tools"]}
SIGNALS = [name for name in ("SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT") if hasattr(signal, name)]
SOME = [("ask", "SIGINT")]
"""What every run tries."""

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


def started(command, server):
    return subprocess.Popen(
        [*MAIN, *COMMANDS[command], "--server", server],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OPENAI_API_KEY": "test", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
        start_new_session=True,
    )


@posix
@pytest.mark.parametrize(
    ("command", "number", "family", "stubborn"),
    [
        *(
            pytest.param(
                command, number, "yes", "no", marks=[] if (command, number) in SOME else pytest.mark.long
            )
            for command in COMMANDS
            for number in SIGNALS
        ),
        pytest.param("tools", "SIGTERM", "yes", "yes", marks=pytest.mark.long),
    ],
)
def test_a_signal_leaves_no_server_that_does_not_listen(command, number, family, stubborn, tmp_path):
    note = tmp_path / "pids"
    with started(command, deaf(note, family, stubborn)) as process:
        servers = pids(note, process)
        process.send_signal(getattr(signal, number))
        # Another one while all is being ended changes nothing.
        if number != "SIGINT":
            process.send_signal(signal.SIGTERM)
        code = process.wait(600)
    # Of two that come at the same time the system chooses which is first.
    assert code in (128 + getattr(signal, number), 128 + signal.SIGTERM)
    assert all(ended(one) for one in servers)


@pytest.mark.long
@posix
def test_a_second_ctrl_c_ends_all_at_once(tmp_path):
    note = tmp_path / "pids"
    with started("tools", deaf(note, "yes", "yes")) as process:
        servers = pids(note, process)
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
    assert process.returncode != 0
    assert all(ended(one) for one in servers)


@posix
@pytest.mark.long
def test_what_nohup_has_switched_off_stays_off(tmp_path):
    note = tmp_path / "pids"
    code = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); from imagebridge.cli import main; main()"
    words = [sys.executable, "-c", code, "tools", "--server", deaf(note)]
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        servers = pids(note, process)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(600) == 128 + signal.SIGTERM
    assert all(ended(one) for one in servers)


@pytest.mark.long
@posix
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_serve_leaves_none_of_its_workers(number):
    environment = {**os.environ, "IMAGEBRIDGE_ALLOW": ""}
    with subprocess.Popen(
        [*MAIN, "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        arguments = {"kind": "bar", "data": [{"a": 1}], "columns": {"x": "a", "y": "a"}}
        call = {"name": "generate_chart", "arguments": arguments}
        for message in (
            initialize(),
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call},
        ):
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
        while json.loads(process.stdout.readline()).get("id") != 2:
            assert process.poll() is None
        workers = [one.pid for one in psutil.Process(process.pid).children(recursive=True)]
        assert workers, "the chart was drawn in a process of its own"
        process.send_signal(getattr(signal, number))
        assert process.wait(600) != 0
    assert all(ended(one) for one in workers)


@posix
def test_closing_a_bridge_ends_what_its_server_leaves_behind(tmp_path):
    note = tmp_path / "child"
    code = f"""
import os, runpy, subprocess, sys
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
open({str(note)!r}, "w").write(str(child.pid))
sys.argv = [{str(RAW)!r}, {json.dumps({"tools": {"tools": []}})!r}]
runpy.run_path({str(RAW)!r})
"""
    with Bridge(StdioServerParameters(command=sys.executable, args=["-S", "-c", code]), timeout=600):
        pass
    assert ended(int(note.read_text()))
