"""First guesses of models for every tool: accepted if they are unambiguous, otherwise answered with all mistakes.

The calls go through `Bridge`, whose schema check they must pass, to the server in memory; some come from users.
"""

import json
import subprocess

import pytest
from commands import MAIN
from long_rows import one_in
from mcp import Client
from samples import animation, drawing, file, pdf

from imagebridge import Bridge
from imagebridge.testing import Endpoint
from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings

pytestmark = pytest.mark.anyio

ROWS = [{"month": "Jan", "revenue": 3}, {"month": "Feb", "revenue": 5}]
BAR = {"kind": "bar", "data": ROWS, "width": 200, "height": 150}
BOX = {"kind": "box", "at": [10, 5, 20, 15]}
PLACE = "x 10 to 20, y 5 to 15"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guesses")
    for name, data in {
        "p.png": file(drawing(40, 30), "PNG"),
        "q.png": file(drawing(40, 30), "PNG"),
        "m.gif": animation("GIF"),
        "p.pdf": pdf(3),
        "t.csv": b"k,n\na,1\nb,2\n",
    }.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
async def bridge(folder):
    with Endpoint([]) as endpoint, pytest.MonkeyPatch.context() as environment:
        environment.setenv("OPENAI_API_KEY", "test")
        environment.setenv("OPENAI_BASE_URL", endpoint.base_url)
        async with Bridge(build_server(Settings(allow=[folder], create=True))) as bridge:
            yield bridge


GET_IMAGE = [
    ({"text": 12}, 'the text "12"'),
    ({"content": "Hi"}, 'the text "Hi"'),
    ({"Text": "Hi"}, 'the text "Hi"'),
    ({"message": "Hi"}, 'the text "Hi"'),
    ({"arguments": {"text": "Hi"}}, 'the text "Hi"'),
    ({"text": {"text": "Hi"}}, 'the text "Hi"'),
    ({}, ["text"]),
    ({"text": None}, ["text"]),
    ({"text": ""}, ["text"]),
    ({"text": ["a", "b"]}, ["text"]),
    ({"txt": "Hi", "color": "red"}, ["text", "txt", "color"]),
    ({"text": "Hi", "size": 3, "font": "Inter"}, ["size", "font"]),
    ({"text": "x" * 2000, "width": 800}, ["width", "text"]),
]
LOAD_IMAGE = [
    ({"path": "p.png"}, "p.png"),
    ({"file_path": "p.png"}, "p.png"),
    ({"imageUrl": "p.png"}, "p.png"),
    ({"images": ["p.png"]}, "p.png"),
    ({"source": ["p.png"]}, "p.png"),
    ({"source": "p.png", "maxSize": "20px"}, "20x15 px"),
    ({"source": "p.png", "page": None, "frame": "", "save_as": ""}, "p.png"),
    ({"source": "m.gif", "frame": "2"}, "frame 2 of"),
    ({"source": "p.png", "frames": 1}, "p.png"),
    ({}, ["source"]),
    ({"source": 5, "page": 0, "frame": 0}, ["source", "page", "frame"]),
    ({"source": ["p.png", "q.png"], "quality": 80}, ["source", "quality"]),
    ({"source": "gone.png", "page": 1, "frame": 1}, ["frame", "source"]),
    ({"source": "m.gif", "frame": 99, "max_size": 2}, ["max_size", "frame"]),
    ({"source": "t.csv", "max_size": "big"}, ["max_size", "source"]),
    ({"source": "p.png", "save_as": "a.png", "format": "png"}, ["format", "save_as"]),
]
LOAD_FILE = [
    ({"path": "t.csv"}, "t.csv"),
    ({"filename": "t.csv", "rows": 2}, "this is row 2"),
    ({"source": "t.csv", "rows": [1, 2]}, "these are rows 1 to 2"),
    ({"source": "t.csv", "rows": "1 to 2"}, "these are rows 1 to 2"),
    ({"source": "t.csv", "rows": {"first": 1, "last": 2}}, "these are rows 1 to 2"),
    ({"source": "t.csv", "row": "1:2"}, "these are rows 1 to 2"),
    ({"source": "t.csv", "start": "3"}, "characters 3 to 12 follow"),
    ({"source": ["t.csv"], "sheet": None}, "t.csv"),
    ({}, ["source"]),
    ({"source": "gone.csv", "start": 0, "rows": "x"}, ["start", "rows", "source"]),
    ({"source": "t.csv", "sheet": 2, "start": 1, "rows": "1-2"}, ["rows", "sheet"]),
    ({"source": "t.csv", "limit": 5, "encoding": "utf-8"}, ["limit", "encoding"]),
    ({"source": "t.csv", "rows": "9-10", "sheet": "A"}, ["sheet", "rows"]),
    ({"source": "p.png", "start": "first"}, ["start", "source"]),
]
GENERATE_CHART = [
    ({"type": "Column", **{key: BAR[key] for key in ("data", "width")}}, "Bar chart of 2 rows"),
    ({**BAR, "columns": '{"x": "month", "y": "revenue"}'}, "Bar chart of 2 rows"),
    ({**BAR, "column": {"x": "month"}}, "Bar chart of 2 rows"),
    ({**BAR, "x": "month", "y": "revenue", "xlabel": "M"}, "x 'month', y 'revenue'"),
    ({**BAR, "x_axis": "month", "y_axis": "revenue"}, "x 'month', y 'revenue'"),
    ({**BAR, "columns": {"x": "Month", "y": "REVENUE "}}, "x 'month', y 'revenue'"),
    (
        {**BAR, "kind": "stacked_bar", "columns": {"x": "month", "color": "month"}},
        "Stacked bar chart of 2 rows",
    ),
    (
        {**BAR, "kind": "Grouped column chart", "columns": {"x": "month", "color": "month"}},
        "Bar chart of 2 rows",
    ),
    ({**BAR, "kind": "stacked_bar", "stack": False}, ["kind"]),
    ({**BAR, "kind": "stacked_line"}, ["kind"]),
    (
        {**BAR, "data": {"labels": ["Jan", "Feb"], "datasets": [{"label": "n", "data": [3, 5]}]}},
        "x 'label', y 'n'",
    ),
    ({**BAR, "columns": {"X": "month", "hue": "month"}, "theme": "Dark"}, "Bar chart of 2 rows"),
    ({"kind": "bar", "x": ["a", "b"], "y": [1, 2], "width": "200px"}, "Bar chart of 2 rows"),
    ({"chartType": "donut", "rows": ROWS, "width": 200.0}, "Pie chart of 2 rows"),
    (
        {**BAR, "sheet": None, "titles": None, "scale": "0.5x", "title": {"text": "T"}},
        'Bar chart "T" of 2 rows',
    ),
    ({**BAR, "labels": "true", "sort": "desc", "aggregate": "average"}, "Bar chart"),
    ({**BAR, "scales": {"Y": "Log"}, "titles": {"y": 2024}}, "Bar chart of 2 rows"),
    ({**BAR, "data": {"file": "t.csv"}}, "x 'k', y 'n'"),
    ({**BAR, "data": [["Jan", 3], ["Feb", 4]]}, "x 'column 1', y 'column 2'"),
    ({**BAR, "columns": {"x": {"field": "month"}, "y": ["revenue"]}}, "x 'month', y 'revenue'"),
    (
        {**BAR, "sort": {"y": "descending"}, "aggregate": {"y": "mean"}},
        "bars sorted by size, the largest first",
    ),
    ({}, ["kind", "data"]),
    ({"data": ROWS}, ["kind"]),
    ({"kind": "barr", "data": "gone.csv", "theme": "night"}, ["theme", "kind", "data"]),
    (
        {"kind": "barr", "data": ROWS, "columns": {"x": "mont", "y": "revenu"}, "width": "wide", "scale": 9},
        ["width", "scale", "kind", "columns", "columns"],
    ),
    (
        {"kind": "bar", "data": ROWS, "columns": {"x": "mont"}, "scales": {"y": "lgo"}, "theme": "night"},
        ["theme", "scales", "columns"],
    ),
    ({**BAR, "colums": {"x": "month"}, "titel": "T"}, ["colums", "titel"]),
    ({**BAR, "log": True, "colors": ["red"], "bins": 5, "filter": "x"}, ["log", "colors", "bins", "filter"]),
    ({**BAR, "sort": {"by": "x"}, "aggregate": ["sum", "mean"]}, ["aggregate", "sort"]),
    (
        {**BAR, "columns": {"y": {"field": "revenue", "aggregate": "mean", "bin": True}}},
        ["columns", "columns"],
    ),
    ({**BAR, "x": "month", "columns": {"x": "month"}, "titel": "T"}, ["x", "titel"]),
    ({**BAR, "type": "line", "height": 20}, ["height", "type"]),
    (
        {**BAR, "sort": "up", "stack": "yes", "labels": "big", "formats": {"y": "0.00"}},
        ["sort", "labels", "stack", "formats"],
    ),
    ({**BAR, "kind": "line", "columns": {"x": "revenue", "y": "month"}, "theme": 3}, ["theme", "columns"]),
    ({**BAR, "columns": ["month"], "titles": "T", "ranges": [0, 1]}, ["ranges", "titles", "columns"]),
    (
        {"spec": {"mark": "bra"}, "columns": {"x": "a"}, "sort": "up", "width": 5},
        ["width", "columns", "sort", "spec"],
    ),
    ({"spec": {"mark": "bar"}, "kind": "barr", "data": ROWS}, ["spec", "kind"]),
]
VIEW_IMAGE = [
    ({"image": "p.png", "region": {"x": 10, "y": 5, "width": 10, "height": 10}}, PLACE),
    ({"source": "p.png", "region": {"left": 10, "top": 5, "right": 20, "bottom": 15}}, PLACE),
    ({"source": "p.png", "region": {"x1": 10, "y1": 5, "x2": 20, "y2": 15}}, PLACE),
    ({"source": "p.png", "x": 10, "y": 5, "width": 10, "height": 10}, PLACE),
    ({"source": "p.png", "bbox": [10, 5, 20, 15]}, PLACE),
    ({"source": "p.png", "region": "10, 5, 20, 15"}, PLACE),
    ({"source": "p.png", "region": "[10, 5, 20, 15]"}, PLACE),
    ({"source": "p.png", "crop": [[10, 5], ["20", "15"]], "units": "px"}, PLACE),
    ({"source": "p.png", "zoom": "2x", "rotation": "90°"}, "turned 90 degrees"),
    ({"source": "p.png", "zoom": "200%", "contrast": "1.5", "grid": "true"}, "contrast multiplied by 1.5"),
    ({"source": "p.png", "units": None, "rotate": None, "contrast": None, "grid": None}, "the whole picture"),
    ({}, ["source"]),
    ({"source": "p.png", "region": {"x": 1, "y": 2}}, ["region"]),
    (
        {"image": "p.png", "region": [0, 0, 999, 9], "rotate": 45, "zoom": "big", "grid": "maybe"},
        ["zoom", "grid", "rotate", "region"],
    ),
    (
        {"source": "gone.png", "rotate": 45, "units": "cm", "contrast": "high"},
        ["source", "units", "rotate", "contrast"],
    ),
    ({"source": "p.png", "region": [1, 2, 3], "rotate": 1.5, "zoom": -1}, ["rotate", "zoom", "region"]),
    ({"source": "p.png", "regon": [0, 0, 9, 9], "unit": "furlong"}, ["regon", "units"]),
]
ANNOTATE_IMAGE = [
    ({"source": "p.png", "marks": [{"type": "box", "x": 10, "y": 5, "width": 10, "height": 10}]}, PLACE),
    ({"image": "p.png", "annotations": [{"type": "rectangle", "bbox": [10, 5, 20, 15]}]}, PLACE),
    ({"source": "p.png", "marks": BOX}, PLACE),
    ({"source": "p.png", "mark": json.dumps(BOX)}, PLACE),
    ({"source": "p.png", "marks": json.dumps([BOX]), "units": "pixel"}, PLACE),
    ({"source": "p.png", "shapes": [{**BOX, "text": "a", "colour": "red"}]}, "red box 'a'"),
    ({"source": "p.png", "marks": [{"kind": "arrow", "from": [1, 2], "to": [9, 9]}]}, "from (1, 2) to (9, 9)"),
    ({"source": "p.png", "marks": [{"kind": "dot", "x": 3, "y": 4}]}, "point at (3, 4)"),
    ({}, ["source", "marks"]),
    ({"source": "p.png", "marks": []}, ["marks"]),
    ({"source": "p.png", "marks": "box"}, ["marks[0]"]),
    ({"source": "p.png", "marks": [5, {"kind": "bxo", "at": [1, 2], "size": 3}]}, ["marks[0]", "marks[1]", "marks[1].kind"]),
    ({"source": "gone.png", "marks": [{"kind": "circle", "at": [1, 2], "radius": 3}], "units": "cm"}, ["source", "units", "marks[0]", "marks[0].kind"]),
    ({"marks": [{"kind": "box", "at": [1, 2, 3]}], "save_as": "a.gif"}, ["source", "save_as", "marks[0].at"]),
    ({"source": "p.png", "marks": [{"kind": "box", "at": [0, 0, 99, 9]}, {"kind": "text", "at": [1, 1]}]}, ["marks[0].at", "marks[1].label"]),
]  # fmt: skip
COMPARE_IMAGES = [
    ({"image1": "p.png", "image2": "q.png"}, "identical"),
    ({"before": "p.png", "after": "q.png"}, "identical"),
    ({"images": ["p.png", "q.png"]}, "identical"),
    ({"sources": ["p.png", "q.png"], "show": "side by side"}, "identical"),
    ({"A": "p.png", "B": "q.png", "show": "diff"}, "identical"),
    ({"a": "p.png", "b": ["q.png"], "tolerance": "5"}, "identical"),
    ({"a": "p.png", "b": "q.png", "show": None, "tolerance": None}, "identical"),
    ({}, ["a", "b"]),
    ({"a": "p.png"}, ["b"]),
    ({"images": ["p.png", "q.png", "p.png"]}, ["a", "b", "images"]),
    ({"a": "gone.png", "b": "lost.png", "show": "none", "tolerance": 999}, ["show", "a", "b", "tolerance"]),
    ({"a": "t.csv", "b": "p.pdf", "tolerance": "much"}, ["tolerance", "a", "b"]),
    ({"a": 1, "b": 2, "mode": "fast"}, ["a", "b", "mode"]),
]
TRANSFORM_IMAGE = [
    ({"path": "p.png", "operations": [{"type": "crop", "box": [10, 5, 20, 15]}]}, PLACE),
    ({"source": "p.png", "operations": {"crop": [10, 5, 20, 15]}}, PLACE),
    ({"source": "p.png", "operation": '{"crop": [10, 5, 20, 15]}'}, PLACE),
    ({"source": "p.png", "crop": {"x": 10, "y": 5, "width": 10, "height": 10}}, PLACE),
    ({"source": "p.png", "rotate": "90"}, "rotated 90 degrees"),
    ({"source": "p.png", "steps": [{"op": "resize", "width": 20}]}, "20x15"),
    ({"source": "p.png", "operations": ["grayscale"], "units": None}, "converted to grey"),
    ({"source": "p.png", "transformations": [{"flip": "Horizontal"}, {"format": "JPG"}]}, "flipped left to right"),
    ({}, ["source", "operations"]),
    ({"source": "p.png", "operations": []}, ["operations"]),
    ({"source": "p.png", "crop": [0, 0, 9, 9], "rotate": 90}, ["operations", "crop", "rotate"]),
    ({"source": "p.png", "operations": {"crop": [0, 0, 9, 9], "rotate": 90}}, ["operations[0]"]),
    (
        {"source": "p.png", "operations": [{"resize": "50%"}, {"blurr": 3}, {"rotate": "x"}], "quality": 3, "units": "cm"},
        ["quality", "units", "operations[0].resize", "operations[1]", "operations[2].rotate"],
    ),
    (
        {"source": "p.png", "operations": [{"crop": [0, 0, 99, 9]}, {"blurr": 3}, {"rotate": "x"}], "units": "cm"},
        ["units", "operations[1]", "operations[2].rotate"],
    ),
    (
        {"source": "p.png", "operations": [{"crop": [0, 0, 99, 9]}, {"blurr": 3}, {"rotate": "x"}]},
        ["operations[1]", "operations[2].rotate", "operations[0].crop"],
    ),
    ({"source": "gone.png", "operations": [{"scale": 2}, 5]}, ["source", "operations[0]", "operations[1]"]),
]  # fmt: skip
CONTACT_SHEET = [
    ({"sources": "p.png"}, "1: p.png"),
    ({"images": ["p.png", "q.png"]}, "2: q.png"),
    ({"paths": '["p.png", "q.png"]'}, "2: q.png"),
    ({"source": "*.png"}, "2: q.png"),
    ({"files": ["p.png"], "labels": "before"}, "'before'"),
    ({"sources": ["p.png", "q.png"], "captions": [1, 2]}, "2: '2'"),
    ({"sources": ["p.png"], "labels": None}, "1: p.png"),
    ({}, ["sources"]),
    ({"sources": []}, ["sources"]),
    ({"sources": 5, "columns": 3}, ["sources", "columns"]),
    ({"images": ["p.png", "q.png"], "labels": "x", "columns": 3}, ["columns", "labels"]),
    ({"sources": ["*.bmp", "*.tga"], "labels": ["a"]}, ["sources[0]", "sources[1]", "labels"]),
    ({"sources": ["p.png", 5, None], "label": {}}, ["sources[1]", "sources[2]", "labels"]),
]
IMAGE_INFO = [
    ({"path": "p.png"}, "PNG, 40x30 px"),
    ({"image_path": "p.png"}, "PNG, 40x30 px"),
    ({"url": "p.png"}, "PNG, 40x30 px"),
    ({"source": ["p.png"], "exif": "yes"}, "no EXIF"),
    ({"file": "p.png", "metadata": True}, "no EXIF"),
    ({"source": "p.png", "exif": None}, "PNG, 40x30 px"),
    ({"parameters": {"source": "p.png"}}, "PNG, 40x30 px"),
    ({}, ["source"]),
    ({"source": 5}, ["source"]),
    ({"source": "gone.png", "exif": "maybe"}, ["exif", "source"]),
    ({"source": "p.pdf", "colors": True}, ["colors", "source"]),
]
RENDER_DOCUMENT = [
    ({"source": "p.pdf", "pages": 2, "size": 200}, "page 2 of 3"),
    ({"source": "p.pdf", "pages": [1, 3], "size": "200px"}, "pages 1, 3 of 3"),
    ({"source": "p.pdf", "pages": "[1, 3]", "size": 200}, "pages 1, 3 of 3"),
    ({"pdf": "p.pdf", "page": 1, "size": 200}, "page 1 of 3"),
    ({"file": "p.pdf", "pages": "all", "size": 200}, "pages 1-3 of 3"),
    ({"document": "p.pdf", "page_range": "1-2", "size": 200}, "pages 1-2 of 3"),
    ({"path": "p.pdf", "pages": None, "text": "true", "size": 200}, "Page 1, text"),
    ({}, ["source"]),
    ({"source": "p.pdf", "page": 9, "size": 5000, "text": "maybe"}, ["text", "size", "pages"]),
    ({"source": "gone.pdf", "pages": "first", "size": 1}, ["source", "size", "pages"]),
    ({"source": "p.png", "pages": "x", "dpi": 300}, ["dpi", "pages", "source"]),
]
MAKE_QR_CODE = [
    ({"data": "x"}, "A QR code of 'x'"),
    ({"url": "https://example.org"}, "A QR code of 'https://example.org'"),
    ({"text": 42}, "A QR code of '42'"),
    ({"content": "x", "size": "290px"}, "PNG, 290x290 px"),
    ({"text": "x", "error_correction": "high"}, "error correction H"),
    ({"text": "x", "level": "q"}, "error correction Q"),
    ({"text": "x", "errorCorrectionLevel": "L", "size": None}, "error correction L"),
    ({}, ["text"]),
    ({"text": "", "size": 5}, ["text", "size"]),
    ({"data": "x", "size": 5, "level": "Z"}, ["error_correction", "size"]),
    ({"text": "x" * 5000, "size": "large", "color": "red"}, ["size", "color", "text"]),
]
CREATE_IMAGE = [
    ({"description": "A bridge", "size": [256, 256]}, 'A picture of "A bridge"'),
    ({"prompt": "A bridge", "size": "256×256"}, "256x256 px"),
    ({"text": "A bridge", "size": "256 X 256", "outputFormat": "JPG"}, "JPEG"),
    ({"prompt": "A bridge", "size": "256x256", "format": "image/webp", "compression": "80%"}, "WebP"),
    ({"prompt": "A bridge", "size": {"width": 256, "height": 256}, "count": "2"}, "2 pictures of"),
    ({"prompt": "A bridge", "size": "256x256", "quality": "High", "background": None, "n": None}, "A picture of"),
    ({}, ["prompt"]),
    ({"prompt": "", "size": "big", "n": 99}, ["n", "prompt", "size"]),
    ({"prompt": "x", "quality": "best", "background": "red", "format": "bmp"}, ["format", "quality", "background"]),
    ({"prompt": "x", "compression": 50, "size": "1x1", "n": 2, "partial_images": 1}, ["size", "compression", "partial_images", "partial_images"]),
    ({"prompt": "x", "format": "jpeg", "background": "transparent", "style": "vivid"}, ["style", "background"]),
    ({"size": "big", "save_as": "a.bmp", "compression": 50}, ["prompt", "save_as", "size", "compression"]),
]  # fmt: skip
EDIT_IMAGE = [
    ({"prompt": "Blue", "source": "p.png", "size": "256x256"}, "from p.png"),
    ({"prompt": "Blue", "image": "p.png", "size": "256x256"}, "from p.png"),
    ({"prompt": "Blue", "images": "p.png", "size": "256x256"}, "from p.png"),
    ({"instructions": "Blue", "paths": ["p.png", "q.png"], "size": "256x256"}, "from p.png, q.png"),
    ({"prompt": "Blue", "sources": '["p.png"]', "size": "256x256", "mask": ""}, "from p.png"),
    ({}, ["prompt", "images"]),
    (
        {"prompt": "", "images": ["gone.png", "lost.png"], "size": "big"},
        ["prompt", "size", "images[0]", "images[1]"],
    ),
    ({"images": ["p.png"], "mask": "gone.png", "n": 0}, ["prompt", "n", "mask"]),
    ({"prompt": "x", "images": [], "mask": 5}, ["images", "mask"]),
    ({"prompt": "x", "images": ["t.csv"], "strength": 0.5}, ["strength", "images"]),
    ({"prompt": "x", "images": ["p.png"], "mask": "q.png", "format": "bmp"}, ["format", "mask"]),
]

TABLE = {
    "get_image": GET_IMAGE,
    "load_image": LOAD_IMAGE,
    "load_file": LOAD_FILE,
    "generate_chart": GENERATE_CHART,
    "view_image": VIEW_IMAGE,
    "annotate_image": ANNOTATE_IMAGE,
    "compare_images": COMPARE_IMAGES,
    "transform_image": TRANSFORM_IMAGE,
    "contact_sheet": CONTACT_SHEET,
    "image_info": IMAGE_INFO,
    "render_document": RENDER_DOCUMENT,
    "make_qr_code": MAKE_QR_CODE,
    "create_image": CREATE_IMAGE,
    "edit_image": EDIT_IMAGE,
}


def judged(failed, text, expected):
    """Return what an answer is, in the words of `expected` where it is what is expected."""
    if isinstance(expected, str):
        return expected if expected in text and not failed else text
    lines = text.removeprefix("Tool error:\n").splitlines()
    return [line.partition(": ")[0] for line in lines] if failed else text


async def test_every_tool_has_ten_rows(bridge):
    assert {tool["name"] for tool in bridge.tools} == set(TABLE)
    assert {name for name, rows in TABLE.items() if len(rows) < 10} == set()


@pytest.mark.parametrize("tool", one_in(6, TABLE))
async def test_first_guesses(bridge, tool):
    seen = []
    for arguments, expected in TABLE[tool]:
        result = await bridge.call(tool, arguments)
        text = result["content"][0]["text"]
        seen.append((arguments, judged(bool(result.get("isError")), text, expected)))
    assert seen == TABLE[tool]


SENT = [
    ("generate_chart", {**BAR, "kind": "donut", "columns": '{"x": "month"}'}, "Pie chart of 2 rows"),
    ("generate_chart", {"kind": "barr", "data": ROWS, "columns": {"x": "mont"}, "width": "wide"}, ["width", "kind", "columns"]),
    ("render_document", {"source": "p.pdf", "pages": 2, "size": 200}, "page 2 of 3"),
    ("view_image", {"image": "p.png", "region": {"x": 10, "y": 5, "width": 10, "height": 10}}, PLACE),
    ("transform_image", {"source": "p.png", "operations": [{"blurr": 3}, {"rotate": "x"}], "unit": "cm"}, ["units", "operations[0]", "operations[1].rotate"]),
]  # fmt: skip


async def test_as_a_client_of_the_sdk_sends_them(folder):
    seen = []
    async with Client(build_server(Settings(allow=(folder,)))) as client:
        for tool, arguments, expected in SENT:
            result = await client.call_tool(tool, arguments)
            seen.append((tool, arguments, judged(result.is_error, result.content[0].text, expected)))
    assert seen == SENT


@pytest.mark.long
def test_as_the_command_line_sends_them(folder):
    pairs = [word for tool, arguments, _ in SENT for word in (tool, json.dumps(arguments))]
    called = subprocess.run(
        [*MAIN, "call", *pairs, "--allow", str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (called.returncode, called.stderr) == (1, "")
    seen = []
    for (tool, arguments, expected), item in zip(SENT, json.loads(called.stdout), strict=True):
        output = item["output"]
        text = output if isinstance(output, str) else output[0]["text"]
        seen.append((tool, arguments, judged(text.startswith("Tool error:"), text, expected)))
    assert seen == SENT
