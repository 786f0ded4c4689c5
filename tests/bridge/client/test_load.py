"""Many conversations on one event loop: each gets the right answers, and nothing is left behind."""

import gc
import json
import os
import sys
import tracemalloc
from pathlib import Path

import anyio
import pytest
import samples
from mcp import StdioServerParameters
from PIL import Image
from processes import children, handles

from imagebridge import Bridge

SCRIPT = Path(__file__).parents[2] / "servers" / "sloppy.py"
SLOPPY = StdioServerParameters(command=sys.executable, args=["-S", str(SCRIPT)])
CONVERSATIONS, CALLS, AT_ONCE = 50, 20, 4

pytestmark = [pytest.mark.anyio, pytest.mark.long]


def response(talk, first):
    """Return a response with some calls of a conversation, to either server in turn."""
    calls = [
        {
            "type": "function_call",
            "call_id": f"{talk}-{number}",
            "name": ("sloppy_echo", "sloppy_2_echo")[number % 2],
            "arguments": json.dumps({"result": result(talk, number)}),
        }
        for number in range(first, first + AT_ONCE)
    ]
    return {"model": "gpt-5.6-luna", "output": calls}


def result(talk, number):
    """Return a text and a picture that belong to one call alone."""
    picture = Image.new("RGB", (talk + 1, number + 1), (talk, number, 0))
    block = {"type": "image", "data": samples.b64(samples.file(picture, "PNG")), "mimeType": "image/png"}
    return {"content": [{"type": "text", "text": f"{talk} {number}"}, block]}


async def converse(bridge, talk):
    for first in range(0, CALLS, AT_ONCE):
        outputs = await bridge.outputs(response(talk, first))
        assert [one["call_id"] for one in outputs] == [f"{talk}-{first + at}" for at in range(AT_ONCE)]
        for number, one in enumerate(outputs, first):
            text, picture = one["output"]
            assert text["text"] == f"{talk} {number}"
            assert picture["image_url"].endswith(result(talk, number)["content"][1]["data"])


async def test_fifty_conversations_of_twenty_calls_over_two_servers():
    async def everyone(bridge):
        async with anyio.create_task_group() as tasks:
            for talk in range(CONVERSATIONS):
                tasks.start_soon(converse, bridge, talk)
        gc.collect()
        return tracemalloc.get_traced_memory()[0], handles(), set(children(os.getpid()))

    before = handles(), set(children(os.getpid()))
    async with Bridge(SLOPPY, SLOPPY) as bridge:
        # From the beginning: what the memory of proven pictures holds by then gives way to later ones.
        tracemalloc.start()
        try:
            await everyone(bridge)
            memory, descriptors, processes = await everyone(bridge)
            again, descriptors_again, processes_again = await everyone(bridge)
        finally:
            tracemalloc.stop()
    assert (descriptors_again, processes_again) == (descriptors, processes)
    assert len(processes - before[1]) == 2
    assert again - memory < 200_000
    assert (handles(), set(children(os.getpid()))) == before
