"""Lines of JSON-RPC: read whatever they hold, passed on as they came, and written so that any reader takes them."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebridge.relay.json_rpc import Unreadable, one_line, read_line, spliced, written

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
        (b"9" * 5_000, False),
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


def test_a_message_too_deep_to_be_read_may_pass():
    line = b'{"id":1,"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    message, clean = read_line(line)
    assert (message.deep, clean) == (True, True)


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


def test_of_a_name_that_comes_twice_the_last_counts():
    assert spliced(b'{"id":1, "id" : 2 }', ("id",), "x") == b'{"id":1, "id" : "x" }'


def test_a_message_over_several_lines_is_one_line_of_the_same_values():
    pretty = json.dumps({"a": ["x\ny", 1.0, {"b": None}]}, indent=2).replace("\n", "\r\n").encode()
    assert b"\n" not in one_line(pretty)
    assert json.loads(one_line(pretty)) == json.loads(pretty)
