"""Tool definitions: valid names that can be mapped back, and schemas that stay unchanged."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from mcp.types import Tool

from imagebridge import chat_tools, check, responses_tools, tool_names
from imagebridge.errors import ToolLimitError
from imagebridge.rules import refusals

pytestmark = pytest.mark.pure

SCHEMA = {"type": "object", "properties": {"w": {"$ref": "#/$defs/W"}}, "$defs": {"W": {"type": "integer"}}}


def tool(name, **fields):
    return {"name": name, "inputSchema": {"type": "object"}, **fields}


def test_definition():
    came = Tool.model_validate({"name": "img.render", "description": "Draws.", "inputSchema": SCHEMA})
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
        ({"inputSchema": {"properties": None, "required": None}}, "", {"type": "object", "properties": {}}),
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
        (["a.b", "a/b", "a_b_2e7336dc"], ["a_b_b3dcef57", "a_b_c14cddc0", "a_b_2e7336dc"]),
        (["a.b", "a/b", "a.b_2e7336dc"], ["a_b_b3dcef57", "a_b_c14cddc0", "a_b_2e7336dc"]),
        (["", "tool_e3b0c442"], ["tool_6e340b9c", "tool_e3b0c442"]),
        (["a-B_9"], ["a-B_9"]),
    ],
)
def test_names_are_legal_readable_and_do_not_depend_on_order(names, legal):
    found = tool_names([tool(name) for name in names])
    backwards = tool_names([tool(name) for name in reversed(names)])
    assert found == backwards
    readable = [re.sub("_[0-9a-f]{8}$", "_#", name) for name in found]
    assert readable == [re.sub("_[0-9a-f]{8}$", "_#", name) for name in legal]


def test_a_tool_that_is_listed_twice_is_defined_once_as_it_was_listed_last():
    twice = [{**tool("a b"), "description": "first"}, tool("c"), {**tool("a b"), "description": "last"}]
    assert [one["description"] for one in responses_tools(twice)] == [
        "last",
        responses_tools([tool("c")])[0]["description"],
    ]
    assert len(responses_tools(twice)) == len(chat_tools(twice)) == len(tool_names(twice)) == 2


def test_a_definition_can_be_sent_whatever_it_holds():
    odd = {
        "description": "cut \ud83d",
        "inputSchema": {"type": "object", "default": {"n": 10**6000}, "minProperties": float("nan")},
    }
    assert (
        check({"model": "gpt-5.6-luna", "input": "x", "tools": responses_tools([{"name": "t", **odd}])}) == []
    )


@given(st.lists(st.text(max_size=90), unique=True, max_size=20))
def test_every_name_leads_back(names):
    # Names that look like the marks of others, as a relay of another bridge's tools has them.
    names += [name for name in tool_names([tool(name) for name in names]) if name not in names]
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
        ({"properties": {"at": {"allOf": [{"type": "string"}]}, "unit": {"type": "string"}}}, False),
        ({"$defs": {"Point": {"type": "object", "properties": {"x": {"type": "number"}}}}}, False),
        ({"properties": {"at": {"type": "string", "default": "a"}, "unit": {"type": "string"}}}, False),
        ({"properties": {"at": {}, "unit": {"type": "string"}}}, False),
        ({"properties": {"at": True, "unit": {"type": "string"}}}, False),
        ({"properties": {"at": {"enum": ["a"]}, "unit": {"type": "string"}}}, False),
        ({"properties": {"at": {"const": 1}, "unit": {"type": "string"}}}, False),
        ({"properties": {"at": {"$ref": "https://example.org/at.json"}, "unit": {"type": "string"}}}, False),
        ({"properties": {"at": {"type": "string", "format": "uri"}, "unit": {"type": "string"}}}, False),
        ({"properties": {"at": {"type": "string", "format": "uuid"}, "unit": {"type": "string"}}}, True),
        ({"properties": {"at": {"type": ["array", "null"], "items": {}}, "unit": {"type": "string"}}}, False),
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
            ToolLimitError, match=r"129 tools, but the API accepts 128: pass fewer .* namespace="
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


@pytest.mark.parametrize(
    ("came", "properties"),
    [
        ({"a": {"type": "array"}}, {"a": {"type": "array", "items": {}}}),
        ({"a": {"type": ["array", "null"]}}, {"a": {"type": ["array", "null"], "items": {}}}),
        (
            {"a": {"anyOf": [{"type": "array", "prefixItems": [{"type": "array"}]}]}},
            {
                "a": {
                    "anyOf": [{"type": "array", "prefixItems": [{"type": "array", "items": {}}], "items": {}}]
                }
            },
        ),
        (
            {"a": {"type": "array", "items": [{"type": "string"}], "additionalItems": False}},
            {"a": {"type": "array", "prefixItems": [{"type": "string"}], "items": False}},
        ),
        (
            {"a": {"type": "string", "enum": None, "default": None}},
            {"a": {"type": "string", "default": None}},
        ),
        ({"a": {"type": "string", "required": True}, "b": None}, {"a": {"type": "string"}, "b": {}}),
        ({"items": {"type": "array"}}, {"items": {"type": "array", "items": {}}}),
    ],
)
def test_what_the_api_refuses_is_written_as_it_takes_it(came, properties):
    draft = {"$schema": "http://json-schema.org/draft-07/schema#"} if "additionalItems" in str(came) else {}
    (made,) = responses_tools([tool("x", inputSchema={**draft, "type": "object", "properties": came})])
    assert made["parameters"] == {"type": "object", "properties": properties}
    assert refusals({"model": "gpt-5.4", "input": "?", "tools": [made]}) == []


SHAPES = {
    "$defs": {
        "Circle": {
            "properties": {"kind": {"const": "circle"}, "r": {"type": "number"}},
            "required": ["kind", "r"],
            "additionalProperties": False,
        },
        "Square": {
            "properties": {"kind": {"const": "square"}, "side": {"type": "number"}},
            "required": ["kind", "side"],
            "additionalProperties": False,
        },
    },
    "oneOf": [{"$ref": "#/$defs/Circle"}, {"$ref": "#/$defs/Square"}],
}


def test_combinations_at_the_top_level_are_told_in_the_description():
    (made,) = responses_tools([tool("draw", description="Draws.", inputSchema=SHAPES)])
    assert made == {
        "type": "function",
        "name": "draw",
        "description": "Draws.\n\nThe arguments together must also match this JSON Schema: "
        '{"oneOf":[{"$ref":"#/$defs/Circle"},{"$ref":"#/$defs/Square"}]}',
        "parameters": {
            "type": "object",
            "$defs": SHAPES["$defs"],
            "properties": {
                "kind": {"anyOf": [{"const": "circle"}, {"const": "square"}]},
                "r": {"type": "number"},
                "side": {"type": "number"},
            },
            "required": ["kind"],
        },
        "strict": False,
    }
    (long,) = responses_tools([tool("draw", description="d" * 1_000, inputSchema=SHAPES)])
    assert long["description"] == (
        "d" * 1_000 + "\n\nNot every combination of arguments is valid; the tool says what is missing."
    )


@pytest.mark.parametrize(
    ("came", "properties"),
    [
        ({"anyOf": [{"required": ["a"]}], "properties": {"a": {"type": "string"}}}, {"a": {"type": "string"}}),
        ({"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": True}}]},
         {"a": {"type": "string"}, "b": True}),
        ({"anyOf": [{"properties": {"a": {"type": "string"}}}, {}]}, {"a": {"anyOf": [{"type": "string"}, {}]}}),
        ({"not": {"required": ["a", "b"]}}, {}),
        ({"enum": [{"a": 1}]}, {}),
        ({"oneOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}]}}}, {}),
    ],
)  # fmt: skip
def test_properties_that_only_a_combination_names_stand_at_the_top_level(came, properties):
    (made,) = responses_tools([tool("x", inputSchema={"type": "object", **came})])
    assert made["parameters"]["properties"] == properties
    assert refusals({"model": "gpt-5.4", "input": "?", "tools": [made]}) == []


def test_references_that_double_at_each_step_are_read_once():
    """ours: 2**60 branches, written in 4 kB."""
    definitions = {f"A{at}": {"anyOf": [{"$ref": f"#/$defs/A{at + 1}"}] * 2} for at in range(60)}
    definitions["A60"] = {"properties": {"a": {}}, "additionalProperties": False}
    schema = {"anyOf": [{"$ref": "#/$defs/A0"}], "$defs": definitions}
    (made,) = responses_tools([tool("x", inputSchema=schema)])
    assert made["parameters"]["properties"] == {"a": {}}


schemas = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": "integer"}, {"type": "null"}, {"$ref": "#/$defs/A"}, True]),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries(
            {"type": st.just("array"), "prefixItems": st.lists(inner, min_size=1, max_size=2)}
        ),
        st.just({"type": ["array", "null"]}),
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


branches = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("abc"), schemas, max_size=2),
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            "additionalProperties": st.sampled_from([False, True, {"type": "string"}]),
            "patternProperties": st.just({"c": {"type": "integer"}}),
        },
    )
    | st.sampled_from([{"$ref": "#/$defs/B"}, {"$ref": "#/$defs/C"}, True, False]),
    lambda inner: st.dictionaries(
        st.sampled_from(["anyOf", "oneOf", "allOf"]), st.lists(inner, min_size=1, max_size=3), max_size=2
    ),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(["anyOf", "oneOf", "allOf"]), st.lists(branches, min_size=1, max_size=3), min_size=1
    ),
    branches,
    st.lists(st.dictionaries(st.sampled_from("abcd"), values), min_size=1, max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_what_a_combination_accepts_is_still_accepted(combinations, referred, given):
    definitions = {
        "A": {"type": "string"},
        "B": referred,
        "C": {"properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False},
    }
    schema = {**combinations, "$defs": definitions}
    (made,) = responses_tools([tool("x", inputSchema=schema)])
    before, after = Draft202012Validator(schema), Draft202012Validator(made["parameters"])
    for value in given:
        try:
            accepted = before.is_valid(value)
        except RecursionError:  # A reference into itself accepts nothing and refuses nothing.
            continue
        assert not accepted or after.is_valid(value)
    assert refusals({"model": "gpt-5.4", "input": "?", "tools": [made]}) == []
    assert check({"model": "gpt-5.4", "input": "?", "tools": [made]}) == []


KEYWORDS = """$defs $ref additionalItems additionalProperties allOf anyOf enum format items not oneOf prefixItems
    properties required type a"""
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["array", "object", "string", "#/$defs/a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYWORDS.split()),
            inner,
            max_size=5,
        )
    ),
)


@given(anything)
def test_no_schema_is_too_strange_to_be_sent(schema):
    made = [*responses_tools([tool("x", inputSchema=schema)]), *chat_tools([tool("x", inputSchema=schema)])]
    assert refusals({"model": "gpt-5.4", "input": "?", "tools": made[:1]}) == []
    assert (
        refusals({"model": "m", "messages": [{"role": "user", "content": "?"}], "tools": made[1:]}, "chat")
        == []
    )
