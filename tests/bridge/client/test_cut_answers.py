"""A replica that dies after the head of its answer: the call may have run, and only harmless ones are sent again."""

import pytest
from servers_over_http import EVENTS_HEAD, OlderServer, Server, chunk, once, scripted

from imagebridge import Bridge, HttpServer

pytestmark = pytest.mark.anyio

JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n"
HALF = 'data: {"jsonrpc": "2.0", "id"'
CLOSED = "show: the server closed the connection before it answered; it may or may not have run"
LOST = "the connection was lost, and show was not answered: it may or may not have run"

CUTS = {
    "JSON, head": (JSON_HEAD, CLOSED),
    "JSON, half": (JSON_HEAD + b'{"jsonrpc": "2.0", "id"', CLOSED),
    "events, head": (EVENTS_HEAD, LOST),
    "events, half": (EVENTS_HEAD + chunk(HALF), LOST),
    "events, an ended body": (EVENTS_HEAD + chunk(HALF) + b"0\r\n\r\n", LOST),
    # Nothing can resume it: a GET is answered with 405.
    "events, resumable": (EVENTS_HEAD + chunk("id: 1\nretry: 100\ndata: \n\n"), LOST),
}


async def loses_an_answer(server, url, cut, words, transport="http"):
    """Let one answer to each tool be lost; return how many calls reached the server."""
    server.tools["set"] = {"idempotentHint": True, "readOnlyHint": False}
    async with Bridge(HttpServer(url, transport=transport), timeout=600) as bridge:
        cut()
        output = (await bridge.answer("show", {})).output
        # One generation puts the name of the server elsewhere.
        assert output.partition(": ")[2] == words
        assert server.calls() == 1
        assert (await bridge.answer("show", {})).output == "shown"
        for tool in ("look", "set"):
            cut()
            assert (await bridge.answer(tool, {})).output == "shown"
        assert server.calls() == 6


@pytest.mark.parametrize("modern", [False, True], ids=["2025-11-25", "2026-07-28"])
@pytest.mark.parametrize("case", CUTS)
async def test_an_answer_that_is_cut_may_have_run(case, modern):
    said, words = CUTS[case]
    server = Server(modern=modern)

    def cut():
        server.refuse = once(said)

    with scripted(server) as (url, _):
        await loses_an_answer(server, url, cut, words)
    assert server.asked.count("initialize") == (not modern)


async def test_an_answer_that_is_cut_in_the_older_transport_may_have_run():
    server = OlderServer()

    def cut():
        left = [None]

        def refuse(method, _):
            if method == "tools/call" and left:
                server.events.put(left.pop())
                return 202, "text/plain", ""
            return None

        server.refuse = refuse

    with scripted(server) as (url, _):
        await loses_an_answer(server, url, cut, LOST, "sse")


@pytest.mark.parametrize("head", [b"HTTP/1.1 202 Accepted\r\ncontent-length: 9\r\n\r\n", b"HTTP/1.1 2"])
async def test_a_post_of_the_older_transport_that_is_cut_may_have_run(head):
    server = OlderServer()

    def cut():
        server.refuse = once(head)

    with scripted(server) as (url, _):
        await loses_an_answer(server, url, cut, CLOSED, "sse")
    assert server.asked.count("initialize") == 1
