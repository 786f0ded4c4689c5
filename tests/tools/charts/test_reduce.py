"""Reduced rows keep everything that the chart shows."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebridge_tools.charts import reduce
from imagebridge_tools.charts.reduce import step

FINITE = st.floats(-1e9, 1e9, allow_subnormal=False)


@pytest.mark.parametrize(
    ("low", "high", "most", "whole", "width"),
    [(0, 100, 10, False, 10), (0, 101, 10, False, 20), (0, 1, 40, False, 0.05), (3, 3, 10, False, 0.5), (0, 5, 40, True, 1)],
)  # fmt: skip
def test_bins_have_round_edges(low, high, most, whole, width):
    assert step(low, high, most, whole=whole) == pytest.approx(width)


@given(st.lists(FINITE, min_size=1, max_size=200))
def test_bins_hold_every_number_once(numbers):
    made, width = reduce.binned([{"x": number} for number in numbers], [])
    assert sum(row["y"] for row in made) == len(numbers)
    assert len(made) <= reduce.BINS + 2
    assert width > 0
    slack = width * 1e-6
    for number in numbers:
        assert any(row["x"] - slack <= number <= row["x2"] + slack for row in made)


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=200))
def test_a_density_counts_every_point_once(points):
    made = reduce.density([x for x, _ in points], [y for _, y in points])
    assert sum(row["color"] for row in made) == len(points)
    assert len({(row["x"], row["y"]) for row in made}) <= math.prod(reduce.CELLS)


@given(st.lists(st.tuples(st.integers(0, 10_000), FINITE), min_size=1, max_size=300), st.integers(1, 50))
def test_an_outline_keeps_the_extremes(points, columns):
    rows = [{"x": x, "y": y} for x, y in points]
    kept = reduce.outline(rows, [x for x, _ in points], [], columns)
    assert len(kept) <= 4 * (columns + 1)
    for of in (min, max):
        assert of(row["y"] for row in kept) == of(y for _, y in points)
        assert of(row["x"] for row in kept) == of(x for x, _ in points)


@given(st.lists(FINITE, min_size=1, max_size=60))
def test_boxes_hold_what_lies_between(numbers):
    box, *outside = reduce.boxes([{"x": "a", "y": number} for number in numbers], ["x"])
    parts = [box[name] for name in ("low", "q1", "y", "q3", "high")]
    assert parts == pytest.approx(sorted(parts))
    assert {row["out"] for row in outside} <= set(numbers)


def test_samples_are_spread():
    rows = [{"n": number} for number in range(10)]
    assert [row["n"] for row in reduce.sampled(rows, 5)] == [0, 2, 4, 6, 8]
    assert reduce.sampled(rows, 20) == rows
