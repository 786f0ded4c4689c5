"""Runs the command line in tests: in this process, as a program, and on terminals."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from imagebridge.cli import imagebridge
from imagebridge.testing import Endpoint

SCRIPT = Path(__file__).parent / "servers" / "pictures.py"
MAIN = [sys.executable, "-W", "error", "-c", "from imagebridge.cli import main; main()"]


def run(*arguments, stdin=None, **environment):
    """Run a command in this process, to check its output and its exit code."""
    variables = {name: None for name in os.environ if name.startswith(("OPENAI_", "IMAGEBRIDGE_"))}
    return CliRunner().invoke(imagebridge, arguments, input=stdin, env=variables | environment)


def ask(endpoint, *arguments, **more):
    return run("ask", *arguments, OPENAI_API_KEY="test", OPENAI_BASE_URL=endpoint.base_url, **more)


def users_variables(endpoint, python=sys.executable):
    """Return the environment of a user who has set a key for an endpoint and installed this package."""
    programs = f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "test", "PATH": programs}


def program(path, steps, *arguments, typed="", folder=None, python=sys.executable):
    """Run a Python program as a user would, against an endpoint; return its output on stdout, and the endpoint."""
    with Endpoint(steps) as endpoint:
        done = subprocess.run(
            [str(python), str(path), *arguments],
            env=users_variables(endpoint, python),
            input=typed,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "HTTP Request" not in done.stderr  # a log between the lines of the program
    return done.stdout, endpoint


def on_terminals(*arguments, typed=None, command=MAIN, **environment):
    """Run a command whose stdout and stderr are two terminals. Returns its exit code and what it wrote to them.

    With `typed`, its stdin is a third, in which that has been typed.
    """
    pty = pytest.importorskip("pty")
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE")}
    stdin, stdout, stderr = pty.openpty(), pty.openpty(), pty.openpty()
    os.write(stdin[0], (typed or "").encode())
    with subprocess.Popen(
        [*command, *arguments],
        stdin=None if typed is None else stdin[1],
        stdout=stdout[1],
        stderr=stderr[1],
        env=kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "100"} | environment,
    ) as process:
        for end in (stdin[1], stdout[1], stderr[1]):
            os.close(end)
        beside, answer = written(stderr[0]), written(stdout[0])
    os.close(stdin[0])
    return process.returncode, answer, beside


def written(terminal):
    """Read the output of a program on a terminal until it exits."""
    found = b""
    try:
        while chunk := os.read(terminal, 65536):
            found += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(terminal)
    return found.decode()
