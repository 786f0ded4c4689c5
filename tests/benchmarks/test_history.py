"""How many bytes a long conversation sends: `uv run pytest -m benchmark -n 0 -s tests/benchmarks/test_history.py`.

50 turns, each with a fresh screenshot of 1 MB, stateless: every request brings the conversation so far. Bytes are
those of the requests as the SDK writes them, uploads included; the naive loop's are those of its bare JSON.
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
from imagebridge_tools import generate_chart

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]

TURNS, SIDE = 50, 577
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


async def test_fifty_turns_with_a_screenshot_each(turns, tmp_path):
    curves = {
        "naive": naive(turns),
        "data URLs, 8 cut to 4": await ours(turns, uploads=False),
        "uploads": await ours(turns, uploads=True),
    }
    whole = sum(curves["naive"])
    for name, sent in curves.items():
        print(
            f"\n{name}: {sum(sent) / 1e6:,.1f} MB, {sum(sent) / whole:.1%} of naive; at most {max(sent) / 1e6:.1f} MB a turn",
            end="",
        )
    rows = [
        {"turn": turn, "megabytes sent": round(size / 1e6, 3), "loop": name}
        for name, sent in curves.items()
        for turn, size in enumerate(sent, 1)
    ]
    answer = await generate_chart(
        kind="line",
        data=rows,
        columns={"x": "turn", "y": "megabytes sent", "color": "loop"},
        title="Bytes of each turn, a fresh 1 MB screenshot in every one",
    )
    picture = tmp_path / "history.png"
    picture.write_bytes(answer.pictures[0].data)
    print(f"\n{picture}")
    assert sum(curves["uploads"]) <= 0.05 * whole
    assert sum(curves["data URLs, 8 cut to 4"]) <= 0.25 * whole
    for name in ("data URLs, 8 cut to 4", "uploads"):
        # Once the budget is reached, the turns repeat: five until the next cut.
        earlier, later = curves[name][8:28], curves[name][28:48]
        assert max(later) <= 1.02 * max(earlier)
        assert sum(later) <= 1.02 * sum(earlier)
