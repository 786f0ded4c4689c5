"""Arguments are checked against a tool's schema before the call, and the model learns which one is wrong."""

import json
import sys

import pytest
from long_rows import one_in
from mcp import StdioServerParameters
from mcp.server import MCPServer

from imagebridge import Bridge
from imagebridge.errors import ArgumentError
from imagebridge.schemas.arguments import JUDGED, Schema

SIZE = {
    "type": "object",
    "properties": {
        "side": {"type": "integer", "minimum": 1, "maximum": 9},
        "colour": {"enum": ["red", "blue"]},
        "points": {"type": "array", "items": {"$ref": "#/$defs/point"}},
        "picture": {"type": "string", "maxLength": 5},
    },
    "required": ["side"],
    "additionalProperties": False,
    "$defs": {"point": {"type": "object", "properties": {"x": {"type": "number"}}}},
}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"side": "wide"}, "side: 'wide' is not of type 'integer'"),
        ({"side": 10}, "side: 10 is greater than the maximum of 9"),
        ({"side": 1, "colour": "green"}, "colour: 'green' is not one of ['red', 'blue']"),
        ({"side": 1, "points": [{"x": 1}, {"x": "a"}]}, "points[1].x: 'a' is not of type 'number'"),
        ({}, "the arguments: 'side' is a required property"),
        (
            {"sides": 2},
            (
                "the arguments: 'side' is a required property\n"
                "the arguments: 'sides' is not a known field; the fields are: side, colour, points, picture"
            ),
        ),
        (
            {"side": "wide", "colour": "green", "points": [{"x": "a"}, {"x": "b"}]},
            (
                "side: 'wide' is not of type 'integer'\n"
                "colour: 'green' is not one of ['red', 'blue']\n"
                "points[0].x: 'a' is not of type 'number'\n"
                "points[1].x: 'b' is not of type 'number'"
            ),
        ),
        (
            {"side": 1, "picture": "A" * 1_000},
            f"picture: '{'A' * 99}… does not match the schema, maxLength: 5",
        ),
    ],
)
def test_all_arguments_that_are_wrong_what_came_and_what_is_allowed_are_named(arguments, message):
    with pytest.raises(ArgumentError) as raised:
        Schema(SIZE).check(arguments)
    assert str(raised.value) == message


ZOD = {
    "type": "object",
    "properties": {
        "scale": {"enum": ["css", "device"], "default": "css"},
        "level": {"$ref": "#/$defs/level"},
        "note": {"type": "string", "default": None},
        "target": {"type": "string"},
        "at": {
            "type": "object",
            "properties": {"x": {"type": "number", "default": 0}},
            "required": ["x"],
            "additionalProperties": False,
        },
    },
    "required": ["scale", "level", "note"],
    "additionalProperties": False,
    "$defs": {"level": {"$ref": "#/$defs/inner"}, "inner": {"type": "string", "default": "info"}},
}


def either(*branches):
    return {"type": "object", "properties": {"v": {"anyOf": list(branches)}}}


POINT = {
    "type": "object",
    "properties": {"x": {"type": "number"}, "y": {"type": "number", "default": 0}},
    "required": ["x", "y"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "arguments", "told"),
    [
        (ZOD, {}, []),
        (ZOD, {"target": "#buy"}, []),
        (ZOD, {"at": {}}, []),
        (
            ZOD,
            {"ref": "e12", "at": {"x": 1, "z": 2}},
            [
                "the arguments: 'ref' is not a known field; the fields are: scale, level, note, target, at",
                "at: 'z' is not a known field; the fields are: x",
            ],
        ),
        (
            {"type": "object", "properties": {}, "unevaluatedProperties": False},
            {"a": 1},
            ["the arguments: Unevaluated properties are not allowed ('a' was unexpected)"],
        ),
        (
            {"patternProperties": {"^x-": {}}, "additionalProperties": False},
            {"x-a": 1, "b": 2},
            ["the arguments: 'b' does not match any of the regexes: '^x-'"],
        ),
        (either({"type": "string"}, POINT), {"v": {"x": 1}}, []),
        (either({"type": "string"}, POINT), {"v": {"x": 1, "z": 2}}, []),
        ({"allOf": [POINT, {"required": ["x"]}]}, {"x": 1}, []),
    ],
)
def test_what_a_server_may_do_with_is_for_it_to_judge(schema, arguments, told):
    """A field that has a default may be left out, and one that the schema does not know is passed on."""
    assert sorted(Schema(schema).check(arguments)) == sorted(told)


@pytest.mark.parametrize(
    ("schema", "arguments", "message"),
    [
        ({**ZOD, "required": ["scale", "target"]}, {}, "the arguments: 'target' is a required property"),
        (ZOD, {"scale": "large"}, "scale: 'large' is not one of ['css', 'device']"),
        (
            ZOD,
            {"ref": 1, "target": 5},
            (
                "target: 5 is not of type 'string'\n"
                "the arguments: 'ref' is not a known field; the fields are: scale, level, note, target, at"
            ),
        ),
        (ZOD, {"at": {"x": "wide"}}, "at.x: 'wide' is not of type 'number'"),
        (
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"a": 1},
            "a: 1 is not of type 'string'",
        ),
        (either({"type": "string"}, POINT), {"v": {}}, "v: {} is not valid under any of the given schemas"),
        (
            {"type": "object", "maxProperties": 1},
            {"a": 1, "b": 2},
            "the arguments: {'a': 1, 'b': 2} has too many properties",
        ),
    ],
)
def test_what_no_server_can_do_with_is_refused(schema, arguments, message):
    with pytest.raises(ArgumentError) as raised:
        Schema(schema).check(arguments)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"type": 3},
        {"$ref": "https://example.org/schema.json"},
        {"$ref": "#/nowhere"},
        {"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"a": {"minimum": 0}}},
    ],
)
def test_a_schema_that_cannot_be_used_leaves_the_server_to_judge(schema):
    Schema(schema).check({"a": 1})


@pytest.mark.parametrize("meta", [{JUDGED: True}, {JUDGED: False}, {JUDGED: "true"}, {}, None])
def test_a_tool_may_say_that_its_server_judges_all_calls(meta):
    schema = Schema(SIZE, meta)
    if meta == {JUDGED: True}:
        assert schema.check({"side": "wide", "sides": 2}) == []
    else:
        with pytest.raises(ArgumentError):
            schema.check({"side": "wide", "sides": 2})


PICTURES = {
    "type": "object",
    "properties": {
        "image": {"type": "string", "pattern": "^data:"},
        "masks": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"image": {"type": "string", "pattern": "^data:"}, "side": {"type": "integer"}},
                "required": ["side"],
            },
        },
        "mode": {"enum": ["crop", "fit"]},
    },
}


@pytest.mark.parametrize(
    ("arguments", "wrong", "told"),
    [
        ({"image": "picture:9"}, ["image"], []),
        ({"image": "picture:9", "mode": "pad"}, ["image"], ["mode: 'pad' is not one of ['crop', 'fit']"]),
        (
            {"image": "picture:9", "mode": "picture:8"},
            ["image"],
            ["mode: 'picture:8' is not one of ['crop', 'fit']"],
        ),
        (
            {"image": 3, "masks": [{"image": "picture:9", "side": "a"}, {"image": "picture:8"}]},
            ["masks.image"],
            [
                "image: 3 is not of type 'string'",
                "masks[0].side: 'a' is not of type 'integer'",
                "masks[1]: 'side' is a required property",
            ],
        ),
    ],
)
@pytest.mark.parametrize("meta", [{JUDGED: True}, {}])
def test_a_call_that_is_not_sent_is_told_all_but_what_the_schema_says_of_its_pictures(
    arguments, wrong, told, meta
):
    known = [ArgumentError(path, "there is no picture:9") for path in wrong]
    refusal = Schema(PICTURES, meta).refusal(arguments, known)
    assert str(refusal).split("\n") == [*map(str, known), *told]


TOLD = """
import json, sys
tool = {"name": "paint", "inputSchema": {"type": "object", "properties": {"side": {"type": "integer"}}}}
info = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "a", "version": "1"}}
for message in map(json.loads, sys.stdin):
    method, asked = message.get("method"), message.get("params") or {}
    said = [{"type": "text", "text": json.dumps(asked.get("arguments"))}]
    listed = {"tools": [tool], "_meta": {"imagebridge/judgesArguments": JUDGED}}
    known = {"initialize": info, "tools/list": listed, "tools/call": {"content": said}}
    answer = {"result": known[method]} if method in known else {"error": {"code": -32601, "message": "no"}}
    if "id" in message:
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)
"""


@pytest.mark.anyio
@pytest.mark.parametrize("word", [True, False, "yes"])
async def test_a_list_of_tools_may_say_that_its_server_judges_all_calls(word):
    server = StdioServerParameters(command=sys.executable, args=["-c", TOLD.replace("JUDGED", repr(word))])
    async with Bridge(server) as bridge:
        if word is True:
            (block,) = (await bridge.call("paint", {"side": "wide"}))["content"]
            assert block["text"] == '{"side": "wide"}'
        else:
            with pytest.raises(ArgumentError, match="side: 'wide' is not of type 'integer'"):
                await bridge.call("paint", {"side": "wide"})


def test_mistakes_without_end_are_told_in_part():
    with pytest.raises(ArgumentError) as raised:
        Schema(SIZE).check({"side": 1, "points": [{"x": "a"}] * 500})
    assert str(raised.value).splitlines() == [
        f"points[{at}].x: 'a' is not of type 'number'" for at in range(20)
    ]


@pytest.mark.parametrize("branch", one_in(2, ["allOf", "oneOf"]))
def test_a_schema_that_refers_to_itself_does_so_too_in_any_depth_of_the_stack(branch):
    def check(deeper):
        return check(deeper - 1) if deeper else Schema(schema).check({"a": 1})

    schema = {
        "type": "object",
        branch: [{"$ref": "#"}, {"type": "object", "properties": {"a": {"type": "string"}}}],
    }
    for depth in range(40):
        assert check(depth) == []


@pytest.mark.anyio
async def test_a_call_with_wrong_arguments_never_reaches_the_server():
    server, calls = MCPServer("painter", log_level="CRITICAL"), []

    @server.tool()
    def paint(side: int) -> str:
        """Paints."""
        calls.append(side)
        return "painted"

    call = {"type": "function_call", "call_id": "a", "name": "paint", "arguments": json.dumps({"side": "x"})}
    async with Bridge(server) as bridge:
        (output,) = await bridge.outputs({"output": [call]})
        assert output["output"] == "Tool error:\nside: 'x' is not of type 'integer'"
        with pytest.raises(ArgumentError, match="'side' is a required property"):
            await bridge.call("paint")
        assert (await bridge.call("paint", {"side": 3}))["content"] == [{"type": "text", "text": "painted"}]
    assert calls == [3]


CLOSED = """
import json, sys
tool = {"name": "click", "inputSchema": {"type": "object", "properties": {"target": {"type": "string"}}}}
tool["inputSchema"] |= {"required": ["target"], "additionalProperties": False}
info = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "a", "version": "1"}}
for message in map(json.loads, sys.stdin):
    method, asked = message.get("method"), message.get("params") or {}
    said = [{"type": "text", "text": json.dumps(asked.get("arguments"))}]
    known = {"initialize": info, "tools/list": {"tools": [tool]}, "tools/call": {"content": said}}
    answer = {"result": known[method]} if method in known else {"error": {"code": -32601, "message": "no"}}
    if "id" in message:
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)
"""


@pytest.mark.anyio
async def test_a_field_that_the_schema_does_not_know_is_passed_on_with_a_line_in_the_log(caplog):
    async with Bridge(StdioServerParameters(command=sys.executable, args=["-c", CLOSED])) as bridge:
        told = await bridge.answer("click", {"target": "#buy", "ref": "e12"})
    assert told.output == '{"target": "#buy", "ref": "e12"}'
    (line,) = [one.getMessage() for one in caplog.records if one.name.startswith("imagebridge.")]
    assert line == (
        "calling click although its arguments may be wrong: the arguments: 'ref' is not a known field; the fields are: target"
    )


@pytest.mark.anyio
@pytest.mark.parametrize("written", [None, "", " ", "\n\t", "null", " null\n", "{}", {}])
async def test_null_and_blanks_are_no_arguments(written):
    server = MCPServer("clock", log_level="CRITICAL")

    @server.tool()
    def status() -> str:
        """Tells how it goes."""
        return "all well"

    @server.tool()
    def paint(side: int) -> str:
        """Paints."""
        return "painted"

    calls = [
        {"type": "function_call", "call_id": name, "name": name, "arguments": written}
        for name in ("status", "paint")
    ]
    async with Bridge(server) as bridge:
        outputs = await bridge.outputs({"output": calls})
    assert [one["output"] for one in outputs] == [
        "all well",
        "Tool error:\nthe arguments: 'side' is a required property",
    ]
