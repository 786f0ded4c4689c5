"""Picture: what its structure and decoding prove, and what is remembered."""

import base64
import re
import struct
from contextlib import suppress

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from long_rows import one_in
from samples import b64, chunk, drawing, file, photo

from imagebridge.errors import PictureError
from imagebridge.pictures import animation
from imagebridge.pictures import picture as pictures
from imagebridge.pictures.base64 import base64_bytes
from imagebridge.pictures.containers import sub_blocks_end, walk
from imagebridge.pictures.convert import converted, fitted
from imagebridge.pictures.decode import opened
from imagebridge.pictures.kinds import kind
from imagebridge.pictures.picture import Picture

pytestmark = pytest.mark.pure

FILES = {
    "PNG": file(drawing(), "PNG"),
    "JPEG": file(photo(), "JPEG"),
    "progressive JPEG": file(photo(), "JPEG", progressive=True),
    "JPEG with restart markers": file(photo(), "JPEG", restart_marker_blocks=1),
    "WebP": file(photo(), "WEBP"),
    "lossless WebP": file(drawing(), "WEBP", lossless=True),
    "extended WebP": file(photo().convert("RGBA"), "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"),
    "GIF": file(photo(200, 150), "GIF"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_sound_file_is_known_by_its_bytes(name):
    data = FILES[name]
    picture = Picture.from_bytes(data)
    size = (200, 150) if name == "GIF" else (64, 48)
    assert (picture.width, picture.height, picture.frames, picture.plain) == (*size, 1, True)
    assert (
        picture.media_type
        == f"image/{name.split()[0 if name in ('GIF', 'PNG', 'JPEG', 'WebP') else -1].lower()}"
        or name.startswith("JPEG")
    )
    assert (picture.data, picture.size, picture.base64) == (data, len(data), b64(data))
    assert picture.data_url == samples.data_url(data, picture.media_type)
    assert picture.proof == "structure"
    assert picture.proven("decoded").proof == "decoded"


END = {"PNG": b"\0\0\0\0IEND\xaeB`\x82", "JPEG": b"\xff\xd9", "GIF": b";"}


@pytest.mark.parametrize("name", one_in(3, FILES))
def test_no_cut_passes(name):
    data, end = FILES[name], len(END.get(name.split()[-1], END.get(name.split()[0], b"")))
    if name == "extended WebP":
        data = data[: data.index(b"EXIF")]  # what is cut there has its pixels
    for length in range(len(data) - end):
        with pytest.raises(PictureError):
            Picture.from_bytes(data[:length])
    # What lacks its end alone is whole and is mended.
    for length in range(len(data) - end, len(data)):
        assert Picture.from_bytes(data[:length]).data == data


@pytest.mark.parametrize("name", FILES)
@given(st.data())
def test_damage_never_raises_anything_else(name, data):
    damaged = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(PictureError):
        picture = Picture.from_bytes(bytes(damaged))
        assert picture.width * picture.height > 0


ANIMATED = {form: samples.animation(form) for form in ("GIF", "WEBP", "PNG", "AVIF")} | {
    "TIFF": samples.animation("TIFF"),
    "BMP": file(drawing(), "BMP"),
    "JPEG 2000": file(drawing(), "JPEG2000"),
    "ICO": file(drawing(), "ICO"),
    "oriented": samples.oriented(),
    "SVG": samples.SVG,
}


@pytest.mark.parametrize("name", one_in(2, ANIMATED))
@settings(deadline=None)
@given(st.data())
def test_damage_to_what_is_converted_never_raises_anything_else(name, data):
    damaged = bytearray(ANIMATED[name])
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    keep = data.draw(st.integers(8, len(damaged)) | st.just(len(damaged)))
    with suppress(PictureError):
        for picture in converted(b64(bytes(damaged[:keep])), "structure").pictures:
            fitted(picture, max(1, picture.width // 2), max(1, picture.height // 2))


@given(st.binary(max_size=400))
def test_any_bytes_are_a_picture_or_a_reason(data):
    for start in (
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF89a",
        b"RIFF\0\0\0\0WEBP",
        b"BM",
        b"II*\0",
        b"<svg ",
    ):
        with suppress(PictureError):
            assert converted(b64(start + data), "structure").pictures


def test_a_png_with_damaged_pixels_is_found_by_its_checksum_and_a_gif_by_decoding():
    png = bytearray(FILES["PNG"])
    png[60] ^= 1
    with pytest.raises(PictureError, match="checksum"):
        Picture.from_bytes(bytes(png))
    gif = bytearray(FILES["GIF"])
    at = gif.index(b"\x2c", 800) + 10
    gif[at : at + 1] = b"\x63"  # an LZW code size that no decoder takes
    assert Picture.from_bytes(bytes(gif)).proof == "structure"
    with pytest.raises(PictureError, match="pixels cannot be decoded"):
        Picture.from_bytes(bytes(gif), "decoded")


class CountedBytes(bytes):
    """A file that counts the bytes that slices take out of it."""

    taken = 0

    def __getitem__(self, key):
        found = super().__getitem__(key)
        self.taken += len(found) if isinstance(key, slice) else 1
        return found


@pytest.mark.parametrize(
    "block",
    [
        b"\xff" + bytes(255),
        b"\xff" + bytes(255) + b"\x01\x07",
        (b"\xff" + bytes(255)) * 600 + b"\x02\x07\x07",
    ],
)
def test_the_sub_blocks_of_a_gif_are_passed_once_however_long_their_runs_are(block):
    data = CountedBytes(block * (3_000_000 // len(block)) + b"\0and more")
    assert sub_blocks_end(data, 0) == len(data) - len(b"and more")
    # Of each full one its length, and of what follows a run as many as a window has.
    assert data.taken < len(data)
    cut = CountedBytes(data[:-10])
    assert sub_blocks_end(cut, 0) > len(cut)


def test_a_picture_is_remembered_as_far_as_it_was_proven(monkeypatch):
    monkeypatch.setattr(pictures, "_PROVEN", pictures._Proven(64_000_000))
    encoded = b64(file(drawing(31, 17), "PNG"))
    assert Picture.remembered(encoded) is None
    picture = Picture.from_base64(encoded)
    assert Picture.remembered(encoded) is picture is Picture.from_base64(encoded)
    assert Picture.remembered(encoded, "decoded") is None
    proven = Picture.from_base64(encoded, "decoded")
    assert Picture.remembered(encoded) is proven is Picture.remembered(encoded, "decoded")
    assert Picture.remembered(f" {encoded}") is None


def inserted(png, *chunks):
    """A PNG with more chunks after its header."""
    return png[:33] + b"".join(chunks) + png[33:]


def claimed(count):
    """The chunk that says how many frames follow."""
    return chunk(b"acTL", struct.pack(">II", count, 0))


PNG, GIF, APNG = FILES["PNG"], file(drawing(), "GIF"), samples.animation("PNG")
BEFORE_FRAME = 13 + 3 * 2 ** (1 + (GIF[10] & 7))
AT = APNG.index(b"acTL") - 4
MENDED = {
    "PNG with a damaged text": (samples.bad_checksum(PNG), PNG, 1),
    "PNG that claims five frames": (inserted(PNG, claimed(5)), PNG, 1),
    "PNG that claims no frames": (inserted(PNG, claimed(0)), PNG, 1),
    "PNG that claims 2 ** 31 frames": (inserted(PNG, claimed(2**31)), PNG, 1),
    "PNG with half a claim": (inserted(PNG, chunk(b"acTL", b"\0\0\0\5")), PNG, 1),
    "APNG that claims nine of four": (APNG[:AT] + claimed(9) + APNG[AT + 20 :], APNG, 4),
    "APNG that claims twice": (APNG[:AT] + claimed(4) + APNG[AT:], APNG, 4),
    "GIF without its trailer": (GIF[:-1], GIF, 1),
    "GIF with more after it": (GIF + b"more", GIF, 1),
    "GIF with an empty screen": (GIF[:6] + bytes(4) + GIF[10:], GIF, 1),
    "GIF with a screen smaller than its frame": (GIF[:6] + b"\x05\0\x05\0" + GIF[10:], GIF, 1),
    "GIF with bytes of no block behind its frame": (GIF[:-1] + b"\x07junk", GIF, 1),
    "GIF cut in a comment behind its frame": (GIF[:-1] + b"!\xfe\x09abc", GIF, 1),
    "GIF with extensions of nothing": (
        GIF[:BEFORE_FRAME] + b"!\xff\0!\0\0!\xf9\0!\xfe\0" + GIF[BEFORE_FRAME:],
        GIF,
        1,
    ),
    "GIF with an extension of nothing behind its frame, without its trailer": (GIF[:-1] + b"!\0\0", GIF, 1),
    "animated GIF without its trailer": (samples.animation("GIF")[:-1], samples.animation("GIF"), 4),
}


JPEG = FILES["JPEG"]
TABLE = JPEG.index(b"\xff\xdb")
MENDED |= {
    "JPEG with stray bytes before a segment": (JPEG[:TABLE] + b"\0\0\0\0" + JPEG[TABLE:], JPEG, 1),
    "JPEG with a restart and a zero between segments": (
        JPEG[:TABLE] + b"\xff\xd3\xff\0\1" + JPEG[TABLE:],
        JPEG,
        1,
    ),
    "JPEG with a marker that stands alone": (JPEG[:2] + b"\xff\1" + JPEG[2:], JPEG, 1),
    "JPEG with metadata of no length": (JPEG[:2] + b"\xff\xe5\0\1\xff\xfe\0\0" + JPEG[2:], JPEG, 1),
    "JPEG with zeros for its end": (JPEG[:-2] + bytes(200), JPEG, 1),
}


def without_jfif(data):
    """A JPEG without its first segment."""
    return data[:2] + data[4 + int.from_bytes(data[4:6], "big") :]


@pytest.mark.parametrize(
    "segment", [b"\xff\xe0\0\7JFIF\0", b"\xff\xe0\0\x09JFIF\0\1\1", b"\xff\xee\0\7Adobe"]
)
def test_a_segment_that_is_too_short_for_what_it_is_costs_no_jpeg(segment):
    """Decoders pass by such a one; the file is sent as it came."""
    bare = without_jfif(JPEG)
    came = bare[:2] + segment + bare[2:]
    assert Picture.from_bytes(came, "decoded").data == came
    assert opened(came).tobytes() == opened(bare).tobytes()


@pytest.mark.parametrize("name", MENDED)
def test_damage_around_the_pixels_is_mended(name):
    came, whole, frames = MENDED[name]
    for picture in (Picture.from_bytes(came, "decoded"), Picture.from_base64(b64(came), "decoded")):
        assert (picture.data, picture.frames, picture.plain) == (whole, frames, frames == 1)


def test_a_webp_that_is_cut_behind_its_pixels_is_shown_without_what_follows():
    data = FILES["extended WebP"]
    at = data.index(b"EXIF")
    whole = data[:4] + (at - 8).to_bytes(4, "little") + data[8:at]
    for length in (at + 9, at + 12, len(data) - 1):
        picture = Picture.from_bytes(data[:length], "decoded")
        assert (picture.data, picture.orientation) == (whole, 1)


def test_an_animated_webp_that_is_cut_shows_the_frames_before():
    data = samples.animation("WEBP")
    second = data.index(b"ANMF", data.index(b"ANMF") + 4)
    third = data.index(b"ANMF", second + 4)
    whole = data[:4] + (third - 8).to_bytes(4, "little") + data[8:third]
    picture = Picture.from_bytes(data[: third + 20])
    assert (picture.data, picture.frames) == (whole, 2)
    assert len(list(animation.shown(picture.data, 9))) == 2
    with pytest.raises(PictureError, match="the WebP is cut short"):
        Picture.from_bytes(data[: second - 5])


MOVING = samples.animation("WEBP")
FIRST, SECOND = (found.start() for found in list(re.finditer(b"ANMF", MOVING))[:2])


@pytest.mark.parametrize(
    ("data", "frames"),
    [
        (MOVING[: FIRST + 4] + (999 + SECOND).to_bytes(4, "little") + MOVING[FIRST + 8 :], 0),
        (MOVING[: FIRST + 4] + (SECOND - FIRST + 60).to_bytes(4, "little") + MOVING[FIRST + 8 :], 4),
        (MOVING[: FIRST + 24] + b"XP8 " + MOVING[FIRST + 28 :], 3),
        (MOVING[: SECOND + 24] + b"XP8 " + MOVING[SECOND + 28 :], 3),
    ],
    ids=["longer than the file", "longer than its chunks", "first without pixels", "second without pixels"],
)
def test_the_frames_of_a_webp_are_those_that_its_decoder_finds(data, frames):
    if not frames:
        with pytest.raises(PictureError, match="the WebP is cut short"):
            Picture.from_bytes(data)
        return
    picture = Picture.from_bytes(data)
    assert (picture.data, picture.frames) == (data, frames)
    assert len(list(animation.shown(data, 9))) == frames


def test_a_marker_without_meaning_inside_of_jpeg_pixels_does_not_end_them():
    data = samples.file(samples.photo(), "JPEG", restart_marker_blocks=2)
    at = data.index(b"\xff\xd0")
    damaged = data[:at] + b"\xff\xae\xff" + data[at:]
    assert Picture.from_bytes(damaged, "decoded").data == damaged


def sof(marker, channels=3):
    """A baseline JPEG that says it is of another coding."""
    data, at = bytearray(FILES["JPEG"]), FILES["JPEG"].index(b"\xff\xc0")
    data[at + 1], data[at + 9] = marker, channels
    return bytes(data)


@pytest.mark.parametrize(
    ("marker", "plain"),
    [(0xC0, True), (0xC1, True), (0xC2, True), (0xC3, False), (0xC5, False), (0xC9, False), (0xCA, False)],
)
def test_jpegs_of_a_rare_coding_are_not_passed_on(marker, plain):
    assert Picture.from_bytes(sof(marker)).plain == plain


def test_a_progressive_jpeg_whose_scans_come_out_of_turn_is_not_passed_on():
    data = bytearray(FILES["progressive JPEG"])
    assert Picture.from_bytes(bytes(data)).plain
    at = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    data[at + 9] ^= 0x10  # the second scan refines a bit that has not come yet
    assert not Picture.from_bytes(bytes(data)).plain
    assert not walk(bytes(data[:-2])).common


@pytest.mark.parametrize("image", [samples.photo(), samples.photo().convert("L")], ids=["colours", "grey"])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_jpeg_in_which_restart_markers_lack_is_not_passed_on(image, subsampling):
    data = samples.file(image, "JPEG", restart_marker_blocks=2, subsampling=subsampling)
    assert Picture.from_bytes(data).plain
    assert not Picture.from_bytes(data.replace(b"\xff\xd0", b"", 1)).plain
    tall = bytearray(data)
    tall[data.index(b"\xff\xc0") + 5] = 9  # 2,304 rows more
    assert not Picture.from_bytes(bytes(tall)).plain


REFUSED = {
    "two channels": (sof(0xC0, 2), "the JPEG has 2 colour channels, not 1, 3 or 4"),
    "lossless pixels of 12 bits": (
        FILES["JPEG"].replace(b"\xff\xc0\0\x11\x08", b"\xff\xc3\0\x11\x0c", 1),
        "the JPEG has 12 bits per channel; only 8 can be decoded",
    ),
    "two frame headers": (
        FILES["JPEG"].replace(b"\xff\xc0", b"\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0\xff\xc0", 1),
        "the JPEG has two frame headers",
    ),
    "a damaged chunk before the header": (
        PNG[:8] + b"\0\0\0\0tRNS\0\0\0\0" + PNG[8:],
        "the PNG begins with tRNS instead of its header",
    ),
    "a GIF of its head alone": (GIF[:10] + b"\0\0\0;", "the GIF has no pixels"),
    "a GIF whose frame has no rows": (
        GIF[:BEFORE_FRAME] + b"\x2c" + bytes(4) + b"\x40\0\0\0\0\x02\0;",
        "the GIF's first frame has no pixels",
    ),
    "a GIF of its head without a trailer": (GIF[:10] + b"\0\0\0!\xfe\0", "the GIF is cut short"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_walk_says_what_is_wrong(name):
    data, reason = REFUSED[name]
    with pytest.raises(PictureError) as raised:
        Picture.from_bytes(data)
    assert raised.value.reason == reason


def exif(value, order="<", sort=3, repeated=()):
    """An EXIF block that says `value` as its orientation, in a SHORT (3) or a LONG (4)."""
    values = (value, *repeated)
    pairs = {3: "HH", 4: "I"}[sort]
    body = b"".join(
        struct.pack(f"{order}HHI{pairs}", 0x0112, sort, 1, *((one, 0) if sort == 3 else (one,)))
        for one in values
    )
    start = b"II*\0\x08\0\0\0" if order == "<" else b"MM\0*\0\0\0\x08"
    return start + struct.pack(f"{order}H", len(values)) + body + bytes(4)


EXIF = {
    "SHORT": ([exif(6)], 6),
    "SHORT, the other order": ([exif(8, ">")], 8),
    "LONG": ([exif(6, "<", 4)], 6),
    "LONG, the other order": ([exif(3, ">", 4)], 3),
    "twice in one block: the last": ([exif(1, repeated=(6,))], 6),
    "two segments: the first": ([exif(6), exif(1)], 6),
    "two segments, the first upright": ([exif(1), exif(6)], 1),
    "no such orientation": ([exif(9)], 1),
    "cut short": ([exif(6)[:20]], 1),
    "no EXIF": ([b"hello, world!!"], 1),
}


def with_exif(form, image, blocks):
    """A file with these EXIF blocks."""
    data = file(image, form)
    if form == "PNG":
        return inserted(data, *(chunk(b"eXIf", block) for block in blocks))
    segments = [b"\xff\xe1" + struct.pack(">H", len(one) + 8) + b"Exif\0\0" + one for one in blocks]
    return data[:2] + b"".join(segments) + data[2:]


@pytest.mark.parametrize("name", EXIF)
def test_orientation_is_read_from_exif(name):
    blocks, expected = EXIF[name]
    picture = Picture.from_bytes(with_exif("JPEG", drawing(), blocks))
    size = (48, 64) if expected >= 5 else (64, 48)
    assert (picture.orientation, picture.plain) == (expected, expected == 1)
    assert (picture.width, picture.height) == size


CORNERS = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}
"""Where the stored top left corner is seen: right (1) or left (0), bottom (1) or top (0) (EXIF 2.32, 4.6.5)."""


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("turned", one_in(2, CORNERS))
def test_a_picture_is_turned_as_its_exif_says_whatever_its_size(turned, form, scale):
    picture = Picture.from_bytes(with_exif(form, drawing(640, 480), [exif(turned, ">", 4)]))
    width, height = (480, 640) if turned >= 5 else (640, 480)
    assert (picture.width, picture.height) == (width, height)
    shown = samples.pixels(fitted(picture, width // scale, height // scale).data)
    assert shown.size == (width // scale, height // scale)
    right, bottom = CORNERS[turned]
    red, green, _ = shown.getpixel(((shown.width - 9) * right + 4, (shown.height - 9) * bottom + 4))
    assert (red > 200, green < 60) == (True, True)


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
NOT_EXIF = {
    "XMP in a JPEG": file(drawing(640, 480), "JPEG", xmp=XMP),
    "XMP in a WebP": file(drawing(640, 480), "WEBP", xmp=XMP, lossless=True),
    "XMP in a PNG": inserted(
        file(drawing(640, 480), "PNG"), chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)
    ),
    "hexadecimal EXIF in a PNG": inserted(
        file(drawing(640, 480), "PNG"),
        chunk(b"tEXt", b"Raw profile type exif\0\nexif\n      32\n" + exif(6).hex().encode() + b"\n"),
    ),
}


@pytest.mark.parametrize("name", NOT_EXIF)
def test_what_is_not_exif_turns_no_picture_small_or_large(name):
    picture = Picture.from_bytes(NOT_EXIF[name])
    assert (picture.width, picture.height, picture.plain) == (640, 480, True)
    red, green, _ = samples.pixels(fitted(picture, 320, 240).data).getpixel((4, 4))
    assert (red > 200, green < 60) == (True, True)


def test_decoding_is_asked_for_also_where_the_structure_was_proven_before():
    gif = bytearray(FILES["GIF"])
    at = gif.index(b"\x2c", 800) + 10
    gif[at : at + 1] = b"\x63"
    Picture.from_base64(b64(bytes(gif)))
    with pytest.raises(PictureError):
        Picture.from_base64(b64(bytes(gif)), "decoded")


def test_a_picture_shows_itself_without_its_bytes():
    assert "data:" not in repr(Picture.from_bytes(FILES["JPEG"]))


@pytest.mark.parametrize("size", range(8, 20))
def test_a_png_that_ends_in_its_first_chunk_is_cut_short(size):
    with pytest.raises(PictureError) as raised:
        converted(b64(FILES["PNG"][:size]), "decoded")
    assert str(raised.value) == "the PNG is cut short"


def test_what_a_reader_says_of_its_buffers_is_not_told():
    with pytest.raises(PictureError) as raised:
        opened(FILES["PNG"][:8])
    assert str(raised.value) == "its header cannot be read (it ends too early)"


def test_the_same_string_again_gives_the_same_picture():
    text = b64(FILES["PNG"])
    again = "".join([text[:10], text[10:]])
    assert again is not text
    assert Picture.from_base64(text) is Picture.from_base64(again)


def test_strings_that_differ_in_one_place_are_never_confused():
    """The key of the memory is a sparse sample; the whole string decides."""
    data = bytearray(file(photo(300, 300), "GIF"))
    before = Picture.from_base64(b64(bytes(data)))
    middle = len(data) // 2
    data[middle] ^= 0x55
    try:
        after = Picture.from_base64(b64(bytes(data)))
    except PictureError:
        return
    assert after.data == bytes(data) != before.data


@pytest.mark.parametrize(
    ("text", "data", "strict"),
    [
        ("aGk=", b"hi", True),
        ("aGk", b"hi", False),
        (" aG\nk=\t", b"hi", False),
        ("_-8=", b"\xff\xef", False),
        ("data:image/png;base64,aGk=", b"hi", False),
        ("DATA:;BASE64,aGk=", b"hi", False),
        ("data:image/png;charset=x;base64,aGk", b"hi", False),
        ("data:image/svg+xml;utf8,%3Csvg/%3E", b"<svg/>", False),
        ("\n data:image/png;base64,aGk=", b"hi", False),
    ],
)
def test_base64_is_read_as_servers_write_it(text, data, strict):
    assert base64_bytes(text) == (data, strict)


@pytest.mark.parametrize("text", ["", "====", "a", "aGk!", "data:text/plain;base64,!", "é", "data:,"])
def test_what_is_no_base64_is_refused(text):
    with pytest.raises(PictureError):
        base64_bytes(text)


@given(st.binary(min_size=1))
def test_every_alphabet_leads_back(data):
    standard = base64.b64encode(data).decode()
    safe = base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert base64_bytes(standard)[0] == base64_bytes(safe)[0] == data


@pytest.mark.parametrize(
    ("start", "media_type"),
    [
        (b"BM and more words than a picture has", None),
        (b"P6 is a format", None),
        (b"<html><svg></svg></html>", None),
        (b"<?xml version='1.0'?><!-- a --><svg/>", "image/svg+xml"),
        (b"\0\0\0\x1cftypavif", "image/avif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "image/avif"),
        (b"\0\0\0\x1cftypheic", "image/heic"),
        (b"\0\0\0\x1cftypisom", "video/mp4"),
        (b"RIFF\0\0\0\0WAVE", "audio/wav"),
        (b"%PDF-1.7", "application/pdf"),
        (b"", None),
    ],
)
def test_kinds_by_first_bytes(start, media_type):
    found = kind(start)
    assert (found.media_type if found else None) == media_type


def test_a_walk_names_what_it_is_not():
    with pytest.raises(PictureError, match="image/bmp is not PNG, JPEG, WebP or GIF"):
        walk(file(drawing(), "BMP"))


@pytest.mark.parametrize(
    ("name", "saved"),
    [("a.png", "a.png"), ("a.PNG", "a.PNG"), ("a", "a.png"), ("folder.d/a", "folder.d/a.png")],
)
def test_a_picture_is_saved_as_it_is(name, saved, tmp_path):
    (tmp_path / "folder.d").mkdir()
    picture = Picture.from_bytes(samples.file(samples.drawing(), "PNG"))
    assert picture.save(tmp_path / name) == tmp_path / saved
    assert (tmp_path / saved).read_bytes() == picture.data


@pytest.mark.parametrize("name", ["a.jpg", "a.webp", "a.txt"])
def test_a_picture_is_not_saved_under_the_name_of_another_format(name, tmp_path):
    picture = Picture.from_bytes(samples.file(samples.drawing(), "PNG"))
    with pytest.raises(ValueError, match=f"image/png, which cannot be saved as '{name}'; name it 'a.png'"):
        picture.save(str(tmp_path / name))
    assert list(tmp_path.iterdir()) == []
