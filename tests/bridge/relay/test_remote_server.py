"""A server behind a URL that says more than its host reads, or less than it is asked."""

import json
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import httpx2
import pytest
from anyio.lowlevel import checkpoint

from imagebridge.relay import remote_server
from imagebridge.relay.remote_server import RemoteServer

pytestmark = pytest.mark.anyio

URL = "http://server.test/mcp"
EVENTS = {"content-type": "text/event-stream"}


def request(number, method="tools/call"):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": {"name": "t"}}


def notification(number):
    return {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": number}}


def line(message):
    return json.dumps(message).encode()


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


@asynccontextmanager
async def behind(answer):
    """Speak to a server that answers each request with what `answer` returns, or waits for."""
    transport = httpx2.MockTransport(answer)
    async with httpx2.AsyncClient(transport=transport) as client, anyio.create_task_group() as tasks:
        server = RemoteServer(URL, client, tasks)
        with anyio.fail_after(600):
            yield server
        await server.finish()
        server.close()
        tasks.cancel_scope.cancel()


async def send(server, message):
    if rest := server.send(line(message), message):
        await rest()


async def read(server, count):
    """Return the next lines, until there are `count`."""
    lines = []

    class Enough(Exception):
        pass

    def take(one):
        lines.append(json.loads(one))
        if len(lines) == count:
            raise Enough

    with pytest.raises(Enough):
        await server.lines.each(take)
    return lines


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
