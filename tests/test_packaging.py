"""The wheel: what is in it, and that it works in empty environments."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {"imagebridge", "imagebridge_tools", "imagebridge_server"}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_three_packages_and_what_they_need(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == PACKAGES
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    assert "imagebridge/cli/demo/bridges.csv" in names
    assert "imagebridge/cli/demo/page.css" in names
    assert "imagebridge_server/viewer.html" in names
    assert not [name for name in names if "test" in name and "testing" not in name]


def environment_with(wheel, folder, extra=""):
    """Make an empty environment, install the wheel, and return its folder of programs."""
    subprocess.run(["uv", "venv", "-q", "--python", sys.executable, str(folder)], check=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    target = f"imagebridge{extra} @ {wheel.as_uri()}"
    subprocess.run(["uv", "pip", "install", "-q", "--python", str(python), target], check=True)
    return python.parent


def output(*command, status=0, cwd=None):
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, cwd=cwd, check=False
    )
    assert done.returncode == status, done.stderr
    return done.stdout


@pytest.mark.wheel
def test_plain_imagebridge_works_without_extras(wheel, tmp_path):
    programs = environment_with(wheel, tmp_path / "plain")
    code = (
        "import json, sys\n"
        "from PIL import Image\n"
        "from imagebridge import function_call_output, tool_result\n"
        "item = function_call_output(tool_result('a', Image.new('RGB', (9, 9))), 'c')\n"
        "print(json.dumps([part['type'] for part in item['output']]))\n"
    )
    assert json.loads(output(programs / "python", "-c", code, cwd=tmp_path)) == ["input_text", "input_image"]
    assert "demo" in output(programs / "imagebridge", "--help")
    sample = json.loads(output(programs / "imagebridge", "call", "get_image", '{"text": "hello"}'))
    assert sample["output"][1]["type"] == "input_image"
    chart = '{"kind": "bar", "data": [{"a": "x", "b": 1}, {"a": "y", "b": 2}]}'
    refused = json.loads(output(programs / "imagebridge", "call", "generate_chart", chart, status=1))
    assert 'pip install "imagebridge[server]"' in refused["output"]


@pytest.mark.wheel
def test_the_server_extra_draws(wheel, tmp_path):
    programs = environment_with(wheel, tmp_path / "server", "[server]")
    chart = '{"kind": "bar", "data": [{"a": "x", "b": 1}, {"a": "y", "b": 2}]}'
    drawn = json.loads(output(programs / "imagebridge", "call", "generate_chart", chart, cwd=tmp_path))
    assert drawn["output"][1]["image_url"].startswith("data:image/png;base64,")
    page = tmp_path / "demo.html"
    assert "refused" in output(programs / "imagebridge", "demo", "--html", page, cwd=tmp_path)
    assert page.stat().st_size > 100_000
