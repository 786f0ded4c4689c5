"""The relay's side of a server behind a URL, in this process: what it sends and passes on."""

import json
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest

from imagebridge.client import http_bodies
from imagebridge.relay.remote_server import RemoteServer

URL = "http://server.test/mcp"
EVENTS = {"content-type": "text/event-stream"}
JSON = {"content-type": "application/json"}
ANSWER = {"jsonrpc": "2.0", "id": 1, "result": {}}


def request(number, method="tools/call"):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": {"name": "t"}}


def notification(number):
    return {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": number}}


def line(message):
    return json.dumps(message).encode()


@asynccontextmanager
async def behind(answer):
    """Speak to a server that answers each request with what `answer` returns, or waits for."""
    transport = httpx2.MockTransport(answer)
    hooks = {"response": [http_bodies.bound]}
    async with (
        httpx2.AsyncClient(transport=transport, event_hooks=hooks) as client,
        anyio.create_task_group() as tasks,
    ):
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
        assert b"\n" not in one  # An empty line would reach the host.
        lines.append(json.loads(one))
        if len(lines) == count:
            raise Enough

    with pytest.raises(Enough):
        await server.lines.each(take)
    return lines
