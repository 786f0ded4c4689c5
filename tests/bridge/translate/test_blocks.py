"""The translation of each block: one row at a time of the table in docs/blocks.md and in `translate/blocks.py`."""

import base64
import io
import json
import zlib
from urllib.parse import quote

import pillow_heif
import pytest
import samples
from mcp_blocks import image as block
from openai_requests import input_text as text
from PIL import Image, ImageCms
from samples import b64, data_url, drawing, file, photo

from imagebridge import Policy, output_parts, translate

pytestmark = pytest.mark.pure

PNG = file(drawing(), "PNG")
JPEG = file(photo(), "JPEG")
WEBP = file(photo(), "WEBP")
GIF = file(drawing(), "GIF")


def image(data, media_type="image/png", detail="high"):
    return {"type": "input_image", "image_url": data_url(data, media_type), "detail": detail}


def resource(blob=None, text=None, uri="file:///a/b.bin", media_type="application/octet-stream"):
    inner = {"uri": uri, "mimeType": media_type}
    inner |= {"text": text} if blob is None else {"blob": b64(blob)}
    return {"type": "resource", "resource": inner}


def parts_of(*blocks, policy=None):
    return output_parts({"content": list(blocks)}, policy or Policy())


EXACT = {
    "text as it is": ({"type": "text", "text": "a < b\n\tc"}, [text("a < b\n\tc")]),
    "png": (block(PNG), [image(PNG)]),
    "jpeg": (block(JPEG, "image/jpeg"), [image(JPEG, "image/jpeg")]),
    "webp": (block(WEBP, "image/webp"), [image(WEBP, "image/webp")]),
    "still gif": (block(GIF, "image/gif"), [image(GIF, "image/gif")]),
    "png labelled jpeg": (block(PNG, "image/jpeg"), [image(PNG)]),
    "image/jpg": (block(JPEG, "image/jpg"), [image(JPEG, "image/jpeg")]),
    "no label": ({"type": "image", "data": b64(PNG)}, [image(PNG)]),
    "a label that is no string": ({"type": "image", "data": b64(PNG), "mimeType": 3}, [image(PNG)]),
    "data: URL in data": ({"type": "image", "data": data_url(PNG, "image/jpeg")}, [image(PNG)]),
    "Anthropic's form": (
        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": b64(PNG)}},
        [image(PNG)],
    ),
    "base64 under url": ({"type": "image", "url": data_url(PNG, "image/png")}, [image(PNG)]),
    "OpenAI's form": (
        {"type": "image", "image_url": {"url": data_url(PNG, "image/png")}},
        [image(PNG)],
    ),
    "bytes": ({"type": "image", "data": PNG}, [image(PNG)]),
    "base64 as bytes": ({"type": "image", "data": b64(PNG).encode()}, [image(PNG)]),
    "base64 as the text of bytes": ({"type": "image", "data": str(b64(PNG).encode())}, [image(PNG)]),
    "a list of bytes": ({"type": "image", "data": list(PNG)}, [image(PNG)]),
    "a list of lines": ({"type": "image", "data": [b64(PNG)[:76], b64(PNG)[76:]]}, [image(PNG)]),
    "a Buffer": ({"type": "image", "data": {"type": "Buffer", "data": list(PNG)}}, [image(PNG)]),
    "a Uint8Array": (
        {"type": "image", "data": {str(at): one for at, one in enumerate(PNG)}},
        [image(PNG)],
    ),
    "percent-encoded base64": (
        {"type": "image", "data": "data:image/png;base64," + quote(b64(PNG), safe="")},
        [image(PNG)],
    ),
    "an address in data": (
        {"type": "image", "data": "https://e.org/a.png", "mimeType": "image/png"},
        [text("[link: <https://e.org/a.png>, image/png]")],
    ),
    "an address under url": (
        {"type": "image", "url": "https://e.org/a.png"},
        [text("[link: <https://e.org/a.png>]")],
    ),
    "an address in Anthropic's form": (
        {"type": "image", "source": {"type": "url", "url": "https://e.org/a.png"}},
        [text("[link: <https://e.org/a.png>]")],
    ),
    "data that is no picture in any form": (
        {"type": "image", "data": {"shot": 1.5}, "mimeType": "image/png"},
        [
            text(
                "[not shown: a picture (image/png); its data is dict, not base64; ask for the picture as base64]"
            )
        ],
    ),
    "base64 in lines": (
        {"type": "image", "data": "\r\n".join(b64(PNG)[i : i + 76] for i in range(0, 999, 76))},
        [image(PNG)],
    ),
    "base64 without padding": ({"type": "image", "data": b64(PNG + b"\0").rstrip("=")}, [image(PNG)]),
    "URL-safe base64": (
        {"type": "image", "data": b64(JPEG).replace("+", "-").replace("/", "_")},
        [image(JPEG, "image/jpeg")],
    ),
    "bytes after the end": (block(PNG + b"trailing"), [image(PNG)]),
    "damaged optional chunk": (block(samples.bad_checksum(PNG)), [image(PNG)]),
    "resource of text": (resource(text="# Title", uri="file:///a.md"), [text("# Title")]),
    "resource that is a picture": (resource(PNG, media_type="image/png"), [image(PNG)]),
    "resource that is a picture, labelled otherwise": (resource(PNG), [image(PNG)]),
    "resource of bytes that are text": (resource("é,1\n".encode(), media_type="text/csv"), [text("é,1\n")]),
    "resource of UTF-8, whatever its label": (resource("Grüß Gott\n".encode()), [text("Grüß Gott\n")]),
    "resource of text labelled a picture": (
        resource(b"no picture", media_type="image/png"),
        [text("no picture")],
    ),
    "resource of UTF-8 with a byte order mark": (resource(b"\xef\xbb\xbfa"), [text("a")]),
    "resource of UTF-16": (resource("né\r\n".encode("utf-16")), [text("né\r\n")]),
    "resource of UTF-16, big-endian": (resource(b"\xfe\xff" + "né".encode("utf-16-be")), [text("né")]),
    "resource of text that is a log in colours": (
        resource(b"\x1b[31mred\x1b[0m\tand\f"),
        [text("red\tand\f")],
    ),
    "text that is an empty JSON of bytes": (resource(b"[]"), [text("[]")]),
    "a block of type blob with a picture": (
        {"type": "blob", "data": b64(PNG), "mimeType": "x/y"},
        [image(PNG)],
    ),
    "a block of type blob with the bytes under blob": ({"type": "blob", "blob": b64(PNG)}, [image(PNG)]),
    "a block of type blob with a document": (
        {"type": "blob", "blob": b64(samples.docx()), "mimeType": "image/png", "name": "memo"},
        [
            {
                "type": "input_file",
                "filename": "memo.docx",
                "file_data": data_url(
                    samples.docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
                ),
            }
        ],
    ),
    "a block of type blob with a text": ({"type": "blob", "data": b64(b"a,b\n")}, [text("a,b\n")]),
    "a block of type blob with other bytes": (
        {"type": "blob", "data": b64(bytes(9)), "mimeType": "a/b", "uri": "file:///x"},
        [text("[not shown: a/b, 9 bytes, file:///x; this type cannot be sent to the model]")],
    ),
    "a block of type blob with a data: URL": ({"type": "blob", "data": data_url(PNG, "a/b")}, [image(PNG)]),
    "a block of an unknown type with a picture": ({"type": "screenshot", "data": b64(PNG)}, [image(PNG)]),
    "a picture in a document's form of Anthropic's": (
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": b64(PNG)}},
        [image(PNG)],
    ),
    "a block without a type, with a picture": ({"data": b64(PNG), "mimeType": "image/png"}, [image(PNG)]),
    "a picture called audio": ({"type": "audio", "data": b64(PNG), "mimeType": "audio/wav"}, [image(PNG)]),
    "resource that is a pdf": (
        resource(samples.pdf(), uri="file:///reports/May%20report.pdf?x=1", media_type="application/pdf"),
        [
            {
                "type": "input_file",
                "filename": "May report.pdf",
                "file_data": data_url(samples.pdf(), "application/pdf"),
            }
        ],
    ),
    "resource that is a word document": (
        resource(samples.docx(), uri="memo"),
        [
            {
                "type": "input_file",
                "filename": "memo.docx",
                "file_data": data_url(
                    samples.docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
                ),
            }
        ],
    ),
    "resource of other bytes": (
        resource(b"\x7fELF" + bytes(1996), uri="file:///bin/tool"),
        [
            text(
                "[not shown: application/octet-stream, 2 kB, file:///bin/tool; this type cannot be sent to the model]"
            )
        ],
    ),
    "resource without content": (
        {"type": "resource", "resource": {"uri": "x:1"}},
        [text("[not shown: data of an unknown type, x:1; it is empty]")],
    ),
    "audio": (
        {"type": "audio", "data": b64(samples.wav()), "mimeType": "audio/wav"},
        [text("[not shown: audio (audio/wav, 2 kB); this model does not accept audio]")],
    ),
    "link": (
        {
            "type": "resource_link",
            "uri": "file:///a.png",
            "name": "a.png",
            "mimeType": "image/png",
            "size": 1_200_000,
            "description": "the plan",
        },
        [text("[link: a.png <file:///a.png>, image/png, 1.2 MB: the plan]")],
    ),
    "link with only a uri": (
        {"type": "resource_link", "uri": "https://e.org/x"},
        [text("[link: <https://e.org/x>]")],
    ),
    "not base64": (
        {"type": "image", "data": "!!! not base64", "mimeType": "image/png"},
        [text("[not shown: a picture (image/png); it is not base64; ask for a whole PNG or JPEG of it]")],
    ),
    "nothing in data": (
        {"type": "image", "data": "", "mimeType": "image/png"},
        [text("[not shown: a picture (image/png); it is empty; ask for a whole PNG or JPEG of it]")],
    ),
    "no data": (
        {"type": "image"},
        [
            text(
                "[not shown: a picture (data of an unknown type); it is empty; ask for a whole PNG or JPEG of it]"
            )
        ],
    ),
    "cut short": (
        block(PNG[:-20]),
        [
            text(
                f"[not shown: a picture (image/png, {len(PNG) - 20} bytes); the PNG is cut short in its IDAT chunk; ask for a whole PNG or JPEG of it]"
            )
        ],
    ),
    "damaged pixels": (
        block(PNG.replace(PNG[50:60], bytes(10))),
        [
            text(
                f"[not shown: a picture (image/png, {len(PNG)} bytes); the checksum of the PNG's IDAT chunk is wrong; ask for a whole PNG or JPEG of it]"
            )
        ],
    ),
    "no picture at all": (
        block(b"<html>sorry</html>"),
        [
            text(
                "[not shown: a picture (image/png, 18 bytes); bytes of no known format cannot be decoded; ask for a whole PNG or JPEG of it]"
            )
        ],
    ),
    "unknown type": (
        {"type": "hologram", "depth": 3, "data": "x"},
        [
            text(
                "[not shown: a content block of type 'hologram'; only the names of its fields are known: data, depth]"
            )
        ],
    ),
    "no type": (
        {"a": 1},
        [text("[not shown: a content block without a type; only the names of its fields are known: a]")],
    ),
    "text that is a number": ({"type": "text", "text": 42}, [text("42")]),
    "a bare string": ("hello", [text("hello")]),
    "white space before a data: URL": (
        {"type": "image", "data": "\n " + data_url(PNG, "image/png")},
        [image(PNG)],
    ),
    "a thousand prefixes": (
        {"type": "image", "data": "data:;base64," * 1000 + "AAAA"},
        [
            text(
                "[not shown: a picture (data of an unknown type); it is not base64; ask for a whole PNG or JPEG of it]"
            )
        ],
    ),
    "a pdf in an image block": (
        block(samples.pdf(), "application/pdf"),
        [
            {
                "type": "input_file",
                "filename": "document.pdf",
                "file_data": data_url(samples.pdf(), "application/pdf"),
            }
        ],
    ),
    "a link that holds its picture": (
        {"type": "resource_link", "uri": data_url(PNG, "image/png"), "name": "x"},
        [image(PNG)],
    ),
    "a link to endless data": (
        {"type": "resource_link", "uri": "x:" + "y" * 5000},
        [text(f"[link: <x:{'y' * 198}…>]")],
    ),
    "resource of an empty text and a picture": (
        {"type": "resource", "resource": {"uri": "a://b", "text": "", "blob": b64(PNG)}},
        [image(PNG)],
    ),
    "resource of a text and a picture": (
        {"type": "resource", "resource": {"uri": "a://b", "text": "both", "blob": b64(PNG)}},
        [text("both"), image(PNG)],
    ),
    "text that is null": (
        {"type": "text", "text": None},
        [text("[not shown: a content block of type 'text'; only the names of its fields are known: text]")],
    ),
    "no object": (
        7,
        [text("[not shown: a content block that is not an object (int); it cannot be interpreted]")],
    ),
}


@pytest.mark.parametrize("case", EXACT, ids=lambda case: case.replace(" ", "-"))
def test_block_becomes(case):
    came, expected = EXACT[case]
    assert parts_of(came) == expected


def test_a_bomb_becomes_a_sentence():
    header = bytearray(PNG)
    header[16:24] = (60_000).to_bytes(4, "big") + (60_000).to_bytes(4, "big")
    header[29:33] = zlib.crc32(header[12:29]).to_bytes(4, "big")
    (part,) = parts_of(block(bytes(header)))
    assert part["text"].endswith(
        "it unpacks to 60000x60000 pixels, over the limit of 120,000,000; ask for a smaller one, or a part of it]"
    )


CONVERTED = {
    "bmp": (file(drawing(), "BMP"), "image/png", True),
    "bmp of a small photograph": (file(photo(), "BMP"), "image/png", True),
    "bmp with a palette": (file(drawing().quantize(8), "BMP"), "image/png", True),
    "tiff": (file(drawing(), "TIFF"), "image/png", True),
    "tiff, compressed": (file(drawing(), "TIFF", compression="tiff_lzw"), "image/png", True),
    "avif": (file(drawing(), "AVIF", quality=100), "image/png", False),
    "jpeg 2000": (file(drawing(), "JPEG2000"), "image/png", True),
    "ico": (file(drawing(), "ICO", sizes=[(64, 48)]), "image/png", True),
    "ppm": (file(drawing(), "PPM"), "image/png", True),
    "pgm": (file(drawing().convert("L"), "PPM"), "image/png", True),
    "svg": (samples.SVG, "image/png", False),
    "cmyk jpeg": (file(drawing().convert("CMYK"), "JPEG", quality=95), "image/png", False),
}


@pytest.mark.parametrize("case", CONVERTED)
def test_other_formats_are_converted(case):
    data, media_type, exact = CONVERTED[case]
    (part,) = parts_of(block(data, "image/x-whatever"))
    assert part["image_url"].startswith(f"data:{media_type};base64,")
    assert part == {"type": "input_image", "image_url": part["image_url"], "detail": "high"}
    shown = samples.pixels(part["image_url"])
    assert shown.size == (64, 48)
    if exact:
        assert shown.tobytes() == samples.pixels(data).tobytes()
    if "photograph" not in case and case != "pgm":
        red, green, blue = shown.getpixel((2, 2))
        assert red > 200
        assert max(green, blue) < 70


def test_heic_is_converted():
    buffer = io.BytesIO()
    pillow_heif.from_pillow(drawing(640, 480)).save(buffer)
    (part,) = parts_of(block(buffer.getvalue(), "image/heic"))
    assert samples.pixels(part["image_url"]).size == (640, 480)


def test_sixteen_bits_of_grey_keep_their_brightness():
    (part,) = parts_of(block(file(Image.new("I;16", (8, 8), 0x8000), "PNG")))
    assert samples.pixels(part["image_url"]).getpixel((0, 0)) == (128, 128, 128)


def test_transparency_is_kept():
    ghost = drawing().convert("RGBA")
    ghost.putalpha(77)
    (part,) = parts_of(block(file(ghost, "TIFF")))
    shown = Image.open(io.BytesIO(base64.b64decode(part["image_url"].split(",")[1])))
    assert (shown.mode, shown.getpixel((30, 5))) == ("RGBA", (255, 255, 255, 77))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_lying_on_its_side_is_set_upright(form):
    (part,) = parts_of(block(samples.oriented(form)))
    shown = samples.pixels(part["image_url"])
    assert shown.size == (48, 64)
    red, green, _ = shown.getpixel((45, 2))  # the red corner, turned clockwise from the top left
    assert (red > 180, green < 90) == (True, True)


def profile(red=b"rXYZ", blue=b"bXYZ"):
    """sRGB's profile, in which red and blue may change places."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be")).replace(b"sRGB", b"mine")
    return data.replace(b"rXYZ", b"....").replace(b"bXYZ", red).replace(b"....", blue)


@pytest.mark.parametrize("form", ["TIFF", "JPEG"])
def test_a_colour_profile_is_applied(form):
    stored = Image.new("RGB", (3000, 8), (200, 30, 30))
    swapped = file(stored, form, icc_profile=profile(red=b"rXYZ", blue=b"bXYZ"))
    picture, _ = parts_of(block(swapped))
    red, _, blue = samples.pixels(picture["image_url"]).getpixel((4, 2))
    assert (red < 90, blue > 150) == (True, True)


def test_a_colour_profile_that_does_not_fit_is_left_out():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert parts_of(block(file(drawing(), "TIFF", icc_profile=lab))) == parts_of(
        block(file(drawing(), "TIFF"))
    )


JUNK = b"junk" * 40
SIDEWAYS = Image.Exif()
SIDEWAYS[0x0112] = 6
UNREADABLE = {
    "large PNG": (photo(2600, 8), "PNG", {}),
    "large JPEG": (photo(2600, 8), "JPEG", {}),
    "large WebP": (photo(2600, 8), "WEBP", {"method": 0}),
    "TIFF": (drawing(), "TIFF", {}),
    "AVIF": (drawing(), "AVIF", {}),
    "CMYK": (drawing().convert("CMYK"), "JPEG", {}),
    "lying on its side": (drawing(), "JPEG", {"exif": SIDEWAYS}),
    "animated WebP": (drawing(), "WEBP", {"save_all": True, "append_images": [photo()], "lossless": True}),
    "animated PNG": (drawing(), "PNG", {"save_all": True, "append_images": [photo()]}),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_colour_profile_that_cannot_be_read_is_left_out(name):
    picture, form, options = UNREADABLE[name]
    marked = parts_of(block(file(picture, form, icc_profile=JUNK, **options)))
    assert marked[0]["type"] == "input_image"
    assert marked == parts_of(block(file(picture, form, **options)))


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_becomes_a_contact_sheet(form):
    picture, line = parts_of(block(samples.animation(form)))
    sheet = samples.pixels(picture["image_url"])
    assert sheet.size == (2 * 260 + 4, 2 * (192 + 24 + 4) + 4)
    assert line == text(
        "picture 1: 4 of 4 frames of an animation, 1 s long, left to right and top to bottom, "
        "with the time in seconds under each"
    )
    centres = [sheet.getpixel((4 + 128 + 260 * (at % 2), 4 + 96 + 220 * (at // 2))) for at in range(4)]
    for found, frame in zip(centres, samples.frames(), strict=True):
        assert all(abs(a - b) < 12 for a, b in zip(found, frame.getpixel((0, 0)), strict=True))


def test_at_most_nine_frames_evenly_chosen():
    _, line = parts_of(block(samples.animation("WEBP", 30, lossless=True)))
    assert "9 of 30 frames" in line["text"]


def test_the_first_frame_by_policy():
    picture, line = parts_of(block(samples.animation("GIF")), policy=Policy(animation="first"))
    assert samples.pixels(picture["image_url"]).size == (64, 48)
    assert line == text("picture 1: the first of 4 frames of an animation")


def test_an_animation_that_never_changes_is_one_picture():
    same = drawing()
    data = file(same, "PNG", save_all=True, append_images=[same, same], duration=100, default_image=False)
    parts = parts_of(block(data))
    assert samples.pixels(parts[0]["image_url"]).tobytes() == same.tobytes()


def test_the_pages_of_a_tiff_are_pictures_of_their_own():
    first, *rest = samples.frames(3)
    *pictures, line = parts_of(block(file(first, "TIFF", save_all=True, append_images=rest)))
    assert [samples.pixels(part["image_url"]).getpixel((0, 0)) for part in pictures] == [
        frame.getpixel((0, 0)) for frame in samples.frames(3)
    ]
    assert line == text("pictures 1 to 3: the 3 pages of a TIFF")


def test_the_pages_of_a_pdf_by_policy():
    said, *pages = parts_of(resource(samples.pdf(2)), policy=Policy(documents="pages"))
    assert said["text"].startswith("[b.bin.pdf: PDF of 2 pages, as text; pictures of its pages follow]\n\n")
    assert said["text"].endswith(
        "## Page 1\n\n[a picture without text]\n\n## Page 2\n\n[a picture without text]"
    )
    assert [part["type"] for part in pages] == ["input_image", "input_image"]


LINKS = {
    "picture": (
        {"uri": "https://e.org/a.png", "mimeType": "image/png"},
        {"type": "input_image", "image_url": "https://e.org/a.png", "detail": "high"},
    ),
    "pdf": (
        {"uri": "https://e.org/a.pdf", "mimeType": "application/pdf"},
        {"type": "input_file", "file_url": "https://e.org/a.pdf"},
    ),
    "picture with a misspelt label": (
        {"uri": "https://e.org/a.jpg", "mimeType": "image/jpg"},
        {"type": "input_image", "image_url": "https://e.org/a.jpg", "detail": "high"},
    ),
    "half a surrogate": (
        {"uri": "https://e.org/\ud800", "mimeType": "image/png"},
        text("[link: <https://e.org/\ufffd>, image/png]"),
    ),
    "other": ({"uri": "https://e.org/a"}, text("[link: <https://e.org/a>]")),
    "a size that is none": ({"uri": "https://e.org/a", "size": True}, text("[link: <https://e.org/a>]")),
    "not on the web": (
        {"uri": "demo://a.png", "mimeType": "image/png"},
        text("[link: <demo://a.png>, image/png]"),
    ),
}


@pytest.mark.parametrize("case", LINKS)
def test_links_are_passed_on_by_policy(case):
    fields, expected = LINKS[case]
    assert parts_of(
        {"type": "resource_link", "name": fields["uri"], **fields}, policy=Policy(links="pass")
    ) == [expected]


FOR_USER = block(PNG, annotations={"audience": ["user"]})


def test_what_is_marked_for_the_user_reaches_the_model_and_the_user():
    translation = translate(
        {"content": [FOR_USER, block(PNG, annotations={"audience": ["user", "assistant"]})]}
    )
    assert translation.parts == [image(PNG), image(PNG)]
    assert translation.for_user == [FOR_USER]


KEPT = "[not shown: the tool meant it only for the user]"
ONLY_USER = {"annotations": {"audience": ["user"]}}
SECRET = 'Key "é": 7'
REPEATED = {
    "an image in structured content": (FOR_USER, {"shot": b64(PNG)}, {"shot": KEPT}),
    "an image in URL-safe base64": (
        FOR_USER,
        {"shot": b64(PNG).translate(str.maketrans("+/", "-_")).rstrip("=")},
        {"shot": KEPT},
    ),
    "an image for a bare `user`": (
        block(PNG, annotations={"audience": "user"}),
        {"shot": b64(PNG)},
        {"shot": KEPT},
    ),
    "a resource": (resource(PNG) | ONLY_USER, {"shot": data_url(PNG, "image/png")}, {"shot": KEPT}),
    "a text": (
        {"type": "text", "text": SECRET, **ONLY_USER},
        {"a": [SECRET], "n": 1, SECRET: f"{SECRET}."},
        {"a": [KEPT], "n": 1, KEPT: f"{SECRET}."},
    ),
    "a text resource": (
        resource(text=SECRET + "\n") | ONLY_USER,
        {"a": SECRET, "b": SECRET + "\n"},
        {"a": KEPT, "b": KEPT},
    ),
    "a picture in a text": (
        {"type": "text", "text": json.dumps({"a": b64(PNG)}), **ONLY_USER},
        {"b": b64(PNG)},
        {"b": KEPT},
    ),
}


@pytest.mark.parametrize("case", REPEATED)
@pytest.mark.parametrize("way", ["structured content", "text before", "text after"])
def test_what_strict_audience_withholds_is_withheld_wherever_it_is_repeated(case, way):
    withheld, came, shown = REPEATED[case]
    repeated = {"type": "text", "text": json.dumps(came)}
    contents = {
        "structured content": {"content": [withheld], "structuredContent": came},
        "text before": {"content": [repeated, withheld]},
        "text after": {"content": [withheld, repeated]},
    }
    strict = translate(contents[way], Policy(audience="strict"))
    sentence, repeated = strict.parts if way != "text before" else reversed(strict.parts)
    assert sentence["text"].endswith("; the tool meant it only for the user]")
    assert json.loads(repeated["text"]) == shown
    assert strict.for_user == [withheld]
    assert KEPT not in str(translate(contents[way]).parts)


def test_a_block_of_its_own_is_no_repetition():
    both = {"annotations": {"audience": ["user", "assistant"]}}
    result = {"content": [FOR_USER, block(PNG, **both), {"type": "text", "text": "Done."}]}
    result["content"].append({"type": "text", "text": "Done.", **ONLY_USER})
    sentence = "[not shown: a block of type {}; the tool meant it only for the user]"
    assert output_parts(result, Policy(audience="strict")) == [
        text(sentence.format("image")),
        image(PNG),
        text("Done."),
        text(sentence.format("text")),
    ]


def test_an_address_in_an_image_block_is_passed_on_by_policy():
    given = {"type": "image", "data": "https://e.org/a.png", "mimeType": "image/png"}
    assert parts_of(given, policy=Policy(links="pass")) == [
        {"type": "input_image", "image_url": "https://e.org/a.png", "detail": "high"}
    ]


def test_svg_as_it_is():
    assert parts_of({"type": "image", "data": samples.SVG.decode()}) == parts_of(block(samples.SVG))


def test_svg_as_a_percent_encoded_data_url():
    url = "data:image/svg+xml;utf8," + samples.SVG.decode().replace("#", "%23")
    for came in ({"type": "text", "text": url}, {"type": "image", "data": url}):
        shown = parts_of(came)[-1]
        assert samples.pixels(shown["image_url"]).size == (64, 48)


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("my%20report%C3%A9.pdf", "my reporté.pdf"),
        ("file:///x/REPORT.PDF", "REPORT.pdf"),
        ("C:\\docs\\a.pdf", "a.pdf"),
        ("a.pdf#page=2", "a.pdf"),
        ("", "document.pdf"),
        ("x/.pdf", "document.pdf"),
    ],
)
def test_documents_have_real_file_names(uri, name):
    (part,) = parts_of(resource(samples.pdf(), uri=uri))
    assert part["filename"] == name


def test_strict_audience_withholds_and_says_so():
    translation = translate({"content": [FOR_USER]}, Policy(audience="strict"))
    assert translation.parts == [
        text("[not shown: a block of type image; the tool meant it only for the user]")
    ]
    assert translation.for_user == [FOR_USER]


DETAIL = {
    "policy before block": (Policy(detail="low"), {"imagebridge/detail": "high"}, "low"),
    "ours before codex's": (Policy(), {"imagebridge/detail": "low", "codex/imageDetail": "auto"}, "low"),
    "codex's": (Policy(), {"codex/imageDetail": "auto"}, "auto"),
    "nonsense": (Policy(), {"codex/imageDetail": "ultra"}, "high"),
    "original where it is known": (
        Policy(model="gpt-5.6-sol"),
        {"codex/imageDetail": "original"},
        "original",
    ),
    "original where it is not": (Policy(model="gpt-5.2"), {"codex/imageDetail": "original"}, "high"),
    "nothing said": (Policy(), None, "high"),
}


@pytest.mark.parametrize("case", DETAIL)
def test_detail(case):
    policy, meta, expected = DETAIL[case]
    came = block(PNG) if meta is None else block(PNG, _meta=meta)
    assert parts_of(came, policy=policy) == [image(PNG, detail=expected)]


DRAWN = samples.SVG.decode()
WHOLE = {
    "as it is": DRAWN,
    "with space around it": f"\n  {DRAWN}\n\n",
    "with a byte order mark": f"\ufeff{DRAWN}",
    "with a declaration": f'<?xml version="1.0" encoding="UTF-8"?>\n{DRAWN}',
    "with a declaration of what it no longer is": f"<?xml version='1.0' encoding='ISO-8859-1'?>{DRAWN}",
    "with UTF-16 declared": f'<?xml version="1.0" encoding="utf-16"?>{DRAWN}',
    "with a comment": f"<!-- drawn by a <svg> tool --> {DRAWN} <!-- so it is -->",
    "with comments that are longer than it": f"<!-- {'a tool ' * 2_000} -->{DRAWN}",
    "with a document type": (
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
        + DRAWN
    ),
    "with a prefix": (
        '<s:svg xmlns:s="http://www.w3.org/2000/svg" width="64" height="48"><s:rect width="8" height="6"/></s:svg>'
    ),
    "with another inside": DRAWN.replace("</svg>", '<svg width="8"><rect width="8" height="8"/></svg></svg>'),
    "with a word about SVG inside": DRAWN.replace(
        "</svg>", "<!-- </svg> --><desc><![CDATA[</svg>]]></desc></svg>"
    ),
}


@pytest.mark.parametrize("case", WHOLE)
@pytest.mark.parametrize("holder", ["text", "resource"])
def test_a_text_that_is_wholly_an_svg_is_a_picture(case, holder):
    given = {"type": "text", "text": WHOLE[case]}
    if holder == "resource":
        given = {"type": "resource", "resource": {"uri": "a.svg", "text": WHOLE[case]}}
    shown, *said = parts_of(given)
    assert samples.pixels(shown["image_url"]).size == (64, 48)
    assert said == [
        text(
            f"picture 1: drawn from SVG text of {len(WHOLE[case]):,} characters, which is not included; to read it, "
            "ask for a part of it"
        )
    ]
    translation = translate({"content": [given]})
    assert translation.pictures[0].source == "image/svg+xml"


PROSE = {
    "before it": f"Use this markup:\n{DRAWN}",
    "behind it": f"{DRAWN}\nand close the file.",
    "around it": f"Use this:\n{DRAWN}\nand close the file.",
    "a second one behind it": f"{DRAWN}\n{DRAWN}",
    "an instruction without end behind it": f"{DRAWN}<?and close the file",
    "a comment without end behind it": f"{DRAWN}<!-- and -- close the file",
    "a fence": f"```svg\n{DRAWN}\n```",
    "a page that holds one": f"<!DOCTYPE html><html><body>{DRAWN}</body></html>",
    "its beginning": DRAWN[:60],
    "all but its end": DRAWN.removesuffix("</svg>"),
    "not well formed": "<svg xmlns='http://www.w3.org/2000/svg'><rect></svg>",
    "an entity from outside": '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
    "another root": "<svgs></svgs>",
}


@pytest.mark.parametrize("case", PROSE)
def test_a_text_that_says_more_than_an_svg_stays_text(case):
    assert parts_of({"type": "text", "text": PROSE[case]}) == [text(PROSE[case])]


def test_hostile_markup_takes_no_time():
    """Each character is looked at a bounded number of times: a square of these would take hours."""
    for start in ("<svg>", "<!--", "<svg ", "<![CDATA[", "<?xml ", "<svg><!-- "):
        words = f"<svg>{start * 200_000}"
        assert parts_of({"type": "text", "text": words}) == [text(words)]
