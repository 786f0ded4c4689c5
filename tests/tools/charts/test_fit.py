"""Pictures of several charts have exactly the requested size, or a sentence that they do not."""

import pytest
from long_rows import one_in

from imagebridge.pictures.decode import opened
from imagebridge_tools import generate_chart

pytestmark = pytest.mark.anyio

ROWS = [
    {"a": a, "b": b, "c": c, "t": f"2026-03-{9 + b:02d}"}
    for a, b, c in zip("xyzuxyzu", (3, 5, 2, 7, 1, 2, 3, 4), "pppprrrr", strict=True)
]
X, Y = {"field": "a", "type": "nominal"}, {"field": "b", "type": "quantitative"}
VIEW = {"mark": "bar", "encoding": {"x": X, "y": Y}}
REPEATED = {"mark": "bar", "encoding": {"x": {"field": {"repeat": "column"}, "type": "nominal"}, "y": Y}}


async def drawn(spec, **size):
    answer = await generate_chart(spec={"data": {"values": ROWS}, **spec}, **size)
    (picture,) = answer.pictures
    return opened(picture.data), answer.sentence


@pytest.mark.parametrize(
    "spec",
    one_in(
        6,
        [
            {"hconcat": [VIEW, VIEW]},
            {
                "hconcat": [
                    {**VIEW, "width": 700},
                    {**VIEW, "width": "container"},
                    {**VIEW, "width": {"step": 9}},
                ]
            },
            {"vconcat": [VIEW, {**VIEW, "mark": "line"}]},
            {"vconcat": [{"hconcat": [VIEW, VIEW]}, VIEW], "title": "A title"},
            {"concat": [VIEW] * 3, "columns": 2, "padding": {"left": 3}},
            {"facet": {"column": {"field": "c"}}, "spec": VIEW},
            {"facet": {"field": "a"}, "columns": 2, "spec": VIEW},
            {"mark": "bar", "encoding": {"x": X, "y": Y, "column": {"field": "c"}}},
            {"mark": "bar", "encoding": {"x": X, "y": Y, "row": {"field": "c"}}, "height": {"step": 10}},
            {"repeat": {"column": ["a", "c"]}, "spec": REPEATED},
            {"hconcat": [{"layer": [{**VIEW, "width": 500}, {**VIEW, "mark": "rule"}]}, VIEW]},
        ],
    ),
    ids=lambda spec: next(iter(spec)),
)
async def test_several_charts_fill_the_picture(spec):
    image, sentence = await drawn(spec, width=900, height=420)
    assert image.size == (900, 420)
    assert "PNG, 900x420 px" in sentence
    assert "cannot be made to fit" not in sentence


async def test_the_side_that_nobody_asked_for_is_left_to_the_charts():
    own = (await drawn({"hconcat": [{**VIEW, "height": 120}] * 2}))[0]
    image, _ = await drawn({"hconcat": [{**VIEW, "height": 120}] * 2}, width=640)
    assert image.size == (640, own.height)


@pytest.mark.long
async def test_charts_that_cannot_be_so_small_come_close_and_say_so():
    image, sentence = await drawn({"hconcat": [VIEW] * 6}, width=200, height=200)
    assert image.height == 200
    assert 200 < image.width < 600
    assert "its charts cannot be fitted to width 200 and height 200" in sentence
    assert f"PNG, {image.width}x200 px" in sentence


@pytest.mark.parametrize("kind", one_in(3, ["bar", "line", "pie"]))
@pytest.mark.parametrize("charts", one_in(2, [1, 3, 7]))
async def test_small_charts_of_a_kind_fill_the_picture(kind, charts):
    rows = [{**row, "f": f"f{number}"} for number in range(charts) for row in ROWS]
    x = "t" if kind == "line" else "a"
    answer = await generate_chart(kind=kind, data=rows, columns={"x": x, "y": "b", "facet": "f"})
    assert (answer.pictures[0].width, answer.pictures[0].height) == (800, 500)
