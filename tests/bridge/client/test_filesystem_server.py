"""Files read by the reference filesystem server, which returns everything twice, reach the model once."""

import random
import shlex

import npm
import pytest
import samples
from samples import data_url

from imagebridge import Bridge

pytestmark = [pytest.mark.long, pytest.mark.anyio]

LETTER = "Dear reader,\n" + "it is a long text about bridges at noon.\n" * 40
PAGE = "<html><body>Grüß Gott, zebra</body></html>\n"
NOISE = random.Random(1).randbytes(1_500_000)
PNG = samples.file(samples.drawing(), "PNG")
FILES = {
    "letter.txt": LETTER.encode(),
    "page.html": PAGE.encode(),
    "report.pdf": samples.pdf(),
    "sound.wav": samples.wav(),
    "noise.bin": NOISE,
    "picture.png": PNG,
    "drawing.svg": samples.SVG,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("files").resolve()
    for name, data in FILES.items():
        (made / name).write_bytes(data)
    return made


@pytest.fixture
async def bridge(folder):
    program = npm.script("@modelcontextprotocol/server-filesystem")
    command = shlex.join([str(npm.node()), str(program), str(folder)])
    async with Bridge(command) as opened:
        yield opened


PAPER = {
    "type": "input_file",
    "filename": "report.pdf",
    "file_data": data_url(FILES["report.pdf"], "application/pdf"),
}
SHOWN = {"type": "input_image", "image_url": data_url(PNG, "image/png"), "detail": "high"}
ROWS = {
    "a text": ("read_text_file", "letter.txt", LETTER),
    "a page without a media type": ("read_media_file", "page.html", PAGE),
    "a PDF": ("read_media_file", "report.pdf", [PAPER]),
    "a sound": (
        "read_media_file",
        "sound.wav",
        "[not shown: audio (audio/wav, 2 kB); this model does not accept audio]",
    ),
    "a binary of 1.5 MB": (
        "read_media_file",
        "noise.bin",
        "[not shown: application/octet-stream, 1.5 MB, file://{folder}/noise.bin; this type cannot be sent to the model]",
    ),
    "a picture": ("read_media_file", "picture.png", [SHOWN]),
    "no file": (
        "read_text_file",
        "lost.txt",
        "Tool error:\nENOENT: no such file or directory, open '{folder}/lost.txt'",
    ),
}


@pytest.mark.parametrize("row", ROWS)
async def test_a_file_reaches_the_model_once(bridge, folder, row):
    tool, name, expected = ROWS[row]
    told = await bridge.answer(tool, {"path": str(folder / name)})
    if isinstance(expected, str):
        expected = expected.replace("{folder}", str(folder))
    assert told.output == expected


async def test_several_files_reach_the_model_once(bridge, folder):
    paths = [str(folder / name) for name in ("letter.txt", "page.html")]
    told = await bridge.answer("read_multiple_files", {"paths": paths})
    assert told.output.count("Dear reader") == told.output.count("zebra") == 1
    assert len(told.output) < len(LETTER) + len(PAGE) + 500


async def test_a_drawing_is_a_picture(bridge, folder):
    told = await bridge.answer("read_media_file", {"path": str(folder / "drawing.svg")})
    (part,) = told.output
    assert samples.pixels(part["image_url"]).size == (64, 48)


async def test_a_drawing_read_as_text_is_a_picture_that_says_so(bridge, folder):
    told = await bridge.answer("read_text_file", {"path": str(folder / "drawing.svg")})
    part, line = told.output
    assert samples.pixels(part["image_url"]).size == (64, 48)
    assert line["text"].startswith("picture 1: drawn from SVG text of ")


async def test_no_file_says_its_bytes_as_text(bridge, folder):
    """All files together cost a model less than the letter, the page and a few sentences."""
    said = 0
    for name in FILES:
        told = await bridge.answer("read_media_file", {"path": str(folder / name)})
        said += sum(len(part["text"]) for part in told.parts if part["type"] == "input_text")
    assert said < len(LETTER) + len(PAGE) + 1_000
