"""The servers that a configuration file of a desktop host names: `mcp.json`, `claude_desktop_config.json` and their kin."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mcp import StdioServerParameters

from imagebridge.errors import BridgeError
from imagebridge.translate.wire import JSON, is_json, is_list, text_of

# ${VAR} and ${env:VAR} as VS Code and Cursor write it, ${VAR:-default} as Claude Code does.
_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class HttpServer:
    """An MCP server behind a URL, and the headers that each request to it carries."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def configured(
    path: str | Path, environment: Mapping[str, str] | None = None
) -> dict[str, StdioServerParameters | HttpServer]:
    """Read the servers of a configuration file, by name, in its order. Entries marked `disabled` are left out.

    They stand under `mcpServers` (Claude, Cursor and most hosts) or `servers` (VS Code). Variables are taken
    from `environment`, by default the process's own.

    Raises:
        BridgeError: the file cannot be read, is no JSON, or an entry has neither a command nor a URL or names
            a variable that is not set. The message says where.
    """
    found = _entries(Path(path))
    variables = os.environ if environment is None else environment
    made: dict[str, StdioServerParameters | HttpServer] = {}
    for name, entry in found.items():
        where = f"{path}: server {name!r}"
        if not is_json(entry):
            raise BridgeError(f"{where} is no JSON object")
        if entry.get("disabled") is not True:
            made[name] = _server(entry, where, variables)
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

    if url := text_of(entry, "url") or text_of(entry, "serverUrl"):
        headers = entry.get("headers")
        kept = {key: expanded(value) for key, value in headers.items()} if is_json(headers) else {}
        return HttpServer(expanded(url), kept)
    if not text_of(entry, "command"):
        raise BridgeError(f"{where} has neither a `command` nor a `url`")
    arguments, env, cwd = entry.get("args"), entry.get("env"), text_of(entry, "cwd")
    return StdioServerParameters(
        command=expanded(entry["command"]),
        args=[expanded(one) for one in arguments] if is_list(arguments) else [],
        env={key: expanded(value) for key, value in env.items()} if is_json(env) else None,
        cwd=expanded(cwd) if cwd else None,
    )
