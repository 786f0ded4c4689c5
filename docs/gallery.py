"""Writes gallery.md: calls every tool that makes pictures without a key over MCP, and shows the results.

uv run --group tests python docs/gallery.py
"""

import json
import re
import shutil
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import anyio
import pybase64
from mcp import Client
from mcp.types import CallToolResult, Tool
from PIL import Image, ImageChops, ImageDraw

from imagebridge_server import Settings, build_server

HERE = Path(__file__).parent
SIDE, QUALITY = 800, 80
"""Pixels of the longer side, and WebP quality, of the pictures on the page."""


class Call(NamedTuple):
    """A call that the page shows, with the title of the example."""

    what: str
    tool: str
    arguments: dict[str, Any]


_QUARTERS = {"quarter": ["Q1", "Q2", "Q3", "Q4"] * 2, "city": ["Oslo"] * 4 + ["Rome"] * 4, "trips": [12, 18, 25, 9, 20, 31, 34, 22]}  # fmt: skip
_DAYS = [{"day": f"2026-05-{day:02d}", "cars": 900 + 37 * (day * 7 % 11)} for day in range(1, 15)]  # fmt: skip
_SPANS = "bridges.csv"
_LOADS = {"load": [n % 17 + n * 7 % 5 for n in range(40)], "sag": [n % 17 + n * 13 % 7 for n in range(40)], "lane": list("AB" * 20)}  # fmt: skip

CALLS = [
    Call("Text, to see whether pictures arrive", "get_image", {"text": "Hello from imagebridge"}),
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
    Call("Dark theme", "generate_chart", {"kind": "line", "data": _DAYS, "columns": {"x": "day", "y": "cars"}, "theme": "dark"}),
    Call("Any Vega-Lite spec", "generate_chart", {"spec": {"mark": {"type": "arc", "innerRadius": 60}, "encoding": {"theta": {"field": "trips", "aggregate": "sum", "type": "quantitative"}, "color": {"field": "city"}}}, "data": _QUARTERS, "width": 400, "height": 300}),
    Call("A photograph, upright and without metadata", "load_image", {"source": "bridge.jpg"}),
    Call("An animation, as one sheet", "load_image", {"source": "day.gif"}),
    Call("A region at full resolution, with a coordinate grid", "view_image", {"source": "bridge.jpg", "region": [300, 150, 560, 400], "grid": True}),
    Call("Rotated, with more contrast, in relative coordinates", "view_image", {"source": "bridge.jpg", "region": [0, 0.5, 0.5, 1], "units": "0-1", "rotate": 90, "contrast": "auto"}),
    Call("Marks and labels", "annotate_image", {"source": "bridge.jpg", "marks": [
        {"kind": "box", "at": [244, 130, 274, 540], "label": "tower"},
        {"kind": "arrow", "at": [720, 600, 680, 454], "label": "deck"},
        {"kind": "polygon", "at": [259, 144, 330, 292, 400, 392, 470, 434, 540, 446, 540, 144], "label": "half the span"},
        {"kind": "number", "at": [60, 446]}, {"kind": "number", "at": [648, 360], "label": "sun"},
        {"kind": "text", "at": [20, 20], "label": "Dusk at the bridge"}]}),
    Call("Blacked out for good", "annotate_image", {"source": "ticket.png", "marks": [{"kind": "redact", "at": [112, 84, 480, 122]}, {"kind": "redact", "at": [112, 134, 480, 172], "label": "card"}]}),
    Call("Where two pictures differ", "compare_images", {"a": "ticket.png", "b": "changed.png"}),
    Call("Only the changes", "compare_images", {"a": "ticket.png", "b": "changed.png", "show": "overlay"}),
    Call("How much each pixel differs", "compare_images", {"a": "ticket.png", "b": "changed.png", "show": "difference"}),
    Call("The same pixels", "compare_images", {"a": "ticket.png", "b": "ticket.webp"}),
    Call("Operations in order", "transform_image", {"source": "bridge.jpg", "operations": [{"crop": [200, 60, 900, 560]}, {"fit": [500, 500]}, {"grayscale": True}, {"contrast": 1.4}, {"background": "#f4ead5"}, {"rotate": -4}, {"pad": 24}]}),
    Call("Pictures from a folder", "contact_sheet", {"sources": ["hour *.png", "bridge.jpg", "day.gif"]}),
    Call("What a picture is", "image_info", {"source": "bridge.jpg", "exif": True}),
    Call("What a code says", "image_info", {"source": "ticket.png"}),
    Call("Pages of a PDF, with their text", "render_document", {"source": "report.pdf", "pages": "1-2", "text": True, "size": 700}),
    Call("A drawing", "render_document", {"source": "sign.svg", "size": 500}),
    Call("A QR code", "make_qr_code", {"text": "https://example.com/bridge", "size": 290, "error_correction": "Q"}),
]  # fmt: skip

_TABLE = """bridge,country,opened,span_m
1915 Çanakkale,Turkey,2022,2023
Akashi Kaikyo,Japan,1998,1991
Yangsigang Yangtze River,China,2019,1700
Second Humen (Nansha),China,2019,1688
Xihoumen,China,2009,1650
Great Belt East,Denmark,1998,1624
Osman Gazi,Turkey,2016,1550
Yi Sun-sin,South Korea,2012,1545
Runyang,China,2005,1490
Humber,United Kingdom,1981,1410
Verrazzano-Narrows,United States,1964,1298
Golden Gate,United States,1937,1280
"""

_HOURS = [("#18204a", "#e8785c", "#262c52", 648, 360), ("#5e9ed6", "#d6e8f4", "#3a7096", 540, 130), ("#344a8c", "#fabe6e", "#3c4878", 670, 259), ("#0a0e22", "#2c3a6e", "#0e1228", 389, 173)]  # fmt: skip
"""Dusk, noon, evening, night: the sky above and at the horizon, the water, and where the sun or moon stands."""

_SCENE = """<svg xmlns="http://www.w3.org/2000/svg" width="1080" height="720">
<linearGradient id="sky" x2="0" y2="1"><stop stop-color="{0}"/><stop offset="1" stop-color="{1}"/></linearGradient>
<rect width="1080" height="475" fill="url(#sky)"/><rect y="475" width="1080" height="245" fill="{2}"/>
<g fill="none" stroke="#ffecc8" stroke-width="3"><circle cx="{3}" cy="{4}" r="65" fill="#ffecc8"/>{waves}</g>
<path d="M0 446 L259 144 Q540 748 821 144 L1080 446 {hangers}" fill="none" stroke="#962c24" stroke-width="4"/>
<path d="M0 450 H1080 M259 140 V533 M821 140 V533" fill="none" stroke="#962c24" stroke-width="12"/></svg>"""

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
        async with Client(build_server(Settings(allow=(Path(folder),)))) as client:
            await material(client, Path(folder))
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            parts = [part for part in [await shown(client, tools, call) for call in CALLS] if part]
    head = (
        "# Gallery\n\nThis page shows calls to each tool, with the sentence that the call returned for a model that cannot see, and "
        "the picture, scaled down. `uv run --group tests python docs/gallery.py` rewrites the page; it creates the files "
        "that the calls name, such as `bridge.jpg`, and deletes them afterwards. To try a call with your own file, run "
        "`imagebridge call TOOL 'ARGUMENTS' --allow FOLDER --save pictures`. `create_image` and `edit_image` need a key and are not shown."
    )
    (HERE / "gallery.md").write_text("\n\n".join([head, *parts]) + "\n", encoding="utf-8")


async def shown(client: Client, tools: Mapping[str, Tool], call: Call) -> str:
    """Make a call, save its pictures, and return its part of the page, or nothing if this server does not offer the call."""
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
    told = re.sub(r" Files are read from .*", "", tool.description or "")
    first = next(one for one in CALLS if one.tool == call.tool)
    head = f"## {call.tool}\n\n{told}\n\n" if call is first else ""
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    quoted = "\n".join(f"> {line}" for line in sentence.text.splitlines())
    parts = [f"### {call.what}", f"```json\n{arguments}\n```", quoted, "\n".join(links)]
    return head + "\n\n".join(part for part in parts if part)


async def material(client: Client, folder: Path) -> None:
    """Create the files that the calls name."""
    hours = [await scene(client, folder, hour) for hour in range(len(_HOURS))]
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Example", "Camera 1"
    exif.get_ifd(0x8769)[0x9003] = "2026:05:01 20:31:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (40.0, 12.0, 14.0), 3: "E", 4: (26.0, 38.0, 22.0)})
    # Noise of eight levels, as a camera's.
    noise = Image.frombytes("L", (1080, 720), Random(7).randbytes(1080 * 720)).point(
        lambda level: level // 32
    )
    photograph = ImageChops.add(hours[0], Image.merge("RGB", [noise] * 3), offset=-4)
    photograph.save(folder / "bridge.jpg", exif=exif, quality=90)
    hours = [hour.resize((480, 320)) for hour in hours]
    for number, drawn in enumerate(hours, 1):
        drawn.save(folder / f"hour {number}.png")
    hours[0].save(folder / "day.gif", save_all=True, append_images=hours[1:], duration=500)
    (folder / "bridges.csv").write_text(_TABLE, encoding="utf-8")
    qr_code = picture(await client.call_tool("make_qr_code", {"text": "TICKET-0042", "size": 145}))
    ticket("Gate 7", "12:40", qr_code).save(folder / "ticket.png")
    ticket("Gate 7", "12:40", qr_code).save(folder / "ticket.webp", lossless=True)
    ticket("Gate 9", "13:05", qr_code).save(folder / "changed.png")
    pages = [page("Bridges", "The longest span is 2,023 m."), page("Towers", "318 m above the sea.")]
    (folder / "report.pdf").write_bytes(document(pages))
    (folder / "sign.svg").write_text(_SVG, encoding="utf-8")


async def scene(client: Client, folder: Path, hour: int) -> Image.Image:
    """Draw a suspension bridge at an hour of the day."""
    *colours, x, y = _HOURS[hour]
    waves = "".join(f'<path d="M{x - 9 * n} {655 - 30 * n} h{18 * n}"/>' for n in range(1, 7))
    places = range(16, 1080, 16)
    tops = [446 - 302 * (((x - 540) / 281) ** 2 if 259 < x < 821 else 1 - min(abs(x - 259), abs(x - 821)) / 259) for x in places]  # fmt: skip
    hangers = " ".join(f"M{x} {top:.0f} V446" for x, top in zip(places, tops, strict=True))
    (folder / "scene.svg").write_text(_SCENE.format(*colours, x, y, waves=waves, hangers=hangers), "utf-8")
    drawn = await client.call_tool("render_document", {"source": "scene.svg", "size": 1080})
    (folder / "scene.svg").unlink()
    return picture(drawn)


def picture(result: CallToolResult) -> Image.Image:
    """Return the picture of a result."""
    return Image.open(BytesIO(pybase64.b64decode(result.content[1].data))).convert("RGB")


def ticket(gate: str, time: str, qr_code: Image.Image) -> Image.Image:
    """Draw a ticket with a name, a card number and a QR code."""
    image = Image.new("RGB", (760, 300), "#fdf6e3")
    draw = ImageDraw.Draw(image)
    draw.rectangle((10, 10, 749, 289), outline="#b58900", width=3)
    for row, words in enumerate(
        ("Ferry to the bridge", "Name   Ada Example", "Card   4000 1234 5678 9010", f"{gate}   {time}")
    ):
        draw.text((40, 34 + 50 * row), words, "#073642", font_size=30)
    image.paste(qr_code, (590, 130))
    return image


def page(title: str, text: str) -> str:
    """Return the drawing commands of a page of a PDF."""
    lines = f"BT /F1 40 Tf 60 700 Td ({title}) Tj 0 -50 Td /F1 20 Tf ({text}) Tj ET"
    return f"0.12 0.37 0.66 rg 60 60 475 400 re f 0 g {lines}"


def document(pages: list[str]) -> bytes:
    """Combine pages into a PDF."""
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
