"""Coordinates have one meaning in all three units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebridge.errors import ArgumentError
from imagebridge_tools.drawing.units import UNITS, Ruler


@pytest.mark.parametrize(
    ("units", "values", "box"),
    [
        ("pixels", [10, 20, 110, 70], (10, 20, 110, 70)),
        ("pixels", [10.4, 20.6, 109.2, 69.5], (10, 20, 110, 70)),
        ("pixels", [0, 0, 200, 100], (0, 0, 200, 100)),
        ("0-1", [0.05, 0.2, 0.55, 0.7], (10, 20, 110, 70)),
        ("0-1", [0, 0, 1, 1], (0, 0, 200, 100)),
        ("0-1000", [50, 200, 550, 700], (10, 20, 110, 70)),
        ("0-1000", [0, 0, 1000, 1000], (0, 0, 200, 100)),
    ],
)
def test_a_region_is_the_whole_pixels_that_it_touches(units, values, box):
    assert Ruler(200, 100, units).region(values, "region") == box


@pytest.mark.parametrize(
    ("units", "values", "problem"),
    [
        ("pixels", [1, 2, 3], "has 3 numbers; give [left, top, right, bottom]"),
        ("pixels", [], "has 0 numbers; give [left, top, right, bottom]"),
        (
            "pixels",
            [110, 20, 10, 70],
            "is empty; give [left, top, right, bottom], such as [10, 20, 110, 70]",
        ),
        ("pixels", [10, 20, 10, 70], "is empty; give [left, top, right, bottom]"),
        (
            "pixels",
            [10, 20, 210, 70],
            'x = 210 is outside the picture, which extends from 0 to 200 in pixels; did you mean units="0-1000"?',
        ),
        (
            "pixels",
            [10, 20, 2100, 70],
            "x = 2100 is outside the picture, which extends from 0 to 200 in pixels",
        ),
        (
            "pixels",
            [-1, 20, 50, 70],
            "x = -1 is outside the picture, which extends from 0 to 200 in pixels",
        ),
        (
            "pixels",
            [0.1, 0.2, 0.5, 0.7],
            'is a single pixel in 200x100; did you mean units="0-1"?',
        ),
        (
            "0-1",
            [10, 20, 110, 70],
            'x = 10 is outside the picture, which extends from 0 to 1 in units of 0-1; did you mean units="pixels"?',
        ),
        (
            "0-1",
            [100, 200, 900, 700],
            'x = 100 is outside the picture, which extends from 0 to 1 in units of 0-1; did you mean units="0-1000"?',
        ),
        (
            "0-1000",
            [0, 0, 500, float("nan")],
            "y = nan is outside the picture, which extends from 0 to 1000 in units of 0-1000",
        ),
    ],
)
def test_what_is_no_region_is_told_with_the_nearest_that_is(units, values, problem):
    with pytest.raises(ArgumentError) as caught:
        Ruler(200, 100, units).region(values, "region")
    assert (caught.value.argument, caught.value.problem) == ("region", problem)


@pytest.mark.parametrize(
    ("units", "problem"),
    [
        ("pixel", "is 'pixel'; did you mean 'pixels'? allowed: pixels, 0-1, 0-1000"),
        ("percent", "is 'percent'; allowed: pixels, 0-1, 0-1000"),
    ],
)
def test_unknown_units(units, problem):
    with pytest.raises(ArgumentError) as caught:
        Ruler(200, 100, units)
    assert (caught.value.argument, caught.value.problem) == ("units", problem)


@given(
    st.integers(1, 5000),
    st.integers(1, 5000),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.sampled_from(list(UNITS)),
)
def test_every_region_lies_in_the_picture_and_holds_a_pixel(width, height, shares, units):
    ruler = Ruler(width, height, units)
    right, bottom = ruler.edges
    x0, x1 = sorted(share * right for share in shares[:2])
    y0, y1 = sorted(share * bottom for share in shares[2:])
    try:
        left, top, end, low = ruler.region([x0, y0, x1, y1], "region")
    except ArgumentError:
        narrow = min((x1 - x0) * width / right, (y1 - y0) * height / bottom) < 1e-5
        assert narrow or (units == "pixels" and max(x1, y1) <= 1)
        return
    assert 0 <= left < end <= width
    assert 0 <= top < low <= height
