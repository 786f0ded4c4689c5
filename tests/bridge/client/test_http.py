"""Servers behind a URL: Streamable HTTP and the older HTTP+SSE, tokens, OAuth, rejections, and lost servers."""

import json
import secrets
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import pytest
import samples
import uvicorn
from local_servers import until_it_listens
from long_rows import one_in
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.server import MCPServer
from mcp.server.auth.provider import AccessToken, AuthorizationCode, construct_redirect_uri
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions
from mcp.server.mcpserver import Context
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata, OAuthToken
from mcp.types import CallToolResult
from oauth_storage import Storage
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse

from imagebridge import Bridge, HttpServer, tool_result
from imagebridge.client.http import _EventBody
from imagebridge.client.long_events import LongEvents
from imagebridge.errors import ServerError

SCRIPT = Path(__file__).parents[2] / "servers" / "sloppy.py"

pytestmark = pytest.mark.anyio


def gallery(**options):
    server = MCPServer("gallery", log_level="CRITICAL", **options)

    @server.tool()
    async def show(side: int, ctx: Context) -> CallToolResult:
        """Shows a square; with the progress before it, the answer comes as a stream of events."""
        await ctx.report_progress(1, 2)
        return CallToolResult.model_validate(tool_result("a square", samples.noise(side, side)))

    @server.tool()
    async def wait() -> str:
        """Never answers."""
        await anyio.sleep_forever()
        return "never"

    return server


def tied():
    """Return a listening socket on a free port, and its origin."""
    tie = socket.create_server(("127.0.0.1", 0))
    return tie, f"http://127.0.0.1:{tie.getsockname()[1]}"


@contextmanager
def served(app, tie):
    """Serve an application over real HTTP in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [tie]})
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


class Token:
    """Lets requests pass that carry the right token."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        headers = dict(scope.get("headers", ()))
        if scope["type"] == "http" and headers.get(b"authorization") != b"Bearer open":
            await PlainTextResponse("no", 401)(scope, receive, send)
            return
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def origin():
    """One process with `/mcp`, `/sse` with `/messages/`, and `/closed/mcp` behind a token."""
    server, tie_and_origin = gallery(), tied()
    app = server.streamable_http_app()
    app.router.routes += server.sse_app().routes
    closed = gallery().streamable_http_app()
    app.mount("/closed", Starlette(routes=closed.routes, middleware=[Middleware(Token)]))
    app.router.lifespan_context = both(app.router.lifespan_context, closed.router.lifespan_context)
    with served(app, tie_and_origin[0]):
        yield tie_and_origin[1]


def both(one, other):
    @asynccontextmanager
    async def lifespan(app):
        async with one(app), other(app):
            yield

    return lifespan


def response(name, arguments="{}"):
    call = {"type": "function_call", "call_id": "a", "name": name, "arguments": arguments}
    return {"model": "gpt-5.6-luna", "output": [call]}


@pytest.mark.parametrize(
    "server",
    one_in(
        2,
        [
            "{}/mcp",
            "{}/sse",
            HttpServer("{}/sse", transport="sse"),
            HttpServer("{}/closed/mcp", {"Authorization": "Bearer open"}),
        ],
    ),
    ids=["streamable", "falls back to sse", "sse", "token"],
)
async def test_a_picture_of_more_than_the_sdks_limit_arrives(server, origin):
    if isinstance(server, str):
        server = server.format(origin)
    else:
        server = HttpServer(server.url.format(origin), server.headers, None, server.transport)
    heard = []
    async with Bridge(server, timeout=600, on_event=heard.append) as bridge:
        result = await bridge.call("show", {"side": 1_400})
        assert len(result["content"][1]["data"]) > 1_200_000
        assert [event.progress for event in heard] == [1]
        (connection,) = bridge._servers.connections
        connection.setup = replace(connection.setup, timeout=0.2)
        (output,) = await bridge.outputs(response("wait"))
        assert "wait did not answer within 0.2 seconds" in output["output"]
        connection.setup = replace(connection.setup, timeout=600)
        (output,) = await bridge.outputs(response("show", '{"side": 3}'))
        assert output["output"][0]["text"] == "a square"


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (
            "{}/closed/mcp",
            'it returned 401 Unauthorized: "no". Does it need a token, or a newer one? Pass HttpServer(url, headers',
        ),
        ("{}/nowhere", "it returned 404 Not Found. Is this the address of its MCP endpoint"),
        (HttpServer("{}/sse", transport="http"), "it returned 405 Method Not Allowed. Is this"),
        ("http://127.0.0.1:9/mcp", "cannot be reached: "),
    ],
)
async def test_a_refusal_is_told_with_its_status(server, message, origin):
    if isinstance(server, str):
        server = HttpServer(server.format(origin))
    else:
        server = HttpServer(server.url.format(origin), transport=server.transport)
    with pytest.raises(ServerError) as raised:
        async with Bridge(server, timeout=600):
            pass
    assert raised.value.problem.startswith(message)


class Fails(httpx2.Auth):
    """Has no token for the first call."""

    requires_request_body = True

    def __init__(self):
        self.fails = True

    def auth_flow(self, request):
        if self.fails and b'"tools/call"' in request.content:
            self.fails = False
            raise ValueError("no token")
        yield request


async def test_a_message_that_the_older_transport_cannot_post_costs_its_own_call_alone(origin):
    async with Bridge(HttpServer(f"{origin}/sse", auth=Fails(), transport="sse"), timeout=600) as bridge:
        (connection,) = bridge._servers.connections
        before = connection._session
        (output,) = await bridge.outputs(response("show", '{"side": 3}'))
        words = "show: authentication failed: ValueError: no token; it did not run"
        assert output["output"] == f"Tool error:\ngallery: {words}"
        (output,) = await bridge.outputs(response("show", '{"side": 3}'))
        assert output["output"][0]["text"] == "a square"
        assert connection._session is before


@contextmanager
def sloppy(port):
    """Run the bare server in a process of its own, which can die."""
    command = [sys.executable, "-S", str(SCRIPT), str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            until_it_listens(process, port)
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def bare():
    """The origin of a bare server that says whatever it is told to."""
    tie, origin = tied()
    tie.close()
    with sloppy(urlsplit(origin).port):
        yield origin


OK = '{"jsonrpc": "2.0", "id": ID, "result": {"content": [{"type": "text", "text": "fine"}]}}'
BODIES = {
    "sound": (OK, "fine"),
    "half a surrogate": (OK.replace("fine", r"cut \ud83d"), "cut \ufffd"),
    "no UTF-8": (OK.replace("fine", "caf\xe9!"), "caf\ufffd!"),
    "a bare text": ('{"jsonrpc": "2.0", "id": ID, "result": "bare"}', "bare"),
    "a list of blocks": ('{"jsonrpc": "2.0", "id": ID, "result": [{"type": "text", "text": "x"}]}', "x"),
    "no version": ('{"id": ID, "result": {"content": "plain"}}', "plain"),
    "another's number": (OK.replace("ID", "99"), "fine"),
    "an error that is a text": (
        '{"jsonrpc": "2.0", "id": ID, "error": "no paper"}',
        "Tool error:\nsloppy: raw: the answer is not JSON-RPC: ",
    ),
    "an error of the server's own range": (
        '{"jsonrpc": "2.0", "id": null, "error": {"code": -32000, "message": "quota exceeded"}}',
        "Tool error:\nsloppy: raw: quota exceeded",
    ),
    "no JSON": ("<html>", "Tool error:\nsloppy: raw: the answer is not JSON-RPC: '<html>"),
    "hundreds of levels": (
        '{"jsonrpc": "2.0", "id": ID, "result": {"_meta": {"a": %s}}}' % ("[" * 400 + "]" * 400),
        (
            "Tool error:\nsloppy: raw: the answer is an invalid result: it is nested too deeply to be read",
            # As over stdio: by then it is the SDK that says so.
            "Tool error:\nsloppy: raw returned an invalid result: Maximum serialization depth exceeded",
            # Where the result reached us before the SDK looked at it.
            "[The tool finished and returned nothing.]",
        ),
    ),
}
STREAMS = {
    "an event": "event: message\ndata: {}\n\n",
    "after others, with other ends of lines": ": hello\r\n\r\nid: 1\r\ndata:\r\n\r\ndata:{}\r\n\r\n",
    "an event longer than the SDK reads": "data: {}\ndata: " + " " * 1_048_576 + "\n\n",
}


@pytest.mark.parametrize("form", one_in(2, ["a body", *STREAMS]))
async def test_a_malformed_answer_is_told_for_what_it_is(form, bare):
    async with Bridge(f"{bare}/mcp", timeout=600) as bridge:
        for name, (body, expected) in BODIES.items():
            stream = STREAMS.get(form)
            said = {"lines": [stream.replace("{}", body) if stream else body]}
            kind = {"type": "text/event-stream"} if stream else {}
            (output,) = await bridge.outputs(response("raw", json.dumps(said | kind)))
            assert output["output"].startswith(expected), name


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (
            500,
            "<html>",
            "text/html",
            "the server returned 500 Internal Server Error; it may or may not have run",
        ),
        (
            401,
            "",
            "text/plain",
            "the server returned 401 Unauthorized: the token is missing, wrong or expired, and the user has to renew it",
        ),
        # Pythons word 413 differently.
        (
            413,
            "at most 1 MB",
            "text/plain",
            f"the server returned 413 {HTTPStatus(413).phrase}: at most 1 MB; pass a smaller picture, or its address",
        ),
        (404, "oops", "text/plain", "the server returned 404 Not Found: oops"),
        (400, BODIES["an error of the server's own range"][0], "application/json", "quota exceeded"),
    ],
)
async def test_a_refused_call_is_told_with_its_status(status, body, kind, told, bare):
    arguments = {"lines": [body], "status": status, "type": kind}
    async with Bridge(f"{bare}/mcp", timeout=600) as bridge:
        (output,) = await bridge.outputs(response("raw", json.dumps(arguments)))
        assert output["output"] == f"Tool error:\nsloppy: raw: {told}"


async def test_events_pass_as_they_come_however_they_are_cut():
    event = b'id: 1\r\ndata: {"jsonrpc": "2.0", "method": "a"}\r\n\r\n'
    read = []

    class Cut(httpx2.AsyncByteStream):
        async def __aiter__(self):
            for byte in event * 2:
                read.append(byte)
                yield bytes([byte])

    got = [
        (one, len(read))
        async for one in _EventBody(httpx2.Response(200, stream=Cut()), None, LongEvents(), session=False)
    ]
    whole = event.replace(b"\r", b"")
    assert got == [(whole, len(event)), (whole, 2 * len(event)), (b"", 2 * len(event))]


async def test_a_server_that_is_stuck_keeps_neither_calls_nor_the_end_waiting(bare, monkeypatch):
    monkeypatch.setattr("imagebridge.client.http._NOTICE", 0.3)
    with anyio.fail_after(600):
        async with Bridge(f"{bare}/stuck", timeout=600) as bridge:
            (connection,) = bridge._servers.connections
            connection.setup = replace(connection.setup, timeout=0.2)
            (output,) = await bridge.outputs(response("hang"))
            assert "hang did not answer within 0.2 seconds" in output["output"]
            connection.setup = replace(connection.setup, timeout=600)
            (output,) = await bridge.outputs(response("untyped"))
            assert output["output"] == "untyped was called"


async def test_a_server_that_dies_in_a_call_and_comes_back():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    async def ask(name, arguments="{}"):
        (output,) = await bridge.outputs(response(name, arguments))
        return output["output"]

    with sloppy(port) as process:
        async with Bridge(f"http://127.0.0.1:{port}/mcp", timeout=600) as bridge:
            lost = await ask("die")
            words = "die: the server closed the connection before it answered; it may or may not have run"
            assert lost == f"Tool error:\nsloppy: {words}"
            process.wait(600)
            refused = await ask("untyped")
            words = "untyped: the server cannot be reached: it refused the connection; it did not run"
            assert refused == f"Tool error:\nsloppy: {words}"
            with sloppy(port):
                assert await ask("untyped") == "untyped was called"


class Saying:
    """Says 404 Not Found with another status."""

    def __init__(self, app, status):
        self.app, self.status = app, status

    async def __call__(self, scope, receive, send):
        async def said(message):
            status = message.get("status")
            await send(message | {"status": self.status} if status == 404 else message)

        await self.app(scope, receive, said)


@pytest.mark.parametrize("status", [404, 400])
async def test_a_session_that_the_server_has_forgotten_is_begun_anew(status, monkeypatch):
    monkeypatch.setattr("imagebridge.client.connect.Client", partial(Client, mode="legacy"))
    tie, origin = tied()
    with ExitStack() as first:
        first.enter_context(served(gallery().streamable_http_app(), tie))
        async with Bridge(f"{origin}/mcp", timeout=600) as bridge:
            await bridge.call("show", {"side": 8})
            first.close()
            again = socket.create_server(("127.0.0.1", urlsplit(origin).port))
            with served(Saying(gallery().streamable_http_app(), status), again):
                assert (await bridge.call("show", {"side": 8}))["content"][1]["type"] == "image"


async def test_tools_that_change_over_http_are_listed_again():
    tie, origin = tied()
    server = gallery()

    @server.tool()
    async def grow(ctx: Context) -> str:
        """Adds a tool."""
        server.add_tool(lambda: "new", name="later", description="Comes later.")
        await ctx.notify_tools_changed()
        return "grown"

    changed = anyio.Event()
    with served(server.streamable_http_app(), tie):
        async with Bridge(f"{origin}/mcp", timeout=600) as bridge:
            (connection,) = bridge._servers.connections
            tools = connection._tools
            update, tools._on_change = tools._on_change, lambda: (update(), changed.set())
            await bridge.call("grow")
            # The answer and the notice take ways of their own.
            with anyio.fail_after(600):
                await changed.wait()
            assert [tool["name"] for tool in bridge.tools] == ["show", "wait", "grow", "later"]
            assert (await bridge.call("later"))["content"][0]["text"] == "new"


class Provider:
    """An OAuth authorization server that trusts everybody at once."""

    def __init__(self):
        self.clients, self.codes, self.tokens = {}, {}, {}

    async def get_client(self, client_id):
        return self.clients.get(client_id)

    async def register_client(self, client_info):
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client, params):
        code = secrets.token_hex(20)
        self.codes[code] = AuthorizationCode(
            code=code,
            scopes=params.scopes or [],
            expires_at=time.time() + 60,
            client_id=client.client_id,
            **params.model_dump(exclude={"state", "scopes"}),
        )
        return construct_redirect_uri(str(params.redirect_uri), code=code, state=params.state)

    async def load_authorization_code(self, client, authorization_code):
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(self, client, authorization_code):
        token = secrets.token_hex(20)
        self.tokens[token] = AccessToken(
            token=token,
            client_id=client.client_id,
            scopes=[],
            expires_at=int(time.time()) + 600,
            resource=authorization_code.resource,
        )
        return OAuthToken(access_token=token, token_type="Bearer", expires_in=600)

    async def load_access_token(self, token):
        return self.tokens.get(token)


async def test_the_sdks_oauth_client_gets_a_token_and_uses_it():
    tie, origin = tied()
    auth = AuthSettings(
        issuer_url=origin,
        resource_server_url=f"{origin}/mcp",
        validate_token_resource=True,
        client_registration_options=ClientRegistrationOptions(enabled=True),
    )
    provider, storage, came = Provider(), Storage(), {}

    async def redirect(url):
        # What a browser would do: go there, and be sent back with a code.
        async with httpx2.AsyncClient() as browser:
            came["back"] = (await browser.get(url)).headers["location"]

    async def callback():
        found = {key: values[0] for key, values in parse_qs(urlsplit(came["back"]).query).items()}
        return AuthorizationCodeResult.model_validate(found)

    client = OAuthClientProvider(
        f"{origin}/mcp",
        OAuthClientMetadata(redirect_uris=["http://127.0.0.1:9/callback"], client_name="imagebridge"),
        storage,
        redirect,
        callback,
    )
    with served(gallery(auth=auth, auth_server_provider=provider).streamable_http_app(), tie):
        async with Bridge(HttpServer(f"{origin}/mcp", auth=client), timeout=600) as bridge:
            (output,) = await bridge.outputs(response("show", '{"side": 3}'))
            assert output["output"][0]["text"] == "a square"
        with pytest.raises(ServerError, match="it returned 401 Unauthorized"):
            async with Bridge(f"{origin}/mcp", timeout=600):
                pass
    assert list(provider.tokens) == [storage.tokens.access_token]


async def test_bridges_that_are_closed_at_once_leave_nothing_in_the_log(origin, caplog):
    for _ in range(8):
        async with Bridge(f"{origin}/mcp", timeout=600) as bridge:
            assert bridge.tools
    assert caplog.messages == []
