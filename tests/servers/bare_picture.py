"""An MCPServer of the SDK with one tool, which only returns the bytes of our `get_image`."""

import sys

import uvicorn
from mcp.server import MCPServer
from mcp.types import CallToolResult

from imagebridge import tool_result
from imagebridge_tools.sample import get_image as drawn

MADE = drawn("x")
RESULT = CallToolResult.model_validate(tool_result(MADE.sentence, *MADE.pictures))
SERVER = MCPServer("bare")


@SERVER.tool()
async def get_image(text: str) -> CallToolResult:
    return RESULT


uvicorn.run(
    SERVER.streamable_http_app(stateless_http=True),
    host="127.0.0.1",
    port=int(sys.argv[1]),
    log_level="warning",
)
