"""The command line of the server."""

import os
import sys
from pathlib import Path
from unicodedata import category

import pytest
from click.testing import CliRunner
from commands import on_terminals

import imagebridge
from imagebridge_server import stdio
from imagebridge_server.cli import command
from imagebridge_server.settings import Settings


@pytest.fixture
def served(monkeypatch):
    """Return the settings that were served, without serving."""
    found = []
    monkeypatch.setattr(stdio, "serve", lambda settings, _start: found.append(settings))
    for name in ("IMAGEBRIDGE_ALLOW", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return found


def test_folders_are_allowed_by_options_and_environment(served, tmp_path, monkeypatch):
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("IMAGEBRIDGE_ALLOW", str(tmp_path / "three"))
    run = CliRunner().invoke(command, ["--allow", str(tmp_path / "one"), "--allow", str(tmp_path / "two")])
    assert run.exit_code == 0, run.output
    allow = (tmp_path / "one", tmp_path / "two", tmp_path / "three")
    assert served == [Settings(allow=allow, store=Path(os.environ["IMAGEBRIDGE_STORE"]))]


def test_all_other_options(served, tmp_path):
    arguments = (
        f"--allow-write {tmp_path} --allow-https --store off --store-bytes 5 --store-seconds 6 --patience 7"
    )
    run = CliRunner().invoke(command, arguments.split())
    assert run.exit_code == 0, run.output
    assert served == [
        Settings(allow_write=(tmp_path,), allow_https=True, store_bytes=5, store_seconds=6, patience=7)
    ]


def test_a_host_is_chosen_by_name(served):
    run = CliRunner().invoke(command, ["--host", "Claude-Desktop"])
    assert run.exit_code == 0, run.output
    assert [settings.host for settings in served] == ["claude-desktop"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--allow", "/no/such/folder"],
        ["--allow-write", "/no/such/folder"],
        ["--alow", "x"],
        ["extra"],
        ["--allow"],
        ["--patience", "0"],
        ["--host", "clade-desktop"],
        ["--store", "s3:/bucket/prefix"],
    ],
)
def test_wrong_usage_ends_with_two_and_one_message(served, arguments):
    run = CliRunner().invoke(command, arguments)
    assert run.exit_code == 2
    assert run.stdout == ""
    assert run.stderr.count("Error: ") == 1
    assert served == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("instal", " Did you mean 'install'?"),
        ("Uninstall", " Did you mean 'uninstall'?"),
        ("tokens", " Did you mean 'token'?"),
        ("bundel", " Did you mean 'bundle'?"),
        ("version", " Did you mean 'imagebridge-server --version'?"),
        ("serve", ""),
    ],
)
def test_an_unknown_command_names_the_nearest(served, name, hint):
    run = CliRunner().invoke(command, [name])
    assert (run.exit_code, run.stdout, served) == (2, "", [])
    assert run.stderr.endswith(f"Error: No such command {name!r}.{hint}\n")


STEERING = "begin \x9b31m \x9d0;x\x9c \u202e \u2066 \x1b]0;stolen\x07 \x1b[2J end"
"""C0, C1 and bidirectional controls, as a command line that was copied from somewhere may have them."""


@pytest.mark.parametrize(
    "arguments",
    [
        [STEERING],
        [f"--{STEERING}"],
        ["--allow", STEERING],
        ["--host", STEERING],
        ["--patience", STEERING],
        ["--store", f"s3://{STEERING}"],
        ["--http", STEERING],
        ["install", STEERING],
        ["install", "cursor", "--allow", STEERING],
        ["install", "cursor", STEERING],
        ["uninstall", STEERING],
        ["token", "--tokens", "none", "name", STEERING],
        ["bundle", STEERING],
        ["bundle", f"--{STEERING}"],
    ],
    ids=lambda arguments: " ".join(arguments).replace(STEERING, "it"),
)
def test_what_is_quoted_of_a_command_line_steers_no_terminal(served, arguments):
    run = CliRunner().invoke(command, arguments)
    assert (run.exit_code, run.stdout, served) == (2, "", [])
    quoted = run.stderr.rpartition("begin ")[2].partition("end")
    assert quoted[1] == "end"
    assert steering_in(run.stderr) == set()


def test_no_terminal_is_steered():
    """Such words stand in the message as they were typed, all but what steers."""
    server = [sys.executable, "-W", "error", "-m", "imagebridge_server"]
    code, answer, beside = on_terminals("bundle", STEERING, command=server)
    assert (code, answer, steering_in(beside)) == (2, "", set())
    assert "Got unexpected extra argument (begin 31m 0;x   ]0;stolen  end)" in beside


def steering_in(words):
    """Return the characters in a text that control a terminal, but for line ends."""
    return {one for one in words if category(one) in ("Cc", "Cf") and one not in "\r\n"}


def test_a_person_at_a_terminal_is_told_what_it_waits_for(served, monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda descriptor: descriptor == 0)
    run = CliRunner().invoke(command, [])
    assert (run.exit_code, run.stdout, len(served)) == (0, "", 1)
    assert "is waiting for an MCP host" in run.stderr


def test_version():
    run = CliRunner().invoke(command, ["--version"])
    assert run.output.split()[-1] == imagebridge.__version__
