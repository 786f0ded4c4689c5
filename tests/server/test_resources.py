"""Results of tools are kept: named in the next call, read as a resource, listed, and saved where permitted."""

import json
from io import BytesIO
from random import Random

import pybase64
import pytest
import samples
from mcp import Client, MCPError
from PIL import Image

from imagebridge_server import resources
from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings
from imagebridge_tools.files.store import Store

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]


@pytest.fixture(scope="module")
def noise():
    buffer = BytesIO()
    Image.frombytes("RGB", (1600, 800), Random(1).randbytes(1600 * 800 * 3)).save(
        buffer, "PNG", compress_level=0
    )
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path, noise):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "noise.png").write_bytes(noise)
    for name, color in (("red", "red"), ("blue", "blue")):
        Image.new("RGB", (30, 20), color).save(tmp_path / "in" / f"{name}.png")
    (tmp_path / "in" / "table.csv").write_text("a,b\n")
    (tmp_path / "in" / "paper.pdf").write_bytes(b"%PDF-1.7\n")
    return tmp_path.resolve()


@pytest.fixture(params=["auto", pytest.param("legacy", marks=pytest.mark.long)])
async def client(request, folder):
    settings = Settings(allow=(folder / "in",), allow_write=(folder / "out",), store=folder / "store")
    async with Client(build_server(settings), mode=request.param) as client:
        yield client


@pytest.fixture
async def carrying(folder):
    """A client of which it is known that files reach its model."""
    settings = Settings(allow=(folder / "in",), host="inspector")
    async with Client(build_server(settings)) as client:
        yield client


def text(result):
    assert not result.is_error, result.content
    return result.content[0].text


def pictures(listed):
    return [resource for resource in listed.resources if resource.uri.startswith("image://")]


def name(result):
    """Return the name under which a result's picture is kept."""
    return text(result).partition(" Kept as ")[2].partition(".")[0]


def size(data):
    with Image.open(BytesIO(pybase64.b64decode(data))) as image:
        return image.size


async def test_a_result_names_its_picture_for_the_next_call(client):
    first = await client.call_tool("load_image", {"source": "red.png"})
    second = await client.call_tool("load_image", {"source": name(first)})
    assert text(second).startswith(f"{name(first)}: PNG, 30x20 px")
    assert second.content[1].data == first.content[1].data
    assert name(second) == name(first)


async def test_the_picture_itself_is_kept_where_the_host_gets_another(client, noise):
    result = await client.call_tool("load_image", {"source": "noise.png"})
    assert result.content[1].mime_type == "image/jpeg"
    assert "Shown as JPEG, " in text(result)
    assert "of 1600x800, to fit a result." in text(result)
    (contents,) = (await client.read_resource(name(result))).contents
    assert (contents.uri, contents.mime_type) == (name(result), "image/png")
    assert pybase64.b64decode(contents.blob) == noise


async def test_pictures_are_listed_page_by_page_with_their_origin(client, monkeypatch):
    monkeypatch.setattr(resources, "PAGE", 2)
    names = {}
    for arguments in ({"source": "red.png"}, {"source": "blue.png"}, {"source": "red.png", "max_size": 16}):
        names[name(await client.call_tool("load_image", arguments))] = json.dumps(arguments["source"])
    first = await client.list_resources()
    second = await client.list_resources(cursor=first.next_cursor)
    pages = [pictures(first), pictures(second)]
    assert ([len(page) for page in pages], second.next_cursor) == ([2, 1], None)
    for resource in [*pages[0], *pages[1]]:
        short = resource.uri[: len("image://") + 12]
        assert resource.mime_type == "image/png"
        assert f"px, by load_image(source={names[short]}" in resource.description
        assert resource.name == f"{short.removeprefix('image://')}.png"
        (contents,) = (await client.read_resource(resource.uri)).contents
        assert resource.size == len(pybase64.b64decode(contents.blob))


async def test_other_resources_stay(folder):
    server = build_server(Settings(store=folder / "store"))
    server.resource("ui://view", name="view")(lambda: "<p>")
    async with Client(server) as client:
        await client.call_tool("get_image", {"text": "here"})
        uris = [resource.uri for resource in (await client.list_resources()).resources]
        (contents,) = (await client.read_resource("ui://view")).contents
    assert "ui://view" in uris
    assert uris[-1].startswith("image://")
    assert contents.text == "<p>"


async def test_one_template_names_them_all(client):
    templates = (await client.list_resource_templates()).resource_templates
    assert "image://{hash}" in [template.uri_template for template in templates]


@pytest.mark.parametrize(
    "uri", ["image://00000000", "image://x", "file:///etc/passwd", "image://..%2f..%2fetc"]
)
async def test_a_resource_that_is_not_kept(client, uri):
    with pytest.raises(MCPError) as caught:
        await client.read_resource(uri)
    assert caught.value.code == -32602


async def test_a_cursor_of_somebody_else(client):
    with pytest.raises(MCPError, match="cursor") as caught:
        await client.list_resources(cursor="../x")
    assert caught.value.code == -32602


async def test_two_servers_share_what_is_kept(client, folder):
    first = await client.call_tool("get_image", {"text": "here"})
    async with Client(build_server(Settings(store=folder / "store"))) as other:
        second = await other.call_tool("load_image", {"source": name(first)})
    assert second.content[1].data == first.content[1].data


async def test_a_store_that_cannot_be_written_costs_no_picture(folder):
    (folder / "file").write_text("x")
    async with Client(build_server(Settings(store=folder / "file" / "store"))) as client:
        result = await client.call_tool("get_image", {"text": "here"})
    assert result.content[1].type == "image"
    assert "Kept as" not in text(result)


async def test_pictures_are_saved_in_full_size(client, folder):
    result = await client.call_tool("load_image", {"source": "noise.png", "save_as": "copy.png"})
    assert f"Saved as {folder / 'out' / 'copy.png'} (PNG, 1600x800 px" in text(result)
    with Image.open(folder / "out" / "copy.png") as image:
        assert image.size == (1600, 800)


async def test_nothing_is_written_over_unless_told(client, folder):
    for overwrite, color in ((False, b"mine"), (True, None)):
        (folder / "out" / "a.png").write_bytes(b"mine")
        arguments = {"source": "red.png", "save_as": "a.png", "overwrite": overwrite}
        result = await client.call_tool("load_image", arguments)
        assert result.is_error is not overwrite
        assert ((folder / "out" / "a.png").read_bytes() == b"mine") is (color is not None)
    chart = {"kind": "bar", "data": [{"a": "x", "b": 1}], "save_as": "../in/x.png"}
    result = await client.call_tool("generate_chart", chart)
    assert "save_as: '../in/x.png' is not in a writable folder" in result.content[0].text


async def test_files_are_embedded(carrying, folder):
    result = await carrying.call_tool("load_file", {"source": "table.csv"})
    assert [block.type for block in result.content] == ["text", "resource"]
    resource = result.content[1].resource
    assert (resource.uri, resource.mime_type, resource.text) == (
        (folder / "in" / "table.csv").as_uri(),
        "text/csv",
        "a,b\n",
    )
    resource = (await carrying.call_tool("load_file", {"source": "paper.pdf"})).content[1].resource
    assert (resource.mime_type, pybase64.b64decode(resource.blob)) == ("application/pdf", b"%PDF-1.7\n")


async def test_an_embedded_file_is_read_by_a_model(carrying):
    from imagebridge import output_parts

    result = await carrying.call_tool("load_file", {"source": "paper.pdf"})
    parts = output_parts(result)
    assert [part["type"] for part in parts] == ["input_text", "input_file"]
    assert parts[1]["filename"] == "paper.pdf"


async def test_the_origin_holds_no_picture(folder):
    store = Store(folder / "store", 1_000_000, 3600)
    buffer = BytesIO()
    samples.noise(40, 40).save(buffer, "PNG")
    url = "data:image/png;base64," + pybase64.b64encode(buffer.getvalue()).decode()
    async with Client(build_server(Settings(store=folder / "store"))) as client:
        await client.call_tool("load_image", {"source": url})
    (note,) = store.listed()[0]
    assert note.origin.startswith('load_image(source="data:image/png;base64,')
    assert len(note.origin) < 150
