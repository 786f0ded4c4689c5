"""A tool is a file and a name in the package: the server offers a fictitious one with all common features."""

import ast
from pathlib import Path
from typing import Annotated, get_args

import pytest
from mcp import Client
from samples import drawing, file

import imagebridge_tools
from imagebridge.errors import ArgumentError
from imagebridge.pictures.picture import Picture
from imagebridge_server import Settings, build_server
from imagebridge_tools import ToolOutput
from imagebridge_tools.arguments import AnySource
from imagebridge_tools.declaration import Argument, tool
from imagebridge_tools.files.source import NOWHERE, Places, opened
from imagebridge_tools.lenient_values import number
from imagebridge_tools.mistakes import Mistakes, Noted

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]

Bands = Annotated[
    int,
    Argument(
        "How many bands.", reading=number, least=1, most=9, form="give 1 to 9 bands", names=("stripes",)
    ),
]


@tool("Bands of a picture", "Cut a picture into bands. {where}", saves=True)
async def bands_of(
    source: AnySource, places: Places = NOWHERE, *, bands: Bands = 3, noted: Noted = ()
) -> ToolOutput:
    """What a new tool's file would hold."""
    mistakes = Mistakes(noted)
    found = await mistakes.met(opened(source, places))
    if bands == 7:
        mistakes.add(ArgumentError("bands", "is 7, which brings bad luck"))
    mistakes.tell()
    return ToolOutput(f"{bands} bands of {found.name}.", (Picture.from_bytes(found.data),))


@tool("Bands in words", "Say how many.")
def bands_in_words(bands: Bands, noted: Noted = ()) -> ToolOutput:
    """Another, which works in a thread, and whose failure is not its caller's."""
    Mistakes(noted).tell()
    if bands == 9:
        raise ZeroDivisionError
    return ToolOutput(f"{bands} bands.")


@pytest.fixture
async def client(tmp_path, monkeypatch):
    """A client of a server for whose tools the package names two more."""
    monkeypatch.setattr(imagebridge_tools, "TOOLS", (*imagebridge_tools.TOOLS, bands_of, bands_in_words))
    (tmp_path / "a.png").write_bytes(file(drawing(40, 30), "PNG"))
    settings = Settings(allow=(tmp_path,), allow_write=(tmp_path,), store=tmp_path / "kept")
    async with Client(build_server(settings)) as client:
        yield client


async def test_it_is_listed(client, tmp_path):
    *_, made_up, in_words = (await client.list_tools()).tools
    bands = {"description": "How many bands.", "type": "integer", "minimum": 1, "maximum": 9}
    assert made_up.description == f"Cut a picture into bands. Files are read from {tmp_path}."
    assert made_up.annotations.model_dump(exclude_none=True) == {
        "read_only_hint": False,
        "destructive_hint": True,
        "idempotent_hint": True,
        "open_world_hint": False,
    }
    assert made_up.input_schema == {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "source": {"description": get_args(AnySource)[1].description, "type": "string"},
            "bands": {**bands, "default": 3},
            "save_as": {"description": "As in load_image.", "type": "string"},
            "overwrite": {"type": "boolean", "default": False},
        },
        "required": ["source"],
    }
    assert in_words.input_schema["properties"] == {"bands": bands}
    assert in_words.annotations.read_only_hint


@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("bands_of", {"source": "a.png"}, "3 bands of a.png. Kept as image://"),
        ("bands_of", {"image_path": ["a.png"], "Stripes": "4px"}, "4 bands of a.png. Kept as image://"),
        ("bands_of", {"source": "a.png", "save_as": "b.png"}, "3 bands of a.png. Saved as "),
        ("bands_in_words", {"stripes": 2}, "2 bands."),
    ],
)
async def test_it_answers(client, name, arguments, answer):
    result = await client.call_tool(name, arguments)
    assert (result.is_error, result.content[0].text[: len(answer)]) == (False, answer)
    assert [block.type for block in result.content[1:]] == ["image"] * (name == "bands_of")


@pytest.mark.parametrize(
    ("name", "arguments", "problems"),
    [
        ("bands_of", {"source": "x.png", "bands": 7}, ["source: ", "bands: is 7, which brings bad luck"]),
        ("bands_of", {"bands": 12}, ["source: is missing; ", "bands: is 12; give 9 or less"]),
        ("bands_of", {"source": "a.png", "bands": "many"}, ['bands: is "many"; give 1 to 9 bands']),
        ("bands_of", {"source": "a.png", "save_as": "/x/b.png"}, ["save_as: "]),
        ("bands_in_words", {"bands": 2, "band_count": 1}, ["band_count: is not an argument of this tool"]),
        ("bands_in_words", {"bands": 9}, ["the tool failed with ZeroDivisionError"]),
    ],
)
async def test_it_says_what_is_wrong(client, name, arguments, problems, caplog):
    result = await client.call_tool(name, arguments)
    assert result.is_error
    assert [one for one in problems if one not in result.content[0].text] == []
    assert (tuple(problems) == ("the tool failed with ZeroDivisionError",)) == bool(caplog.records)


def names_in(path):
    """Return what a file names or imports, texts apart."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case _:
                pass


def test_each_tool_touches_two_files():
    """Beside these, only a prompt is called as a tool is, one tool refers to another, and one is drawn by to be ready."""
    tools = {function.__name__: function.__module__ for function in imagebridge_tools.TOOLS}
    found = {name: set() for name in tools}
    for folder in ("tools", "server"):
        for path in (ROOT / folder).rglob("*.py"):
            for name in {*names_in(path)} & {*tools}:
                found[name].add(path.relative_to(ROOT / folder).as_posix())
    assert found.pop("generate_chart") - {"imagebridge_server/warmup.py"} == {
        "imagebridge_tools/chart.py",
        "imagebridge_tools/__init__.py",
    }
    assert found.pop("compare_images") - {"imagebridge_server/prompts.py"} == {
        "imagebridge_tools/compare.py",
        "imagebridge_tools/__init__.py",
    }
    assert found == {
        name: {f"{tools[name].replace('.', '/')}.py", "imagebridge_tools/__init__.py"} for name in found
    }
