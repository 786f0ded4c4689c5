"""image_info: describes a picture without its pixels."""

from io import BytesIO

import pytest
import segno
from PIL import Image, ImageCms
from samples import SVG, animation, drawing, file, noise, photo

from imagebridge.errors import ArgumentError
from imagebridge.requirements import install_command
from imagebridge_tools import make_qr_code
from imagebridge_tools.files.source import Source
from imagebridge_tools.info import described_in_words

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def told(data, name="x", *, exif=False):
    answer = described_in_words(Source(name, data), exif)
    assert answer.pictures == ()
    return answer.sentence


def camera(place=True):
    """A photograph with the notes of a camera."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Maker", "Model\x00\n7", 6
    exif.get_ifd(0x8769).update({0x9003: "2026:05:01 12:30:00", 0x829A: 0.004, 0x8827: 200})
    if place:
        exif.get_ifd(0x8825).update(
            {1: "S", 2: (33.0, 51.0, 35.9), 3: "E", 4: (151.0, 12.0, 40.0), 5: b"\x00", 6: 58.0}
        )
    return file(photo(40, 30), "JPEG", exif=exif)


def test_a_drawing():
    data = file(drawing(), "PNG")
    assert told(data, "bridge.png") == (
        f"bridge.png: PNG, 64x48 px, {len(data)} bytes; RGB, 8 bits per channel; no transparency; "
        "main colours #ffffff 91%, #000080 7%, #ff0000 2%; no QR code or barcode found."
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (file(photo(), "JPEG", dpi=(300, 300)), ["JPEG, 64x48 px", "300 dpi"]),
        (file(drawing().convert("1"), "PNG"), ["black and white", "main colours #ffffff 92%, #000000 8%"]),
        (file(drawing().convert("P"), "GIF"), ["GIF, 64x48 px", "palette colours"]),
        (file(drawing().convert("CMYK"), "JPEG"), ["CMYK"]),
        (file(Image.new("I;16", (9, 9), 500), "PNG"), ["grey, 16 bits"]),
        (file(drawing().convert("LA"), "PNG"), ["grey with transparency"]),
        (file(drawing(), "BMP"), ["BMP, 64x48 px"]),
        (file(drawing(), "WEBP"), ["WebP, 64x48 px"]),
        (animation("GIF", 5), ["5 frames, 1.25 s long"]),
        (animation("WEBP", 3), ["3 frames, 0.75 s long"]),
        (file(drawing(), "TIFF", save_all=True, append_images=[drawing()]), ["TIFF, 64x48 px", "2 pages"]),
        (SVG, ["SVG, 64x48 px", "a vector drawing, measured as rendered"]),
        (file(Image.new("RGBA", (10, 10), (0, 0, 0, 0)), "PNG"), ["100.0% of the pixels are partly or fully transparent, 100.0% fully", "no visible colours"]),
        (file(photo(), "PNG", icc_profile=SRGB), ["colour profile sRGB"]),
    ],
)  # fmt: skip
def test_facts(data, words):
    sentence = told(data)
    for word in words:
        assert word in sentence


def test_transparency_in_part():
    image = drawing(100, 100).convert("RGBA")
    image.paste((0, 0, 255, 0), (0, 0, 100, 20))
    image.paste((0, 0, 255, 100), (0, 20, 100, 30))
    assert "30.0% of the pixels are partly or fully transparent, 20.0% fully" in told(file(image, "PNG"))


def test_colours_of_a_photograph_are_taken_together():
    image = noise(200, 100).point(lambda value: 112 + value // 8).convert("RGB")
    image.paste((200, 30, 30), (0, 0, 100, 100))
    (red, *rest) = told(file(image, "PNG")).split("main colours ")[1].split(";")[0].split(", ")
    assert red == "#c81e1e 50%"
    assert [color[1:3] == color[3:5] == color[5:7] for color in rest] == [True] * 5
    assert sum(int(color.split()[1].rstrip("%")) for color in rest) == 50


class TestNotes:
    def test_they_are_told_on_request_alone(self):
        quiet = told(camera())
        assert "it has EXIF data (exif=true returns it)" in quiet
        for secret in ("Maker", "2026", "GPS", "33.8", "151.2"):
            assert secret not in quiet

    def test_all(self):
        assert (
            "EXIF: make Maker, model Model 7, taken 2026:05:01 12:30:00, exposure (s) 0.004, ISO 200, "
            "stored turned, shown upright, GPS -33.859972, 151.211111, height 58 m; "
        ) in told(camera(), exif=True)
        assert "JPEG, 30x40 px" in told(camera())

    def test_no_place(self):
        assert "GPS" not in told(camera(place=False), exif=True)

    def test_none(self):
        assert "no EXIF" in told(file(drawing(), "PNG"), exif=True)
        assert "EXIF" not in told(file(drawing(), "PNG"))

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
    def test_of_other_formats(self, form):
        exif = Image.Exif()
        exif[0x010F] = "Maker"
        noted = file(drawing(), form, exif=exif)
        assert "EXIF: make Maker" in told(noted, exif=True)
        assert "it has EXIF data (exif=true returns it)" in told(noted)

    @pytest.mark.parametrize(
        "data",
        [
            file(drawing(), "TIFF"),
            file(drawing(), "TIFF", big_tiff=True),
            file(drawing().convert("P"), "TIFF", compression="tiff_lzw", dpi=(300, 300)),
            animation("TIFF"),
        ],
    )
    def test_the_tags_by_which_the_pixels_of_a_tiff_are_read_are_none(self, data):
        assert "EXIF" not in told(data)
        assert "no EXIF" in told(data, exif=True)

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
    def test_none_that_are_known(self, form):
        exif = Image.Exif()
        exif[0x0128] = 2  # the unit of a resolution
        assert "EXIF without any known field" in told(file(drawing(), form, exif=exif), exif=True)
        assert "EXIF" not in told(file(drawing(), form, exif=exif))

    def test_broken_ones(self):
        data = bytearray(camera())
        at = data.index(b"Exif\0\0") + 6
        data[at : at + 60] = bytes(range(60))
        assert "no EXIF" in told(bytes(data), exif=True)


class TestCodes:
    def test_a_qr_code_is_read_with_its_place(self):
        page = Image.new("RGB", (900, 700), "white")
        code = Image.open(BytesIO(make_qr_code("https://example.com/a?b=1", 232).pictures[0].data))
        page.paste(code, (500, 300))
        # 25 squares of 7 pixels in 232: the code itself begins 28 pixels from its edge.
        assert "a code (QR Code) at x 528 to 703, y 328 to 503 reads 'https://example.com/a?b=1'" in told(file(page, "PNG")).replace("704", "703").replace("504", "503")  # fmt: skip

    def test_several_turned_and_in_a_large_picture(self):
        page = Image.new("RGB", (2500, 600), "white")
        for number, angle in enumerate((0, 90, 17)):
            code = Image.open(BytesIO(make_qr_code(f"code {number}", 400).pictures[0].data))
            page.paste(code.rotate(angle, fillcolor=255), (100 + 800 * number, 100))
        sentence = told(file(page, "PNG"))
        for number in range(3):
            assert f"reads 'code {number}'" in sentence

    def test_a_bar_code(self):
        import zxingcpp

        code = zxingcpp.create_barcode("4006381333931", zxingcpp.BarcodeFormat.EAN13)
        drawn = memoryview(code.to_image(scale=3))
        image = Image.frombytes("L", drawn.shape[::-1], bytes(drawn))
        page = Image.new("L", (image.width + 100, image.height + 100), 255)
        page.paste(image, (50, 50))
        assert "reads '4006381333931'" in told(file(page, "PNG"))

    def test_long_texts_are_cut_and_quoted(self):
        buffer = BytesIO()
        segno.make("line\n" * 200, micro=False).save(buffer, kind="png", scale=4)
        sentence = told(buffer.getvalue())
        assert r"reads 'line\nline" in sentence
        assert "and 500 more characters" in sentence or "and 499 more characters" in sentence

    def test_without_the_extra(self, monkeypatch):
        import sys

        monkeypatch.setitem(sys.modules, "zxingcpp", None)
        assert f"reading codes needs an extra: {install_command('server')}" in told(file(drawing(), "PNG"))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "x is empty; supported are PNG, JPEG"),
        (b"hello", "x is not a picture in a known format"),
        (b"%PDF-1.7", "x is a PDF; use render_document to see its pages"),
        (b"RIFF\0\0\0\0WAVE", "x is a file of type audio/wav"),
        (file(drawing(), "PNG")[:70], "x cannot be shown: "),
    ],
)
def test_what_is_no_picture(data, problem):
    with pytest.raises(ArgumentError) as caught:
        told(data)
    assert caught.value.argument == "source"
    assert problem in caught.value.problem
