"""JSON is checked before it is parsed: lone surrogates become U+FFFD, and the number of values is limited."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.types import JSONRPCError

from imagebridge.client import json_bytes
from imagebridge.client.http_errors import error_message
from imagebridge.client.json_bytes import has_too_many_values, paired_escapes
from imagebridge.client.json_rpc import messages, sound, told_id
from imagebridge.relay.json_rpc import Unreadable, read_line
from imagebridge.wire import paired


@pytest.mark.parametrize(
    ("body", "mended"),
    [
        (rb'"\ud800"', rb'"\ufffd"'),
        (rb'"\uDFFF\uD800"', rb'"\ufffd\ufffd"'),
        (rb'"\ud83d\u0041"', rb'"\ufffd\u0041"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\\\ud800"', rb'"\\\ufffd"'),
        (rb'{"\udc00": ["\ude00", 1e400]}', rb'{"\ufffd": ["\ufffd", 1e400]}'),
        (b'"\\ud800\n\xff', b'"\\ufffd\n\xff'),
    ],
)
def test_half_of_a_character_is_replaced(body, mended):
    assert paired_escapes(body) == mended


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\\ud8",
        rb'"\ud83d\ude00"',
        rb'"\uD83D\uDE00"',
        rb'"\\ud800"',
        rb'"\ud7ff\ue000"',
        rb'"\ud8zz"',
        b'"\xed\xa0\x80"',
    ],
)
def test_anything_else_is_the_same_object(body):
    assert paired_escapes(body) is body


@given(st.text(st.characters(codec=None, categories=None)))
def test_what_is_replaced_is_what_the_other_door_replaces(text):
    """Python writes each half as an escape, and reads two of them that belong together as one character."""
    read = json.loads(json.dumps(text))
    assert json.loads(paired_escapes(json.dumps(text).encode())) == paired(read)


@pytest.fixture
def small(monkeypatch):
    """The limits, as small as a test needs."""
    monkeypatch.setattr(json_bytes, "_LONG", 0)
    monkeypatch.setattr(json_bytes, "MAX_VALUES", 8)


@pytest.mark.parametrize(
    ("body", "has"),
    [
        (b"[1,1,1,1,1,1,1,1]", False),
        (b"[1,1,1,1,1,1,1,1,1]", True),
        (b"[[[[[[[[[", True),
        (b'[{"a":1},{"a":1},{"a":1},{"a":1},{"a":1}]', True),
        (b'"1,1,1,1,1,1,1,1,1,1,1"', False),
        (b'"[[[[[[[[[[[[[[[[[[[', False),
        (rb'["\",,,,,,,,,,,,,,,,"]', False),
        (rb'"\\",,,,,,,,,,,,', True),
        (b"", False),
    ],
)
@pytest.mark.usefixtures("small")
def test_values_are_counted_outside_texts(body, has):
    assert has_too_many_values(body) is has


@given(st.binary(max_size=60))
def test_any_bytes_can_be_examined(body):
    json_bytes._UNTIL_VALUE.sub(b"", body)
    assert paired_escapes(paired_escapes(body)) == paired_escapes(body)


MANY = b'{"jsonrpc":"2.0","id":%s,"result":{"content":[' + b"[]," * 3_000_000 + b"[]]}}"
"""9 MB that would take a quarter of a gigabyte."""


@pytest.mark.long
def test_an_answer_with_too_many_values_is_an_error_that_says_so():
    said = messages(MANY % b"7")[0].message
    why = "the server returned a message of more than 5,000,000 values, which is the limit"
    assert isinstance(said, JSONRPCError)
    assert (said.id, said.error.message) == (7, why)


@pytest.mark.parametrize(
    ("line", "answers", "asks"),
    [
        (b'{"id":7,"result":{}}', 7, None),
        (b'{"result":{},"jsonrpc":"2.0","id":"a"}', "a", None),
        (b'{"id":7,"result":{"a":[{"b":{},"method":"x"}]}}', 7, None),
        (b'{"id":7,"result":{"a":{"b":{},"method":"x"}}}', 7, None),
        (b'{"result":{"a":{}},"id":"method"}', "method", None),
        (b'{"id":7,"result":{"a":{}},"method":"x"}', None, 7),
        (b'{"params":{"a":{}},"id":7,"method":"x" }', None, 7),
        (b'{"params":{"a":{}}, "method" : "x", "id" : "a"}', None, "a"),
        (b'{"method":"x","params":{"a":{}},"id":7}', None, 7),
        (b'{"params":{"a":{},"method":"x","id":7}}', None, None),
        (b'{"params":{"a":"},\\"method\\":\\"x\\",\\"id\\":7}', None, None),
    ],
)
def test_both_ends_of_a_line_tell_what_it_answers_or_asks(line, answers, asks):
    assert (told_id(line), told_id(line, request=True)) == (answers, asks)


@pytest.mark.long
def test_one_that_answers_nobody_is_reported():
    assert str(messages(MANY % b"null")[0]) == "a message of more than 5,000,000 values, which is the limit"


@pytest.mark.long
def test_it_is_parsed_nowhere_else():
    many = MANY % b"7"
    assert sound(many) is None
    assert read_line(many) == (Unreadable(many[:200].decode(), {"id": 7}), True)
    assert "content" in error_message("application/json", many)
