"""The server in memory, in both generations of the protocol."""

import json
import logging
from importlib import metadata
from io import BytesIO
from pathlib import Path

import jsonschema
import pybase64
import pytest
import samples
from long_rows import one_in
from mcp import Client
from PIL import Image

from imagebridge import check, repair, requirements, responses_tools
from imagebridge.facts.hosts import UNKNOWN
from imagebridge.pictures.picture import Picture
from imagebridge.requirements import install_command
from imagebridge.testing import Endpoint
from imagebridge_server import results
from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings
from imagebridge_tools import ToolOutput
from imagebridge_tools.charts import worker

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

ROWS = [{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5}]
SPEC = {"mark": "bar", "encoding": {"x": {"field": "month"}, "y": {"field": "sales", "type": "quantitative"}}}


@pytest.fixture(params=["auto", pytest.param("legacy", marks=pytest.mark.long)])
async def client(request, tmp_path):
    Image.new("RGB", (30, 20), "red").save(tmp_path / "red.png")
    Image.new("RGB", (30, 20), "red").save(tmp_path / "red.bmp")
    frames = [Image.new("RGB", (30, 20), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "sales.csv").write_text("month,sales\nJan,3\nFeb,5\n")
    settings = Settings(allow=(tmp_path,), create=True)
    async with Client(build_server(settings), mode=request.param) as client:
        yield client


def wire(result):
    return result.model_dump(by_alias=True, mode="json", exclude_none=True)


def picture_of(result):
    """Return the one picture of a result whose text comes first."""
    assert not result.is_error, result.content
    assert [block.type for block in result.content] == ["text", "image"]
    picture = Picture.from_base64(result.content[1].data, proof="decoded")
    assert picture.media_type == result.content[1].mime_type
    return picture


def said(result):
    assert result.is_error
    (block,) = result.content
    return block.text.removeprefix("Tool error:\n")


class TestWhatIsListed:
    async def test_tools_are_told_in_full(self, client):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert list(tools) == [
            "get_image",
            "load_image",
            "load_file",
            "generate_chart",
            "view_image",
            "annotate_image",
            "compare_images",
            "transform_image",
            "contact_sheet",
            "image_info",
            "render_document",
            "make_qr_code",
            "create_image",
            "edit_image",
        ]
        for tool in tools.values():
            assert tool.title
            assert tool.description
            assert tool.output_schema is None
            assert tool.input_schema["additionalProperties"] is False
            for name, argument in tool.input_schema["properties"].items():
                # The words of create_image hold for edit_image too; a choice of words speaks for itself.
                shared = (
                    tool.name == "edit_image" and name in tools["create_image"].input_schema["properties"]
                )
                assert argument.get("description") or argument.get("enum") or shared
            jsonschema.Draft202012Validator.check_schema(tool.input_schema)

    async def test_an_argument_that_means_something_else_has_its_own_words(self, client):
        tools = {tool.name: tool.input_schema["properties"] for tool in (await client.list_tools()).tools}
        assert tools["create_image"]["prompt"]["description"] == "What the picture shows, in words."
        assert tools["edit_image"]["prompt"]["description"] == "What to change, in words."
        assert "description" not in tools["edit_image"]["size"]
        assert tools["load_file"]["source"]["description"].startswith("The file: ")

    async def test_schemas_have_no_words_of_pydantic(self, client):
        words = {"ge", "le", "gt", "lt", "min_length", "max_length"}
        for tool in (await client.list_tools()).tools:
            for name, argument in tool.input_schema["properties"].items():
                assert not words & {*argument}, (tool.name, name)

    async def test_examples_are_legal(self, client):
        for tool in (await client.list_tools()).tools:
            for argument in tool.input_schema["properties"].values():
                for example in argument.get("examples", []):
                    jsonschema.validate(example, argument)

    @pytest.mark.parametrize("allow_https", [False, True])
    @pytest.mark.parametrize("writable", [False, True])
    async def test_hints_are_true(self, tmp_path, writable, allow_https):
        allow_write = (tmp_path,) if writable else ()
        settings = Settings(allow_write=allow_write, allow_https=allow_https, create=True)
        async with Client(build_server(settings)) as client:
            tools = (await client.list_tools()).tools
        reads = {"readOnlyHint": True}
        saves = {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": True}
        pays = {"readOnlyHint": False, "destructiveHint": writable, "openWorldHint": True}
        web, closed = {"openWorldHint": allow_https}, {"openWorldHint": False}
        may_save = saves if writable else reads
        assert {tool.name: wire(tool.annotations) for tool in tools} == {
            "get_image": reads | closed,
            "load_image": may_save | web,
            "load_file": reads | web,
            "generate_chart": may_save | web,
            "view_image": reads | web,
            "annotate_image": may_save | web,
            "compare_images": reads | web,
            "transform_image": may_save | web,
            "contact_sheet": reads | web,
            "image_info": reads | web,
            "render_document": reads | web,
            "make_qr_code": may_save | closed,
            "create_image": pays,
            "edit_image": pays,
        }
        for tool in tools:
            assert ("overwrite" in tool.input_schema["properties"]) is bool(tool.annotations.destructive_hint)

    async def test_what_saves_says_so_and_is_offered_where_it_can(self, client, tmp_path):
        async with Client(build_server(Settings(allow_write=(tmp_path,)))) as writing:
            tools = {tool.name: tool for tool in (await writing.list_tools()).tools}
        for name in ("load_image", "generate_chart"):
            assert not tools[name].annotations.read_only_hint
            assert {"save_as", "overwrite"} <= set(tools[name].input_schema["properties"])
        assert tools["load_file"].annotations.read_only_hint
        for tool in (await client.list_tools()).tools:
            assert "save_as" not in tool.input_schema["properties"]

    async def test_the_definitions_pass_every_rule_as_they_are(self, tmp_path):
        async with Client(build_server(Settings(create=True, allow_write=(tmp_path,)))) as client:
            listed = (await client.list_tools()).tools
        tools = responses_tools(listed)
        assert check({"model": "gpt-5.6-luna", "input": "Look.", "tools": tools}) == []
        plain = [tool | {"parameters": one.input_schema} for tool, one in zip(tools, listed, strict=True)]
        assert check({"model": "gpt-5.6-luna", "input": "Look.", "tools": plain}) == []
        assert [tool["description"] for tool in tools] == [tool.description for tool in listed]

    async def test_all_of_it_is_short_whatever_is_allowed(self, tmp_path):
        folders = (
            Path("/" + 159 * "x"),
            *(tmp_path / f"{number} {'a long name, ' * 12}" for number in range(20)),
        )
        everything = Settings(
            create=True, allow=folders, allow_write=folders, allow_https=True, store=tmp_path / "kept"
        )
        # Bytes as they travel.
        for settings, most in ((Settings(create=True), 16_000), (everything, 17_500)):
            async with Client(build_server(settings)) as client:
                told = wire(await client.list_tools())
            assert len(json.dumps(told, separators=(",", ":"))) < most

    @pytest.mark.parametrize(
        ("package", "missing"),
        one_in(
            2,
            [
                ("vl-convert-python", {"generate_chart"}),
                ("pypdfium2", {"render_document"}),
                ("segno", {"make_qr_code"}),
                ("openai", {"create_image", "edit_image"}),
            ],
        ),
    )
    async def test_a_tool_whose_package_is_missing_is_not_offered(self, monkeypatch, package, missing):
        def version(name):
            if name == package:
                raise metadata.PackageNotFoundError(name)
            return "9999"

        async with Client(build_server(Settings(create=True))) as client:
            every = {tool.name for tool in (await client.list_tools()).tools}
        monkeypatch.setattr(metadata, "version", version)
        monkeypatch.setattr(requirements, "_MET", set())
        async with Client(build_server(Settings(create=True))) as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            prompts = {prompt.name for prompt in (await client.list_prompts()).prompts}
            said = client.instructions
        assert tools == every - missing
        assert ("chart_file" in prompts) == ("generate_chart" not in missing)
        assert ("generate_chart" in said) == ("generate_chart" not in missing)

    async def test_create_image_only_where_it_can_work(self):
        async with Client(build_server(Settings())) as client:
            assert "create_image" not in {tool.name for tool in (await client.list_tools()).tools}

    async def test_the_allowed_folders_are_told(self, client, tmp_path):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert str(tmp_path) in tools["load_image"].description
        assert "PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF, HEIC" in tools["load_image"].description
        async with Client(build_server()) as other:
            assert "only data: URLs" in (await other.list_tools()).tools[1].description

    @pytest.mark.parametrize(
        ("lengths", "https", "told"),
        [
            ((), False, "No folder is allowed, so only data: URLs are read."),
            ((), True, "No folder is allowed, so only data: and https: URLs are read."),
            ((9,), False, "Files are read from {0}."),
            ((9, 99), True, "Files are read from {0}, {1}; https: URLs too."),
            ((79, 79, 9, 9), False, "Files are read from {0}, 3 more folders listed in errors."),
            ((79, 119), True, "Files are read from {0}, 1 more folder listed in errors; https: URLs too."),
            ((199,), False, "Files are read from 1 folder listed in errors."),
        ],
    )
    async def test_long_lists_of_folders_are_shortened(self, lengths, https, told):
        folders = [Path("/" + str(number) * length) for number, length in enumerate(lengths)]
        async with Client(build_server(Settings(allow=tuple(folders), allow_https=https))) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert tools["load_image"].description.endswith(f" {told.format(*folders)}")
            assert "Sources are as in load_image" in tools["load_file"].description
            if len(folders) > 2:
                named = said(await client.call_tool("load_file", {"source": "/elsewhere"}))
                assert all(str(folder) in named for folder in folders)


class TestCalls:
    @pytest.mark.parametrize(
        ("name", "arguments", "size", "words"),
        one_in(6, [
            ("get_image", {"text": "Hello"}, (1024, 576), '"Hello"'),
            ("get_image", {"text": '{"a": 1}'}, (1024, 576), '{"a": 1}'),
            ("load_image", {"source": "red.png"}, (30, 20), "red.png: PNG, 30x20 px"),
            ("load_image", {"source": "red.bmp"}, (30, 20), "red.bmp: BMP, 2 kB; returned as PNG, 30x20 px"),
            ("load_image", {"source": "red.png", "max_size": 16}, (16, 11), "Multiply coordinates by 1.875 to get full-size coordinates."),
            ("load_image", {"source": "moving.gif", "frame": 2}, (30, 20), "; frame 2 of 2, returned as PNG"),
            ("generate_chart", {"kind": "bar", "data": ROWS}, (800, 500), "sales from 3 (Jan) to 5 (Feb)"),
            ("generate_chart", {"spec": {"hconcat": [SPEC, SPEC]}, "data": ROWS, "width": 900, "height": 400}, (900, 400), "PNG, 900x400 px"),
            ("generate_chart", {"kind": "line", "data": "sales.csv"}, (800, 500), "from 3 (Jan) to 5 (Feb)"),
            ("generate_chart", {"kind": "bar", "data": json.dumps(ROWS), "title": None}, (800, 500), "2 rows"),
            ("generate_chart", {"spec": SPEC, "data": ROWS, "width": 300, "height": 200}, (300, 200), "bar marks"),
            ("generate_chart", {"spec": json.dumps(SPEC), "data": json.dumps({"month": ["x"], "sales": [1]})}, (800, 500), "over 1 row"),
        ]),
    )  # fmt: skip
    async def test_a_sentence_and_a_picture(self, client, name, arguments, size, words):
        result = await client.call_tool(name, arguments)
        picture = picture_of(result)
        assert (picture.width, picture.height) == size
        assert words in result.content[0].text
        assert result.structured_content is None

    @pytest.mark.parametrize(
        ("name", "arguments", "words"),
        one_in(
            3,
            [
                ("get_image", {"text": ""}, "text: is empty"),
                (
                    "get_image",
                    {"txt": "a"},
                    "text: is missing; give the text\ntxt: is not an argument of this tool; did you mean text?",
                ),
                ("get_image", {"text": [5, 6]}, "text: is [5, 6]; give the text"),
                ("load_image", {"source": "rde.png"}, "did you mean 'red.png'?"),
                ("load_image", {"source": "/etc/passwd"}, "is not in an allowed folder"),
                (
                    "load_image",
                    {"source": "https://example.com/a.png"},
                    "start the server with --allow-https",
                ),
                ("load_image", {"source": "http://example.com/a.png"}, "http: addresses are not supported"),
                ("load_image", {"source": "image://3f2a9c01d4e7"}, "this server does not keep pictures"),
                ("load_image", {"source": "image://pending-01234567"}, "is not in progress here"),
                ("load_image", {"source": "red.png", "page": 2}, "page: is for TIFF"),
                ("load_image", {"source": "moving.gif", "frame": 3}, "frame: is 3; the file has 2 frames"),
                (
                    "load_image",
                    {"source": "red.png", "max_size": 3},
                    "max_size: is 3; give 16 or more",
                ),
                ("load_image", {"source": "red.png", "save_as": "a.png"}, "--allow-write"),
                ("load_image", {"source": "sales.csv"}, "not a picture in a known format"),
                ("load_file", {"source": "red.png"}, "load_image shows it"),
                (
                    "load_file",
                    {"source": "sales.csv", "start": 1000},
                    "start: is 1,000; sales.csv has 24 characters",
                ),
                ("create_image", {"prompt": "x", "n": 11}, "n: is 11; give 10 or less"),
                ("edit_image", {"prompt": "x", "images": []}, "images: has 0 entries; give at least 1"),
                (
                    "edit_image",
                    {"prompt": "x", "images": ["sales.csv"]},
                    "images: sales.csv is not a picture",
                ),
                (
                    "edit_image",
                    {"prompt": "x", "images": 5},
                    'images: is 5; give a list of pictures, such as ["a.png", "b.png"]',
                ),
                ("generate_chart", {}, "kind: is missing; give one of bar, line"),
                ("generate_chart", {"kind": "barr", "data": ROWS}, "did you mean 'bar'?"),
                ("generate_chart", {"kind": "bar", "data": 5}, "data: give rows"),
                (
                    "generate_chart",
                    {"kind": "bar", "data": ROWS, "columns": {"y": "salse"}},
                    "did you mean 'sales'?",
                ),
                (
                    "generate_chart",
                    {"kind": "bar", "data": ROWS, "x": "month", "columns": {"x": "month"}},
                    "x: is not an argument of this tool; available: kind, data, sheet, columns",
                ),
                (
                    "generate_chart",
                    {"spec": {**SPEC, "data": {"url": "file:///etc/passwd"}}},
                    "a spec cannot load files",
                ),
            ],
        ),
    )
    async def test_errors_say_what_to_change(self, client, name, arguments, words):
        assert words in said(await client.call_tool(name, arguments))

    async def test_an_animation_comes_as_a_sheet(self, client):
        result = await client.call_tool("load_image", {"source": "moving.gif"})
        assert picture_of(result).frames == 1
        assert "2 of 2 frames of an animation" in result.content[0].text

    async def test_a_picture_from_the_api_with_progress(self, client, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", "test")
        told = []

        async def on_progress(progress, total, message):
            told.append((progress, message))

        with Endpoint([]) as endpoint:
            monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
            result = await client.call_tool(
                "create_image", {"prompt": "A bridge", "size": "256x256"}, progress_callback=on_progress
            )
        # One at once, and more where the machine is slow.
        assert told[0] == (0, "the picture is being created")
        assert picture_of(result).width == 256
        assert result.content[0].text.startswith('A picture of "A bridge" by gpt-image')

    async def test_a_drawing_that_died(self, client, monkeypatch):
        async def dead(*_):
            raise worker.DrawingError("the drawing process ended")

        monkeypatch.setattr(worker, "drawn", dead)
        result = await client.call_tool("generate_chart", {"kind": "bar", "data": ROWS})
        assert said(result) == "the drawing process ended"

    async def test_the_unexpected_tells_its_kind_alone_and_is_logged(self, client, monkeypatch, caplog):
        async def broken(*_):
            raise ZeroDivisionError("/secret/path")

        monkeypatch.setattr(worker, "drawn", broken)
        with caplog.at_level(logging.ERROR, "imagebridge_server"):
            result = await client.call_tool("generate_chart", {"kind": "bar", "data": ROWS})
        assert said(result) == "the tool failed with ZeroDivisionError; the server's log says more"
        assert "/secret/path" in caplog.text

    async def test_without_the_drawing_engine_the_other_tools_work(self, client, monkeypatch):
        monkeypatch.setattr(worker, "find_spec", lambda name: None)
        result = await client.call_tool("generate_chart", {"kind": "bar", "data": ROWS})
        assert install_command("server") in said(result)
        assert picture_of(await client.call_tool("get_image", {"text": "still here"}))


class TestSizes:
    @pytest.mark.parametrize("side", one_in(2, [700, 2000]))
    async def test_a_large_picture_is_made_to_fit_and_says_so(self, client, tmp_path, side):
        noise = samples.noise(side, side // 2).convert("RGB")
        noise.save(tmp_path / "noise.png")
        result = await client.call_tool("load_image", {"source": "noise.png"})
        picture = picture_of(result)
        assert len(json.dumps(wire(result))) < UNKNOWN.characters
        assert picture.size > 100_000
        text = result.content[0].text
        if picture.width < side:
            assert f"Shown as JPEG, {picture.width}x{picture.height} px" in text
            assert (
                f"reduced from {side}x{side // 2} for this host. Multiply coordinates by {side / picture.width:.4g}"
                in text
            )

    @pytest.mark.long
    async def test_several_pictures_share_the_room(self):
        picture = Picture.from_bytes(png(samples.noise(900, 900).convert("RGB")))
        result = repair(results.success(ToolOutput("x" * 1000, (picture,) * 4)), "unknown")
        assert len(json.dumps(result)) < UNKNOWN.characters
        assert [block["type"] for block in result["content"]] == ["text", "text", *["image"] * 4]

    async def test_one_scale_leads_back_to_the_original(self):
        picture = Picture.from_bytes(png(samples.noise(1500, 1000).convert("RGB")))
        result = repair(results.success(ToolOutput("x.", (picture,), scale=2.0)), "unknown")
        shown = Picture.from_base64(result["content"][1]["data"])
        # One factor for both sides, as they differ by less than a pixel.
        factor = f"{2 * 1500 / shown.width:.4g}"
        assert abs(shown.height * float(factor) - 2 * 1000) < 2
        assert result["content"][0]["text"].endswith(
            f" Multiply coordinates by {factor} to get full-size coordinates."
        )
        assert result["content"][1]["_meta"] == {"imagebridge/scale": 2 * 1500 / shown.width}

    async def test_no_base64_in_the_text(self, client):
        url = "data:image/png;base64," + pybase64.b64encode(png(Image.new("RGB", (5, 5), "blue"))).decode()
        result = await client.call_tool("load_image", {"source": url})
        assert picture_of(result)
        assert url[30:60] not in result.content[0].text


def png(image):
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
