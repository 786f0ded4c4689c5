"""The servers of a host's configuration file."""

import json
import sys
from pathlib import Path

import pytest
from mcp import StdioServerParameters

from imagebridge import Bridge, BridgeError
from imagebridge.agent.config import HttpServer, Setup, configured
from imagebridge.agent.filter import Filter

SCRIPT = Path(__file__).parents[1] / "servers" / "pictures.py"
VARIABLES = {"TOKEN": "s3cret", "DIR": "/data"}


def written(tmp_path, value):
    path = tmp_path / "mcp.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8-sig")
    return path


@pytest.mark.parametrize(
    ("entry", "server"),
    [
        ({"command": "uvx", "args": ["pkg"]}, StdioServerParameters(command="uvx", args=["pkg"])),
        (
            {
                "type": "stdio",
                "command": "${DIR}/run",
                "args": ["--in", "${env:DIR}", 3],
                "env": {"T": "${TOKEN}"},
                "cwd": "${DIR}",
            },
            StdioServerParameters(
                command="/data/run", args=["--in", "/data", "3"], env={"T": "s3cret"}, cwd="/data"
            ),
        ),
        ({"command": "${NOT_SET:-node}"}, StdioServerParameters(command="node")),
        ({"url": "https://e.org/mcp"}, HttpServer("https://e.org/mcp")),
        (
            {"type": "http", "url": "https://e.org/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}},
            HttpServer("https://e.org/mcp", {"Authorization": "Bearer s3cret"}),
        ),
        ({"type": "sse", "url": "https://e.org/sse"}, HttpServer("https://e.org/sse", transport="sse")),
        ({"httpUrl": "https://e.org/mcp"}, HttpServer("https://e.org/mcp")),
    ],
)
@pytest.mark.parametrize("key", ["mcpServers", "servers"])
def test_entries_of_every_host(tmp_path, entry, server, key):
    path = written(tmp_path, {key: {"one": entry, "off": {"disabled": True}}, "other": 1})
    assert configured(path, VARIABLES) == {"one": Setup(server, "one")}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"timeout": 60}),
        ({"timeout": 30}, {"timeout": 30}),
        ({"timeout": 3600}, {"timeout": 3600}),
        ({"timeout": 30000}, {"timeout": 30}),
        ({"required": True}, {"required": True}),
        ({"includeTools": ["a*"], "excludeTools": ["ab"]}, {"rules": Filter(("a*",), ("ab",))}),
        ({"enabled_tools": [], "disabled_tools": ["x"]}, {"rules": Filter((), ("x",))}),
        ({"disabledTools": ["x"], "enabled": True}, {"rules": Filter(None, ("x",))}),
    ],
)
def test_what_else_an_entry_says(tmp_path, more, expected):
    path = written(tmp_path, {"mcpServers": {"one": {"command": "x", **more}, "off": {"enabled": False}}})
    assert configured(path) == {"one": Setup(StdioServerParameters(command="x"), "one", **expected)}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"servers": {"a": {"command": "x", "timeout": "long"}}},
            "server 'a' has a `timeout` that is no positive number: \"long\"",
        ),
        (
            {"servers": {"a": {"command": "x", "includeTools": "all"}}},
            "server 'a' has `includeTools` that is no list of tool names",
        ),
        ("{no json", "mcp.json is no JSON: "),
        ([], "names no servers: there is neither `mcpServers` nor `servers` in it"),
        ({"mcpServers": []}, "names no servers"),
        ({"mcpServers": {"a": 3}}, "mcp.json: server 'a' is no JSON object"),
        ({"mcpServers": {"a": {}}}, "server 'a' has neither a `command` nor a `url`"),
        (
            {"mcpServers": {"a": {"command": "${GONE}"}}},
            "server 'a' names the variable GONE, which is not set",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, value, message):
    with pytest.raises(BridgeError) as raised:
        configured(written(tmp_path, value), VARIABLES)
    assert message in str(raised.value)


def test_a_file_that_is_not_there():
    with pytest.raises(BridgeError, match="cannot be read: No such file"):
        configured("no/such/mcp.json")


@pytest.mark.anyio
async def test_a_bridge_connects_what_is_configured(tmp_path):
    path = written(tmp_path, {"mcpServers": {"pictures": {"command": sys.executable, "args": [str(SCRIPT)]}}})
    async with Bridge(config=path) as bridge:
        assert (await bridge.call("draw_square", {"side": 2}))["content"][0]["text"] == "a red square"
    with pytest.raises(BridgeError, match="names no server that is not switched off"):
        async with Bridge(config=written(tmp_path, {"mcpServers": {}})):
            pass
