"""Terminal programs from npm: each shows its model a photograph, through our server and the relay."""

import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import npm
from compat.anthropic_messages import AnthropicMessages
from compat.frameworks import LOCKS
from compat.gemini_contents import GeminiContents
from compat.openai_responses import OpenAIResponses
from compat.running import ended
from compat.shown import photograph, verdict

PAGES = Path(__file__).parents[2] / "docs" / "frameworks"
PROMPT = "Look at the photograph."
WAYS = ("server", "relay")
"""How the photograph comes: from our own server, and from the official filesystem server behind the relay."""
FOREIGN = "@modelcontextprotocol/server-filesystem"


class Looking:
    """A model that calls one tool after another, each once, and then says so; `shown` contains what it saw."""

    def __init__(self, calls):
        self.calls = calls
        self.shown = []
        self.turns = 0

    def turn(self, names, shown):
        """Return its turn: a text, or a tool and its arguments. A tool that is not offered is called by its own name."""
        self.turns += 1
        self.shown = shown
        if len(shown) == len(self.calls) or self.turns > 50:
            return "Done."
        tool, arguments = self.calls[len(shown)]
        return next((name for name in names if name.endswith(tool)), tool), arguments


@dataclass(frozen=True)
class Cli:
    """A program whose model endpoint can be configured.

    name: what the report calls it. package: of npm. lock: the name of the file of its locked versions. program: a pattern
    of its path among the modules. endpoint: what plays its model. configured: writes its configuration into a home, with
    the servers of its page and the endpoint's URL, and returns the arguments and variables that it is started with.
    """

    name: str
    package: str
    lock: str
    program: str
    endpoint: type
    configured: Callable


def block(name, form, pictures):
    """Return the configuration that a page of docs/ shows, for a folder of pictures."""
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"```{form}\n(.*?)```", page, re.DOTALL)
    return found.replace("/path/to/pictures", str(pictures))


def codex(home, url, pictures, model="gpt-5.4"):
    settings = f"""
model = "{model}"
model_provider = "local"
[model_providers.local]
name = "local"
base_url = "{url}"
wire_api = "responses"
env_key = "LOCAL_KEY"
supports_websockets = false
"""
    (home / "config.toml").write_text(settings + block("codex", "toml", pictures))
    return ["exec", "--skip-git-repo-check", PROMPT], {"CODEX_HOME": str(home), "LOCAL_KEY": "x"}


def claude_code(home, url, pictures):
    servers = home / "mcp.json"
    servers.write_text(block("claude-code", "json", pictures))
    arguments = [
        "--mcp-config",
        servers,
        "--strict-mcp-config",
        "--allowedTools",
        "mcp__imagebridge,mcp__files",
    ]
    variables = {
        "CLAUDE_CONFIG_DIR": str(home),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "x",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "MCP_TIMEOUT": "600000",
    }
    return ["-p", PROMPT, *arguments], variables


def gemini_cli(home, url, pictures):
    settings = json.loads(block("gemini-cli", "json", pictures)) | {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"enableAutoUpdate": False},
    }
    (home / ".gemini").mkdir()
    (home / ".gemini" / "settings.json").write_text(json.dumps(settings))
    variables = {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "x", "GEMINI_CLI_TRUST_WORKSPACE": "true"}
    return ["-m", "gemini-2.5-pro", "--approval-mode", "yolo", "-p", PROMPT], variables


def opencode(home, url, pictures):
    seen = {"input": ["text", "image"], "output": ["text"]}
    model = {"name": "GPT-5.4", "attachment": True, "tool_call": True, "modalities": seen}
    settings = json.loads(block("opencode", "json", pictures)) | {
        "model": "openai/gpt-5.4",
        "provider": {
            "openai": {"options": {"baseURL": url, "apiKey": "x"}, "models": {"gpt-5.4": model}},
        },
        "permission": "allow",
    }
    file = home / "opencode.json"
    file.write_text(json.dumps(settings))
    switched_off = ("AUTOUPDATE", "MODELS_FETCH", "LSP_DOWNLOAD", "DEFAULT_PLUGINS")
    variables = {f"OPENCODE_DISABLE_{name}": "1" for name in switched_off}
    return ["run", "--title", "a photograph", PROMPT], variables | {"OPENCODE_CONFIG": str(file)}


CODEX = ("@openai/codex", "codex.json", "@openai/codex/bin/codex.js", OpenAIResponses)
CLIS = [
    Cli("codex", *CODEX, codex),
    # Models that it knows write programs that call tools.
    Cli("codex-code-mode", *CODEX, partial(codex, model="gpt-5.6-sol")),
    Cli(
        "claude-code",
        "@anthropic-ai/claude-code",
        "claude-code.json",
        "@anthropic-ai/claude-code-*/claude",
        AnthropicMessages,
        claude_code,
    ),
    Cli(
        "gemini-cli",
        "@google/gemini-cli",
        "gemini-cli.json",
        "@google/gemini-cli/bundle/gemini.js",
        GeminiContents,
        gemini_cli,
    ),
    Cli("opencode", "opencode-ai", "opencode.json", "opencode-*64/bin/opencode", OpenAIResponses, opencode),
]


def commands(folder):
    """Write `uvx` and `npx` commands, as used in pages, that start installed programs; return a PATH with them."""
    ours = Path(sys.executable).parent
    foreign = f"exec '{npm.node()}' '{npm.script(FOREIGN)}'"
    for name, line in {
        "uvx": f'while [ "${{1#-}}" != "$1" ]; do shift 2; done\nprogram=$1; shift\nexec \'{ours}\'/$program',
        "npx": f"shift 2\n{foreign}",
    }.items():
        file = folder / name
        file.write_text(f'#!/bin/sh\n{line} "$@"\n')
        file.chmod(0o755)
    return os.pathsep.join([str(folder), str(npm.node().parent), os.environ["PATH"]])


def looked(cli, folder, lock=None):
    """Let a program look at the photograph in both ways; return its version, and what its model saw in each way.

    Args:
        cli: the program.
        folder: an empty one, which becomes its home and the place where it is started.
        lock: the file of its locked versions; that of locks/ by default.
    """
    lock = (lock or LOCKS / cli.lock).read_text()
    modules = npm.locked(lock)
    program = next(modules.glob(cli.program))
    home, pictures, programs = (folder / name for name in ("home", "pictures", "programs"))
    for one in (home, pictures, programs):
        one.mkdir(parents=True)
    path = pictures / "photograph.jpg"
    photograph(path)
    calls = [("load_image", {"source": str(path)}), ("read_media_file", {"path": str(path)})]
    model = Looking(calls)
    with cli.endpoint(model) as endpoint:
        arguments, variables = cli.configured(home, endpoint.base_url, pictures)
        # Nothing else of this machine's environment: no keys, no settings of the user's own.
        environment = {"PATH": commands(programs), "HOME": str(home)} | variables
        starter = [npm.node()] if program.suffix == ".js" else []
        done = ended([*starter, program, *arguments], cwd=folder, env=environment)
    told = dict(zip(WAYS, map(verdict, model.shown), strict=False))
    problem = f"wrong: {endpoint.refusals[:1] or (done.stdout + done.stderr)[-2_000:]}"
    if endpoint.refusals or done.returncode or "Done." not in done.stdout:
        return npm.versions(lock)[cli.package], dict.fromkeys(WAYS, problem)
    return npm.versions(lock)[cli.package], {way: told.get(way, problem) for way in WAYS}
