"""Tool definitions: legal names that lead back, schemas that stay."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from mcp.types import Tool

from imagebridge import chat_tools, responses_tools, tool_names
from imagebridge.errors import ToolLimitError
from imagebridge.rules import refusals

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


STRICT = {
    "type": "object",
    "properties": {
        "at": {"type": "array", "items": {"$ref": "#/$defs/Point"}},
        "unit": {"anyOf": [{"type": "string", "enum": ["px", "%"]}, {"type": "null"}]},
    },
    "required": ["at", "unit"],
    "additionalProperties": False,
    "$defs": {
        "Point": {
            "type": "object",
            "properties": {"x": {"type": "number"}},
            "required": ["x"],
            "additionalProperties": False,
        }
    },
}


@pytest.mark.parametrize(
    ("change", "strict"),
    [
        ({}, True),
        ({"additionalProperties": True}, False),
        ({"required": ["at"]}, False),
        ({"allOf": [{"type": "object"}]}, False),
        ({"$defs": {"Point": {"type": "object", "properties": {"x": {"type": "number"}}}}}, False),
        ({"properties": {"at": {"type": "string", "default": "a"}, "unit": {"type": "string"}}}, False),
        ({"properties": {"at": {}, "unit": {"type": "string"}}}, False),
        ({"properties": {"at": True, "unit": {"type": "string"}}}, False),
    ],
)
def test_strict_only_where_the_schema_satisfies_it(change, strict):
    schema = STRICT | change
    (made,) = responses_tools([tool("x", inputSchema=schema)])
    assert (made["strict"], made["parameters"]) == (strict, schema)
    (chat,) = chat_tools([tool("x", inputSchema=schema)])
    assert chat == {
        "type": "function",
        "function": {key: made[key] for key in ("name", "description", "parameters", "strict")},
    }


def test_no_tool_takes_an_argument_that_strict_mode_allows():
    (made,) = responses_tools([tool("x", inputSchema={"type": "object", "additionalProperties": False})])
    assert (made["strict"], made["parameters"]["properties"]) == (True, {})


def test_too_many_tools_name_the_ways_out():
    many = [tool(f"t{at}") for at in range(129)]
    for define in (responses_tools, chat_tools):
        with pytest.raises(
            ToolLimitError, match=r"129 tools, and the API takes 128: pass fewer .* namespace="
        ):
            define(many)
    group, search = responses_tools(many, namespace="big server")
    assert (group["type"], group["name"], len(group["tools"]), search) == (
        "namespace",
        "big_server",
        129,
        {"type": "tool_search"},
    )
    assert all(one["defer_loading"] for one in group["tools"])
    assert refusals({"model": "gpt-5.4", "input": "?", "tools": [group, search]}) == []


schemas = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": "integer"}, {"type": "null"}, {"$ref": "#/$defs/A"}, True]),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)}),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=2).map(
            lambda properties: {"type": "object", "properties": properties, "required": list(properties)}
        ),
    ),
    max_leaves=5,
)
values = st.recursive(
    st.none() | st.integers() | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from("abc"), schemas, max_size=3),
    st.dictionaries(st.sampled_from("abcd"), values),
)
def test_schemas_accept_exactly_what_they_accepted(properties, value):
    schema = {"properties": properties, "$defs": {"A": {"type": "string"}}}
    (made,) = responses_tools([tool("x", inputSchema=schema)])
    before, after = Draft202012Validator(schema), Draft202012Validator(made["parameters"])
    assert before.is_valid(value) == after.is_valid(value)
