"""The card answers while the server loads, which then takes over: every request is answered once, nothing is lost."""

import json
import os
import threading

import anyio
import anyio.from_thread
import pytest
from first_messages import introduction
from mcp.server.stdio import stdio_server

from imagebridge_server.app import build_server
from imagebridge_server.startup import opening
from imagebridge_server.startup.card import Card
from imagebridge_server.startup.host_lines import HostLines
from imagebridge_server.startup.message_streams import serve_streams, tell_tools_changed
from imagebridge_server.startup.opening import Opening
from imagebridge_server.startup.rehearsal import rehearsed

SERVER = build_server()
CHANGED = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
HELLO = {"method": "initialize", "params": introduction()}
READY = {"method": "notifications/initialized"}
LIST = {"method": "tools/list", "params": {}}
PING = {"method": "ping"}
CALL = {"method": "tools/call", "params": {"name": "get_image", "arguments": {"text": "Hello"}}}
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


def enveloped(message, **params):
    return {**message, "params": {**message.get("params", {}), **params, "_meta": ENVELOPE}}


def line(message, number=None):
    return (
        json.dumps({"jsonrpc": "2.0"} | ({} if number is None else {"id": number}) | message).encode() + b"\n"
    )


@pytest.fixture(scope="module")
def card():
    return anyio.run(rehearsed, SERVER)


@pytest.fixture(autouse=True)
def _this_process_goes_on(monkeypatch):
    """Make the end of the host an error of the test's thread: it would end the tests."""

    def ended(_):
        raise AssertionError("the host hung up early")

    monkeypatch.setattr(opening.os, "_exit", ended)


class Host:
    """A host on the other ends of two pipes, and the opening of its connection."""

    def __init__(self, card):
        reading, writing = os.pipe()
        self.stdin = os.fdopen(writing, "wb", buffering=0)
        answers, answering = os.pipe()
        self.stdout = os.fdopen(answers, "rb")
        self._ends = os.fdopen(reading, "rb"), os.fdopen(answering, "wb")
        self.opening = Opening(card, HostLines(self._ends[0]), self._ends[1])
        self.opening.begin()

    def send(self, *parts):
        for part in parts:
            self.stdin.write(part)

    def answer(self):
        return json.loads(self.stdout.readline())

    def rest(self):
        """Return what else is said, once both sides are through."""
        self.stdin.close()
        self._server.join(600)
        self._ends[1].close()
        with self.stdout:
            found = [json.loads(one) for one in self.stdout]
        self._ends[0].close()
        return found

    def load(self):
        """Let the server take over, in another thread, as if it had loaded."""

        async def serve():
            async with stdio_server(*[anyio.wrap_file(self.opening)] * 2) as streams:
                self.opening.on_tools_changed = lambda: anyio.from_thread.run(tell_tools_changed, SERVER)
                await serve_streams(SERVER, *streams)

        self._server = threading.Thread(target=anyio.run, args=(serve,), daemon=True)
        self._server.start()


@pytest.fixture
def host(card):
    return Host(card)


def test_the_card_answers_at_once_and_the_server_goes_on(host):
    host.send(line(HELLO, 1))
    assert host.answer()["result"]["serverInfo"]["name"] == "imagebridge"
    host.send(line(READY), line(LIST, 1))  # Hosts may use an id again, once it is answered.
    listed = host.answer()["result"]
    assert host.opening.settled.wait(600)
    host.send(line(CALL, 1), line(LIST, 2))
    assert host.answer() == {"jsonrpc": "2.0", "id": 2, "result": listed}
    host.load()
    assert [block["type"] for block in host.answer()["result"]["content"]] == ["text", "image"]
    host.send(line(LIST, 3))
    assert host.answer() == {"jsonrpc": "2.0", "id": 3, "result": listed}
    assert host.rest() == []
    assert not host.opening.differs


def test_requests_in_one_piece_and_a_line_in_many(host):
    host.send(b"".join([line(HELLO, "a"), line(READY), line(LIST, "b"), line(CALL, "c"), line(PING, "d")]))
    assert [host.answer()["id"] for _ in range(3)] == ["a", "b", "d"]
    half = line(PING, "e")
    host.send(half[:20])
    host.load()
    assert host.answer()["id"] == "c"
    host.send(half[20:30], half[30:-1])
    host.send(b"\n")
    assert host.answer() == {"jsonrpc": "2.0", "id": "e", "result": {}}
    assert host.rest() == []


def test_lines_as_other_systems_end_them_and_bytes_that_are_no_text(host):
    host.send(line(HELLO, 1).replace(b"\n", b"\r\n"), b"\xff\xfe\n", line(LIST, 2))
    assert host.answer()["id"] == 1
    host.load()
    assert host.answer()["id"] == 2
    assert host.rest() == []


def test_after_a_batch_the_server_answers(host):
    host.send(line(HELLO, 1), b"[" + line(PING, 2).strip() + b"]\n", line(LIST, 3))
    assert host.answer()["id"] == 1
    assert host.opening.settled.wait(600)
    host.load()
    # What stands in the batch, which the SDK does not read, and what follows it.
    assert {host.answer()["id"], host.answer()["id"]} == {2, 3}
    assert host.rest() == []


def test_what_the_server_alone_knows_waits_for_it(host):
    host.send(line({"method": "none/such"}, 1), line(HELLO, 2), line({"method": "prompts/list"}, 3))
    assert host.answer()["id"] == 2
    host.load()
    found = sorted((host.answer() for _ in range(2)), key=lambda answer: answer["id"])
    assert found[0]["error"]["code"] == -32601
    assert len(found[1]["result"]["prompts"]) == 3
    assert host.rest() == []


def test_the_stateless_generation(host):
    host.send(line(enveloped({"method": "server/discover"}), 1), line(enveloped(LIST), 2))
    assert host.answer()["result"]["supportedVersions"] == ["2026-07-28"]
    assert len(host.answer()["result"]["tools"]) >= 12
    host.send(line(enveloped(CALL), 3), line(HELLO, 4))
    host.load()
    found = sorted((host.answer() for _ in range(2)), key=lambda answer: answer["id"])
    assert found[0]["result"]["resultType"] == "complete"
    assert found[1]["error"]["code"] == -32022
    assert host.rest() == []


def test_a_second_initialize_and_a_cancelled_answer(host):
    again = HELLO | {"params": HELLO["params"] | {"protocolVersion": "2024-11-05"}}
    cancelled = {"method": "notifications/cancelled", "params": {"requestId": 1}}
    host.send(line(HELLO, 1), line(cancelled), line(again, 2), line(LIST, 3))
    assert [host.answer()["result"].get("protocolVersion") for _ in range(3)] == [
        "2025-11-25",
        "2024-11-05",
        None,
    ]
    host.load()
    host.send(line(cancelled), line(CALL, 4))
    assert host.answer()["id"] == 4
    assert host.rest() == []


def test_a_call_that_is_cancelled_before_the_server_is_there_is_not_answered(host):
    host.send(
        line(HELLO, 1), line(CALL, 2), line({"method": "notifications/cancelled", "params": {"requestId": 2}})
    )
    assert host.answer()["id"] == 1
    host.load()
    host.send(line(PING, 3))
    assert host.answer()["id"] == 3
    assert host.rest() == []


def outdated(card, file):
    """Return a card that lists no tools and says other words of the server."""

    def changed(answers):
        return {
            version: {
                question: '{"tools":[]}' if "list" in question else text.replace("Makes", "Made")
                for question, text in known.items()
            }
            for version, known in answers.items()
        }

    file.write_text("outdated")
    return Card(changed(card.handshake), changed(card.stateless), str(file))


def test_a_card_that_is_wrong_is_dropped_and_the_host_told(card, tmp_path):
    file = tmp_path / "card"
    host = Host(outdated(card, file))
    host.send(line(HELLO, 1), line(READY), line(LIST, 2))
    assert host.answer()["result"]["capabilities"]["tools"] == {"listChanged": True}
    assert host.answer()["result"] == {"tools": []}
    host.load()
    assert host.answer() == CHANGED
    host.send(line(LIST, 3))
    assert len(host.answer()["result"]["tools"]) >= 12
    assert host.rest() == []
    assert host.opening.differs
    assert not file.exists()


def test_who_listens_is_told_in_the_stateless_generation(card, tmp_path):
    host = Host(outdated(card, tmp_path / "card"))
    listening = {"method": "subscriptions/listen", "params": {"notifications": {"toolsListChanged": True}}}
    host.send(line(enveloped(listening), 1), line(enveloped(LIST), 2))
    assert host.answer()["result"] == {"tools": []}
    host.load()
    assert host.answer()["method"] == "notifications/subscriptions/acknowledged"
    assert host.answer()["method"] == "notifications/tools/list_changed"
    host.send(line(enveloped(LIST), 3))
    assert len(host.answer()["result"]["tools"]) >= 12
    host.rest()
