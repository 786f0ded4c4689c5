"""Filters choose which tools are offered."""

import pytest
from mcp.server import MCPServer

from imagebridge import Bridge
from imagebridge.client.config import Filter


def desk(name, *tools):
    server = MCPServer(name, log_level="CRITICAL")
    for tool in tools:
        server.add_tool(lambda: "done", name=tool, description="Does it.")
    return server


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("rules", "offered"),
    [
        ({}, ["left_draw", "file_read", "right_draw", "wipe"]),
        ({"deny": ["draw"]}, ["file_read", "wipe"]),
        # One of two that shared a name keeps it alone.
        ({"deny": ["right:draw"]}, ["draw", "file_read", "wipe"]),
        ({"allow": ["left:*"]}, ["draw", "file_read"]),
        ({"allow": ["file.*"]}, ["file_read"]),
        ({"allow": ["file_read", "w?pe"]}, ["file_read", "wipe"]),
        ({"allow": ["*"], "deny": ["[dw]*"]}, ["file_read"]),
        ({"allow": []}, []),
    ],
)
async def test_patterns_name_tools_as_servers_or_models_do(rules, offered):
    left, right = desk("left", "draw", "file.read"), desk("right", "draw", "wipe")
    async with Bridge(left, right, **rules) as bridge:
        names = [tool["name"] for tool in bridge.tools]
        assert names == offered
        for name in {"wipe", "file_read"} - set(names):
            (output,) = await bridge.outputs(
                {"output": [{"type": "function_call", "call_id": "a", "name": name, "arguments": "{}"}]}
            )
            assert output["output"].startswith(f"Tool error:\nunknown tool {name!r}; ")


@pytest.mark.parametrize(
    ("allow", "message"),
    [("draw", "such as \\['draw'\\], not a string"), ([3], "must contain strings")],
)
def test_what_is_no_list_of_patterns_raises(allow, message):
    with pytest.raises(TypeError, match=message):
        Filter.of(allow, None)


@pytest.mark.anyio
async def test_a_pattern_that_names_nothing_is_warned_of(caplog):
    async with Bridge(desk("left", "draw"), allow=["draw", "darw"], deny=iter(["left:wipe"])):
        pass
    assert caplog.messages == [
        "the pattern 'darw' in allow or deny matches no tool",
        "the pattern 'left:wipe' in allow or deny matches no tool",
    ]
