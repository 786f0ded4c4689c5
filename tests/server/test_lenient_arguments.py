"""Arguments as models first guess them: accepted if they are unambiguous, otherwise answered with all mistakes."""

import io

import pytest
from long_rows import one_in
from mcp import Client
from PIL import Image

from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings

# One loop keeps the processes that draw and decode.
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

ROWS = [{"month": "Jan", "revenue": 3}, {"month": "Feb", "revenue": 5}]
MARK = {"x": 10, "y": 5, "width": 10, "height": 10}


@pytest.fixture
def picture(tmp_path):
    image = Image.new("RGB", (40, 30), "white")
    image.paste("#d62728", (10, 5, 20, 15))
    made = io.BytesIO()
    image.save(made, "PNG")
    (tmp_path / "p.png").write_bytes(made.getvalue())
    (tmp_path / "t.csv").write_text("k,n\na,1\nb,2\n")
    image.save(tmp_path / "p.pdf", save_all=True, append_images=[image, image])
    return tmp_path


async def call(folder, tool, **arguments):
    async with Client(build_server(Settings(allow=[folder]))) as client:
        result = await client.call_tool(tool, arguments)
    pictures = [block for block in result.content if block.type == "image"]
    return result.is_error, result.content[0].text, len(pictures)


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    one_in(6, [
        ("generate_chart", {"type": "bar", "data": ROWS}, "Bar chart of 2 rows"),
        ("generate_chart", {"chart_type": "Column", "data": ROWS}, "Bar chart of 2 rows"),
        ("generate_chart", {"kind": "bar", "data": ROWS, "columns": '{"x": "month"}'}, "Bar chart of 2 rows"),
        ("generate_chart", {"kind": "bar", "data": ROWS, "ranges": '{"y": [0, 9]}'}, "Bar chart of 2 rows"),
        ("render_document", {"source": "p.pdf", "pages": 2}, "page 2 of 3"),
        ("render_document", {"source": "p.pdf", "pages": [1, 3]}, "pages 1, 3 of 3"),
        ("contact_sheet", {"sources": "p.png"}, "p.png"),
        ("load_file", {"source": "t.csv", "rows": 2}, "this is row 2"),
        ("load_file", {"source": "t.csv", "rows": [1, 2]}, "these are rows 1 to 2"),
        ("view_image", {"source": "p.png", "region": MARK}, "x 10 to 20, y 5 to 15"),
        ("view_image", {"source": "p.png", "region": {"left": 10, "top": 5, "right": 20, "bottom": 15}}, "x 10 to 20, y 5 to 15"),
        ("view_image", {"source": "p.png", "region": {"x1": 10, "y1": 5, "x2": 20, "y2": 15}}, "x 10 to 20, y 5 to 15"),
        ("annotate_image", {"source": "p.png", "marks": [{"type": "box", **MARK, "text": "a"}]}, "box 'a' x 10 to 20, y 5 to 15"),
        ("annotate_image", {"source": "p.png", "marks": [{"kind": "box", "box": [10, 5, 20, 15]}]}, "box x 10 to 20, y 5 to 15"),
        ("annotate_image", {"source": "p.png", "marks": [{"kind": "point", "x": 3, "y": 4}]}, "point at (3, 4)"),
    ]),
)  # fmt: skip
async def test_what_can_mean_one_thing_only_is_taken(picture, tool, arguments, words):
    failed, text, pictures = await call(picture, tool, **arguments)
    assert (failed, words in text, pictures > 0) == (False, True, tool != "load_file"), text


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    one_in(2, [
        ("generate_chart", {"kind": "barr", "data": ROWS, "columns": {"x": "mont", "y": "revenu"}}, ("bar", "month", "'revenue'")),
        ("generate_chart", {"kind": "bar", "type": "line", "data": ROWS}, ("type: is not an argument of this tool; kind is, and you passed that too: leave this one out",)),
        ("view_image", {"source": "p.png", "region": {"x": 1, "y": 2}}, ("region",)),
        ("annotate_image", {"source": "p.png", "marks": [{"kind": "bxo", "at": [1, 2, 3, 4]}, {"kind": "arow", "at": [1, 2, 3, 4]}]}, ("marks[0]", "marks[1]", "'box'", "'arrow'")),
        ("annotate_image", {"source": "p.png", "marks": [{"kind": "circle", "at": [1, 2], "radius": 4}]}, ("radius", "box", "point")),
        ("transform_image", {"source": "p.png", "operations": [{"type": "crop"}]}, ('{"crop": [left, top',)),
    ]),
)  # fmt: skip
async def test_the_rest_is_answered_with_the_right_form(picture, tool, arguments, words):
    failed, text, _ = await call(picture, tool, **arguments)
    assert failed
    assert [word for word in words if word not in text] == [], text
