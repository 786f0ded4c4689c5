"""Compares a call through the relay with the same call without it, with the SDK's client as the host.

`uv run pytest -m benchmark -n 0 -s tests/benchmarks/test_relay.py`
"""

import sys
import time

import pytest
from mcp import Client, StdioServerParameters
from relaying import ENVIRONMENT, PROXY

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]

ROUNDS = 12
SERVER = """
import base64, io, itertools, json, random, sys
from PIL import Image

def picture(side, seed=0):
    image = Image.frombytes("RGB", (side, side), random.Random(seed).randbytes(side * side * 3))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return {"type": "image", "data": base64.b64encode(buffer.getvalue()).decode(), "mimeType": "image/png"}

def pictures(side, count):
    made = [picture(side, seed) for seed in range(count)]
    while True:
        yield from made

results = {
    "small": itertools.repeat({"type": "text", "text": "x"}),
    "png": pictures(578, int(sys.argv[1])),
    "same": itertools.repeat(picture(578)),
    "large": pictures(1660, 4),
}
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    method = asked["method"]
    if method == "initialize":
        result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}}
    elif method == "tools/list":
        result = {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in results]}
    else:
        result = {"content": [next(results[asked["params"]["name"]])]}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""


async def timed(client):
    """Return the seconds of each."""
    found = {}
    for name, tool, times in (
        ("100 small calls", "small", 100),
        ("1 MB PNG", "png", 1),
        ("the same 1 MB PNG", "same", 1),
        ("11 MB result", "large", 1),
    ):
        start = time.perf_counter()
        for _ in range(times):
            await client.call_tool(tool, {})
        found[name] = time.perf_counter() - start
    return found


async def test_calls_through_the_relay(measured, rounds):
    def server(*command):
        return StdioServerParameters(command=command[0], args=list(command[1:]), env=ENVIRONMENT)

    command = sys.executable, "-c", SERVER, str(ROUNDS + 1)
    direct, relayed = server(*command), server(*PROXY, "--", *command)
    async with Client(direct, mode="legacy") as one, Client(relayed, mode="legacy") as other:
        await timed(one)
        await timed(other)
        taken = [(await timed(one), await timed(other)) for _ in range(rounds(ROUNDS))]
    for name in taken[0][0]:
        straight, through = (min(times[name] for times in side) for side in zip(*taken, strict=True))
        measured(name, through / straight, f"{through * 1e3:.0f} ms compared with {straight * 1e3:.0f} ms")
