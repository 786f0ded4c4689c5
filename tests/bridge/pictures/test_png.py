"""PNG as its strictest reader accepts it: what is rejected, what is repaired, and that every row is unpacked."""

import struct
import subprocess
import sys
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from samples import b64, drawing, file

from imagebridge.errors import PictureError
from imagebridge.pictures import png, png_rows
from imagebridge.pictures.picture import Picture
from imagebridge.pictures.png import END, chunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def header(colour=2, bits=8, compression=0, filtering=0, interlace=0, size=(16, 16)):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", *size, bits, colour, compression, filtering, interlace))


RAW = b"".join(
    b"\0" + bytes((x * 16, y * 16, 128)[c] for x in range(16) for c in range(3)) for y in range(16)
)
INDICES = (b"\0" + bytes(range(16))) * 16
COLOURS = bytes(range(48))
PACKED, PALETTE = zlib.compress(RAW), chunk(b"PLTE", COLOURS)


def rgb(*before, behind=(), pixels=PACKED):
    """A picture in three channels with these chunks before and behind its pixels."""
    return SIGNATURE + header() + b"".join(before) + chunk(b"IDAT", pixels) + b"".join(behind) + END


def paletted(*before, behind=(), bits=8):
    pixels = chunk(b"IDAT", zlib.compress(INDICES if bits == 8 else (b"\0" + bytes(8)) * 16))
    return SIGNATURE + header(3, bits) + b"".join(before) + pixels + b"".join(behind) + END


TEXT = chunk(b"tEXt", b"a\0b")
HALVES = chunk(b"IDAT", PACKED[:20]), chunk(b"IDAT", PACKED[20:])

SOUND = {
    "three channels": rgb(),
    "a palette": paletted(PALETTE),
    "a palette as advice": rgb(PALETTE),
    "pixels in two chunks": SIGNATURE + header() + b"".join(HALVES) + END,
    "texts on both sides": rgb(TEXT, behind=(TEXT,)),
    "a short packed text": rgb(chunk(b"zTXt", b"a\0\0" + zlib.compress(b"words"))),
    "an unpacked international text": rgb(chunk(b"iTXt", b"a\0\0\0\0\0words")),
    "a chunk of somebody's own": rgb(chunk(b"prVt", b"anything")),
    "every chunk that says something": rgb(
        chunk(b"cHRM", bytes(32)),
        chunk(b"gAMA", struct.pack(">I", 45_455)),
        chunk(b"sBIT", b"\x08\x08\x08"),
        chunk(b"sRGB", b"\0"),
        chunk(b"bKGD", bytes(6)),
        chunk(b"tRNS", bytes(6)),
        chunk(b"pHYs", bytes(9)),
        behind=(chunk(b"tIME", bytes(7)),),
    ),
}

REFUSED = {
    "compression of no meaning": (
        SIGNATURE + header(compression=1) + chunk(b"IDAT", PACKED) + END,
        "the PNG's header states compression method 1, which does not exist",
    ),
    "filters of no meaning": (
        SIGNATURE + header(filtering=1) + chunk(b"IDAT", PACKED) + END,
        "the PNG's header states filter method 1, which does not exist",
    ),
    "interlacing of no meaning": (
        SIGNATURE + header(interlace=2) + chunk(b"IDAT", PACKED) + END,
        "the PNG's header states interlace method 2, which does not exist",
    ),
    "no pixels across": (
        SIGNATURE + header(size=(0, 16)) + chunk(b"IDAT", PACKED) + END,
        "its header says 0x16 pixels",
    ),
    "an unknown critical chunk": (
        rgb(chunk(b"ABCD", b"x")),
        "the PNG contains the unknown chunk ABCD, which is marked as required for reading it",
    ),
    "two headers": (rgb(header(bits=16)), "the PNG has two headers that contradict each other"),
    "two palettes": (paletted(PALETTE, chunk(b"PLTE", COLOURS[::-1])), "the PNG has two palettes"),
    "an empty palette": (paletted(chunk(b"PLTE", b"")), "the PNG has an empty palette"),
    "no palette": (paletted(), "the PNG has no palette before its pixels"),
    "a palette behind the pixels": (
        paletted(behind=(PALETTE,)),
        "the PNG has no palette before its pixels",
    ),
    "pixels with a wrong checksum": (
        SIGNATURE + header() + HALVES[0] + HALVES[1][:-1] + b"x" + END,
        "the checksum of the PNG's IDAT chunk is wrong",
    ),
    "frames between the pixels": (
        SIGNATURE + header() + HALVES[0] + chunk(b"fdAT", b"\0\0\0\1x") + HALVES[1] + END,
        "the PNG has pixels in two places",
    ),
}


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("proof", ["structure", "decoded"])
def test_a_sound_file_keeps_its_bytes(name, proof):
    assert Picture.from_bytes(SOUND[name], proof).data == SOUND[name]


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_strict_reader_takes_is_refused_by_the_walk(name):
    data, reason = REFUSED[name]
    with pytest.raises(PictureError) as raised:
        Picture.from_bytes(data)
    assert raised.value.reason == reason


LONG = zlib.compress(bytes(1_000_001))
MENDED = {
    "the header again": (rgb(header()), rgb()),
    "the palette again": (paletted(PALETTE, PALETTE), paletted(PALETTE)),
    "a palette behind pixels that need none": (rgb(behind=(PALETTE,)), rgb()),
    "a palette of a length that is not whole": (paletted(chunk(b"PLTE", COLOURS + b"x")), paletted(PALETTE)),
    "a palette longer than its indices reach": (
        paletted(chunk(b"PLTE", COLOURS + bytes(3)), bits=4),
        paletted(PALETTE, bits=4),
    ),
    "a text between the pixels": (
        SIGNATURE + header() + HALVES[0] + TEXT + HALVES[1] + END,
        SIGNATURE + header() + b"".join(HALVES) + END,
    ),
    "more opacities than colours": (
        paletted(PALETTE, chunk(b"tRNS", bytes(17))),
        paletted(PALETTE, chunk(b"tRNS", bytes(16))),
    ),
    "opacities before the palette": (paletted(chunk(b"tRNS", b"\0"), PALETTE), paletted(PALETTE)),
    "opacities behind the pixels": (rgb(behind=(chunk(b"tRNS", bytes(6)),)), rgb()),
    "the gamma twice": (
        rgb(chunk(b"gAMA", b"\0\0\0\1"), chunk(b"gAMA", b"\0\0\0\2")),
        rgb(chunk(b"gAMA", b"\0\0\0\1")),
    ),
    "a packed text of a megabyte": (rgb(chunk(b"zTXt", b"a\0\0" + LONG)), rgb()),
    "an international text of a megabyte": (rgb(chunk(b"iTXt", b"a\0\1\0\0\0" + LONG)), rgb()),
    "packed texts of too much together": (
        rgb(*(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(600_000))) for _ in range(2))),
        rgb(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(600_000)))),
    ),
    "a packed text of an unknown method": (rgb(chunk(b"zTXt", b"a\0\5x")), rgb()),
    "an international text of an unknown method": (rgb(chunk(b"iTXt", b"a\0\1\5\0\0x")), rgb()),
    "a profile of nine megabytes": (rgb(chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(9_000_000)))), rgb()),
    "a profile of an unknown method": (rgb(chunk(b"iCCP", b"a\0\5x")), rgb()),
    "a profile that does not unpack": (rgb(chunk(b"iCCP", b"a\0\0broken")), rgb()),
    "a packed text that does not unpack": (rgb(chunk(b"zTXt", b"a\0\0broken")), rgb()),
    "a name with a small third letter": (rgb(chunk(b"teat", b"a\0b")), rgb()),
    "a name that is no letters": (rgb(chunk(b"a-b1", b"")), rgb()),
    "an end with more in it": (rgb()[:-12] + chunk(b"IEND", b"more"), rgb()),
    "an end with another checksum": (rgb()[:-1] + b"x", rgb()),
    "an unknown critical chunk behind the pixels": (rgb(behind=(chunk(b"ABCD", b"x"),)), rgb()),
    "an end that cannot be read": (rgb()[:-8] + b"IE\xb6d" + rgb()[-4:], rgb()),
    "bytes lost behind the pixels": (rgb(behind=(TEXT[3:], TEXT)), rgb()),
    "a sound chunk behind the pixels whose name is no letters": (
        rgb(behind=(chunk(b"\0\0\0\x30", b"x"),)),
        rgb(),
    ),
    "a chunk behind the pixels that is cut short": (rgb()[:-12] + TEXT[:-5], rgb()),
} | {
    f"{name.decode()} of no bytes": (rgb(chunk(name, b"")), rgb())
    for name in (
        b"cHRM",
        b"gAMA",
        b"sRGB",
        b"pHYs",
        b"tIME",
        b"bKGD",
        b"tRNS",
        b"sBIT",
        b"cICP",
        b"iCCP",
        b"zTXt",
    )
}


@pytest.mark.parametrize("name", MENDED)
@pytest.mark.parametrize("proof", ["structure", "decoded"])
def test_what_can_be_mended_without_touching_a_pixel_is(name, proof):
    came, whole = MENDED[name]
    assert Picture.from_bytes(came, proof).data == whole
    assert Picture.from_base64(b64(came), proof).data == whole


_stream = zlib.compressobj()
UNENDED = _stream.compress(RAW) + _stream.flush(zlib.Z_SYNC_FLUSH)
ENDS = {
    "without its checksum": PACKED[:-4],
    "with half a checksum": PACKED[:-2],
    "with another checksum": PACKED[:-4] + b"abcd",
    "with more behind it": PACKED + b"more",
    "with more rows": zlib.compress(RAW + RAW),
    "with a header of another window": b"\x08\x1d" + PACKED[2:],
    "without its last block": UNENDED,
    "with a block of no meaning": UNENDED + b"\x06" * 9,
}


@pytest.mark.parametrize("name", ENDS)
def test_pixels_that_are_all_there_are_packed_anew_where_their_stream_ends_wrongly(name):
    made = Picture.from_bytes(rgb(TEXT, pixels=ENDS[name]), "decoded")
    packed = b"".join(made.data[at + 8 : stop - 4] for at, stop, n in png.chunks(made.data) if n == b"IDAT")
    assert (zlib.decompress(packed), TEXT in made.data) == (RAW, True)
    assert made == Picture.from_bytes(rgb(TEXT, pixels=ENDS[name])).proven("decoded")


_stream = zlib.compressobj(0)
HALF = _stream.compress(RAW[: 49 * 8]) + _stream.flush(zlib.Z_SYNC_FLUSH)
BROKEN = {
    "half of them, and no more": (HALF, "its pixels are incomplete: 50% of them can be unpacked"),
    "half of them, and a block of no meaning": (
        HALF + b"\x06" * 9,
        "its pixels are incomplete: 50% of them can be unpacked",
    ),
    "too few rows": (
        zlib.compress(RAW[: 49 * 10]),
        "its pixels are incomplete: 62% of them can be unpacked",
    ),
    "a filter of no meaning": (
        zlib.compress(b"\5" + RAW[1:]),
        "its pixels are damaged: a row uses a filter that does not exist",
    ),
    "nothing": (b"", "its pixels are incomplete: 0% of them can be unpacked"),
    "no stream": (b"no stream of pixels", "its pixels are incomplete: 0% of them can be unpacked"),
}


SEEN_BY_THE_WALK = ("nothing", "no stream")
LARGE = SIGNATURE + header(size=(1024, 1449))
TOO_FEW = {
    "nothing": rgb(pixels=b""),
    "no stream": rgb(pixels=b"no stream of pixels"),
    "a chunk of no bytes in a large picture": LARGE + chunk(b"IDAT", b"") + END,
    "a stream of no rows": LARGE + chunk(b"IDAT", zlib.compress(b"")) + END,
    "fewer bytes than rows of one colour take": LARGE + chunk(b"IDAT", zlib.compress(bytes(3_000_000))) + END,
}


@pytest.mark.parametrize("name", TOO_FEW)
def test_pixels_that_cannot_be_all_there_are_refused_without_being_asked_for(name):
    with pytest.raises(PictureError, match="its pixels are incomplete"):
        Picture.from_bytes(TOO_FEW[name])


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_the_densest_pixels_and_those_in_small_pieces_keep_their_bytes(pieces):
    packed = zlib.compress(bytes((1 + 3 * 1024) * 1449), 9)
    cut = [packed[:at] if at == 1 else packed[at - 1 : at] for at in range(1, pieces)] + [
        packed[pieces - 1 :]
    ]
    data = LARGE + chunk(b"IDAT", b"") * (pieces - 1) + b"".join(chunk(b"IDAT", one) for one in cut) + END
    assert Picture.from_bytes(data).data == data


@pytest.mark.parametrize("name", BROKEN)
def test_pixels_that_are_missing_are_found_by_unpacking(name):
    pixels, reason = BROKEN[name]
    if name not in SEEN_BY_THE_WALK:
        assert Picture.from_bytes(rgb(pixels=pixels)).proof == "structure"
    with pytest.raises(PictureError) as raised:
        Picture.from_bytes(rgb(pixels=pixels), "decoded")
    assert raised.value.reason == reason
    with pytest.raises(PictureError):
        Picture.from_bytes(rgb(pixels=pixels)[:-12])  # without an end only the pixels can tell


@pytest.mark.parametrize("size", [(1, 100_000_000), (500_001, 1)])
def test_a_side_that_no_decoder_bears_is_refused_by_the_walk(size):
    width, height = size
    with pytest.raises(PictureError) as raised:
        Picture.from_bytes(SIGNATURE + header(size=size) + chunk(b"IDAT", PACKED) + END)
    assert raised.value.reason == f"it is {width}x{height} pixels, over the limit of 500,000 per side"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (64, 48)])
def test_rows_of_every_form_are_counted(mode, size):
    image = drawing(*size).convert("L" if mode == "I;16" else mode).convert(mode)
    data = file(image, "PNG")
    assert Picture.from_bytes(data, "decoded").data == data


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([(0, 1), (2, 8), (4, 16), (0, 4)]))
def test_the_passes_of_interlaced_pictures_are_counted_as_pillow_reads_them(width, height, form):
    colour, bits = form
    found = png.Header(width, height, bits, colour, interlace=1)
    pixels = zlib.compress(bytes(png_rows._RowDecoder(found).expected))
    data = SIGNATURE + header(colour, bits, interlace=1, size=(width, height)) + chunk(b"IDAT", pixels) + END
    assert Picture.from_bytes(data, "decoded").data == data
    Image.open(BytesIO(data)).load()


@settings(deadline=None)
@given(st.data())
def test_whatever_the_stream_what_is_sent_unpacks_to_every_row(data):
    packed = bytearray(PACKED)
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        made = Picture.from_bytes(rgb(pixels=bytes(packed)), "decoded").data
    except PictureError:
        return
    spans = [made[at + 8 : stop - 4] for at, stop, name in png.chunks(made) if name == b"IDAT"]
    assert len(zlib.decompress(b"".join(spans))) == len(RAW)


WITHOUT = """
import sys, zlib
sys.modules["zlib_ng"] = None
from imagebridge.pictures import picture, png
assert png.crc32 is zlib.crc32
data = sys.stdin.buffer.read()
assert picture.Picture.from_bytes(data, "decoded").data == data
"""


def test_without_its_fast_checksums_the_same_is_proven():
    """*ours*: zlib-ng has wheels for the common processors alone."""
    data = file(drawing(64, 48), "PNG")
    subprocess.run([sys.executable, "-c", WITHOUT], input=data, check=True)
