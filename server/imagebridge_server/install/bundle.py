"""Packs the server as one file that desktop hosts install with a click: an MCP bundle (`.mcpb`).

The bundle contains exactly this version of the three packages and the list of their requirements, which `uv`
installs on the user's machine. The bundle has a manifest of version 0.4 with the server type `uv`, and is checked and
packed by the official tool (github.com/modelcontextprotocol/mcpb, 2026-11-22).
"""

import json
import re
import shutil
import subprocess
import tempfile
from importlib import metadata
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import imagebridge
from imagebridge.errors import BridgeError

TOOL = "@anthropic-ai/mcpb@2.1.2"
"""The official packer on npm, of 2026-11-22."""

_EXTRA = re.compile(r"""(\band\s+)?extra == ["']server["']""")

_PACKAGES = ("imagebridge", "imagebridge_tools", "imagebridge_server")
_START = "src/server.py"
_SECONDS = 300

_SERVER = '''\
"""Starts the server from the packages next to this file."""

from imagebridge_server.__main__ import main

main()
'''

_PROJECT = """\
[project]
name = "imagebridge-bundle"
version = "{version}"
requires-python = ">=3.11"
dependencies = {needed}

[tool.uv]
package = false
"""


def manifest() -> dict[str, Any]:
    """Return the bundle's manifest: the texts that a host shows, the settings that it asks for, and the command."""
    about = metadata.metadata("imagebridge")
    return {
        "$schema": "https://raw.githubusercontent.com/anthropics/mcpb/main/dist/mcpb-manifest-v0.4.schema.json",
        "manifest_version": "0.4",
        "name": "imagebridge",
        "display_name": "imagebridge",
        "version": imagebridge.__version__,
        "description": "Charts, pictures and documents as images that models see",
        "author": {"name": (about["Author"] or "imagebridge contributors")},
        "license": "MIT",
        "keywords": ["images", "charts", "vega-lite", "pictures"],
        "server": {
            "type": "uv",
            "entry_point": _START,
            "mcp_config": {
                "command": "uv",
                "args": ["run", "--directory", "${__dirname}", _START],
                "env": {
                    "IMAGEBRIDGE_ALLOW": "${user_config.folder}",
                    "OPENAI_API_KEY": "${user_config.openai_api_key}",
                },
            },
        },
        "tools_generated": True,
        "user_config": {
            "folder": {
                "type": "directory",
                "title": "Folder",
                "description": "Pictures, tables and documents in this folder may be read. If empty, no files are read.",
                "required": False,
                "default": "",
            },
            "openai_api_key": {
                "type": "string",
                "title": "OpenAI API key",
                "description": "Lets the model create pictures, which costs money. If empty, everything else still works.",
                "required": False,
                "sensitive": True,
                "default": "",
            },
        },
        "compatibility": {
            "platforms": ["darwin", "win32", "linux"],
            "runtimes": {"python": ">=3.11"},
        },
    }


def laid_out(folder: Path) -> None:
    """Write the bundle's contents into `folder`, which is created.

    Raises:
        BridgeError: the folder exists and is not empty, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise BridgeError(f"{folder} is not empty")
        for package in _PACKAGES:
            with as_file(files(package)) as source:
                shutil.copytree(
                    source, folder / "src" / package, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
                )
        _write_text(folder / _START, _SERVER)
        project = _PROJECT.format(version=imagebridge.__version__, needed=json.dumps(_needed(), indent=4))
        _write_text(folder / "pyproject.toml", project)
        _write_text(folder / "manifest.json", json.dumps(manifest(), indent=2) + "\n")
    except OSError as error:
        raise BridgeError(f"{folder} cannot be written: {error.strerror or error}") from error


def packed(output: Path) -> None:
    """Write the bundle to `output`, a file ending in .mcpb, with the official tool.

    Raises:
        BridgeError: npx is missing, or the tool refuses the bundle; the message quotes the tool's output.
    """
    npx = shutil.which("npx")
    if npx is None:
        raise BridgeError(
            "the official packer needs npx: install Node.js, or write the folder with --folder and pack it "
            "on another machine"
        )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "imagebridge"
        laid_out(folder)
        command = [npx, "--yes", TOOL, "pack", str(folder), str(output.absolute())]
        try:
            packer = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired as error:
            raise BridgeError(f"the packer did not finish within {_SECONDS} seconds") from error
    if packer.returncode:
        output_of_packer = (packer.stderr.strip() or packer.stdout.strip())[-2000:]
        raise BridgeError(f"the packer refused the bundle:\n{output_of_packer}")


def _needed() -> list[str]:
    """Return the requirements of the installed packages, including the server's extra."""
    needed: list[str] = []
    for line in metadata.requires("imagebridge") or ():
        requirement, _, marker = line.partition(";")
        marker = _EXTRA.sub("", marker).strip()
        if "extra ==" not in marker:  # The rest says on which machines it is needed.
            needed.append(f"{requirement.strip()}; {marker}" if marker else requirement.strip())
    return needed


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
