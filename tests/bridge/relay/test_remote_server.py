"""A server behind a URL that sends more than its host reads, or less than it requests."""

import json
from functools import partial

import anyio
import anyio.lowlevel
import httpx2
import pytest
from anyio.lowlevel import checkpoint
from remote_relay import ANSWER, EVENTS, URL, behind, line, notification, read, request, send

from imagebridge.client import http_bodies
from imagebridge.relay import remote_server

pytestmark = pytest.mark.anyio


class Flood(httpx2.AsyncByteStream):
    """Events without end but one; `sent` counts them."""

    def __init__(self, count, last):
        self.count, self.last, self.sent = count, last, 0

    async def __aiter__(self):
        while self.sent < self.count:
            self.sent += 1
            yield b"data: " + line(notification(self.sent)) + b"\n\n"
            await checkpoint()
        yield b"data: " + line(self.last) + b"\n\n"


@pytest.mark.parametrize("asked", [request(1), notification(0)], ids=["a call", "a notification"])
async def test_a_server_is_held_up_where_its_host_reads_nothing(asked):
    last = {"jsonrpc": "2.0", "id": 1, "result": {}}
    flood = Flood(1_000, last)
    answers = iter([httpx2.Response(200, headers=EVENTS, stream=flood), httpx2.Response(202)])
    async with behind(lambda _: next(answers)) as server:
        await send(server, asked)
        await anyio.wait_all_tasks_blocked()
        assert 0 < flood.sent < 100
        # What the host says meanwhile is taken all the same.
        await send(server, notification(-1))
        assert await read(server, 1_001) == [notification(one + 1) for one in range(1_000)] + [last]


async def test_more_calls_than_any_host_makes_are_refused_and_the_others_answered(monkeypatch):
    monkeypatch.setattr(remote_server, "_MOST_CALLS", 3)
    go_on = anyio.Event()

    async def answer(asked):
        said = json.loads(asked.content)
        if "id" not in said:
            go_on.set()
            return httpx2.Response(202)
        await go_on.wait()
        return httpx2.Response(200, json={"jsonrpc": "2.0", "id": said["id"], "result": {}})

    async with behind(answer) as server:
        for number in range(1, 5):
            await send(server, request(number))
        (refused,) = await read(server, 1)
        assert refused["id"] == 4
        assert refused["error"]["message"].startswith(f"3 calls to {URL} are waiting for answers")
        # A notification is none of them: it is what the server waits for here.
        await send(server, notification(0))
        assert sorted(one["id"] for one in await read(server, 3)) == [1, 2, 3]
        await send(server, request(5))
        assert (await read(server, 1))[0]["result"] == {}


async def test_what_was_asked_before_the_host_closed_its_side_is_answered():
    go_on = anyio.Event()

    async def answer(asked):
        await go_on.wait()
        return httpx2.Response(
            200, json={"jsonrpc": "2.0", "id": json.loads(asked.content)["id"], "result": {}}
        )

    async with behind(answer) as server, anyio.create_task_group() as tasks:
        await send(server, request(1))
        tasks.start_soon(server.finish)
        await anyio.wait_all_tasks_blocked()
        go_on.set()
        assert (await read(server, 1))[0] == {"jsonrpc": "2.0", "id": 1, "result": {}}


@pytest.mark.parametrize(
    ("said", "back"),
    [
        ("retry: 0", "1"),
        ("retry: -5", "1"),
        ("retry: 1000000000000", "1"),
        ("retry: " + "9" * 400, "1"),
        ("id: 2", "2"),
    ],
    ids=["at once", "before", "never", "many digits", "another event"],
)
async def test_a_stream_is_taken_up_again_as_its_server_can_mean_it(said, back):
    events = f"id: 1\nretry: 100\ndata: \n\n{said}\ndata: \n\n".encode()
    asked = []

    def answer(request):
        asked.append(request.headers.get("last-event-id"))
        sent = events if len(asked) == 1 else b"data: " + line(ANSWER) + b"\n\n"
        return httpx2.Response(200, headers=EVENTS, content=sent)

    async with behind(answer) as server:
        await send(server, request(1))
        assert await read(server, 1) == [ANSWER]
    assert asked == [None, back]


@pytest.mark.parametrize("said", ["日本", "a\x0bX-Evil: 1", "x" * 2_000], ids=["no ASCII", "control", "long"])
async def test_a_stream_whose_events_have_names_that_no_header_takes_is_not_taken_up_again(said):
    answers = iter([f"id: {said}\nretry: 100\ndata: \n\n".encode(), b"data: " + line(ANSWER) + b"\n\n"])
    async with behind(lambda _: httpx2.Response(200, headers=EVENTS, content=next(answers))) as server:
        await send(server, request(1))
        (refused,) = await read(server, 1)
        words = "ended its answer before sending the result; it may or may not have run"
        assert refused["error"]["message"] == f"{URL} {words}"
        await send(server, request(1))
        assert await read(server, 1) == [ANSWER]


async def test_a_session_whose_name_no_header_takes_costs_no_call():
    asked = []

    def answer(request):
        asked.append(request.headers.get("mcp-session-id"))
        headers = [(b"mcp-session-id", "é日".encode())]
        return httpx2.Response(200, headers=headers, json={**ANSWER, "id": json.loads(request.content)["id"]})

    async with behind(answer) as server:
        for number in (1, 2):
            await send(server, request(number))
            assert (await read(server, 1))[0]["id"] == number
    assert asked == [None, None]


class Endless(httpx2.AsyncByteStream):
    async def __aiter__(self):
        while True:
            yield b"data: " + b"[" * 5_000


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
async def test_an_answer_without_end_is_refused_and_the_next_call_answered(kind, monkeypatch):
    monkeypatch.setattr(http_bodies, "MAX_LINE", 10_000)
    endless = httpx2.Response(200, headers={"content-type": kind}, stream=Endless())
    answers = iter([endless, httpx2.Response(200, json=ANSWER)])
    async with behind(lambda _: next(answers)) as server:
        await send(server, request(1))
        (refused,) = await read(server, 1)
        assert refused["error"]["message"] == f"{URL} returned more than 10,000 bytes, which is the limit"
        await send(server, request(1))
        assert await read(server, 1) == [ANSWER]


class Broken(httpx2.AsyncByteStream):
    """A body that breaks off."""

    async def __aiter__(self):
        yield b"{"
        raise httpx2.RemoteProtocolError("peer closed connection without sending complete message body")


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        (httpx2.ConnectError("refused"), "cannot be reached: refused; it did not run"),
        (
            httpx2.RemoteProtocolError("Server disconnected without sending a response."),
            "closed the connection before it answered; it may or may not have run",
        ),
        (
            httpx2.Response(200, headers={"content-type": "application/json"}, stream=Broken()),
            "closed the connection before it answered; it may or may not have run",
        ),
        (
            httpx2.Response(200, headers=EVENTS, stream=Broken()),
            "closed the connection before it answered; it may or may not have run",
        ),
        (httpx2.Response(200, html="<p>Log in"), "returned text/html, which is not an MCP answer"),
        (
            httpx2.Response(307, headers={"location": "https://other.test/mcp?key=secret"}),
            "redirects to https://other.test/mcp; use that URL if it is the intended server",
        ),
        (
            httpx2.Response(401, json={"error_description": "it expired"}),
            "returned 401 Unauthorized: it expired",
        ),
        (
            httpx2.Response(429, json={"error": "no room"}, headers={"retry-after": "7"}),
            "returned 429 Too Many Requests: no room. It did not run; try again in 7 seconds",
        ),
        (httpx2.Response(504, html="<p>"), "returned 504 Gateway Timeout; it may or may not have run"),
    ],
)
async def test_what_comes_in_place_of_an_answer_is_told_on_one_line(answered, words):
    def answer(_):
        if isinstance(answered, Exception):
            raise answered
        return answered

    async with behind(answer) as server:
        await send(server, request(1))
        (refused,) = await read(server, 1)
        assert refused["error"]["message"] == f"{URL} {words}"


@pytest.mark.parametrize(
    ("answered", "times"),
    [
        (httpx2.Response(200, json=ANSWER), 1),
        (httpx2.Response(200, headers=EVENTS, content=b"data: " + line(ANSWER) + b"\n\n"), 1),
        (httpx2.Response(400, json=ANSWER), 1),
        (httpx2.Response(202, headers={"content-type": "application/json"}), 0),
    ],
    ids=["JSON", "an event", "a refusal", "nothing"],
)
async def test_an_answer_is_parsed_once(answered, times, monkeypatch):
    parsed = []
    parse = remote_server.read_line
    monkeypatch.setattr(remote_server, "read_line", lambda body: (parsed.append(body), parse(body))[1])
    async with behind(lambda _: answered) as server:
        await send(server, request(1))
        assert (await read(server, 1) == [ANSWER]) is bool(times)
    assert len(parsed) == times


async def test_a_stream_for_the_servers_own_messages_that_is_a_page_is_not_reopened(monkeypatch):
    monkeypatch.setattr(remote_server, "_StreamPosition", partial(remote_server._StreamPosition, pause=0.0))
    opened = []

    def answer(request):
        if request.method == "GET":
            assert not opened
            opened.append(request)
            return httpx2.Response(200, html="<p>Welcome")
        asked = json.loads(request.content)
        return (
            httpx2.Response(200, json={**ANSWER, "id": asked["id"]})
            if "id" in asked
            else httpx2.Response(202)
        )

    async with behind(answer) as server:
        await send(server, {"jsonrpc": "2.0", "method": "notifications/initialized"})
        await anyio.wait_all_tasks_blocked()
        await send(server, request(1))
        assert await read(server, 1) == [ANSWER]
    assert len(opened) == 1


async def test_a_resumed_stream_without_end_is_not_resumed_again(monkeypatch):
    monkeypatch.setattr(http_bodies, "MAX_LINE", 10_000)
    begun = httpx2.Response(200, headers=EVENTS, content=b"id: 1\nretry: 100\ndata: \n\n")
    answers = iter([begun, httpx2.Response(200, headers=EVENTS, stream=Endless())])
    async with behind(lambda _: next(answers)) as server:
        await send(server, request(1))
        (refused,) = await read(server, 1)
        assert refused["error"]["message"] == f"{URL} returned more than 10,000 bytes, which is the limit"


async def test_a_stream_for_the_servers_own_messages_is_not_resumed_at_a_message_without_end(monkeypatch):
    monkeypatch.setattr(http_bodies, "MAX_LINE", 10_000)
    seen = []

    def answer(request):
        if request.method == "POST":
            return httpx2.Response(202)
        seen.append(request.headers.get("last-event-id"))
        begun = b"id: 1\nretry: 100\ndata: \n\n"
        if len(seen) == 1:
            return httpx2.Response(200, headers=EVENTS, content=begun)
        if len(seen) == 2:
            return httpx2.Response(200, headers=EVENTS, stream=Endless())
        return httpx2.Response(200, headers=EVENTS, content=b"data: " + line(notification(1)) + b"\n\n")

    async with behind(answer) as server:
        await send(server, {"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert await read(server, 1) == [notification(1)]
    assert seen[:3] == [None, "1", None]
