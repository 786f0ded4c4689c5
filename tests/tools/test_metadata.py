"""Broken metadata of every kind: each tool shows the picture, and does not rotate anything because of it."""

import io
import struct
import zlib
from itertools import product

import pillow_heif
import pytest
from long_rows import one_in
from PIL import Image
from samples import chunk, drawing, file

from imagebridge.pictures.decode import opened, read
from imagebridge.pictures.metadata import camera_notes
from imagebridge_tools.annotate import annotated
from imagebridge_tools.compare import compared
from imagebridge_tools.contact import laid_out
from imagebridge_tools.files.source import Source
from imagebridge_tools.info import described_in_words
from imagebridge_tools.load import decoded
from imagebridge_tools.transform import transformed
from imagebridge_tools.view import viewed

HEAD = b"II*\0\x08\0\0\0"


def entry(tag, kind, count, value):
    return struct.pack("<HHII", tag, kind, count, value)


def directory(*entries, after=0):
    return struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", after)


BROKEN = {
    "of no TIFF header": b"nothing of this kind at all",
    "empty": b"",
    "ending in its header": HEAD[:6],
    "whose directory is beyond its end": b"II*\0\xff\xff\xff\x7f",
    "that claims 65,535 entries": HEAD + b"\xff\xff",
    "of a value beyond its end": HEAD + directory(entry(0x010F, 2, 4_000_000_000, 0x7FFFFFF0)),
    "whose directory leads to itself": HEAD + directory(entry(0x010F, 2, 4, 0x61616161), after=8),
    "whose camera's directory is beyond its end": HEAD + directory(entry(0x8769, 4, 1, 0x7FFFFFF0)),
    "whose camera's directory is itself": HEAD + directory(entry(0x8769, 4, 1, 8)),
    "whose place is no address": HEAD + directory(entry(0x8825, 2, 4, 0x61616161)),
    "of an orientation in letters": HEAD + directory(entry(0x0112, 2, 4, 0x36363636)),
    "of orientation 77": HEAD + directory(entry(0x0112, 3, 1, 77)),
    "of a resolution over zero": HEAD + directory(entry(0x011A, 5, 1, 26)) + struct.pack("<II", 1, 0),
    "of a type that does not exist": HEAD + directory(entry(0x0112, 99, 1, 6)),
}


def jpeg(exif):
    sound = file(drawing(), "JPEG", quality=95)
    return sound[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\0\0" + exif + sound[2:]


def png(exif):
    sound = file(drawing(), "PNG")
    return sound[:33] + chunk(b"eXIf", exif) + sound[33:]


def png_behind(exif):
    sound = file(drawing(), "PNG")
    return sound[:-12] + chunk(b"eXIf", exif) + sound[-12:]


def webp(exif):
    made = file(drawing(), "WEBP", lossless=True, exif=b"Exif\0\0" + HEAD + directory(entry(0x0112, 3, 1, 1)))
    at = made.index(b"EXIF")
    old = int.from_bytes(made[at + 4 : at + 8], "little")
    made = (
        made[:at]
        + b"EXIF"
        + struct.pack("<I", len(exif))
        + exif
        + bytes(len(exif) % 2)
        + made[at + 8 + old + old % 2 :]
    )
    return made[:4] + struct.pack("<I", len(made) - 8) + made[8:]


def instead(form):
    """A file whose EXIF is as long as the broken one, which then takes its place."""

    def made(exif):
        mark = b"Exif\0\0" if form == "AVIF" else b""
        filler = HEAD + directory() + b"#" * max(0, len(exif) - len(HEAD) - 6)
        buffer = io.BytesIO()
        if form == "HEIF":
            heif = pillow_heif.from_pillow(drawing())
            heif.save(buffer, quality=-1, exif=filler)
        else:
            drawing().save(buffer, form, quality=100, exif=mark + filler)
        data = buffer.getvalue()
        assert filler in data
        return data.replace(filler, exif.ljust(len(filler), b"\0"))

    return made


def tiff_and(*entries, behind=b""):
    """A TIFF with a directory that has these entries too, in front of other bytes."""
    sound = file(drawing(), "TIFF")
    sound += bytes(len(sound) % 2)
    (at,) = struct.unpack_from("<I", sound, 4)
    (count,) = struct.unpack_from("<H", sound, at)
    kept = [sound[at + 2 + 12 * one : at + 14 + 12 * one] for one in range(count)]
    return sound[:4] + struct.pack("<I", len(sound)) + sound[8:] + directory(*kept, *entries) + behind


def tiff(exif):
    """A TIFF whose camera's directory is broken, and whose place is beyond its end."""
    inner = len(tiff_and(entry(0x8769, 4, 1, 0), entry(0x8825, 4, 1, 0)))
    return tiff_and(entry(0x8769, 4, 1, inner), entry(0x8825, 4, 1, 0x7FFFFFF0), behind=exif)


def mpo(exif):
    second = Image.new("RGB", (64, 48), "blue")
    made = file(drawing(), "MPO", save_all=True, append_images=[second], quality=95)
    return made[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\0\0" + exif + made[2:]


CARRIERS = {
    "JPEG": jpeg, "PNG": png, "PNG behind its pixels": png_behind, "WebP": webp, "TIFF": tiff, "AVIF": instead("AVIF"),
    "HEIC": instead("HEIF"), "MPO": mpo,
}  # fmt: skip

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


def xmp_jpeg():
    body = b"http://ns.adobe.com/xap/1.0/\0" + XMP
    sound = file(drawing(), "JPEG", quality=95)
    return sound[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + sound[2:]


def xmp_png():
    sound = file(drawing(), "PNG")
    return sound[:33] + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP) + sound[33:]


def profile_of_another_type():
    """A TIFF whose colour profile is a text."""
    return tiff_and(entry(34675, 2, 4, int.from_bytes(b"text", "little")))


def infinite_resolution():
    infinite = struct.unpack("<I", struct.pack("<f", float("inf")))[0]
    return tiff_and(entry(282, 11, 1, infinite), entry(283, 11, 1, infinite), entry(296, 3, 1, 2))


FILES = {
    f"{name} with EXIF {kind}": make(exif)
    for (name, make), (kind, exif) in product(CARRIERS.items(), BROKEN.items())
}
FILES |= {
    "JPEG turned by XMP alone": xmp_jpeg(),
    "PNG turned by XMP alone": xmp_png(),
    "TIFF turned by XMP alone": file(drawing(), "TIFF", tiffinfo={700: XMP}),
    "WebP turned by XMP alone": file(drawing(), "WEBP", lossless=True, xmp=XMP),
    "AVIF turned by XMP alone": file(drawing(), "AVIF", quality=100, xmp=XMP),
    "PNG with a broken profile": file(drawing(), "PNG")[:33] + chunk(b"iCCP", b"x\0\0" + zlib.compress(b"no profile")) + file(drawing(), "PNG")[33:],
    "PNG with a profile that is not packed": file(drawing(), "PNG")[:33] + chunk(b"iCCP", b"x\0\0no") + file(drawing(), "PNG")[33:],
    "JPEG with a broken profile": file(drawing(), "JPEG", quality=95, icc_profile=b"no profile"),
    "TIFF whose profile is a text": profile_of_another_type(),
    "TIFF of an infinite resolution": infinite_resolution(),
}  # fmt: skip


def shown(answer):
    (picture,) = answer.pictures
    return opened(picture.data).convert("RGB")


def is_drawing(image):
    """Tell whether it is the drawing, not turned: red in the corner, navy within, white elsewhere."""
    scale = image.width / 64
    at = {(3, 2): "red", (24, 18): "navy", (60, 40): "white", (60, 2): "white", (3, 44): "white"}
    wanted = {place: Image.new("RGB", (1, 1), name).getpixel((0, 0)) for place, name in at.items()}
    seen = {place: image.getpixel((int(place[0] * scale), int(place[1] * scale))) for place in at}
    near = all(abs(a - b) < 40 for place in at for a, b in zip(seen[place], wanted[place], strict=True))
    return near and abs(image.height / image.width - 0.75) < 0.01


TOOLS = {
    "load_image": lambda source: is_drawing(shown(decoded(source.data))),
    "view_image": lambda source: is_drawing(shown(viewed(source))),
    "transform_image": lambda source: is_drawing(shown(transformed(source, [{"flip": "vertical"}, {"flip": "vertical"}]))),
    "annotate_image": lambda source: bool(annotated(source, [{"kind": "box", "region": [1, 1, 20, 20]}], "pixels").pictures),
    "compare_images": lambda source: "identical" in compared(source, source).sentence,
    "contact_sheet": lambda source: bool(laid_out([source], None, None).pictures),
    "image_info": lambda source: "64x48 px" in described_in_words(source, exif=True).sentence,
}  # fmt: skip


@pytest.mark.parametrize("name", one_in(8, FILES))
def test_what_is_broken_beside_the_pixels_costs_no_tool_a_pixel(name):
    source = Source("file", FILES[name])
    assert [tool for tool, is_right in TOOLS.items() if not is_right(source)] == []


@pytest.mark.parametrize("name", one_in(4, FILES))
def test_nothing_is_said_of_a_turn_that_is_none(name):
    words = decoded(FILES[name]).words + described_in_words(Source("file", FILES[name]), exif=True).sentence
    assert "turned upright" not in words
    assert "shown upright" not in words


SOUND = HEAD + directory(entry(0x010F, 2, 4, 0x00656D41))


@pytest.mark.parametrize("name", CARRIERS)
def test_sound_notes_are_told(name):
    make = CARRIERS[name]
    words = described_in_words(Source("file", make(SOUND)), exif=True).sentence
    notes = camera_notes(make(SOUND), read(make(SOUND)))
    # A TIFF has the maker's name in its own directory, not in the camera's.
    assert ("make Ame" in words) == (name != "TIFF")
    assert notes is not None
