"""A small MCP server for tests, over stdio, or over HTTP on the port given as an argument."""

import os
import sys

from mcp.server import MCPServer
from mcp.types import CallToolResult, ImageContent, ResourceLink, TextContent, ToolAnnotations
from PIL import Image

from imagebridge import tool_result

server = MCPServer("pictures", log_level="CRITICAL")


@server.tool(name="draw.square")
def square(side: int, colour: str = "red") -> CallToolResult:
    """Draws a square of `side` pixels."""
    return CallToolResult.model_validate(
        tool_result(f"a {colour} square", Image.new("RGB", (side, side), colour))
    )


@server.tool()
def broken() -> CallToolResult:
    """Fails, and shows where."""
    result = tool_result("it failed here", Image.new("RGB", (40, 30), "blue"), is_error=True)
    return CallToolResult.model_validate(result)


@server.tool()
def mixed() -> CallToolResult:
    """Returns a text, a picture that is none, and a link."""
    return CallToolResult(
        content=[
            TextContent(text="before"),
            ImageContent(data="AAAA", mime_type="image/png"),
            ResourceLink(name="plan", uri="file:///plan.png"),
        ]
    )


@server.tool()
def environment() -> str:
    """Names the variables that this process was given."""
    return " ".join(sorted(key for key in os.environ if key.startswith(("OPENAI", "IMAGEBRIDGE", "SECRET"))))


@server.tool()
def die() -> str:
    """Ends the process without an answer."""
    os._exit(3)


@server.tool()
async def wait() -> str:
    """Never answers."""
    import anyio

    await anyio.sleep_forever()
    return "never"


@server.tool(annotations=ToolAnnotations(destructive_hint=True))
def erase(folder: str) -> str:
    """Says that it has removed a folder."""
    return f"{folder} is gone"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run()
