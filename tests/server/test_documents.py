"""load_file with documents: as text for hosts that do not accept them, as the file for hosts that do."""

import json
import re
from pathlib import Path

import pytest
import samples
from long_rows import one_in
from mcp import Client

from imagebridge import Bridge
from imagebridge.facts.hosts import host as host_of
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


@pytest.mark.parametrize("host", one_in(3, WITHOUT))
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


async def test_a_figure_of_a_document_has_one_name_from_its_first_showing_on(tmp_path):
    async with Bridge(build_server(settings(tmp_path, None))) as bridge:
        text = "\n".join(await said(bridge, "load_file", source="report.odt"))
        (uri,) = set(re.findall(r"image://[0-9a-f]{12}", text))
        for _ in range(2):
            told = await said(bridge, "load_image", source=uri)
            assert [one for one in told if "image://" in one] == []
            assert told[0].startswith("picture:1: PNG, 300x200 px")
        boxed = {"source": uri, "marks": [{"kind": "box", "at": [1, 1, 50, 50]}]}
        told = await said(bridge, "annotate_image", **boxed)
        assert [one for one in told if "image://" in one] == []


async def test_through_a_bridge_a_document_is_the_file(tmp_path):
    async with Bridge(build_server(settings(tmp_path, None))) as bridge:
        (output,) = await bridge.outputs(response("load_file", source="report.pdf"))
    assert [part["type"] for part in output["output"]] == ["input_text", "input_file"]


FOLLOWING = {
    "part": re.compile(r"Call again with part=(\d+) for the next part"),
    "start": re.compile(r"call again with start=(\d+) for more"),
    "rows": re.compile(r"Call again with rows=(\d+-\d+) for more"),
}
LETTERS = ("word", "слово", "語", "\U0001f6a2")
"""Letters of 1, 6, 6 and 12 characters of JSON."""


def long_page(words):
    """Return a web page of so many words and some figures: paragraphs, a table, and one of a single line."""
    said = [f"{LETTERS[n % 4]}{n}" for n in range(words)]
    figures = "".join(f"<p>{n} <img src='none{n}.png' alt='the pier {n}'></p>" for n in range(20))
    rows = "".join(f"<tr><td>{one}</td><td>x</td></tr>" for one in said[: words // 3])
    middle = " ".join(said[words // 3 : words // 3 * 2])
    rest = "".join(f"<p>{one}</p>" for one in said[words // 3 * 2 :])
    return f"<!doctype html><h1>Pier</h1>{figures}<table>{rows}</table><p>{middle}</p>{rest}", said


def long_table(rows):
    # Few rows that are long: a table is read anew for each part.
    said = [f"{LETTERS[n % 4]}{n}" for n in range(rows // 40)]
    return "name,n,more\n" + "".join(f"{one},{n},{'я' * 400}\n" for n, one in enumerate(said)), said


def words_in(text):
    return re.findall(rf"(?:{'|'.join(LETTERS)})\d+", text)


@pytest.mark.parametrize(
    ("host", "words"), one_in(3, [("cline", 900), ("claude-desktop", 20_000), ("imagebridge", 20_000)])
)
@pytest.mark.parametrize(
    ("name", "made", "argument", "first"),
    [
        ("page.html", long_page, "part", {}),
        ("page.html.txt", long_page, "start", {}),
        ("table.csv", long_table, "start", {"start": 1}),
        ("table.csv", long_table, "rows", {"rows": "1-100000"}),
    ],
)
async def test_all_parts_one_after_the_other_are_the_whole(
    tmp_path, host, words, name, made, argument, first
):
    text, said = made(words)
    known_settings = settings(tmp_path, host)
    (tmp_path / name).write_text(text, encoding="utf-8")
    pieces, given = [], first
    async with Client(build_server(known_settings)) as client:
        while True:
            result = await client.call_tool("load_file", {"source": name, **given})
            wire = result.model_dump(by_alias=True, exclude_none=True, mode="json")
            assert len(json.dumps(wire)) < host_of(host).characters
            sentence, piece = texts(result).split("\n", 1)
            assert "left out" not in sentence + piece
            pieces.append(piece)
            if (following := FOLLOWING[argument].search(sentence)) is None:
                break
            given = {argument: following[1] if argument == "rows" else int(following[1])}
    assert len(pieces) > 1
    if argument == "start":
        assert "".join(pieces) == text
    # A word of a page is cut where it is alone on its line only.
    assert words_in("".join(pieces)) == said
    if made is long_page:
        assert re.findall(r"the pier (\d+)", "".join(pieces)) == [*map(str, range(20))]


@pytest.mark.long
async def test_the_first_rows_and_the_columns_of_a_table_fit_the_host(tmp_path):
    names = ",".join(f"column {n}" for n in range(70))
    rows = "".join(",".join(str(n * m) for m in range(70)) + "\n" for n in range(300))
    (tmp_path / "wide.csv").write_text(f"{names}\n{rows}", encoding="utf-8")
    async with Client(build_server(settings(tmp_path, "cline"))) as client:
        first = await client.call_tool("load_file", {"source": "wide.csv"})
        following = FOLLOWING["rows"].search(texts(first))
        second = await client.call_tool("load_file", {"source": "wide.csv", "rows": following[1]})
    shown = int(following[1].partition("-")[0]) - 1
    lines = [result.content[-1].text.splitlines() for result in (first, second)]
    assert [len(lines[0]), lines[0][-1]] == [shown + 1, rows.splitlines()[shown - 1]]
    assert lines[1][1] == rows.splitlines()[shown]
