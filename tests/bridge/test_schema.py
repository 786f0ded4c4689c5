"""Arguments are checked against a tool's schema before the call, and the model is told which one is wrong."""

import json

import pytest
from mcp.server import MCPServer

from imagebridge import Bridge
from imagebridge.agent.schema import Schema
from imagebridge.errors import ArgumentError

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
            {"side": 1, "sides": 2},
            "the arguments: 'sides' is not among the fields; they are: side, colour, points, picture",
        ),
        (
            {"side": 1, "picture": "A" * 1_000},
            f"picture: '{'A' * 99}... is not what the schema asks for, maxLength: 5",
        ),
    ],
)
def test_the_argument_what_came_and_what_is_allowed_are_named(arguments, message):
    with pytest.raises(ArgumentError) as raised:
        Schema(SIZE).check(arguments)
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
