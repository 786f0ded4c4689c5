"""What the README and the examples show is run as it stands."""

import base64
import io
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from mcp import Client
from PIL import Image
from ruamel.yaml import YAML

from imagebridge.testing import Endpoint
from imagebridge_server import Settings, build_server

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SERVERS = [one for one in SNIPPETS if "MCPServer(" in one]
PROGRAMS = [one for one in SNIPPETS if one not in SERVERS]
CHART = (
    "generate_chart",
    {"kind": "bar", "data": [{"bar": "first", "height": 3}, {"bar": "last", "height": 4}]},
)


def run(code, steps, tmp_path, *arguments, python=sys.executable):
    """Run a program against the endpoint, in the repository, as a user would who has set a key."""
    with Endpoint(steps) as endpoint:
        environment = os.environ | {
            "OPENAI_BASE_URL": endpoint.base_url,
            "OPENAI_API_KEY": "test",
            "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}",
        }
        program = tmp_path / "program.py"
        program.write_text(code, encoding="utf-8")
        done = subprocess.run(
            [str(python), str(program), *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return done.stdout, endpoint


def runs(number, snippet):
    """Leave to the long run what starts the server by `Bridge` in the way that a snippet before it does."""
    again = any(("Bridge(" in one, last(one)) == (True, last(snippet)) for one in PROGRAMS[:number])
    return pytest.param(snippet, id=last(snippet), marks=[pytest.mark.long] if again else [])


def last(code):
    return code.strip().splitlines()[-1][:40]


@pytest.mark.parametrize("snippet", [runs(*one) for one in enumerate(PROGRAMS)])
def test_snippet_runs(snippet, tmp_path):
    steps = [[CHART], "The last."] if "Bridge(" in snippet else []
    out, endpoint = run(snippet, steps, tmp_path)
    if steps:
        assert out.startswith("The last.\n")
        assert [picture.format for picture in endpoint.seen] == ["PNG"]


@pytest.mark.anyio
async def test_the_servers_tool_returns_a_picture(monkeypatch, tmp_path):
    (snippet,) = SERVERS
    (tmp_path / "readme_server.py").write_text(snippet, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = import_module("readme_server")
    async with Client(module.server) as client:
        text, picture = (await client.call_tool("sign", {"colour": "red"})).content
    assert text.text == "A red sign."
    image = Image.open(io.BytesIO(base64.b64decode(picture.data)))
    assert (image.size, Image.MIME[image.format]) == ((320, 200), picture.mime_type)
    assert image.convert("RGB").getpixel((0, 0)) == (255, 0, 0)


def test_thread_example(tmp_path):
    code = (ROOT / "examples" / "thread.py").read_text(encoding="utf-8")
    out, endpoint = run(code, [[("get_image", {"text": "HELLO"})], "White on green."], tmp_path)
    assert out == "White on green.\n"
    (picture,) = endpoint.seen
    assert (picture.size, picture.format) == ((640, 200), "PNG")
    assert code.count("# changed: ") == 3


@pytest.mark.parametrize(
    ("form", "number", "table", "command"),
    [
        ("json", 0, "mcpServers", "command"),
        ("json", 1, "servers", "command"),
        ("toml", 0, "mcp_servers", "command"),
        ("yaml", 0, "extensions", "cmd"),
        ("yaml", 1, "mcpServers", "command"),
    ],
)
def test_the_hosts_entries_start_our_server(form, number, table, command):
    read = {"json": json.loads, "toml": tomllib.loads, "yaml": YAML(typ="safe").load}[form]
    found = re.findall(rf"```{form}\n(.*?)```", README, re.DOTALL)
    assert len(found) == {"json": 2, "toml": 1, "yaml": 2}[form]
    server = read(found[number])[table]["imagebridge"]
    assert server[command] == "uvx"
    assert server["args"][:3] == ["--from", "imagebridge[server]", "imagebridge-server"]


@pytest.mark.anyio
async def test_the_table_names_every_tool_of_the_server_and_no_other():
    async with Client(build_server(Settings(create=True))) as client:
        offered = [tool.name for tool in (await client.list_tools()).tools]
    (table,) = re.findall(r"\| tool \| what it does \|\n\|---\|---\|\n((?:\|.*\n)+)", README)
    cells = [row.split("|")[1] for row in table.splitlines()]
    assert sorted(name for cell in cells for name in re.findall(r"`(\w+)", cell)) == sorted(offered)


def test_both_commands_are_complete_lines():
    commands = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)
    assert commands == [
        "python3 -m pip install -q uv && uv run imagebridge demo",
        "python3 -m pip install -q uv && uv run pytest",
    ]


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?![a-z]+:)([^)#]+)", README):
        assert (ROOT / target).exists(), target
