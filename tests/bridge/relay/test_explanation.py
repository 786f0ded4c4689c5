"""What a repair changed is told in few words, however much came."""

import pytest

from imagebridge.relay.explanation import changes


def texts(*words):
    return {"content": [{"type": "text", "text": word} for word in words]}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (texts("a"), texts("a"), []),
        (texts("a", "b"), texts("a"), ["took out the text 'b'"]),
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
