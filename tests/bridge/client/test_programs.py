"""Suggestions for a server whose command was not found."""

import os
import sys

import pytest
from mcp import StdioServerParameters

from imagebridge import Bridge
from imagebridge.client.programs import hint
from imagebridge.errors import ServerError

ADDRESS = "; the address of a server starts with http:// or https://"


@pytest.fixture(autouse=True)
def _programs(tmp_path, monkeypatch):
    """Leave two programs on the PATH, a file that cannot be run, and a folder that is gone."""
    for name, mode in (("python-of-a-test", 0o755), ("weather-server", 0o755), ("notes-server", 0o644)):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(mode)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "gone"), str(tmp_path)]))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("imagebridge-sever", "; did you mean 'imagebridge-server'?"),
        ("imagebrige", "; did you mean 'imagebridge'?"),
        ("Imagebridge-server", "; did you mean 'imagebridge-server'?"),
        ("pyhton-of-a-test", "; did you mean 'python-of-a-test'?"),
        ("wether-server", "; did you mean 'weather-server'?"),
        pytest.param(
            "note-server", "", marks=pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
        ),
        ("something-else", ""),
        ("/opt/weather-servr", ""),
        ("./wether-server", ""),
        ("bin//wether-server", ""),
        ("", ""),
        ("htps://example.com/mcp", ADDRESS),
        ("http//example.com/mcp", ADDRESS),
        ("localhost:8000/mcp", ADDRESS),
        ("127.0.0.1:8000", ADDRESS),
    ],
)
def test_a_command_that_was_not_found(command, words):
    assert hint(command) == words


@pytest.mark.parametrize("server", ["wether-server --x", StdioServerParameters(command="wether-server")])
@pytest.mark.anyio
async def test_the_error_of_a_bridge_suggests_the_program(server):
    with pytest.raises(
        ServerError, match=r"is not an executable on the PATH; did you mean 'weather-server'\?"
    ):
        async with Bridge(server):
            pass
