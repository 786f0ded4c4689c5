"""Measures the bytes of a long conversation: `uv run pytest -m benchmark -n 0 -s tests/benchmarks/test_history.py`.

100 turns, each with a fresh screenshot of 1 MB, stateless: every request brings the conversation so far. Bytes are
those of the requests as the SDK writes them, uploads included; the loop by hand's are those of its bare JSON.
"""

import json
import random

import httpx2
import pytest
from openai import AsyncOpenAI
from PIL import Image
from pydantic_core import to_json
from samples import file

from imagebridge import function_call_output, tool_result, trim
from imagebridge.agent.uploads import Uploads

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]

TURNS, SIDE = 100, 577
FIRST = 50
"""The turns that are held against the bounds."""
MODEL = "gpt-5.4"


def screenshot(turn):
    pixels = random.Random(turn).randbytes(3 * SIDE * SIDE)
    return file(Image.frombytes("RGB", (SIDE, SIDE), pixels), "PNG", compress_level=1)


@pytest.fixture(scope="module")
def turns():
    """What each turn adds to the conversation: a call and its output."""
    return [
        [
            {"type": "function_call", "call_id": f"call_{turn}", "name": "screenshot", "arguments": "{}"},
            function_call_output(tool_result(f"Screen {turn}.", screenshot(turn)), f"call_{turn}"),
        ]
        for turn in range(TURNS)
    ]


def start():
    return [{"role": "user", "content": "Click through all pages."}]


def naive(turns):
    items, sent = start(), []
    for turn in turns:
        items += turn
        sent.append(len(to_json({"model": MODEL, "input": items, "store": False})))
    return sent


async def ours(turns, uploads):
    sent = []

    def answer(request):
        sent[-1] += len(request.content)
        if request.url.path == "/v1/files":
            made = {
                "id": f"file-{len(sent)}",
                "object": "file",
                "bytes": 1,
                "created_at": 1,
                "filename": "a.png",
            }
            return httpx2.Response(200, json=made)
        assert len(json.loads(request.content)["input"]) == 1 + 2 * len(sent)
        return httpx2.Response(200, json={"id": "resp_1", "object": "response", "output": []})

    transport = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    items = start()
    async with AsyncOpenAI(base_url="http://localhost/v1", api_key="test", http_client=transport) as client:
        held = Uploads.of_argument(client, uploads, keep=True)
        for turn in turns:
            sent.append(0)
            items = trim([*items, *turn], model=MODEL)
            await client.responses.create(model=MODEL, input=await held.sent(items), store=False)
    return sent


async def test_a_hundred_turns_with_a_screenshot_each(turns, measured, plotted):
    curves = {
        "by hand": naive(turns),
        "imagebridge, data URLs": await ours(turns, uploads=False),
        "imagebridge, uploads": await ours(turns, uploads=True),
    }
    plotted(
        "history",
        [
            {"series": loop, "x": turn, "y": round(size / 1e6, 2)}
            for loop, sent in curves.items()
            for turn, size in enumerate(sent, 1)
        ],
    )
    whole, data_urls, uploads = (sum(sent[:FIRST]) for sent in curves.values())
    for key, sent in (("history data urls", data_urls), ("history uploads", uploads)):
        measured(key, 100 * sent / whole, f"{sent / 1e6:,.0f} MB compared with {whole / 1e6:,.0f} MB")
    for loop in list(curves)[1:]:
        # Once the budget is reached, the turns repeat: five until the next cut.
        earlier, later = curves[loop][8:28], curves[loop][28:48]
        for what, of in (("the most", max), ("all", sum)):
            said = f"{loop}, {what}: {of(later) / 1e6:.1f} MB compared with {of(earlier) / 1e6:.1f} MB"
            measured("history flat", of(later) / of(earlier), said)
