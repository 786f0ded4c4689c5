"""The servers of a bridge, and those that a host's configuration names: `mcp.json`, `claude_desktop_config.json` and kin."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2
from mcp import StdioServerParameters
from mcp.server import MCPServer

from imagebridge.errors import BridgeError
from imagebridge.translate.wire import JSON, is_json, is_list, text_of

from .filter import Filter

# ${VAR} and ${env:VAR} as VS Code and Cursor write it, ${VAR:-default} as Claude Code does.
_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

# What hosts call the lists of tools that are offered and withheld: Gemini CLI, Codex, and Kiro with Roo Code
# (their documentation, 2026-11).
_ALLOWED = ("includeTools", "enabled_tools", "allowedTools")
_DENIED = ("excludeTools", "disabled_tools", "disabledTools")

_MOST_SECONDS = 3_600
"""`timeout` up to this number means seconds (Cline, which allows 30 to 3,600), more means milliseconds (Claude Code, Gemini CLI) (2026-11)."""


@dataclass(frozen=True, slots=True)
class HttpServer:
    """An MCP server behind a URL.

    headers: what each request to it carries, such as `{"Authorization": "Bearer ..."}`.
    auth: an `httpx2.Auth`, such as the SDK's `mcp.client.auth.OAuthClientProvider`.
    transport: "http" is Streamable HTTP, "sse" the older HTTP+SSE, "auto" the first that the server speaks.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    auth: httpx2.Auth | None = None
    transport: Literal["auto", "http", "sse"] = "auto"


ServerSpec = str | StdioServerParameters | HttpServer | MCPServer[Any]


@dataclass(frozen=True, slots=True)
class Setup:
    """A server and how it is used.

    name: how its configuration calls it; empty for the server's own name. timeout: seconds to start, and for
    each call. required: without it the bridge does not open. rules: which of its tools are offered.
    """

    server: ServerSpec
    name: str = ""
    timeout: float = 60.0
    required: bool = False
    rules: Filter = field(default_factory=Filter)


def configured(
    path: str | Path, environment: Mapping[str, str] | None = None, timeout: float = 60.0
) -> dict[str, Setup]:
    """Read the servers of a configuration file, by name, in its order. Entries that are switched off are left out.

    They stand under `mcpServers` (Claude, Cursor and most hosts) or `servers` (VS Code). Variables are taken
    from `environment`, by default the process's own. `timeout` is for entries that name none of their own.
    Beside `command`, `args`, `env`, `cwd` or `url`, `headers`, `type`, an entry may hold `timeout`,
    `required`, `disabled` (or `enabled`), and patterns of the tools that it offers or withholds under the
    names that hosts use: `includeTools`, `excludeTools` and their kin.

    Raises:
        BridgeError: the file cannot be read, is no JSON, or an entry has neither a command nor a URL, names
            a variable that is not set or holds a value of the wrong kind. The message says where.
    """
    found = _entries(Path(path))
    variables = os.environ if environment is None else environment
    made: dict[str, Setup] = {}
    for name, entry in found.items():
        where = f"{path}: server {name!r}"
        if not is_json(entry):
            raise BridgeError(f"{where} is no JSON object")
        if entry.get("disabled") is not True and entry.get("enabled") is not False:
            made[name] = Setup(
                _server(entry, where, variables),
                name,
                _seconds(entry, where) or timeout,
                entry.get("required") is True,
                Filter(_patterns(entry, _ALLOWED, where), _patterns(entry, _DENIED, where) or ()),
            )
    return made


def _entries(path: Path) -> JSON:
    try:
        value: object = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BridgeError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise BridgeError(f"{path} is no JSON: {error}") from error
    for key in ("mcpServers", "servers"):
        entries = value.get(key) if is_json(value) else None
        if is_json(entries):
            return entries
    raise BridgeError(f"{path} names no servers: there is neither `mcpServers` nor `servers` in it")


def _server(entry: JSON, where: str, variables: Mapping[str, str]) -> StdioServerParameters | HttpServer:
    def expanded(value: object) -> str:
        def put(found: re.Match[str]) -> str:
            text: str | None = variables[found[1]] if found[1] in variables else found[2]
            if text is None:
                raise BridgeError(f"{where} names the variable {found[1]}, which is not set")
            return text

        return _VARIABLE.sub(put, value if isinstance(value, str) else json.dumps(value))

    if url := text_of(entry, "url") or text_of(entry, "serverUrl") or text_of(entry, "httpUrl"):
        headers = entry.get("headers")
        kept = {key: expanded(value) for key, value in headers.items()} if is_json(headers) else {}
        # Any other type means Streamable HTTP to some host and nothing to others: the server decides.
        sse = "sse" in (text_of(entry, "type"), text_of(entry, "transport"))
        return HttpServer(expanded(url), kept, transport="sse" if sse else "auto")
    if not text_of(entry, "command"):
        raise BridgeError(f"{where} has neither a `command` nor a `url`")
    arguments, env, cwd = entry.get("args"), entry.get("env"), text_of(entry, "cwd")
    return StdioServerParameters(
        command=expanded(entry["command"]),
        args=[expanded(one) for one in arguments] if is_list(arguments) else [],
        env={key: expanded(value) for key, value in env.items()} if is_json(env) else None,
        cwd=expanded(cwd) if cwd else None,
    )


def _seconds(entry: JSON, where: str) -> float | None:
    """Return the timeout that an entry names."""
    value = entry.get("timeout")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        raise BridgeError(f"{where} has a `timeout` that is no positive number: {json.dumps(value)}")
    return value / 1000 if value > _MOST_SECONDS else float(value)


def _patterns(entry: JSON, keys: tuple[str, ...], where: str) -> tuple[str, ...] | None:
    """Return the patterns under the first of `keys` that an entry has."""
    for key in keys:
        values = entry.get(key)
        if values is None:
            continue
        if not is_list(values) or not all(isinstance(value, str) for value in values):
            raise BridgeError(f"{where} has `{key}` that is no list of tool names")
        return tuple(str(value) for value in values)
    return None
