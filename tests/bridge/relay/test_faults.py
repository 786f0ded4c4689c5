"""A fault of the relay's own: the line that met it passes as it came, and the relay goes on."""

import json
import logging

import pytest
from fuzz.relay_lines import Side

from imagebridge.relay import relay as relays
from imagebridge.relay.peers import Peers
from imagebridge.relay.relay import Relay
from imagebridge.relay.streams import LineQueue

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


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


async def test_a_line_of_the_host_passes_as_it_came(monkeypatch, told):
    monkeypatch.setattr(Peers, "heard", faulty)
    heard, _ = await relayed([CALL], [])
    assert heard == [(CALL + b"\n", json.loads(CALL))]
    assert told() == [
        "a line of the host caused a fault, so it is passed on unchanged (KeyError: 'a fault of ours\\nin two lines')"
    ]


async def test_a_line_of_the_server_passes_as_it_came(monkeypatch, told):
    monkeypatch.setattr(Peers, "answered", faulty)
    _, read = await relayed([CALL], [ANSWER, ANSWER])
    assert read[:2] == [(ANSWER + b"\n", [json.loads(ANSWER)])] * 2
    assert [one.partition(" (")[0] for one in told()] == [
        "a line of the server caused a fault, so it is passed on unchanged"
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
    assert told() == ["a result could not be repaired, so it is passed on unchanged"]


async def test_without_a_fault_it_is_repaired():
    peers = Peers()
    peers.heard(json.loads(CALL), CALL)
    server, host = Side(these(ANSWER)), Host()
    await Relay(peers, server.connect, host).run(LineQueue(these()))
    assert [json.loads(line) for line, _ in host.came] == [REPAIRED]
