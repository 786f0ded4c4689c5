"""HTTP sessions that a server has forgotten, however it reports that, and errors passed on in its own words."""

import json
from contextlib import contextmanager

import pytest
from long_rows import one_in

from imagebridge import Bridge, BridgeError, HttpServer
from imagebridge.client.http_errors import SESSION_LOST, denies, error_message, forgets
from imagebridge.testing.server import HttpResponse, LoopbackServer

pytestmark = pytest.mark.anyio

JSON, TEXT, EVENTS = "application/json", "text/plain", "text/event-stream"


def error(code, message, number=None):
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}


class Remote:
    """A server of 2025-06-18 over Streamable HTTP; `lost` answers what it is asked in a session that it does not know."""

    def __init__(self, lost, *, annotations=None, fails=()):
        self.lost = lost
        self.known = True
        self.begun = 0
        self.listed = 0
        self.ran = []
        self.fails = list(fails)
        self.tool = {"name": "shot", "inputSchema": {"type": "object"}, "annotations": annotations or {}}

    def restart(self):
        self.known = False

    def respond(self, method, _path, body):
        if method != "POST":
            return HttpResponse(405, b"")
        asked = json.loads(body)
        number = asked.get("id")
        if asked["method"] == "initialize":
            self.known = True
            self.begun += 1
            result = {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "remote", "version": "1"},
            }
            return self.answered(number, result, {"mcp-session-id": f"s{self.begun}"})
        if asked["method"] == "server/discover":
            return HttpResponse(200, json.dumps(error(-32601, "no such method", number)).encode(), JSON)
        if not self.known:
            status, kind, told = self.lost
            told = told(number) if callable(told) else told
            written = told.encode() if isinstance(told, str) else json.dumps(told).encode()
            written = b"data: " + written + b"\n\n" if kind == EVENTS else written
            return HttpResponse(status, written, kind)
        if number is None:
            return HttpResponse(202, b"")
        if asked["method"] == "tools/list":
            self.listed += 1
            return self.answered(number, {"tools": [self.tool]})
        self.ran.append(asked["params"]["arguments"])
        if self.fails:
            code, words = self.fails.pop(0)
            return HttpResponse(200, json.dumps(error(code, words, number)).encode(), JSON)
        return self.answered(number, {"content": [{"type": "text", "text": f"shot {len(self.ran)}"}]})

    def answered(self, number, result, headers=None):
        made = {"jsonrpc": "2.0", "id": number, "result": result}
        return HttpResponse(200, json.dumps(made).encode(), JSON, headers or {})


@contextmanager
def serving(respond):
    server = LoopbackServer(respond)
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/mcp"
    finally:
        server.stop()


def calls(count):
    made = [
        {"type": "function_call", "call_id": f"c{at}", "name": "shot", "arguments": "{}"}
        for at in range(count)
    ]
    return {"model": "gpt-5.6-luna", "output": made}


LOST = {
    "404": (404, JSON, error(-32001, "Session not found")),
    "404 without a word": (404, TEXT, ""),
    "410": (410, TEXT, "gone"),
    "400, session": (400, JSON, error(-32000, "Bad Request: No valid session ID provided")),
    "400, not initialized": (400, JSON, error(-32000, "Bad Request: Server not initialized")),
    "400, as a text": (400, TEXT, "Invalid or missing session ID"),
    "400, British": (400, TEXT, "Server not initialised"),
    "409": (409, JSON, {"detail": "session expired"}),
    "422": (422, JSON, {"error": "Mcp-Session-Id is unknown"}),
    "200, -32001": (200, JSON, lambda number: error(-32001, "Session not found", number)),
    "200, -32001, no number": (200, JSON, error(-32001, "Session not found")),
    "200, -32600": (200, JSON, lambda number: error(-32600, "Invalid session id", number)),
    "200, -32000": (200, JSON, lambda number: error(-32000, "Server not initialized", number)),
    "200, -32002": (200, JSON, lambda number: error(-32002, "the server has not been initialized", number)),
    "in an event": (200, EVENTS, lambda number: error(-32001, "Session terminated", number)),
    "in an event, no number": (200, EVENTS, error(-32600, "Unknown session")),
}


@pytest.mark.parametrize("many", one_in(2, [3, 1]))
@pytest.mark.parametrize("case", one_in(3, LOST))
async def test_calls_in_a_lost_session_are_made_again_each_once(case, many):
    # Three at once: the first that is refused must not take the others' answers along.
    remote = Remote(LOST[case], annotations={"readOnlyHint": False})
    with serving(remote.respond) as url:
        async with Bridge(HttpServer(url), timeout=600, parallel=True) as bridge:
            remote.restart()
            outputs = await bridge.outputs(calls(many))
    assert sorted(one["output"] for one in outputs) == [f"shot {at}" for at in range(1, many + 1)]
    assert len(remote.ran) == many
    # The tools of the new session were listed when it was opened.
    assert remote.listed == 2


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-32000, "browser session not found"),
        (-32603, "Session not found"),
        (-32602, "session_id is required"),
        (-32001, "Request timed out"),
        (-32600, "no such tool"),
        (SESSION_LOST + 1, "Session not found"),
    ],
)
async def test_an_error_of_a_call_that_may_have_run_is_no_lost_session(code, words):
    remote = Remote(None, fails=[(code, words)])
    with serving(remote.respond) as url:
        async with Bridge(HttpServer(url), timeout=600) as bridge:
            (output,) = await bridge.outputs(calls(1))
    assert output["output"] == f"Tool error:\nremote: shot: {words}"
    assert (len(remote.ran), remote.begun) == (1, 1)


async def test_a_server_that_forgets_each_session_at_once_is_told_of():
    remote = Remote(LOST["404"])

    def forgetful(method, path, body):
        if b'"tools/call"' in body:
            remote.restart()
        return remote.respond(method, path, body)

    with serving(forgetful) as url:
        async with Bridge(HttpServer(url), timeout=600) as bridge:
            (output,) = await bridge.outputs(calls(1))
    assert output["output"] == (
        "Tool error:\nremote: shot: the server does not recognise the session that it has just opened; it did not run"
    )
    assert (remote.ran, remote.begun) == ([], 2)


@pytest.mark.parametrize("reads", [True, False])
async def test_a_replica_that_dies_with_its_sessions_costs_only_calls_that_change_something(reads):
    """A balancer answers 502, and the next request reaches a replica that knows no session of the dead one."""
    remote, left = Remote(LOST["404"], annotations={"readOnlyHint": reads}), [1]

    def balanced(method, path, body):
        if b'"tools/call"' in body and left:
            left.pop()
            remote.restart()
            return HttpResponse(502, b"")
        return remote.respond(method, path, body)

    with serving(balanced) as url:
        async with Bridge(HttpServer(url), timeout=600) as bridge:
            (first,) = await bridge.outputs(calls(1))
            (second,) = await bridge.outputs(calls(1))
    lost = "Tool error:\nremote: shot: the server returned 502 Bad Gateway; it may or may not have run"
    assert first["output"] == ("shot 1" if reads else lost)
    assert second["output"] == ("shot 2" if reads else "shot 1")
    assert remote.begun == 2


REFUSALS = [
    (403, TEXT, "Access is only allowed at localhost:3903", "Access is only allowed at localhost:3903"),
    (400, JSON, error(-32000, "The tenant header is missing"), "The tenant header is missing"),
    (403, JSON, {"detail": "No such tenant"}, "No such tenant"),
    (403, JSON, {"error": "access_denied", "error_description": "Not from here"}, "Not from here"),
    (500, "application/problem+json", {"title": "Broken", "status": 500}, "Broken"),
    (403, TEXT, "\n\n  First  line\nsecond line", "First line"),
    (403, TEXT, "\x1b[31mred\x1b[0m\x00 words", "red words"),
    (403, TEXT, "x" * 5_000, "x" * 200 + "…"),
    (403, JSON, "[]", ""),
    (403, JSON, "{}", ""),
    (403, "text/html", "<!doctype html><title>403</title>", ""),
    (403, "", b"\xff\xfe", "\ufffd\ufffd"),
]


@pytest.mark.parametrize(("status", "kind", "body", "words"), REFUSALS)
async def test_a_refusal_is_told_in_the_servers_words(status, kind, body, words):
    written = (
        body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    )
    assert error_message(kind, written) == words
    with serving(lambda *_: HttpResponse(status, written, kind or "application/octet-stream")) as url:
        with pytest.raises(BridgeError) as raised:
            async with Bridge(HttpServer(url), timeout=600):
                pass
    assert (f': "{words}"' in str(raised.value)) is bool(words)
    assert f"it returned {status} " in str(raised.value)


@pytest.mark.parametrize("status", [200, 302, 500, 502, 503])
def test_what_may_have_run_is_not_refused(status):
    assert not forgets(status, b"session not found")


def test_words_that_only_speak_of_sessions():
    assert denies(-32001, "No session with id 5")
    assert not denies(-32001, "the session is fine")
