"""`imagebridge-server --http` as a process: where it listens, what it logs, and how it exits."""

import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager

import anyio
import anyio.lowlevel
import httpx2
import psutil
import pytest
from anyio import to_thread
from click.testing import CliRunner
from http_callers import HERE, called, in_memory, request
from local_servers import ENVIRONMENT, at_free_port
from mcp import Client
from served_over_http import Served, served
from sse_starlette.sse import AppStatus

from imagebridge.relay.listening import Address
from imagebridge_server import Settings, create_app
from imagebridge_server.cli import command as server_command
from imagebridge_server.http.application import served_at

sends_signals = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals of this kind")

SLOW = {
    "spec": {
        "data": {"sequence": {"start": 0, "stop": 20_000}},
        "mark": "point",
        "encoding": {
            "x": {"field": "data", "type": "quantitative"},
            "y": {"field": "data", "type": "quantitative"},
        },
    }
}


@contextmanager
def served_by_uvicorn():
    """Run the application under uvicorn's own command; yield it as `served` does."""

    def start(port):
        command = [sys.executable, "-m", "uvicorn", "--factory", "imagebridge_server:create_app"]
        command += ["--port", str(port)]
        return subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.DEVNULL)

    process, port = at_free_port(start)
    with process:
        try:
            yield Served(process, f"http://127.0.0.1:{port}/mcp")
        finally:
            process.kill()


@pytest.mark.long
@pytest.mark.anyio
async def test_a_server_serves_both_generations_logs_and_ends():
    with served() as server:
        for mode in ("auto", "legacy"):
            async with Client(server.url, mode=mode) as client:
                answer = await client.call_tool("get_image", {"text": "A secret"})
                assert [block.type for block in answer.content] == ["text", "image"]
        assert httpx2.get(server.url.replace("/mcp", "/readyz")).json() == {"status": "ready"}
        refused = httpx2.post(server.url, **{**request("tools/list"), "headers": {"host": "evil.example"}})
        assert refused.status_code == 421
    asked = [(line["rpc"], line["status"]) for line in server.requests if "rpc" in line]
    assert asked.count(("tools/call", 200)) == 2
    assert "A secret" not in "\n".join(server.lines)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("address", "settings", "host", "status"),
    [
        ("127.0.0.2:0", {}, "127.0.0.2:8000", 200),
        ("[::1]:0", {}, "[::1]:8000", 200),
        ("localhost:0", {}, "localhost:8000", 200),
        ("localhost:0", {}, "evil.example:8000", 421),
        # A page in a browser of this machine could come by a name that points here for a moment.
        ("127.0.0.1:0", {"no_auth": True}, "evil.example:8000", 421),
        ("127.0.0.1:0", {"no_auth": True, "public_url": "https://pictures.example/mcp"}, "pictures.example", 200),
        ("0.0.0.0:0", {"no_auth": True}, "pictures.example", 200),
        ("0.0.0.0:0", {"no_auth": True, "public_url": "https://pictures.example/mcp"}, "evil.example", 421),
    ],
)  # fmt: skip
async def test_a_server_answers_at_the_url_that_it_prints(address, settings, host, status):
    app = served_at(Settings(**settings), Address.parsed(address))
    async with in_memory(app) as http:
        answer = await http.post(f"http://{host}/mcp", **request("tools/list"))
    assert answer.status_code == status
    assert (status == 200) == ("--public-url" not in answer.text)


@pytest.mark.anyio
async def test_a_name_of_this_machine_is_one_that_its_server_prints():
    address = Address("laptop:0", "laptop", 0, socket.AF_INET, ("127.0.1.1", 0), is_local=True)
    async with in_memory(served_at(Settings(), address)) as http:
        statuses = [
            (await http.post(f"http://{host}/mcp", **request("tools/list"))).status_code
            for host in ("laptop:8000", "Laptop.", "other")
        ]
    assert statuses == [200, 200, 421]


@pytest.mark.anyio
async def test_running_calls_end_their_events_though_uvicorn_is_to_exit(monkeypatch):
    """sse-starlette would break them off, which the SDK sends events with (2025-11-25 and before)."""
    from imagebridge_server import registration

    seen = []
    run = registration._ExplainingTool.run

    async def seeing(*arguments, **choices):
        seen.append(AppStatus.enable_automatic_graceful_drain)
        return await run(*arguments, **choices)

    monkeypatch.setattr(registration._ExplainingTool, "run", seeing)
    async with in_memory(create_app(Settings())) as http:
        for before in (True, False):
            monkeypatch.setattr(AppStatus, "enable_automatic_graceful_drain", before)
            call = called("get_image", {"text": f"another {before}"})
            answer = await http.post(
                HERE,
                content=call["content"],
                headers=call["headers"] | {"mcp-protocol-version": "2025-11-25"},
            )
            assert answer.status_code == 200
            assert AppStatus.enable_automatic_graceful_drain is before
    assert seen == [False, False]


def test_connections_send_at_once():
    """An answer's head and body are two packets: the second must not wait for the first to be acknowledged, 40 ms."""
    with Address.parsed("127.0.0.1:0").listen() as listening:
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            # What asyncio looks at before it sets TCP_NODELAY.
            assert accepted.proto == socket.IPPROTO_TCP


@pytest.mark.long
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("version", "service", "other_server"),
    [
        ("2026-07-28", False, False),
        pytest.param("2025-11-25", True, False, marks=sends_signals),
        pytest.param("2025-11-25", False, True, marks=sends_signals),
    ],
)
async def test_a_call_that_runs_when_the_server_is_to_end_is_answered(version, service, other_server):
    """A new one finds nobody; the connection that waits for nothing is closed.

    Also where a whole service is asked to end, the processes that draw too (systemd, KillMode=control-group), and where
    another ASGI server runs the application.
    """
    with served_by_uvicorn() if other_server else served() as server:
        async with httpx2.AsyncClient(timeout=120) as http, anyio.create_task_group() as tasks:
            assert (await http.post(server.url, **request("tools/list"))).status_code == 200
            answers = []
            begun = anyio.Event()

            async def call():
                asked = called("generate_chart", SLOW, progressToken=1)
                asked["headers"]["mcp-protocol-version"] = version
                async with http.stream("POST", server.url, **asked) as answer:
                    async for line in answer.aiter_lines():
                        begun.set()
                        if '"result"' in line:
                            answers.append(line)

            tasks.start_soon(call)
            # It tells its progress.
            await begun.wait()
            if service:
                for worker in psutil.Process(server.process.pid).children(recursive=True):
                    worker.terminate()
            server.end()
            while not answers:
                try:
                    await to_thread.run_sync(lambda: httpx2.get(server.url.replace("/mcp", "/readyz")))
                except httpx2.TransportError:
                    break
        server.process.wait(60)
    results = [json.loads(answer.removeprefix("data: "))["result"] for answer in answers]
    assert [[block["type"] for block in one["content"]] for one in results] == [["text", "image"]], results


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--http", "0.0.0.0:0"], "0.0.0.0:0 can be reached from other machines without authentication"),
        (["--http", "[::]:0"], "[::]:0 can be reached from other machines"),
        (["--http", "8000"], "'8000' is not a host and a port; write it as in 127.0.0.1:8000"),
        (["--http", "127.0.0.1:99999"], "'127.0.0.1:99999' is not a host and a port"),
        (["--no-auth"], "--no-auth needs --http HOST:PORT"),
        (["--json"], "--json needs --http HOST:PORT"),
        (["--public-url", "https://a.example/mcp"], "--public-url needs --http HOST:PORT"),
        (["--origin", "https://a.example"], "--origin needs --http HOST:PORT"),
        (
            ["--http", "127.0.0.1:0", "--origin", "https://a.example/"],
            "'https://a.example/' is not the origin of a web page; write it as in https://host.example",
        ),
        (
            ["--http", "127.0.0.1:0", "--public-url", "a.example"],
            "'a.example' is not a URL that ends in /mcp; write it like https://host/mcp",
        ),
        (
            ["--http", "127.0.0.1:0", "--public-url", "https://[::1/mcp"],
            "'https://[::1/mcp' is not a URL that ends in /mcp; write it like https://host/mcp",
        ),
        (
            ["--http", "127.0.0.1:0", "--public-url", "https://a.example"],
            "'https://a.example' is not a URL that ends in /mcp; write it like https://host/mcp",
        ),
        (
            ["install", "cursor", "--dry-run", "--http", "127.0.0.1:0"],
            "a host starts the server itself and talks to it over stdio",
        ),
    ],
)
def test_what_cannot_be_served_is_told(options, told):
    run = CliRunner().invoke(server_command, options)
    assert run.exit_code == 2
    assert told in run.stderr


def test_an_address_that_is_taken_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        run = CliRunner().invoke(server_command, ["--http", address])
    assert run.exit_code == 2
    assert run.stderr == f"Error: cannot listen on {address}: Address already in use\n"


@pytest.mark.anyio
async def test_arguments_of_any_depth_are_refused_in_words():
    # Python parses until its stack is used up, and the code behind the parser has somewhat less of it: the depth at
    # which it fails depends on Python's version.
    with served() as server:
        async with httpx2.AsyncClient(timeout=120) as http:
            for levels in range(900, 1000):
                call = called("generate_chart", {"kind": "@"})
                content = call["content"].replace('"@"', "[" * levels + "]" * levels)
                answer = await http.post(server.url, content=content, headers=call["headers"])
                assert answer.status_code in (200, 400)
                assert "ecursion" not in answer.text
