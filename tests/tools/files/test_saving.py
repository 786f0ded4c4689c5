"""save_as: where pictures may be written, and which files are never overwritten."""

import os
import subprocess
import sys
from contextlib import suppress
from io import BytesIO

import pytest
import samples
from long_rows import one_in
from PIL import Image

from imagebridge.errors import ArgumentError
from imagebridge.pictures.picture import Picture
from imagebridge_tools import ToolOutput
from imagebridge_tools.files import saving

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]


def picture(color="red", form="PNG", mode="RGB"):
    buffer = BytesIO()
    Image.new(mode, (6, 4), color).save(buffer, form)
    return Picture.from_bytes(buffer.getvalue())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "there.png").write_bytes(b"mine")
    (tmp_path / "elsewhere").mkdir()
    return (tmp_path / "out").resolve()


async def saved(save_as, *pictures, allow, overwrite=False):
    where = saving.target(save_as, allow, overwrite=overwrite)
    return (await saving.saved(ToolOutput("Made.", pictures or (picture(),)), where)).sentence


@pytest.mark.parametrize(
    ("save_as", "file", "form"),
    one_in(
        4,
        [
            ("new.png", "new.png", "PNG"),
            ("new", "new.png", "PNG"),
            ("{}/deep/new.PNG", "deep/new.PNG", "PNG"),
            ("file://{}/new.png", "new.png", "PNG"),
            ("deep/../new.jpg", "new.jpg", "JPEG"),
            ("\u0645\u06cc\u200c\u062e.png", "\u0645\u06cc\u200c\u062e.png", "PNG"),
            ("new.webp", "new.webp", "WEBP"),
            ("new.gif", "new.gif", "GIF"),
        ],
    ),
)
async def test_a_picture_is_written_in_the_format_of_its_name(folder, save_as, file, form):
    sentence = await saved(save_as.format(folder), allow=[folder])
    with Image.open(folder / file) as image:
        assert (image.format, image.size) == (form, (6, 4))
        assert (
            max(abs(a - b) for a, b in zip(image.convert("RGB").getpixel((3, 2)), (255, 0, 0), strict=True))
            < 6
        )
    assert sentence.startswith(f"Made. Saved as {folder / file} (")
    assert sorted(os.listdir(folder)) == sorted({"deep", "there.png", file.split("/")[0]})


async def test_the_same_bytes_where_nothing_is_to_be_converted(folder):
    made = picture()
    await saved("new.png", made, allow=[folder])
    assert (folder / "new.png").read_bytes() == made.data


async def test_transparency_becomes_white_in_a_jpeg_and_stays_in_a_webp(folder):
    clear = picture((0, 0, 0, 0), mode="RGBA")
    for name, pixel in (("a.jpg", (255, 255, 255)), ("a.webp", (0, 0, 0, 0))):
        await saved(name, clear, allow=[folder])
        with Image.open(folder / name) as image:
            assert image.getpixel((1, 1)) == pixel


async def test_several_pictures_are_numbered(folder):
    sentence = await saved("page.png", picture("red"), picture("blue"), allow=[folder])
    assert {"page-1.png", "page-2.png"} < set(os.listdir(folder))
    assert "page-1.png" in sentence
    assert "page-2.png" in sentence


@pytest.mark.parametrize("overwrite", [False, True])
async def test_of_several_pictures_all_are_written_or_none(folder, overwrite):
    (folder / "page-3.png").mkdir()
    pages = [picture("red"), picture("blue"), picture("green")]
    with pytest.raises(ArgumentError, match=r"'page-3\.png' (already exists|cannot be written)"):
        await saved("page.png", *pages, allow=[folder], overwrite=overwrite)
    new = {"page-1.png", "page-2.png"} if overwrite else set()
    assert set(os.listdir(folder)) == {"deep", "there.png", "page-3.png"} | new


@pytest.mark.parametrize(
    ("save_as", "words"),
    [
        ("there.png", "'there.png' already exists; use another name, or overwrite=true"),
        ("../elsewhere/x.png", "is not in a writable folder; writable: "),
        ("/etc/x.png", "is not in a writable folder"),
        ("no/such/x.png", "does not exist"),
        ("x.svg", "ends in .svg; give one of .png, .jpg, .jpeg, .webp, .gif, or none"),
        ("x.sh", "ends in .sh"),
        ("https://example.com/x.png", "addresses are not supported"),
        ("x:y.png", "is not a valid file name on every system"),
        (".", "is a folder; name a file in it"),
        ("con.png", "is not a valid file name on every system"),
        ("com1 .x.png", "is not a valid file name on every system"),
        ("COM\u00b9.png", "is not a valid file name on every system"),
        ("lpt\u00b3.x.png", "is not a valid file name on every system"),
        ("conin$.png", "is not a valid file name on every system"),
        ("\u202egnp.exe.png", "is not a valid file name on every system"),
        ("a\u2066b.png", "is not a valid file name on every system"),
        ("a\u0085b.png", "is not a valid file name on every system"),
        ("a\u2028b.png", "is not a valid file name on every system"),
        ("a\udcffb.png", "is not a valid file name on every system"),
        (".png", "is not a valid file name on every system"),
        ("deep", "is a folder; name a file in it"),
        ("", "is not a path"),
        ("a\0.png", "is not a path"),
        ("out/x.png", "does not exist"),
        ("link/x.png", "leads out of the writable folders through a link"),
    ],
)  # fmt: skip
async def test_what_is_refused_before_anything_is_made(folder, tmp_path, save_as, words):
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArgumentError) as caught:
        saving.target(save_as, [folder])
    assert caught.value.argument == "save_as"
    assert words in caught.value.problem
    assert (folder / "there.png").read_bytes() == b"mine"


async def test_nothing_is_written_where_no_folder_is_writable():
    with pytest.raises(ArgumentError, match="--allow-write"):
        saving.target("x.png", [])


async def test_overwrite_replaces_a_file_and_a_link_itself(folder, tmp_path):
    (tmp_path / "elsewhere" / "theirs.png").write_bytes(b"theirs")
    (folder / "link.png").symlink_to(tmp_path / "elsewhere" / "theirs.png")
    for name in ("there.png", "link.png"):
        await saved(name, allow=[folder], overwrite=True)
        assert (folder / name).read_bytes() == picture().data
        assert not (folder / name).is_symlink()
    assert (tmp_path / "elsewhere" / "theirs.png").read_bytes() == b"theirs"


@pytest.mark.parametrize("late", ["file", "link"])
async def test_what_appears_while_the_picture_is_made_is_kept(folder, tmp_path, late):
    where = saving.target("new.png", [folder])
    if late == "file":
        (folder / "new.png").write_bytes(b"late")
    else:
        (folder / "new.png").symlink_to(tmp_path / "elsewhere" / "x.png")
    with pytest.raises(ArgumentError, match="already exists"):
        await saving.saved(ToolOutput("Made.", (picture(),)), where)
    assert not (tmp_path / "elsewhere" / "x.png").exists()


async def test_a_folder_that_became_a_link_is_not_written(folder, tmp_path):
    where = saving.target("deep/new.png", [folder])
    (folder / "deep").rmdir()
    (folder / "deep").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArgumentError, match="cannot be written"):
        await saving.saved(ToolOutput("Made.", (picture(),)), where)
    assert os.listdir(tmp_path / "elsewhere") == []


SWAP = """
import ctypes, os, sys
libc, one, other = ctypes.CDLL(None), os.fsencode(sys.argv[1]), os.fsencode(sys.argv[2])
print(libc.renameat2(-100, one, -100, other, 2), flush=True)
while os.getppid() != 1:
    libc.renameat2(-100, one, -100, other, 2)
"""
"""Exchanges two names, each time in one step of the kernel (RENAME_EXCHANGE)."""


@pytest.mark.skipif(sys.platform != "linux", reason="the exchange of two names is Linux's")
@pytest.mark.parametrize("overwrite", one_in(2, [False, True]))
async def test_nothing_is_written_outside_while_a_folder_is_exchanged_for_a_link(folder, tmp_path, overwrite):
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    command = [sys.executable, "-c", SWAP, str(folder / "deep"), str(folder / "link")]
    tries, written = 600, 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as swapping:  # noqa: ASYNC220  # nothing else runs here
        try:
            assert swapping.stdout.readline() == b"0\n", "this file system cannot exchange two names"
            for number in range(tries):
                name = "deep/same.png" if overwrite else f"deep/{number}.png"
                with suppress(ArgumentError):
                    await saved(name, allow=[folder], overwrite=overwrite)
                    written += 1
        finally:
            swapping.kill()
    assert os.listdir(tmp_path / "elsewhere") == []
    assert written > 0


SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="6" height="4"/>'


@pytest.mark.parametrize(
    ("save_as", "text", "file", "start"),
    [
        ("new.svg", SVG, "new.svg", b"<svg "),
        ("new", SVG, "new.svg", b"<svg "),
        ("new.png", SVG, "new.png", b"\x89PNG"),
        # The API made another picture in its place.
        ("new.svg", "", "new.png", b"\x89PNG"),
    ],
)
async def test_the_svg_that_a_picture_was_drawn_from_is_saved(folder, save_as, text, file, start):
    where = saving.target(save_as, [folder], svg=True)
    answer = await saving.saved(ToolOutput("Made.", (picture(),), svg=text), where)
    assert (folder / file).read_bytes().startswith(start)
    assert (
        f"Saved as {folder / file} ({'SVG, 62 bytes' if file.endswith('.svg') else 'PNG'}" in answer.sentence
    )
    assert sorted(os.listdir(folder)) == sorted({"deep", "there.png", file})


async def test_an_animation_is_saved_as_one_or_its_first_frame_which_is_said(folder):
    moving = Picture.from_bytes(samples.animation("GIF"))
    assert "frames" not in await saved("moving.gif", moving, allow=[folder])
    assert (folder / "moving.gif").read_bytes() == moving.data
    assert "(PNG, 64x48 px, " in (told := await saved("still.png", moving, allow=[folder]))
    assert told.endswith(", the first of 4 frames).")
