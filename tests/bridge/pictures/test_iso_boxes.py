"""AVIF files with a different box layout from Pillow's show the same picture."""

import io
from contextlib import suppress
from struct import pack, unpack_from

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imagebridge.errors import PictureError
from imagebridge.pictures import iso_boxes
from imagebridge.pictures.decode import opened, upright

AVIF = samples.file(samples.photo(), "AVIF", quality=90)
BOXES = {name: (body, end) for name, body, end in iso_boxes.boxes(AVIF)}


def box(name, body):
    return pack(">I4s", 8 + len(body), name) + body


def laid_out(*, groups=b"", cut=()):
    """The AVIF with more boxes at the end of `meta`, and its pixels cut into extents with bytes between them."""
    meta, end = BOXES[b"meta"]
    place, stop = BOXES[b"iloc"]
    # Version 0, places and lengths of 4 bytes; one picture, its places in the file, in one extent.
    number, extents, at, length = unpack_from(">HxxHII", AVIF, place + 8)
    assert (AVIF[place : place + 8], number, extents) == (pack(">IHH", 0, 0x4400, 1), 1, 1)
    sizes = [to - begun for begun, to in zip((0, *cut), (*cut, length), strict=True)]
    pieces, begun = b"", 0
    starts = []
    for size in sizes:
        starts.append(len(pieces))
        pieces += AVIF[at + begun : at + begun + size] + b"\0"
        begun += size
    head = end + len(groups) + 8 * (len(sizes) - 1) + 8
    listed = b"".join(pack(">II", head + start, size) for start, size in zip(starts, sizes, strict=True))
    iloc = AVIF[place : place + 12] + pack(">H", len(sizes)) + listed
    inside = AVIF[meta : place - 8] + box(b"iloc", iloc) + AVIF[stop:end] + groups
    return AVIF[: meta - 8] + box(b"meta", inside) + box(b"mdat", pieces)


GROUP = pack(">III", 0, 1, 1) + pack(">I", 1)
LAID_OUT = {
    "as it was": {},
    "pixels in two extents": {"cut": (100,)},
    "pixels in four extents": {"cut": (1, 2, 300)},
    "a group of sizes": {"groups": box(b"grpl", box(b"pymd", GROUP + bytes(14)))},
    "a group of sizes that names pictures which are not there": {
        "groups": box(b"grpl", box(b"pymd", pack(">IIIII", 0, 1, 2, 8, 9) + bytes(20)))
    },
    "a group of no known kind": {"groups": box(b"grpl", box(b"abcd", GROUP))},
    "a group that is cut short": {"groups": box(b"grpl", box(b"altr", b"\0"))},
}


@pytest.mark.parametrize("name", LAID_OUT)
def test_an_avif_shows_its_picture_however_its_boxes_are_laid_out(name):
    assert opened(laid_out(**LAID_OUT[name])).tobytes() == opened(AVIF).tobytes()


def test_some_of_these_layouts_pillow_does_not_read():
    def refused(data):
        try:
            Image.open(io.BytesIO(data)).load()
        except (OSError, ValueError):
            return True
        return False

    assert [name for name, how in LAID_OUT.items() if refused(laid_out(**how))] == [
        "a group of sizes",
        "a group of sizes that names pictures which are not there",
        "a group that is cut short",
    ]


def turned():
    """An AVIF with opacity that says to be turned."""
    image = samples.photo()
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    exif = Image.Exif()
    exif[0x0112] = 6
    return samples.file(image, "AVIF", quality=90, exif=exif)


TURNED = turned()


def given_out(change, *properties, tables=1):
    """The same with its properties given out anew, in so many boxes, at its end. `change` gets them, and their names."""
    found = iso_boxes._found(TURNED)
    (((meta, end),), ((around, after),), (listed,)) = (found[one] for one in (b"meta", b"iprp", b"ipco"))
    _, given = iso_boxes._given_out(TURNED, found)
    change(given, [name for name, *_ in iso_boxes.boxes(TURNED, *listed)])
    split = [given] if tables == 1 else [{item: one} for item, one in given.items()]
    body = box(b"ipco", TURNED[slice(*listed)] + b"".join(properties))
    body = box(b"iprp", body + b"".join(map(iso_boxes._associations, split)))
    made = box(b"meta", TURNED[meta : around - 8] + body + TURNED[after:end])
    return TURNED[: meta - 4] + b"free" + TURNED[meta:] + made


def as_it_was(given, names):
    pass


def unmarked(given, names):
    for item, associated in given.items():
        given[item] = [(essential and names[at - 1] != b"irot", at) for essential, at in associated]


def without_size(given, names):
    for item, associated in given.items():
        if any(names[at - 1] == b"auxC" for _, at in associated):
            given[item] = [(essential, at) for essential, at in associated if names[at - 1] != b"ispe"]


def unmarked_in_place():
    """The AVIF with a turn that is not marked as essential, and pixels that are said to go to the end of the file."""
    found = iso_boxes._found(TURNED)
    (listed,), ((at, end),), ((pixels, _),) = (found[one] for one in (b"ipco", b"ipma", b"mdat"))
    number = 1 + [name for name, *_ in iso_boxes.boxes(TURNED, *listed)].index(b"irot")
    table = TURNED[at:end].replace(bytes((0x80 | number,)), bytes((number,)))
    return TURNED[:at] + table + TURNED[end : pixels - 8] + bytes(4) + TURNED[pixels - 4 :]


GIVEN_OUT = {
    "at the end": given_out(as_it_was),
    "in a box for each item": given_out(as_it_was, tables=2),
    "opacity without a size": given_out(without_size),
    "a turn that is not marked": given_out(unmarked),
    "a turn that is not marked, and pixels to the end": unmarked_in_place(),
}


@pytest.mark.parametrize("name", GIVEN_OUT)
def test_an_avif_shows_its_picture_however_its_properties_are_given_out(name):
    one, other = upright(opened(GIVEN_OUT[name])), upright(opened(TURNED))
    assert (one.size, one.mode, one.tobytes()) == ((samples.HEIGHT, samples.WIDTH), "RGBA", other.tobytes())


def cut(across, down, right, lower, under=1):
    """A property that cuts a picture: to which size, and how far its middle is from the picture's."""
    return box(b"clap", pack(">IIIIiIiI", across, 1, down, 1, right, under, lower, under))


@pytest.mark.parametrize(
    ("to", "size"),
    [
        (cut(40, 30, -12, -9), (40, 30)),
        (cut(41, 31, -23, -17, under=2), (41, 31)),
        (cut(64, 48, 0, 0), (64, 48)),
        (cut(40, 30, 0, 0), None),  # from the middle: Chromium shows all of it
        (cut(80, 48, 8, 0), None),
        (cut(40, 30, -12, -9, under=0), None),
        (box(b"clap", b"short"), None),
    ],
)
def test_an_avif_is_cut_at_its_right_and_lower_edge(to, size):
    def give(given, names):
        for associated in given.values():
            associated.append((True, len(names) + 1))

    data, whole = given_out(give, to), opened(TURNED)
    assert iso_boxes.crop(data) == size
    with suppress(PictureError):  # libavif refuses what is no property at all
        assert opened(data).tobytes() == whole.crop((0, 0, *(size or whole.size))).tobytes()


def test_an_avif_of_too_many_pixels_is_told_to_be_so():
    """Of more than 16384 x 16384 libavif says no more than that the file is broken."""
    (at, _), *_ = iso_boxes._found(AVIF)[b"ispe"]
    with pytest.raises(PictureError, match="it unpacks to 17000x17000 pixels, over the limit of 120,000,000"):
        opened(AVIF[: at + 4] + pack(">II", 17_000, 17_000) + AVIF[at + 12 :])


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_damage_to_the_boxes_never_raises_anything_else(data):
    groups = laid_out(groups=box(b"grpl", box(b"pymd", GROUP + bytes(14))))
    made = bytearray(data.draw(st.sampled_from([groups, given_out(without_size, tables=2)])))
    places = st.integers(12, 400) | st.integers(len(made) - 300, len(made) - 1)
    for _ in range(data.draw(st.integers(1, 4))):
        made[data.draw(places)] = data.draw(st.integers(0, 255))
    with suppress(PictureError):
        opened(bytes(made))
