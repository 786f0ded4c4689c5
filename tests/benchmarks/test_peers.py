"""Compares how long other libraries take from an MCP result to a data URL, each in a separate environment.

Prints ratios to the bare `data:` string, measured in the same process, beside ours; the peers' own
functions are called, and checked to have made the picture. Needs the package registry.
"""

import json
import subprocess

import pytest
from samples import b64
from test_translation import about_a_megabyte, fastest, naive, result

from imagebridge import function_call_output

pytestmark = pytest.mark.benchmark

PEERS = {
    "langchain-mcp-adapters==0.3.2": (
        ["langchain-openai==1.7.3"],
        """
from langchain_core.messages import AIMessage, ToolMessage
from langchain_mcp_adapters.tools import _convert_call_tool_result
from langchain_openai.chat_models.base import _construct_responses_api_input
from mcp.types import CallToolResult, ImageContent

result = CallToolResult(content=[ImageContent(type="image", data=encoded, mimeType="image/png")])
call = AIMessage("", tool_calls=[{"name": "f", "args": {}, "id": "c"}])
def translated():
    content, _ = _convert_call_tool_result(result)
    return _construct_responses_api_input([call, ToolMessage(content, tool_call_id="c")])
def sent():
    return translated()[-1]["output"][0]["image_url"]
""",
    ),
    "pydantic-ai-slim==2.68.0": (
        ["pydantic-ai-slim[mcp,openai]==2.68.0"],
        """
from mcp.types import CallToolResult, ImageContent
from pydantic_ai.mcp import _map_mcp_call_tool_result

result = CallToolResult(content=[ImageContent(data=encoded, mime_type="image/png")])
def translated():
    return _map_mcp_call_tool_result(result).data_uri
sent = translated
""",
    ),
    "strands-agents==1.62.0": (
        ["strands-agents[openai]==1.62.0"],
        """
from mcp.types import ImageContent
from strands.models.openai_responses import _encode_media_to_data_url
from strands.tools.mcp import MCPClient

client = MCPClient(lambda: None)
try:
    block = ImageContent(data=encoded, mime_type="image/png")
except Exception:
    block = ImageContent(type="image", data=encoded, mimeType="image/png")
def translated():
    image = client.map_mcp_content_to_tool_result_content(block)["image"]
    return _encode_media_to_data_url(image["source"]["bytes"], image["format"])
sent = translated
""",
    ),
}

PROBE = """
import gc, json, sys, time
encoded = sys.stdin.read()
{code}
assert sent() == "data:image/png;base64," + encoded
gc.disable()
times = [[], []]
for _ in range(25):
    for at, side in enumerate((translated, lambda: f"data:image/png;base64,{{encoded}}")):
        began = time.perf_counter()
        side()
        times[at].append(time.perf_counter() - began)
print(json.dumps([min(one) * 1000 for one in times]))
"""


@pytest.mark.parametrize("peer", PEERS)
def test_peer(peer, forgetful, measured):
    packages, code = PEERS[peer]
    encoded = b64(about_a_megabyte("PNG"))
    command = ["uv", "run", "-q", "--isolated", "--no-project", "--with", peer]
    command += [word for package in packages for word in ("--with", package)]
    command += ["python", "-c", PROBE.format(code=code)]
    done = subprocess.run(command, input=encoded, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    theirs, floor = json.loads(done.stdout)
    ours, our_floor = fastest(lambda: function_call_output(result(encoded), "c"), lambda: naive(encoded))
    measured(
        peer, theirs / floor, f"{theirs:.2f} ms; ours, proven: {ours / our_floor:.1f} times, {ours:.2f} ms"
    )
