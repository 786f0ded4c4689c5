"""Each command in the README and docs/ is read by the real command lines; those that need no key and no network run."""

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from commands import users_variables
from long_rows import one_in
from PIL import Image

from imagebridge.cli import imagebridge
from imagebridge.testing import Endpoint
from imagebridge_server.cli import command as imagebridge_server

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = {"imagebridge": imagebridge, "imagebridge-server": imagebridge_server}
SYNOPSIS = {"[": "", "]": "", "FILE|-": "FILE", "host NAME": "host claude-desktop"}
"""What stands for something else in a list of commands."""


def lines(page, kinds=("", "sh", "bash", "zsh", "fish")):
    """Return the lines of the blocks of a page that are shown in one of these languages, by the block they begin."""
    blocks = re.findall(r"^ *```([^\n]*)\n(.*?)^ *```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [line.strip() for kind, block in blocks if kind in kinds for line in block.splitlines()]


def programs(line):
    """Return the words of each of our programs that a line starts, without how uv or a variable starts it."""
    command, *described = re.split(r"\s{2,}", line)
    if described:
        for written, meant in SYNOPSIS.items():
            command = command.replace(written, meant)
    reader = shlex.shlex(command, posix=True, punctuation_chars="|&;<>")
    reader.whitespace_split = True
    found, words = [], [*reader, "&&"]
    while words:
        end = next(place for place, word in enumerate(words) if word in ("|", "&&", ";"))
        one, words = words[:end], words[end + 1 :]
        while one and (one[0] in ("uv", "run", "uvx") or one[0].startswith("-") or "[" in one[0]):
            del one[0]
        if one and one[0] in COMMANDS:
            found.append(one)
    return found


SHOWN = sorted({shlex.join(words) for page in PAGES for line in lines(page) for words in programs(line)})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Make the files that the pages name, in a folder that is the user's home too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "Pictures").mkdir()
    (tmp_path / "docs" / "deploy" / "tokens").mkdir(parents=True)
    for name in ("tokens.toml", "body.json", "FILE", "docs/deploy/tokens/tokens.toml"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize("shown", SHOWN)
def test_the_command_line_reads_what_the_pages_show(shown, folder, monkeypatch):
    read = []
    # Only what the options mean; nothing is done.
    monkeypatch.setattr(click.Command, "invoke", lambda command, _: read.append(command.name))
    name, *arguments = shlex.split(shown)
    arguments = [one.replace("~", str(folder)) for one in arguments]
    done = CliRunner().invoke(COMMANDS[name], arguments)
    assert done.exit_code == 0, done.output
    assert read == [COMMANDS[name].name, *arguments[: bool(arguments) and not arguments[0].startswith("-")]]


def test_the_pages_show_every_command():
    first = {tuple(shlex.split(shown)[:2]) for shown in SHOWN}
    offered = imagebridge.list_commands(click.Context(imagebridge))
    assert {("imagebridge", name) for name in offered} <= first
    assert {("imagebridge-server", name) for name in ("install", "token")} <= first


def in_bash(script, folder, steps=()):
    """Run lines of a page as a user does who has installed this package."""
    with Endpoint(steps) as endpoint:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=users_variables(endpoint),
            capture_output=True,
            text=True,
            check=False,
        )
    return done, endpoint


def formats(folder):
    """Return the formats of the pictures in a folder."""
    found = []
    for path in sorted(folder.iterdir()):
        with Image.open(path) as picture:
            found.append(picture.format)
    return found


def the_line(page, *words):
    """Return the only line of a page that contains words."""
    (found,) = [line for line in lines(ROOT / page) if all(word in line for word in words)]
    return found


def test_the_body_of_the_readme_has_a_finding(tmp_path):
    made, checked = the_line("README.md", "> body.json"), the_line("README.md", "check body.json")
    done, _ = in_bash(f"{made}\n{checked}", tmp_path)
    assert (done.returncode, "[chat-output-without-call]" in done.stdout) == (1, True), done.stderr


@pytest.mark.long
def test_the_call_of_the_page_shows_part_of_the_picture_that_it_makes(tmp_path):
    done, _ = in_bash(the_line("docs/command-line.md", "imagebridge call"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert formats(tmp_path / "out") == ["PNG", "PNG"]


@pytest.mark.long
def test_a_model_is_asked_about_a_table(tmp_path):
    (tmp_path / "sales.csv").write_text("month,sales\nMay,3\nJune,4\n", "utf-8")
    arguments = {"kind": "bar", "data": "sales.csv", "columns": {"x": "month", "y": "sales"}}
    steps = [[("generate_chart", arguments)], "June."]
    done, _ = in_bash(the_line("docs/command-line.md", "Chart sales.csv"), tmp_path, steps)
    assert (done.returncode, done.stdout) == (0, "June.\n"), done.stderr
    assert (tmp_path / "chart.html").is_file()
    assert formats(tmp_path / "charts") == ["PNG"]


@pytest.mark.long
def test_a_model_is_asked_about_what_another_program_prints(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "new.txt").write_text("a new line\n", "utf-8")
    subprocess.run(["git", "add", "-N", "new.txt"], cwd=tmp_path, check=True)
    done, endpoint = in_bash(the_line("docs/command-line.md", "git diff"), tmp_path, ["A line."])
    assert (done.returncode, done.stdout) == (0, "A line.\n"), done.stderr
    assert "+a new line" in str(endpoint.exchanges[0].body["input"])


@pytest.mark.parametrize(
    ("shell", "registers"),
    one_in(
        3,
        [
            ("bash", "complete -o nosort -F _imagebridge_completion imagebridge"),
            ("zsh", "compdef _imagebridge_completion imagebridge"),
            ("fish", "complete --no-files --command imagebridge"),
        ],
    ),
)
def test_the_completion_of_a_shell_is_printed(shell, registers, tmp_path):
    line = the_line("docs/command-line.md", f"{shell}_source")
    done, _ = in_bash(line.removeprefix('eval "$(').removesuffix(')"').removesuffix(" | source"), tmp_path)
    assert (done.returncode, registers in done.stdout) == (0, True), done.stdout


def test_bash_completes_commands(tmp_path):
    line = the_line("docs/command-line.md", "bash_source")
    script = f'{line}\nCOMP_WORDS=(imagebridge d) COMP_CWORD=1\n_imagebridge_completion imagebridge\necho "${{COMPREPLY[@]}}"'
    done, _ = in_bash(script, tmp_path)
    assert done.stdout.split() == ["demo", "doctor"], done.stderr
