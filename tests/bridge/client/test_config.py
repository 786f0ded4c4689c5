"""The servers in a host's configuration file."""

import json
import os
import sys
from pathlib import Path

import pytest
from mcp import StdioServerParameters

from imagebridge import Bridge, BridgeError
from imagebridge.client.config import Filter, HttpServer, Setup, configured

SCRIPT = Path(__file__).parents[2] / "servers" / "pictures.py"
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
        ({"parallel": True}, {"parallel": True}),
        ({"includeTools": ["a*"], "excludeTools": ["ab"]}, {"rules": Filter(("a*",), ("ab",))}),
        ({"enabled_tools": [], "disabled_tools": ["x"]}, {"rules": Filter((), ("x",))}),
        ({"disabledTools": ["x"], "enabled": True}, {"rules": Filter(None, ("x",))}),
    ],
)
def test_what_else_an_entry_says(tmp_path, more, expected):
    path = written(tmp_path, {"mcpServers": {"one": {"command": "x", **more}, "off": {"enabled": False}}})
    assert configured(path) == {"one": Setup(StdioServerParameters(command="x"), "one", **expected)}


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"command": "x", "timeout": "long"}, 'has a `timeout` that is not a positive number: "long"'),
        ({"command": "x", "timeout": float("nan")}, "has a `timeout` that is not a positive number: NaN"),
        (
            {"command": "x", "timeout": float("inf")},
            "has a `timeout` that is not a positive number: Infinity",
        ),
        (
            {"command": "x", "timeout": 10**13},
            "has a `timeout` that is not a positive number: 10000000000000",
        ),
        ({"command": "x", "parallel": "yes"}, 'has a `parallel` that is neither true nor false: "yes"'),
        ({"command": "x", "includeTools": "all"}, "has `includeTools` that is not a list of tool names"),
        ({"command": "x", "args": "--all"}, 'has `args` that is not a list: "--all"'),
        ({"command": "x", "env": ["A=1"]}, 'has `env` that is not a JSON object: ["A=1"]'),
        (None, "is not a JSON object"),
        ({}, "has neither a `command` nor a `url`"),
        ({"command": "${GONE}"}, "uses the variable GONE, which is not set"),
        (
            {"url": "https://e.org/mcp", "headers": {"Authorization": "Bearer ${input:key}"}},
            "uses ${input:key}, which only its host can fill in; use a variable instead, as in ${env:TOKEN}",
        ),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_and_costs_the_others_nothing(tmp_path, entry, problem):
    path = written(tmp_path, {"servers": {"bad": entry, "good": {"command": "x"}}})
    assert configured(path, VARIABLES) == {
        "bad": Setup("", "bad", problem=f"its entry in {path} {problem}"),
        "good": Setup(StdioServerParameters(command="x"), "good"),
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{no json", "mcp.json is not valid JSON: "),
        ([], "has no servers: it contains neither `mcpServers` nor `servers`"),
        ({"mcpServers": []}, "has no servers"),
        ("null", "has no servers"),
        ("[" * 100_000, "is nested deeper than 150 levels, which no list of servers needs"),
        ('{"a": ' * 200 + "1" + "}" * 200, "is nested deeper than 150 levels"),
        ('{"a": "' + '\\"' * 500_000, "mcp.json is not valid JSON: Unterminated string"),
        ("{/* " * 300_000, "mcp.json is not valid JSON: "),
    ],
)
def test_what_is_wrong_with_the_file_is_said(tmp_path, value, message):
    with pytest.raises(BridgeError) as raised:
        configured(written(tmp_path, value), VARIABLES)
    assert message in str(raised.value)


def test_what_vs_code_writes(tmp_path):
    (tmp_path / ".vscode").mkdir()
    path = written(
        tmp_path / ".vscode",
        """{
          // Ours.
          "mcpServers": {},
          "servers": {
            "one": {
              "command": "node", /* not deno */
              "args": ["${workspaceFolder}${pathSeparator}a//b.js", "${userHome}", "${workspaceFolderBasename}"],
              "env": {"DIR": "${DIR}"},
            },
          },
        }""",
    )
    assert configured(path, VARIABLES) == {
        "one": Setup(
            StdioServerParameters(
                command="node",
                args=[f"{tmp_path}{os.sep}a//b.js", str(Path.home()), tmp_path.name],
                env={"DIR": "/data"},
            ),
            "one",
        )
    }


def test_a_file_that_is_not_there():
    with pytest.raises(BridgeError, match="cannot be read: No such file"):
        configured("no/such/mcp.json")


@pytest.mark.anyio
async def test_a_bridge_connects_what_is_configured(tmp_path):
    servers = {
        "pictures": {"command": sys.executable, "args": [str(SCRIPT)]},
        "lost": {"command": sys.executable, "cwd": str(tmp_path / "nowhere")},
        "unset": {"command": "${NOT_SET_ANYWHERE}"},
    }
    async with Bridge(config=written(tmp_path, {"mcpServers": servers})) as bridge:
        lost, unset = bridge.failures
        assert lost.problem == f"cannot be started: its folder {str(tmp_path / 'nowhere')!r} does not exist"
        assert (unset.server, unset.problem.partition(" uses ")[2]) == (
            "unset",
            "the variable NOT_SET_ANYWHERE, which is not set",
        )
        assert (await bridge.call("draw_square", {"side": 2}))["content"][0]["text"] == "a red square"
    servers["unset"]["required"] = True
    with pytest.raises(BridgeError, match=r"unset: its entry in .* uses the variable NOT_SET_ANYWHERE"):
        async with Bridge(config=written(tmp_path, {"mcpServers": servers})):
            pass
    with pytest.raises(BridgeError, match="has no server that is switched on; add one or switch one on"):
        async with Bridge(config=written(tmp_path, {"mcpServers": {}})):
            pass
