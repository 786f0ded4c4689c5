"""Tool definitions: legal names that lead back, schemas that stay."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.types import Tool

from imagebridge import responses_tools, tool_names

SCHEMA = {"type": "object", "properties": {"w": {"$ref": "#/$defs/W"}}, "$defs": {"W": {"type": "integer"}}}


def tool(name, **fields):
    return {"name": name, "inputSchema": {"type": "object"}, **fields}


def test_definition():
    came = Tool(name="img.render", description="Draws.", input_schema=SCHEMA)
    assert responses_tools([came]) == [
        {
            "type": "function",
            "name": "img_render",
            "description": "Draws.",
            "parameters": SCHEMA,
            "strict": False,
        }
    ]


@pytest.mark.parametrize(
    ("fields", "description", "parameters"),
    [
        ({}, "", {"type": "object", "properties": {}}),
        ({"title": "Draw", "inputSchema": None}, "Draw", {"type": "object", "properties": {}}),
        ({"inputSchema": {"properties": None}}, "", {"type": "object", "properties": {}}),
    ],
)
def test_what_servers_leave_out(fields, description, parameters):
    (made,) = responses_tools([tool("x") | fields])
    assert (made["description"], made["parameters"]) == (description, parameters)


@pytest.mark.parametrize(
    ("names", "legal"),
    [
        (["img.render", "img/render"], ["img_render_d5cf4bc9", "img_render_4ccbf9c7"]),
        (["img.render", "img_render"], ["img_render_d5cf4bc9", "img_render"]),
        (["a" * 82], ["a" * 55 + "_" + "7ca9a1d2"]),
        (["画像"], ["tool_a1da42a8"]),
        (["a-B_9"], ["a-B_9"]),
    ],
)
def test_names_are_legal_readable_and_do_not_depend_on_order(names, legal):
    found = tool_names([tool(name) for name in names])
    backwards = tool_names([tool(name) for name in reversed(names)])
    assert found == backwards
    readable = [re.sub("_[0-9a-f]{8}$", "_#", name) for name in found]
    assert readable == [re.sub("_[0-9a-f]{8}$", "_#", name) for name in legal]


@given(st.lists(st.text(min_size=1, max_size=90), unique=True, max_size=20))
def test_every_name_leads_back(names):
    found = tool_names([tool(name) for name in names])
    assert list(found.values()) == names
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in found)
    assert [made["name"] for made in responses_tools([tool(name) for name in names])] == list(found)


def test_what_is_no_tool_raises():
    with pytest.raises(TypeError, match="not dict"):
        responses_tools([{"title": "no name"}])
