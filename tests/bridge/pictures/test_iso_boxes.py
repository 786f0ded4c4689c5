"""AVIF whose boxes are laid out in other ways than Pillow writes them: the picture is the same."""

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
from imagebridge.pictures.decode import opened

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


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_damage_to_the_boxes_never_raises_anything_else(data):
    made = bytearray(laid_out(groups=box(b"grpl", box(b"pymd", GROUP + bytes(14)))))
    for _ in range(data.draw(st.integers(1, 4))):
        made[data.draw(st.integers(12, 400))] = data.draw(st.integers(0, 255))
    with suppress(PictureError):
        opened(bytes(made))
