"""Compares a call over stdio with the SDK's own client: `uv run pytest -m benchmark -n 0 -s tests/benchmarks`.

The server is a bare script that answers from ready-made lines, so that the client's side is what is measured.
"""

import sys
import time

import anyio
import anyio.lowlevel
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
    ("key", "size", "count"),
    [("call small", 1_000, 300), ("call 1 MB", 1_000_000, 30), ("call 8 MB", 8_250_000, 8)],
)
async def test_a_call_over_stdio(key, size, count, measured, rounds):
    server = StdioServerParameters(command=sys.executable, args=["-c", SERVER, str(size)])
    ours, theirs = [], []
    async with Bridge(server) as bridge, Client(server) as client:

        async def by_bridge():
            began = time.perf_counter()
            result = await bridge.call("shot")
            ours.append(time.perf_counter() - began)
            return result["content"][0]["data"]

        async def by_client():
            began = time.perf_counter()
            result = await client.call_tool("shot", {})
            theirs.append(time.perf_counter() - began)
            return result.content[0].data

        for at in range(rounds(count)):
            # What runs right after the other finds the processor's caches full of it.
            first, second = (by_bridge, by_client) if at % 2 else (by_client, by_bridge)
            assert await first() == await second()
    said = f"{min(ours) * 1e3:.1f} ms compared with {min(theirs) * 1e3:.1f} ms"
    measured(key, min(ours) / min(theirs), said)


async def longest_stall(bridge, rounds):
    """Return the seconds that kept the event loop from its next task at most, by the clock.

    So that work in other threads counts which holds the interpreter.
    """
    longest, still = 0.0, True

    async def tick():
        nonlocal longest
        while still:
            began = time.perf_counter()
            await anyio.lowlevel.checkpoint()
            longest = max(longest, time.perf_counter() - began)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tick)
        for _ in range(rounds):
            await bridge.call("shot")
        still = False
    return longest


@pytest.mark.parametrize("size", [1_000_000, 8_250_000])
async def test_the_event_loop_goes_on_during_a_large_call(size, measured, rounds):
    """The shortest of several longest stalls: what a call costs, and not what else the machine did."""
    server = StdioServerParameters(command=sys.executable, args=["-c", SERVER, str(size)])
    async with Bridge(server) as bridge:
        stalls = [await longest_stall(bridge, 1) for _ in range(rounds(12))]
    said = f"{min(stalls) * 1e3:.1f} ms for {size / 1e6:g} MB"
    measured("stall", min(stalls) * 1e3 / (size / 1e6), said)


SLOW = """
import json, sys, time
results = {
    "initialize": {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "p", "version": "1"}},
    "tools/list": {"tools": [{"name": "shot", "inputSchema": {"type": "object"}}]},
}
time.sleep(1)
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        method = message["method"]
        answer = {"result": results[method]} if method in results else {"error": {"code": -32601, "message": "no"}}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)
"""


async def test_twelve_slow_servers_are_ready_together(measured):
    server = StdioServerParameters(command=sys.executable, args=["-S", "-c", SLOW])

    async def ready(count):
        began = time.perf_counter()
        async with Bridge(*[server] * count) as bridge:
            took = time.perf_counter() - began
            assert len(bridge.tools) == count
        return took

    one = min([await ready(1) for _ in range(3)])
    twelve = min([await ready(12) for _ in range(3)])
    measured("twelve servers", twelve / one, f"{twelve:.2f} s compared with {one:.2f} s")
