"""With busy servers behind a URL, calls wait until their deadline, and report if the wait would be too long."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import pytest
from servers_over_http import scripted

from imagebridge import Bridge, HttpServer
from imagebridge.client.http_errors import retry_after

pytestmark = pytest.mark.anyio

TOOL = {"name": "show", "description": "Shows.", "inputSchema": {"type": "object"}}


@pytest.mark.parametrize(
    ("status", "told", "seconds"),
    [
        (429, "3", 3.0),
        (429, " 0 ", 0.0),
        (429, None, 1.0),
        (429, "soon", 1.0),
        (429, "-3", 1.0),
        (429, "9" * 40, 1.0),
        (429, "Wed, 21 Oct 99999999999999 07:28:00 GMT", 1.0),
        (429, "Wed, 21 Oct 2015 07:28:00 +99999999999999999999", 1.0),
        (503, "2", 2.0),
        (503, None, None),
        (500, "2", None),
        (200, "2", None),
    ],
)
def test_when_to_come_again(status, told, seconds):
    assert retry_after(status, {"retry-after": told} if told else {}) == seconds


def test_when_to_come_again_as_a_date():
    now = datetime.now(UTC)
    later = retry_after(429, {"retry-after": format_datetime(now + timedelta(seconds=90), usegmt=True)})
    assert 30 < later <= 90
    assert retry_after(429, {"retry-after": format_datetime(now - timedelta(days=1), usegmt=True)}) == 0.0


class Busy:
    """A server of 2025-11-25 that refuses what `refuses` says, each time with these headers."""

    def __init__(self, refusals, method="tools/call", status=429, **headers):
        self.left, self.method, self.status = refusals, method, status
        self.headers = {"retry-after": "0", **headers}
        self.calls = 0

    def __call__(self, request):
        if request.method != "POST":
            return 405, "text/plain", ""
        message = json.loads(request.body)
        if "id" not in message:
            return 202, "text/plain", ""
        method = message["method"]
        if method == self.method and self.left:
            self.left -= 1
            return (
                self.status,
                "application/json",
                json.dumps({"error": "100 requests are under way"}),
                self.headers,
            )
        results = {
            "initialize": {
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "busy", "version": "1"},
            },
            "tools/list": {"tools": [TOOL]},
            "tools/call": {"content": [{"type": "text", "text": "shown"}]},
        }
        self.calls += method == "tools/call"
        if method not in results:
            error = {"code": -32601, "message": "no such method"}
            return (
                200,
                "application/json",
                json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}),
            )
        return (
            200,
            "application/json",
            json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": results[method]}),
        )


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["tools/call", "tools/list", "initialize"])
async def test_a_request_waits_for_its_turn(method, status):
    server = Busy(3, method, status)
    with scripted(server) as (url, _):
        async with Bridge(HttpServer(url, transport="http"), timeout=120) as bridge:
            result = await bridge.call("show", {})
    assert result["content"][0]["text"] == "shown"
    assert (server.left, server.calls) == (0, 1)


@pytest.mark.parametrize("hints", [{"readOnlyHint": True}, {"idempotentHint": True}])
@pytest.mark.parametrize("refusals", [1, 2])
async def test_a_call_that_a_gateway_has_lost_is_made_once_more_where_that_can_do_no_harm(
    monkeypatch, hints, refusals
):
    monkeypatch.setitem(TOOL, "annotations", hints)
    server = Busy(refusals, status=502)
    with scripted(server) as (url, _):
        async with Bridge(HttpServer(url, transport="http"), timeout=120) as bridge:
            told = (await bridge.answer("show", {})).output
            if refusals == 1:
                assert told == "shown"
            else:
                words = "show: the server returned 502 Bad Gateway: 100 requests are under way; it was tried twice"
                assert words in told
            assert (server.left, server.calls) == (0, refusals % 2)
            assert (await bridge.call("show", {}))["content"][0]["text"] == "shown"


@pytest.mark.parametrize("hints", [{}, {"destructiveHint": True}, {"readOnlyHint": False}])
async def test_another_call_that_a_gateway_has_lost_is_told(monkeypatch, hints):
    monkeypatch.setitem(TOOL, "annotations", hints)
    server = Busy(1, status=502)
    with scripted(server) as (url, _):
        async with Bridge(HttpServer(url, transport="http"), timeout=120) as bridge:
            told = (await bridge.answer("show", {})).output
            words = "show: the server returned 502 Bad Gateway: 100 requests are under way; it may or may not have run"
            assert words in told
            assert server.calls == 0
            assert (await bridge.call("show", {}))["content"][0]["text"] == "shown"


async def test_a_call_that_cannot_wait_so_long_is_told_at_once():
    server = Busy(1, **{"retry-after": "3600"})
    with scripted(server) as (url, _):
        async with Bridge(HttpServer(url, transport="http"), timeout=120) as bridge:
            with anyio.fail_after(60):
                translation = await bridge.answer("show", {})
            assert server.calls == 0
            told = translation.output
            assert told.startswith("Tool error:")
            assert "show: the server returned 429 Too Many Requests: 100 requests are under way" in told
            # The conversation goes on.
            assert (await bridge.call("show", {}))["content"][0]["text"] == "shown"
