"""view_image: which pixels are shown, and how they map to the original."""

import re

import pytest
from samples import SVG, animation, drawing, file, oriented, pdf, photo, pixels

from imagebridge.errors import ArgumentError
from imagebridge_tools.files.source import Source
from imagebridge_tools.view import SIDE, viewed


def source(image, form="PNG"):
    return Source("bridge.png", file(image, form))


def numbered(width=60, height=40):
    """A picture whose pixels tell their own place: red is x, green is y."""
    from PIL import Image

    data = bytes(value for y in range(height) for x in range(width) for value in (x, y, 128, 254))
    return Image.frombytes("RGBA", (width, height), data)  # Transparency makes it a PNG: nothing is lost.


def original(sentence, x, y):
    """Return where a pixel of the view lies in the original, as the sentence says."""
    if "are the same as in the original" in sentence:
        return int(x), int(y)
    found = re.search(r"is x = (.+), y = (.+) in the original", sentence)
    values = {"X": x, "Y": y, "__builtins__": {}}
    return tuple(int(eval(side, values)) for side in found.groups())


@pytest.mark.parametrize("rotate", [0, 90, 180, 270, -90])
@pytest.mark.parametrize(("zoom", "grid"), [(1, False), (3, False), (4, True)])
@pytest.mark.parametrize("region", [None, [10, 5, 30, 25]])
def test_each_pixel_lies_where_the_sentence_says(rotate, zoom, grid, region):
    answer = viewed(source(numbered()), region, zoom=zoom, rotate=rotate, grid=grid)
    shown = pixels(answer.pictures[0].data)
    x0, y0, x1, y1 = region or (0, 0, 60, 40)
    # Enlarging mixes a pixel with the next; a grid is drawn over an opaque picture, which is a JPEG.
    exact = 5 if grid else 0 if zoom == 1 else 1
    step = max(3, shown.width // 20)
    hits = 0
    for x in range(0, shown.width, step):
        for y in range(0, shown.height, step):
            place = original(answer.sentence, x + 0.5, y + 0.5)  # the middle of the pixel
            red, green, blue = shown.getpixel((x, y))
            if abs(blue - 128) < 8 and x0 <= place[0] < x1 and y0 <= place[1] < y1:
                hits += 1
                assert abs(red - place[0]) <= exact
                assert abs(green - place[1]) <= exact
    assert hits > 20


def test_a_drawing_is_enlarged_in_squares_of_its_own_colours():
    answer = viewed(source(drawing()), [0, 0, 16, 12])
    shown = pixels(answer.pictures[0].data)
    assert shown.size == (256, 192)
    assert {color for _, color in shown.getcolors()} == {(255, 0, 0), (255, 255, 255)}
    assert shown.getpixel((8 * 16 + 15, 0)) == (255, 0, 0)
    assert shown.getpixel((9 * 16, 0)) == (255, 255, 255)
    assert answer.sentence == (
        "bridge.png (64x48 px): the region x 0 to 16, y 0 to 12 at 16 times its size. "
        "Pixel (X, Y) of this view is x = X / 16, y = Y / 16 in the original. "
        f"PNG, 256x192 px, {answer.pictures[0].size} bytes."
    )


@pytest.mark.parametrize(
    ("width", "height", "zoom", "size", "words"),
    [
        (3200, 160, None, (1600, 80), "the whole picture at 0.5 times its size. Pixel (X, Y) of this view is x = 2 * X, y = 2 * Y"),
        (800, 600, None, (800, 600), "the whole picture at full resolution. Pixel coordinates in this view are the same as in the original"),
        (64, 48, None, (1024, 768), "at 16 times its size"),
        (300, 100, None, (900, 300), "at 3 times its size"),
        (64, 48, 1, (64, 48), "at full resolution"),
        (64, 48, 31.25, (2000, 1500), "at 31.25 times its size"),
        (64, 48, 0.25, (16, 12), "x = 4 * X, y = 4 * Y"),
    ],
)  # fmt: skip
def test_sizes(width, height, zoom, size, words):
    answer = viewed(source(drawing(width, height)), zoom=zoom)
    assert (answer.pictures[0].width, answer.pictures[0].height) == size
    assert words in answer.sentence


def test_the_grid_has_lines_at_its_numbers():
    answer = viewed(source(drawing(400, 300)), grid=True, zoom=1)
    shown = pixels(answer.pictures[0].data)
    left, top = (int(n) for n in re.search(r"x = \(X - (\d+)\), y = \(Y - (\d+)\)", answer.sentence).groups())
    row = [shown.getpixel((left + x, top + 290)) for x in range(400)]
    dark = [x for x, color in enumerate(row) if max(color) < 180]
    assert dark == [*range(0, 400, 50), 399]
    column = [shown.getpixel((left + 390, top + y)) for y in range(300)]
    assert [y for y, color in enumerate(column) if max(color) < 180] == [*range(0, 300, 50), 299]
    # The margin holds letters, and none of them touches the edge of the sheet.
    margin = shown.crop((0, 0, shown.width, top - 6)).convert("L")
    assert margin.getextrema()[0] < 100
    for edge in [
        (0, 0, shown.width, 1),
        (0, 0, 1, shown.height),
        (shown.width - 1, 0, shown.width, shown.height),
    ]:
        assert shown.crop(edge).convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize("units", ["pixels", "0-1", "0-1000"])
def test_the_grid_in_each_unit_and_a_region_in_it(units):
    values = {
        "pixels": [100, 50, 300, 200],
        "0-1": [0.25, 1 / 6, 0.75, 2 / 3],
        "0-1000": [250, 500 / 3, 750, 2000 / 3],
    }
    answer = viewed(source(drawing(400, 300)), values[units], units, grid=True)
    assert "the region x 100 to 300, y 50 to 200 at 5 times its size" in answer.sentence
    assert f"coordinates in {units}" in answer.sentence


@pytest.mark.parametrize("size", [(1, 1), (2000, 3), (3, 2000), (1, 400)])
def test_the_grid_of_any_shape(size):
    answer = viewed(source(drawing(*size)), grid=True)
    assert answer.pictures[0].width <= SIDE + 100


def test_contrast_is_stretched():
    from PIL import Image

    pale = Image.linear_gradient("L").point(lambda level: 100 + level // 8).convert("RGB")
    low, high = pixels(viewed(source(pale), contrast="auto").pictures[0].data).convert("L").getextrema()
    assert (low, high) == (0, 255)
    grey = pixels(viewed(source(pale), contrast=0).pictures[0].data).convert("L").getextrema()
    assert grey[1] - grey[0] <= 1


def test_a_picture_lying_on_its_side_is_measured_upright():
    answer = viewed(Source("photo.jpg", oriented()), [40, 0, 48, 8], zoom=1)
    red, green, blue = pixels(answer.pictures[0].data).getpixel((4, 4))
    assert answer.sentence.startswith("photo.jpg (48x64 px)")
    assert red > 200 > green + blue


def test_other_files():
    assert "the first of 4 frames" in viewed(Source("a.gif", animation("GIF"))).sentence
    assert viewed(Source("a.svg", SVG), zoom=1).pictures[0].width == 64


@pytest.mark.parametrize(
    ("given", "argument", "problem"),
    [
        ({"rotate": 45}, "rotate", "is 45; a view can be rotated by 0, 90, 180 or 270 degrees clockwise, such as 0 (transform_image accepts any angle)"),
        ({"rotate": 100}, "rotate", "such as 90"),
        ({"zoom": 0}, "zoom", "is 0; give a number above 0, such as 2 or 0.5"),
        ({"zoom": 100}, "zoom", "is 100; 64x48 pixels can be shown at most 31 times as large, to stay within 2000 pixels; give up to 31, or a smaller region"),
        ({"zoom": -1}, "zoom", "is -1"),
        ({"contrast": -1}, "contrast", "is -1; give auto or a factor from 0 to 10, where 1 changes nothing"),
        ({"contrast": "high"}, "contrast", "is 'high'; give auto or a factor"),
        ({"region": [0, 0, 100, 48]}, "region", "x = 100 is outside the picture, which extends from 0 to 64"),
        ({"units": "px"}, "units", "is 'px'; did you mean 'pixels'? allowed: pixels, 0-1, 0-1000"),
    ],
)  # fmt: skip
def test_bad_arguments(given, argument, problem):
    with pytest.raises(ArgumentError) as caught:
        viewed(source(drawing()), **given)
    assert caught.value.argument == argument
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "x is empty"),
        (b"hello", "x is not a picture in a known format; supported are PNG, JPEG"),
        (pdf(), "x is a PDF; use render_document to see its pages"),
        (file(drawing(), "PNG")[:60], "x cannot be shown: "),
        (file(photo(), "JPEG")[:300], "x cannot be shown: "),
    ],
)
def test_what_is_no_picture(data, problem):
    with pytest.raises(ArgumentError) as caught:
        viewed(Source("x", data))
    assert caught.value.argument == "source"
    assert problem in caught.value.problem


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(ArgumentError) as caught:
        viewed(source(drawing()), [0, 0, 999, 9], zoom=-1, rotate=45, contrast="high")
    told = [line.partition(": ")[0] for line in str(caught.value).splitlines()]
    assert told == ["rotate", "contrast", "zoom", "region"]
