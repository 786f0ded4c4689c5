"""Hostile sources: the model receives an error, and the next call is answered."""

import re

import pytest
from bombs import zeros
from long_rows import one_in
from mcp import Client
from PIL import Image
from samples import claiming

from imagebridge.pictures.decode import opened
from imagebridge.pictures.picture import Picture
from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{0}" height="{0}">{1}</svg>'


def laughs():
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 10}">' for n in range(12))
    return f"<!DOCTYPE svg [{entities}]>" + SVG.format(99, "<text>&a11;</text>")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return an allowed folder of hostile files, beside a picture that is nobody's business."""
    base = tmp_path_factory.mktemp("attacks").resolve()
    allowed = base / "allowed"
    allowed.mkdir()
    Image.new("RGB", (40, 40), "red").save(base / "secret.png")
    Image.new("RGB", (30, 20), "blue").save(allowed / "good.png")
    (allowed / "escape.png").symlink_to(base / "secret.png")
    (allowed / "out").symlink_to(base)
    (allowed / "169.png").write_bytes(claiming(13_000, 13_000))
    (allowed / "900.png").write_bytes(claiming(30_000, 30_000))
    (allowed / "short.png").write_bytes(claiming(10_000, 10_000))
    (allowed / "wide.png").write_bytes(claiming(2**31 - 1, 1))
    Image.new("1", (13_000, 13_000)).save(allowed / "169.tif", compression="group4")
    (allowed / "huge.svg").write_text(SVG.format(100_000, '<rect width="9" height="9"/>'))
    (allowed / "laughs.svg").write_text(laughs())
    for number, href in enumerate((base / "secret.png", (base / "secret.png").as_uri(), "../secret.png")):
        image = f'<image href="{href}" xlink:href="{href}" width="40" height="40"/>'
        (allowed / f"reading{number}.svg").write_text(SVG.format(40, image))
    return allowed


@pytest.fixture
async def client(folder):
    async with Client(build_server(Settings(allow=(folder,), allow_https=True, create=True))) as client:
        yield client


async def answered(client):
    result = await client.call_tool("load_image", {"source": "good.png"})
    return not result.is_error and result.content[1].type == "image"


@pytest.mark.parametrize(
    ("source", "words"),
    one_in(
        6,
        [
            ("169.png", "13000x13000 pixels, over the limit"),
            ("900.png", "30000x30000 pixels, over the limit"),
            ("169.tif", "13000x13000 pixels, over the limit"),
            ("wide.png", "over the limit of 500,000 per side"),
            ("short.png", "its pixels are incomplete"),
            ("laughs.svg", "nested entities"),
            ("escape.png", "is a link that leads out of the allowed folders"),
            ("out/secret.png", "is a link that leads out of the allowed folders"),
            ("../secret.png", "is not in an allowed folder"),
            ("https://127.0.0.1/a.png", "does not lead to a public address"),
            ("https://localhost:8080/a.png", "does not lead to a public address"),
            ("https://[::1]/a.png", "does not lead to a public address"),
            ("https://169.254.169.254/latest/meta-data", "does not lead to a public address"),
            ("http://127.0.0.1/a.png", "addresses are not supported"),
            ("image://../../secret.png", "this server does not keep pictures"),
        ],
    ),
    ids=lambda value: value[:30],
)
async def test_a_picture_that_attacks(client, source, words):
    for name, arguments in (
        ("load_image", {"source": source}),
        ("load_image", {"source": source, "max_size": 100}),
        ("edit_image", {"prompt": "x", "images": [source]}),
    ):
        result = await client.call_tool(name, arguments)
        assert result.is_error
        assert words in result.content[0].text
        assert len(result.content[0].text) < 500
    assert await answered(client)


@pytest.mark.long
async def test_a_picture_of_too_many_bytes(client):
    result = await client.call_tool("load_image", {"source": "data:image/png;base64," + "A" * 90_000_000})
    assert result.is_error
    assert "has more than 64,000,000 bytes" in result.content[0].text
    assert len(result.content[0].text) < 500
    assert await answered(client)


async def test_an_svg_of_immense_size_is_drawn_small(client):
    result = await client.call_tool("load_image", {"source": "huge.svg"})
    picture = Picture.from_base64(result.content[1].data)
    assert max(picture.width, picture.height) == 2048
    assert result.content[0].text.endswith(" Multiply coordinates by 48.83 to get full-size coordinates.")
    assert "100000x100000 px according to its header; returned as PNG, 5000x5000 px" in result.content[0].text
    assert await answered(client)


@pytest.mark.parametrize("number", range(3))
async def test_an_svg_reads_no_file(client, number):
    result = await client.call_tool("load_image", {"source": f"reading{number}.svg"})
    assert not result.is_error
    colors = opened(Picture.from_base64(result.content[1].data).data).convert("RGBA").getcolors()
    assert not [color for _, color in colors if color[:3] == (255, 0, 0) and color[3]]


@pytest.mark.long
@pytest.mark.parametrize(
    ("size", "depth", "color", "channels"),
    [(13_000, 1, 0, 1), (30_000, 1, 0, 1), (7_750, 8, 6, 4), (7_750, 16, 6, 8), (9_000, 8, 6, 4)],
)
async def test_a_real_bomb(client, folder, size, depth, color, channels):
    """As large as the limit lets through, or larger: decoded, or refused, but never the end of the server."""
    row = 1 + (size * channels * min(depth, 8) + 7) // 8
    (folder / "real.png").write_bytes(claiming(size, size, zeros(row * size), depth, color))
    result = await client.call_tool("load_image", {"source": "real.png"})
    if result.is_error:
        # Of a picture with opacity several copies are made: what 60 megapixels take is there, what 81 take is not.
        # A busy machine may need more time than a call has, for any of them.
        too_large = (
            "|over the limit of|it would take more memory than is allowed here" if size >= 9_000 else ""
        )
        assert re.search(f"took longer than{too_large}", result.content[0].text)
    assert len(result.content) == (1 if result.is_error else 2)
    assert await answered(client)


ROW = {"a": "x", "b": 1}


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    one_in(4, [
        ("load_image", {"source": "x" * 2_000_000}, "cannot be read: File name too long"),
        ("load_file", {"source": "good.csv" * 100_000}, "good.csv"),
        ("view_image", {"source": "good.png", "units": "u" * 1_000_000}, "allowed: pixels, 0-1, 0-1000"),
        ("annotate_image", {"source": "good.png", "marks": [{"kind": "k" * 1_000_000, "at": [1, 1]}]}, "allowed: box, point"),
        ("get_image", {"text": "x", "y" * 1_000_000: 1}, "available: text"),
        ("contact_sheet", {"sources": ["good.png"] * 100_000}, "sources: has 100000 pictures; a sheet holds up to 48"),
        ("make_qr_code", {"text": "x" * 1_000_000}, "text: has 1,000,000 bytes; a code can hold up to 2,953"),
        ("generate_chart", {"kind": "z" * 1_000_000, "data": [ROW]}, "others can be drawn with spec"),
        ("generate_chart", {"kind": "bar", "data": [ROW], "title": "x" * 5_000_000}, "title: has 5,000,000 characters; the limit is 500"),
        ("generate_chart", {"kind": "bar", "data": [ROW], "titles": {"x": "x" * 501}}, "titles.x: has 501 characters; the limit is 500"),
        ("generate_chart", {"kind": "bar", "data": [{"a": "y" * 1_000_000, "b": 1}]}, "data: 'a' contains a value of 1,000,000 characters"),
        pytest.param("generate_chart", {"kind": "bar", "data": [{"c" * 1_000_000: "x", "b": 1}]}, "columns: x is a field whose name has 1,000,000", marks=pytest.mark.long),
    ]),
    ids=lambda value: str(value)[:30],
)  # fmt: skip
async def test_arguments_of_any_size(client, name, arguments, words):
    result = await client.call_tool(name, arguments)
    assert result.is_error
    assert words in result.content[0].text
    assert len(result.content[0].text) < 4_100
    assert await answered(client)
