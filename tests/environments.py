"""Separate Python environments: creates them in a folder, and runs programs in them."""

import json
import os
import subprocess
import sys


def environment_with(folder, *packages, seed=False, python=sys.executable):
    """Create an environment, install packages into it in one step, and return its folder of programs."""
    made = ["uv", "venv", "-q", "--python", python, *(["--seed"] if seed else []), str(folder)]
    subprocess.run(made, check=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    install(programs, *packages)
    return programs


def install(programs, *packages):
    """Install packages as `uv pip install` does, newest first."""
    command = ["uv", "pip", "install", "-q", "--python", str(programs / "python"), *map(str, packages)]
    subprocess.run(command, check=True)


def uninstall(programs, package):
    command = ["uv", "pip", "uninstall", "-q", "--python", str(programs / "python"), package]
    subprocess.run(command, check=True)


def output(*command, status=0, **options):
    """Run a program and return its output on stdout, or on stderr if it is expected to fail without a traceback."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout or done.stderr


def versions(programs):
    """Return the versions of all packages by name."""
    code = "import json; from importlib.metadata import distributions as d; print(json.dumps({x.name.lower(): x.version for x in d()}))"
    return json.loads(output(programs / "python", "-c", code))
