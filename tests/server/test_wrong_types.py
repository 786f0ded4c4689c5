"""Every argument of every tool with unusual JSON values at each depth: errors are explained and name the argument.

The tools run in memory; what is right beside it is small, and no folder may be written, so that nothing is made.
"""

import json
import logging
from itertools import islice

import pytest
from mcp import Client
from samples import drawing, file, pdf

from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings

pytestmark = pytest.mark.anyio

ROWS = [{"month": "Jan", "revenue": 3, "shop": "a"}, {"month": "Feb", "revenue": 5, "shop": "b"}]
RIGHT = {
    "get_image": {"text": "Hi"},
    "load_image": {"source": "p.png", "page": 1, "frame": 1, "max_size": 20, "save_as": "a.png"},
    "load_file": {"source": "t.csv", "pages": "1", "part": 1, "start": 1, "sheet": "A", "rows": "1-2"},
    "generate_chart": {
        "kind": ["bar"],
        "data": ROWS,
        "sheet": "A",
        "columns": {"x": "month", "y": ["revenue"], "color": "shop", "facet": "shop"},
        "stack": True,
        "aggregate": "sum",
        "sort": "ascending",
        "scales": {"x": "log", "y": "log"},
        "ranges": {"x": [0, 1], "y": [0, 1]},
        "labels": True,
        "title": "T",
        "subtitle": "S",
        "titles": {"x": "X", "y": "Y", "color": "C"},
        "formats": {"x": "%b", "y": "d", "color": "d"},
        "theme": "dark",
        "width": 200,
        "height": 150,
        "scale": 1,
        "spec": {"mark": "bar", "encoding": {"x": {"field": "month"}}},
        "return_spec": True,
        "save_as": "a.png",
        "overwrite": True,
    },
    "view_image": {
        "source": "p.png",
        "region": [0, 0, 9, 9],
        "units": "pixels",
        "zoom": 2,
        "rotate": 90,
        "contrast": 1.5,
        "grid": True,
    },
    "annotate_image": {
        "source": "p.png",
        "marks": [{"kind": "box", "at": [1, 2, 3, 4], "label": "a", "color": "red"}],
        "units": "pixels",
        "save_as": "a.png",
    },
    "compare_images": {"a": "p.png", "b": "p.png", "show": "all", "tolerance": 10},
    "transform_image": {
        "source": "p.png",
        "operations": [{"crop": [0, 0, 9, 9]}, {"resize": [8, None]}, {"pad": 3}, {"rotate": 90}],
        "units": "pixels",
        "save_as": "a.png",
    },
    "contact_sheet": {"sources": ["p.png"], "labels": ["a"]},
    "image_info": {"source": "p.png", "exif": True},
    "render_document": {"source": "p.pdf", "pages": "1", "text": True, "size": 200},
    "make_qr_code": {"text": "x", "size": 300, "error_correction": "M", "save_as": "a.png"},
    "create_image": {
        "prompt": "x",
        "size": "auto",
        "quality": "low",
        "background": "auto",
        "format": "png",
        "compression": 50,
        "n": 1,
        "partial_images": 0,
        "complexity": "low",
        "frame_count": 2,
        "frame_duration_ms": 300,
        "save_as": "a.png",
    },
}
RIGHT["edit_image"] = {**RIGHT["create_image"], "images": ["p.png"], "mask": "p.png", "markup": "p.png"}

DEEP = "[" * 200 + "]" * 200
WRONG = {
    "an integer": 5,
    "a huge integer": 10**400,
    "a huge float": 1e308,
    "a bool": True,
    "null": None,
    "a list of lists": [[1, 2], [3]],
    "an empty list": [],
    "a huge number in a list": [-(10**400)],
    "an object": {"x": {"field": "k"}},
    "an object of nulls": {"": None},
    "a deep list": json.loads(DEEP),
    "long digits": "9" * 5000,
    "half of a character": "a\ud800",
    "a zero byte": "\0",
    "a word": "banana",
}
TOLD = {"spec": ["spec", "kind"], "kind": ["kind", "spec"], "data": ["data", "columns"]}
"""What else an error may be about: `spec` and `kind` are given one for the other, cells are told by their columns."""


def places(value, path=()):
    """Yield the places in an argument, itself first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


def put(value, path, wrong):
    """Return a value with something wrong in a place."""
    if not path:
        return wrong
    if isinstance(value, dict):
        return {**value, path[0]: put(value[path[0]], path[1:], wrong)}
    return [put(part, path[1:], wrong) if at == path[0] else part for at, part in enumerate(value)]


@pytest.fixture(scope="module")
async def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrong")
    for name, data in {
        "p.png": file(drawing(40, 30), "PNG"),
        "p.pdf": pdf(1),
        "t.csv": b"k,n\na,1\nb,2\n",
    }.items():
        (folder / name).write_bytes(data)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OPENAI_API_KEY", "test")
        environment.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        async with Client(build_server(Settings(allow=[folder], create=True))) as client:
            yield client


async def test_all_arguments_are_here(client):
    tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == set(RIGHT)
    for tool in tools:
        assert set(tool.input_schema["properties"]) <= set(RIGHT[tool.name]), tool.name


def told(text, name):
    """Tell whether an error names an argument, or what it goes with, at the beginning of a line."""
    names = TOLD.get(name, [name])
    lines = text.removeprefix("none of the pictures can be shown: ").splitlines()
    return any(line.startswith(tuple(names)) for line in lines)


NEEDED = {"source", "sources", "a", "b", "text", "marks", "operations", "kind", "data"}
"""Arguments without which the others say nothing."""


def calls(tool, missing):
    """Yield the arguments of calls of a tool that have something wrong in one place, where it is, and what.

    Beside it stands what the tool needs, and where something is `missing` all that it takes.
    """
    for name, value in RIGHT[tool].items():
        right = {key: part for key, part in RIGHT[tool].items() if missing or key in NEEDED}
        for path in places(value):
            for what, wrong in WRONG.items():
                arguments = {**right, **missing, name: put(value, path, wrong)}
                if tool == "generate_chart":
                    arguments.pop("kind" if name == "spec" else "spec", None)
                yield arguments, name, (name, *path, what)


PICTURES = ("source", "sources", "images", "mask", "a", "b")


def wanting(tool):
    """Return arguments that are wrong from the start, so that a tool judges the others and makes nothing."""
    right = RIGHT[tool]
    if tool == "generate_chart":
        return {"width": 5}
    gone = {name: ["gone.png"] if name.endswith("s") else "gone.png" for name in PICTURES if name in right}
    return gone or ({"size": 5} if tool == "make_qr_code" else {"prompt": ""} if "prompt" in right else {})


async def unexpected(client, caplog, tool, made, missing):
    """Return what came of calls with something wrong, where that is neither an answer nor an error that names it."""
    found = []
    for arguments, name, what in made:
        caplog.clear()
        result = await client.call_tool(tool, arguments)
        text = result.content[0].text.removeprefix("Tool error:\n")
        named = missing or not result.is_error or told(text, name)
        if caplog.records or "the tool failed" in text or not named or (missing and not result.is_error):
            found.append((what, text[:200]))
    return found


@pytest.mark.parametrize("first", [0, *(pytest.param(one, marks=pytest.mark.long) for one in range(1, 7))])
@pytest.mark.parametrize("tool", RIGHT)
async def test_what_is_wrong_is_no_failure_beside_another_mistake(client, caplog, tool, first):
    """Every run tries one call in seven."""
    caplog.set_level(logging.WARNING)
    missing = wanting(tool)
    assert await unexpected(client, caplog, tool, islice(calls(tool, missing), first, None, 7), missing) == []


@pytest.mark.long
@pytest.mark.parametrize("tool", sorted(set(RIGHT) - {"create_image", "edit_image"}))
async def test_what_is_wrong_alone_is_told_by_its_name(client, caplog, tool):
    caplog.set_level(logging.WARNING)
    assert await unexpected(client, caplog, tool, calls(tool, {}), {}) == []


HUGE = 10**400


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("view_image", {"source": "p.png", "rotate": HUGE}, "rotate: is a whole number with over 300 digits"),
        (
            "annotate_image",
            {"source": "p.png", "marks": [{"kind": "box", "at": [1, HUGE, 3, 4]}]},
            "marks[0].at[1]: is a whole number with over 300 digits",
        ),
        (
            "transform_image",
            {"source": "p.png", "operations": [{"crop": [0, 0, HUGE, 9]}]},
            "operations[0].crop[2]: is a whole number with over 300 digits",
        ),
        ("load_image", {"source": "a\ud800.png"}, "source: contains half a character"),
        ("make_qr_code", {"text": "a\ud800"}, "text: contains half a character"),
        ("generate_chart", {"kind": "bar", "data": "a\ud800.csv"}, "data: contains half a character"),
    ],
)
async def test_what_nothing_can_be_done_with_is_told_in_its_place(client, tool, arguments, said):
    result = await client.call_tool(tool, {**arguments, "furlong": 1})
    assert result.is_error
    lines = result.content[0].text.removeprefix("Tool error:\n").splitlines()
    assert [line for line in lines if line.startswith(said)], lines
    assert [line for line in lines if line.startswith("furlong: is not an argument")], lines


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("log", 'give scales={"y": "log"}'),
        ("log_x", 'give scales={"x": "log"}'),
        ("colors", 'columns={"color": "region"}'),
        ("bins", '"bin": {"maxbins": 20}'),
        ("filter", '"transform": [{"filter": "datum.sales > 3"}]'),
        ("orientation", 'columns={"x": "sales", "y": "month"}'),
        ("ylim", 'ranges={"y": [0, 100]}'),
        ("dpi", "give scale"),
        ("group_by", 'aggregate="sum"'),
        ("legend", "spec"),
    ],
)
async def test_what_other_libraries_take_is_answered_with_the_way_here(client, name, said):
    result = await client.call_tool("generate_chart", {"kind": "bar", "data": ROWS, name: [1]})
    text = result.content[0].text.removeprefix("Tool error:\n")
    assert text.startswith(f"{name}: is not an argument of this tool; ")
    assert said in text
    elsewhere = await client.call_tool("get_image", {"text": "Hi", name: 1})
    assert said not in elsewhere.content[0].text
