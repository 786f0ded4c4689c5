"""How long a call over stdio takes, against the SDK's own client: `uv run pytest -m benchmark -n 0 -s tests/benchmarks`.

The server is a bare script that answers from ready-made lines, so that the client's side is what is measured.
"""

import sys
import time

import anyio
import pytest
from mcp import Client, StdioServerParameters

from imagebridge import Bridge

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]

SERVER = """
import base64, json, random, struct, sys, zlib
def png(size):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    side = max(1, int((size / 3) ** 0.5))
    rows = b"".join(b"\\0" + random.Random(at).randbytes(3 * side) for at in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
block = {"type": "image", "data": base64.b64encode(png(int(sys.argv[1]))).decode(), "mimeType": "image/png"}
ready = json.dumps({"content": [block]})
answers = {
    "initialize": json.dumps({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "p", "version": "1"}}),
    "tools/list": json.dumps({"tools": [{"name": "shot", "inputSchema": {"type": "object"}}]}),
    "tools/call": ready,
}
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    if message["method"] in answers:
        sys.stdout.write('{"jsonrpc": "2.0", "id": %s, "result": %s}\\n' % (json.dumps(message["id"]), answers[message["method"]]))
    else:
        sys.stdout.write('{"jsonrpc": "2.0", "id": %s, "error": {"code": -32601, "message": "no"}}\\n' % json.dumps(message["id"]))
    sys.stdout.flush()
"""


@pytest.mark.parametrize(
    ("size", "limit", "rounds"), [(1_000, 1.1, 60), (1_000_000, 0.65, 30), (8_250_000, 0.2, 8)]
)
async def test_a_call_over_stdio(size, limit, rounds):
    server = StdioServerParameters(command=sys.executable, args=["-c", SERVER, str(size)])
    ours, theirs = [], []
    async with Bridge(server) as bridge, Client(server) as client:
        for _ in range(rounds):
            began = time.perf_counter()
            result = await bridge.call("shot")
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            plain = await client.call_tool("shot", {})
            theirs.append(time.perf_counter() - began)
    assert result["content"][0]["data"] == plain.content[0].data
    ratio = min(ours) / min(theirs)
    print(
        f"\n{size / 1e6:g} MB over stdio: {min(ours) * 1e3:.1f} ms against {min(theirs) * 1e3:.1f} ms, {ratio:.2f} times (at most {limit})"
    )
    assert ratio <= limit


async def test_the_event_loop_goes_on_during_a_large_call():
    server = StdioServerParameters(command=sys.executable, args=["-c", SERVER, "8250000"])
    longest = 0.0
    async with Bridge(server) as bridge, anyio.create_task_group() as tasks:

        async def tick():
            nonlocal longest
            while True:
                began = time.perf_counter()
                await anyio.sleep(0.001)
                longest = max(longest, time.perf_counter() - began)

        tasks.start_soon(tick)
        for _ in range(3):
            await bridge.call("shot")
        tasks.cancel_scope.cancel()
    print(f"\nlongest stall of the event loop: {longest * 1e3:.1f} ms for 8.25 MB")
