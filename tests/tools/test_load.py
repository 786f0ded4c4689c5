"""load_image: which files are read, and how they are converted."""

import os
from io import BytesIO
from pathlib import PurePosixPath, PureWindowsPath

import pybase64
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from samples import claiming, coloured_noise

from imagebridge.errors import ArgumentError
from imagebridge.pictures.decode import opened
from imagebridge_tools.files import folders, source
from imagebridge_tools.files.source import Places
from imagebridge_tools.load import load_image

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]


def saved(image, form, **options):
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def noise(seed=1):
    return opened(coloured_noise(seed, 60))


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SECRET = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x07\0\0\0\x1a\0\0\0\0\0\0\0Secret\0"
"""EXIF that names a camera."""


def halves(width=60, height=40):
    """Return a picture that is red on the left and blue on the right."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    return image


@pytest.fixture
def allowed(tmp_path):
    folder = tmp_path / "allowed"
    (folder / "deep").mkdir(parents=True)
    (folder / "bridge.png").write_bytes(saved(halves(), "PNG"))
    (folder / "deep" / "tower.png").write_bytes(saved(halves(20, 10), "PNG"))
    (tmp_path / "secret.png").write_bytes(saved(halves(), "PNG"))
    (tmp_path / "allowed-not").mkdir()
    (tmp_path / "allowed-not" / "near.png").write_bytes(saved(halves(), "PNG"))
    return folder


async def load(source, allow=(), **choices):
    return await load_image(source, Places(allow=tuple(allow)), **choices)


async def problem(source, *allow, **choices):
    with pytest.raises(ArgumentError) as caught:
        await load(source, allow, **choices)
    assert caught.value.argument == "source"
    return caught.value.problem


class TestWhatIsRead:
    @pytest.mark.parametrize(
        "source",
        [
            "bridge.png",
            "./bridge.png",
            "deep/../bridge.png",
            "{}/bridge.png",
            "file://{}/bridge.png",
            "file://localhost{}/bridge.png",
        ],
    )
    async def test_a_file_below_an_allowed_folder(self, allowed, source):
        answer = await load(source.format(allowed), [allowed])
        assert (answer.pictures[0].width, answer.pictures[0].height) == (60, 40)
        assert answer.sentence.startswith("bridge.png: PNG, 60x40 px")

    async def test_the_first_folder_that_has_it_wins(self, allowed, tmp_path):
        assert (await load("tower.png", [allowed, allowed / "deep"])).pictures[0].width == 20
        (allowed / "tower.png").write_bytes((allowed / "bridge.png").read_bytes())
        assert (await load("tower.png", [allowed, allowed / "deep"])).pictures[0].width == 60

    async def test_a_name_with_blanks_and_signs(self, allowed):
        (allowed / "my bridge #1 %.png").write_bytes((allowed / "bridge.png").read_bytes())
        assert (await load("my bridge #1 %.png", [allowed])).pictures
        assert (await load(f"file://{allowed}/my%20bridge%20%231%20%25.png", [allowed])).pictures

    async def test_a_data_url_needs_no_folder(self):
        url = "data:image/png;base64," + pybase64.b64encode(saved(halves(), "PNG")).decode()
        answer = await load(url)
        assert answer.sentence.startswith("data: URL: PNG, 60x40 px")
        assert opened(answer.pictures[0].data).getpixel((50, 20)) == (0, 0, 255)

    async def test_an_allowed_folder_that_is_a_link(self, allowed, tmp_path):
        (tmp_path / "link").symlink_to(allowed)
        assert (await load("bridge.png", [tmp_path / "link"])).pictures
        assert (await load(str(tmp_path / "link" / "bridge.png"), [tmp_path / "link"])).pictures
        assert (await load(str(allowed / "bridge.png"), [tmp_path / "link"])).pictures

    async def test_a_link_that_stays_inside(self, allowed):
        (allowed / "same.png").symlink_to(allowed / "bridge.png")
        assert (await load("same.png", [allowed])).pictures


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "source",
        [
            "/etc/passwd",
            "../secret.png",
            "deep/../../secret.png",
            "{parent}/secret.png",
            "{parent}/allowed-not/near.png",
            "file://{parent}/secret.png",
            "file://{allowed}/%2e%2e/secret.png",
            "{parent}/does-not-exist.png",
        ],
    )
    async def test_a_path_outside_says_the_same_whether_it_exists_or_not(self, allowed, tmp_path, source):
        source = source.format(parent=tmp_path, allowed=allowed)
        assert await problem(source, allowed) == f"{source!r} is not in an allowed folder; allowed: {allowed}"

    @pytest.mark.parametrize("target", ["secret.png", "nothing-here.png"])
    async def test_a_link_that_leads_out_says_the_same_whatever_it_leads_to(self, allowed, tmp_path, target):
        (allowed / "escape.png").symlink_to(tmp_path / target)
        assert (
            await problem("escape.png", allowed)
            == "'escape.png' is a link that leads out of the allowed folders"
        )

    async def test_a_folder_on_the_way_that_leads_out(self, allowed, tmp_path):
        (allowed / "out").symlink_to(tmp_path)
        assert "leads out" in await problem("out/secret.png", allowed)
        assert "leads out" in await problem("out/nothing.png", allowed)

    async def test_two_dots_do_not_pass_through_a_link(self, allowed, tmp_path):
        (tmp_path / "elsewhere" / "below").mkdir(parents=True)
        (tmp_path / "elsewhere" / "bridge.png").write_bytes(b"not this one")
        (allowed / "link").symlink_to(tmp_path / "elsewhere" / "below")
        assert (await load("link/../bridge.png", [allowed])).pictures[0].width == 60

    async def test_a_file_exchanged_between_the_check_and_the_opening(self, allowed, tmp_path, monkeypatch):
        opening = os.open

        def exchanged(path, flags, *rest, **named):
            if str(path).endswith("bridge.png"):
                (allowed / "bridge.png").unlink()
                (allowed / "bridge.png").symlink_to(tmp_path / "secret.png")
            return opening(path, flags, *rest, **named)

        monkeypatch.setattr(os, "open", exchanged)
        assert "cannot be read" in await problem("bridge.png", allowed)

    async def test_a_folder_exchanged_between_the_check_and_the_opening(self, allowed, tmp_path, monkeypatch):
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "tower.png").write_bytes(saved(halves(), "PNG"))
        opening = os.open

        def exchanged(path, flags, *rest, **named):
            if str(path).endswith("tower.png"):
                (allowed / "deep").rename(tmp_path / "gone")
                (allowed / "deep").symlink_to(tmp_path / "elsewhere")
            return opening(path, flags, *rest, **named)

        monkeypatch.setattr(os, "open", exchanged)
        assert "changed while it was being opened" in await problem("deep/tower.png", allowed)

    async def test_no_folder_is_allowed(self, allowed):
        assert "--allow" in await problem(str(allowed / "bridge.png"))

    async def test_a_folder_tells_what_it_holds(self, allowed):
        assert await problem("deep", allowed) == "'deep' is a folder containing tower.png; name a file in it"

    async def test_a_pipe_is_not_waited_for(self, allowed):
        os.mkfifo(allowed / "pipe.png")
        assert await problem("pipe.png", allowed) == "'pipe.png' is not a regular file"

    async def test_a_missing_file_suggests_its_neighbour(self, allowed):
        assert (
            await problem("Brigde.png", allowed) == "'Brigde.png' does not exist; did you mean 'bridge.png'?"
        )
        assert (await problem("deep/towr.png", allowed)).endswith("did you mean 'tower.png'?")
        told = f"'no/such/folder.png' does not exist; allowed folders: {allowed}"
        assert await problem("no/such/folder.png", allowed) == told

    async def test_a_file_over_the_limit_is_not_read(self, allowed, monkeypatch):
        monkeypatch.setattr(source, "FILE_SIZE", 20)
        assert "the limit is 20" in await problem("bridge.png", allowed)

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "is empty"),
            (b"hello", "not a picture in a known format"),
            (b"%PDF-1.7", "application/pdf"),
            (saved(halves(), "BMP")[:40], "cannot be shown: "),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><g>", "cannot be shown: "),
            (b"\x89PNG\r\n\x1a\n" + bytes(20), "cannot be shown: "),
        ],
    )
    async def test_what_is_no_picture_is_named(self, allowed, data, words):
        (allowed / "file.png").write_bytes(data)
        assert words in await problem("file.png", allowed)

    async def test_a_bomb_is_not_unpacked(self, allowed):
        (allowed / "bomb.png").write_bytes(claiming(20_000, 20_000))
        assert "20000x20000 pixels" in await problem("bomb.png", allowed)

    @pytest.mark.parametrize(
        "source", ["", "http://example.com/a.png", "https://example.com/a.png", "a\0b", "ftp://x/y"]
    )
    async def test_what_is_no_path(self, allowed, source):
        assert await problem(source, allowed)

    async def test_a_data_url_that_is_none(self):
        assert "cannot be read" in await problem("data:image/png;base64,!!!")
        assert "is not a picture" in await problem("data:image/png;base64,aGVsbG8=")


class TestWhatBecomesOfIt:
    async def test_a_turned_photograph_stands_upright_and_loses_its_metadata(self, allowed):
        exif = Image.Exif()
        exif[0x0112] = 6  # The camera was turned: show it turned by 90 degrees to the right.
        exif[0x010F] = "SecretCamera"
        (allowed / "photo.jpg").write_bytes(saved(halves(), "JPEG", exif=exif, comment=b"SecretPlace"))
        answer = await load("photo.jpg", [allowed])
        (picture,) = answer.pictures
        assert (picture.width, picture.height) == (40, 60)
        assert "turned upright" in answer.sentence
        assert "metadata removed" in answer.sentence
        assert b"Secret" not in picture.data
        red, _, blue = opened(picture.data).convert("RGB").getpixel((20, 5))
        assert red > 200 > blue

    @pytest.mark.parametrize(
        ("form", "options"), [("PNG", {}), ("JPEG", {}), ("WEBP", {"lossless": True}), ("GIF", {})]
    )
    async def test_a_clean_file_keeps_its_bytes(self, allowed, form, options):
        data = saved(halves(), form, **options)
        (allowed / "file.bin").write_bytes(data)
        assert (await load("file.bin", [allowed])).pictures[0].data == data

    @pytest.mark.parametrize("mode", ["P", "1", "L", "RGB", "RGBA"])
    async def test_a_png_loses_its_notes_and_nothing_else(self, allowed, mode):
        drawn = halves().convert(mode)
        notes = PngInfo()
        notes.add_text("Author", "Secret")
        (allowed / "noted.png").write_bytes(
            saved(drawn, "PNG", pnginfo=notes, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0") + b"Secret"
        )
        answer = await load("noted.png", [allowed])
        assert answer.pictures[0].data == saved(drawn, "PNG")
        assert "metadata removed" in answer.sentence

    @pytest.mark.parametrize(
        ("form", "options", "notes"),
        [
            ("JPEG", {}, {"comment": b"Secret"}),
            ("JPEG", {"progressive": True}, {"xmp": b"<x>Secret</x>"}),
            ("JPEG", {"subsampling": 0}, {"exif": SECRET}),
            ("WEBP", {}, {"exif": SECRET}),
            ("WEBP", {}, {"xmp": b"<x>Secret</x>"}),
            ("WEBP", {"lossless": True}, {"exif": SECRET, "icc_profile": SRGB}),
        ],
    )
    async def test_a_file_loses_its_notes_and_no_pixel(self, allowed, form, options, notes):
        drawn = noise()
        (allowed / "noted.bin").write_bytes(saved(drawn, form, **options, **notes))
        answer = await load("noted.bin", [allowed])
        (picture,) = answer.pictures
        assert picture.media_type == Image.MIME[form]
        assert not {"exif", "xmp", "comment", "icc_profile"} & set(opened(picture.data).info)
        assert opened(picture.data).tobytes() == opened(saved(drawn, form, **options)).tobytes()
        assert b"Secret" not in picture.data
        assert "metadata removed" in answer.sentence

    async def test_notes_between_the_pixels_of_a_jpeg_are_removed(self, allowed):
        data = saved(noise(), "JPEG", progressive=True, comment=b"A word")
        at = data.rindex(b"\xff\xc4")
        (allowed / "noted.jpg").write_bytes(data[:at] + b"\xff\xfe\0\x08Secret" + data[at:])
        assert b"Secret" not in (await load("noted.jpg", [allowed])).pictures[0].data

    @pytest.mark.parametrize("form", ["WEBP", "GIF", "TIFF"])
    async def test_a_frame_or_page_that_came_without_loss_keeps_its_colours(self, allowed, form):
        drawn = [noise(seed).quantize(64).convert("RGB") for seed in (1, 2)]
        options = {"lossless": True} if form == "WEBP" else {}
        (allowed / "file.bin").write_bytes(
            saved(drawn[0], form, save_all=True, append_images=drawn[1:], **options)
        )
        picked = {"page": 2} if form == "TIFF" else {"frame": 2}
        (picture,) = (await load("file.bin", [allowed], **picked)).pictures
        assert opened(picture.data).convert("RGB").tobytes() == drawn[1].tobytes()

    async def test_a_png_with_notes_and_a_profile_shows_its_colours(self, allowed):
        notes = PngInfo()
        notes.add_text("Author", "Secret")
        (allowed / "noted.png").write_bytes(saved(halves(), "PNG", icc_profile=SRGB, pnginfo=notes))
        picture = (await load("noted.png", [allowed])).pictures[0]
        assert opened(picture.data).convert("RGB").tobytes() == halves().convert("RGB").tobytes()

    async def test_text_in_a_png_is_removed(self, allowed):
        info = PngInfo()
        info.add_text("Author", "Secret Name")
        (allowed / "file.png").write_bytes(saved(halves(), "PNG", pnginfo=info))
        assert b"Secret" not in (await load("file.png", [allowed])).pictures[0].data

    @pytest.mark.parametrize(
        ("form", "options", "words"),
        [
            ("BMP", {}, "BMP, 7 kB; returned as PNG, 60x40 px, "),
            ("TIFF", {}, "TIFF, 7 kB; returned as PNG, 60x40 px, "),
            ("AVIF", {"quality": 100}, "AVIF, "),
            ("JPEG2000", {}, "JPEG 2000, "),
            ("ICO", {"sizes": [(60, 40)]}, "ICO, "),
            ("PPM", {}, "PNM, 7 kB; returned as PNG, 60x40 px, "),
        ],
    )
    async def test_other_formats_are_converted(self, allowed, form, options, words):
        (allowed / "file.bin").write_bytes(saved(halves(), form, **options))
        answer = await load("file.bin", [allowed])
        (picture,) = answer.pictures
        assert answer.sentence.startswith(f"file.bin: {words}")
        assert answer.sentence.endswith(" without metadata.")
        assert (picture.media_type, picture.width, picture.height) == ("image/png", 60, 40)
        red, blue = (opened(picture.data).convert("RGB").getpixel((x, 20)) for x in (10, 50))
        assert red[0] > 200 > red[2]
        assert blue[2] > 200 > blue[0]

    async def test_a_drawing_as_svg(self, allowed):
        svg = "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='40'><rect width='30' height='40' fill='red'/></svg>"
        (allowed / "file.svg").write_text(svg)
        (picture,) = (await load("file.svg", [allowed])).pictures
        assert picture.media_type == "image/png"
        assert picture.width * 2 == picture.height * 3

    @pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
    async def test_an_animation_becomes_a_sheet_of_its_frames(self, allowed, form):
        frames = [Image.new("RGB", (80, 80), color) for color in ("red", "blue", "lime")]
        options = {"save_all": True, "append_images": frames[1:], "duration": 500}
        (allowed / "file.bin").write_bytes(saved(frames[0], form, **options))
        answer = await load("file.bin", [allowed])
        (picture,) = answer.pictures
        assert "80x80 px, " in answer.sentence
        assert "; shown: 3 of 3 frames of an animation, 1.5 s long, left to right" in answer.sentence
        assert picture.frames == 1
        image = opened(picture.data).convert("RGB")
        found = {color for _, color in image.getcolors(1 << 16)}
        assert any(r > 200 and g < 50 and b < 50 for r, g, b in found)
        assert any(r < 50 and g < 50 and b > 200 for r, g, b in found)
        assert any(r < 50 and g > 200 and b < 50 for r, g, b in found)

    async def test_a_document_of_pages_becomes_a_picture_a_page(self, allowed):
        pages = [Image.new("RGB", (30, 40), color) for color in ("red", "blue")]
        (allowed / "scan.tif").write_bytes(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
        answer = await load("scan.tif", [allowed])
        assert [opened(one.data).convert("RGB").getpixel((5, 5)) for one in answer.pictures] == [
            (255, 0, 0),
            (0, 0, 255),
        ]
        assert "; shown: the 2 pages of a TIFF; returned as 2 pictures without metadata." in answer.sentence

    async def test_metadata_of_a_converted_file_is_gone(self, allowed):
        exif = Image.Exif()
        exif[0x0112] = 6
        exif[0x010F] = "SecretCamera"
        (allowed / "photo.tif").write_bytes(saved(halves(), "TIFF", exif=exif))
        (picture,) = (await load("photo.tif", [allowed])).pictures
        assert (picture.width, picture.height) == (40, 60)
        assert b"Secret" not in picture.data

    async def test_colours_of_printers_become_those_of_screens(self, allowed):
        (allowed / "print.jpg").write_bytes(saved(halves().convert("CMYK"), "JPEG"))
        answer = await load("print.jpg", [allowed])
        assert answer.pictures[0].plain
        assert answer.sentence.startswith("print.jpg: JPEG, 60x40 px, ")

    async def test_a_file_encoded_anew_keeps_its_colours_without_its_profile(self, allowed):
        # A profile that swaps nothing but is not called sRGB: the linear one turns mid grey lighter.
        profile = linear()
        grey = Image.new("RGB", (60, 40), (128, 128, 128))
        (allowed / "grey.jpg").write_bytes(saved(grey, "JPEG", icc_profile=profile, comment=b"Secret"))
        (picture,) = (await load("grey.jpg", [allowed])).pictures
        image = opened(picture.data).convert("RGB")
        assert image.info.get("icc_profile") is None
        assert image.getpixel((5, 5))[0] == pytest.approx(188, abs=3)


def moving(form, count=3):
    frames = [Image.new("RGB", (80, 60), color) for color in ("red", "blue", "lime")[:count]]
    return saved(
        frames[0],
        form,
        save_all=True,
        append_images=frames[1:],
        **({} if form == "TIFF" else {"duration": 500}),
    )


def main_color(picture):
    return opened(picture.data).convert("RGB").getpixel((9, 9))


class TestParts:
    @pytest.mark.parametrize(
        ("form", "choices", "color", "words"),
        [
            ("GIF", {"frame": 2}, (0, 0, 255), "; frame 2 of 3, returned as PNG, 80x60 px"),
            ("WEBP", {"frame": 3}, (0, 255, 0), "; frame 3 of 3, returned as PNG, 80x60 px"),
            ("PNG", {"frame": 1}, (255, 0, 0), "; frame 1 of 3, returned as PNG, 80x60 px"),
            ("TIFF", {"page": 2}, (0, 0, 255), "; page 2 of 3, returned as PNG, 80x60 px"),
        ],
    )
    async def test_one_frame_or_page(self, allowed, form, choices, color, words):
        (allowed / "file.bin").write_bytes(moving(form))
        answer = await load("file.bin", [allowed], **choices)
        (picture,) = answer.pictures
        assert all(abs(a - b) < 9 for a, b in zip(main_color(picture), color, strict=True))
        assert words in answer.sentence

    async def test_a_still_has_one_frame_and_one_page(self, allowed):
        for choices in ({"frame": 1}, {"page": 1}):
            (allowed / "a.bmp").write_bytes(saved(halves(), "BMP"))
            assert len((await load("a.bmp", [allowed], **choices)).pictures) == 1

    @pytest.mark.parametrize(
        ("form", "choices", "argument", "words"),
        [
            ("GIF", {"frame": 4}, "frame", "is 4; the file has 3 frames, counted from 1"),
            ("GIF", {"frame": 0}, "frame", "is 0; give 1 or more"),
            ("GIF", {"page": 1}, "page", "a picture in this format has frames, so use frame"),
            ("TIFF", {"page": 4}, "page", "is 4; the file has 3 pages, counted from 1"),
            ("TIFF", {"frame": 1}, "frame", "a TIFF has pages, so use page"),
            ("BMP", {"page": 2}, "page", "is 2; the file has 1 page, counted from 1"),
            ("GIF", {"page": 1, "frame": 1}, "frame", "use only one of them"),
            ("GIF", {"max_size": 15}, "max_size", "is 15; give 16 or more"),
        ],
    )
    async def test_parts_that_are_not_there(self, allowed, form, choices, argument, words):
        (allowed / "file.bin").write_bytes(saved(halves(), form) if form == "BMP" else moving(form))
        with pytest.raises(ArgumentError) as caught:
            await load("file.bin", [allowed], **choices)
        assert caught.value.argument == argument
        assert words in caught.value.problem

    @pytest.mark.parametrize(
        ("data", "size", "scale"),
        [
            (saved(halves(600, 400), "PNG"), (60, 40), 10),
            (saved(halves(600, 400), "JPEG", comment=b"Secret"), (60, 40), 10),
            (saved(halves(400, 600), "BMP"), (40, 60), 10),
            (saved(halves(60, 40), "PNG"), (60, 40), 1),
            (moving("GIF"), (60, 45), None),
            (b"<svg xmlns='http://www.w3.org/2000/svg' width='120' height='60'/>", (60, 30), 2),
        ],
        ids=["png", "jpeg", "bmp", "small", "gif", "svg"],
    )
    async def test_the_longer_side_is_limited(self, allowed, data, size, scale):
        (allowed / "file.bin").write_bytes(data)
        answer = await load("file.bin", [allowed], max_size=60)
        (picture,) = answer.pictures
        assert max(picture.width, picture.height) == 60
        assert b"Secret" not in picture.data
        if scale:
            assert (picture.width, picture.height) == size
            assert answer.scale == pytest.approx(scale)

    async def test_each_page_is_limited(self, allowed):
        (allowed / "scan.tif").write_bytes(moving("TIFF"))
        answer = await load("scan.tif", [allowed], max_size=40)
        assert [(one.width, one.height) for one in answer.pictures] == [(40, 30)] * 3
        assert answer.scale == 1


def linear():
    """Return a colour profile whose numbers are amounts of light: 128 is as bright as 188 in sRGB."""
    from PIL import ImageCms

    srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(srgb[128:132], "big")
    for entry in range(132, 132 + 12 * count, 12):
        if srgb[entry : entry + 4] in (b"rTRC", b"gTRC", b"bTRC"):
            start = int.from_bytes(srgb[entry + 4 : entry + 8], "big")
            srgb[start : start + 12] = b"curv" + bytes(8)  # No entries: a straight line.
        if srgb[entry : entry + 4] == b"desc":
            start = int.from_bytes(srgb[entry + 4 : entry + 8], "big")
            length = int.from_bytes(srgb[entry + 8 : entry + 12], "big")
            for coded in (b"sRGB", "sRGB".encode("utf-16-be")):
                text = bytes(srgb[start : start + length])
                srgb[start : start + length] = text.replace(coded, coded.swapcase())
    return bytes(srgb)


class TestPathsOfOtherSystems:
    @pytest.mark.parametrize(
        ("source", "path"),
        [
            (r"C:\photos\a.png", r"C:\photos\a.png"),
            ("file:///C:/photos/a%20b.png", r"C:\photos\a b.png"),
            ("file://server/share/a.png", r"\\server\share\a.png"),
            ("file://localhost/C:/a.png", r"C:\a.png"),
            (r"\\server\share\a.png", r"\\server\share\a.png"),
            ("photos/a.png", r"photos\a.png"),
        ],
    )
    def test_on_windows(self, source, path):
        assert folders.path_of(source, "source", PureWindowsPath) == PureWindowsPath(path)

    @pytest.mark.parametrize(
        ("source", "path"),
        [
            ("/photos/a.png", "/photos/a.png"),
            ("file:///photos/a%20b.png", "/photos/a b.png"),
            ("a.png", "a.png"),
        ],
    )
    def test_elsewhere(self, source, path):
        assert folders.path_of(source, "source", PurePosixPath) == PurePosixPath(path)

    def test_another_host_is_refused(self):
        with pytest.raises(ArgumentError, match="other hosts"):
            folders.path_of("file://server/share/a.png", "source", PurePosixPath)
