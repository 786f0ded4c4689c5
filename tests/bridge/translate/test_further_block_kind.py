"""A new type of content block changes four files: its row, its translation, its repair, and the hosts' tables."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from mcp_blocks import text

import imagebridge
from imagebridge import check, output_parts, repair, translate
from imagebridge.check.dumps import parse_result
from imagebridge.client.resources import is_readable_link
from imagebridge.facts.hosts import UNKNOWN
from imagebridge.repair import protocol
from imagebridge.repair.protocol import repaired, repaired_for
from imagebridge.rules import refusals
from imagebridge.translate import blocks
from imagebridge.translate.pieces import TextPiece
from imagebridge.wire import BLOCK_KINDS, BlockKind

pytestmark = pytest.mark.pure

PLACE = {"type": "place", "at": [52.5, 13.4], "uri": "maps:1", "mimeType": "image/png", "title": "Berlin"}
SAID = {"type": "input_text", "text": "A place at 52.5, 13.4."}


@pytest.fixture(autouse=True)
def _added(monkeypatch):
    """What would stand in `wire.py`, `translate/blocks.py` and `repair/protocol.py`."""
    others = blocks._pieces

    def pieces(block, context):
        if block["type"] == "place" and "at" in block:
            return [TextPiece("A place at {}, {}.".format(*block["at"]))]
        return others(block, context)

    monkeypatch.setitem(BLOCK_KINDS, "place", BlockKind(("at",), ("title",), links=True))
    monkeypatch.setattr(blocks, "_pieces", pieces)
    monkeypatch.setitem(protocol._BLOCKS, "place", lambda block: block if "at" in block else None)


def test_it_is_translated():
    assert output_parts({"content": [text("Here."), PLACE]})[1] == SAID
    assert translate({"content": [PLACE]}).notes[0].came == "place, image/png, maps:1"


def test_it_is_repaired():
    assert repair({"content": [PLACE]}) == {"content": [PLACE]}
    relative = PLACE | {"uri": "shots/1"}
    assert repair({"content": [relative]}) == {"content": [relative | {"uri": "unknown:shots/1"}]}
    nowhere = "[not shown: a content block of type 'place'; only the names of its fields are known: none]"
    assert repair({"content": [{"type": "place"}]}) == {"content": [text(nowhere)]}


def test_a_host_gets_it_or_its_words():
    result = repaired({"content": [PLACE]})
    assert repaired_for(result, UNKNOWN)["content"] == [text("A place at 52.5, 13.4.")]
    assert repaired_for(result, replace(UNKNOWN, blocks=frozenset({"place"})))["content"] == [PLACE]


def test_what_repeats_it_is_not_said_again():
    result = {"content": [PLACE], "structuredContent": {"blocks": [PLACE]}}
    assert output_parts(result) == [SAID]


def test_what_it_links_to_is_read():
    assert is_readable_link(PLACE)


def test_a_check_names_it():
    call = {"type": "function_call", "call_id": "a", "name": "look", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "a", "output": [PLACE]}
    body = {"model": "gpt-5.6-luna", "input": [{"role": "user", "content": "Where?"}, call, output]}
    assert [one.rule for one in refusals(body)] == ["mcp-block"]
    assert [one.rule for one in check(body)] == ["mcp-block"]
    assert parse_result(repr([PLACE])) == {"content": [PLACE]}


def test_no_other_file_reads_a_type():
    folder = Path(imagebridge.__file__).parent
    named = {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*.py")
        if "resource_link" in (source := file.read_text("utf-8"))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and node.value == "resource_link"
    }
    read = {"wire.py", "translate/blocks.py", "repair/protocol.py", "facts/hosts.py"}
    written = {"translate/image_blocks.py", "check/contents.py", "cli/demo/cases.py"}
    assert named == read | written
