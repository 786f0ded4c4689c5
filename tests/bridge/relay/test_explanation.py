"""The changes of a repair are explained briefly, however many there are."""

import pytest
from samples import b64

from imagebridge.relay.explanation import changes


def texts(*words):
    return {"content": [{"type": "text", "text": word} for word in words]}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (texts("a"), texts("a"), []),
        (texts("a", "b"), texts("a"), ["removed the text 'b'"]),
        (texts("a"), texts("a", "b"), ["added the text 'b'"]),
        (
            texts(*"ab" * 11),
            texts("c"),
            [
                "the text 'a', the text 'b', "
                + "the text 'a', the text 'b', " * 9
                + "2 more became the text 'c'"
            ],
        ),
        (
            texts(*"ab" * 20_000),
            texts(*"ba" * 19_999) | {"isError": True},
            ["40,000 blocks became 39,998, too many to compare", "added isError"],
        ),
    ],
)
def test_changes_are_told(before, after, told):
    assert list(changes(before, after)) == told


TEXT = {"type": "text", "text": "b"}


def resource(**holds):
    return {"type": "resource", "resource": {"uri": "a:b", **holds}}


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ([{"type": "text", "text": "a\n a"}], "the text 'a a' became the text 'b'"),
        ([{"type": "text", "text": " \n"}], "empty text became the text 'b'"),
        ([resource(text="a")], "a resource with the text 'a' became the text 'b'"),
        ([resource(text="")], "a resource with empty text became the text 'b'"),
        (
            [resource(blob=b64(bytes(10)), mimeType="audio/wav")],
            "audio/wav (10 bytes) became the text 'b'",
        ),
        ([{"type": "image", "data": b64(bytes(11))}], "bytes (11 bytes) became the text 'b'"),
        ([{"type": "image", "data": b64(bytes(12))}], "bytes (12 bytes) became the text 'b'"),
        ([{"type": "resource_link", "uri": "a:b"}], "resource_link a:b became the text 'b'"),
        ([{}], "a block became the text 'b'"),
        (["a"], "a str became the text 'b'"),
        ([], "added the text 'b'"),
    ],
)
def test_a_block_that_became_another_is_named(before, told):
    assert list(changes({"content": before}, {"content": [TEXT]})) == [told]


def test_what_stays_is_not_told():
    assert list(changes({"content": [TEXT], "isError": True}, {"content": [TEXT], "isError": False})) == [
        "changed isError"
    ]
    assert list(changes({"content": [TEXT, {}]}, {"content": [TEXT]})) == ["removed a block"]
