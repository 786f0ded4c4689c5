"""Tools that the relay renames: each side sees its own name, wherever names are used."""

import json
from contextlib import asynccontextmanager

import anyio
import pytest

from imagebridge.relay.peers import Peers
from imagebridge.relay.relay import Relay
from imagebridge.relay.streams import LineQueue
from imagebridge.relay.tool_names import Names

pytestmark = pytest.mark.anyio

PROMISED = {"type": "object", "properties": {"answer": {"type": "integer"}}}
TOOLS = [
    {"name": name, "inputSchema": {"type": "object", "properties": {}}, "outputSchema": PROMISED}
    for name in ("img.render", "fine")
]
STRUCTURED = {"content": [{"type": "text", "text": "drawn"}], "structuredContent": {"answer": 42}}


class Answering:
    """A server that answers each request at once, and what it has heard: lines, and the messages that go with them."""

    name = "server"

    def __init__(self):
        self.heard = []
        self.lines = self
        self._answers = []

    @asynccontextmanager
    async def connect(self):
        yield self

    async def each(self, take):
        self._take = take
        await self.over.wait()

    def send(self, line, message=None):
        self.heard.append((line, message))
        result = {"tools": TOOLS} if message["method"] == "tools/list" else STRUCTURED
        return self._take(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode())

    async def finish(self):
        self.over.set()

    async def end(self):
        return "ended"


class Reading:
    """A host, and what it has read."""

    def __init__(self):
        self.read = []

    def send(self, line, said):
        self.read.extend(said)


async def relayed(*asked):
    """Relay these requests with names of the API's kind; return the server and what the host has read."""
    server, host = Answering(), Reading()
    server.over = anyio.Event()

    async def lines():
        for line in asked:
            yield line

    await Relay(Peers(), server.connect, host, names=Names()).run(LineQueue(lines()))
    return server, host.read


LIST = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'


@pytest.mark.parametrize(("name", "known"), [("img_render", "img.render"), ("fine", "fine")])
async def test_a_call_says_the_servers_name_in_its_line_and_in_its_headers(name, known):
    call = (
        '{"jsonrpc":"2.0", "id":2, "method":"tools/call", "params":{ "name":"NAME", "arguments":{"x":1.0}} }'
    )
    server, _ = await relayed(LIST, call.replace("NAME", name).encode())
    line, message = server.heard[-1]
    assert line == call.replace("NAME", known).encode() + b"\n"
    # Of this the headers of Streamable HTTP are made, which must repeat the line (2026-07-28).
    assert message == json.loads(line)


async def test_a_host_that_was_promised_structured_content_gets_it_from_a_renamed_tool():
    call = b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"img_render"}}'
    _, read = await relayed(LIST, call)
    assert [tool["name"] for tool in read[0]["result"]["tools"]] == ["img_render", "fine"]
    assert read[1]["result"]["structuredContent"] == {"answer": 42}
