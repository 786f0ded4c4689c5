"""A malformed description of a server or a tool affects nothing else."""

import copy
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from long_rows import one_in
from mcp import StdioServerParameters
from mcp.types import ListToolsResult
from mcp.types.methods import validate_server_result

from imagebridge import Bridge, check, responses_tools
from imagebridge.client.listing import introduced, relisted
from imagebridge.schemas.malformed import sound

SCRIPT = Path(__file__).parents[2] / "servers" / "raw.py"
VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
OBJECT = {"type": "object"}
GOOD = {"name": "good", "inputSchema": OBJECT}

pytestmark = pytest.mark.anyio


def raw(**plan):
    return StdioServerParameters(command=sys.executable, args=["-S", str(SCRIPT), json.dumps(plan)])


async def said(bridge, *names):
    calls = [{"type": "function_call", "call_id": name, "name": name, "arguments": "{}"} for name in names]
    return [one["output"] for one in await bridge.outputs({"model": "gpt-5.6-luna", "output": calls})]


SCHEMAS = {
    "properties is []": ({**OBJECT, "properties": []}, {**OBJECT, "properties": {}}),
    "properties is null": ({**OBJECT, "properties": None}, {**OBJECT, "properties": None}),
    "nested properties is []": (
        {"properties": {"x": {**OBJECT, "properties": []}}},
        {"properties": {"x": {**OBJECT, "properties": {}}}},
    ),
    "in items": ({"items": {**OBJECT, "properties": []}}, {"items": {**OBJECT, "properties": {}}}),
    "in a branch": ({"anyOf": [{"properties": []}]}, {"anyOf": [{"properties": {}}]}),
    "in $defs": ({"$defs": {"a": {"properties": []}}}, {"$defs": {"a": {"properties": {}}}}),
    "$defs is []": ({"$defs": []}, {"$defs": {}}),
    "a property is null": ({"properties": {"x": None}}, {"properties": {"x": {}}}),
    "a property is a type": ({"properties": {"x": "string"}}, {"properties": {"x": {"type": "string"}}}),
    "a property is a text": (
        {"properties": {"x": "a name"}},
        {"properties": {"x": {"description": "a name"}}},
    ),
    "a property is []": ({"properties": {"x": []}}, {"properties": {"x": {}}}),
    "a property is a number": ({"properties": {"x": 3}}, {"properties": {"x": {}}}),
    "required is {}": ({"required": {}}, {}),
    "required is true": ({"required": True}, {}),
    "required is a text": ({"required": "x"}, {"required": ["x"]}),
    "required is an object of numbers": ({"required": {"0": "a", "2": "b"}}, {"required": ["a", "b"]}),
    "required holds others": ({"required": ["a", None, 3, "a"]}, {"required": ["a"]}),
    "$schema is a number": ({"$schema": 7}, {}),
    "items is []": ({"items": []}, {"items": {}}),
    "items is a tuple": ({"items": [OBJECT, "string"]}, {"items": [OBJECT, {"type": "string"}]}),
    "additionalProperties is []": ({"additionalProperties": []}, {"additionalProperties": {}}),
    "additionalProperties is a text": (
        {"additionalProperties": "string"},
        {"additionalProperties": {"type": "string"}},
    ),
    "anyOf is an object of numbers": ({"anyOf": {"0": OBJECT, "1": True}}, {"anyOf": [OBJECT, True]}),
    "anyOf is empty": ({"anyOf": []}, {}),
    "enum is an object of numbers": ({"enum": {"1": "a", "2": "b"}}, {"enum": ["a", "b"]}),
    "enum is {}": ({"enum": {}}, {}),
    "type holds null": ({"type": ["string", None]}, {"type": ["string", "null"]}),
    "type is a number": ({"type": 3}, {}),
    "description is a list": ({"description": []}, {}),
    "a default that is a list": ({"default": []}, {"default": []}),
    "a bound is NaN": ({"minimum": float("nan"), "maximum": float("inf"), "minLength": 1}, {"minLength": 1}),
    "a default holds NaN": ({"default": [float("nan"), 1]}, {"default": ["nan", 1]}),
    "as JSON text": ('{"type": "object", "properties": []}', {**OBJECT, "properties": {}}),
    "a list": ([], {}),
    "a number": (5, {}),
}


@pytest.mark.parametrize("case", SCHEMAS)
def test_a_schema_means_what_its_writer_meant(case):
    given_, wanted = SCHEMAS[case]
    before = copy.deepcopy(given_)
    assert sound(given_) == wanted
    assert given_ == before
    assert sound(wanted) is wanted, "what is right stays the very same"


def test_definitions_are_sound_at_any_depth_and_check_finds_those_that_are_not():
    deep = {**OBJECT, "properties": {"x": {"type": "array", "items": {**OBJECT, "properties": []}}}}
    (made,) = responses_tools([{"name": "t", "inputSchema": deep}])
    assert made["parameters"]["properties"]["x"]["items"] == {**OBJECT, "properties": {}}

    def found(parameters):
        tool = {"type": "function", "name": "t", "parameters": parameters, "strict": False}
        body = {"model": "gpt-5.6-luna", "input": "x", "tools": [tool]}
        return [(one.rule, one.refused) for one in check(body)]

    assert found(made["parameters"]) == []
    assert found(deep) == [("tool-schema", True)]
    assert found({**OBJECT, "properties": {"x": {**OBJECT, "required": True}}}) == [("tool-schema", True)]


BAD = {
    "properties is []": {"inputSchema": {**OBJECT, "properties": []}},
    "no schema": {"inputSchema": None},
    "a schema as text": {"inputSchema": json.dumps(OBJECT)},
    "a schema of hundreds of levels": {
        "inputSchema": json.loads('{"type": "object", "not": ' * 150 + "{}" + "}" * 150)
    },
    "outputSchema is {}": {"outputSchema": {}},
    "outputSchema is an array's": {"outputSchema": {"type": "array"}},
    "outputSchema is a list": {"outputSchema": []},
    "outputSchema is anyOf": {"outputSchema": {"anyOf": [OBJECT]}},
    "outputSchema.properties is []": {"outputSchema": {**OBJECT, "properties": []}},
    "annotations is []": {"annotations": []},
    "a hint is a text": {"annotations": {"readOnlyHint": "perhaps", "title": "Bad"}},
    "a title is a list": {"title": []},
    "_meta is []": {"_meta": []},
    "icons without a source": {"icons": [{"mimeType": "image/png"}, {"src": "a.png"}]},
    "icons is a text": {"icons": "a.png"},
    "execution is []": {"execution": []},
    "taskSupport is true": {"execution": {"taskSupport": True}},
    "description is a number": {"description": 7},
}


@pytest.mark.parametrize("case", BAD)
def test_a_malformed_tool_becomes_one_that_every_version_takes(case):
    bad = {**GOOD, "name": "bad", **BAD[case]}
    made = relisted({"tools": [GOOD, bad, [], None, {"inputSchema": OBJECT}]})
    assert [tool["name"] for tool in made["tools"]] == ["good", "bad"]
    for version in (*VERSIONS, "2026-07-28"):
        validate_server_result("tools/list", version, made)
    ListToolsResult.model_validate(made, by_name=False)


def test_what_is_right_of_a_malformed_tool_stays():
    icons = [{"mimeType": "image/png"}, {"src": "a.png"}]
    hints = {"readOnlyHint": "perhaps", "title": "Bad", "destructiveHint": True}
    bad = {"name": "bad", "description": "Does.", "annotations": hints, "icons": icons, "inputSchema": []}
    (made,) = relisted({"tools": [bad]})["tools"]
    assert made == {
        "name": "bad",
        "description": "Does.",
        "annotations": {"title": "Bad", "destructiveHint": True},
        "icons": [{"src": "a.png"}],
        "inputSchema": OBJECT,
    }


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["0", "type", "properties", "required", "items", "anyOf", "title", "x"]), inner
        )
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["tools", "nextCursor", "_meta", "ttlMs", "cacheScope", "resultType"]), JSONS
    )
)
def test_any_page_becomes_valid(result):
    made = relisted(result)
    for version in ("2025-11-25", "2026-07-28"):
        validate_server_result("tools/list", version, made)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["inputSchema", "outputSchema", "annotations", "icons", "_meta", "title", "execution"]
        ),
        JSONS,
    )
)
def test_any_tool_with_a_name_is_kept(fields):
    made = relisted({"tools": [{**fields, "name": "t"}]})
    assert [tool["name"] for tool in made["tools"]] == ["t"]
    validate_server_result("tools/list", "2025-11-25", made)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["capabilities", "serverInfo", "instructions", "_meta"]), JSONS))
def test_any_introduction_with_a_version_becomes_valid(result):
    validate_server_result(
        "initialize", "2025-11-25", introduced({**result, "protocolVersion": "2025-06-18"})
    )


TOOLS = {"tools": [GOOD, {"name": "bad", "inputSchema": OBJECT}]}
SAID = {
    "capabilities is []": {"initialize": {"capabilities": []}},
    "capabilities is null": {"initialize": {"capabilities": None}},
    "capabilities.tools is []": {"initialize": {"capabilities": {"tools": []}}},
    "capabilities.tools is true": {"initialize": {"capabilities": {"tools": True}}},
    "capabilities.experimental is []": {"initialize": {"capabilities": {"tools": {}, "experimental": []}}},
    "listChanged is a text": {"initialize": {"capabilities": {"tools": {"listChanged": "yes, always"}}}},
    "instructions is []": {"initialize": {"instructions": []}},
    "instructions is an object": {"initialize": {"instructions": {"text": "x"}}},
    "serverInfo is null": {"initialize": {"serverInfo": None}},
    "serverInfo is []": {"initialize": {"serverInfo": []}},
    "serverInfo without version": {"initialize": {"serverInfo": {"name": "raw"}}},
    "a version that is a number": {"initialize": {"serverInfo": {"name": "raw", "version": 1.5}}},
    "_meta is []": {"initialize": {"_meta": []}, "tools": {**TOOLS, "_meta": []}},
    "nextCursor is []": {"tools": {**TOOLS, "nextCursor": []}},
    "nextCursor is false": {"tools": {**TOOLS, "nextCursor": False}},
    "nextCursor is a number": {"pages": {"start": {**TOOLS, "nextCursor": 2}, "at 2": {"tools": []}}},
    "tools is an object of numbers": {"tools": {"tools": {"0": GOOD, "1": TOOLS["tools"][1]}}},
    "an empty cursor that means the end": {"pages": {"start": {**TOOLS, "nextCursor": ""}}},
    "an empty cursor that leads on": {
        "pages": {"start": {"tools": [GOOD], "nextCursor": ""}, "at ": {"tools": [TOOLS["tools"][1]]}}
    },
    "an empty page between": {
        "pages": {
            "start": {"tools": [GOOD], "nextCursor": "a"},
            "at a": {"tools": [], "nextCursor": "b"},
            "at b": {"tools": [TOOLS["tools"][1]]},
        }
    },
    "a page that is refused": {"pages": {"start": {**TOOLS, "nextCursor": "lost"}}},
    "cursors that never end": {"grow": TOOLS},
    "cursors that go in a circle": {
        "pages": {"start": {**TOOLS, "nextCursor": "a"}, "at a": {**TOOLS, "nextCursor": "a"}}
    },
}


@pytest.mark.parametrize("case", one_in(3, SAID))
async def test_what_a_server_says_costs_neither_it_nor_its_tools(case):
    async with Bridge(raw(**{"tools": TOOLS, **SAID[case]}), timeout=600) as bridge:
        assert [tool["name"] for tool in bridge.tools] == ["good", "bad"]
        assert await said(bridge, "good", "bad") == ["called good", "called bad"]


async def test_pages_that_are_empty_for_ever_end():
    async with Bridge(raw(grow={"tools": []}), timeout=600) as bridge:
        assert bridge.tools == []


async def test_a_tool_that_runs_only_as_a_task_is_not_offered_and_told_of_once(caplog):
    task = {"name": "research", "inputSchema": OBJECT, "execution": {"taskSupport": "required"}}
    both = [{**GOOD, "name": "swap"}, task, {**GOOD, "execution": {"taskSupport": "optional"}}]
    async with Bridge(raw(tools={"tools": both}, later={"tools": both}), timeout=600) as bridge:
        assert [tool["name"] for tool in bridge.tools] == ["swap", "good"]
        assert await said(bridge, "swap") == ["called swap"]
        assert [tool["name"] for tool in bridge.tools] == ["swap", "good"]
    assert caplog.messages == [
        "raw: not offering the tool research, because it runs only as a task, which this client cannot start"
    ]
