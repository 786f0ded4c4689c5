"""Runs a framework's program with every kind of result, in a separate environment, against the strict endpoint."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import npm
from compat.frameworks import HERE, LOCKS
from environments import environment_with, versions
from kinds_seen import is_right
from relaying import TESTS
from servers import kinds

from imagebridge.testing import Endpoint

# Not by PYTHONPATH: frameworks hand few variables on.
SERVER = f"import runpy, sys; sys.path.insert(0, {str(TESTS)!r}); runpy.run_module('servers.kinds', run_name='__main__')"
KINDS = [sys.executable, "-c", SERVER]


class Model:
    """A model that calls the requested tool once; `outputs` contains what accepted requests then showed to it.

    calls: what it calls in place of a tool of that name, with which arguments. asked: what it calls where nothing says it.
    """

    def __init__(self, calls, asked=""):
        self.calls = calls
        self.asked = asked
        self.outputs = {}

    def step(self, body):
        # Some keep what was asked before in the conversation; some leave the conversation to the API.
        since = 0
        for place, item in enumerate(body["input"]):
            if found := re.search(r"Call the tool (\w+)", json.dumps(item)):
                self.asked, since = found[1], place
        items = body["input"][since:]
        shown = [item["output"] for item in items if item.get("type") == "function_call_output"]
        if not shown:
            name, arguments = self.calls.get(self.asked, (self.asked, {}))
            return [(self.name_of(name, body), arguments)]
        output = shown[-1]
        self.outputs[self.asked] = (
            [{"type": "input_text", "text": output}] if isinstance(output, str) else output
        )
        return "Done."

    def name_of(self, asked, body):
        """Return the offered name of a tool, which may start with the server's name."""
        names = [tool["name"] for tool in body["tools"]]
        return next((name for name in names if name.endswith(asked)), asked)

    def endpoint(self):
        return Endpoint([self.step] * 10 * len(kinds.KINDS))


@dataclass(frozen=True)
class Environment:
    """An installed framework: the command that starts its program, and its package and version."""

    program: list
    versions: dict[str, str]


def interpreter(version):
    """Return a Python interpreter of a version: one of pyenv's, which its shims may not offer, or one that uv finds."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return next(iter(sorted(root.glob(f"versions/{version}.*/bin/python"))), version)


def environment(framework, folder, wheel, lock=None):
    """Install a framework with its locked versions, or those of another lock, and imagebridge if it has an adapter."""
    lock = lock or LOCKS / framework.lock
    program = HERE / "programs" / framework.program
    if framework.is_node:
        modules = npm.locked(lock.read_text())
        # Node looks for modules beside the program.
        copy = Path(shutil.copy(program, modules.parent))
        return Environment([npm.node(), copy], npm.versions(lock.read_text()))
    ours = [f"{wheel}{framework.extra}"] if "adapter" in framework.least else []
    python = interpreter(framework.python) if framework.python else sys.executable
    programs = environment_with(folder, "-r", lock, *ours, python=python)
    return Environment([programs / "python", "-W", "ignore", program], versions(programs))


def resolved(framework):
    """Return a lock of the newest versions that work together."""
    if framework.is_node:
        return npm.resolved(framework.packages)
    ours = ["pyproject.toml"] if "adapter" in framework.least else []
    extras = ["--extra", framework.extra.strip("[]")] if framework.extra else []
    version = (
        ["--python", framework.python] if framework.python else ["--universal", "--python-version", "3.11"]
    )
    command = ["uv", "pip", "compile", "-q", "--no-header", "--no-annotate", *version, *extras, *ours, "-"]
    asked = "\n".join(framework.packages)
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, cwd=TESTS.parent)
    return done.stdout


def ended(command, **options):
    """Run a program until it exits, which must happen before pytest considers it to hang."""
    silent = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    return subprocess.run(command, **silent, check=False, timeout=1_000, **options)


def server(framework, how, command):
    """Return the command that starts the server, behind the relay if requested."""
    if how != "relay":
        return command
    return [sys.executable, "-m", "imagebridge", "proxy", "--host", framework.host, "--", *command]


def asked(framework, how, program, names=tuple(kinds.KINDS), command=KINDS, calls=None, **variables):
    """Run the framework's program; return what the model saw, by name, the output, and the errors."""
    model = Model(calls or {})
    endpoint = model.endpoint().start()
    environment = os.environ | variables | {
        "COMPAT_COMMAND": json.dumps(server(framework, how, command)),
        "COMPAT_KINDS": " ".join(names),
    }  # fmt: skip
    try:
        done = ended([*program, how, endpoint.base_url], env=environment)
    finally:
        endpoint.stop()
    assert done.returncode == 0, done.stderr[-3_000:]
    return model.outputs, done.stdout, done.stderr


def wrong(outputs):
    """Return the kinds that a model did not see as intended."""
    return [kind for kind in kinds.KINDS if not is_right(kind, outputs.get(kind, []))]


def shown(environment, files, folder):
    """Run the last file of a page unchanged, next to the others; return what its model saw of a tool, and its output.

    Args:
        environment: where its framework is installed.
        files: texts by name.
        folder: an empty one.
    """
    model = Model({}, "text_png_text")
    endpoint = model.endpoint().start()
    commands = folder / "commands"
    commands.mkdir()
    npx = commands / "npx"
    npx.write_text(f"#!/bin/sh\nexec {shlex.join(KINDS)}\n")
    npx.chmod(0o755)
    for name, text in files.items():
        (folder / name).write_text(text)
    places = [commands, Path(sys.executable).parent, os.environ["PATH"]]
    variables = os.environ | {
        "PATH": os.pathsep.join(map(str, places)),
        "OPENAI_BASE_URL": endpoint.base_url,
        "OPENAI_API_KEY": "x",
        "RESPONSES__BASE_URL": endpoint.base_url,  # fast-agent's
        "MCP_USE_ANONYMIZED_TELEMETRY": "false",
    }
    *interpreter, program = environment.program
    if program.suffix == ".mjs":
        (folder / "node_modules").symlink_to(program.parent / "node_modules")
    command = [*interpreter, folder / list(files)[-1]]
    try:
        done = ended(command, cwd=folder, env=variables)
    finally:
        endpoint.stop()
    assert done.returncode == 0, done.stderr[-3_000:]
    return model.outputs.get("text_png_text", []), done.stdout
