"""Picture: what is proven by structure and by decoding, and what is remembered."""

import base64
from contextlib import suppress

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import b64, drawing, file, photo

from imagebridge.errors import PictureError
from imagebridge.translate.containers import walk
from imagebridge.translate.convert import converted, fitted
from imagebridge.translate.kinds import kind
from imagebridge.translate.picture import Picture, decode

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


@pytest.mark.parametrize("name", FILES)
def test_no_cut_passes(name):
    data = FILES[name]
    for length in range(len(data)):
        with pytest.raises(PictureError):
            Picture.from_bytes(data[:length])


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


@pytest.mark.parametrize("name", ANIMATED)
@settings(deadline=None, max_examples=60)
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


def test_decoding_is_asked_for_also_where_the_structure_was_proven_before():
    gif = bytearray(FILES["GIF"])
    at = gif.index(b"\x2c", 800) + 10
    gif[at : at + 1] = b"\x63"
    Picture.from_base64(b64(bytes(gif)))
    with pytest.raises(PictureError):
        Picture.from_base64(b64(bytes(gif)), "decoded")


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
    assert decode(text) == (data, strict)


@pytest.mark.parametrize("text", ["", "====", "a", "aGk!", "data:text/plain;base64,!", "é", "data:,"])
def test_what_is_no_base64_is_refused(text):
    with pytest.raises(PictureError):
        decode(text)


@given(st.binary(min_size=1))
def test_every_alphabet_leads_back(data):
    standard = base64.b64encode(data).decode()
    safe = base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert decode(standard)[0] == decode(safe)[0] == data


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
