"""The adapters for bridges of either kind, in this process; a bridge opened with `with` also serves blocking code."""

import base64
from collections import namedtuple
from contextlib import asynccontextmanager

import anyio.to_thread
import pytest
import samples
from mcp.server import MCPServer
from mcp.types import CallToolResult

from imagebridge import Bridge, BridgeError, tool_result

pytestmark = pytest.mark.compat

PNG = samples.file(samples.drawing(), "PNG")
URL = samples.data_url(PNG, "image/png")
FAILED = "Tool error:\nout of ink"


def album():
    server = MCPServer("album", log_level="CRITICAL")

    @server.tool()
    def draw(bridge: str, name: str) -> CallToolResult:
        """Draws; its parameters are called as those of the adapters are."""
        return CallToolResult.model_validate(tool_result(f"{bridge} and {name}", PNG))

    @server.tool()
    def failing() -> CallToolResult:
        """Fails."""
        return CallToolResult.model_validate(tool_result("out of ink", is_error=True))

    return server


@asynccontextmanager
async def opened(kind):
    """Open a bridge as `async with` or as `with` does."""
    if kind == "async with":
        async with Bridge(album()) as bridge:
            yield bridge
        return
    blocking = Bridge(album())
    bridge = await anyio.to_thread.run_sync(blocking.__enter__)
    try:
        yield bridge
    finally:
        await anyio.to_thread.run_sync(blocking.__exit__, None, None, None)


KINDS = pytest.mark.parametrize("kind", ["async with", "with"])
ARGUMENTS = {"bridge": "this", "name": "that"}
DRAWN = [
    {"type": "text", "text": "this and that"},
    {"type": "image_url", "image_url": {"url": URL, "detail": "high"}},
]


@KINDS
@pytest.mark.anyio
async def test_langchain_gets_blocks(kind):
    from imagebridge.frameworks import langchain

    async with opened(kind) as bridge:
        draw, failing = langchain.tools(bridge)
        assert await draw.ainvoke(ARGUMENTS) == DRAWN
        call = {"type": "tool_call", "id": "a", "name": "failing", "args": {}}
        message = await failing.ainvoke(call)
    assert (message.status, message.tool_call_id) == ("error", "a")
    assert "\n".join(block["text"] for block in message.content) == FAILED


def test_langchain_gets_the_same_from_blocking_code():
    from imagebridge.frameworks import langchain

    with Bridge(album()) as bridge:
        draw, failing = langchain.tools(bridge)
        assert draw.invoke(ARGUMENTS) == DRAWN
        message = failing.invoke({"type": "tool_call", "id": "a", "name": "failing", "args": {}})
    assert message.status == "error"
    assert "\n".join(block["text"] for block in message.content) == FAILED
    with pytest.raises(BridgeError, match="the bridge is closed"):
        draw.invoke(ARGUMENTS)


@pytest.mark.anyio
async def test_langchain_does_not_block_the_loop_that_a_bridge_runs_in():
    from imagebridge.frameworks import langchain

    async with Bridge(album()) as bridge:
        assert [tool.func for tool in langchain.tools(bridge)] == [None, None]


@KINDS
@pytest.mark.anyio
async def test_openai_agents_gets_outputs(kind):
    from agents import ToolOutputImage, ToolOutputText

    from imagebridge.frameworks import openai_agents

    context = namedtuple("Context", "run_config agent")(None, None)
    async with opened(kind) as bridge:
        draw, failing = openai_agents.tools(bridge)
        drawn = await draw.on_invoke_tool(context, '{"bridge": "this", "name": "that"}')
        assert drawn == [ToolOutputText(text="this and that"), ToolOutputImage(image_url=URL, detail="high")]
        assert await failing.on_invoke_tool(context, "{}") == FAILED
        assert (await draw.on_invoke_tool(context, "{not JSON")).startswith("Tool error:\n")


@KINDS
@pytest.mark.anyio
async def test_pydantic_ai_gets_content(kind):
    from pydantic_ai import BinaryContent

    from imagebridge.frameworks import pydantic_ai

    context = namedtuple("Context", "model")(namedtuple("Model", "model_name")("gpt-6-luna"))
    async with opened(kind) as bridge:
        toolset = pydantic_ai.toolset(bridge)
        tools = await toolset.get_tools(context)
        assert list(tools) == ["draw", "failing"]
        text, picture = await toolset.call_tool("draw", ARGUMENTS, context, tools["draw"])
        assert await toolset.call_tool("failing", {}, context, tools["failing"]) == FAILED
    assert text == "this and that"
    assert isinstance(picture, BinaryContent)
    assert (base64.b64encode(picture.data), picture.media_type) == (base64.b64encode(PNG), "image/png")
