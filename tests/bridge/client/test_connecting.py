"""Why a server cannot be connected: what counts as its answer, and in which words it is told."""

import json
import sys
import threading
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import StdioServerParameters
from mcp.server import MCPServer
from servers_over_http import Server, scripted

from imagebridge import Bridge, HttpServer
from imagebridge.client.http import Client
from imagebridge.client.http_connections import client_options
from imagebridge.client.http_replies import ServerReplies
from imagebridge.client.long_events import LongEvents
from imagebridge.errors import ServerError

pytestmark = pytest.mark.anyio

URL = "http://server.test/mcp"


async def problem(server):
    """Return why a server cannot be connected."""
    with pytest.raises(ServerError) as raised:
        async with Bridge(server, timeout=600):
            pass
    return raised.value.problem


async def test_only_the_answer_to_a_request_says_what_is_wrong():
    """A healthy server may refuse the stream for its own messages with 405, and anything with a notification."""

    def answer(request):
        if request.method == "GET":
            return httpx2.Response(405)
        asked = json.loads(request.content)
        if "id" not in asked:
            return httpx2.Response(400, text="no")
        if asked["id"] == 2:
            return httpx2.Response(429, text="later", headers={"retry-after": "60"})
        return httpx2.Response(200, json={"jsonrpc": "2.0", "id": asked["id"], "result": {}})

    replies = ServerReplies()
    options = client_options({}, replies.heard)
    async with Client(LongEvents(), transport=httpx2.MockTransport(answer), **options) as client:
        await client.post(URL, json={"jsonrpc": "2.0", "id": 1, "method": "initialize"})
        await client.post(URL, json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        await client.get(URL)
        assert (replies.status, replies.problem()) == (200, "")
        await client.post(URL, json={"jsonrpc": "2.0", "id": 2, "method": "tools/list"})
        await client.get(URL)
        assert replies.problem().startswith('it returned 429 Too Many Requests: "later". Try again later')


@pytest.mark.parametrize("transport", ["http", "sse"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file or directory"),
        ("no certificate", "is not a file of certificates in PEM format"),
    ],
)
async def test_a_file_of_certificates_that_cannot_be_used_is_named(
    content, why, transport, tmp_path, monkeypatch
):
    path = tmp_path / "authority.pem"
    if content:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    server = HttpServer("https://127.0.0.1:9/mcp", transport=transport)
    assert await problem(server) == f"cannot be reached: SSL_CERT_FILE names {str(path)!r}, which {why}"


async def test_a_refused_stream_does_not_hide_what_the_server_answered():
    refused = threading.Event()
    server = Server(modern=False)

    def serve(request):
        if request.method == "GET":
            refused.set()
            return 405, "text/plain", ""
        if b'"tools/list"' in request.body:
            refused.wait(600)
            number = json.loads(request.body)["id"]
            error = {"jsonrpc": "2.0", "id": number, "error": {"code": -32603, "message": "no database"}}
            return 200, "application/json", json.dumps(error)
        headers = {"mcp-session-id": "1"} if b'"initialize"' in request.body else {}
        return *server(request), headers

    with scripted(serve) as (url, _):
        assert await problem(url) == "it answered with an error: no database"


@pytest.mark.parametrize(
    ("method", "answer", "words"),
    [
        (
            "initialize",
            (
                200,
                "application/json",
                '{"jsonrpc": "2.0", "id": null, "error": {"code": 1, "message": "no"}}',
            ),
            "it answered with an error: no",
        ),
        (
            "tools/list",
            (200, "text/html", "<html>"),
            "it answered with an error: the server returned 200 with text/html, which is not an MCP answer",
        ),
        ("tools/list", b"", "the server closed the connection before it answered"),
        ("initialize", b"", "it closed the connection before it answered"),
        ("initialize", b"SSH-2.0-OpenSSH\r\n\r\n", "it did not answer properly: illegal status line"),
    ],
)
async def test_what_a_server_says_while_it_is_connected_is_told_for_what_it_is(method, answer, words):
    server = Server(lambda asked, _: answer if asked == method else None, modern=False)
    with scripted(server) as (url, _):
        assert words in await problem(url)


async def test_an_error_that_speaks_of_something_closed_is_no_server_that_exited():
    own = '"capabilities":{"tools":{}},"serverInfo":{"name":"literal","version":"1"}'
    answers = {
        "initialize": f'"result":{{"protocolVersion":"2025-11-25",{own}}}',
        "server/discover": '"error":{"code":-32601,"message":"no such method"}',
        "tools/list": '"error":{"code":-32603,"message":"the database is closed"}',
    }
    script = Path(__file__).parents[2] / "servers" / "literal.py"
    server = StdioServerParameters(command=sys.executable, args=[str(script), json.dumps(answers)])
    assert await problem(server) == "it answered with an error: the database is closed"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(2, "No such file or directory", "settings.json"), "'settings.json'"),
        (PermissionError("not for you"), "not for you"),
    ],
)
async def test_a_server_in_this_process_that_lacks_a_file_is_no_missing_program(error, words):
    @asynccontextmanager
    async def lifespan(_):
        raise error
        yield

    told = await problem(MCPServer("own", lifespan=lifespan, log_level="CRITICAL"))
    assert told == f"cannot be started: {error}"
    assert words in told
