"""Any JSON becomes JSON that can be written and read again; valid JSON is returned unchanged."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebridge.wire import MAX_LEVELS, as_list, as_object, as_string, as_words, is_number, writable


def nested(levels, leaf=1):
    for _ in range(levels):
        leaf = {"a": leaf}
    return leaf


def holding_itself():
    value = {"b": 1}
    value["a"] = [value]
    return value


LEFT_OUT = f"[left out: it is nested more than {MAX_LEVELS} levels deep]"

MADE = {
    "half a surrogate": (["cut \ud83d here"], ["cut � here"]),
    "two halves": ("\ud83d\ude00", "😀"),
    "half a surrogate in a name": ({"\udfff": 1}, {"�": 1}),
    "names that become equal": (
        json.loads(r'{"\ud800": 1, "\ud801": 2, "\ufffd": 3}'),
        {"��": 1, "���": 2, "�": 3},
    ),
    "more digits than are read": ({"n": [10**6000]}, {"n": ["[a whole number of about 6,000 digits]"]}),
    "the same below zero": (-(10**6000), "[a whole number of about 6,000 digits]"),
    "one level too many": (nested(MAX_LEVELS + 1), nested(MAX_LEVELS, LEFT_OUT)),
    "thousands of levels": ([nested(100_000), "kept"], [nested(MAX_LEVELS - 1, LEFT_OUT), "kept"]),
    "what holds itself": (holding_itself(), {"b": 1, "a": ["[left out: it contains itself]"]}),
}


@pytest.mark.parametrize("case", MADE)
def test_what_cannot_be_written_is_made_so(case):
    came, expected = MADE[case]
    assert writable(came) == expected


@pytest.mark.parametrize(
    "value",
    [{}, [], None, True, 0, 1.5, 10**4000, float("inf"), "é😀", nested(MAX_LEVELS), {"a": [{}, [[]]]}],
)
def test_what_can_be_written_is_the_very_same(value):
    assert writable(value) is value


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_only_python_reads_are_texts_on_demand(number):
    assert writable({"n": number}, finite=True) == {"n": str(number)}


def test_half_surrogates_are_left_on_demand():
    came = {"\udfff": ["cut \ud83d here"]}
    assert writable(came, halves=True) is came
    assert writable([came, 10**6000], halves=True) == [came, "[a whole number of about 6,000 digits]"]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.builds(pow, st.just(10), st.just(5_000)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@settings(deadline=None)
@given(VALUES, st.integers(0, 400))
def test_whatever_comes_can_be_sent(value, levels):
    sent = writable(nested(levels, value), finite=True)
    assert json.loads(json.dumps(sent, ensure_ascii=False, allow_nan=False).encode()) == sent


def test_what_holds_itself_twice_is_walked_once():
    circle: list[object] = []
    circle += [circle, circle]
    assert writable(circle) == ["[left out: it contains itself]"] * 2


@pytest.mark.parametrize(
    ("value", "as_one", "number"),
    [
        ({"a": 1}, ({"a": 1}, (), "", '{"a": 1}'), False),
        ({}, ({}, (), "", "{}"), False),
        ([1], (None, [1], "", "[1]"), False),
        ((1,), (None, (1,), "", "[1]"), False),
        ("é", (None, (), "é", "é"), False),
        (True, (None, (), "", "true"), False),
        (1, (None, (), "", "1"), True),
        (0.5, (None, (), "", "0.5"), True),
        (None, (None, (), "", "null"), False),
    ],
)
def test_untyped_json_is_read_as_what_is_asked_for(value, as_one, number):
    assert (as_object(value), as_list(value), as_string(value), as_words(value)) == as_one
    assert is_number(value) is number
