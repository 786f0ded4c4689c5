"""A stdio server whose tools are called as adapters find awkward: arguments by the names of their own variables, and a result that is a bare dict."""

from mcp.server import MCPServer
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


if __name__ == "__main__":
    server.run("stdio")
