"""The servers of a bridge, and those in a host's configuration: `mcp.json`, `claude_desktop_config.json` and similar files."""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import httpx2
from mcp import StdioServerParameters
from mcp.server import MCPServer

from imagebridge.errors import BridgeError
from imagebridge.schemas.definitions import tool_names
from imagebridge.wire import JSON, MAX_LEVELS, blanked, is_deep, is_json, is_list, is_number, text_of

# ${VAR} and ${env:VAR} as in VS Code and Cursor, ${VAR:-default} as in Claude Code.
_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

# Values that VS Code and Cursor ask for, run or look up themselves (their documentation, 2026-11).
_ASKED = re.compile(r"\$\{(?:input|command|config):[^}]*\}")

# What hosts call the lists of tools to offer and to withhold: Gemini CLI, Codex, and Kiro with Roo Code
# (their documentation, 2026-11).
_ALLOWED = ("includeTools", "enabled_tools", "allowedTools")
_DENIED = ("excludeTools", "disabled_tools", "disabledTools")

_MOST_SECONDS = 3_600
"""A `timeout` up to this value is in seconds (Cline, which allows 30 to 3,600), a larger one in milliseconds (Claude Code, Gemini CLI) (2026-11)."""

_LONGEST = 10_000_000
"""The maximum size of a configuration file: the largest ones, which contain entire histories, are a few megabytes."""

_ENDLESS = 1e12
"""Timeouts of this many milliseconds or more count as no limit: about thirty years."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tools are offered: those that match a pattern of `allow` (None: all) and none of `deny`.

    A pattern may contain shell wildcards (`*`, `?`, `[abc]`). It is matched against the server's own name for
    the tool and the valid name that models see; `server:tool` matches only tools of that server.
    """

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()

    @classmethod
    def of(cls, allow: Iterable[str] | None, deny: Iterable[str] | None) -> "Filter":
        """Return the filter that two lists of patterns define.

        Raises:
            TypeError: either is a single string, or contains something other than strings.
        """
        return cls(
            None if allow is None else _checked_patterns("allow", allow),
            _checked_patterns("deny", deny or ()),
        )

    def lets(self, server: str, tool: str) -> bool:
        """Return whether a server's tool is offered."""
        allowed = self.allow is None or any(_matches_tool(pattern, server, tool) for pattern in self.allow)
        return allowed and not any(_matches_tool(pattern, server, tool) for pattern in self.deny)

    def idle(self, tools: Sequence[tuple[str, str]]) -> list[str]:
        """Return the patterns that match none of `tools`, pairs of server and tool: probably misspelt."""
        return [
            pattern
            for pattern in (*(self.allow or ()), *self.deny)
            if not any(_matches_tool(pattern, server, tool) for server, tool in tools)
        ]


def _checked_patterns(argument: str, values: Iterable[object]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise TypeError(f"{argument} must be a list of patterns, such as [{values!r}], not a string")
    patterns = tuple(values)
    for value in patterns:
        if not isinstance(value, str):
            raise TypeError(f"{argument} must contain strings, not {type(value).__name__}")
    return tuple(str(value) for value in patterns)


def _matches_tool(pattern: str, server: str, tool: str) -> bool:
    """Return whether a pattern matches a tool, by its original or valid name, with or without its server's name."""
    names = {tool, *tool_names([{"name": tool}])}
    if ":" in pattern:
        names |= {f"{server}:{name}" for name in names}
    return any(fnmatchcase(name, pattern) for name in names)


@dataclass(frozen=True, slots=True)
class HttpServer:
    """An MCP server at a URL.

    Args:
        url: its address, such as ``https://host/mcp``.
        headers: sent with each request, such as `{"Authorization": "Bearer ..."}`.
        auth: an `httpx2.Auth`, such as the SDK's `mcp.client.auth.OAuthClientProvider`.
        transport: "http" is Streamable HTTP, "sse" the older HTTP+SSE, and "auto" the first that the server supports.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    auth: httpx2.Auth | None = None
    transport: Literal["auto", "http", "sse"] = "auto"


ServerSpec = str | StdioServerParameters | HttpServer | MCPServer[Any]


@dataclass(frozen=True, slots=True)
class Setup:
    """A server and the settings for using it.

    name: its name in the configuration; empty for the server's own name. timeout: seconds to start, and for
    each call. required: whether the bridge opens only if it connects. rules: which of its tools are offered.
    parallel: whether its calls may run concurrently, whatever they do. environment: variables for the server
    as a child process, unless its entry sets them. problem: why its configuration cannot be used; then
    `server` is empty.
    """

    server: ServerSpec
    name: str = ""
    timeout: float = 60.0
    required: bool = False
    rules: Filter = field(default_factory=Filter)
    parallel: bool = False
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    problem: str = ""

    def __post_init__(self) -> None:
        if not self.timeout > 0:  # also excludes NaN
            raise ValueError(f"timeout={self.timeout!r}: it must be a number of seconds above 0")


_NO_TRANSPORT = re.compile(r"(web-?socket|wss?):", re.IGNORECASE)


def transport_problem(address: str) -> str:
    """Return the problem if an address or the type of an entry needs a transport that MCP lacks, or an empty string."""
    if not _NO_TRANSPORT.match(address):
        return ""
    return (
        "uses a WebSocket, which is not an MCP transport. Use the address of its Streamable HTTP "
        "endpoint, "
        "such as https://host/mcp, or the command that starts it"
    )


def configured(
    path: str | Path, environment: Mapping[str, str] | None = None, timeout: float = 60.0
) -> dict[str, Setup]:
    """Read the servers of a configuration file, by name and in order. Entries that are switched off are left out.

    The entries are under `mcpServers` (Claude, Cursor and most hosts) or `servers` (VS Code); comments and trailing
    commas are accepted. Variables come from `environment`, by default the process's own; also available are
    `${workspaceFolder}`, `${workspaceFolderBasename}`, `${userHome}` and `${pathSeparator}`.
    `timeout` is for entries that do not set their own.
    Besides `command`, `args`, `env`, `cwd` or `url`, `headers`, `type`, an entry may have `timeout`, `parallel`,
    `required`, `disabled` (or `enabled`), and patterns of tools to offer or withhold under the
    names that hosts use: `includeTools`, `excludeTools` and the like.

    An entry that has neither a command nor a URL, names a variable that is not set, or has a value of the wrong
    type does not affect the others: its setup has a `problem`, which becomes the error on connecting.

    Raises:
        BridgeError: the file cannot be read, is not JSON or names no servers.
    """
    path = Path(path)
    entries = _entries(path)
    variables = {**(os.environ if environment is None else environment), **_editor_variables(path)}
    setups: dict[str, Setup] = {}
    for name, entry in entries.items():
        if is_json(entry) and (entry.get("disabled") is True or entry.get("enabled") is False):
            continue
        required = is_json(entry) and entry.get("required") is True
        try:
            setups[name] = _setup(entry, name, timeout, variables, required=required)
        except BridgeError as error:
            setups[name] = Setup("", name, required=required, problem=f"its entry in {path} {error}")
    return setups


def _entries(path: Path) -> JSON:
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
        if len(content) > _LONGEST:
            raise BridgeError(
                f"{path} has more than {_LONGEST:,} bytes, so it cannot be a configuration file"
            )
        value: object = json.loads(blanked(content.decode("utf-8-sig")))
        deep = is_deep(value)
    except OSError as error:
        raise BridgeError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise BridgeError(f"{path} is not valid JSON: {error}") from None
    except RecursionError:
        value, deep = None, True
    if deep:
        raise BridgeError(f"{path} is nested deeper than {MAX_LEVELS} levels, which no list of servers needs")
    entries = [value.get(key) for key in ("mcpServers", "servers")] if is_json(value) else []
    # Hosts leave an empty one next to the other.
    named = sorted(filter(is_json, entries), key=len, reverse=True)
    if not named:
        raise BridgeError(f"{path} has no servers: it contains neither `mcpServers` nor `servers`")
    return named[0]


def _editor_variables(path: Path) -> dict[str, str]:
    """Return the folders that VS Code and Cursor refer to in files such as `.vscode/mcp.json` (their documentation, 2026-11)."""
    folder = path.absolute().parent
    root = folder.parent if folder.name in (".vscode", ".cursor") else folder
    return {
        "workspaceFolder": str(root),
        "workspaceFolderBasename": root.name,
        "userHome": str(Path.home()),
        "pathSeparator": os.sep,
    }


def _setup(
    entry: object, name: str, timeout: float, variables: Mapping[str, str], *, required: bool
) -> Setup:
    if not is_json(entry):
        raise BridgeError("is not a JSON object")
    rules = Filter(_patterns(entry, _ALLOWED), _patterns(entry, _DENIED) or ())
    parallel = entry.get("parallel", False)
    if not isinstance(parallel, bool):
        raise BridgeError(f"has a `parallel` that is neither true nor false: {json.dumps(parallel)}")
    return Setup(_server(entry, variables), name, _seconds(entry) or timeout, required, rules, parallel)


def _server(entry: JSON, variables: Mapping[str, str]) -> StdioServerParameters | HttpServer:
    def expanded(value: object) -> str:
        def put(match: re.Match[str]) -> str:
            text: str | None = variables[match[1]] if match[1] in variables else match[2]
            if text is None:
                raise BridgeError(f"uses the variable {match[1]}, which is not set")
            return text

        text = value if isinstance(value, str) else json.dumps(value)
        if prompted := _ASKED.search(text):
            raise BridgeError(
                f"uses {prompted[0]}, which only its host can fill in; use a variable instead, as in "
                "${env:TOKEN}"
            )
        return _VARIABLE.sub(put, text)

    def texts(key: str) -> dict[str, str] | None:
        values = entry.get(key)
        if values is not None and not is_json(values):
            raise BridgeError(f"has `{key}` that is not a JSON object: {json.dumps(values)}")
        return None if values is None else {name: expanded(value) for name, value in values.items()}

    if url := text_of(entry, "url") or text_of(entry, "serverUrl") or text_of(entry, "httpUrl"):
        kinds = (text_of(entry, "type"), text_of(entry, "transport"))
        for problem in (transport_problem(f"{kind}:") for kind in kinds):
            if problem:
                raise BridgeError(problem)
        # Any other type means Streamable HTTP to some hosts and nothing to others: the server decides.
        sse = "sse" in kinds
        return HttpServer(expanded(url), texts("headers") or {}, transport="sse" if sse else "auto")
    if not text_of(entry, "command"):
        raise BridgeError("has neither a `command` nor a `url`")
    arguments, cwd = entry.get("args"), text_of(entry, "cwd")
    if arguments is not None and not is_list(arguments):
        raise BridgeError(f"has `args` that is not a list: {json.dumps(arguments)}")
    return StdioServerParameters(
        command=expanded(entry["command"]),
        args=[expanded(one) for one in arguments or ()],
        env=texts("env"),
        cwd=expanded(cwd) if cwd else None,
    )


def _seconds(entry: JSON) -> float | None:
    """Return the timeout of an entry."""
    value = entry.get("timeout")
    if value is None:
        return None
    # Also one with more digits than a float has, infinite, or not a number at all.
    if not is_number(value) or not 0 < value < _ENDLESS:
        raise BridgeError(f"has a `timeout` that is not a positive number: {json.dumps(value)}")
    return value / 1000 if value > _MOST_SECONDS else float(value)


def _patterns(entry: JSON, keys: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the patterns under the first of `keys` that an entry has."""
    for key in keys:
        values = entry.get(key)
        if values is None:
            continue
        if not is_list(values) or not all(isinstance(value, str) for value in values):
            raise BridgeError(f"has `{key}` that is not a list of tool names")
        return tuple(str(value) for value in values)
    return None
