"""Programs that are started without one of the standard streams, whose number another file would get."""

import os
import shlex
import subprocess
import sys

import pytest
from processes import server_command

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell that closes streams")

SERVER = server_command()


def started(command, closed, **more):
    """Run a command with streams closed as a shell does it, and its output captured."""
    line = f"exec {shlex.join(command)} {closed}"
    more.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, **more)


@pytest.mark.parametrize("card", ["off", "kept"])
@pytest.mark.parametrize(
    ("closed", "named"), [("<&-", "stdin"), (">&-", "stdout"), ("<&- >&-", "stdin and stdout")]
)
def test_a_start_without_a_stream_is_one_sentence(closed, named, card, tmp_path):
    variables = os.environ | {"IMAGEBRIDGE_CARD": card if card == "off" else str(tmp_path)}
    done = started(SERVER, closed, env=variables)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {named} cannot be used because")
    assert done.stderr.count("\n") == 1


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
