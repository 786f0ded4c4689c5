"""annotate_image: marks at the requested positions, complete labels, and no trace of blacked-out content."""

import itertools
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from long_rows import one_in
from PIL import Image, ImageChops
from samples import drawing, file, oriented, photo, pixels

from imagebridge.errors import ArgumentError
from imagebridge_tools.annotate import annotated
from imagebridge_tools.drawing.colors import MARKING, standing_out
from imagebridge_tools.files.source import Source

WHITE = (255, 255, 255)
GREEN = (0, 150, 60)


def page(width=400, height=300, color="white"):
    return Source("page.png", file(Image.new("RGB", (width, height), color), "PNG"))


def drawn(*marks, source=None, units="pixels"):
    return annotated(source or page(), marks, units)


def shown(*marks, **given):
    return pixels(drawn(*marks, **given).pictures[0].data)


def changed(image, color="white"):
    """The box around all that is not of the ground's colour."""
    return ImageChops.difference(image, Image.new("RGB", image.size, color)).getbbox()


def holding(image, color):
    """The box around all pixels of one colour."""
    off = ImageChops.difference(image, Image.new("RGB", image.size, color))
    most = ImageChops.lighter(ImageChops.lighter(*off.split()[:2]), off.getchannel(2))
    return most.point(lambda level: 255 * (level == 0)).getbbox()


def test_a_box_is_drawn_on_its_edges_and_nowhere_else():
    image = shown({"kind": "box", "at": [100, 50, 300, 200], "color": "green"})
    for point in [(200, 50), (200, 200), (100, 120), (300, 120)]:
        assert image.getpixel(point) == GREEN
    assert image.getpixel((200, 120)) == WHITE
    assert holding(image, GREEN) == (99, 49, 301, 201)
    assert changed(image) == (98, 48, 302, 202)


@pytest.mark.parametrize(
    ("units", "at"),
    [
        ("pixels", [100, 60, 300, 180]),
        ("0-1", [0.25, 0.2, 0.75, 0.6]),
        ("0-1000", [250, 200, 750, 600]),
        ("pixels", [[100, 60], [300, 180]]),
    ],
)
def test_all_units_mean_the_same(units, at):
    mark = {"kind": "box", "at": at}
    assert drawn(mark, units=units) == drawn({"kind": "box", "at": [100, 60, 300, 180]})


@pytest.mark.parametrize(
    ("mark", "inside", "box"),
    [
        ({"kind": "point", "at": [200, 100]}, [(200, 100)], (190, 90, 211, 111)),
        ({"kind": "number", "at": [200, 100]}, [(192, 100)], (186, 86, 215, 115)),
        ({"kind": "arrow", "at": [50, 100, 300, 100]}, [(60, 100), (200, 100), (293, 100)], (45, 90, 305, 111)),
        ({"kind": "polygon", "at": [50, 50, 350, 50, 200, 250]}, [(200, 50), (120, 50), (300, 50)], (45, 45, 356, 256)),
    ],
)  # fmt: skip
def test_other_marks_are_where_they_were_asked_for(mark, inside, box):
    image = shown({**mark, "color": "green"})
    for point in inside:
        assert image.getpixel(point) == GREEN
    left, top, right, bottom = changed(image)
    assert box[0] <= left
    assert box[1] <= top
    assert right <= box[2]
    assert bottom <= box[3]


def test_the_tip_of_an_arrow_is_at_its_end():
    image = shown({"kind": "arrow", "at": [300, 100, 50, 100], "color": "green"})
    wide = [x for x in range(45, 305) if image.getpixel((x, 103)) == GREEN]
    assert wide
    assert max(wide) < 75
    assert GREEN in (image.getpixel((51, 100)), image.getpixel((52, 100)))


def test_numbers_count_up_and_share_a_colour():
    answer = drawn(*({"kind": "number", "at": [50 * n, 50], "label": f"part {n}"} for n in range(1, 5)))
    assert answer.sentence.startswith(
        "page.png (400x300 px) with 4 marks, in pixels: red number 1 'part 1' at (50, 50); red number 2 'part 2' at (100, 50)"
    )


@pytest.mark.parametrize("source", [page(), Source("p.jpg", file(photo(400, 300), "JPEG")), None])
def test_nothing_is_left_of_what_is_blacked_out(source):
    secret = drawing(400, 300).convert("RGBA")
    secret.putalpha(200)
    source = source or Source("clear.png", file(secret, "PNG"))
    answer = drawn(
        {"kind": "redact", "at": [100.5, 50.5, 299.5, 199.5]},
        {"kind": "box", "at": [120, 70, 150, 90], "color": "green"},
        source=source,
    )
    (picture,) = answer.pictures
    image = Image.open(BytesIO(picture.data)).convert("RGBA")
    inner = image.crop((152, 92, 300, 200))
    lossy = picture.media_type == "image/jpeg"
    for channel in range(3):
        assert inner.getchannel(channel).getextrema()[1] <= (16 if lossy else 0)
    assert inner.getchannel("A").getextrema() == (255, 255)
    assert "blacked out x 100 to 300, y 50 to 200" in answer.sentence
    assert image.getpixel((120, 80))[1] > 120  # marks lie over it


def test_metadata_is_gone():
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    data = file(photo(400, 300), "JPEG", exif=exif, comment=b"SecretPlace")
    assert b"Secret" in data
    answer = drawn({"kind": "redact", "at": [0, 0, 10, 10]}, source=Source("p.jpg", data))
    assert b"Secret" not in answer.pictures[0].data


LABELS = [
    "A",
    "a door",
    "a label of several words that does not fit beside anything at all in one line",
    "日本語",
]
PLACES = [[0, 0, 20, 20], [380, 0, 400, 20], [0, 280, 20, 300], [380, 280, 400, 300], [0, 0, 400, 300], [190, 140, 210, 160]]  # fmt: skip


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("at", one_in(3, PLACES))
def test_labels_are_never_cut_off(label, at):
    # On a dark ground the plate's bright rim runs all round it, also at the picture's edges.
    source = page(color="#202020")
    with_label = shown({"kind": "box", "at": at, "label": label, "color": "blue"}, source=source)
    without = shown({"kind": "box", "at": at, "color": "blue"}, source=source)
    left, top, right, bottom = ImageChops.difference(with_label, without).getbbox()
    plate = with_label.crop((left, top, right, bottom))
    assert min(plate.size) > 12
    for x, y in [
        (plate.width // 2, 0),
        (plate.width // 2, plate.height - 1),
        (0, plate.height // 2),
        (plate.width - 1, plate.height // 2),
    ]:
        assert sum(plate.getpixel((x, y))) > 300, (x, y)
    # Letters keep clear of the rim.
    inner = plate.crop((5, 5, plate.width - 5, plate.height - 5))
    assert inner.convert("L").getextrema()[1] > 200


def test_labels_do_not_cover_one_another():
    marks = [{"kind": "point", "at": [200, 150], "label": f"label {n}", "color": "blue"} for n in range(6)]
    sizes = []
    for count in range(7):
        image = shown(*marks[:count]) if count else shown({"kind": "point", "at": [200, 150]})
        sizes.append(image.tobytes().count(bytes(MARKING["blue"])))
    added = [after - before for before, after in itertools.pairwise(sizes[1:])]
    assert min(added) > 0.9 * max(added)


@given(
    st.integers(120, 500),
    st.integers(80, 400),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.text("ab c", min_size=1, max_size=30)), min_size=1, max_size=4),
)  # fmt: skip
@settings(max_examples=15, deadline=None)
def test_any_labels_anywhere(width, height, places):
    marks = [{"kind": "number", "at": [x, y], "label": label} for x, y, label in places]
    image = shown(*marks, source=page(width, height), units="0-1")
    assert image.size == (width, height)


@pytest.mark.parametrize(("ground", "name"), [("white", "red"), ("red", "blue"), ("#e11423", "blue"), ("black", "yellow"), ("#0055e1", "red")])  # fmt: skip
def test_the_colour_stands_out(ground, name):
    image = Image.new("RGB", (100, 100), ground)
    found, value = standing_out(image, (10, 10, 90, 90))
    assert value == MARKING[found]
    from imagebridge_tools.drawing.colors import luminance

    differences = sorted(abs(a - b) for a, b in zip(value, image.getpixel((0, 0)), strict=True))
    assert differences[-1] > 100
    assert found != name or name in ("red", "blue", "yellow")
    assert 0 <= luminance(value) <= 1


def test_text_is_written_at_its_corner_and_in_the_sentence():
    answer = drawn({"kind": "text", "at": [40, 60], "label": "two\nlines", "color": "yellow"})
    image = pixels(answer.pictures[0].data)
    left, top, right, _ = changed(image)
    assert (left, top) == (40, 60)
    assert right < 150
    assert "yellow text 'two lines' at (40, 60)" in answer.sentence


@pytest.mark.parametrize("form", ["LA", "RGBA", "L"])
def test_transparency_is_kept_and_marks_are_opaque(form):
    image = Image.new(form, (400, 300), {"LA": (9, 0), "RGBA": (9, 9, 9, 0), "L": 9}[form])
    answer = drawn(
        {"kind": "box", "at": [100, 50, 300, 200], "label": "x", "color": "green"},
        source=Source("a.png", file(image, "PNG")),
    )
    seen = Image.open(BytesIO(answer.pictures[0].data)).convert("RGBA")
    assert seen.getpixel((200, 50)) == (*GREEN, 255)
    assert seen.getpixel((200, 120))[3] == (255 if form == "L" else 0)


def test_coordinates_are_of_the_upright_picture():
    answer = drawn({"kind": "redact", "at": [40, 0, 48, 8]}, source=Source("p.png", oriented("PNG")))
    assert answer.sentence.startswith("p.png (48x64 px) with 1 mark")
    assert max(pixels(answer.pictures[0].data).getpixel((44, 4))) == 0


def test_the_same_marks_give_the_same_bytes():
    marks = [{"kind": "arrow", "at": [10, 10, 200, 150], "label": "again"}]
    assert drawn(*marks) == drawn(*marks)


BOX = {"kind": "box", "at": [10, 20, 110, 70]}


@pytest.mark.parametrize(
    ("marks", "argument", "problem"),
    [
        ([], "marks", "is empty; give marks of the kinds box, point, arrow, polygon, number, text, redact"),
        ([BOX] * 201, "marks", "has 201 marks; give at most 200 per call"),
        (["box"], "marks[0]", 'is \'box\', which is not an object; write {"kind": "box"'),
        ([BOX, {"kind": "bocks", "at": [1, 2]}], "marks[1].kind", "is 'bocks'; did you mean 'box'? allowed: box, point"),
        ([{"at": [1, 2]}], "marks[0].kind", "is missing; give one of box, point"),
        ([{**BOX, "lable": "x"}], "marks[0]", "has 'lable', which marks do not have; did you mean 'label'?"),
        ([{"kind": "box"}], "marks[0].at", "is missing; write {"),
        ([{"kind": "box", "at": "here"}], "marks[0].at", "is 'here', which is not a list of numbers; write {"),
        ([{"kind": "box", "at": [1, 2, "c", 4]}], "marks[0].at", "is [1, 2, 'c', 4], which is not a list of numbers"),
        ([{"kind": "box", "at": [1, 2, 3]}], "marks[0].at", "has 3 numbers; a mark of kind box needs [left, top, right, bottom]"),
        ([{"kind": "box", "at": [110, 20, 10, 70]}], "marks[0].at", "such as [10, 20, 110, 70]"),
        ([{"kind": "point", "at": [401, 20]}], "marks[0].at", "x = 401 is outside the picture, which extends from 0 to 400"),
        ([{"kind": "point", "at": [0.5, 0.5]}], "marks[0].at", 'is a single pixel in 400x300; did you mean units="0-1"?'),
        ([{"kind": "text", "at": [1, 0.1], "label": "x"}], "marks[0].at", 'did you mean units="0-1"?'),
        ([{"kind": "arrow", "at": [0, 0, 0.5, 1]}], "marks[0].at", 'did you mean units="0-1"?'),
        ([{"kind": "polygon", "at": [0, 0, 0.5, 1, 1, 0]}], "marks[0].at", 'did you mean units="0-1"?'),
        ([{"kind": "point", "at": [1, 2, 3, 4]}], "marks[0].at", "has 4 numbers; a mark of kind point needs [x, y]"),
        ([{"kind": "arrow", "at": [1, 2]}], "marks[0].at", "a mark of kind arrow needs [x, y, x, y] from tail to tip"),
        ([{"kind": "arrow", "at": [1, 2, 1, 2]}], "marks[0].at", "starts where it ends"),
        ([{"kind": "polygon", "at": [1, 2, 3, 4]}], "marks[0].at", "has 4 numbers; a polygon needs the x and y of 3 to 500 corners"),
        ([{"kind": "polygon", "at": [1, 2, 3, 4, 5, 6, 7]}], "marks[0].at", "has 7 numbers; give the x and y of each point in turn"),
        ([{"kind": "text", "at": [1, 2]}], "marks[0].label", "is missing; it is the text to write"),
        ([{**BOX, "label": "x" * 301}], "marks[0].label", "has 301 characters; give at most 300"),
        ([{**BOX, "label": ["x"]}], "marks[0].label", "is ['x'], which is not text"),
        ([{**BOX, "color": "greeen"}], "marks[0].color", "is 'greeen'; give a CSS name or #rrggbb; did you mean 'green'?"),
    ],
)  # fmt: skip
def test_bad_marks(marks, argument, problem):
    with pytest.raises(ArgumentError) as caught:
        drawn(*marks)
    assert caught.value.argument == argument
    assert problem in caught.value.problem


@pytest.mark.parametrize("at", [[0, 0], [1, 1], [0.5, 2]])
def test_points_near_the_corner_are_points(at):
    assert drawn({"kind": "point", "at": at}).pictures


@pytest.mark.parametrize(
    ("at", "size"),
    [([0, 0, 29, 38], (400, 300)), ([371, 262, 400, 300], (400, 300)), ([0, 100, 29, 138], (400, 300))],
)
def test_a_label_leaves_a_small_thing_in_sight(at, size):
    source = Source("page.png", file(photo(*size), "PNG"))
    mark = {"kind": "box", "at": at, "color": "blue"}
    without, labelled = (shown(one, source=source) for one in (mark, {**mark, "label": "a long label"}))
    inner = [at[0] + 2, at[1] + 2, at[2] - 2, at[3] - 2]
    assert ImageChops.difference(without, labelled).getbbox()
    assert not ImageChops.difference(without.crop(inner), labelled.crop(inner)).getbbox()


def test_a_label_that_fits_no_way():
    with pytest.raises(ArgumentError) as caught:
        drawn({"kind": "point", "at": [5, 5], "label": "a long label"}, source=page(20, 10))
    assert caught.value.argument == "marks[0].label"
    assert "'a long label' does not fit in 20x10 pixels; shorten it" in caught.value.problem


@pytest.mark.parametrize("kind", ["box", "arrow", "point", "redact", "number"])
def test_wrong_units_are_told_of_marks_without_a_colour_too(kind):
    with pytest.raises(ArgumentError, match="units: is 'feet'"):
        drawn({"kind": kind, "at": BOX["at"][: 4 if kind in ("box", "arrow", "redact") else 2]}, units="feet")


PLACE = [10, 20, 110, 70]


@pytest.mark.parametrize(
    ("guess", "meant"),
    [
        ({"type": "rectangle", "x": 10, "y": 20, "width": 100, "height": 50}, BOX),
        ({"shape": "box", "x": 10, "y": 20, "w": 100, "h": 50}, BOX),
        ({"kind": "Box", "left": 10, "top": 20, "right": 110, "bottom": 70}, BOX),
        ({"kind": "box", "x1": 10, "y1": 20, "x2": 110, "y2": 70}, BOX),
        ({"kind": "box", "bbox": PLACE}, BOX),
        ({"kind": "box", "at": {"x": 10, "y": 20, "width": 100, "height": 50}}, BOX),
        ({"kind": "box", "at": "10, 20, 110, 70"}, BOX),
        ({"kind": "box", "at": ["10", "20", "110", "70"]}, BOX),
        ({**BOX, "text": "a", "colour": "red"}, {**BOX, "label": "a", "color": "red"}),
        ({"kind": "arrow", "from": [10, 20], "to": [110, 70]}, {"kind": "arrow", "at": PLACE}),
        ({"kind": "arrow", "start": {"x": 10, "y": 20}, "end": {"x": 110, "y": 70}}, {"kind": "arrow", "at": PLACE}),
        ({"kind": "dot", "x": 10, "y": 20}, {"kind": "point", "at": [10, 20]}),
        ({"kind": "polygon", "points": [[1, 2], [30, 4], [5, 60]]}, {"kind": "polygon", "at": [1, 2, 30, 4, 5, 60]}),
        ({"kind": "polygon", "at": [{"x": 1, "y": 2}, {"x": 30, "y": 4}, {"x": 5, "y": 60}]}, {"kind": "polygon", "at": [1, 2, 30, 4, 5, 60]}),
        ({"kind": "blackout", "region": PLACE}, {"kind": "redact", "at": PLACE}),
    ],
)  # fmt: skip
def test_a_mark_may_be_written_otherwise_where_it_means_one_thing(guess, meant):
    assert drawn(guess) == drawn(meant)


def test_all_that_is_wrong_with_all_marks_is_told_at_once():
    marks = [
        {"kind": "bxo", "at": [1, 2, 3, 4], "radius": 4, "color": "rde"},
        BOX,
        {"kind": "box", "at": [0, 0, 999, 9]},
    ]
    with pytest.raises(ArgumentError) as caught:
        drawn(*marks)
    told = [line.partition(": ")[0] for line in str(caught.value).splitlines()]
    assert told == ["marks[0]", "marks[0].kind", "marks[0].color", "marks[2].at"]
