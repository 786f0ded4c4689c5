"""load_file with documents, as hosts get it: as text where they take none, as the file where they do."""

import json
import re
from pathlib import Path

import pytest
import samples
from mcp import Client

from imagebridge import Bridge
from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

WRITTEN = Path(__file__).parent.parent / "bridge" / "documents" / "written"
WITHOUT = ["claude-desktop", "cursor", "codex"]
"""Hosts that take no documents."""

SAID = {
    "report.docx": ["Revenue rose by 12 percent", "| Narvik | 21530 | 21600 |"],
    "report.odt": ["Revenue rose by 12 percent", "| Narvik | 21530 | 21600 |"],
    "report.epub": ["Revenue rose by 12 percent", "| Narvik | 21530 | 21600 |"],
    "report.pdf": ["Revenue rose by 12 percent", "Narvik 21530 21600"],
    "talk.pptx": ["Opening remarks", "| c00 | c01 |"],
    "talk.odp": ["Opening remarks", "| c00 | c01 |"],
}


def settings(tmp_path, host):
    (tmp_path / "large.pdf").write_bytes(samples.pdf(2) + b"\n%" + bytes(700_000))
    (tmp_path / "page.html").write_text("<!doctype html><h1>Pier</h1><script>x</script>", encoding="utf-8")
    return Settings(allow=(WRITTEN, tmp_path), store=tmp_path / "store", host=host)


def texts(result):
    return "\n".join(
        getattr(block, "text", "") or getattr(getattr(block, "resource", None), "text", "") or ""
        for block in result.content
    )


@pytest.mark.parametrize("host", WITHOUT)
async def test_where_documents_do_not_go_their_text_does(tmp_path, host):
    async with Client(build_server(settings(tmp_path, host))) as client:
        for name, said in SAID.items():
            result = await client.call_tool("load_file", {"source": name})
            text = texts(result)
            assert [one for one in said if one not in text] == []
            assert "attached" not in text
            (uri,) = set(re.findall(r"image://[0-9a-f]{12}", text))
            figure = await client.call_tool("load_image", {"source": uri})
            assert "PNG, 300x200 px" in texts(figure)
            assert [block.type for block in figure.content] == ["text", "image"]


async def test_where_documents_go_they_are_attached_and_other_forms_come_as_text(tmp_path):
    async with Client(build_server(settings(tmp_path, "imagebridge"))) as client:
        kinds = {}
        for name in SAID:
            result = await client.call_tool("load_file", {"source": name})
            kinds[name] = result.content[-1].resource.mime_type
        part = texts(await client.call_tool("load_file", {"source": "talk.pptx", "pages": "2"}))
    markdown = {name for name, media_type in kinds.items() if media_type == "text/markdown"}
    assert markdown == {"report.odt", "report.epub", "talk.odp"}
    assert "slide 2 of 2" in part
    assert "Opening" not in part


@pytest.mark.parametrize("host", ["imagebridge", *WITHOUT])
async def test_what_is_too_large_comes_as_text_and_names_the_tool_that_shows_it(tmp_path, host):
    async with Client(build_server(settings(tmp_path, host))) as client:
        text = texts(await client.call_tool("load_file", {"source": "large.pdf"}))
        assert "Pages 1-2: no text, only a picture; render_document shows it." in text
        shown = await client.call_tool("render_document", {"source": "large.pdf"})
    assert [block.type for block in shown.content] == ["text", "image", "image"]


async def test_a_page_comes_as_markdown_and_its_source_where_it_is_asked_for(tmp_path):
    async with Client(build_server(settings(tmp_path, "cursor"))) as client:
        read = texts(await client.call_tool("load_file", {"source": "page.html"}))
        source = texts(await client.call_tool("load_file", {"source": "page.html", "start": 1}))
    assert "# Pier" in read
    assert "script" not in read
    assert "<script>x</script>" in source


def response(name, **arguments):
    call = {"type": "function_call", "call_id": "c", "name": name, "arguments": json.dumps(arguments)}
    return {"model": "gpt-6-luna", "output": [call]}


async def said(bridge, name, **arguments):
    """Return the texts that the model gets."""
    (output,) = await bridge.outputs(response(name, **arguments))
    parts = output["output"]
    return (
        [parts]
        if isinstance(parts, str)
        else [part["text"] for part in parts if part["type"] == "input_text"]
    )


async def test_through_a_bridge_a_picture_has_one_name_which_every_tool_takes(tmp_path):
    async with Bridge(build_server(settings(tmp_path, None))) as bridge:
        first = await said(bridge, "get_image", text="hello")
        assert [one for one in first if "image://" in one] == []
        assert first[-1] == "picture:1"
        for name, arguments in (
            ("annotate_image", {"source": "picture:1", "marks": [{"kind": "box", "at": [1, 1, 50, 50]}]}),
            ("compare_images", {"a": "picture:1", "b": "picture:2"}),
            ("contact_sheet", {"sources": ["picture:1", "picture:2"]}),
            ("view_image", {"source": "picture:1", "region": [0, 0, 50, 50]}),
            ("transform_image", {"source": "picture:1", "operations": [{"grayscale": True}]}),
            ("image_info", {"source": "picture:1"}),
            ("load_image", {"source": "picture:1"}),
        ):
            told = await said(bridge, name, **arguments)
            assert "picture:1" in told[0]
            assert [one for one in told if "image://" in one or "Tool error" in one] == []


async def test_through_a_bridge_a_document_is_the_file(tmp_path):
    async with Bridge(build_server(settings(tmp_path, None))) as bridge:
        (output,) = await bridge.outputs(response("load_file", source="report.pdf"))
    assert [part["type"] for part in output["output"]] == ["input_text", "input_file"]
