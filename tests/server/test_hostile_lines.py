"""The server answers every request over stdio, whatever its line or its files contain, and continues."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from first_messages import initialize
from long_rows import one_in
from processes import memory, server_command
from samples import drawing, file

from imagebridge_server.http import application
from imagebridge_server.startup.host_lines import MAX_LINE

TOO_DEEP = "the request cannot be read: it is nested more than 150 levels deep"


def call(tool, **arguments):
    return {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "tools/call",
        "params": {"name": tool, "arguments": arguments},
    }


def line(request):
    return json.dumps(request).encode()


def nested(levels):
    return b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"get_image","arguments":%s}}' % (
        b'{"a":' * levels + b"1" + b"}" * levels
    )


LINES = {
    "half a character": (line(call("get_image", text="cut \ud83d here")), "cut � here"),
    "half a character in a name": (line(call("get_\udfff")), "get_�"),
    "250 levels": (nested(250), TOO_DEEP),
    "10,000 levels": (nested(10_000), TOO_DEEP),
    "10,000 levels, the id last": (
        b'{"method":"x","params":%s,"jsonrpc":"2.0","id":7}' % (b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
        TOO_DEEP,
    ),
    "a number of 6,000 digits": (
        line(call("get_image", text="x"))[:-3] + b',"n":1' + b"0" * 6000 + b"}}}",
        "the request cannot be read: it contains a whole number with more than 4,200 digits",
    ),
    "a batch": (b"[%s]" % line(call("get_image", text="in a batch")), "in a batch"),
    "250 levels, the id between them and the method": (
        b'{"params":[%s],"id":7,"jsonrpc":"2.0","method":"ping"}' % (b"[" * 250 + b"]" * 250),
        TOO_DEEP,
    ),
    "10,000 levels, before and behind the id": (
        b'{"params":%s,"id":7,"a":%s,"jsonrpc":"2.0","method":"ping"}'
        % ((b"[" * 10_000 + b'"]\\"["' + b"]" * 10_000,) * 2),
        TOO_DEEP,
    ),
    "10,000 levels that are never closed": (
        b'{"jsonrpc":"2.0","id":7,"method":"x","params":' + b"[" * 10_000,
        "the request cannot be read: it is not JSON",
    ),
    "50,000 levels that are never closed": (
        b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":' + b"[" * 50_000,
        "the request cannot be read: it is not JSON",
    ),
    "5,000 levels of which 4,000 are closed": (
        b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":' + b"[" * 5000 + b"]" * 4000,
        "the request cannot be read: it is not JSON",
    ),
    "a batch with a request of 250 levels": (b"[%s,1]" % nested(250), TOO_DEEP),
    "a batch with a request of 10,000 levels": (b"[%s]" % nested(10_000), TOO_DEEP),
    "a batch behind a request of 250 levels": (
        b"[%s,%s]" % (nested(250).replace(b":7", b":8"), line(call("get_image", text="behind it"))),
        "behind it",
    ),
    "a batch behind a request of 10,000 levels": (
        b"[%s,%s]" % (nested(10_000).replace(b":7", b":8"), line(call("get_image", text="behind it"))),
        "behind it",
    ),
    "a batch before a number of 6,000 digits": (
        b"[%s,{%s}]"
        % (line(call("get_image", text="before it")), b'"id":8,"method":"x","params":' + b"9" * 6000),
        "before it",
    ),
    "a second request in the line": (
        line({"jsonrpc": "2.0", "id": 8, "method": "ping"}) + line(call("get_image", text="second")),
        "second",
    ),
    "a request before a request that is cut short": (
        line(call("get_image", text="before it")) + b'{"jsonrpc":"2.0","id":8,"method":',
        "before it",
    ),
    "a request before something else": (line(call("get_image", text="before xx")) + b" xx", "before xx"),
    "a request that is cut short behind another": (
        line({"jsonrpc": "2.0", "id": 8, "method": "ping"}) + b'{"jsonrpc":"2.0","id":7,"method":',
        "the request cannot be read: it is not JSON",
    ),
    "a byte order mark": (b"\xef\xbb\xbf" + line(call("get_image", text="marked")), "marked"),
    "a line cut short": (
        line(call("get_image", text="x"))[:-2],
        "the request cannot be read: it is not JSON",
    ),
    "no version": (b'{"id": 7, "method": "ping"}', "this is not a JSON-RPC 2.0 message"),
    "a method that is a number": (
        b'{"jsonrpc": "2.0", "id": 7, "method": 5}',
        "this is not a JSON-RPC 2.0 message",
    ),
}


BROKEN = """
from imagebridge_server import registration
from imagebridge_server.__main__ import main

registration.Mistakes = lambda noted: 1 / 0
main()
"""
"""A server each of whose tools fails in a way that is logged."""


class Server:
    def __init__(self, *options, command=None, stderr=subprocess.DEVNULL):
        self._process = subprocess.Popen(
            [*(command or server_command()), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        self.answer(line(initialize(7)))
        self.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')

    def send(self, *parts):
        for part in (*parts, b"\n"):
            self._process.stdin.write(part)
        self._process.stdin.flush()

    def answer(self, *parts):
        """Return the answer to a line, which may come in parts."""
        self.send(*parts)
        for came in self._process.stdout:
            if json.loads(came).get("id") == 7:
                return json.loads(came)
        raise AssertionError("the server ended")

    def log(self, size):
        """Return so many bytes of the log."""
        found = self._process.stderr.read(size)
        assert len(found) == size, found[-2000:]
        return found

    def most_memory(self):
        """Return the most bytes that the process has held so far; where the system does not count them, what it holds now."""
        status = Path(f"/proc/{self._process.pid}/status")
        if not status.exists():
            return memory(self._process.pid) * 1024
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) * 1024

    def close(self):
        with self._process:
            self._process.stdin.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def server(folder):
    server = Server("--allow", str(folder), "--store", "off")
    yield server
    server.close()


def test_brackets_alone_do_not_end_the_server():
    server = Server()
    server.send(b"[" * 100_000)
    try:
        assert "after it" in str(server.answer(line(call("get_image", text="after it"))))
    finally:
        server.close()


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc").exists(), reason="the system does not count the most memory")
def test_escapes_beside_a_deep_value_do_not_fill_the_memory():
    server = Server()
    try:
        escapes = b"\\n" * 20_000_000
        answer = server.answer(
            b'{"jsonrpc":"2.0","id":7,"method":"x","params":["%s",%s]}'
            % (escapes, b"[" * 10_000 + b"]" * 10_000)
        )
        assert TOO_DEEP in str(answer)
        assert server.most_memory() < 1_000_000_000
    finally:
        server.close()


@pytest.mark.parametrize("case", LINES)
def test_a_request_that_strict_readers_refuse_is_answered(server, case):
    sent, expected = LINES[case]
    assert expected in json.dumps(server.answer(sent), ensure_ascii=False)
    assert "still here" in json.dumps(server.answer(line(call("get_image", text="still here"))))


@pytest.mark.parametrize(
    "number", [b"true", b"1.5", b"null", b"9" * 6000, rb'"\ud800"', b"[" * 300 + b"]" * 300]
)
@pytest.mark.parametrize("method", [b'"ping"', b"5"])
def test_an_id_that_no_answer_can_repeat_costs_no_other_request(server, number, method):
    server.send(b'{"jsonrpc":"2.0","id":%s,"method":%s}' % (number, method))
    assert "still here" in json.dumps(server.answer(line(call("get_image", text="still here"))))


REFUSED = {
    "code": -32700,
    "message": "the request cannot be read: it has more than 5,000,000 values, which is the limit",
    "data": None,
}
CALLED = (
    '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"get_image","arguments":{"text":%s}}}'
)
LAST = '{"method":"tools/call","params":{"name":"get_image","arguments":{"text":%s}},"jsonrpc":"2.0","id":7}'


@pytest.mark.parametrize(
    ("template", "value"),
    one_in(3, [(CALLED, "[],"), (LAST, "1,"), (CALLED, '{"é":0},')]),
    ids=["lists", "id last", "objects"],
)
def test_a_request_of_more_values_than_memory_holds_is_refused_before_it_is_parsed(server, template, value):
    many = value * (50_000_000 // len(value))
    before = server.most_memory()
    answer = server.answer((template % f"[{many}0]").encode())
    assert answer == {"jsonrpc": "2.0", "id": 7, "error": REFUSED}
    # The line is held twice. Its values would take 3 GB, and half a minute.
    assert server.most_memory() - before < 500_000_000
    assert "still here" in json.dumps(server.answer(line(call("get_image", text="still here"))))


PADDING = b"A" * 1_000_000
BEFORE, AFTER = b'"params":{"name":"get_image","arguments":{"text":"', b'"}}'
LONG = {
    "id first": (b'{"jsonrpc":"2.0","id":7,"method":"tools/call",' + BEFORE, AFTER + b"}"),
    "id last": (b'{"method":"tools/call",' + BEFORE, AFTER + b',"jsonrpc":"2.0","id":7}'),
    "method last": (b'{"jsonrpc":"2.0","id":7,' + BEFORE, AFTER + b',"method":"tools/call"}'),
    "both last": (b"{" + BEFORE, AFTER + b',"id":7,"jsonrpc":"2.0","method":"tools/call"}'),
}


@pytest.mark.parametrize("case", one_in(4, LONG))
def test_a_request_that_is_too_long_is_refused_unread(case):
    server = Server("--store", "off")
    start, end = LONG[case]
    answer = server.answer(start, *[PADDING] * 600, end)
    why = f"the request cannot be read: it has more than {MAX_LINE:,} bytes, which is the limit"
    assert answer["error"] == {"code": -32700, "message": why, "data": None}
    assert "still here" in json.dumps(server.answer(line(call("get_image", text="still here"))))
    assert server.most_memory() < 350_000_000
    server.close()


@pytest.mark.long
def test_a_request_may_be_as_long_as_over_http(server):
    assert MAX_LINE == application._MOST_BODY
    start, end = LONG["both last"]
    text = b"A" * (MAX_LINE - len(start) - len(end) - 1)
    assert "give at most 1,500" in json.dumps(server.answer(start + text + end))


@pytest.mark.long
def test_a_long_text_of_what_separates_values_is_read(server):
    answer = server.answer(line(call("get_image", text=",[{" * 3_000_000)))
    assert "text: has 9,000,000 characters; give at most 1,500" in answer["result"]["content"][0]["text"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep no names that are not UTF-8")
def test_names_that_are_not_utf_8_are_listed_and_found(server, folder):
    for name in (b"caf\xe9.png", b"plain.png"):
        with open(os.fsencode(folder) + b"/" + name, "wb") as picture:
            picture.write(file(drawing(), "PNG"))
    assert "caf�.png, plain.png" in json.dumps(
        server.answer(line(call("load_image", source="."))), ensure_ascii=False
    )
    answer = server.answer(line(call("contact_sheet", sources=["*.png"])))
    assert "image" in [block["type"] for block in answer["result"]["content"]]
    assert "still here" in json.dumps(server.answer(line(call("get_image", text="still here"))))


@pytest.mark.long
def test_a_log_that_nobody_reads_stops_no_call():
    """A pipe takes 64 kB; 300 calls log more."""
    server = Server("--store", "off", command=[sys.executable, "-c", BROKEN], stderr=subprocess.PIPE)
    failed = "the tool failed with ZeroDivisionError; the server's log says more"
    for _ in range(300):
        assert failed in json.dumps(server.answer(line(call("get_image", text="x"))))
    first = b"ERROR imagebridge_server.registration: a tool failed\nTraceback (most recent call last):"
    assert server.log(100_000).startswith(first)
    server.close()
