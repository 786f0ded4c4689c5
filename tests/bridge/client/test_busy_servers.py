"""With busy servers behind a URL, calls wait until their deadline, and report if the wait would be too long."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest
from servers_over_http import scripted

from imagebridge import Bridge, HttpServer
from imagebridge.client.http_errors import retry_after
from imagebridge.errors import ServerError

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


@pytest.mark.parametrize(
    "form", ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S -0000"]
)
def test_a_date_means_utc_in_all_its_forms_wherever_the_client_is(form, monkeypatch):
    later = (datetime.now(UTC) + timedelta(seconds=90)).strftime(form)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        reset_zone()
        assert 30 < retry_after(429, {"retry-after": later}) <= 90
    reset_zone()


# Windows has no such function, and follows no such variable.
reset_zone = getattr(time, "tzset", lambda: None)


@pytest.mark.parametrize("hints", [{}, {"readOnlyHint": True}])
async def test_a_call_that_waited_in_vain_did_not_run(hints, monkeypatch):
    monkeypatch.setitem(TOOL, "annotations", hints)
    server = Busy(10**6)
    with scripted(server) as (url, _):
        async with Bridge(HttpServer(url, transport="http"), timeout=120) as bridge:
            (connection,) = bridge._servers.connections
            connection.setup = replace(connection.setup, timeout=3)
            told = (await bridge.answer("show", {})).output
            words = "show did not run: the server returned 429 Too Many Requests: 100 requests are under way. Try again later"
            assert told == f"Tool error:\nbusy: {words}"
            server.left = 0
            connection.setup = replace(connection.setup, timeout=120)
            assert (await bridge.call("show", {}))["content"][0]["text"] == "shown"
    assert server.calls == 1


async def test_a_call_that_is_cancelled_while_it_waits_leaves_nothing_and_keeps_no_other_waiting():
    refused = anyio.Event()
    server = Busy(1, **{"retry-after": "3600"})

    def serve(request):
        answer = server(request)
        if answer[0] == 429:
            anyio.from_thread.run_sync(refused.set, token=token)
        return answer

    token = anyio.lowlevel.current_token()
    with scripted(serve) as (url, seen):
        async with Bridge(HttpServer(url, transport="http"), timeout=10**6, parallel=True) as bridge:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(bridge.call, "show", {})
                await refused.wait()
                assert (await bridge.call("show", {}))["content"][0]["text"] == "shown"
                tasks.cancel_scope.cancel()
            assert (await bridge.call("show", {}))["content"][0]["text"] == "shown"
    called = [one for one in seen if b'"tools/call"' in one.body]
    assert (len(called), server.calls) == (3, 2)


@pytest.mark.parametrize("method", ["initialize", "tools/list"])
async def test_a_server_that_has_no_room_for_long_is_told_at_once(method):
    with scripted(Busy(10**6, method, **{"retry-after": "3600"})) as (url, _):
        with pytest.raises(ServerError) as raised:
            async with Bridge(HttpServer(url, transport="http"), timeout=10**6):
                pass
    assert raised.value.problem.startswith(
        'it returned 429 Too Many Requests: "100 requests are under way". Try again later'
    )


async def test_a_server_that_has_no_room_in_time_is_told_with_its_words():
    with scripted(Busy(10**6, "tools/list")) as (url, _):
        with pytest.raises(ServerError) as raised:
            async with Bridge(HttpServer(url, transport="http"), timeout=120):
                pass
    assert "429 Too Many Requests" in raised.value.problem


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
            assert "show did not run: the server returned 429 Too Many Requests: 100 requests" in told
            assert told.endswith("Try again in 3,600 seconds")
            # The conversation goes on.
            assert (await bridge.call("show", {}))["content"][0]["text"] == "shown"
