"""Measures the cost of pictures from 10 kB to 15 MB, from prompt to answer, and compares it with a hand-written loop.

The PNGs are noise, which no format packs. Tokens are those that the API's price list gives for what is sent, and for text a
token for four characters: what the endpoint of `imagebridge.testing` counts.
"""

import json

import pytest
from kinds_seen import by_hand as copied
from mcp.types import CallToolResult
from test_loop import MODEL, base_url, both, by_hand, timed  # noqa: F401  # base_url is a fixture

from imagebridge import Policy, function_call_output
from imagebridge.testing.model_list import tokens

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]

SIZES = {
    10_000: 21,
    30_000: 21,
    100_000: 21,
    300_000: 15,
    1_000_000: 15,
    3_000_000: 7,
    8_000_000: 5,
    15_000_000: 5,
}
"""Bytes of each picture, and how many rounds it is given."""


def tokens_of(parts):
    output = {"type": "function_call_output", "call_id": "c", "output": parts}
    return tokens({"model": MODEL, "input": [output]}, "responses")


@pytest.mark.usefixtures("forgetful")
async def test_pictures_of_each_size(base_url, plotted, rounds):  # noqa: F811
    times, costs = [], []
    for size, count in SIZES.items():
        async with both(base_url, size) as (openai, bridge, client):

            async def ours(bridge=bridge, openai=openai):
                return (await bridge.run(openai, model=MODEL, input="Look.")).text

            took = {"by hand": [], "imagebridge": []}
            for _ in range(rounds(count)):
                took["by hand"].append((await timed(lambda: by_hand(openai, client)))[0])
                took["imagebridge"].append((await timed(ours))[0])
            shot = (await client.call_tool("shot", {})).model_dump(
                mode="json", by_alias=True, exclude_none=True
            )
        megabytes = size / 1e6
        times += [{"series": loop, "x": megabytes, "y": round(min(one), 1)} for loop, one in took.items()]
        ways = {
            "by hand, dumped as text": [{"type": "input_text", "text": json.dumps(shot)}],
            "by hand, as a picture": copied(CallToolResult.model_validate(shot)),
            "imagebridge": function_call_output(shot, "c", policy=Policy(model=MODEL))["output"],
        }
        costs += [{"series": loop, "x": megabytes, "y": tokens_of(parts)} for loop, parts in ways.items()]
        print(f"\n{megabytes:g} MB: {times[-2:]} {costs[-3:]}", end="")
    plotted("time", times)
    plotted("tokens", costs)
