"""The packages that each feature requires: one table, and one sentence if something is missing.

imagebridge can be installed beside any framework, so mcp or openai may be too old for a feature, or missing.
A feature checks this table before it imports them, so that nobody gets a bare `ImportError`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata

from .errors import RequirementError

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature that not every environment supports.

    name: the subject of the sentence. lowest: the lowest version of each package that it works with. extra: the extra of
    imagebridge that installs them all.
    """

    name: str
    lowest: Mapping[str, Version]
    extra: str


# Each bound was tested with the versions on both sides of it (2026-11-29).

CLIENT = Feature("Bridge", {"mcp": (2,)}, "agent")
"""Connecting to MCP servers requires mcp 2, because the client of mcp 1 is different, but not openai."""

RUN = Feature("running the model", {"openai": (3, 20)}, "agent")
"""`run` and `stream`: before 3.20, streams of Chat Completions fail, and broken streams are mistaken for complete ones."""

UPLOADS = Feature("Uploads", {"openai": (1, 100)}, "agent")
"""Before 1.100, `files.create` does not accept `expires_after`."""

API = Feature("this command", {"openai": (1, 66)}, "agent")

IMAGES = Feature("using OpenAI's image models", {"openai": (1, 100)}, "server")
"""Before 1.100, `images.generate` and `images.edit` lack required arguments and results."""

SERVER = Feature("imagebridge-server", {"mcp": (2,)}, "server")

CHARTS = Feature("generate_chart", {"vl-convert-python": (1, 9)}, "server")
DOCUMENTS = Feature("render_document", {"pypdfium2": (5,)}, "server")
QR_CODES = Feature("make_qr_code", {"segno": (1, 6)}, "server")
HTTP_RELAY = Feature("imagebridge proxy --http", {"mcp": (2,)}, "agent")
"""mcp 1 does not know the headers of protocol 2026-07-28."""

ASK = Feature("imagebridge ask", {**CLIENT.lowest, **RUN.lowest}, "agent")
DEMO = Feature("imagebridge demo", {**SERVER.lowest, **RUN.lowest, **CHARTS.lowest}, "agent,charts")

_MET: set[tuple[str, Version]] = set()
"""A cache of met requirements: each run checks them, which takes milliseconds. Unmet ones are checked again."""


def need(feature: Feature) -> None:
    """Check that the installed packages meet the requirements of `feature`.

    Raises:
        RequirementError: the requirements are not met; the message names each package and the command to install it.
    """
    if problem := lacking(feature):
        raise RequirementError(problem)


def lacking(feature: Feature) -> str:
    """Return which packages are missing or too old for a feature, and how to install them; empty if none are."""
    packages: list[str] = []
    for package, lowest in feature.lowest.items():
        if (package, lowest) in _MET:
            continue
        installed = _installed(package)
        if is_older(installed, lowest):
            wanted = f"{package} {'.'.join(map(str, lowest))} or newer"
            packages.append(f"{wanted} ({installed or 'none'} is installed)")
        else:
            _MET.add((package, lowest))
    if not packages:
        return ""
    return f"{feature.name} needs {' and '.join(packages)}: {install_command(feature.extra)}"


def install_command(extra: str) -> str:
    """Return the command that installs an extra of imagebridge, or several, separated by commas.

    In a clone it is uv's: the environment that uv creates there has no pip, and `pip install imagebridge` would
    look for a release.
    """
    if _is_editable():
        return "uv sync --inexact " + " ".join(f"--extra {name}" for name in extra.split(","))
    return f'pip install "imagebridge[{extra}]"'


@cache
def _is_editable() -> bool:
    """Return whether imagebridge runs from a clone: an editable install, as its record (PEP 610) says."""
    try:
        origin = json.loads(metadata.distribution("imagebridge").read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return False
    return bool(origin.get("dir_info", {}).get("editable"))


def stand_in(name: str, feature: Feature) -> type:
    """Return a class that raises `RequirementError` only when called, so that importing its name never fails."""

    def refuse(_: type, *_arguments: object, **_named: object) -> object:
        raise RequirementError(lacking(feature))

    return type(
        name, (), {"__new__": refuse, "__doc__": f"{name}, for which a required package is not installed."}
    )


def is_older(installed: str, lowest: Version) -> bool:
    """Return whether a version is below `lowest`; "" stands for a package that is not installed."""
    return not installed or release(installed) < lowest


def release(version: str) -> Version:
    """Return the numbers at the start of a version: (2, 0) for "2.0rc1"."""
    digits = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, digits[0].split("."))) if digits else ()


def _installed(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
