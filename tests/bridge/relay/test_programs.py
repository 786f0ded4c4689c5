"""Third-party hosts behind the relay, which show what they lose without it."""

import json
import os
import subprocess

import npm
import pytest
from relaying import ENVIRONMENT, KINDS, PROXY

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def called(tmp_path_factory):
    """Return what mcporter saves of a tool's pictures, given whether the relay is in front of its server."""
    folder = tmp_path_factory.mktemp("mcporter")
    program = npm.script("mcporter", "dist/cli.js")

    def call(tool, *, relayed):
        command = [*PROXY, "--", *KINDS] if relayed else KINDS
        entry = {"command": command[0], "args": command[1:], "env": {"PYTHONPATH": ENVIRONMENT["PYTHONPATH"]}}
        (folder / "mcporter.json").write_text(json.dumps({"mcpServers": {"kinds": entry}}))
        saved = folder / f"{tool}-{relayed}"
        options = ["--config", "mcporter.json", "--save-images", saved, "--output", "raw"]
        environment = {**os.environ, "HOME": str(folder)}
        run = subprocess.run(
            [npm.node(), program, "call", f"kinds.{tool}", *options],
            cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        kinds = [file.suffix for file in sorted(saved.iterdir())] if saved.exists() else []
        return kinds, run.stdout

    return call


@pytest.mark.parametrize(
    ("tool", "without", "behind"),
    [
        ("bmp", [".bmp"], [".png"]),
        ("svg", [".svg"], [".png"]),
        ("res_png", [], [".png"]),
        ("link_png", [], [".png"]),
        ("png_two", [".png", ".png"], [".png", ".png"]),
    ],
)
def test_mcporter_saves_pictures_that_models_take(called, tool, without, behind):
    assert called(tool, relayed=False)[0] == without
    assert called(tool, relayed=True)[0] == behind


def test_mcporter_tells_an_error_and_an_empty_result(called):
    assert "Tool error:" in called("error_text", relayed=True)[1]
    assert "returned nothing" in called("empty", relayed=True)[1]
