"""A tool that returns the dict of `tool_result` as it is: it arrives as JSON, and its picture is shown nevertheless."""

import sys

import pytest
from relaying import TESTS, relay
from servers import awkward

from imagebridge import Bridge

AWKWARD = [sys.executable, str(TESTS / "servers" / "awkward.py")]


@pytest.mark.anyio
async def test_through_a_bridge():
    async with Bridge(awkward.server) as bridge:
        text, picture, *_ = (await bridge.answer("bare")).parts
    assert "A red square." in text["text"]
    assert "[picture 1 below]" in text["text"]
    assert picture["image_url"].startswith("data:image/png;base64,")


@pytest.mark.long
def test_through_the_relay():
    with relay(server=AWKWARD) as wire:
        text, picture, *_ = wire.open().call("bare")["content"]
    assert "A red square." in text["text"]
    assert "[picture 1 below]" in text["text"]
    assert picture["mimeType"] == "image/png"
