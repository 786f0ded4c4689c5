"""The packages that tests need in addition to those of the demo, which are all that `uv run` installs by itself.

`uv run pytest` and the programs of the tests install the rest when they start, so that each works in a fresh clone.
"""

import os
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


def bring(group):
    """Install a dependency group of pyproject.toml if a part of it is missing and uv started this program.

    What started Python another way has an environment of its own, which is nobody else's to change: a test then
    fails where it imports what is missing.
    """
    uv = os.environ.get("UV")
    if uv is None or not _missing(group):
        return
    print(f"installing the dependency group {group!r}", file=sys.stderr)
    here = ["--python", sys.executable]
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": sys.prefix}
    subprocess.run([uv, "sync", "--inexact", "--group", group, *here], cwd=ROOT, env=environment, check=True)


def _missing(group):
    """Return the packages of a group, and of the groups and extras that it includes, that are not installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return {name for name in _names(group, project) if not _is_installed(name)}


def _names(group, project):
    for entry in project["dependency-groups"][group]:
        if isinstance(entry, dict):
            yield from _names(entry["include-group"], project)
        else:
            yield from _packages(entry, project)


def _packages(line, project):
    requirement = Requirement(line)
    if requirement.name != project["project"]["name"]:
        if requirement.marker is None or requirement.marker.evaluate():
            yield requirement.name
        return
    for extra in requirement.extras:
        for inner in project["project"]["optional-dependencies"][extra]:
            yield from _packages(inner, project)


def _is_installed(name):
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False
