"""Requests to a server at a URL that fail without an answer: each is told for what it is, and costs nothing but itself."""

import datetime
import ipaddress
import re
import runpy
import ssl
import threading
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import anyio.from_thread
import anyio.lowlevel
import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from long_rows import one_in
from servers_over_http import Server, once, scripted

from imagebridge import Bridge, HttpServer
from imagebridge.client.http_errors import LOST, UNSENT
from imagebridge.client.http_failures import failure
from imagebridge.errors import ServerError

pytestmark = pytest.mark.anyio

CUT = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"
LOGIN = (200, "text/html", "<html>Log in</html>")
GENERATIONS = pytest.mark.parametrize("modern", [False, True], ids=["2025-11-25", "2026-07-28"])


async def told(bridge, tool="show"):
    """Return what a model is told, without the name of the server, which one generation puts elsewhere."""
    output = (await bridge.answer(tool, {})).output
    return output.partition(f": {tool}")[2] if output.startswith("Tool error:") else output


@GENERATIONS
@pytest.mark.parametrize("said", one_in(3, [b"", CUT, b"HTTP/1.1 200 OK\r\ncontent-ty"]))
async def test_a_connection_that_breaks_costs_one_call_and_repeats_it_only_where_that_can_do_no_harm(
    said, modern
):
    together = threading.Barrier(10)

    def refuse(method, _):
        if method == "tools/call":
            # All ten are in progress when one of them breaks off; its connection alone is closed.
            return said if together.wait(60) == 0 else None
        return None

    server = Server(refuse, modern)
    outputs = []

    async def call():
        outputs.append(await told(bridge))

    with scripted(server) as (url, _):
        async with Bridge(HttpServer(url), timeout=120, parallel=True) as bridge:
            async with anyio.create_task_group() as tasks:
                for _ in range(10):
                    tasks.start_soon(call)
            server.refuse = once(said)
            assert await told(bridge, "look") == "shown"
    words = ": the server closed the connection before it answered; it may or may not have run"
    assert sorted(outputs) == [words] + ["shown"] * 9
    assert server.calls() == 12


@GENERATIONS
async def test_a_server_that_is_away_is_told_and_found_again_with_its_new_tools(modern):
    server = Server(modern=modern)

    def serve(request):
        return *server(request), {"connection": "close"}

    with ExitStack() as first:
        url, _ = first.enter_context(scripted(serve))
        async with Bridge(HttpServer(url), timeout=120) as bridge:
            first.close()
            for tool in ("show", "look"):
                words = ": the server cannot be reached: it refused the connection; it did not run"
                assert await told(bridge, tool) == words
            server.tools["added"] = {}
            with scripted(serve, urlsplit(url).port):
                assert await told(bridge) == "shown"
                assert [tool["name"] for tool in bridge.tools] == ["show", "look", "added"]
    assert server.calls() == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, "text/html", "<p>oops"), "the server returned 500 Internal Server Error; it may or may not"),
        (
            (504, "text/html", "<p>oops"),
            "the server returned 504 Gateway Timeout; it may or may not have run",
        ),
        ((503, "text/html", "<p>oops"), "the server is not available at the moment; try again later"),
        (
            (401, "text/html", "<p>oops"),
            "the token is missing, wrong or expired, and the user has to renew it",
        ),
        ((403, "text/html", "<p>oops"), "the user's token does not permit this"),
        ((404, "text/html", "<p>oops"), "the user has to check the server's address"),
        ((408, "text/html", "<p>oops"), "the request took too long to arrive; try again"),
        ((413, "text/html", "<p>oops"), "pass a smaller picture, or its address"),
        ((421, "text/html", "<p>oops"), "the user has to check its address"),
        ((401, "application/json", '{"error_description": "it expired"}'), "401 Unauthorized: it expired"),
        (LOGIN, "the server returned 200 with text/html, which is not an MCP answer"),
        ((204, "text/plain", ""), "the server returned 204 without a body, which is not an MCP answer"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "the server did not answer properly: illegal status line"),
    ],
)
@GENERATIONS
async def test_what_a_gateway_says_is_told_with_what_to_do_and_the_conversation_goes_on(
    answer, words, modern
):
    server = Server(once(answer), modern)
    with scripted(server) as (url, _):
        async with Bridge(HttpServer(url), timeout=120) as bridge:
            output = await told(bridge)
            assert words in output
            assert "<p>" not in output
            assert server.calls() == 1
            assert await told(bridge) == "shown"


@pytest.mark.parametrize("status", [502, 504])
@pytest.mark.parametrize("method", ["server/discover", "initialize", "tools/list"])
async def test_connecting_survives_one_replica_that_dies(method, status):
    for lost in (b"", CUT, (status, "text/html", "")):
        server = Server(once(lost, method), modern=method != "initialize")
        with scripted(server) as (url, _):
            async with Bridge(HttpServer(url), timeout=120) as bridge:
                assert await told(bridge) == "shown"
        assert server.asked.count(method) == 2


@pytest.mark.parametrize(
    "answer", [b"", (502, "text/html", ""), (429, "text/plain", "", {"retry-after": "60"})]
)
async def test_a_subscription_that_a_dying_replica_takes_along_is_renewed(answer, monkeypatch):
    monkeypatch.setattr("imagebridge.client.tool_list._FIRST_PAUSE", 0.01)
    renewed = anyio.Event()
    token = anyio.lowlevel.current_token()
    lost = []

    def refuse(method, _):
        if method != "subscriptions/listen":
            return None
        lost.append(method)
        if len(lost) > 2:  # It is sent twice at once.
            anyio.from_thread.run_sync(renewed.set, token=token)
        return answer

    server = Server(refuse)
    server.capabilities = {"tools": {"listChanged": True}}
    with scripted(server) as (url, _), anyio.fail_after(120):
        async with Bridge(HttpServer(url), timeout=120):
            await renewed.wait()


async def test_a_notification_that_is_not_accepted_costs_no_connection():
    server = Server(once(b"", "notifications/initialized"), modern=False)
    with scripted(server) as (url, _):
        async with Bridge(HttpServer(url), timeout=120) as bridge:
            assert await told(bridge) == "shown"
    assert server.asked.count("initialize") == 1


@GENERATIONS
@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_is_followed_on_its_own_origin_alone(status, modern):
    headers = {"Authorization": "Bearer secret"}
    elsewhere = Server()
    with scripted(elsewhere) as (other, seen):
        places = iter(["/mcp/", other])

        def refuse(method, request):
            if method == "tools/call" and request.path == "/mcp":
                return status, "text/plain", "", {"location": next(places)}
            return None

        with scripted(Server(refuse, modern)) as (url, requests):
            async with Bridge(HttpServer(url, headers), timeout=120) as bridge:
                assert await told(bridge) == "shown"
                assert [one.headers["Authorization"] for one in requests[-2:]] == ["Bearer secret"] * 2
                assert await told(bridge) == (
                    f": the server redirects to {other}; use that URL if it is the intended server"
                )
    assert not seen


@pytest.mark.long
async def test_as_many_calls_as_there_are_run_at_the_same_time():
    """More than the HTTP client's usual 100 connections."""
    together = threading.Barrier(110)

    def refuse(method, _):
        if method == "tools/call":
            together.wait(120)

    outputs = []

    async def call():
        outputs.append(await told(bridge))

    with scripted(Server(refuse)) as (url, _):
        async with (
            Bridge(HttpServer(url), timeout=600, parallel=True) as bridge,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(110):
                tasks.start_soon(call)
    assert outputs == ["shown"] * 110


class Refreshing(httpx2.Auth):
    """Cannot renew its token: it raises an error, or its issuer is away."""

    def __init__(self, issuer):
        self.issuer = issuer

    def auth_flow(self, request):
        response = yield request
        if response.status_code == 401:
            if self.issuer:
                yield httpx2.Request("POST", self.issuer)
            raise ValueError("the refresh token was revoked")


async def test_the_documented_auth_renews_once_for_all_calls_and_repeats_each_of_them_once(tmp_path):
    page = Path(__file__).parents[3] / "docs" / "own-loop.md"
    (code,) = re.findall(r"```python\n([^`]*class Renewing[^`]*)```", page.read_text("utf-8"))
    (tmp_path / "shown.py").write_text(code, "utf-8")
    shown = runpy.run_path(str(tmp_path / "shown.py"))
    away, fetched, outputs = [], [], []
    tokens = ["first"]
    together = threading.Barrier(10)

    async def fetch():
        if away:
            raise ConnectionError(away.pop())
        fetched.append(tokens[-1])
        return tokens[-1]

    def refuse(method, request):
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if token == tokens[-1]:
            return None
        if token == "first":
            together.wait(60)  # All ten are refused at the same time.
        return 401, "text/plain", ""

    async def call():
        outputs.append(await told(bridge))

    server = Server(refuse)
    with scripted(server) as (url, _):
        auth = shown["Renewing"]("first", fetch)
        async with Bridge(HttpServer(url, auth=auth), timeout=120, parallel=True) as bridge:
            tokens.append("second")
            async with anyio.create_task_group() as tasks:
                for _ in range(10):
                    tasks.start_soon(call)
            assert outputs == ["shown"] * 10
            assert (fetched, server.calls()) == (["second"], 20)
            tokens.append("third")
            away.append("the issuer is away")
            words = ": authentication failed: ConnectionError: the issuer is away; it did not run"
            assert await told(bridge) == words
            assert await told(bridge) == "shown"
            assert (fetched, server.calls()) == (["second", "third"], 23)


UNUSED = "http://127.0.0.1:9/token"


@pytest.mark.parametrize(
    ("issuer", "words"),
    [
        ("", "authentication failed: ValueError: the refresh token was revoked"),
        (UNUSED, f"authentication failed: {UNUSED} cannot be reached: it refused the connection"),
    ],
)
async def test_a_token_that_cannot_be_renewed_is_told_and_costs_one_call(issuer, words):
    server = Server(once((401, "text/plain", "")))
    with scripted(server) as (url, _):
        async with Bridge(HttpServer(url, auth=Refreshing(issuer)), timeout=120) as bridge:
            assert await told(bridge) == f": {words}; it did not run"
            assert await told(bridge) == "shown"
        server.refuse = lambda *_: (401, "text/plain", "")
        with pytest.raises(ServerError) as raised:
            async with Bridge(HttpServer(url, auth=Refreshing(issuer)), timeout=120):
                pass
    assert raised.value.problem == words


class Malformed(httpx2.Auth):
    """Writes a token that no header can contain, and which the HTTP library would quote."""

    requires_request_body = True
    left = 1

    def auth_flow(self, request):
        if self.left and b'"tools/call"' in request.content:
            self.left = 0
            request.headers["Authorization"] = "Bearer secret\nsecret"
        yield request


async def test_a_request_that_cannot_be_written_was_not_sent_and_is_not_quoted():
    server = Server()
    with scripted(server) as (url, _):
        async with Bridge(HttpServer(url, auth=Malformed()), timeout=120) as bridge:
            words = "it is not valid HTTP; one of its headers may contain a line break"
            assert await told(bridge) == f": the server was not sent the request: {words}; it did not run"
            assert await told(bridge) == "shown"
    assert server.calls() == 1


PLACE = httpx2.URL("http://server.test/mcp")
NEXT = httpx2.Request("POST", "http://server.test/mcp/")


@pytest.mark.parametrize(
    ("error", "has_auth", "code", "words"),
    [
        (
            httpx2.ConnectTimeout(""),
            True,
            UNSENT,
            "cannot be reached: it did not accept the connection in time",
        ),
        (httpx2.PoolTimeout(""), True, UNSENT, "cannot be reached: it did not accept the connection in time"),
        (httpx2.WriteTimeout(""), True, LOST, "did not take the request in time"),
        (httpx2.WriteError(""), True, LOST, "closed the connection before it answered"),
        (RuntimeError("no stream"), False, LOST, "did not answer properly: no stream"),
        # The address after a redirect.
        (httpx2.ReadError("", request=NEXT), False, LOST, "closed the connection before it answered"),
    ],
)
def test_a_failed_request_is_told_for_what_it_is(error, has_auth, code, words):
    assert failure(error, PLACE, has_auth=has_auth) == (code, f"the server {words}")


async def test_an_unknown_certificate_is_told_with_the_variable_that_names_it(tmp_path, monkeypatch):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM) + written)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with scripted(Server(), tls=context) as (url, _):
        with pytest.raises(ServerError) as raised:
            async with Bridge(HttpServer(url), timeout=120):
                pass
        assert "its certificate is not trusted (" in raised.value.problem
        assert "; SSL_CERT_FILE can name the file of an authority of your own)" in raised.value.problem
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        async with Bridge(HttpServer(url), timeout=120) as bridge:
            assert await told(bridge) == "shown"
