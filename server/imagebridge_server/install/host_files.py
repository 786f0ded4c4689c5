"""Where MCP hosts keep their configuration, and the form of their entries: dated data, read without accessing the disk.

A row taken from the host's own documentation is `verified`; the other rows are based on several guides that agree. A
host was run to verify a row only if `source` says so.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any, Literal

Syntax = Literal["json", "toml", "yaml"]
System = Literal["linux", "macos", "windows"]


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """How a host starts a stdio server: a command, its arguments, and variables that it adds to the environment."""

    command: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] | None = None

    def plain(self) -> dict[str, Any]:
        """Return the form that most hosts share."""
        fields: dict[str, Any] = {"command": self.command, "args": list(self.arguments)}
        return fields | ({"env": dict(self.environment)} if self.environment else {})


def _typed(entry: ServerEntry) -> dict[str, Any]:
    return {"type": "stdio", **entry.plain()}


def _goose(entry: ServerEntry) -> dict[str, Any]:
    """An extension in Goose; its timeout is in seconds."""
    return {
        "name": "imagebridge",
        "type": "stdio",
        "enabled": True,
        "cmd": entry.command,
        "args": list(entry.arguments),
        "envs": dict(entry.environment or {}),
        "timeout": 300,
    }


def _patient(seconds: int) -> Callable[[ServerEntry], dict[str, Any]]:
    """An entry in Codex, with how many seconds Codex waits for the server to start."""
    return lambda entry: {**entry.plain(), "startup_timeout_sec": seconds}


def _opencode(entry: ServerEntry) -> dict[str, Any]:
    """A local server in opencode: the command as a list, and how many milliseconds opencode waits for the tools."""
    fields: dict[str, Any] = {"type": "local", "command": [entry.command, *entry.arguments], "enabled": True}
    fields |= {"environment": dict(entry.environment)} if entry.environment else {}
    return {**fields, "timeout": _START * 1000}


def _all_tools(entry: ServerEntry) -> dict[str, Any]:
    """A local server in Copilot CLI, which offers only the named tools."""
    return {"type": "local", **entry.plain(), "tools": ["*"]}


_START = 120
"""How many seconds a host should wait for a server to start, because uvx downloads the packages at the first start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFile:
    """One host: its name on the command line, its file on each system, and the place of servers in that file.

    paths: by system, with `~` and `%APPDATA%` unexpanded; the host does not run on a missing system, and
        if there are no paths at all, the user decides where the file is. keys: the path to the table of servers.
    command: the name of the command in an entry. patience: settings that make the host wait longer for a server to
    start.
    after: what the user has to do next. source and date: where and when these facts were read.
    """

    name: str
    title: str
    form: Syntax
    keys: tuple[str, ...]
    paths: Mapping[System, str]
    entry: Callable[[ServerEntry], dict[str, Any]] = ServerEntry.plain
    command: str = "command"
    patience: Mapping[str, int] = field(default_factory=dict[str, int])
    after: str = "Restart it."
    source: str
    date: str
    verified: bool


def _everywhere(path: str) -> dict[System, str]:
    return {"linux": path, "macos": path, "windows": path}


HOST_FILES = (
    HostFile(
        name="claude-desktop",
        title="Claude Desktop",
        form="json",
        keys=("mcpServers",),
        paths={
            "macos": "~/Library/Application Support/Claude/claude_desktop_config.json",
            "windows": r"%APPDATA%\Claude\claude_desktop_config.json",
            "linux": "~/.config/Claude/claude_desktop_config.json",
        },
        after="Quit Claude Desktop (closing its window is not enough) and start it again.",
        source="modelcontextprotocol.io, connect local servers; the Linux path is that of a community build",
        date="2026-11-22",
        verified=True,
    ),
    HostFile(
        name="claude-code",
        title="Claude Code",
        form="json",
        keys=("mcpServers",),
        paths=_everywhere("~/.claude.json"),
        entry=_typed,
        after="Start a new session; /mcp lists it. If the server takes longer than 30 seconds to start, "
        "set MCP_TIMEOUT=120000 "
        "(milliseconds) in the environment of claude.",
        source="code.claude.com/docs/en/mcp, user scope",
        date="2026-11-22",
        verified=False,
    ),
    HostFile(
        name="cursor",
        title="Cursor",
        form="json",
        keys=("mcpServers",),
        paths=_everywhere("~/.cursor/mcp.json"),
        after="Switch it on under Settings, MCP.",
        source="cursor.com/docs/mcp",
        date="2026-11-22",
        verified=True,
    ),
    HostFile(
        name="vscode",
        title="VS Code",
        form="json",
        keys=("servers",),
        paths={
            "linux": "~/.config/Code/User/mcp.json",
            "macos": "~/Library/Application Support/Code/User/mcp.json",
            "windows": r"%APPDATA%\Code\User\mcp.json",
        },
        entry=_typed,
        after="Run the command MCP: List Servers and start it.",
        source="code.visualstudio.com/docs/copilot/reference/mcp-configuration; the folder is that of the default profile",
        date="2026-11-22",
        verified=False,
    ),
    HostFile(
        name="codex",
        title="Codex",
        form="toml",
        keys=("mcp_servers",),
        paths=_everywhere("~/.codex/config.toml"),
        entry=_patient(_START),
        patience={"startup_timeout_sec": _START},
        after="Start a new session; /mcp lists it. With `required = true` in its entry, the first turn "
        "waits for its tools.",
        source="developers.openai.com/codex/mcp; `required`: Codex 0.171.0, run against a local endpoint",
        date="2026-11-29",
        verified=True,
    ),
    HostFile(
        name="gemini-cli",
        title="Gemini CLI",
        form="json",
        keys=("mcpServers",),
        paths=_everywhere("~/.gemini/settings.json"),
        after="Start a new session; /mcp lists it. Servers run only in trusted folders: /permissions "
        "trusts a folder.",
        source="github.com/google-gemini/gemini-cli, docs/tools/mcp-server.md; run with 0.61.0",
        date="2026-11-29",
        verified=True,
    ),
    HostFile(
        name="qwen-code",
        title="Qwen Code",
        form="json",
        keys=("mcpServers",),
        paths=_everywhere("~/.qwen/settings.json"),
        after="Start a new session; /mcp lists it.",
        source="run with 0.24.4; a fork of Gemini CLI, with the same form of file",
        date="2026-11-29",
        verified=True,
    ),
    HostFile(
        name="opencode",
        title="opencode",
        form="json",
        keys=("mcp",),
        paths=_everywhere("~/.config/opencode/opencode.json"),
        entry=_opencode,
        patience={"timeout": _START * 1000},
        after="Start a new session; opencode mcp list shows it.",
        source="opencode.ai/docs/mcp-servers, repeated in the guides of several servers",
        date="2026-11-29",
        verified=False,
    ),
    HostFile(
        name="copilot-cli",
        title="Copilot CLI",
        form="json",
        keys=("mcpServers",),
        paths=_everywhere("~/.copilot/mcp-config.json"),
        entry=_all_tools,
        after="Start a new session; /mcp show lists it. Its model does not see pictures, only the text "
        "about them.",
        source="deepwiki.com/github/copilot-cli, MCP server configuration; agent-skills.md, copilot-cli-mcp-config",
        date="2026-11-29",
        verified=False,
    ),
    HostFile(
        name="cline",
        title="Cline CLI",
        form="json",
        keys=("mcpServers",),
        paths=_everywhere("~/.cline/data/settings/cline_mcp_settings.json"),
        after=(
            "Start a new session. The editor extension has its own file: open it with MCP Servers, Configure, "
            "and pass its path with --file. Its model does not see pictures, only the text about them."
        ),
        source="developersdigest.tech, Cline; docs.cline.bot/mcp",
        date="2026-11-29",
        verified=False,
    ),
    HostFile(
        name="goose",
        title="Goose",
        form="yaml",
        keys=("extensions",),
        paths={
            "linux": "~/.config/goose/config.yaml",
            "macos": "~/.config/goose/config.yaml",
            "windows": r"%APPDATA%\Block\goose\config\config.yaml",
        },
        entry=_goose,
        command="cmd",
        after="Start a new session.",
        source="block.github.io/goose/docs/guides/config-files",
        date="2026-11-22",
        verified=True,
    ),
    HostFile(
        name="librechat",
        title="LibreChat",
        form="yaml",
        keys=("mcpServers",),
        paths={},
        entry=_typed,
        after="Restart LibreChat.",
        source="librechat.ai/docs/configuration/librechat_yaml/object_structure/mcp_servers",
        date="2026-11-22",
        verified=False,
    ),
)


def file_of(
    host: HostFile, system: System, home: PurePath, environment: Mapping[str, str]
) -> PurePath | None:
    """Return the path of `host`'s file on `system`, or None if there is no fixed place. Does not touch the disk.

    `home` is the user's folder. `%APPDATA%` is taken from `environment`, or is below `home` if not set there;
    `CODEX_HOME`, `COPILOT_HOME` and `XDG_CONFIG_HOME` have the effect that their hosts document.
    """
    pattern = host.paths.get(system)
    if pattern is None:
        return None
    pure = PureWindowsPath if system == "windows" else PurePosixPath
    if host.name == "copilot-cli" and (moved := environment.get("COPILOT_HOME")):
        return pure(moved) / "mcp-config.json"
    if host.name == "codex" and (moved := environment.get("CODEX_HOME")):
        return pure(moved) / "config.toml"
    if (
        system == "linux"
        and pattern.startswith("~/.config/")
        and (moved := environment.get("XDG_CONFIG_HOME"))
    ):
        return pure(moved) / pattern.removeprefix("~/.config/")
    roaming = environment.get("APPDATA") or str(pure(home) / "AppData" / "Roaming")
    expanded = pattern.replace("%APPDATA%", roaming)
    return pure(home) / expanded.removeprefix("~/") if expanded.startswith("~/") else pure(expanded)


def system_here() -> System:
    """Return the system on which this process runs; other Unix systems count as Linux."""
    import sys

    return "windows" if os.name == "nt" else "macos" if sys.platform == "darwin" else "linux"


def file_here(host: HostFile) -> Path | None:
    """Return the path of `host`'s file for the user of this process."""
    path = file_of(host, system_here(), Path.home(), os.environ)
    return None if path is None else Path(path)
