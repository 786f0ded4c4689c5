"""After a fault in the relay itself, the affected line is passed on unchanged, and the relay continues."""

import base64
import json
import logging
import threading

import pytest
from fuzz.relay_lines import Side

from imagebridge.client.lines import LongLine
from imagebridge.relay import relay as relays
from imagebridge.relay.peers import Peers
from imagebridge.relay.relay import Relay
from imagebridge.relay.streams import LineQueue
from imagebridge.repair import protocol

pytestmark = pytest.mark.anyio

CALL = b'{"jsonrpc":"2.0", "id":1, "method":"tools/call", "params":{"name":"t"}}'
ANSWER = b'{"jsonrpc":"2.0", "id":1, "result":{"content":"bare"}}'
REPAIRED = {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "bare"}]}}


async def these(*lines):
    for line in lines:
        yield line


class Host(Side):
    def __init__(self):
        super().__init__(these())

    def send(self, line, said):
        super().send(line, list(said))


async def relayed(asked, answers):
    """Relay these lines; return what the server has heard and the host has read."""
    server, host = Side(these(*answers)), Host()
    relay = Relay(Peers(), server.connect, host)

    async def asking():
        # Once the relay has begun to read the host it knows the server.
        for line in asked:
            yield line

    await relay.run(LineQueue(asking()))
    return server.came, host.came


def faulty(*_, **__):
    raise KeyError("a fault of ours\nin two lines")


@pytest.mark.parametrize(
    ("start", "came"),
    [
        (b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"a":"', [7]),
        (b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"a":"', []),
        (b'{"jsonrpc":"2.0","id":7,"result":{"a":"', []),
        (b"garbage", []),
    ],
    ids=["request", "notification", "answer", "garbage"],
)
async def test_a_request_of_a_line_that_is_too_long_is_refused(start, came):
    server, host = await relayed([LongLine(start + b"x" * 900)], [])
    why = "the host sent a line of more than 256,000,000 bytes, which is the limit"
    refused = [{"jsonrpc": "2.0", "id": number, "error": {"code": -32603, "message": why}} for number in came]
    assert [json.loads(line) for line, _ in host] == refused
    assert server == []


PDF = base64.b64encode(b"%PDF-1.7 a small one" * 3).decode()
IN_LINES = "\\n".join(PDF[at : at + 10] for at in range(0, len(PDF), 10))
ESCAPED = PDF.replace("a", "\\u0061")


@pytest.mark.parametrize(
    "content",
    [
        '{"type":"resource","resource":{"uri":"file:///a.pdf","blob":"JVBERi0xLjcK"}}',
        '{"type":"resource","resource":{"uri":"file:///a.pdf","bl\\u006fb":"JVBERi0xLjcK"}}',
        f'{{"type":"text","text":"{PDF}"}}',
        f'{{"type":"text","text":"{IN_LINES}"}}',
        f'{{"type":"text","text":"{ESCAPED}"}}',
        '{"type":"text","text":"Data:application/pdf,%25PDF-1.7%20a%20small%20one"}',
        '{"type":"text","text":"<x:svg xmlns:x=\\"http://www.w3.org/2000/svg\\"/>"}',
        '{"type":"image","d\\u0061ta":"iVBORw0KGgo="}',
    ],
    ids=["blob", "escaped name", "base64", "lines", "escaped", "percent", "prefix", "escaped picture"],
)
async def test_what_may_take_long_does_not_hold_up_what_follows(content, monkeypatch):
    """A picture or a document of a kilobyte may take its reader half a minute: it is read beside the other messages."""
    passed = threading.Event()

    def reading(*_, **__):
        assert passed.wait(60)
        return {"content": [{"type": "text", "text": "read"}]}

    class Reader(Host):
        def send(self, line, said):
            super().send(line, said)
            passed.set()

    monkeypatch.setattr(protocol, "repaired_for", reading)
    monkeypatch.setattr(protocol, "is_plain", lambda *_: pytest.fail("read on the event loop"))
    long = b'{"jsonrpc":"2.0", "id":1, "result":{"content":[%s]}}' % content.encode()
    short = b'{"jsonrpc":"2.0", "id":2, "result":{}}'
    peers = Peers()
    for number in (1, 2):
        asked = {**json.loads(CALL), "id": number} | ({"method": "ping"} if number == 2 else {})
        peers.heard(asked, json.dumps(asked).encode())
    host = Reader()
    await Relay(peers, Side(these(long, short)).connect, host).run(LineQueue(these()))
    assert [json.loads(line)["id"] for line, _ in host.came] == [2, 1]


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


async def test_a_line_of_the_host_passes_as_it_came(monkeypatch, told):
    monkeypatch.setattr(Peers, "heard", faulty)
    heard, _ = await relayed([CALL], [])
    assert heard == [(CALL + b"\n", json.loads(CALL))]
    assert told() == [
        "a line from the host caused an internal error, so it was passed on unchanged (KeyError: 'a fault of ours\\nin two lines')"
    ]


async def test_a_line_of_the_server_passes_as_it_came(monkeypatch, told):
    monkeypatch.setattr(Peers, "answered", faulty)
    _, read = await relayed([CALL], [ANSWER, ANSWER])
    assert read[:2] == [(ANSWER + b"\n", [json.loads(ANSWER)])] * 2
    assert [one.partition(" (")[0] for one in told()] == [
        "a line from the server caused an internal error, so it was passed on unchanged"
    ] * 2


@pytest.mark.parametrize("asked", ["host", "server"])
async def test_a_line_that_nothing_can_read_passes_too(asked, monkeypatch):
    monkeypatch.setattr(relays, "read_line", faulty)
    heard, read = await relayed([b"{"] if asked == "host" else [], [b"{"] if asked == "server" else [])
    assert (heard, read) == (([(b"{\n", None)], []) if asked == "host" else ([], [(b"{\n", [])]))


@pytest.mark.parametrize("broken", ["_repaired", "written"])
async def test_a_result_that_cannot_be_repaired_passes_as_it_came(broken, monkeypatch, told):
    monkeypatch.setattr(*((Relay, broken) if broken == "_repaired" else (relays, broken)), faulty)
    peers = Peers()
    peers.heard(json.loads(CALL), CALL)
    server, host = Side(these(ANSWER)), Host()
    await Relay(peers, server.connect, host).run(LineQueue(these()))
    assert host.came == [(ANSWER + b"\n", [json.loads(ANSWER)])]
    assert told() == ["a result could not be repaired, so it was passed on unchanged"]


async def test_without_a_fault_it_is_repaired():
    peers = Peers()
    peers.heard(json.loads(CALL), CALL)
    server, host = Side(these(ANSWER)), Host()
    await Relay(peers, server.connect, host).run(LineQueue(these()))
    assert [json.loads(line) for line, _ in host.came] == [REPAIRED]
