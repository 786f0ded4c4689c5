"""transform_image: operations in order, each on the result of the previous one."""

from io import BytesIO

import pytest
from PIL import Image
from samples import drawing, file, oriented, photo, pixels

from imagebridge.errors import ArgumentError
from imagebridge_tools.drawing.operations import OPERATIONS
from imagebridge_tools.files.source import Source
from imagebridge_tools.transform import transformed

WHITE, RED, NAVY = (255, 255, 255), (255, 0, 0), (0, 0, 128)


def source(image=None, form="PNG"):
    return Source("bridge.png", file(image or drawing(), form))


def done(*operations, image=None, units="pixels"):
    return transformed(source(image), operations, units)


def shown(*operations, **given):
    return Image.open(BytesIO(done(*operations, **given).pictures[0].data))


def test_order_matters():
    one = shown({"crop": [0, 0, 32, 24]}, {"rotate": 90}).convert("RGB")
    other = shown({"rotate": 90}, {"crop": [0, 0, 32, 24]}).convert("RGB")
    assert (one.size, other.size) == ((24, 32), (32, 24))
    assert one.getpixel((23, 0)) == RED
    assert RED not in {color for _, color in other.getcolors()}


@pytest.mark.parametrize(
    ("operation", "size", "point", "color", "words"),
    [
        ({"crop": [0, 0, 8, 6]}, (8, 6), (7, 5), RED, "cropped at x 0 to 8, y 0 to 6 to 8x6"),
        ({"rotate": 90}, (48, 64), (47, 0), RED, "rotated 90 degrees clockwise to 48x64"),
        ({"rotate": 180}, (64, 48), (63, 47), RED, "rotated 180 degrees clockwise"),
        ({"rotate": -90}, (48, 64), (0, 63), RED, "rotated 270 degrees clockwise to 48x64"),
        ({"rotate": 360}, (64, 48), (0, 0), RED, "rotated 0 degrees clockwise"),
        ({"flip": "horizontal"}, (64, 48), (63, 0), RED, "flipped left to right"),
        ({"flip": "vertical"}, (64, 48), (0, 47), RED, "flipped top to bottom"),
        ({"pad": 10}, (84, 68), (10, 10), RED, "padded to 84x68"),
        ({"pad": [1, 2, 3, 4]}, (68, 54), (1, 2), RED, "padded to 68x54"),
        ({"resize": [128, 96]}, (128, 96), (2, 2), RED, "resized to 128x96"),
        ({"resize": [32, None]}, (32, 24), (0, 0), RED, "resized to 32x24"),
        ({"resize": [None, 96]}, (128, 96), (2, 2), RED, "resized to 128x96"),
        ({"fit": [32, 32]}, (32, 24), (0, 0), RED, "fitted to 32x24"),
        ({"grayscale": True}, (64, 48), (0, 0), (76, 76, 76), "converted to grey"),
        ({"invert": True}, (64, 48), (0, 0), (0, 255, 255), "inverted"),
        ({"brightness": 0.5}, (64, 48), (0, 0), (127, 0, 0), "brightness multiplied by 0.5"),
        ({"brightness": 1}, (64, 48), (0, 0), RED, "brightness multiplied by 1"),
        ({"saturation": 0}, (64, 48), (0, 0), (76, 76, 76), "saturation multiplied by 0"),
        ({"sharpen": 2}, (64, 48), (2, 2), RED, "sharpness multiplied by 2"),
        ({"blur": 0}, (64, 48), (0, 0), RED, "blurred by 0 px"),
        ({"contrast": "auto"}, (64, 48), (40, 40), WHITE, "tones stretched"),
        ({"contrast": 1}, (64, 48), (0, 0), RED, "contrast multiplied by 1"),
    ],
)  # fmt: skip
def test_each_operation(operation, size, point, color, words):
    answer = done(operation)
    image = pixels(answer.pictures[0].data)
    assert image.size == size
    assert image.getpixel(point) == color
    assert answer.sentence.startswith(f"bridge.png (64x48 px): {words}. ")


def test_there_is_a_case_for_every_operation():
    (mark,) = test_each_operation.pytestmark
    choices = {"background", "format", "quality"}  # tested below
    assert {name for case in mark.args[1] for name in case[0]} == set(OPERATIONS) - choices


def test_blur_mixes_and_keeps_the_mean():
    before, after = photo(100, 80), shown({"blur": 8}, image=photo(100, 80)).convert("RGB")
    sharp = drawing(100, 80)
    soft = shown({"blur": 8}, image=sharp).convert("RGB")
    assert len(soft.getcolors(1 << 20)) > 50 > len(sharp.getcolors(1 << 20))
    for one, other in zip(
        before.resize((1, 1)).getpixel((0, 0)), after.resize((1, 1)).getpixel((0, 0)), strict=True
    ):
        assert abs(one - other) < 5


def test_regions_are_of_the_picture_as_it_is_by_then():
    image = shown({"crop": [0, 0, 0.5, 0.5]}, {"crop": [0, 0, 0.25, 0.25]}, units="0-1")
    assert image.size == (8, 6)
    assert image.convert("RGB").getcolors() == [(48, RED)]


@pytest.mark.parametrize(("background", "corner"), [("white", (255, 255, 255, 255)), ("navy", (0, 0, 128, 255)), ("#0a0b0c", (10, 11, 12, 255)), ("transparent", (0, 0, 0, 0))])  # fmt: skip
@pytest.mark.parametrize("operation", [{"rotate": 30}, {"pad": 5}])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_what_is_added_is_filled(background, corner, operation, mode):
    image = shown({"background": background}, operation, image=drawing().convert(mode)).convert("RGBA")
    assert image.getpixel((0, 0)) == corner


@pytest.mark.parametrize(
    ("form", "media_type"), [("png", "image/png"), ("jpeg", "image/jpeg"), ("webp", "image/webp")]
)
def test_formats(form, media_type):
    (picture,) = done({"format": form}).pictures
    assert picture.media_type == media_type


def test_quality():
    sizes = [
        done({"format": "jpeg"}, {"quality": quality}, image=photo(300, 200)).pictures[0].size
        for quality in (10, 50, 95)
    ]
    assert sizes == sorted(sizes)
    answer = done({"quality": 30})
    assert answer.pictures[0].media_type == "image/jpeg"
    assert "as JPEG of quality 30" in answer.sentence


def test_transparency():
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    assert shown({"resize": [40, 40]}, image=clear).getpixel((20, 20))[3] == 0
    answer = done({"format": "jpeg"}, image=clear)
    assert "transparency shown on white" in answer.sentence
    assert pixels(answer.pictures[0].data).getpixel((5, 5)) == WHITE
    assert done({"quality": 80}, image=clear).pictures[0].media_type == "image/webp"


def test_edges_of_transparency_keep_their_colour():
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (10, 10, 30, 30))
    for operation in ({"resize": [60, 60]}, {"blur": 2}):
        for _, (red, green, blue, alpha) in shown(operation, image=image).getcolors(10_000):
            assert alpha < 20 or (red > 230 and green == blue == 0)


@pytest.mark.parametrize(
    ("operations", "words"),
    [
        ([{"background": "navy"}, {"pad": 1}], "padded on navy to 66x50"),
        ([{"background": "transparent"}, {"rotate": 30}], "rotated 30 degrees clockwise on transparent to 80x74"),
        ([{"pad": 1}, {"background": "navy"}], "padded to 66x50, background was not used: it fills only what a later rotate or pad adds"),
        ([{"background": "navy"}, {"rotate": 90}], "rotated 90 degrees clockwise to 48x64, background was not used: it fills only what a later rotate or pad adds"),
    ],
)  # fmt: skip
def test_the_sentence_tells_the_background(operations, words):
    assert done(*operations).sentence.startswith(f"bridge.png (64x48 px): {words}. ")


def test_metadata_is_dropped_and_the_picture_upright():
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    for form in ([{"format": "png"}], [{"format": "jpeg"}], [{"quality": 90}], []):
        made = transformed(Source("p.jpg", file(photo(), "JPEG", exif=exif)), [{"rotate": 90}, *form])
        assert b"Secret" not in made.pictures[0].data
    answer = transformed(Source("p.png", oriented("PNG")), [{"crop": [40, 0, 48, 8]}])
    assert pixels(answer.pictures[0].data).getpixel((3, 3)) == RED


@pytest.mark.parametrize(
    ("operations", "given", "argument", "problem"),
    [
        ([], {}, "operations", 'is empty; give one operation per object, such as [{"crop": [0, 0, 40, 30]}, {"resize": [800, null]}]; operations are crop, resize'),
        ([{"rotate": 1}] * 21, {}, "operations", "has 21 operations; give at most 20 per call"),
        (["rotate"], {}, "operations[0]", 'is \'rotate\', which is not an object; write {"rotate": 90}'),
        ([{"rotate": 1, "flip": "vertical"}], {}, "operations[0]", "give one operation per object"),
        ([{}], {}, "operations[0]", "has no operation; give one operation per object"),
        ([{"rotate": 90}, {"croop": [1, 2, 3, 4]}], {}, "operations[1]", "has 'croop', which is not an operation; did you mean 'crop'?"),
        ([{"crop": [1, 2, 3]}], {}, "operations[0].crop", "is [1, 2, 3]; give [left, top, right, bottom]"),
        ([{"crop": "all"}], {}, "operations[0].crop", "is 'all'; give [left, top, right, bottom]"),
        ([{"crop": [0, 0, 65, 10]}], {}, "operations[0].crop", "x = 65 is outside the picture, which extends from 0 to 64"),
        ([{"crop": [0, 0, 8, 8]}, {"crop": [0, 0, 10, 8]}], {}, "operations[1].crop", "extends from 0 to 8"),
        ([{"resize": 100}], {}, "operations[0].resize", "is 100; give [width, height] in pixels, with null for a side that follows from the proportions"),
        ([{"resize": [None, None]}], {}, "operations[0].resize", "give [width, height]"),
        ([{"resize": [0, 10]}], {}, "operations[0].resize", "is 0; give a number from 1 to 12000"),
        ([{"resize": [12000, None]}], {}, "operations[0].resize", "would make 12000x9000 pixels; the limit is 40,000,000 and 12,000 per side, such as 7302x5477"),
        ([{"resize": [12000, 12000]}], {}, "operations[0].resize", "would make 12000x12000 pixels"),
        ([{"resize": [10 ** 9, 1]}], {}, "operations[0].resize", "is 1000000000; give a number from 1 to 12000"),
        ([{"resize": [9000, 100]}, {"rotate": 45}], {}, "operations[1].rotate", "would make 13500x150 pixels"),
        ([{"pad": 12000}], {}, "operations[0].pad", "would make 24064x24048 pixels"),
        ([{"pad": [1, 2]}], {}, "operations[0].pad", "is [1, 2]; give a number of pixels, or [left, top, right, bottom]"),
        ([{"rotate": "left"}], {}, "operations[0].rotate", "is 'left'; give a number from -360 to 360"),
        ([{"flip": "horizontl"}], {}, "operations[0].flip", "did you mean 'horizontal'? allowed: horizontal, vertical"),
        ([{"flip": True}], {}, "operations[0].flip", "is True; allowed: horizontal, vertical"),
        ([{"grayscale": 1}], {}, "operations[0].grayscale", "is 1; give true, or leave the operation out"),
        ([{"brightness": 11}], {}, "operations[0].brightness", "is 11; give a factor from 0 to 10, where 1 changes nothing"),
        ([{"brightness": "auto"}], {}, "operations[0].brightness", "is 'auto'; give a factor"),
        ([{"contrast": "more"}], {}, "operations[0].contrast", "is 'more'; give auto or a factor"),
        ([{"blur": 1000}], {}, "operations[0].blur", "is 1000; give a number from 0 to 200"),
        ([{"blur": True}], {}, "operations[0].blur", "is True; give a number"),
        ([{"background": "withe"}], {}, "operations[0].background", "is 'withe'; give a CSS name or #rrggbb; did you mean 'white'?"),
        ([{"background": "transprent"}], {}, "operations[0].background", "give a CSS name or #rrggbb; did you mean 'transparent'? allowed: transparent, red,"),
        ([{"format": "jepg"}], {}, "operations[0].format", "is 'jepg'; did you mean 'jpeg'? allowed: png, jpeg, webp"),
        ([{"quality": 0}], {}, "operations[0].quality", "is 0; give a number from 1 to 100"),
        ([{"quality": 5}, {"format": "png"}], {}, "operations[0].quality", "applies to jpeg and webp; png is lossless, so leave it out"),
        ([{"rotate": 1}], {"units": "cm"}, "units", "is 'cm'; allowed: pixels, 0-1, 0-1000"),
    ],
)  # fmt: skip
def test_bad_arguments(operations, given, argument, problem):
    with pytest.raises(ArgumentError) as caught:
        done(*operations, **given)
    assert caught.value.argument == argument
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("guess", "meant"),
    [
        ({"type": "crop", "box": [0, 0, 40, 30]}, {"crop": [0, 0, 40, 30]}),
        ({"op": "crop", "left": 0, "top": 0, "right": 40, "bottom": 30}, {"crop": [0, 0, 40, 30]}),
        ({"crop": {"x": 4, "y": 2, "width": 30, "height": 20}}, {"crop": [4, 2, 34, 22]}),
        ({"crop": "4, 2, 34, 22"}, {"crop": [4, 2, 34, 22]}),
        ({"operation": "resize", "width": 32}, {"resize": [32, None]}),
        ({"resize": {"width": 32, "height": 30}}, {"resize": [32, 30]}),
        ({"resize": "32x30"}, {"resize": [32, 30]}),
        ({"type": "resize", "size": [32, 30]}, {"resize": [32, 30]}),
        ({"name": "rotate", "angle": 90}, {"rotate": 90}),
        ({"Rotate": "90"}, {"rotate": 90}),
        ({"flip": "Horizontally"}, {"flip": "horizontal"}),
        ("greyscale", {"grayscale": True}),
        ({"type": "grayscale"}, {"grayscale": True}),
        ({"invert": {}}, {"invert": True}),
        ({"format": "JPG"}, {"format": "jpeg"}),
        ({"pad": "5px"}, {"pad": 5}),
    ],
)
def test_an_operation_may_be_written_otherwise_where_it_means_one_thing(guess, meant):
    assert done(guess) == done(meant)


@pytest.mark.parametrize(
    ("operations", "given", "told"),
    [
        (
            [{"brightness": "x"}, {"rotat": 90}, {"crop": [0, 0, 99, 9]}, {"blur": -1}, {"fit": 5}],
            {"units": "cm"},
            ["units", "operations[0].brightness", "operations[1]", "operations[3].blur", "operations[4].fit"],
        ),
        (
            [{"invert": 0}, {"crop": [0, 0, 99, 9]}, {"blur": "x"}],
            {},
            ["operations[0].invert", "operations[2].blur", "operations[1].crop"],
        ),
        ([{"crop": [0, 0, 99, 9]}, {"crop": [0, 0, 99, 9]}], {}, ["operations[0].crop"]),
    ],
)
def test_all_that_is_wrong_is_told_at_once(operations, given, told):
    """What lies outside is told up to the first operation that fails: it decides on what those after it work."""
    with pytest.raises(ArgumentError) as caught:
        done(*operations, **given)
    assert [line.partition(": ")[0] for line in str(caught.value).splitlines()] == told
