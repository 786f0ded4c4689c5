"""Turns a command line, a URL, stdio parameters or an MCPServer into a connected MCP client."""

import os
import shlex
import shutil
import ssl
import sys
import sysconfig
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import anyio
import httpx2
from anyio.lowlevel import checkpoint_if_cancelled
from mcp import Client, MCPError, StdioServerParameters
from mcp.server import MCPServer
from mcp.types import CONNECTION_CLOSED, Implementation

from imagebridge.errors import BridgeError, ServerError
from imagebridge.translate.sentences import location

from . import command_line, programs
from .checked_server import http_problem, process_problem
from .config import HttpServer, ServerSpec, transport_problem
from .environment import UNHEARD, child, own
from .http import streamable
from .http_errors import LOST, UNSENT
from .http_failures import happened, is_unreached
from .http_replies import ServerReplies
from .messages import repairing
from .request import listed
from .sse import older
from .stdio import LastWords, pipe

if TYPE_CHECKING:
    from mcp.client import Transport
    from mcp.client.session import LoggingFnT, MessageHandlerFnT
    from mcp.types import Tool

_OURS = ["-m", "imagebridge_server"]


@dataclass(frozen=True, slots=True)
class Listening:
    """The listeners of a connection.

    over: called once no more messages can arrive. heard: receives each notification. logged: receives the
    server's log messages; without it, servers that speak 2026-07-28 are not asked to send any. stderr:
    keeps the end of the server's stderr.
    exchange: records the answers of a server at a URL.
    """

    over: Callable[[], None]
    heard: "MessageHandlerFnT | None" = None
    logged: "LoggingFnT | None" = None
    stderr: LastWords = field(default_factory=LastWords)
    exchange: ServerReplies = field(default_factory=ServerReplies)


def own_server(*arguments: str, environment: Mapping[str, str] | None = None) -> StdioServerParameters:
    """Return the parameters that start imagebridge's own server with this interpreter.

    It alone gets the `OPENAI_*` and `IMAGEBRIDGE_*` variables; see `environment`.
    """
    passed = own(os.environ if environment is None else environment)
    return StdioServerParameters(command=sys.executable, args=[*_OURS, *arguments], env=passed)


def label(server: ServerSpec) -> str:
    """Return the name by which a message refers to this server."""
    match server:
        case str():
            return server
        case HttpServer():
            return server.url
        case StdioServerParameters():
            return shlex.join([os.path.basename(server.command), *server.args])
        case MCPServer():
            return server.name


def plain(server: ServerSpec) -> str:
    """Return the `label` without possible secrets, for a model or a page: no options, `KEY=secret` or query string."""
    named = label(server)
    if isinstance(server, HttpServer) or named.startswith(("http://", "https://")):
        return location(named)
    return " ".join(takewhile(_is_plain, named.split()))


def _is_plain(word: str) -> bool:
    """Return whether a word of a command line is a plain word, rather than an option or `KEY=secret`."""
    return "=" not in word and (len(word) < 3 or not word.startswith("-"))


def checked(server: object) -> ServerSpec:
    """Return `server` if `connect` accepts it; a URL becomes an `HttpServer`.

    Raises:
        TypeError: `server` is not accepted; the message names its type.
    """
    if isinstance(server, str) and server[:8].lower().startswith(("http://", "https://")):
        return HttpServer(server)
    if isinstance(server, (str, StdioServerParameters, HttpServer, MCPServer)):
        return cast("ServerSpec", server)
    raise TypeError(
        "a server must be a command line, an http(s) URL, an HttpServer, StdioServerParameters or an "
        f"MCPServer, not {type(server).__name__}"
    )


@asynccontextmanager
async def connect(
    server: ServerSpec, listening: Listening, environment: Mapping[str, str]
) -> "AsyncGenerator[tuple[Client, list[Tool]]]":
    """Connect to `server` and yield its client and all its tools, until the block exits.

    A child process also gets the variables of `environment` that its own parameters do not set.

    Either generation of the protocol is used, depending on the server's answer. If a URL refuses Streamable
    HTTP with 400, 404 or 405, the older HTTP+SSE is tried (2025-11-25, transports, backwards compatibility).
    Timeouts are up to the caller, who sets them around the task.

    Raises:
        ServerError: the server cannot be started or reached, or it exits before it has listed its tools.
    """
    ready = False
    try:
        async with AsyncExitStack() as stack:
            client = await _entered(stack, server, listening, environment)
            tools = await listed(client)
            ready = True
            yield client, tools
    except Exception as error:
        # The transports raise from inside task groups: the wrapped exception is what a person can act on.
        cause = _leaf(error)
        if ready:
            raise
        if isinstance(cause, ServerError):
            raise cause from None
        problem = _problem(server, cause, listening.exchange)
        # The sentence gives the cause; for a server in this process, the exception also shows where.
        inside = cause if isinstance(server, MCPServer) else None
        raise ServerError(label(server), problem, listening.stderr.text) from inside
    except BaseExceptionGroup:
        # A cancelled caller sees only that, whatever broke in the SDK's tasks at the same moment: trio reports both.
        await checkpoint_if_cancelled()
        raise


async def _entered(
    stack: AsyncExitStack, server: ServerSpec, listening: Listening, environment: Mapping[str, str]
) -> Client:
    """Connect a client that is closed with `stack`."""
    exchange = listening.exchange
    if isinstance(server, (str, HttpServer)) and (problem := transport_problem(label(server))):
        raise ServerError(label(server), problem)

    async def entered(target: "MCPServer[Any] | Transport") -> Client:
        return await stack.enter_async_context(_client(target, listening))

    if isinstance(server, HttpServer) and (problem := http_problem(server.url, server.headers)):
        raise ServerError(label(server), problem)

    match server:
        case MCPServer():
            return await entered(server)
        case HttpServer() if server.transport == "sse":
            return await entered(repairing(older(server, exchange), listening.over))
        case HttpServer():
            connected = False

            def over() -> None:
                # A refused attempt also ends; what comes after it does not.
                if connected:
                    listening.over()

            try:
                client = await entered(repairing(streamable(server, exchange), over))
            except Exception:
                if server.transport == "http" or exchange.status not in (400, 404, 405):
                    raise
                refused = exchange.status, exchange.words
            else:
                connected = True
                return client
            try:
                return await entered(repairing(older(server, exchange), listening.over))
            except Exception:
                # Streamable HTTP is what servers speak today: its refusal is more informative than the older one's.
                exchange.status, exchange.words = refused
                raise
        case str() | StdioServerParameters():
            parameters = _parameters(server) if isinstance(server, str) else server
            started = parameters.model_copy(
                update={
                    "command": _program(parameters.command),
                    "env": child({**environment, **(parameters.env or {})}),
                }
            )
            if problem := process_problem(started):
                raise ServerError(label(server), problem)
            return await entered(repairing(pipe(started, listening.stderr), listening.over))


def _client_info() -> Implementation:
    """Return the name by which servers know the bridge: our own server sends it unchanged pictures (see `hosts`)."""
    return Implementation(name="imagebridge", version=_own_version())


@cache
def _own_version() -> str:
    # All of the package's metadata is parsed for it.
    return version("imagebridge")


def _client(target: "MCPServer[Any] | Transport", listening: Listening) -> Client:
    return Client(
        target,
        client_info=_client_info(),
        message_handler=listening.heard,
        logging_callback=listening.logged,
        log_level="info" if listening.logged else None,
    )


def _parameters(command: str) -> StdioServerParameters:
    """Parse a command line; our own server also gets our own variables."""
    try:
        words = command_line.split_command_line(command, windows=os.name == "nt")
    except ValueError as error:
        raise ServerError(command, f"the command line cannot be read: {error}") from None
    if not words:
        raise ServerError(repr(command), "the command line is empty")
    ours = os.path.basename(words[0]).removesuffix(".exe") == "imagebridge-server" or words[1:3] == _OURS
    return StdioServerParameters(command=words[0], args=words[1:], env=own(os.environ) if ours else None)


def _program(command: str) -> str:
    """Return the path of one of our own commands, which may not be on the PATH if its environment is not activated."""
    if command.removesuffix(".exe") in programs.COMMANDS and not shutil.which(command):
        for folder in (Path(sys.executable).parent, sysconfig.get_path("scripts")):
            if path := shutil.which(command, path=str(folder)):
                return path
    return command


def _leaf(error: Exception) -> Exception:
    """Return the first plain exception inside nested groups."""
    if not isinstance(error, ExceptionGroup):
        return error
    return _leaf(cast("ExceptionGroup[Exception]", error).exceptions[0])


def _problem(server: ServerSpec, cause: Exception, exchange: ServerReplies) -> str:
    """Explain in one sentence why a connection failed and what to do."""
    match cause:
        case BridgeError():
            return str(cause)
        case OSError() if isinstance(server, StdioServerParameters) and _misses_folder(server):
            return f"cannot be started: its folder {str(server.cwd)!r} does not exist"
        case FileNotFoundError() | PermissionError() if isinstance(server, (str, StdioServerParameters)):
            parameters = _parameters(server) if isinstance(server, str) else server
            return programs.not_found(parameters.command)
        case OSError() if not isinstance(server, HttpServer):
            return f"cannot be started: {cause}"
        case _ if isinstance(server, HttpServer):
            return exchange.problem() or _unanswered(cause)
        case MCPError(code=code) if code == CONNECTION_CLOSED:
            return f"it exited before it answered. Run the command by hand to see why. {UNHEARD}"
        case _:
            return _told_error(cause)


def _unanswered(cause: Exception) -> str:
    """Explain why a server at a URL, which has not refused the last request, is not connected."""
    match cause:
        case MCPError(code=code) if code in (LOST, UNSENT):
            return str(cause)
        case MCPError(code=code) if code == CONNECTION_CLOSED:
            return "it closed the connection before it answered"
        case anyio.ClosedResourceError() | anyio.BrokenResourceError():
            return "it closed the connection before it answered"
        case httpx2.RequestError() if is_unreached(cause):
            return f"{happened(cause)}. Is the address right and the server running?"
        case httpx2.RequestError():
            return f"it {happened(cause)}"
        case OSError():
            # From before anything was sent: what httpx2 sends with is wrapped in its own errors.
            return f"cannot be reached: {_certificates_problem() or cause}"
        case _:
            return _told_error(cause)


def _certificates_problem() -> str:
    """Return the problem with the file of certificates that the environment names, or an empty string."""
    path = os.environ.get("SSL_CERT_FILE", "")
    if not path:
        return ""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return f"SSL_CERT_FILE names {path!r}, which is not a file of certificates in PEM format"
    except OSError as error:
        # The error itself does not name the file.
        return f"SSL_CERT_FILE names {path!r}, which cannot be read: {error.strerror}"
    return ""


def _told_error(cause: Exception) -> str:
    return f"it answered with an error: {str(cause) or type(cause).__name__}"


def _misses_folder(server: StdioServerParameters) -> bool:
    return server.cwd is not None and not os.path.isdir(server.cwd)
