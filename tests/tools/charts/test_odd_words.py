"""Texts and numbers that no picture can show: a chart without them, or an explanation, in one call each."""

import json

import pytest
from long_rows import one_in

from imagebridge.errors import ArgumentError
from imagebridge_tools import generate_chart
from imagebridge_tools.charts import worker
from imagebridge_tools.charts.guard import WORDS

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

LONG = "x" * 1_000_000
ROWS = [{"a": "x", "b": 1}, {"a": "y", "b": 2}]
DIGITS = "9" * 5_000


def spec(mark="point", x=None, **more):
    encoding = {
        "x": {"field": "a", "type": "nominal"} | (x or {}),
        "y": {"field": "b", "type": "quantitative"},
    }
    return {"data": {"values": ROWS}, "mark": mark, "encoding": encoding} | more


@pytest.mark.parametrize(
    ("path", "drawing"),
    [
        ("title", spec(title=LONG)),
        ("title", spec(title=["Sales", LONG])),
        ("title.subtitle", spec(title={"text": "Sales", "subtitle": LONG})),
        ("encoding.x.title", spec(x={"title": LONG})),
        ("encoding.x.axis.labelExpr", spec(x={"axis": {"labelExpr": f"'{LONG}'"}})),
        ("mark.text", spec(mark={"type": "text", "text": LONG})),
    ],
)
async def test_texts_without_end_are_refused_with_their_place(path, drawing):
    with pytest.raises(
        ArgumentError, match=rf"{path} has a string of 1,000,00\d characters; at most {WORDS:,}"
    ):
        await generate_chart(spec=drawing)


@pytest.mark.long
async def test_the_longest_texts_are_drawn():
    drawing = spec(title=["x" * WORDS, "y" * WORDS], x={"title": "z" * WORDS})
    assert (await generate_chart(spec=drawing)).pictures


NUL = "Ber\0lin"


@pytest.mark.parametrize(
    "arguments",
    one_in(
        3,
        [
            {"spec": spec(title=NUL)},
            {"spec": spec(mark={"type": "text", "text": NUL})},
            {"kind": "bar", "data": ROWS, "title": NUL},
            {"kind": "bar", "data": [{"a": NUL, "b": 1}, {"a": "\x1b[0m\ufffe", "b": 2}]},
            {"kind": "bar", "data": [{"ci\0ty": "Rome", "b": 1}]},
            {"kind": "bar", "data": [{"a": "x\b", "b\f": 1}]},
            {"spec": json.dumps(spec(title="\b\f"))},
            {"kind": "bar", "data": '[{"x": "\\ud83d", "y": 1}, {"x": "b", "y": 2}]'},
            {"kind": "bar", "data": {"\ud83d": [1, 2], "y": [1, 2]}},
            {"spec": json.dumps(spec(title="\ud83d"))},
        ],
    ),
)
async def test_signs_that_xml_cannot_hold_are_left_out(arguments):
    assert (await generate_chart(**arguments)).pictures


@pytest.mark.parametrize(
    ("came", "drawn"),
    [
        ("a\0b\x1fc", "abc"),
        ("a\bc\fd\\b\\f", "acd\\b\\f"),
        ("\ud83d a", "\ufffd a"),
        ("\ud83d\ude00\n\t", "\ud83d\ude00\n\t"),
        ("a\\u0000", "a\\u0000"),
        ("\uffff\ufffe\udc00", "\ufffd\ufffd\ufffd"),
    ],
)
def test_what_is_drawn_of_a_text(came, drawn):
    made = worker._drawable(json.dumps([came, {came: 1}]))
    assert json.loads(made) == json.loads(json.dumps([drawn, {drawn: 1}]))


@pytest.mark.parametrize(
    "arguments",
    [
        {"kind": "bar", "data": f'[{{"a": "x", "b": {DIGITS}}}]'},
        {"kind": "bar", "data": f'{{"a": "x", "b": {DIGITS}}}\n{{"a": "y", "b": 1}}'},
        {"spec": json.dumps(spec())[:-1] + f', "width": {DIGITS}}}'},
    ],
)
async def test_numbers_without_end_are_told(arguments):
    with pytest.raises(
        ArgumentError, match=r"contains a whole number with over 4,300 digits; write it in a shorter form"
    ):
        await generate_chart(**arguments)


@pytest.mark.parametrize(
    ("drawing", "words"),
    [
        (spec(width=10**5_000), r"width is .*a whole number of about 5,000 digits"),
        (spec(title={"text": "a", "fontSize": 10**5_000}), "a whole number of about 5,000 digits"),
        (
            spec() | {"data": {"values": [{"a": 10**5_000}], "format": 10**5_000}},
            "a whole number of about 5,000",
        ),
    ],
)
async def test_numbers_without_end_in_an_object_are_told(drawing, words):
    with pytest.raises(ArgumentError, match=words):
        await generate_chart(spec=drawing)


@pytest.mark.parametrize("place", ["title", "data", "mark"])
async def test_what_is_nested_without_end_is_told(place):
    deep = {}
    for _ in range(3_000):
        deep = {"values": [deep]}
    with pytest.raises(ArgumentError, match="is nested too deeply"):
        await generate_chart(spec=spec() | {place: deep})


async def test_numbers_without_end_in_delimited_text_are_missing():
    assert (await generate_chart(kind="bar", data=f"a,b\nx,{DIGITS}\ny,1\n")).pictures
