"""contact_sheet: every picture in order and with its name; pictures that cannot be shown are listed."""

import re

import pytest
from long_rows import one_in
from PIL import Image, ImageChops
from samples import SVG, animation, drawing, file, oriented, photo, pixels

from imagebridge.errors import ArgumentError, BridgeError
from imagebridge_tools.contact import PICTURES, SIDE, laid_out
from imagebridge_tools.files import folders
from imagebridge_tools.files.source import Source

COLORS = ["red", "lime", "blue", "yellow", "magenta", "cyan", "black", "gray"]


def plain(color, width=480, height=320):
    return Source(f"{color}.png", file(Image.new("RGB", (width, height), color), "PNG"))


def rooms(image, colors):
    """Where each colour's picture is on the sheet: the box around its pixels."""
    found = []
    for color in colors:
        off = ImageChops.difference(image, Image.new("RGB", image.size, color))
        most = ImageChops.lighter(ImageChops.lighter(*off.split()[:2]), off.getchannel(2))
        found.append(most.point(lambda level: 255 * (level == 0)).getbbox())
    return found


def test_all_are_there_in_order_and_in_one_size():
    image = pixels(laid_out([plain(color) for color in COLORS[:6]]).pictures[0].data)
    boxes = rooms(image, COLORS[:6])
    assert len({(right - left, bottom - top) for left, top, right, bottom in boxes}) == 1
    assert boxes == sorted(boxes, key=lambda box: (box[1], box[0]))
    assert max(image.size) <= SIDE
    # The name stands under each picture.
    for left, _, right, bottom in boxes:
        assert image.crop((left, bottom + 2, right, bottom + 24)).convert("L").getextrema()[0] < 120


@pytest.mark.parametrize(("columns", "across"), [(1, 1), (2, 2), (3, 3), (6, 6)])
def test_columns(columns, across):
    boxes = rooms(
        pixels(laid_out([plain(color) for color in COLORS[:6]], None, columns).pictures[0].data), COLORS[:6]
    )
    assert len({box[0] for box in boxes}) == across


def test_the_sentence_names_everything():
    answer = laid_out(
        [plain("red"), Source("a.gif", animation("GIF")), Source("b.svg", SVG)], ["A", " B  b ", "C"]
    )
    assert answer.sentence.startswith(
        "A sheet of 3 pictures, left to right and top to bottom: 1: 'A', red.png (480x320 px); "
        "2: 'B b', a.gif (64x48 px, the first of 4 frames); 3: 'C', b.svg (64x48 px). PNG, "
    )


def test_what_cannot_be_shown_is_told_and_the_rest_is_there():
    answer = laid_out(
        [plain("red"), Source("no.txt", b"hello"), "sources[2]: 'gone.png' does not exist", plain("blue")]
    )
    assert "A sheet of 2 pictures" in answer.sentence
    assert "1: red.png (480x320 px); 4: blue.png (480x320 px). Not shown: " in answer.sentence
    assert "sources[1]: no.txt is not a picture in a known format" in answer.sentence
    assert "sources[2]: 'gone.png' does not exist" in answer.sentence


def test_none_can_be_shown():
    with pytest.raises(
        BridgeError, match=r"none of the pictures can be shown: sources\[0\]: no.txt is empty"
    ):
        laid_out([Source("no.txt", b"")])


def test_a_large_photograph_is_told_in_its_own_size_and_upright():
    large = Source("large.jpg", file(photo(2400, 1200), "JPEG"))
    answer = laid_out([large, Source("turned.jpg", oriented())])
    assert "1: large.jpg (2400x1200 px); 2: turned.jpg (48x64 px)" in answer.sentence


@pytest.mark.parametrize("size", one_in(3, map(pytest.param, [(1, 1), (2000, 2), (2, 2000)])))
@pytest.mark.parametrize("count", [1, 5, PICTURES])
def test_any_shape_and_count(size, count):
    (picture,) = laid_out([plain("red", *size)] * count).pictures
    assert max(picture.width, picture.height) <= SIDE + 30


def test_a_long_name_keeps_its_ends():
    from imagebridge_tools.drawing.text import face, shortened

    font = face("x").font_variant(size=15)
    short = shortened("a-very-long-name-of-a-picture-0042.png", font, 150)
    assert re.fullmatch(r"a-very.*\.\.\..*2\.png", short)
    assert font.getlength(short) <= 150


@pytest.mark.parametrize(
    "name", ["new\nline.png", "caf\ufffd\nx.png", "a\r\u2028b\x85.png", "\x0b\u4e2d\n.png"]
)
def test_names_with_line_breaks_take_one_line(name):
    made = laid_out([Source(name, plain("red").data), plain("lime")])
    assert f"1: {name} (480x320 px); " in made.sentence
    assert all(rooms(pixels(made.pictures[0].data), ["red", "lime"]))


@pytest.mark.parametrize(
    ("given", "argument", "problem"),
    [
        (([],), "sources", 'is empty; give the pictures to lay out, such as ["a.png", "b.png"]'),
        (([plain("red")] * 49,), "sources", "has 49 pictures; a sheet holds up to 48"),
        (([plain("red")] * 2, ["one"]), "labels", "has 1 label for 2 pictures; give one per picture"),
        (([plain("red")], None, 0), "columns", "is 0; give 1 to 48"),
    ],
)
def test_bad_arguments(given, argument, problem):
    with pytest.raises(ArgumentError) as caught:
        laid_out(*given)
    assert (caught.value.argument, caught.value.problem) == (argument, problem)


class TestPatterns:
    @pytest.fixture
    def allowed(self, tmp_path):
        folder = tmp_path / "allowed"
        (folder / "trip" / "deep.png").mkdir(parents=True)
        for name in (
            "trip/page 10.png",
            "trip/page 2.png",
            "trip/Cover.PNG",
            "trip/.hidden.png",
            "trip/notes.txt",
        ):
            (folder / name).write_bytes(file(drawing(), "PNG"))
        (tmp_path / "secret.png").write_bytes(b"")
        return folder

    @pytest.mark.parametrize(
        ("pattern", "names"),
        [
            ("trip/*.png", ["Cover.PNG", "page 2.png", "page 10.png"]),
            ("trip/page ?.png", ["page 2.png"]),
            ("{}/trip/page*", ["page 2.png", "page 10.png"]),
            ("file://{}/trip/c*", ["Cover.PNG"]),
        ],
    )
    def test_files_that_match_numbers_in_their_order(self, allowed, pattern, names):
        found = folders.matching(pattern.format(allowed), [allowed], "sources[0]")
        assert found == [str(allowed / "trip" / name) for name in names]

    @pytest.mark.parametrize("source", ["trip/page 2.png", "image://3f2a9c01", "https://a.example/*.png", "data:text/plain,*", "tr*p/x.png"])  # fmt: skip
    def test_other_sources_stay_as_they_are(self, allowed, source):
        assert folders.matching(source, [allowed], "sources[0]") == [source]

    @pytest.mark.parametrize(
        "pattern", ["../*.png", "{}/../*.png", "trip/*.gif", "/etc/*", "gone/*.png", "out/*.png"]
    )
    def test_nothing_outside_is_listed_whether_it_exists_or_not(self, allowed, tmp_path, pattern):
        (allowed / "out").symlink_to(tmp_path)
        pattern = pattern.format(allowed)
        with pytest.raises(ArgumentError) as caught:
            folders.matching(pattern, [allowed], "sources[0]")
        assert str(caught.value) == f"sources[0]: no file matches {pattern!r}; allowed folders: {allowed}"
