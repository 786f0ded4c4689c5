"""Lines of JSON-RPC are read whatever they contain, passed on unchanged, and written for every reader."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebridge.relay.json_rpc import (
    Unreadable,
    answered_by,
    failure,
    messages,
    one_line,
    read_line,
    spliced,
    written,
)

LARGE = b"x" * 200_000


@pytest.mark.parametrize("padding", [b"", LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    ("number", "clean"),
    [
        (b"1.0", True),
        (b"1e400", True),
        (b"-0", True),
        (b"123456789012345678901234567890", True),
        (b'"\\ud800"', True),
        (b'"\\u00e9\\/"', True),
        ('"ä\u2028"'.encode(), True),
        (b"9" * 6_000, True),
        (b"[-%s, 1]" % (b"9" * 6_000), True),
        (b"[%s, NaN]" % (b"9" * 6_000), False),
        (b"NaN", False),
        (b"-Infinity", False),
        (b'"NaN Infinity"', True),
        (b'"\xff"', False),
        (b'"\xed\xa0\x80"', False),
    ],
)
def test_a_line_that_any_reader_takes_is_clean(number, clean, padding):
    line = b'{"jsonrpc": "2.0", "id": 1, "result": {"n": %s, "p": "%s"}}' % (number, padding)
    message, passes = read_line(line)
    assert (message["id"], passes) == (1, clean)
    # What is written anew is taken by the strictest reader.
    again = written(message, len(line))
    assert again.isascii()
    assert b"\n" not in again[:-1]
    assert json.loads(again, parse_constant=pytest.fail)["result"].keys() == {"n", "p"}


@pytest.mark.parametrize("size", [0, 200_000], ids=["small", "large"])
def test_numbers_that_are_none_are_null(size):
    message = {"id": 1, "n": [math.nan, math.inf, -math.inf, 1.5], "é": "\u2028"}
    assert json.loads(written(message, size)) == {"id": 1, "n": [None, None, None, 1.5], "é": "\u2028"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'loading {"jsonrpc":"2.0","id":1,"result":{}}', {"jsonrpc": "2.0", "id": 1, "result": {}}),
        (b'got {"jsonrpc":"2.0","id":1,"method":"ping"}', Unreadable('got {"jsonrpc":"2.0","id":1,"method":"ping"}')),
        (b'{"jsonrpc":"2.0","id":1', Unreadable('{"jsonrpc":"2.0","id":1')),
        (b"[1]", Unreadable("[1]")),
        (b"{}", Unreadable("{}")),
        (b'\xef\xbb\xbf{"id":1}', {"id": 1}),
    ],
)  # fmt: skip
def test_what_is_not_a_message_alone_is_not_clean(line, expected):
    assert read_line(line) == (expected, False)


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"id":1,"result":%s}', {"id": 1}),
        (b' {"jsonrpc": "2.0", "id" : "a", "result":{"id":7,"x":%s}}', {"id": "a"}),
        (b'{"result":{"id":7,"x":%s},"jsonrpc":"2.0","id":-3}', {"id": -3}),
        (b'{"jsonrpc":"2.0","result":{"x":%s} , "id":"b" }', {"id": "b"}),
        (b'{"jsonrpc":"2.0","id":"\xff","method":"\xe2","params":%s}', {"id": "\ufffd", "method": "\ufffd"}),
        (b'{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"x":%s}}', {"id": 4, "method": "tools/call"}),
        (b'{"method":"tools/call","params":{"x":%s},"jsonrpc":"2.0","id":5}', {"id": 5, "method": "tools/call"}),
        (b'{"jsonrpc":"2.0","method":"notifications/x","params":{"x":%s}}', {"id": None, "method": "notifications/x"}),
        (b"%s", None),
    ],
)  # fmt: skip
def test_a_message_too_deep_to_be_read_tells_what_it_is(line, said):
    message, clean = read_line(line % DEEP)
    assert (message.deep, clean) == (said, True)
    assert messages(message) == ([said] if said else [])


@pytest.mark.parametrize(
    ("start", "number"),
    [
        (b'{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"te', ("number", 1)),
        (b'{"id":"1","jsonrpc":"2.0","result":{"content":"method', ("text", "1")),
        (b'{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","par', None),
        (b'{"jsonrpc":"2.0","result":{"id":1,"content":[', None),
        (b'{"result":{"content":[{"id":1},"id":2}', None),
        (b'{"id":1,"level":"info","msg":"', None),
        (b'{"jsonrpc":"2.0","id":"a\tb\xff","result":{"content":[', ("text", "a\tb\ufffd")),
        (b'{"jsonrpc":"2.0","id":07,"result":{"content":[', None),
        (b'{"jsonrpc":"2.0","id":-0,"result":{"content":[', ("number", 0)),
    ],
)
def test_a_broken_line_tells_by_its_beginning_what_it_was_to_answer(start, number):
    assert answered_by(start) == number


@pytest.mark.parametrize("line", [b'[{"id":1,"result":{}},2]', b'[null,{"id":1,"result":{}},[]]'])
def test_of_a_batch_the_messages_count(line):
    assert read_line(line) == ([{"id": 1, "result": {}}], False)


def test_an_id_of_thousands_of_digits_is_refused_under_none():
    (message,) = messages(read_line(b'{"id":%s,"method":"ping"}' % (b"9" * 6_000))[0])
    assert failure(message["id"], "no")["id"] is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
PLACES = [("id",), ("params", "_meta", "progressToken"), ("result", "_meta", "x")]


@given(
    st.dictionaries(st.text(), JSON, max_size=4),
    st.sampled_from(PLACES),
    JSON,
    JSON,
    st.booleans(),
    st.sampled_from([None, 1, "\t"]),
)
def test_a_value_is_put_in_place_and_every_other_byte_stays(around, path, old, new, ascii_alone, indent):
    def message(value):
        for name in reversed(path):
            value = {**around, name: value, f"{name} ": 1.0}
        return json.dumps(value, ensure_ascii=ascii_alone, indent=indent)

    try:
        line = message(old).encode()
    except UnicodeEncodeError:
        return
    marked = "a mark of its own"
    assert spliced(line, path, marked) == message("@").replace('"@"', json.dumps(marked), 1).encode() or (
        json.loads(spliced(line, path, marked)) == json.loads(message(marked))
    )
    assert json.loads(spliced(line, path, new)) == json.loads(message(new))
    assert spliced(spliced(line, path, new), path, marked) == spliced(line, path, marked)


@pytest.mark.parametrize(
    "value", [b"9" * 6_000, b"[-%s]" % (b"8" * 6_000), DEEP], ids=["long", "held", "deep"]
)
def test_a_value_is_put_beside_what_python_does_not_read(value):
    line = b'{"n":%s,"id":1,"m":[%s]}' % (value, value)
    assert spliced(line, ("id",), "x") == line.replace(b'"id":1', b'"id":"x"')


def test_of_a_name_that_comes_twice_the_last_counts():
    assert spliced(b'{"id":1, "id" : 2 }', ("id",), "x") == b'{"id":1, "id" : "x" }'


def test_a_message_over_several_lines_is_one_line_of_the_same_values():
    pretty = json.dumps({"a": ["x\ny", 1.0, {"b": None}]}, indent=2).replace("\n", "\r\n").encode()
    assert b"\n" not in one_line(pretty)
    assert json.loads(one_line(pretty)) == json.loads(pretty)
