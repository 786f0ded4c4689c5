"""Next to other frameworks: the newest versions of both, old SDKs unchanged, and one sentence if more is needed."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import samples
from environments import environment_with, output, uninstall, versions
from local_servers import serving

pytestmark = pytest.mark.environments

FRAMEWORKS = {
    "langchain-mcp-adapters": (["langchain-mcp-adapters"], "langchain_mcp_adapters.client"),
    "mcp-use": (["mcp-use"], "mcp_use"),
    "strands-agents": (["strands-agents[openai]"], "strands.tools.mcp, strands.models.openai"),
    "llama-index-tools-mcp": (
        ["llama-index-tools-mcp", "llama-index-llms-openai"],
        "llama_index.tools.mcp, llama_index.llms.openai",
    ),
}

PROGRAM = """
import {imports}
import json, sys
from mcp.types import CallToolResult
from imagebridge import check, function_call_output, repair
blocks = [{{"type": "image", "data": data, "mimeType": "image/png"}} for data in json.load(sys.stdin)]
result = CallToolResult.model_validate({{"content": blocks}})
item = function_call_output(result, "c")
call = {{"type": "function_call", "call_id": "c", "name": "look", "arguments": "{{}}"}}
findings = check({{"model": "gpt-6-luna", "input": [call, item]}})
repaired = CallToolResult.model_validate(repair(result, "claude-desktop")).model_dump(mode="json", by_alias=True)
print(json.dumps([item["output"], [str(one) for one in findings], repaired["content"]]))
"""


def newest(folder, packages):
    """What the resolver gives of the first package where nothing else is wanted."""
    command = ["uv", "pip", "compile", "-q", "--no-header", "--no-annotate", "--python", sys.executable, "-"]
    done = subprocess.run(
        command, input="\n".join(packages), capture_output=True, text=True, check=True, cwd=folder
    )
    return dict(line.split("==") for line in done.stdout.splitlines() if "==" in line)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_the_newest_of_both_work_together(name, wheel, tmp_path):
    packages, imports = FRAMEWORKS[name]
    programs = environment_with(tmp_path / "environment", *packages, wheel)
    installed, alone = versions(programs), newest(tmp_path, packages)
    kept = [name, "mcp", *(["openai"] if "openai" in alone else [])]
    assert {one: installed[one] for one in kept} == {one: alone[one] for one in kept}
    bmp, png = samples.file(samples.drawing(), "BMP"), samples.file(samples.drawing(), "PNG")
    given = json.dumps([samples.b64(bmp), samples.b64(png[: len(png) // 2])])
    program = PROGRAM.format(imports=imports)
    quiet = os.environ | {"MCP_USE_ANONYMIZED_TELEMETRY": "false"}
    said = output(programs / "python", "-W", "ignore", "-c", program, input=given, env=quiet)
    # Some frameworks log to stdout when they are imported.
    parts, findings, blocks = json.loads(said.splitlines()[-1])
    assert [part["type"] for part in parts] == ["input_image", "input_text"]
    assert parts[0]["image_url"].startswith("data:image/png;base64,iVBOR")
    assert "cut short" in parts[1]["text"]
    assert findings == []
    (image,) = [one for one in blocks if one["type"] == "image"]
    assert (image["mimeType"], image["data"][:5]) == ("image/png", "iVBOR")
    assert "cut short" in blocks[-1]["text"]


def test_alone_it_brings_the_newest_sdks(wheel, tmp_path):
    installed = versions(environment_with(tmp_path / "alone", wheel))
    alone = newest(tmp_path, ["mcp", "openai"])
    assert {one: installed[one] for one in ("mcp", "openai")} == {
        one: alone[one] for one in ("mcp", "openai")
    }


def test_pip_leaves_an_old_mcp_as_it_is(wheel, tmp_path):
    programs = environment_with(tmp_path / "old", "mcp==1.30.0", seed=True)
    output(programs / "python", "-m", "pip", "install", "-q", wheel)
    assert versions(programs)["mcp"] == "1.30.0"


BRIDGE = """
from imagebridge import *
from imagebridge import Bridge, BridgeError, HttpServer
for make in (lambda: Bridge("x"), lambda: HttpServer("http://x")):
    try:
        make()
    except BridgeError as error:
        print(error)
"""


@pytest.mark.parametrize("version", ["1.22.0", "1.30.0"])
def test_mcp_1_is_told_of_in_one_sentence(version, wheel, tmp_path):
    programs = environment_with(tmp_path / "old", wheel, f"mcp=={version}")
    old = f"needs mcp 2 or newer ({version} is installed)"
    told = f'{old}: pip install "imagebridge['
    assert output(programs / "python", "-c", BRIDGE).splitlines() == [f'Bridge {told}agent]"'] * 2
    for command, name, extra in (
        (["tools"], "Bridge", "agent"),
        (["call", "get_image"], "Bridge", "agent"),
        (["ask", "Hello"], "imagebridge ask", "agent"),
    ):
        expected = f'Error: {name} {told}{extra}]"\n'
        assert output(programs / "imagebridge", *command, status=2) == expected
    charts = "vl-convert-python 1.9 or newer (none is installed)"
    expected = f'Error: imagebridge demo {old} and {charts}: pip install "imagebridge[agent,charts]"\n'
    assert output(programs / "imagebridge", "demo", status=2) == expected
    expected = f'Error: imagebridge-server {told}server]"\n'
    assert output(programs / "imagebridge-server", stdin=subprocess.DEVNULL, status=1) == expected
    assert (
        output(programs / "imagebridge", "check", "-", input='{"model": "gpt-6-luna", "input": "Hi"}') == ""
    )
    assert f"missing  Bridge {told}agent]" in output(programs / "imagebridge", "doctor")


CLIENT = """
import anyio, json, sys
from imagebridge import Bridge

async def main():
    for server in sys.argv[1:]:
        async with Bridge(server) as bridge:
            for name, arguments in json.load(open("calls.json")):
                arguments = json.dumps(arguments)
                call = {"type": "function_call", "call_id": "c", "name": name, "arguments": arguments}
                (item,) = await bridge.outputs({"model": "gpt-6-luna", "output": [call]})
                print(json.dumps([part["type"] for part in item["output"]]))

anyio.run(main)
"""

RUN = """
import anyio, sys
from openai import AsyncOpenAI
from imagebridge import Bridge, BridgeError

async def main():
    async with Bridge(sys.argv[1]) as bridge:
        try:
            await bridge.run(AsyncOpenAI(api_key="x"), model="gpt-6-luna", input="Hi")
        except BridgeError as error:
            print(error)

anyio.run(main)
"""


@pytest.fixture(scope="module")
def pictures():
    """A command line and an address of a server, which has the newest SDK."""
    script = Path(__file__).parent / "servers" / "large.py"
    with serving(script) as url:
        yield shlex.join([sys.executable, str(script)]), url


@pytest.mark.parametrize("version", ["2.0.0", "2.1.1", "2.2.0"])
def test_bridge_is_a_client_with_any_mcp_2_and_no_openai(version, wheel, tmp_path, pictures):
    programs = environment_with(tmp_path / "client", wheel, f"mcp=={version}")
    uninstall(programs, "openai")
    command, url = pictures
    # A picture of more than 1 MiB: what the SDK's reader of events takes by itself.
    calls = [["noise", {"side": 1_200}], ["bitmap", {}]]
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    done = output(programs / "python", "-c", CLIENT, command, url, cwd=tmp_path)
    assert done.splitlines() == ['["input_text", "input_image"]', '["input_image"]'] * 2


@pytest.mark.parametrize("version", ["1.66.0", "2.54.0", "3.18.0"])
def test_an_openai_that_is_too_old_is_told_of_in_one_sentence(version, wheel, tmp_path, pictures):
    programs = environment_with(tmp_path / "old", wheel, f"openai=={version}")
    told = f'needs openai 3.20 or newer ({version} is installed): pip install "imagebridge['
    assert output(programs / "python", "-c", RUN, pictures[1]) == f'running the model {told}agent]"\n'
    assert (
        output(programs / "imagebridge", "ask", "Hi", status=2) == f'Error: imagebridge ask {told}agent]"\n'
    )
    assert json.loads(output(programs / "imagebridge", "tools", "--server", pictures[1]))


HOST = """
import anyio, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

async def main():
    server = StdioServerParameters(command=sys.argv[1], args=["proxy", "--", *sys.argv[2:]])
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        await session.initialize()
        result = await session.call_tool("draw.square", {"side": 2500})
        print([block.type for block in result.content])
        print(result.content[1].text)

anyio.run(main)
"""


@pytest.mark.skipif(os.name == "nt", reason="programs have another name there")
def test_the_relay_needs_nothing_of_its_hosts_environment(wheel, tmp_path):
    """The wheel alone, in an environment of its own; the host has mcp 1, and the server a third environment."""
    own = environment_with(tmp_path / "relay", wheel)
    host = environment_with(tmp_path / "host", "mcp==1.30.0")
    assert "imagebridge" not in versions(host)
    server = [sys.executable, Path(__file__).parent / "servers" / "pictures.py"]
    told = output(host / "python", "-c", HOST, own / "imagebridge", *server, cwd=tmp_path)
    types, change = told.splitlines()
    assert types == "['text', 'text', 'image']"
    assert change.startswith("Shown as PNG, 2048x2048 px")


LANGCHAIN = """
import asyncio, json, os, sys
from langchain_mcp_adapters.client import MultiServerMCPClient

async def main():
    command, *arguments = sys.argv[1:]
    server = {"transport": "stdio", "command": command, "args": arguments, "env": {"PYTHONPATH": os.environ["PYTHONPATH"]}}
    tools = {tool.name: tool for tool in await MultiServerMCPClient({"kinds": server}).get_tools()}
    found = {}
    for name in ("bmp", "svg", "res_png"):
        message = await tools[name].ainvoke({"type": "tool_call", "name": name, "id": "c", "args": {}})
        found[name] = [block.get("mime_type", block["type"]) for block in message.content]
    print(json.dumps(found))

asyncio.run(main())
"""


@pytest.mark.skipif(os.name == "nt", reason="programs have another name there")
def test_langchain_gets_pictures_that_models_take_from_the_relay(wheel, tmp_path):
    own = environment_with(tmp_path / "relay", wheel)
    host = environment_with(tmp_path / "host", "langchain-mcp-adapters")
    tests = Path(__file__).parent
    server = [sys.executable, tests / "servers" / "kinds.py"]
    environment = os.environ | {"PYTHONPATH": str(tests)}

    def found(*command):
        return json.loads(output(host / "python", "-c", LANGCHAIN, *command, env=environment, cwd=tmp_path))

    assert found(*server)["bmp"] == ["image/bmp"]
    assert found(own / "imagebridge", "proxy", "--", *server) == {
        "bmp": ["text", "image/png"],
        "svg": ["text", "image/png"],
        "res_png": ["text", "image/png"],
    }
