"""Compares the medians of warm calls of every tool over stdio with other servers, where npm has them.

create_image and edit_image ask the local endpoint, which draws in milliseconds: theirs is what lies between.
Peers are installed once into the user's cache. imagesorcery-mcp needs six gigabytes of models and is left out.
"""

import json
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import pytest
from benchmarks.ratios import SERVERS, TOOLS
from mcp import Client, StdioServerParameters
from PIL import Image

from imagebridge.client.connect import own_server
from imagebridge.testing import Endpoint

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]

ROUNDS = 20
ROWS = [{"month": f"Month {n}", "sales": n * 7 % 11 + 1} for n in range(12)]

CALLS = {
    "get_image": {"text": "Hello"},
    "load_image": {"source": "photo.jpg"},
    "load_file": {"source": "rows.csv"},
    "generate_chart": {"kind": "bar", "data": ROWS, "width": 900, "height": 650},
    "view_image": {"source": "photo.jpg", "region": [100, 100, 500, 400]},
    "annotate_image": {
        "source": "photo.jpg",
        "marks": [{"kind": "box", "at": [10, 10, 200, 200], "label": "a"}],
    },
    "compare_images": {"a": "photo.jpg", "b": "other.jpg"},
    "transform_image": {"source": "photo.jpg", "operations": [{"crop": [0, 0, 400, 300]}]},
    "contact_sheet": {"sources": ["photo.jpg", "other.jpg"]},
    "image_info": {"source": "photo.jpg"},
    "render_document": {"source": "drawing.svg"},
    "make_qr_code": {"text": "https://example.org"},
    "create_image": {"prompt": "A bridge", "size": "256x256"},
    "edit_image": {"prompt": "At night", "images": ["photo.jpg"], "size": "256x256"},
}

SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='400' height='300'><circle cx='200' cy='150' r='90'/></svg>"

PEERS = {
    "mcp-echarts": (
        "build/index.js",
        "generate_bar_chart",
        {
            "data": [{"category": row["month"], "value": row["sales"]} for row in ROWS],
            "width": 900,
            "height": 650,
        },
    ),
    "@modelcontextprotocol/server-everything": ("dist/index.js", "get-tiny-image", {}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    photo = Image.effect_noise((1000, 750), 60).resize((2000, 1500)).convert("RGB")
    photo.save(folder / "photo.jpg", quality=90)
    photo.paste((200, 0, 0), (300, 300, 500, 400))
    photo.save(folder / "other.jpg", quality=90)
    (folder / "rows.csv").write_text("a,b\n1,2\n")
    (folder / "drawing.svg").write_text(SVG)
    return folder


async def milliseconds(client, name, arguments, count):
    """Return the median of warm calls, and the size of the result in words."""
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    times = []
    for _ in range(count):
        began = time.perf_counter()
        await client.call_tool(name, arguments)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000, f"{len(result.model_dump_json()) / 1000:,.0f} kB"


@pytest.fixture
def endpoint():
    with Endpoint([]) as endpoint:
        yield endpoint


async def test_every_tool(folder, endpoint, measured, rounds):
    server = own_server("--allow", str(folder), environment={"OPENAI_BASE_URL": endpoint.base_url})
    async with Client(server) as client:
        assert set(CALLS) == set(TOOLS) == {tool.name for tool in (await client.list_tools()).tools}
        for name, arguments in CALLS.items():
            measured(name, *await milliseconds(client, name, arguments, rounds(ROUNDS)))


@pytest.fixture(scope="module")
def installed():
    """Return the folder in which npm has put the peers."""
    npm = shutil.which("npm")
    assert npm, "the peers are installed with npm"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "imagebridge" / "peers"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "package.json").write_text(json.dumps({"dependencies": dict.fromkeys(PEERS, "latest")}))
    subprocess.run([npm, "install", "--no-audit", "--no-fund"], cwd=cache, check=True, capture_output=True)
    return cache / "node_modules"


@pytest.mark.parametrize("package", SERVERS)
async def test_beside_servers_of_others(package, installed, measured, rounds):
    start, tool, arguments = PEERS[package]
    command = [str(installed / package / start), *(["stdio"] if "everything" in package else [])]
    async with Client(StdioServerParameters(command="node", args=command), mode="legacy") as client:
        measured(package, *await milliseconds(client, tool, arguments, rounds(ROUNDS)))
