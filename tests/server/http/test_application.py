"""The server as an ASGI application: both protocol generations, permitted origins, and rejections before MCP."""

import json
import logging

import anyio
import httpx2
import pytest
import samples
from http_callers import BOTH, HERE, called, in_memory, messages, request, result, speaking
from long_rows import one_in

from imagebridge.pictures.picture import Picture
from imagebridge_server import Settings, create_app
from imagebridge_server.http import application, request_body
from imagebridge_server.http.request_log import _JsonLines
from imagebridge_server.http.token_file import add_token
from imagebridge_server.settings import SettingsError

pytestmark = pytest.mark.anyio

TEXT = {"text": "Hello"}


@pytest.fixture(scope="module")
async def http(one_loop):
    async with in_memory(create_app(Settings())) as http:
        yield http


@pytest.mark.parametrize(("mode", "version"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
@pytest.mark.parametrize("json_response", one_in(2, [False, True]))
async def test_an_sdk_client_lists_and_calls(mode, version, json_response):
    async with in_memory(create_app(Settings(json_response=json_response))) as http:
        async with speaking(http, mode) as client:
            assert client.protocol_version == version
            assert "get_image" in {tool.name for tool in (await client.list_tools()).tools}
            words, picture = (await client.call_tool("get_image", TEXT)).content
    assert words.text.startswith('A sample picture that shows the text "Hello"')
    assert Picture.from_base64(picture.data, "decoded").width == 1024


async def test_a_request_of_an_earlier_protocol_depends_on_no_other(http):
    """Any replica answers it, though another one has shaken hands."""
    call = {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "tools/call",
        "params": {"name": "get_image", "arguments": TEXT},
    }
    answer = await http.post(HERE, json=call, headers={**BOTH, "mcp-protocol-version": "2025-11-25"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "mcp-session-id" not in answer.headers
    assert [block["type"] for block in result(answer)["content"]] == ["text", "image"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_progress_comes_before_the_answer(http, monkeypatch, mode):
    from imagebridge_server import registration

    monkeypatch.setattr(registration, "TICK", 0.001)
    told = []

    async def progress(done, total, words):
        told.append(words)

    bars = {"kind": "bar", "data": [{"x": "a", "y": 1}]}
    async with speaking(http, mode) as client:
        answer = await client.call_tool("generate_chart", bars, progress_callback=progress)
    assert not answer.is_error
    assert told
    assert all(words.startswith("Draw a chart: ") for words in told)


@pytest.mark.parametrize(
    ("path", "status", "body"), [("/healthz", 200, {"status": "ok"}), ("/readyz", 200, {"status": "ready"})]
)
async def test_it_is_well(http, path, status, body):
    answer = await http.get(f"http://10.1.2.3{path}")
    assert (answer.status_code, answer.json()) == (status, body)


async def test_it_is_not_ready_once_it_is_ending():
    app = create_app(Settings())
    async with in_memory(app) as http:
        app.state.end()
        answer = await http.get("http://127.0.0.1/readyz")
        assert (answer.status_code, answer.json()) == (503, {"status": "ending"})
        assert (await http.get("http://127.0.0.1/healthz")).status_code == 200
        # What is under way or comes on an open connection is answered.
        assert (await http.post(HERE, **called("get_image", TEXT))).status_code == 200


async def test_nobody_listens_for_changes(http):
    """What a caller hears must not depend on the replica, and a stream without an end would hold its place for good."""
    answer = await http.post(
        HERE, **request("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, -32601)


@pytest.mark.parametrize(
    ("url", "headers", "status"),
    [
        (HERE, {}, 200),
        ("http://localhost/mcp", {}, 200),
        ("http://localhost/mcp/", {}, 200),
        ("http://evil.example/mcp/", {}, 421),
        ("http://[::1]:9/mcp", {}, 200),
        (HERE, {"origin": "http://localhost:6274"}, 200),
        ("http://evil.example/mcp", {}, 421),
        ("http://127.0.0.1.evil.example/mcp", {}, 421),
        ("http://localhost.evil.example:8000/mcp", {}, 421),
        (HERE, {"origin": "https://evil.example"}, 403),
        (HERE, {"origin": "http://localhost.evil.example"}, 403),
        (HERE, {"origin": "null"}, 403),
        (HERE, {"content-type": "text/plain"}, 400),
        (HERE, {"accept": "text/html"}, 406),
    ],
)
async def test_hosts_and_origins(http, url, headers, status):
    asked = called("get_image", TEXT)
    answer = await http.post(url, content=asked["content"], headers=asked["headers"] | headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("url", "origin", "status"),
    one_in(
        3,
        [
            ("https://pictures.example/mcp", "", 200),
            ("https://pictures.example/mcp", "https://pictures.example", 200),
            ("https://PICTURES.example:443/mcp", "", 200),
            ("https://pictures.example/mcp", "https://localhost:8443", 200),
            ("https://pictures.example/mcp", "null", 403),
            ("http://127.0.0.1:8000/mcp", "", 200),
            ("https://other.example/mcp", "", 421),
            ("https://pictures.example/mcp", "https://other.example", 403),
            ("https://pictures.example/mcp", "http://pictures.example.evil.example", 403),
        ],
    ),
)
async def test_a_public_url_is_the_only_foreign_name(url, origin, status):
    app = create_app(Settings(no_auth=True, public_url="https://Pictures.example:443/mcp"))
    asked = request("tools/list")
    headers = asked["headers"] | ({"origin": origin} if origin else {})
    async with in_memory(app, client=("10.0.0.7", 1)) as http:
        assert (await http.post(url, content=asked["content"], headers=headers)).status_code == status


class TestPages:
    """Web pages: a browser asks first whether a page may ask, and hands it the answer only where that says so."""

    @pytest.fixture
    async def served(self, tmp_path):
        file = tmp_path / "tokens.toml"
        add_token(file, "alice")
        url = "https://pictures.example/mcp"
        settings = Settings(tokens=file, public_url=url, origins=("https://host.example",))
        async with in_memory(create_app(settings), client=("10.0.0.7", 1)) as http:
            yield http, url

    @pytest.mark.parametrize(
        ("origin", "may"),
        [
            ("http://localhost:6274", True),
            ("http://127.0.0.1", True),
            ("http://[::1]:80", True),
            ("https://host.example", True),
            ("https://host.example:8443", False),
            ("http://host.example", False),
            ("https://evil.example", False),
            ("http://localhost.evil.example", False),
            ("http://localhost:6274.evil.example", False),
            ("null", False),
        ],
    )
    async def test_a_page_that_may_ask_may_read(self, served, origin, may):
        http, url = served
        wanted = "authorization,content-type,mcp-protocol-version,mcp-method,mcp-name,mcp-param-text"
        headers = {
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": wanted,
        }
        before = await http.options(url, headers=headers)
        asked = request("tools/list")
        answer = await http.post(url, content=asked["content"], headers=asked["headers"] | {"origin": origin})
        # The browser says who asks only after it was told that it may.
        assert (before.status_code, answer.status_code) == ((200, 401) if may else (400, 403))
        told = [one.headers.get("access-control-allow-origin") for one in (before, answer)]
        assert told == ([origin, origin] if may else [None, None])
        if may:
            assert before.headers["access-control-allow-headers"] == wanted
            assert "POST" in before.headers["access-control-allow-methods"]
            assert "WWW-Authenticate" in answer.headers["access-control-expose-headers"]
            assert "access-control-allow-credentials" not in answer.headers

    async def test_a_page_elsewhere_reads_nothing_of_a_server_of_this_machine(self, http):
        asked = request("tools/list")
        answer = await http.post(
            HERE, content=asked["content"], headers=asked["headers"] | {"origin": "https://evil.example"}
        )
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control-allow")]

    @pytest.mark.parametrize(
        "origin",
        ["*", "", "null", "host.example", "https://host.example/", "https://HOST.example", "ftp://a"],
    )
    def test_what_is_no_origin_is_told(self, origin):
        with pytest.raises(SettingsError, match="is not the origin of a web page; write it as in https://"):
            Settings(origins=(origin,))


@pytest.mark.parametrize(
    ("client", "no_auth", "status"),
    [
        (("127.0.0.1", 1), False, 200),
        (("::1", 1), False, 200),
        (("10.0.0.7", 1), False, 403),
        (("2001:db8::7", 1), False, 403),
        (("pictures", 1), False, 403),
        (("10.0.0.7", 1), True, 200),
    ],
)
async def test_another_machine_is_answered_only_where_nobody_has_to_say_who_it_is(client, no_auth, status):
    """Also under an ASGI server that listens everywhere."""
    async with in_memory(create_app(Settings(no_auth=no_auth)), client=client) as http:
        answer = await http.post(HERE, **request("tools/list"))
    assert answer.status_code == status
    if status == 403:
        assert answer.json() == {
            "error": "this server does not authenticate callers, so it accepts requests only from the machine it runs on"
        }


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS", "HEAD"])
async def test_there_is_nothing_to_listen_to_and_nothing_to_end(http, method):
    answer = await http.request(method, HERE, headers=BOTH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"{}", 202),
        (b'{"jsonrpc": "2.0", "id": 1}', 400),
    ],
)
async def test_what_is_no_request_is_refused(http, body, status):
    answer = await http.post(HERE, content=body, headers=request("tools/list")["headers"])
    assert answer.status_code in (status, 400)


@pytest.mark.long
async def test_a_picture_of_many_megabytes_is_an_argument(http):
    """The SDK's own limit, 4 MiB, would refuse it."""
    data = samples.noise(1500, 1500).convert("RGB")
    picture = f"data:image/bmp;base64,{samples.b64(samples.file(data, 'BMP'))}"
    assert len(picture) > 8_000_000
    answer = result(await http.post(HERE, **called("image_info", {"source": picture})))
    assert "1500x1500" in answer["content"][0]["text"]


class TestBodies:
    @pytest.fixture(autouse=True)
    def limits(self, monkeypatch):
        monkeypatch.setattr(application, "_MOST_BODY", 10_000)

    @staticmethod
    async def posted(parts, **headers):
        async def body():
            for part in parts:
                yield part

        async with in_memory(create_app(Settings())) as http:
            asked = request("tools/list")["headers"] | headers
            return await http.post(HERE, content=body(), headers=asked)

    async def test_a_body_that_is_said_to_be_too_large_is_refused_unread(self):
        answer = await self.posted([b"{"], **{"content-length": "10001"})
        assert answer.status_code == 413

    async def test_a_body_that_goes_on_for_too_long_is_refused(self):
        assert (await self.posted([b" " * 1_000] * 11)).status_code == 413

    async def test_a_body_that_does_not_come_is_given_up(self, monkeypatch):
        monkeypatch.setattr(request_body, "BODY_SECONDS", 0.05)
        sent = []
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/mcp",
            "raw_path": b"/mcp",
            "query_string": b"",
            "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
            "client": ("127.0.0.1", 1),
        }
        parts = [{"type": "http.request", "body": b"{", "more_body": True}]

        async def receive():
            if parts:
                return parts.pop()
            return await anyio.sleep_forever()

        async def send(message):
            sent.append(message)

        app = create_app(Settings())
        async with app.router.lifespan_context(app):
            await app(scope, receive, send)
        assert sent[0]["status"] == 408
        assert (b"connection", b"close") in sent[0]["headers"]


async def test_without_its_lifespan_it_says_so():
    transport = httpx2.ASGITransport(app=create_app(Settings()))
    async with httpx2.AsyncClient(transport=transport) as http:
        with pytest.raises(RuntimeError, match="run its lifespan"):
            await http.post(HERE, **request("tools/list"))


class TestLog:
    @pytest.fixture
    def lines(self, caplog):
        caplog.set_level(logging.INFO, "imagebridge.http")
        return lambda: [json.loads(_JsonLines().format(record)) for record in caplog.records]

    async def test_a_line_a_request_says_what_was_asked_and_how_it_went(self, http, lines):
        await http.post(HERE, **called("get_image", TEXT))
        (line,) = [one for one in lines() if one["logger"] == "imagebridge.http"]
        assert {
            name: value for name, value in line.items() if name not in ("time", "seconds", "received", "sent")
        } == {
            "level": "info",
            "logger": "imagebridge.http",
            "message": "request",
            "method": "POST",
            "path": "/mcp",
            "rpc": "tools/call",
            "tool": "get_image",
            "status": 200,
        }
        assert line["received"] > 100
        assert line["sent"] > 1000

    async def test_nothing_of_what_was_asked_or_shown_is_logged(self, http, lines, caplog):
        secret = "grocery-list-of-tuesday"
        data = f"data:image/png;base64,{samples.b64(secret.encode())}"
        asked = [
            called("get_image", {"text": secret}),
            called("get_image", {"text": 3, secret: secret}),
            called("load_image", {"source": secret}),
            called("load_image", {"source": data}),
            called(secret, {secret: secret}),
            request(secret),
            request("resources/read", {"uri": f"image://{secret}"}),
            request("prompts/get", {"name": secret}),
            {"content": secret, "headers": request("tools/list")["headers"]},
            {
                "content": json.dumps({"jsonrpc": "2.0", "id": 1, "method": 3, secret: secret}),
                "headers": BOTH,
            },
        ]
        for one in asked:
            headers = one["headers"] | {"authorization": f"Bearer {secret}", "x-note": secret}
            for version in ("2026-07-28", "2025-11-25"):
                told = headers | {"mcp-protocol-version": version, "content-type": "application/json"}
                await http.post(f"{HERE}?{secret}", content=one["content"], headers=told)
        await http.post(HERE, content=secret, headers={"host": secret})
        written = "\n".join(json.dumps(line) for line in lines())
        assert written.count('"request"') == 21
        assert secret not in written
        assert samples.b64(secret.encode()) not in written

    async def test_probes_are_not_logged(self, http, lines):
        await http.get("http://127.0.0.1/healthz")
        assert [line for line in lines() if line["logger"] == "imagebridge.http"] == []


def test_messages_are_those_of_the_wire():
    event = httpx2.Response(200, headers={"content-type": "text/event-stream"}, text='data: {"a": 1}\n\n')
    assert messages(event) == [{"a": 1}]


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
async def test_half_of_a_character_is_replaced(http, version):
    call = called("get_image", {"text": "cut \ud83d here"})
    answer = await http.post(
        HERE, **{**call, "headers": {**call["headers"], "mcp-protocol-version": version}}
    )
    assert 'shows the text "cut � here"' in result(answer)["content"][0]["text"]


ODD_BYTES = {
    "half a character": (b"cut \xed\xa0\xbd here", "cut \ufffd\ufffd\ufffd here"),
    "Latin-1": (b"caf\xe9", "caf\ufffd"),
    "UTF-8": ("caf\u00e9 \U0001f600".encode(), "caf\u00e9 \U0001f600"),
}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "with a byte order mark"])
@pytest.mark.parametrize("case", ODD_BYTES)
@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
async def test_bytes_that_are_no_text_are_replaced(http, version, case, mark):
    sent, expected = ODD_BYTES[case]
    call = called("get_image", {"text": "@"})
    content = mark + call["content"].encode().replace(b'"@"', b'"%s"' % sent)
    answer = await http.post(
        HERE, content=content, headers=call["headers"] | {"mcp-protocol-version": version}
    )
    assert f'shows the text "{expected}"' in result(answer)["content"][0]["text"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
async def test_other_encodings_are_refused(http, version, encoding):
    call = called("get_image", {"text": "Hi"})
    answer = await http.post(
        HERE,
        content=call["content"].encode(encoding),
        headers=call["headers"] | {"mcp-protocol-version": version},
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32700
