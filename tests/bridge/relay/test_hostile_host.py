"""Lines that no host should write, sent to the relay over stdio: what has an id is answered, and the session goes on.

Real processes, in front of a server that answers whatever it can read, and of one that ends at the first line that it
cannot. `ID` in a line stands for the id under which it has to be answered.
"""

import json
import sys

import pytest
from relaying import relay

DEEP = b"[" * 10_000 + b"]" * 10_000


def call(arguments, around=b"%s"):
    params = b'{"name":"get_image","arguments":%s}' % arguments
    return around % (b'{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":%s}' % params)


UNREADABLE, NO_MESSAGE = "the request cannot be read: ", "this is not a JSON-RPC 2.0 message"
NO_TEXT, WRONG = "text: is missing", "Invalid request parameters"

ANSWERED = {
    "10,000 levels": (call(b'{"a":%s}' % DEEP), f"{UNREADABLE}it is nested more than"),
    "10,000 levels, the id last": (
        b'{"method":"tools/call","params":{"a":%s},"jsonrpc":"2.0","id":ID}' % DEEP,
        f"{UNREADABLE}it is nested more than",
    ),
    "300 levels": (call(b'{"a":%s1%s}' % (b"[" * 300, b"]" * 300)), f"{UNREADABLE}it is nested more than"),
    "5,000,000 values": (
        call(b'{"a":[%s0]}' % (b"0," * 5_000_000)),
        f"{UNREADABLE}it has more than 5,000,000 values",
    ),
    "a number of 6,000 digits": (
        call(b'{"a":%s}' % (b"9" * 6_000)),
        f"{UNREADABLE}it contains a whole number with more than",
    ),
    "NaN": (call(b'{"a":[NaN,Infinity,-Infinity]}'), NO_TEXT),
    "a batch": (call(b"{}", b"[%s]"), NO_TEXT),
    "a batch of more than messages": (call(b"{}", b'[1,null,[],"a",%s,{}]'), NO_TEXT),
    "Latin-1": (call(b'{"a":"caf\xe9"}'), NO_TEXT),
    "Latin-1 in the method": (b'{"jsonrpc":"2.0","id":ID,"method":"t\xefols"}', "Method not found"),
    "a half of a character": (call(b'{"a":"\\ud83d"}'), NO_TEXT),
    "a half of a character and Latin-1": (call(b'{"a":"\\ud83d\xe9"}'), NO_TEXT),
    "a half of a character in bytes": (call(b'{"a":"\xed\xa0\x80"}'), NO_TEXT),
    "an escaped NUL": (call(b'{"a":"\\u0000"}'), NO_TEXT),
    "a NUL": (call(b'{"a":"\0"}'), f"{UNREADABLE}it is not JSON"),
    "what steers terminals": (call(b'{"a":"\x1b[2J\x1b]0;x\x07"}'), f"{UNREADABLE}it is not JSON"),
    "what steers terminals, as one byte": (call(b'{"a":"\xc2\x9b2J\xe2\x80\xae"}'), NO_TEXT),
    "carriage returns between values": (call(b'{"a":\r1\r}'), ""),
    "cut short": (call(b"{}")[:-2], f"{UNREADABLE}it is not JSON"),
    "words after it": (call(b"{}", b"%s and so on"), NO_TEXT),
    "no version": (b'{"id":ID,"method":"ping"}', NO_MESSAGE),
    "no method": (b'{"jsonrpc":"2.0","id":ID}', NO_MESSAGE),
    "a method that is a number": (b'{"jsonrpc":"2.0","id":ID,"method":5}', NO_MESSAGE),
    "a method that is a list": (b'{"jsonrpc":"2.0","id":ID,"method":["ping"]}', NO_MESSAGE),
    "parameters that are a text": (
        b'{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":"text"}',
        NO_MESSAGE,
    ),
    "parameters that are a list": (
        b'{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":[1]}',
        NO_MESSAGE,
    ),
    "a name that is a number": (
        b'{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{"name":5}}',
        WRONG,
    ),
    "arguments that are a text": (call(b'"text"'), WRONG),
    "an address that is a number": (
        b'{"jsonrpc":"2.0","id":ID,"method":"resources/read","params":{"uri":5}}',
        WRONG,
    ),
    "_meta that is a number": (
        b'{"jsonrpc":"2.0","id":ID,"method":"tools/list","params":{"_meta":7}}',
        WRONG,
    ),
    "two ids": (b'{"jsonrpc":"2.0","id":"first","id":ID,"method":"ping"}', "result"),
}

WITHOUT_AN_ID = [
    *(b"no JSON at all", b"  ", b"null", b"7", b'"text"', b"[]", b"{}", b"\xff\xfe", b"\0", b"\x1b[2J", DEEP, b'"' * 9_999),
    *(b'{"jsonrpc":"2.0","id":%s,"method":"ping"}' % one for one in (b"null", b"true", b"[1]", b"{}", b"9" * 6_000)),
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":[1]}}',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":7}',
    b'{"jsonrpc":"2.0","method":"notifications/progress","params":[]}',
    b'{"jsonrpc":"2.0","method":"notifications/initialized","params":%s}' % DEEP,
    b'{"jsonrpc":"2.0","id":"nobody asked","result":{}}',
    b'{"jsonrpc":"2.0","id":{},"result":7}',
    b'{"jsonrpc":"2.0","id":1,"error":"no"}',
]  # fmt: skip

FRAGILE = """
import json, sys
sys.excepthook = lambda *_: sys.exit(1)
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        words = "called " + message["params"]["name"] if message["method"] == "tools/call" else "done"
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {"content": words}}), flush=True)
"""


def until(wire, name):
    """Read until a call is answered; return all answers by id."""
    found = {}
    while name not in found:
        said = json.loads(wire.line())
        if isinstance(said.get("id"), str):
            found[said["id"]] = said
    return found


def rest(wire):
    """Close the host's side and return the answers that were still to come."""
    wire.process.stdin.close()
    return {one["id"]: one for one in map(json.loads, wire.process.stdout) if isinstance(one.get("id"), str)}


def lines():
    """Yield each of them, and in between what has no id."""
    yield from WITHOUT_AN_ID
    for name, (line, _) in ANSWERED.items():
        yield line.replace(b"ID", json.dumps(name).encode())
        yield WITHOUT_AN_ID[len(name) % len(WITHOUT_AN_ID)]


LAST = call(b'{"text":"still here"}').replace(b"ID", b'"last"')


def test_a_server_that_reads_what_it_can_answers_all_of_them():
    with relay(server=[sys.executable, "-m", "imagebridge_server", "--store", "off"]) as wire:
        wire.open()
        for line in lines():
            wire.send(line)
        wire.send(LAST)
        # It takes longer than anything that was refused before it.
        found = until(wire, "last")
        found |= rest(wire)
    assert "still here" in json.dumps(found.pop("last"))
    missed = [name for name, (_, words) in ANSWERED.items() if words not in json.dumps(found.get(name))]
    assert {name: found.get(name) for name in missed} == {}


@pytest.mark.long
def test_where_a_server_ends_at_what_it_cannot_read_the_relay_answers():
    """Whichever comes after such a line before the server's end is known may meet that end, too."""
    with relay(server=[sys.executable, "-c", FRAGILE]) as wire:
        wire.open()
        for line in lines():
            wire.send(line)
        found = {}
        for _ in range(20):
            wire.send(LAST)
            found |= until(wire, "last")
            if "result" in found["last"]:
                break
        found |= rest(wire)
    # What has no method is no request: it is the server's to refuse.
    assert ANSWERED.keys() - found.keys() == {"no method"}
    ends = {name for name, answer in found.items() if "before it answered" in json.dumps(answer)}
    assert {"10,000 levels", "a number of 6,000 digits", "a NUL", "cut short", "words after it"} <= ends
    assert found["last"]["result"]["content"] == [{"type": "text", "text": "called get_image"}]
