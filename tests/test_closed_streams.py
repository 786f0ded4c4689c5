"""Programs that are started without one of the standard streams, whose number another file would get."""

import json
import os
import shlex
import subprocess
import sys

import pytest
from commands import MAIN
from first_messages import initialize
from processes import server_command

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell that closes streams")

SERVER = server_command()
PROXY = [*MAIN, "proxy", "--", *SERVER]


def started(command, closed, **more):
    """Run a command with streams closed as a shell does it, and its output captured."""
    line = f"exec {shlex.join(command)} {closed}"
    more.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, **more)


@pytest.mark.parametrize(
    ("command", "card"), [(SERVER, "off"), (SERVER, "kept"), (PROXY, "off")], ids=["server", "card", "proxy"]
)
@pytest.mark.parametrize(
    ("closed", "named"), [("<&-", "stdin"), (">&-", "stdout"), ("<&- >&-", "stdin and stdout")]
)
def test_a_start_without_a_stream_is_one_sentence(closed, named, command, card, tmp_path):
    variables = os.environ | {"IMAGEBRIDGE_CARD": card if card == "off" else str(tmp_path)}
    done = started(command, closed, env=variables)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {named} cannot be used because")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [SERVER, PROXY], ids=["server", "proxy"])
def test_what_is_written_to_a_closed_stderr_does_not_reach_the_host(command):
    # Python writes these lines to the file with stderr's number, whichever it is.
    variables = os.environ | {"PYTHONPROFILEIMPORTTIME": "1"}
    done = started(command, "2>&-", stdin=None, input=json.dumps(initialize()) + "\n", env=variables)
    assert done.returncode == 0
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [initialize()["id"]]


@pytest.mark.parametrize("module", ["imagebridge.cli", "imagebridge_server.__main__"])
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_other_file_gets_the_number_of_a_closed_stream(closed, module, tmp_path):
    number = tmp_path / "number"
    command = [sys.executable, "-c", OPENING.format(module=module), "--version", str(number)]
    done = started(command, closed)
    assert int(number.read_text()) > 2, done.stderr


OPENING = """
import sys
from {module} import main
number = sys.argv.pop()
try:
    main()
finally:
    with open(number, "w") as file:
        file.write(str(file.fileno()))
"""


def test_no_token_is_added_that_nobody_sees(tmp_path):
    # Never with_card.py, whose own start would add the token: its stdout is the file that it opened in the free place.
    tokens = tmp_path / "tokens.toml"
    command = [sys.executable, "-m", "imagebridge_server", "token", "alice", "--tokens", str(tokens)]
    done = started(command, ">&-")
    assert done.returncode == 2
    assert (
        done.stderr == "Error: no token was added, because stdout is closed and nobody would see the token\n"
    )
    assert not tokens.exists()
