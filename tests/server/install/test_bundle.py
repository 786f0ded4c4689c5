"""The bundle for desktop hosts and the registry's `server.json`: they name this version, and their commands start."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters

import imagebridge
from imagebridge_server.cli import command
from imagebridge_server.install.bundle import TOOL, laid_out, manifest
from imagebridge_server.settings import ALLOW

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SERVER = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("bundle") / "imagebridge"
    laid_out(made)
    return made


def test_versions_and_names_agree():
    (package,) = SERVER["packages"]
    named = {PROJECT["version"], SERVER["version"], package["version"], manifest()["version"]}
    assert named == {imagebridge.__version__}
    assert {PROJECT["name"], package["identifier"], manifest()["name"]} == {"imagebridge"}
    (extra,) = package["runtimeArguments"]
    assert extra["value"] == f"imagebridge[server]=={imagebridge.__version__}"
    assert f"mcp-name: {SERVER['name']}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_registry_takes_the_description():
    assert len(SERVER["description"]) <= 100


def test_variables_are_those_that_the_server_reads():
    variables = [one["name"] for one in SERVER["packages"][0]["environmentVariables"]]
    assert variables == [ALLOW, "OPENAI_API_KEY"]
    assert list(manifest()["server"]["mcp_config"]["env"]) == variables


def test_the_bundle_needs_what_the_server_needs(folder):
    needed = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"]
    extras = PROJECT["optional-dependencies"]
    names = [
        re.split("[<>!=]", one)[0]
        for one in PROJECT["dependencies"] + extras["server"] + extras["charts"]
        if one != "imagebridge[charts]"
    ]
    written = [re.split("[<>!=]", one)[0] for one in needed]
    assert sorted(name.replace(".", "-") for name in written) == sorted(
        name.replace(".", "-") for name in names
    )


@pytest.mark.long
async def test_the_bundle_starts_from_its_own_folder(folder, tmp_path):
    # Run from elsewhere, by the file that the manifest names; an empty answer to a question sets nothing.
    server = StdioServerParameters(
        command=sys.executable,
        args=[str(folder / manifest()["server"]["entry_point"])],
        env={ALLOW: "", "OPENAI_API_KEY": ""},
        cwd=str(tmp_path),
    )
    async with Client(server) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
    assert "generate_chart" in names
    assert "create_image" not in names


@pytest.mark.long
async def test_imagebridge_serve_is_the_server():
    server = StdioServerParameters(
        command=sys.executable,
        args=["-c", "from imagebridge.cli import main; main()", "serve", "--allow", str(ROOT)],
    )
    async with Client(server) as client:
        (load,) = [tool for tool in (await client.list_tools()).tools if tool.name == "load_image"]
    assert str(ROOT) in (load.description or "")


def test_a_full_folder_is_not_touched(tmp_path):
    (tmp_path / "mine").touch()
    result = CliRunner().invoke(command, ["bundle", "--folder", str(tmp_path)])
    assert (result.exit_code, "is not empty" in result.stderr) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_without_npx_it_is_said(tmp_path):
    result = CliRunner().invoke(command, ["bundle", "--output", str(tmp_path / "x.mcpb")], env={"PATH": ""})
    assert (result.exit_code, "install Node.js" in result.stderr) == (1, True)


@pytest.mark.long
def test_the_official_tool_accepts_and_packs_it(folder, tmp_path):
    """Needs npx and npm's registry, which `.ci/run` provides."""
    npx = shutil.which("npx")
    assert npx, "install Node.js: the official packer runs on it"
    subprocess.run([npx, "--yes", TOOL, "validate", str(folder / "manifest.json")], check=True)
    output = tmp_path / "imagebridge.mcpb"
    result = CliRunner().invoke(command, ["bundle", "--output", str(output)])
    assert (result.exit_code, result.stdout) == (0, f"{output}\n"), result.stderr
    subprocess.run([npx, "--yes", TOOL, "unpack", str(output), str(tmp_path / "out")], check=True)
    ours = {
        path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"
    }
    theirs = {path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert theirs == ours
    assert os.path.getsize(output) < 2_000_000
