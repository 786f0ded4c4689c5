"""Calls that a server refuses or answers with too much, told in the same words over Streamable HTTP and the older HTTP+SSE."""

import json

import httpx2
import pytest
from servers_over_http import EVENTS_HEAD, OlderServer, Server, chunk, once, scripted

from imagebridge import Bridge, HttpServer
from imagebridge.errors import ServerError

pytestmark = pytest.mark.anyio


async def told(bridge):
    """Return what a model is told, without the name of the server."""
    output = (await bridge.answer("show", {})).output
    return output.partition(": show: ")[2] or output


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, "text/html", "<p>oops"), "500 Internal Server Error; it may or may not have run"),
        ((502, "text/html", "<p>oops"), "502 Bad Gateway; it may or may not have run"),
        (
            (503, "text/html", "<p>oops"),
            "503 Service Unavailable: the server is not available at the moment; try again later",
        ),
        (
            (401, "text/html", "<p>oops"),
            "401 Unauthorized: the token is missing, wrong or expired, and the user has to renew it",
        ),
        ((403, "application/json", '{"detail": "not you"}'), "403 Forbidden: not you"),
        ((599, "text/plain", ""), "599 (no standard status); it may or may not have run"),
    ],
)
async def test_both_transports_say_the_same_of_a_refused_call(answer, words):
    for server, transport in ((Server(once(answer)), "http"), (OlderServer(once(answer)), "sse")):
        with scripted(server) as (url, _):
            async with Bridge(HttpServer(url, transport=transport), timeout=120) as bridge:
                assert await told(bridge) == f"the server returned {words}"
                assert server.calls() == 1
                assert await told(bridge) == "shown"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            (307, "text/plain", "", {"location": "https://other.test/mcp?key=secret"}),
            "the server redirects to https://other.test/mcp; use that URL if it is the intended server",
        ),
        # The message would be lost, because clients turn it into a GET.
        (
            (302, "text/plain", "", {"location": "https://other.test/mcp"}),
            "the server redirects to https://other.test/mcp; use that URL if it is the intended server",
        ),
        ((304, "text/plain", ""), "the server returned 304 Not Modified"),
    ],
)
@pytest.mark.parametrize(("kind", "transport"), [(Server, "http"), (OlderServer, "sse")])
async def test_a_redirected_call_is_told_and_nothing_is_logged(answer, words, kind, transport, caplog):
    with scripted(kind(once(answer))) as (url, _):
        async with Bridge(HttpServer(url, transport=transport), timeout=120) as bridge:
            caplog.clear()
            assert await told(bridge) == words
            assert not [one for one in caplog.records if one.levelname in ("WARNING", "ERROR")]
            assert await told(bridge) == "shown"


class Revoked(httpx2.Auth):
    def auth_flow(self, request):
        raise ValueError("the token was revoked")
        yield request


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_an_auth_that_fails_is_no_server_that_is_away(transport):
    server = HttpServer("http://127.0.0.1:9/mcp", auth=Revoked(), transport=transport)
    with pytest.raises(ServerError) as raised:
        async with Bridge(server, timeout=120):
            pass
    assert raised.value.problem == "authentication failed: ValueError: the token was revoked"


async def test_a_body_that_is_too_large_is_told_by_both_transports(monkeypatch):
    answer = (200, "application/json", "[" * 5_000)
    accepted = (202, "text/plain", "x" * 5_000)
    for server, transport in ((Server(once(answer)), "http"), (OlderServer(once(accepted)), "sse")):
        with scripted(server) as (url, _):
            async with Bridge(HttpServer(url, transport=transport), timeout=120) as bridge:
                with monkeypatch.context() as smaller:
                    smaller.setattr("imagebridge.client.http_bodies.MAX_LINE", 2_000)
                    words = "the server returned more than 2,000 bytes, which is the limit"
                    assert await told(bridge) == words
                assert await told(bridge) == "shown"


ANSWER = '{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"fine"}]}}'
OTHER = ANSWER.replace("ID", "987654").replace("fine", "of another call")
NOTE = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"noted"}}'


def in_json(_, body):
    return 200, "application/json", body


def in_events(_, body):
    return EVENTS_HEAD + chunk(f"data: {body}\n\n") + chunk("")


def in_older_events(server, body):
    server.events.put(body)
    return 202, "text/plain", ""


@pytest.mark.parametrize(
    ("form", "notes"),
    [
        (f"[{ANSWER}]", 0),
        (f"[{NOTE},5,{ANSWER}]", 1),
        # The call has ended when the note is read, and so may the connection.
        (f"[{ANSWER},{NOTE}]", None),
        (f"[{OTHER},{ANSWER}]", 0),
    ],
    ids=range(4),
)
@pytest.mark.parametrize("way", [in_json, in_events, in_older_events])
async def test_the_answer_in_a_batch_is_found(way, form, notes):
    """Batches were part of the protocol only in 2025-03-26, and some servers still send them."""
    transport, server = ("sse", OlderServer()) if way is in_older_events else ("http", Server(modern=False))
    logged = []

    def refuse(method, request):
        number = str(json.loads(request.body).get("id"))
        return way(server, form.replace("ID", number)) if method == "tools/call" else None

    server.refuse = refuse
    with scripted(server) as (url, _):
        async with Bridge(
            HttpServer(url, transport=transport), timeout=600, on_event=logged.append
        ) as bridge:
            assert await told(bridge) == "fine"
    # A body has room for the answer alone.
    expected = 0 if way is in_json else notes
    if expected is not None:
        assert [one.data for one in logged] == ["noted"] * expected


async def test_a_body_that_is_no_answer_does_not_keep_its_call_waiting():
    """A request of the server's own that has the number of the call."""
    server = Server(modern=False)

    def refuse(method, request):
        number = json.loads(request.body).get("id")
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "ping"})
        return (200, "application/json", body) if method == "tools/call" else None

    server.refuse = refuse
    with scripted(server) as (url, _):
        async with Bridge(HttpServer(url), timeout=600) as bridge:
            assert (await told(bridge)).startswith("the answer is not JSON-RPC: ")
