"""Writes gallery.md: every tool that makes pictures without a key, called over MCP, and what came back.

uv run python docs/gallery.py
"""

import json
import re
import shutil
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import anyio
import pybase64
from mcp import Client
from mcp.types import Tool
from PIL import Image, ImageDraw

from imagebridge.cli.demo import scene
from imagebridge_server import Settings, build_server

HERE = Path(__file__).parent
SIDE, QUALITY = 800, 80
"""Pixels of the longer side, and WebP quality, of the pictures on the page."""


class Call(NamedTuple):
    """A call that the page shows, and what it is an example of."""

    what: str
    tool: str
    arguments: dict[str, Any]


_QUARTERS = {"quarter": ["Q1", "Q2", "Q3", "Q4"] * 2, "city": ["Oslo"] * 4 + ["Rome"] * 4, "trips": [12, 18, 25, 9, 20, 31, 34, 22]}  # fmt: skip
_DAYS = [{"day": f"2026-05-{day:02d}", "cars": 900 + 37 * (day * 7 % 11)} for day in range(1, 15)]  # fmt: skip
_SPANS = "bridges.csv"
_LOADS = {"load": [n % 17 + n * 7 % 5 for n in range(40)], "sag": [n % 17 + n * 13 % 7 for n in range(40)], "lane": list("AB" * 20)}  # fmt: skip

CALLS = [
    Call("A text, to see whether pictures arrive", "get_image", {"text": "Hello from imagebridge"}),
    Call("Bars from a file", "generate_chart", {"kind": "bar", "data": _SPANS, "columns": {"x": "span_m", "y": "bridge"}, "title": "Longest suspension bridges (m)"}),
    Call("Bars of several series", "generate_chart", {"kind": "bar", "data": _QUARTERS, "columns": {"x": "quarter", "y": "trips", "color": "city"}}),
    Call("Stacked bars", "generate_chart", {"kind": "bar", "data": _QUARTERS, "columns": {"x": "quarter", "y": "trips", "color": "city"}, "stack": True}),
    Call("A line over dates", "generate_chart", {"kind": "line", "data": _DAYS, "columns": {"x": "day", "y": "cars"}}),
    Call("An area", "generate_chart", {"kind": "area", "data": _DAYS, "columns": {"x": "day", "y": "cars"}}),
    Call("Points", "generate_chart", {"kind": "scatter", "data": _LOADS, "columns": {"x": "load", "y": "sag", "color": "lane"}}),
    Call("A histogram", "generate_chart", {"kind": "histogram", "data": _LOADS, "columns": {"x": "sag"}}),
    Call("Boxes", "generate_chart", {"kind": "box", "data": _LOADS, "columns": {"x": "lane", "y": "sag"}}),
    Call("A heatmap", "generate_chart", {"kind": "heatmap", "data": _QUARTERS, "columns": {"x": "quarter", "y": "city", "color": "trips"}}),
    Call("A pie", "generate_chart", {"kind": "pie", "data": {"lane": ["cars", "trucks", "bicycles"], "share": [61, 24, 15]}}),
    Call("Small charts side by side", "generate_chart", {"kind": "line", "data": _QUARTERS, "columns": {"x": "quarter", "y": "trips", "facet": "city"}}),
    Call("Dark", "generate_chart", {"kind": "line", "data": _DAYS, "columns": {"x": "day", "y": "cars"}, "theme": "dark"}),
    Call("Any Vega-Lite", "generate_chart", {"spec": {"mark": {"type": "arc", "innerRadius": 60}, "encoding": {"theta": {"field": "trips", "aggregate": "sum", "type": "quantitative"}, "color": {"field": "city"}}}, "data": _QUARTERS, "width": 400, "height": 300}),
    Call("A photograph, upright and without metadata", "load_image", {"source": "bridge.jpg"}),
    Call("An animation, as one sheet", "load_image", {"source": "day.gif"}),
    Call("A region at full resolution, with a grid to point by", "view_image", {"source": "bridge.jpg", "region": [300, 150, 560, 400], "grid": True}),
    Call("Turned, with more contrast, in shares of the picture", "view_image", {"source": "bridge.jpg", "region": [0, 0.5, 0.5, 1], "units": "0-1", "rotate": 90, "contrast": "auto"}),
    Call("Marks and labels", "annotate_image", {"source": "bridge.jpg", "marks": [
        {"kind": "box", "at": [244, 130, 274, 540], "label": "tower"},
        {"kind": "arrow", "at": [720, 600, 680, 454], "label": "deck"},
        {"kind": "polygon", "at": [259, 144, 330, 292, 400, 392, 470, 434, 540, 446, 540, 144], "label": "half the span"},
        {"kind": "number", "at": [60, 446]}, {"kind": "number", "at": [648, 360], "label": "sun"},
        {"kind": "text", "at": [20, 20], "label": "Dusk at the bridge"}]}),
    Call("Blacked out for good", "annotate_image", {"source": "ticket.png", "marks": [{"kind": "redact", "at": [112, 84, 480, 122]}, {"kind": "redact", "at": [112, 134, 480, 172], "label": "card"}]}),
    Call("Where two pictures differ", "compare_images", {"a": "ticket.png", "b": "changed.png"}),
    Call("The changes alone", "compare_images", {"a": "ticket.png", "b": "changed.png", "show": "overlay"}),
    Call("How much each pixel differs", "compare_images", {"a": "ticket.png", "b": "changed.png", "show": "difference"}),
    Call("The same pixels", "compare_images", {"a": "ticket.png", "b": "ticket.webp"}),
    Call("Operations in their order", "transform_image", {"source": "bridge.jpg", "operations": [{"crop": [200, 60, 900, 560]}, {"fit": [500, 500]}, {"grayscale": True}, {"contrast": 1.4}, {"background": "#f4ead5"}, {"rotate": -4}, {"pad": 24}]}),
    Call("Pictures of a folder", "contact_sheet", {"sources": ["hour *.png", "bridge.jpg", "day.gif"]}),
    Call("What a picture is", "image_info", {"source": "bridge.jpg", "exif": True}),
    Call("What a code says", "image_info", {"source": "ticket.png"}),
    Call("Pages of a PDF, with their text", "render_document", {"source": "report.pdf", "pages": "1-2", "text": True, "size": 700}),
    Call("A drawing", "render_document", {"source": "sign.svg", "size": 500}),
    Call("A QR code", "make_qr_code", {"text": "https://example.com/bridge", "size": 290, "error_correction": "Q"}),
]  # fmt: skip

_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 120" width="200" height="120">
<rect x="4" y="4" width="192" height="112" rx="14" fill="#1f5fa8" stroke="#fff" stroke-width="4"/>
<path d="M20 88 Q100 8 180 88 M20 88 H180 M60 60 V88 M100 48 V88 M140 60 V88" fill="none" stroke="#fff" stroke-width="5"/>
</svg>"""


async def main() -> None:
    """Call every tool and write the page with its pictures."""
    pictures = HERE / "gallery"
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir()
    with TemporaryDirectory() as folder:
        material(Path(folder))
        async with Client(build_server(Settings(allow=(Path(folder),)))) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            parts = [part for part in [await shown(client, tools, call) for call in CALLS] if part]
    head = (
        "# Gallery\n\nEach tool, the call that was made, the sentence that came back for a model that cannot see, and "
        "the picture, made smaller for this page. `uv run python docs/gallery.py` writes it anew. `create_image` and "
        "`edit_image` need a key and are not shown."
    )
    (HERE / "gallery.md").write_text("\n\n".join([head, *parts]) + "\n", encoding="utf-8")


async def shown(client: Client, tools: Mapping[str, Tool], call: Call) -> str:
    """Make a call, keep its pictures, and return its part of the page; nothing where this server does not offer it."""
    tool = tools[call.tool]
    schema = tool.input_schema["properties"]
    kinds = schema.get("kind", {}).get("enum")
    kind = call.arguments.get("kind")
    if not call.arguments.keys() <= schema.keys() or (kind and kinds and kind not in kinds):
        return ""
    result = await client.call_tool(call.tool, call.arguments)
    assert not result.is_error, (call, result.content)
    sentence, *images = result.content
    name = re.sub(r"\W+", "-", f"{call.tool} {call.what}".lower()).strip("-")
    links: list[str] = []
    for number, image in enumerate(images, 1):
        path = HERE / "gallery" / (f"{name}-{number}.webp" if len(images) > 1 else f"{name}.webp")
        smaller = Image.open(BytesIO(pybase64.b64decode(image.data)))
        smaller.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        smaller.save(path, quality=QUALITY, method=6)
        links.append(f"![{call.what}](gallery/{path.name})")
    told = re.sub(r" Files are read below .*", "", tool.description or "")
    first = next(one for one in CALLS if one.tool == call.tool)
    head = f"## {call.tool}\n\n{told}\n\n" if call is first else ""
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    quoted = "\n".join(f"> {line}" for line in sentence.text.splitlines())
    parts = [f"### {call.what}", f"```json\n{arguments}\n```", quoted, "\n".join(links)]
    return head + "\n\n".join(part for part in parts if part)


def material(folder: Path) -> None:
    """Make the files that the calls name."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Example", "Camera 1"
    exif.get_ifd(0x8769)[0x9003] = "2026:05:01 20:31:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (40.0, 12.0, 14.0), 3: "E", 4: (26.0, 38.0, 22.0)})
    scene.scene(1080, 720, grain=8).save(folder / "bridge.jpg", exif=exif, quality=90)
    hours = [scene.scene(480, 320, hour) for hour in range(4)]
    for number, picture in enumerate(hours, 1):
        picture.save(folder / f"hour {number}.png")
    hours[0].save(folder / "day.gif", save_all=True, append_images=hours[1:], duration=500)
    bridges = Path(scene.__file__).with_name("bridges.csv")
    shutil.copy(bridges, folder / "bridges.csv")
    ticket("Gate 7", "12:40").save(folder / "ticket.png")
    ticket("Gate 7", "12:40").save(folder / "ticket.webp", lossless=True)
    ticket("Gate 9", "13:05").save(folder / "changed.png")
    pages = [page("Bridges", "The longest span is 2,023 m."), page("Towers", "318 m above the sea.")]
    (folder / "report.pdf").write_bytes(document(pages))
    (folder / "sign.svg").write_text(_SVG, encoding="utf-8")


def ticket(gate: str, time: str) -> Image.Image:
    """Draw a ticket with a name, a card number and a QR code."""
    from imagebridge_tools import make_qr_code

    image = Image.new("RGB", (760, 300), "#fdf6e3")
    draw = ImageDraw.Draw(image)
    draw.rectangle((10, 10, 749, 289), outline="#b58900", width=3)
    for row, words in enumerate(
        ("Ferry to the bridge", "Name   Ada Example", "Card   4000 1234 5678 9010", f"{gate}   {time}")
    ):
        draw.text((40, 34 + 50 * row), words, "#073642", font_size=30)
    code = Image.open(BytesIO(make_qr_code("TICKET-0042", 145).pictures[0].data))
    image.paste(code.convert("RGB"), (590, 130))
    return image


def page(title: str, text: str) -> str:
    """Return the drawing commands of a page of a PDF."""
    lines = f"BT /F1 40 Tf 60 700 Td ({title}) Tj 0 -50 Td /F1 20 Tf ({text}) Tj ET"
    return f"0.12 0.37 0.66 rg 60 60 475 400 re f 0 g {lines}"


def document(pages: list[str]) -> bytes:
    """Put pages together to a PDF."""
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    kids: list[str] = []
    for commands in pages:
        number = len(bodies) + 1
        resources = "/Resources << /Font << /F1 3 0 R >> >>"
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {number + 1} 0 R {resources} >>"
        )
        bodies.append(f"<< /Length {len(commands)} >>\nstream\n{commands}\nendstream")
        kids.append(f"{number} 0 R")
    bodies[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>"
    data, places = "%PDF-1.4\n", list[int]()
    for number, body in enumerate(bodies, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    return f"{data}xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}{end}".encode()


if __name__ == "__main__":
    anyio.run(main)
