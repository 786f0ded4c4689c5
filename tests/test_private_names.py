"""Undocumented parts of libraries that we use: a test for each shows which of them has changed."""

import ast
import inspect
import io
import sys
from asyncio.subprocess import SubprocessStreamProtocol  # noqa: TID251  # its private part is what is tested
from importlib import import_module
from pathlib import Path

import anyio
import httpx2
import openai
import pytest
from mcp.server import MCPServer
from openai.lib._parsing._completions import type_to_response_format_param
from PIL import Image
from pydantic import BaseModel

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[1]
USED = {
    ("agent/refused_bodies.py", "_client"),
    ("agent/text_format.py", "_completions"),
    ("agent/text_format.py", "_parsing"),
    ("client/http.py", "_transport"),
    ("client/long_events.py", "_stream_protocols"),
    ("client/messages.py", "_stream_protocols"),
    ("client/stdio.py", "_process"),
    ("client/stdio.py", "_transport"),
    ("client/stdio.py", "mcp.os"),
    ("http/application.py", "_tool_manager"),
    ("pictures/decode.py", "_tile_size"),
    ("relay/child_server.py", "mcp.os"),
    ("startup/message_streams.py", "_lowlevel_server"),
    ("startup/message_streams.py", "_subscriptions"),
}
"""By file, what is private where it comes from: a name with an underscore, or the SDK's helpers for processes."""

NAMED_TUPLES = {"_replace", "_asdict", "_fields", "_make"}
DOCUMENTED = {"_exit", *NAMED_TUPLES}


@pytest.mark.parametrize("kind", [openai.OpenAI, openai.AsyncOpenAI])
def test_openai_keeps_the_http_client_of_a_client(kind):
    http = kind(api_key="none")._client
    assert isinstance(http, httpx2.Client | httpx2.AsyncClient)
    assert http.event_hooks["response"] == []


def test_openai_makes_the_schema_of_a_type():
    class Weather(BaseModel):
        degrees: int

    schema = {
        "type": "object",
        "title": "Weather",
        "properties": {"degrees": {"type": "integer", "title": "Degrees"}},
        "required": ["degrees"],
        "additionalProperties": False,
    }
    described = {"name": "Weather", "schema": schema, "strict": True}
    assert type_to_response_format_param(Weather) == {"type": "json_schema", "json_schema": described}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("mcp.shared._stream_protocols", "ReadStream"),
        ("mcp.shared._stream_protocols", "WriteStream"),
        ("mcp.client._transport", "TransportStreams"),
    ],
)
def test_mcp_has_these_types_of_its_streams(module, name):
    assert hasattr(import_module(module), name)


def test_mcp_serves_any_streams_by_its_lowlevel_server():
    served = MCPServer("x")._lowlevel_server
    assert [*inspect.signature(served.run).parameters][:3] == [
        "read_stream",
        "write_stream",
        "initialization_options",
    ]
    assert "notification_options" in inspect.signature(served.create_initialization_options).parameters


def test_mcp_tells_listeners_by_a_bus_of_its_server():
    assert [*inspect.signature(MCPServer("x")._subscriptions.publish).parameters] == ["event"]


def test_mcp_tells_at_once_which_tools_a_server_has():
    """`MCPServer.list_tools` has to be waited for."""
    server = MCPServer("x")
    server.tool(name="look")(lambda: "")
    assert [tool.name for tool in server._tool_manager.list_tools()] == ["look"]


@pytest.mark.parametrize(
    ("system", "name", "parameters"),
    [
        ("posix", "terminate_posix_process_tree", ["process", "timeout_seconds"]),
        ("win32", "terminate_windows_process_tree", ["process"]),
        ("win32", "close_process_job", ["process"]),
        ("win32", "get_windows_executable_command", ["command"]),
        ("win32", "create_windows_process", ["command", "args", "env", "errlog", "cwd"]),
    ],
)
def test_mcp_starts_and_ends_trees_of_processes(system, name, parameters):
    function = getattr(import_module(f"mcp.os.{system}.utilities"), name)
    assert [*inspect.signature(function).parameters] == parameters


def test_pillow_keeps_the_stored_size_of_a_tiff_and_takes_its_memory():
    file = io.BytesIO()
    Image.new("L", (3, 2)).save(file, "TIFF", tiffinfo={274: 6})
    image = Image.open(file)
    assert (image._tile_size, image.size) == ((3, 2), (2, 3))
    image.im = Image.new(image.mode, image._tile_size).im
    assert image.tile
    assert image.tobytes() == bytes(6)


async def test_anyio_keeps_asyncios_process_and_that_its_transport():
    async with await anyio.open_process([sys.executable, "-S", "-c", "pass"]) as process:
        assert callable(process._process._transport.close)


async def test_asyncio_keeps_what_became_of_the_stdin_of_a_process():
    """For Python before 3.11.7 alone: see conftest.py."""
    async with await anyio.open_process([sys.executable, "-S", "-c", "pass"]) as process:
        protocol = process._process._protocol
    assert isinstance(protocol, SubprocessStreamProtocol)
    assert hasattr(protocol, "_stdin_closed")


def trees():
    for folder in ("bridge", "tools", "server"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


def private(node):
    """Return the private names that a piece of code asks others for."""
    match node:
        case ast.Attribute(value=ast.Name(id="self" | "cls")):
            names = []
        case ast.Attribute(attr=name):
            names = [name]
        case ast.Call(
            func=ast.Name(id="getattr" | "setattr" | "hasattr"), args=[_, ast.Constant(value=name), *_]
        ):
            names = [str(name)]
        case ast.ImportFrom(module=str(module), level=0):
            names = ["mcp.os"] if module.startswith("mcp.os.") else module.split(".")
        case _:
            names = []
    private_names = {name for name in names if name.startswith("_") and not name.startswith("__")}
    return (private_names | {*names} & {"mcp.os"}) - DOCUMENTED


def test_nothing_else_that_is_private_is_used_of_libraries():
    """Names that are our own are known by where they are defined, and three of them are also a library's."""
    known = [(path, [*ast.walk(tree)]) for path, tree in trees()]
    nodes = [node for _, inside in known for node in inside]
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    own = {node.name for node in nodes if isinstance(node, definitions)}
    own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {
        node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    found = {
        ("/".join(path.parts[-2:]), name)
        for path, inside in known
        for node in inside
        if isinstance(node, ast.Attribute | ast.Call | ast.ImportFrom)
        for name in private(node)
    }
    ours_too = {"_client", "_process", "_transport"}
    assert {one for one in found if one[1] not in own - ours_too} >= USED
    assert {one for one in found if one[1] not in own} <= USED
