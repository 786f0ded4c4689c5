"""The names of tools depend only on the servers and their order, not on which server answers first."""

import json
import sys
from itertools import product
from pathlib import Path

import anyio
import pytest
from long_rows import one_in
from mcp import StdioServerParameters

from imagebridge import Bridge

SCRIPT = Path(__file__).parents[2] / "servers" / "raw.py"

pytestmark = pytest.mark.anyio


def tools(*names):
    return {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in names]}


def raw(me, **plan):
    plan = {
        "tools": tools("echo", "ping"),
        "initialize": {"serverInfo": {"name": me, "version": "1"}},
        **plan,
    }
    return StdioServerParameters(command=sys.executable, args=["-S", str(SCRIPT), json.dumps(plan)])


async def named(*servers):
    async with Bridge(*servers, timeout=600) as bridge:
        await bridge.settled()
        return [tool["name"] for tool in bridge.tools]


WAYS = ({}, {"early": 0}, {"delay": 0.3}, {"early": 0, "delay": 0.3})


@pytest.mark.parametrize(("first", "second"), one_in(4, list(product(WAYS, WAYS))))
async def test_names_do_not_depend_on_who_answers_or_tells_of_a_change_first(first, second):
    names = await named(raw("one", **first), raw("two", **second))
    assert names == ["one_echo", "one_ping", "two_echo", "two_ping"]


async def test_a_server_that_fails_takes_no_name():
    async with Bridge(raw("one"), "no-such-program", raw("two", tools=tools("draw")), timeout=600) as bridge:
        assert [tool["name"] for tool in bridge.tools] == ["echo", "ping", "draw"]


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
async def test_servers_of_one_kind_name_their_later_tools_alike_whoever_tells_first(order):
    later = {"tools": tools("swap"), "later": tools("swap", "extra")}
    async with Bridge(raw("one", **later), raw("two", **later), timeout=600) as bridge:
        for name in order:
            call = {"type": "function_call", "call_id": "c", "name": f"{name}_swap", "arguments": "{}"}
            await bridge.outputs({"model": "gpt-5.6-luna", "output": [call]})
        # The notice comes 10 ms after the answer, and a busy machine may take longer than anybody waits for.
        for connection in bridge._servers.connections:
            connection._tools._stale.set()
        await bridge.settled()
        names = [tool["name"] for tool in bridge.tools]
        assert sorted(names) == ["one_extra", "one_swap", "two_extra", "two_swap"]


async def test_a_notice_behind_an_answer_is_in_the_next_list_and_only_those_who_announce_it_are_waited_for(
    monkeypatch,
):
    # As long as a busy machine may need: what is waited for is the notice.
    monkeypatch.setattr("imagebridge.client.tool_list._GRACE", 2)
    later = {"tools": tools("swap"), "later": tools("swap", "extra")}
    call = {"type": "function_call", "call_id": "c", "name": "swap", "arguments": "{}"}
    async with Bridge(raw("one", **later), timeout=600) as bridge:
        await bridge.outputs({"model": "gpt-5.6-luna", "output": [call]})
        assert [tool["name"] for tool in bridge.tools] == ["swap", "extra"]

    monkeypatch.setattr("imagebridge.client.tool_list._GRACE", 3600)
    monkeypatch.setattr("imagebridge.client.tool_list._PATIENCE", 3600)
    silent = {"initialize": {"capabilities": {"tools": {}}}}
    async with Bridge(raw("one", **{**later, **silent}), timeout=600) as bridge:
        with anyio.fail_after(600):
            await bridge.outputs({"model": "gpt-5.6-luna", "output": [call]})
