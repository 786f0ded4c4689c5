"""HTTP bodies are read and unpacked up to a limit, whichever code reads them and however they arrive."""

import gzip

import anyio
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.message import SessionMessage

from imagebridge.client import http_bodies, lines
from imagebridge.client.http import Client
from imagebridge.client.http_bodies import BodyError, bound
from imagebridge.client.lines import LineCutter
from imagebridge.client.long_events import LongEvents
from imagebridge.client.resuming import is_sound, pause, sendable
from imagebridge.client.stdio import StdoutMessages

pytestmark = pytest.mark.anyio

MOST = 10_000
EVENTS = {"content-type": "text/event-stream"}
JSON = {"content-type": "application/json"}
PACKED = {"content-encoding": "gzip"}
BLANK = [b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r\n"]
REQUEST = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t"}}'


@pytest.fixture(autouse=True)
def little(monkeypatch):
    for module in (http_bodies, lines):
        monkeypatch.setattr(module, "MAX_LINE", MOST)


class Chunks(httpx2.AsyncByteStream):
    """A body in chunks; `sent` counts them."""

    def __init__(self, chunks):
        self.chunks, self.sent = chunks, 0

    async def __aiter__(self):
        for chunk in self.chunks:
            self.sent += 1
            yield chunk


def answering(*chunks, status=200, **headers):
    return httpx2.MockTransport(lambda _: httpx2.Response(status, headers=headers, stream=Chunks(chunks)))


async def read(*chunks, **headers):
    transport = answering(*chunks, **headers)
    async with httpx2.AsyncClient(transport=transport, event_hooks={"response": [bound]}) as client:
        return (await client.get("http://server.test/mcp")).content


@pytest.mark.parametrize(
    ("headers", "chunks"),
    [
        (JSON, [b"[" * MOST]),
        (JSON, [b"[" * (MOST // 2)] * 2),
        (JSON | PACKED, [gzip.compress(b" " * MOST)]),
        *[(EVENTS, [b"data: %s%s" % (b"x" * 8_000, blank)] * 10) for blank in BLANK],
        *[(EVENTS, [b"data: %s" % (b"x" * 8_000), *(bytes([one]) for one in blank)] * 10) for blank in BLANK],
        (EVENTS | PACKED, [gzip.compress((b"data: %s\n\n" % (b"x" * 8_000)) * 10)]),
        (EVENTS, [b": ping\n\n"] * 5_000),
    ],
)
async def test_what_is_within_bounds_is_read(headers, chunks):
    packed = b"".join(chunks)
    assert await read(*chunks, **headers) == (
        gzip.decompress(packed) if PACKED.items() <= headers.items() else packed
    )


@pytest.mark.parametrize(
    ("headers", "chunks"),
    [
        (JSON, [b"[" * (MOST + 1)]),
        ({}, [b"x" * 1_000] * 11),
        (JSON | PACKED, [gzip.compress(b" " * (MOST + 1))]),
        (EVENTS, [b":" + b"x" * MOST]),
        (EVENTS, [b"data: x\n"] * 500),
        (EVENTS, [b": ping\r"] * 500),
        (EVENTS | PACKED, [gzip.compress(b"data: " + b" " * MOST)]),
        (EVENTS, [b"data: %s\n\n" % (b"x" * 8_000), b"data: " + b"x" * MOST]),
    ],
)
async def test_what_is_too_much_is_not_read(headers, chunks):
    with pytest.raises(BodyError, match=r"returned more than 10,000 bytes, which is the limit"):
        await read(*chunks, **headers)


async def test_what_is_packed_more_than_once_is_not_unpacked():
    twice = gzip.compress(gzip.compress(b"{}"))
    with pytest.raises(BodyError, match=r"compressed more than once \(gzip, gzip\)"):
        await read(twice, **JSON, **{"content-encoding": "gzip, gzip"})


@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize(
    ("headers", "chunk"),
    [(JSON, b"["), (JSON | PACKED, None), ({"content-type": "text/html"}, b"<"), (EVENTS, b":")],
)
async def test_a_request_whose_answer_is_too_much_is_answered_so(headers, chunk, status):
    chunks = [chunk * MOST] * 2 if chunk else [gzip.compress(b"[" * 2 * MOST)]
    if status == 200 and headers.get("content-type") == "text/html":
        return  # The SDK does not read what is of another type.
    transport = answering(*chunks, status=status, **headers)
    async with Client(LongEvents(), transport=transport, event_hooks={"response": [bound]}) as client:
        answer = await client.post("http://server.test/mcp", content=REQUEST)
        text = (await answer.aread()).decode()
    assert '"id":7' in text
    assert "the server returned more than 10,000 bytes, which is the limit" in text


@given(st.lists(st.binary(max_size=30).map(lambda part: part.replace(b"x", b"\n"))))
def test_lines_are_cut_alike_however_they_come(chunks):
    cutter = LineCutter()
    found = [line for chunk in chunks for line in cutter.cut(chunk)]
    *whole, rest = b"".join(chunks).split(b"\n")
    assert found == [line for line in whole if line.strip()]
    assert cutter.has_begun == bool(rest)


class Output(anyio.abc.ByteReceiveStream):
    def __init__(self, *chunks):
        self.chunks = list(chunks)

    async def receive(self, max_bytes=65_536):
        if not self.chunks:
            raise anyio.EndOfStream
        return self.chunks.pop(0)

    async def aclose(self):
        pass


async def test_an_answer_without_end_on_stdout_is_refused_and_the_next_one_read():
    begun = b'{"jsonrpc":"2.0","id":7,"result":{"content":['
    sound = b'{"jsonrpc":"2.0","id":8,"result":{}}\n'
    output = Output(begun, *[b"x" * 4_000] * 9, b"\n" + sound, b"y" * MOST, b"y\n", sound)
    messages = StdoutMessages(output)
    refused, answer, garbage, again = [await messages.receive() for _ in range(4)]
    assert isinstance(refused, SessionMessage)
    assert (refused.message.id, answer.message.id, again.message.id) == (7, 8, 8)
    assert refused.message.error.message == "the server returned a line of more than 10,000 bytes"
    assert isinstance(garbage, ValueError)


@pytest.mark.parametrize(
    ("line", "sound"),
    [
        (b"id: 5", True),
        (b"id:", True),
        ("id: 日本".encode(), False),
        (b"id: a\x0bX-Evil: 1", False),
        (b"id: " + b"x" * 1_001, False),
        (b"retry: 100", True),
        (b"retry:3600000", True),
        (b"retry: 0", False),
        (b"retry: -5", False),
        (b"retry: 1e3", False),
        ("retry: ٣٣٣".encode(), False),
        (b"retry: " + b"9" * 5_000, False),
        (b"data: retry: 0", True),
        (b"", True),
    ],
)
def test_which_lines_of_an_event_can_be_acted_upon(line, sound):
    assert is_sound(line) is sound


def test_what_is_taken_at_a_servers_word():
    assert [pause(one) for one in (None, 0, -5, 10**400, 100, 2_500)] == [None, None, None, None, 0.1, 2.5]
    assert [sendable(one) for one in ("a-1", "é", "a b", "a\n", "x" * 1_001)] == ["a-1", "", "a b", "", ""]
