"""Compares the time of a streamed run with the same loop, hand-written with the SDK's stream helper.

Four turns: three calls whose arguments come in pieces, then an answer in 400 pieces. The endpoint is a bare script in
a process of its own. `uv run pytest -m benchmark -n 0 -s tests/benchmarks/test_stream.py`
"""

import json
import statistics
import subprocess
import sys

import pytest
from mcp import Client, StdioServerParameters
from openai import AsyncOpenAI
from test_bridge import SERVER
from test_loop import TOOLS, timed

from imagebridge import Bridge
from imagebridge.events import Replied, TextDelta

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]

MODEL = "gpt-6-luna"
ROUNDS = 41
CALLS, PIECES = 3, 400

ENDPOINT = """
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
CALLS, PIECES = map(int, sys.argv[1:])
def response(status, output):
    return {"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "gpt-6-luna",
        "output": output, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None,
        "incomplete_details": None, "instructions": None, "metadata": {}, "temperature": 1.0, "top_p": 1.0,
        "usage": {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                  "output_tokens": 9, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 18}}
def stream(item, bare, pieces):
    events = [{"type": "response.created", "response": response("in_progress", [])},
              {"type": "response.output_item.added", "output_index": 0, "item": bare}, *pieces,
              {"type": "response.output_item.done", "output_index": 0, "item": item},
              {"type": "response.completed", "response": response("completed", [item])}]
    return b"".join(b"event: %s\\ndata: %s\\n\\n" % (one["type"].encode(), json.dumps({**one, "sequence_number": at}).encode())
                    for at, one in enumerate(events))
def call(number):
    item = {"type": "function_call", "id": "fc_%d" % number, "call_id": "call_%d" % number, "name": "shot", "arguments": "{}", "status": "completed"}
    place = {"item_id": item["id"], "output_index": 0}
    return stream(item, {**item, "arguments": "", "status": "in_progress"},
        [{"type": "response.function_call_arguments.delta", **place, "delta": one} for one in "{}"])
def answer():
    part = {"type": "output_text", "text": "Noise." * PIECES, "annotations": [], "logprobs": []}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    return stream(item, {**item, "content": [], "status": "in_progress"},
        [{"type": "response.content_part.added", **place, "part": {**part, "text": ""}},
         *({"type": "response.output_text.delta", **place, "delta": "Noise.", "logprobs": []} for _ in range(PIECES)),
         {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []},
         {"type": "response.content_part.done", **place, "part": part}])
calls, last = [call(number) for number in range(CALLS)], answer()
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        done = sum(item.get("type") == "function_call_output" for item in body["input"])
        said = last if done == CALLS else calls[done]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
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
    command = [sys.executable, "-c", ENDPOINT, str(CALLS), str(PIECES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        process.kill()


async def by_hand(openai, client):
    """The loop as one writes it on `responses.stream`: the picture goes on as it came."""
    items = [{"role": "user", "content": "Look."}]
    told = []
    while True:
        async with openai.responses.stream(model=MODEL, input=items, tools=TOOLS) as stream:
            told += [event.delta async for event in stream if event.type == "response.output_text.delta"]
            response = await stream.get_final_response()
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            assert "".join(told) == response.output_text == "Noise." * PIECES
            return "Noise."
        items += map(_plain, response.output)
        for call in calls:
            result = await client.call_tool(call.name, json.loads(call.arguments))
            parts = [
                {
                    "type": "input_image",
                    "image_url": f"data:{one.mime_type};base64,{one.data}",
                    "detail": "high",
                }
                for one in result.content
            ]
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": parts})


def _plain(item):
    return {name: value for name, value in item.to_dict().items() if name != "parsed_arguments"}


@pytest.mark.usefixtures("forgetful")
async def test_streamed_run(base_url, measured, rounds):
    server = StdioServerParameters(command=sys.executable, args=["-c", SERVER, "20000"])
    async with (
        AsyncOpenAI(base_url=base_url, api_key="x") as openai,
        Bridge(server) as bridge,
        Client(server) as client,
    ):

        async def ours():
            told = []
            async for event in bridge.stream(openai, model=MODEL, input="Look."):
                if isinstance(event, TextDelta):
                    told.append(event.text)
            assert isinstance(event, Replied)
            assert "".join(told) == event.reply.text == "Noise." * PIECES
            return "Noise."

        ways = {"by hand": lambda: by_hand(openai, client), "stream": ours}
        took = {name: [] for name in ways}
        for _ in range(rounds(ROUNDS)):
            for name, way in ways.items():
                took[name].append(await timed(way))
    print(f"\na streamed run of {CALLS + 1} turns, 20 kB PNGs, {PIECES} pieces")
    for index, what in enumerate(("clock", "work")):
        floor = [times[index] for times in took["by hand"]]
        for name, both in took.items():
            times = [one[index] for one in both]
            print(
                f"{what:5} {name:8} min {min(times):5.1f} ms ({min(times) / min(floor):.2f})"
                f"  median {statistics.median(times):5.1f} ms ({statistics.median(times) / statistics.median(floor):.2f})"
            )
    ours, theirs = (min(clock for clock, _ in took[name]) for name in ("stream", "by hand"))
    measured("stream", ours / theirs, f"{ours:.1f} ms compared with {theirs:.1f} ms")
