"""Picture handles: one tool's picture, handed to the next by its name."""

import json

import pytest
from mcp.server import MCPServer
from mcp.types import CallToolResult
from openai import AsyncOpenAI
from samples import data_url, drawing, file, photo, pixels

from imagebridge import Bridge, tool_result
from imagebridge.testing import Endpoint

pytestmark = pytest.mark.anyio

LARGE = file(photo(3000, 40), "PNG")
SMALL = file(drawing(), "JPEG")


def result(text, *pictures):
    return CallToolResult.model_validate(tool_result(text, *pictures))


def eyes():
    """A server that shows pictures and takes none."""
    server = MCPServer("eyes", log_level="CRITICAL")

    @server.tool()
    def look(far: bool = False) -> CallToolResult:
        """Looks."""
        return result("what I see", LARGE) if far else result("what I see", SMALL)

    return server


def hands(taken):
    """A server that takes pictures, and writes down what it is given."""
    server = MCPServer("hands", log_level="CRITICAL")

    @server.tool()
    def crop(image: str, note: str = "") -> CallToolResult:
        """Crops."""
        taken.append({"image": image, "note": note})
        return result("cropped", pixels(image).crop((0, 0, 8, 8)))

    return server


def call(name, arguments=None, call_id="call_1"):
    return {
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": json.dumps(arguments or {}),
    }


def response(*calls):
    return {"model": "gpt-5.6-luna", "output": list(calls)}


def texts(output):
    parts = output["output"]
    return [parts] if isinstance(parts, str) else [p["text"] for p in parts if p["type"] == "input_text"]


async def test_run_hands_a_picture_on_full_size():
    taken = []
    steps = [[("look", {"far": True})], [("crop", {"image": "picture:1", "note": "picture:1"})], "Done."]
    with Endpoint(steps) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="test") as client,
            Bridge(eyes(), hands(taken)) as bridge,
        ):
            reply = await bridge.run(client, model="gpt-5.6-luna", input="Crop it.")
    assert taken == [{"image": data_url(LARGE, "image/png"), "note": "picture:1"}]
    first, second = [item for item in reply.items if item.get("type") == "function_call_output"]
    assert texts(first) == [
        "what I see",
        "picture:1\npicture 1: shown 2048x27 of 3000x40; multiply x by 1.465 and y by 1.481",
    ]
    assert texts(second) == ["cropped", "picture:2"]
    assert [picture.size for picture in endpoint.seen] == [(2048, 27), (8, 8)]
