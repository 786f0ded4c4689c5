"""A stdio server whose tools are awkward for adapters: arguments with special names, a bare dict, failures."""

import os

from mcp.server import MCPServer
from mcp.types import CallToolResult
from PIL import Image

from imagebridge import tool_result

server = MCPServer("awkward", log_level="CRITICAL")


@server.tool()
def both(name: str, bridge: str) -> str:
    """Say both."""
    return f"{name} and {bridge}"


@server.tool()
def bare() -> dict:
    """Return a result as the dict that `tool_result` makes of it."""
    return tool_result("A red square.", Image.new("RGB", (40, 30), "red"))


@server.tool()
def failing() -> CallToolResult:
    """Fail."""
    return CallToolResult.model_validate(tool_result("The printer is out of ink.", is_error=True))


@server.tool()
def dying() -> str:
    """End the process without an answer."""
    os._exit(3)


if __name__ == "__main__":
    server.run("stdio")
