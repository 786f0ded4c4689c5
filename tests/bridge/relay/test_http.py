"""The relay as an HTTP server, in real processes: what hosts of both protocol generations see."""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from urllib.parse import urlsplit

import anyio
import anyio.lowlevel
import httpx2
import processes
import pytest
from commands import run
from first_messages import initialize
from mcp import Client
from relaying import END, ENVIRONMENT, KINDS, PROXY, SLOPPY, TESTS, served
from samples import b64, drawing, file

from imagebridge.pictures.picture import Picture

PNG = file(drawing(), "PNG")
IMAGE = {"type": "image", "data": b64(PNG), "mimeType": "image/png"}
BOTH = {"accept": "application/json, text/event-stream"}
MODERN = "2026-07-28"

counted = pytest.mark.skipif(
    os.name == "nt", reason="there a virtual environment's python starts another process"
)


@pytest.fixture(scope="module")
def url():
    with served() as (address, _):
        yield address


class Session:
    """A host of 2025-11-25 without an SDK."""

    def __init__(self, url, client="mcp", version="2025-11-25"):
        self.url = url
        self.headers = {**BOTH, "mcp-protocol-version": version}
        opened = self.post(initialize(0, client, version))
        assert opened.status_code == 200
        self.headers["mcp-session-id"] = opened.headers["mcp-session-id"]

    def post(self, message, **headers):
        body = {"jsonrpc": "2.0", **message} if isinstance(message, dict) else message
        return httpx2.post(self.url, json=body, headers=self.headers | headers, timeout=600)

    def call(self, tool, arguments, number=1, **meta):
        params = {"name": tool, "arguments": arguments, **({"_meta": meta} if meta else {})}
        return events(self.post({"id": number, "method": "tools/call", "params": params}))


def events(response):
    """Return the messages among the events of an answer."""
    assert response.headers["content-type"].startswith("text/event-stream"), response.text
    return [
        json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ") and line[6:]
    ]


def modern(url, *request, **options):
    """Send one request of 2026-07-28."""
    message, headers = made(*request, **options)
    return httpx2.post(url, json=message, headers=headers, timeout=600)


def made(method, params=None, number=1, meta=None, headers=None, client="mcp"):
    """Return a request of 2026-07-28 and its headers."""
    envelope = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": client, "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {**(params or {}), "_meta": {**envelope, **(meta or {})}}
    told = {"mcp-protocol-version": MODERN, "mcp-method": method}
    if method == "tools/call":
        told["mcp-name"] = params["name"]
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return message, {**BOTH, **told, **(headers or {})}


# Both generations, through the SDK's client.


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["auto", pytest.param("legacy", marks=pytest.mark.long)])
async def test_an_sdk_client_is_served(mode, monkeypatch):
    # On a busy machine an answer to its first question may take longer than the 10 seconds that it waits.
    monkeypatch.setattr("mcp.client.session.DISCOVER_TIMEOUT_SECONDS", 600)
    with served(server=[sys.executable, str(TESTS / "servers" / "pictures.py")]) as (address, _):
        async with Client(address, mode=mode) as client:
            assert client.protocol_version == ("2025-11-25" if mode == "legacy" else MODERN)
            words, change, picture = (await client.call_tool("draw.square", {"side": 2500})).content
            assert words.text == "a red square"
            assert change.text.startswith("Shown as PNG, 2048x2048 px")
            assert Picture.from_base64(picture.data).width == 2048


@pytest.mark.long
@counted
@pytest.mark.anyio
async def test_many_hosts_at_once_get_each_their_own_answers():
    """Each host of 2025-11-25 has a server of its own."""
    with served(server=KINDS) as (address, process):
        sizes = []

        async def one(name):
            async with Client(address, mode="legacy") as client:
                result = await client.call_tool(name, {})
                sizes.append((name, [block.type for block in result.content]))
                await anyio.lowlevel.checkpoint()
                seen.append(len(processes.children(process.pid)))

        seen = []
        async with anyio.create_task_group() as tasks:
            for name in ("text_png_text", "text_only", "png_two"):
                tasks.start_soon(one, name)
        assert dict(sizes) == {
            "text_png_text": ["text", "image", "text"],
            "text_only": ["text"],
            "png_two": ["text", "image", "image"],
        }
        assert max(seen) >= 2


# Sessions (until 2025-11-25).


def test_the_answer_is_a_stream_that_tells_how_to_come_back(url):
    session = Session(url)
    answer = session.post({"id": 5, "method": "ping"})
    assert re.fullmatch(
        r"id: (\d+)-0\r\nretry: 1000\r\ndata: \r\n\r\nid: \1-1\r\nevent: message\r\ndata: .*\r\n\r\n",
        answer.text,
    )
    (message,) = events(answer)
    assert message == {"jsonrpc": "2.0", "id": 5, "error": {"code": -32601, "message": "Method not found"}}
    older = Session(url, version="2025-06-18").post({"id": 5, "method": "ping"})
    assert older.text.startswith("event: message\r\ndata: ")


def test_results_are_repaired_for_the_host_of_the_session(url):
    result = {"result": {"content": [IMAGE], "structuredContent": {"n": 1}}}
    shown = {client: Session(url, client).call("echo", result)[-1]["result"] for client in ("codex", "cline")}
    assert [block["type"] for block in shown["codex"]["content"]] == ["text", "image", "text"]
    assert [block["type"] for block in shown["cline"]["content"]] == ["text", "text"]


def test_progress_and_messages_go_with_the_call_that_they_belong_to(url):
    said = Session(url).call("steps", {}, progressToken="p")
    assert [one.get("method", "answer") for one in said] == [
        "notifications/message",
        "notifications/progress",
        "answer",
    ]


def test_what_needs_no_repair_is_equal_byte_for_byte(url):
    raw = '{ "result":{"content":[{"text":"\\\\u00e9 \\\\/ 1","type":"text"}],"n":[1.0,1e400,-0]} , "id":ID,"jsonrpc":"2.0"}'
    answer = Session(url).post(
        {"id": 3, "method": "tools/call", "params": {"name": "raw", "arguments": {"lines": [raw]}}}
    )
    assert f"data: {raw.replace('ID', '3')}\r\n" in answer.text


def test_a_batch_is_answered_on_one_stream(url):
    session = Session(url, version="2025-03-26")
    script = [{"jsonrpc": "2.0", "id": number, "method": "ping"} for number in "ab"]
    # The server reads no batches, and dies of one; that is told for each of its requests.
    assert [one["id"] for one in events(session.post(script))] == ["a", "b"]


def test_notifications_and_answers_are_accepted(url):
    session = Session(url)
    for message in ({"method": "notifications/initialized"}, {"id": "server-1", "result": {}}):
        accepted = session.post(message)
        assert (accepted.status_code, accepted.content) == (202, b"")


@pytest.mark.long
@counted
def test_a_session_ends_with_its_server_and_is_not_found_after_that():
    with served() as (address, process):
        session = Session(address)
        (server,) = processes.children(process.pid)
        assert httpx2.delete(address, headers=session.headers).status_code == 200
        assert processes.ended(server, 60)
        gone = session.post({"id": 2, "method": "ping"})
        assert gone.status_code == 404
        assert gone.json()["error"]["message"].startswith("there is no such session")


@pytest.mark.long
@counted
def test_the_end_of_the_relay_ends_all_servers_and_open_streams():
    with served() as (address, process):
        sessions = [Session(address) for _ in range(2)]
        servers = processes.children(process.pid)
        assert len(servers) == 2
        headers = sessions[0].headers | {"accept": "text/event-stream"}
        with httpx2.stream("GET", address, headers=headers, timeout=600) as listening:
            assert listening.status_code == 200
            process.send_signal(END)
            assert b"id: 0-0" in listening.read()
        assert process.wait(600) == 0
        assert all(processes.ended(server, 60) for server in servers)


def test_what_the_server_says_by_itself_waits_for_the_hosts_stream(url):
    session = Session(url)
    asked = '{"jsonrpc":"2.0","id":"s-1","method":"roots/list"}'
    # Behind the answer nothing waits any more, so it belongs to no call.
    answer = '{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"x"}]}}'
    session.call("raw", {"lines": [answer, asked]})
    headers = session.headers | {"accept": "text/event-stream"}
    with httpx2.stream("GET", url, headers=headers, timeout=600) as listening:
        for line in listening.iter_lines():
            if line.startswith("data: {"):
                assert line[6:] == asked
                break


def test_a_host_whose_connection_broke_takes_its_answer_up_again(url):
    session = Session(url)
    message = {
        "jsonrpc": "2.0",
        "id": 9,
        "method": "tools/call",
        "params": {"name": "swap", "arguments": {"word": "first"}},
    }
    with httpx2.stream("POST", url, json=message, headers=session.headers, timeout=600) as broken:
        last = next(line for line in broken.iter_lines() if line.startswith("id: "))[4:]
    # It is answered once the second call has come.
    assert session.call("swap", {"word": "second"}, number=10)[-1]["id"] == 10
    headers = session.headers | {"accept": "text/event-stream", "last-event-id": last}
    resumed = httpx2.get(url, headers=headers, timeout=600)
    assert [(one["id"], one["result"]["content"][0]["text"]) for one in events(resumed)] == [(9, "first")]


@pytest.mark.parametrize("last", ["0-" + "9" * 5_000, "0-x", "7-1", "0--1"])
def test_a_host_that_names_no_event_that_there_was_is_refused(url, last):
    headers = Session(url).headers | {"accept": "text/event-stream", "last-event-id": last}
    assert httpx2.get(url, headers=headers, timeout=600).status_code == 404


def test_a_server_that_dies_is_told_of_and_started_anew(url):
    session = Session(url)
    assert "exited with code 3" in session.call("die", {})[-1]["error"]["message"]
    again = session.call("echo", {"result": {"content": [{"type": "text", "text": "alive"}]}}, number=2)
    assert again[-1]["result"]["content"][0]["text"] == "alive"


@pytest.mark.long
def test_a_server_that_cannot_start_is_told_of(tmp_path):
    program = tmp_path / "broken"
    program.write_text("not a program")
    program.chmod(0o755)
    with served(server=[str(program)]) as (address, _):
        answer = httpx2.post(address, json=initialize(), headers=BOTH, timeout=600)
        assert "broken: cannot be started: Exec format error" in events(answer)[0]["error"]["message"]


# Requests that depend on no other (since 2026-07-28).


@pytest.fixture(scope="module")
def stateless():
    with served(server=[*SLOPPY, "modern"]) as (address, process):
        yield address, process


def echo(text):
    return {"name": "echo", "arguments": {"result": {"content": [{"type": "text", "text": text}]}}}


@pytest.mark.long
@counted
def test_all_hosts_share_one_server_and_get_each_their_own_answers(stateless):
    """All have the same ids and progress tokens, which the server never sees twice at a time."""
    address, process = stateless
    ask = partial(modern, address, "tools/call", number=1, meta={"progressToken": 1})
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: ask(echo(f"word {n}")), range(24)))
    assert [one.json()["result"]["content"][0]["text"] for one in answers] == [f"word {n}" for n in range(24)]
    assert {one.json()["id"] for one in answers} == {1}
    assert len(processes.children(process.pid)) == 1


def test_progress_comes_before_the_answer_under_the_hosts_own_token(stateless):
    address, _ = stateless
    hanging = {"name": "swap", "arguments": {"word": "held"}}
    with ThreadPoolExecutor(1) as pool:
        # Its id and token are in use until the second call of `swap`.
        first = pool.submit(modern, address, "tools/call", hanging, 1, {"progressToken": 1})
        while not first.running():
            pass
        steps = events(
            modern(address, "tools/call", {"name": "steps", "arguments": {}}, 1, {"progressToken": 1})
        )
        assert steps[-1]["id"] == 1
        progress = [one["params"] for one in steps if one.get("method") == "notifications/progress"]
        assert progress == [{"progressToken": 1, "progress": 1, "total": 2, "message": "half"}]
        modern(address, "tools/call", hanging, 2)
        assert first.result().json()["result"]["content"][0]["text"] == "held"


def test_a_host_that_closes_its_response_cancels_the_call(stateless):
    address, _ = stateless

    def until_told(before):
        asked = {"name": "cancelled", "arguments": {"before": before}}
        while True:
            said = modern(address, "tools/call", asked).json()
            if json.loads(said["result"]["content"][0]["text"]) == ["given-up"]:
                break

    message, headers = made("tools/call", {"name": "hang"}, number="given-up")
    host = HTTPConnection(urlsplit(address).netloc, timeout=600)
    host.request("POST", "/mcp", json.dumps(message), {**headers, "content-type": "application/json"})
    until_told(before=True)
    host.close()
    until_told(before=False)


def test_each_request_is_repaired_for_the_host_that_sends_it(stateless):
    address, _ = stateless
    params = {"name": "echo", "arguments": {"result": {"content": [IMAGE]}}}
    kinds = {
        client: [block["type"] for block in modern(address, "tools/call", params, client=client).json()["result"]["content"]]
        for client in ("codex", "cline")
    }  # fmt: skip
    assert kinds == {"codex": ["text", "image"], "cline": ["text"]}


@pytest.mark.parametrize(
    ("method", "headers", "status", "code"),
    [
        ("tools/list", {}, 200, None),
        ("no/such", {}, 404, -32601),
        ("initialize", {}, 404, -32601),
        ("tools/list", {"mcp-method": "tools/call"}, 400, -32020),
        ("tools/list", {"mcp-protocol-version": "2030-01-01"}, 400, -32020),
    ],
)
def test_the_status_tells_what_the_error_is(stateless, method, headers, status, code):
    address, _ = stateless
    answer = modern(address, method, headers=headers)
    assert (answer.status_code, answer.json().get("error", {}).get("code")) == (status, code)
    assert answer.json()["id"] == 1


# What is refused.


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        (b"{", {}, 400, "not a JSON-RPC"),
        (b"[]", {}, 400, "not a JSON-RPC"),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"}', {}, 400, "the header mcp-session-id is missing"),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"}', {"mcp-session-id": "x"}, 404, "no such session"),
        (b"{}", {"accept": "text/html"}, 406, "the header Accept must name"),
        (b"{}", {"content-type": "text/plain"}, 400, "Content-Type"),
        (b"{}", {"host": "evil.example.com"}, 421, "Host"),
        (b"{}", {"origin": "https://evil.example.com"}, 403, "Origin"),
        (b"{}", {"origin": "http://[::1"}, 403, "Origin"),
    ],
)
def test_what_is_wrong_is_refused_with_its_status(url, body, headers, status, words):
    kind = {"content-type": "application/json"}
    refused = httpx2.post(url, content=body, headers={**BOTH, **kind, **headers}, timeout=600)
    assert (refused.status_code, words in refused.text) == (status, True), refused.text


def test_a_body_that_is_too_large_is_refused(url):
    test_what_is_wrong_is_refused_with_its_status(url, b"x" * 64_000_001, {}, 413, "too large")


def test_an_id_that_waits_for_its_answer_is_not_taken_twice(url):
    session = Session(url)
    hanging = {"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": "hang"}}
    with httpx2.stream("POST", url, json=hanging, headers=session.headers, timeout=600) as first:
        assert first.status_code == 200
        refused = session.post({"id": 4, "method": "ping"})
        assert (refused.status_code, refused.json()["id"]) == (400, 4)
        assert session.post({"id": "4", "method": "ping"}).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--http", "0.0.0.0:0", "--", "true"], "0.0.0.0:0 can be reached from other machines"),
        pytest.param(["--http", "8000", "--", "true"], "'8000' is not a host and a port", marks=pytest.mark.long),
        pytest.param(["--http", "127.0.0.1:0", "--", "no-such-program"], "no-such-program: cannot be started: 'no-such-program' is not an executable on the PATH", marks=pytest.mark.long),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_served_is_said(arguments, words):
    done = subprocess.run(
        [*PROXY, *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--no-auth", "--", "true"], "--no-auth needs --http"),
        (["--header", "A=b", "--", "true"], "--header needs --url"),
        (["--url", "http://x/", "--header", "Authorization=Bearer ${NO_SUCH_VARIABLE}"], "NO_SUCH_VARIABLE is not set"),
        (["--url", "http://x/", "--header", "A=top\nsecret"], "--header A=...: it must be"),
    ],
)  # fmt: skip
def test_wrong_usage_is_said(arguments, words):
    done = run("proxy", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in " ".join(done.stderr.split())
    assert "secret" not in done.stderr


@pytest.mark.long
def test_an_address_that_is_taken_is_said(url):
    address = url.removeprefix("http://").removesuffix("/mcp")
    command = [*PROXY, "--http", address, "--", "true"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        f"Error: cannot listen on {address}: Address already in use\n",
    )


@pytest.mark.long
def test_no_auth_lets_other_machines_ask_but_no_foreign_pages():
    with served("--no-auth", address="0.0.0.0:0") as (address, _):
        here = address.replace("0.0.0.0", "127.0.0.1")
        message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        named = httpx2.post(here, json=message, headers={**BOTH, "host": "pictures.example.com"})
        assert named.status_code == 400
        foreign = httpx2.post(here, json=message, headers={**BOTH, "origin": "https://evil.example.com"})
        assert foreign.status_code == 403
