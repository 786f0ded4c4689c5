"""Compares the time from a prompt to its answer with the same loop, hand-written with mcp and openai.

One call, one PNG of 1 MB over a warm stdio server, two requests. Ours decodes every picture before it is sent; the
loop by hand checks nothing. The server and the endpoint are bare scripts in processes of their own, so that what
remains on both sides is what a client does. `uv run pytest -m benchmark -n 0 -s tests/benchmarks/test_loop.py`
"""

import gc
import json
import statistics
import subprocess
import sys
import time
from contextlib import asynccontextmanager

import pytest
from mcp import Client, StdioServerParameters
from openai import AsyncOpenAI
from test_bridge import SERVER

from imagebridge import Bridge

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]

MODEL = "gpt-5.6-luna"
ROUNDS = 61

ENDPOINT = """
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
def response(item):
    return json.dumps({
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "gpt-5.6-luna",
        "output": [item], "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None,
        "incomplete_details": None, "instructions": None, "metadata": {}, "temperature": 1.0, "top_p": 1.0,
        "usage": {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                  "output_tokens": 9, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 18},
    }).encode()
call = response({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "shot", "arguments": "{}", "status": "completed"})
text = response({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                 "content": [{"type": "output_text", "text": "Noise.", "annotations": [], "logprobs": []}]})
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert len(body) < 100_000 or b'"image_url":"data:image/png;base64,iVBOR' in body
        said = text if b'"function_call_output"' in body else call
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
    def log_message(self, *arguments):
        pass
server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def base_url():
    with subprocess.Popen([sys.executable, "-c", ENDPOINT], stdout=subprocess.PIPE, text=True) as process:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        process.kill()


TOOLS = [
    {"type": "function", "name": "shot", "parameters": {"type": "object", "properties": {}}, "strict": False}
]


async def by_hand(openai, client):
    """The loop as one writes it: the picture goes on as it came."""
    items = [{"role": "user", "content": "Look."}]
    while True:
        response = await openai.responses.create(model=MODEL, input=items, tools=TOOLS)
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            return response.output_text
        items += response.output
        for call in calls:
            result = await client.call_tool(call.name, json.loads(call.arguments))
            parts = [
                {
                    "type": "input_image",
                    "image_url": f"data:{block.mime_type};base64,{block.data}",
                    "detail": "high",
                }
                for block in result.content
            ]
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": parts})


@asynccontextmanager
async def both(base_url, size):
    server = StdioServerParameters(command=sys.executable, args=["-c", SERVER, str(size)])
    async with (
        AsyncOpenAI(base_url=base_url, api_key="x") as openai,
        Bridge(server) as bridge,
        Client(server) as client,
    ):
        yield openai, bridge, client


async def timed(run):
    """Milliseconds until the answer, and those of them in which this process worked, in all its threads."""
    gc.collect()
    began, worked = time.perf_counter(), time.process_time()
    text = await run()
    taken = (time.perf_counter() - began) * 1e3, (time.process_time() - worked) * 1e3
    assert text == "Noise."
    return taken


@pytest.mark.usefixtures("forgetful")
async def test_prompt_to_answer(base_url, measured, rounds):
    async with both(base_url, 1_000_000) as (openai, bridge, client):

        async def ours(**arguments):
            reply = await bridge.run(openai, model=MODEL, input="Look.", **arguments)
            assert [shown.picture.proof for shown in reply.pictures] == ["decoded"]
            return reply.text

        ways = {
            "by hand": lambda: by_hand(openai, client),
            "create": ours,
            "direct": lambda: ours(direct=True),
        }
        took = {name: [] for name in ways}
        for _ in range(rounds(ROUNDS)):
            for name, way in ways.items():
                took[name].append(await timed(way))
    print("\nprompt to answer, 1 MB PNG")
    for index, what in enumerate(("clock", "work")):
        floor = [times[index] for times in took["by hand"]]
        for name, both_times in took.items():
            times = [one[index] for one in both_times]
            least, middle = min(times), statistics.median(times)
            print(
                f"{what:5} {name:8} min {least:5.1f} ms ({least / min(floor):.2f})"
                f"  median {middle:5.1f} ms ({middle / statistics.median(floor):.2f})  max {max(times):5.1f} ms"
            )
    least = {name: min(clock for clock, _ in times) for name, times in took.items()}
    for name in ("create", "direct"):
        said = f"{least[name]:.1f} ms compared with {least['by hand']:.1f} ms"
        measured(f"loop {name}", least[name] / least["by hand"], said)
