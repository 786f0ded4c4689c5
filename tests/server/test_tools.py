"""The tools that look at and change pictures, called over MCP in memory."""

import json

import jsonschema
import pytest
import samples
import zxingcpp
from mcp import Client
from PIL import Image
from samples import SVG, animation, data_url, drawing, file, oriented, pdf, photo, pixels

from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings

pytestmark = pytest.mark.anyio

NAMES = [
    "view_image",
    "annotate_image",
    "compare_images",
    "transform_image",
    "contact_sheet",
    "image_info",
    "render_document",
    "make_qr_code",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of several kinds, and one outside the allowed folder."""
    folder = tmp_path_factory.mktemp("tree") / "allowed"
    folder.mkdir()
    changed = drawing(400, 300)
    changed.paste("lime", (300, 200, 340, 260))
    for name, data in {
        "bridge.png": file(drawing(400, 300), "PNG"),
        "changed.png": file(changed, "PNG"),
        "photo.jpg": file(photo(800, 600), "JPEG"),
        "turned.jpg": oriented(),
        "moving.gif": animation("GIF"),
        "paper.pdf": pdf(2),
        "logo.svg": SVG,
        "notes.txt": b"hello",
        "broken.png": file(drawing(), "PNG")[:60],
        "bomb.png": file(Image.new("1", (20_000, 20_000)), "PNG"),
    }.items():
        (folder / name).write_bytes(data)
    (folder.parent / "secret.png").write_bytes(file(drawing(), "PNG"))
    (folder / "escape.png").symlink_to(folder.parent / "secret.png")
    return folder


@pytest.fixture(scope="module")
async def client(folder):
    async with Client(build_server(Settings(allow=(folder,), allow_write=(folder,)))) as client:
        yield client


def shown(result, count=1):
    assert not result.is_error, result.content
    text, *images = result.content
    assert [block.type for block in images] == ["image"] * count
    return text.text, [pixels(f"data:{block.mime_type};base64,{block.data}") for block in images]


class TestWhatIsListed:
    async def test_schemas(self, client):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        for name in NAMES:
            schema = tools[name].input_schema
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["additionalProperties"] is False
            for argument in schema["properties"].values():
                assert argument.get("description") or argument.get("enum") or argument.get("default") is False
                if "default" in argument:
                    jsonschema.validate(argument["default"], argument)
                for example in argument.get("examples", []):
                    jsonschema.validate(example, argument)
            assert "title" not in json.dumps(schema)
            assert "null" not in json.dumps({**schema, "properties": {k: v for k, v in schema["properties"].items() if k != "operations"}})  # fmt: skip

    async def test_the_list_is_short(self, client):
        tools = [tool for tool in (await client.list_tools()).tools if tool.name in NAMES]
        wire = [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in tools]
        assert len(json.dumps(wire, separators=(",", ":"))) < 7_000


@pytest.mark.parametrize(
    ("name", "arguments", "size", "point", "color", "words"),
    [
        ("view_image", {"source": "bridge.png", "region": [0, 0, 50, 30]}, (800, 480), (799, 479), (255, 0, 0), "the region x 0 to 50, y 0 to 30 at 16 times"),
        ("view_image", {"source": "turned.jpg", "zoom": 1, "region": None}, (48, 64), (46, 1), None, "turned.jpg (48x64 px): the whole picture"),
        ("view_image", {"source": "logo.svg", "contrast": "auto", "zoom": 1.0}, (64, 48), None, None, "tones stretched"),
        ("annotate_image", {"source": "bridge.png", "marks": [{"kind": "redact", "at": [0, 0, 100, 100]}]}, (400, 300), (50, 50), (0, 0, 0), "blacked out x 0 to 100"),
        ("annotate_image", {"source": "bridge.png", "units": "0-1", "marks": '[{"kind": "box", "at": [0.5, 0.5, 1, 1], "color": "blue"}]'}, (400, 300), (200, 200), (0, 85, 225), "blue box x 200 to 400"),
        ("compare_images", {"a": "bridge.png", "b": "changed.png", "show": "overlay"}, None, None, None, "1 changed region: 1: x 300 to 340, y 200 to 260 (2,400 px)"),
        ("transform_image", {"source": "bridge.png", "operations": [{"crop": [0, 0, 50, 37]}, {"resize": [100, None]}, {"format": "png"}]}, (100, 74), (10, 10), (255, 0, 0), "cropped at x 0 to 50, y 0 to 37 to 50x37, resized to 100x74"),
        ("transform_image", {"source": "moving.gif", "operations": []}, None, None, None, None),
        ("contact_sheet", {"sources": ["*.png", "photo.jpg"]}, None, None, None, "A sheet of 3 pictures"),
        ("render_document", {"source": "logo.svg", "size": 640}, (640, 480), (10, 10), (255, 0, 0), "an SVG of 64x48 px"),
        ("make_qr_code", {"text": "hello", "size": 290}, (290, 290), (40, 40), (0, 0, 0), "A QR code of 'hello'"),
    ],
)  # fmt: skip
async def test_calls(client, name, arguments, size, point, color, words):
    result = await client.call_tool(name, arguments)
    if words is None:
        assert result.content[0].text.startswith(
            "Tool error:\noperations: is empty; give one operation per object"
        )
        return
    text, (image,) = shown(result)
    assert words in text
    if size:
        assert image.size == size
    if color:
        assert image.getpixel(point) == color


async def test_a_sheet_tells_what_it_lacks(client):
    text, _ = shown(
        await client.call_tool("contact_sheet", {"sources": ["*.png", "gone.jpg", "../secret.png"]})
    )
    assert "1: bomb.png" not in text
    for lost in (
        "bomb.png cannot be shown: it unpacks to 20000x20000 pixels",
        "broken.png cannot be shown: ",
        "escape.png' is a link that leads out of the allowed folders",
        "'gone.jpg' does not exist",
        "'../secret.png' is not in an allowed folder",
    ):
        assert lost in text


async def test_a_sheet_holds_only_so_many_bytes(client, monkeypatch):
    from imagebridge_tools import contact

    monkeypatch.setattr(contact, "TOGETHER", 3_000)
    text, _ = shown(
        await client.call_tool("contact_sheet", {"sources": ["bridge.png", "photo.jpg", "logo.svg"]})
    )
    assert "A sheet of 1 picture, " in text
    assert "photo.jpg: the files total over 3,000 bytes; logo.svg: the files total over" in text


async def test_identical_pictures_and_facts_are_words_alone(client):
    result = await client.call_tool("compare_images", {"a": "bridge.png", "b": "bridge.png"})
    assert [block.type for block in result.content] == ["text"]
    assert "identical" in result.content[0].text
    result = await client.call_tool("image_info", {"source": "photo.jpg", "exif": True})
    assert [block.type for block in result.content] == ["text"]
    assert "JPEG, 800x600 px" in result.content[0].text


async def test_pages_and_their_text(client):
    text, images = shown(await client.call_tool("render_document", {"source": "paper.pdf", "text": True}), 2)
    assert "pages 1-2 of 2 of a PDF" in text
    assert "Page 2, text: none" in text
    assert images[0].size == (1536, 1152)


async def test_a_result_is_saved_and_worked_on_again(client, folder):
    text, _ = shown(await client.call_tool("make_qr_code", {"text": "saved", "save_as": "code.png"}))
    assert "Saved as " in text
    (code,) = zxingcpp.read_barcodes(Image.open(folder / "code.png"))
    assert code.text == "saved"
    told = await client.call_tool("image_info", {"source": "code.png"})
    assert "reads 'saved'" in told.content[0].text
    again = await client.call_tool("make_qr_code", {"text": "other", "save_as": "code.png"})
    assert again.is_error
    assert "already exists" in again.content[0].text
    (folder / "code.png").unlink()


BAD = [
    ("view_image", {}, "source: is missing; give a path"),
    ("view_image", {"source": "bridge.png", "rgion": [0, 0, 1, 1]}, "rgion: is not an argument of this tool; did you mean region?"),
    ("view_image", {"source": "bridge.png", "region": "all"}, 'region: is "all"; give [left, top, right, bottom]'),
    ("view_image", {"source": "bridge.png", "region": [0, 0, 500, 300]}, "region: x = 500 is outside the picture"),
    ("view_image", {"source": "bridge.png", "units": "percent"}, "units: is 'percent'; allowed: pixels, 0-1, 0-1000"),
    ("view_image", {"source": "birdge.png"}, "source: 'birdge.png' does not exist; did you mean 'bridge.png'?"),
    ("view_image", {"source": "../secret.png"}, "is not in an allowed folder"),
    ("view_image", {"source": "escape.png"}, "is a link that leads out of the allowed folders"),
    ("view_image", {"source": "bomb.png"}, "source: bomb.png cannot be shown: it unpacks to 20000x20000 pixels"),
    ("view_image", {"source": "https://example.com/a.png"}, "source: https: addresses are not allowed here"),
    ("view_image", {"source": "bridge.png", "zoom": 1000}, "zoom: is 1000; 400x300 pixels can be shown at most 5 times"),
    ("annotate_image", {"source": "bridge.png"}, "marks: is missing; give a list such as"),
    ("annotate_image", {"source": "notes.txt", "marks": [{"kind": "point", "at": [1, 1]}]}, "source: notes.txt is not a picture"),
    ("annotate_image", {"source": "bridge.png", "marks": [{"kind": "circle", "at": [1, 1]}]}, "marks[0].kind: is 'circle'; allowed: box, point"),
    ("annotate_image", {"source": "bridge.png", "marks": {"kind": "box"}}, "marks[0].at: is missing; write {"),
    ("compare_images", {"a": "bridge.png"}, "b: is missing; give a path"),
    ("compare_images", {"a": "bridge.png", "b": "gone.png"}, "b: 'gone.png' does not exist"),
    ("compare_images", {"a": "bridge.png", "b": "changed.png", "show": "both"}, 'show: is "both"; allowed: all, side_by_side, overlay, difference'),
    ("transform_image", {"source": "bridge.png", "operations": [{"scale": 2}]}, "operations[0]: has 'scale', which is not an operation; did you mean 'resize'?"),
    ("transform_image", {"source": "bridge.png", "operations": [{"resize": [100_000, 100_000]}]}, "operations[0].resize: is 100000; give a number from 1 to 12000"),
    ("contact_sheet", {"sources": []}, "sources: is empty"),
    ("contact_sheet", {"sources": ["*.bmp"]}, "sources[0]: no file matches '*.bmp'"),
    ("contact_sheet", {"sources": ["notes.txt"]}, "none of the pictures can be shown: sources[0]: notes.txt is not a picture"),
    ("image_info", {"source": "paper.pdf"}, "source: paper.pdf is a PDF; use render_document to see its pages"),
    ("render_document", {"source": "photo.jpg"}, "source: photo.jpg is of type image/jpeg; supported are PDF and SVG"),
    ("render_document", {"source": "paper.pdf", "pages": "3"}, "pages: asks for page 3, but the document has only 2 pages"),
    ("make_qr_code", {"text": ""}, "text: is empty"),
    ("make_qr_code", {"text": "x", "error_correction": "Z"}, 'error_correction: is "Z"; allowed: L, M, Q, H'),
    ("make_qr_code", {"text": "x", "save_as": "../code.png"}, "save_as: '../code.png' is not in a writable folder"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "words"), BAD)
async def test_errors_say_what_to_change(client, name, arguments, words):
    result = await client.call_tool(name, arguments)
    assert result.is_error
    (block,) = result.content
    assert words in block.text


async def test_data_urls(client):
    url = data_url(file(drawing(), "PNG"), "image/png")
    text, (image,) = shown(await client.call_tool("view_image", {"source": url, "zoom": 2}))
    assert text.startswith("data: URL (64x48 px): the whole picture at 2 times its size")
    assert image.size == (128, 96)


async def test_a_large_result_fits_and_maps_back_in_two_steps(client, folder):
    samples.noise(2000, 1500).convert("RGB").save(folder / "noise.jpg")
    text, (image,) = shown(await client.call_tool("view_image", {"source": "noise.jpg", "zoom": 0.8}))
    assert "x = 1.25 * X, y = 1.25 * Y in the original" in text
    assert image.width < 1600
    assert f"Multiply coordinates by {1600 / image.width:.4g}" in text
