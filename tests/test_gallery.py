"""docs/gallery.md shows what the tools really offer and return, as docs/gallery.py writes it now."""

import json
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from pathlib import Path

import pytest
from mcp import Client
from PIL import Image

from imagebridge_server.app import build_server
from imagebridge_tools.charts.chart_options import KINDS

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "gallery.md").read_text(encoding="utf-8")
NAMES = re.findall(r"\]\(gallery/(.+?\.webp)\)", PAGE)


@pytest.fixture(scope="module")
def gallery():
    spec = spec_from_file_location("gallery", DOCS / "gallery.py")
    module = module_from_spec(spec)
    sys.modules["gallery"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["gallery"]


@pytest.mark.anyio
async def test_every_tool_and_kind_of_chart_is_shown(gallery):
    async with Client(build_server()) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    for name, tool in tools.items():
        if name != "load_file":  # It gives no pictures.
            assert f"## {name}\n" in PAGE
            assert tool.description.split(". ")[0] in PAGE
    for kind in KINDS:
        assert f'{{"kind": "{kind}"' in PAGE


def test_the_calls_are_those_of_the_script(gallery):
    shown = [json.loads(text) for text in re.findall(r"```json\n(.*?)\n```", PAGE)]
    calls = [json.loads(json.dumps(call.arguments)) for call in gallery.CALLS]
    assert shown
    assert all(call in calls for call in shown)


def test_its_pictures_are_there_small_and_no_others():
    assert sorted(NAMES) == sorted(file.name for file in (DOCS / "gallery").iterdir())
    for name in NAMES:
        data = (DOCS / "gallery" / name).read_bytes()
        assert len(data) < 60_000
        with Image.open(BytesIO(data)) as image:
            image.load()
            assert max(image.size) <= 800


@pytest.mark.long
@pytest.mark.anyio
async def test_it_can_be_written_anew(gallery, tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "HERE", tmp_path)
    await gallery.main()
    assert (tmp_path / "gallery.md").read_text(encoding="utf-8") == PAGE
    assert sorted(file.name for file in (tmp_path / "gallery").iterdir()) == sorted(NAMES)
