"""compare_images: pictures are identical only if all pixels are, and introduced differences are found."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from long_rows import one_in
from PIL import Image
from samples import SVG, animation, drawing, file, oriented, photo, pixels

from imagebridge.errors import ArgumentError
from imagebridge_tools import ToolOutput
from imagebridge_tools.compare import compared, difference, regions
from imagebridge_tools.files.source import Source

RED = (225, 20, 35)


def source(image, form="PNG", name="one.png", **options):
    return Source(name, file(image, form, **options))


def marked(*boxes, size=(400, 300), color="navy"):
    image = drawing(*size)
    for box in boxes:
        image.paste(color, box)
    return image


def said(a, b, **given):
    return compared(source(a), source(b, name="two.png"), **given).sentence


class TestTheSame:
    def test_byte_for_byte(self):
        assert compared(source(drawing()), source(drawing(), name="two.png")) == ToolOutput(
            "a is one.png (64x48 px), b is two.png (64x48 px). They are identical, byte for byte.", ()
        )

    @pytest.mark.parametrize("form", ["BMP", "TIFF", "WEBP", "GIF"])
    def test_in_every_pixel(self, form):
        options = {"lossless": True} if form == "WEBP" else {}
        answer = compared(source(drawing()), source(drawing(), form, name="two", **options))
        assert answer.sentence.endswith(
            "They are identical: every pixel is the same, although the files differ."
        )

    def test_turned_upright(self):
        turned = Source("two.png", oriented("PNG"))
        upright = drawing().transpose(Image.Transpose.ROTATE_270)
        assert "identical" in compared(source(upright), turned).sentence

    def test_colours_under_full_transparency_are_not_identical(self):
        one, other = (Image.new("RGBA", (20, 20), (red, 0, 0, 0)) for red in (0, 255))
        told = said(one, other)
        assert "They look the same; they differ only in colours of fully transparent pixels" in told
        assert "identical" not in told

    def test_more_than_eight_bits_are_not_called_identical(self):
        one, other = (Image.new("I;16", (20, 20), 40_000 + more) for more in (0, 1))
        told = said(one, other)
        assert told.endswith(
            "No pixel differs at 8 bits per channel; the files may contain finer differences."
        )

    def test_one_level_of_one_pixel_is_not_identical(self):
        other = drawing()
        other.putpixel((63, 47), (255, 255, 254))
        told = said(drawing(), other)
        assert "identical" not in told
        assert (
            "No pixel differs by more than 10 of 255; 1 pixel (under 0.1%) differs, by at most 1 of 255"
            in told
        )
        assert "1 pixel (under 0.1%) differs at all, by at most 1. 1 changed region: 1: x 63 to 64, y 47 to 48 (1 px)" in said(drawing(), other, tolerance=0)  # fmt: skip


class TestWhere:
    def test_known_differences_are_found(self):
        boxes = [(10, 20, 60, 50), (300, 200, 380, 290), (200, 5, 202, 6)]
        told = said(marked(), marked(*boxes, color="lime"))
        assert (
            "3 changed regions: 1: x 300 to 380, y 200 to 290 (7,200 px); 2: x 10 to 60, y 20 to 50" in told
        )
        assert "3: x 200 to 202, y 5 to 6 (2 px)" in told
        assert f"{7200 + 1500 + 2:,} pixels (7.3%) differ by more than 10 of 255, by at most 255" in told

    def test_many_regions_are_counted(self):
        boxes = [(x, y, x + 4, y + 4) for x in range(20, 400, 40) for y in range(150, 300, 40)]
        told = said(marked(), marked(*boxes, color="lime"))
        assert "40 changed regions: 1: " in told
        assert "; and 28 smaller regions. Shown" in told

    @given(
        st.lists(
            st.tuples(st.integers(0, 190), st.integers(0, 90), st.integers(1, 30), st.integers(1, 30)),
            min_size=1,
            max_size=5,
        )
    )
    @settings(max_examples=30, deadline=None)
    def test_every_changed_pixel_is_in_a_region_and_counted_once(self, boxes):
        one = Image.new("RGB", (200, 100), "white")
        other = one.copy()
        for x, y, width, height in boxes:
            other.paste("black", (x, y, min(200, x + width), min(100, y + height)))
        mask = difference(one, other).image.point(lambda level: 255 * (level > 10))
        found = regions(mask)
        assert sum(region.pixels for region in found) == mask.histogram()[255]
        for region in found:
            mask.paste(0, region.box)
        assert mask.getbbox() is None

    def test_pictures_larger_than_a_band(self, monkeypatch):
        from imagebridge_tools import compare

        monkeypatch.setattr(compare, "_BAND", 1000)
        assert "1: x 100 to 150, y 10 to 290 (14,000 px)" in said(
            marked(), marked((100, 10, 150, 290), color="lime")
        )

    def test_transparency_counts(self):
        one = Image.new("RGBA", (100, 100), (200, 0, 0, 255))
        other = one.copy()
        other.paste((200, 0, 0, 128), (10, 10, 30, 40))
        assert "1: x 10 to 30, y 10 to 40 (600 px)" in said(one, other)

    def test_a_photograph_and_its_jpeg_differ_slightly(self):
        told = compared(source(photo(200, 150)), source(photo(200, 150), "JPEG", quality=95)).sentence
        assert "No pixel differs by more than 10 of 255; " in told


class TestSizes:
    def test_the_same_proportions_are_scaled(self):
        told = said(drawing(400, 300), drawing(800, 600))
        assert "b is two.png (800x600 px); b is scaled to the size of a. " in told
        assert "identical" not in told

    def test_a_smaller_copy_without_any_difference_is_not_identical(self):
        told = said(Image.new("RGB", (40, 30), "red"), Image.new("RGB", (20, 15), "red"))
        assert "b is scaled to the size of a. After scaling, no pixel differs. Shown" in told

    def test_other_proportions_are_laid_on_each_other(self):
        wide = Image.new("RGB", (300, 100), "white")
        told = said(Image.new("RGB", (200, 100), "white"), wide)
        assert "their proportions differ, so they are aligned at the upper left, not scaled" in told
        assert "1 changed region: 1: x 200 to 300, y 0 to 100 (10,000 px)" in told

    def test_what_would_cover_too_much(self):
        with pytest.raises(ArgumentError) as caught:
            said(Image.new("1", (60_000, 10)), Image.new("1", (10, 60_000)))
        assert caught.value.argument == "b"
        assert "together cover 60000x60000 pixels, over the limit of 120,000,000" in caught.value.problem


class TestWhatIsShown:
    BOX = (100, 200, 140, 260)

    def shown(self, show, size=(400, 300)):
        answer = compared(
            source(marked(size=size)), source(marked(self.BOX, size=size), name="two.png"), show
        )
        return answer, pixels(answer.pictures[0].data)

    def test_side_by_side(self):
        answer, image = self.shown("side_by_side")
        assert answer.sentence.split("Shown: ")[1].startswith("a and b side by side; PNG")
        assert image.width > image.height
        wide = [Image.new("RGB", (2400, 600), color) for color in ("red", "blue")]
        told = said(*wide, show="side_by_side")
        assert told.split("Shown: ")[1].startswith("a above b, so that both are larger; PNG, 2000x1")
        assert image.width > 2 * 400 or image.height > 2 * 300
        assert (
            sum(count for count, color in image.getcolors(1 << 20) if color == (0, 0, 128))
            == 2 * 101 * 76 + 40 * 60
        )

    def test_the_overlay_is_red_where_it_changed(self):
        answer, image = self.shown("overlay")
        assert "b in pale grey with changes in red and the regions numbered" in answer.sentence
        red = [n for n, color in image.getcolors(1 << 20) if color == RED]
        assert red == [40 * 60]

    def test_the_difference(self):
        _, image = self.shown("difference")
        levels = image.convert("L").histogram()
        assert levels[255] >= 40 * 60
        assert levels[0] > 400 * 300 - 40 * 60 - 1000

    def test_all(self):
        answer, image = self.shown("all")
        assert re.search(r"Shown: a, b, and b in pale grey .*; PNG, \d+x\d+ px", answer.sentence)
        assert image.width * image.height > 3 * 400 * 300

    @pytest.mark.parametrize("size", one_in(3, map(pytest.param, [(1, 1), (2000, 2), (2, 2000), (900, 700)])))
    @pytest.mark.parametrize("show", ["all", "overlay"])
    def test_any_shape(self, size, show):
        one, other = Image.new("RGB", size, "white"), Image.new("RGB", size, "black")
        (picture,) = compared(source(one), source(other), show).pictures
        assert max(picture.width, picture.height) <= 2100


@pytest.mark.parametrize(
    ("a", "b", "given", "argument", "problem"),
    [
        (b"hello", None, {}, "a", "one.png is not a picture in a known format"),
        (None, b"", {}, "b", "two.png is empty"),
        (None, b"%PDF-1.7", {}, "b", "two.png is a PDF; use render_document to see its pages"),
        (None, None, {"show": "sidebyside"}, "show", "did you mean 'side_by_side'? allowed: all, side_by_side, overlay, difference"),
        (None, None, {"tolerance": -1}, "tolerance", "is -1; give 0 to 254"),
        (None, None, {"tolerance": 255}, "tolerance", "is 255; give 0 to 254"),
    ],
)  # fmt: skip
def test_bad_arguments(a, b, given, argument, problem):
    data = file(drawing(), "PNG")
    with pytest.raises(ArgumentError) as caught:
        compared(
            Source("one.png", data if a is None else a), Source("two.png", data if b is None else b), **given
        )
    assert caught.value.argument == argument
    assert problem in caught.value.problem


def test_other_files():
    told = compared(Source("a.gif", animation("GIF")), Source("b.svg", SVG)).sentence
    assert "a is a.gif (64x48 px, the first of 4 frames), b is b.svg (64x48 px)" in told
