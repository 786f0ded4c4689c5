"""A command line, a URL, stdio parameters or an MCPServer becomes a connected MCP client."""

import os
import shlex
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TextIO, cast

import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.server import MCPServer
from mcp.types import Implementation

from imagebridge.errors import BridgeError, ServerError

from .config import HttpServer
from .messages import repairing
from .pipe import pipe

if TYPE_CHECKING:
    from mcp.client import Transport
    from mcp.client._transport import TransportStreams
    from mcp.types import Tool

ServerSpec = str | StdioServerParameters | HttpServer | MCPServer[Any]

_OURS = ["-m", "imagebridge_server"]

_LAST_WORDS = 2_000
"""Characters of a server's stderr that an error quotes."""


def own_server(*arguments: str, environment: Mapping[str, str] | None = None) -> StdioServerParameters:
    """Return how to start imagebridge's own server with this interpreter.

    `OPENAI_*` and `IMAGEBRIDGE_*` variables go to it and to no other server: the SDK passes on an
    allow-list that holds neither.
    """
    passed = _own_variables(os.environ if environment is None else environment)
    return StdioServerParameters(command=sys.executable, args=[*_OURS, *arguments], env=passed)


def _own_variables(environment: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in environment.items() if key.startswith(("OPENAI_", "IMAGEBRIDGE_"))}


def label(server: ServerSpec) -> str:
    """Return how a person would name this server in a message."""
    match server:
        case str():
            return server
        case HttpServer():
            return server.url
        case StdioServerParameters():
            return shlex.join([os.path.basename(server.command), *server.args])
        case MCPServer():
            return server.name


def checked(server: object) -> ServerSpec:
    """Return `server` where it is one that `connect` takes.

    Raises:
        TypeError: it is not; the message names what came.
    """
    if isinstance(server, (str, StdioServerParameters, HttpServer, MCPServer)):
        return cast("ServerSpec", server)
    raise TypeError(
        "a server is a command line, an http(s) URL, StdioServerParameters or an MCPServer, "
        f"not {type(server).__name__}"
    )


@asynccontextmanager
async def connect(server: ServerSpec) -> "AsyncGenerator[tuple[Client, list[Tool]]]":
    """Connect to `server` and yield its client and all its tools, until the block ends.

    Either protocol generation is spoken, as the server answers. A timeout is the caller's, around the task.

    Raises:
        ServerError: it cannot be started or reached, or it goes away before it has listed its tools.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errlog:
        ready = False
        try:
            async with Client(_target(server, errlog), client_info=_named()) as client:
                tools = await _tools(client)
                ready = True
                yield client, tools
        except Exception as error:
            # The transports raise from inside task groups: what they wrap is what a person can act on.
            cause = _leaf(error)
            if ready or isinstance(cause, BridgeError):
                raise
            raise ServerError(label(server), _problem(server, cause), last_words(errlog)) from error


def _named() -> Implementation:
    """Return how servers know the bridge: ours sends it pictures as they are (see `hosts`)."""
    return Implementation(name="imagebridge", version=version("imagebridge"))


def _target(server: ServerSpec, errlog: TextIO) -> "MCPServer[Any] | Transport":
    """Return what `mcp.Client` connects to."""
    match server:
        case MCPServer():
            return server
        case str() if server.startswith(("http://", "https://")):
            return repairing(_http(HttpServer(server)))
        case HttpServer():
            return repairing(_http(server))
        case str():
            return repairing(pipe(_parameters(server), errlog))
        case StdioServerParameters():
            return repairing(pipe(server, errlog))


@asynccontextmanager
async def _http(server: HttpServer) -> "AsyncGenerator[TransportStreams]":
    """Speak Streamable HTTP, with the server's own headers."""
    # As long as the SDK's own client waits: tools may take minutes, a connection should not.
    patience = httpx2.Timeout(30.0, read=300.0)
    # The SDK stops at 1 MiB an event by default, which is a picture of 780 kB.
    async with (
        httpx2.AsyncClient(headers=dict(server.headers), timeout=patience) as client,
        streamable_http_client(server.url, http_client=client, max_sse_event_size=None) as streams,
    ):
        yield streams


def _parameters(command: str) -> StdioServerParameters:
    """Split a command line as the system's shell would."""
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        raise ServerError(command, f"the command line cannot be read: {error}") from error
    if not words:
        raise ServerError(repr(command), "the command line is empty")
    ours = os.path.basename(words[0]).removesuffix(".exe") == "imagebridge-server" or words[1:3] == _OURS
    return StdioServerParameters(
        command=words[0], args=words[1:], env=_own_variables(os.environ) if ours else None
    )


async def _tools(client: Client) -> "list[Tool]":
    """List all tools, over all pages."""
    page = await client.list_tools()
    tools = list(page.tools)
    while page.next_cursor:
        page = await client.list_tools(cursor=page.next_cursor)
        tools += page.tools
    return tools


def _leaf(error: Exception) -> Exception:
    """Return the first plain exception inside nested groups."""
    if not isinstance(error, ExceptionGroup):
        return error
    return _leaf(cast("ExceptionGroup[Exception]", error).exceptions[0])


def _problem(server: ServerSpec, cause: Exception) -> str:
    """Say in one sentence why a connection failed and what to do."""
    match cause:
        case FileNotFoundError() | PermissionError():
            program = _parameters(server).command if isinstance(server, str) else cause.filename
            return f"cannot be started: {program!r} is not an executable on the PATH"
        case OSError() if not _is_url(server):
            return f"cannot be started: {cause}"
        case MCPError() if "closed" in str(cause).lower():
            return "it started and ended before it answered. Run the command by hand to see why"
        case _ if _is_url(server):
            return f"cannot be reached: {cause or type(cause).__name__}. Is the address right and the server running?"
        case _:
            return f"it answered with an error: {cause or type(cause).__name__}"


def _is_url(server: ServerSpec) -> bool:
    return isinstance(server, HttpServer) or (
        isinstance(server, str) and server.startswith(("http://", "https://"))
    )


def last_words(errlog: TextIO) -> str:
    """Return the end of what a server wrote to stderr."""
    errlog.flush()
    errlog.seek(0)
    return errlog.read()[-_LAST_WORDS:]
