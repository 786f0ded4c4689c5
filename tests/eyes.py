"""A small in-process server that many tests use."""

from mcp.server import MCPServer
from mcp.types import CallToolResult
from samples import photo

from imagebridge import tool_result


def eyes():
    """Return a server whose tool `look` shows a picture with sides of this length in pixels."""
    server = MCPServer("eyes", log_level="CRITICAL")

    @server.tool()
    def look(side: int) -> CallToolResult:
        """Looks."""
        return CallToolResult.model_validate(tool_result(f"{side} pixels", photo(side, side)))

    return server
