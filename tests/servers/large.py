"""An MCP server with pictures that are large or need conversion, over stdio, or over HTTP on a given port."""

import sys
from base64 import b64encode
from io import BytesIO

from mcp.server import MCPServer
from mcp.types import CallToolResult, ImageContent
from PIL import Image

from imagebridge import tool_result

server = MCPServer("large", log_level="CRITICAL")


@server.tool()
def noise(side: int) -> CallToolResult:
    """Shows a square that hardly shrinks in any format."""
    return CallToolResult.model_validate(tool_result("noise", Image.effect_noise((side, side), 90)))


@server.tool()
def bitmap() -> CallToolResult:
    """Shows a BMP."""
    buffer = BytesIO()
    Image.new("RGB", (64, 48), "navy").save(buffer, "BMP")
    data = b64encode(buffer.getvalue()).decode()
    return CallToolResult(content=[ImageContent(data=data, mime_type="image/bmp")])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run()
