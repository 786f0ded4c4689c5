"""What each feature needs of the packages beside us: one table, and one sentence where something is missing.

imagebridge installs beside every framework, so it may find an mcp or openai that is older than some feature needs,
or none. A feature looks into this table before it imports either: nobody is to meet a bare `ImportError`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

from .errors import RequirementError

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that not every environment can do.

    name: the subject of the sentence. lowest: the first version of each package that it works with. extra: the one
    of imagebridge that brings them all.
    """

    name: str
    lowest: Mapping[str, Version]
    extra: str


# Each was run with the versions on both sides of its bound (2026-11-29).

CLIENT = Feature("Bridge", {"mcp": (2,)}, "agent")
"""To connect MCP servers: mcp 1 has another client. No openai is needed."""

RUN = Feature("a run of the model", {"openai": (3, 20)}, "agent")
"""`run` and `stream`: before 3.20 streams of Chat Completions fail, and broken streams are taken for whole ones."""

UPLOADS = Feature("Uploads", {"openai": (1, 100)}, "agent")
"""Before 1.100 `files.create` takes no `expires_after`."""

SERVER = Feature("imagebridge-server", {"mcp": (2, 3)}, "server")

DEMO = Feature("imagebridge demo", {**SERVER.lowest, **RUN.lowest}, "agent,server")


def need(*features: Feature) -> None:
    """Return where the installed packages are what `features` need.

    Raises:
        RequirementError: they are not; the message names each package and the line to type.
    """
    for feature in features:
        if lacking := " and ".join(_lacking(feature)):
            line = f'pip install "imagebridge[{feature.extra}]"'
            raise RequirementError(f"{feature.name} needs {lacking}", line)


def missing(feature: Feature) -> bool:
    """Tell whether `need` would raise."""
    return bool(_lacking(feature))


def stand_in(name: str, feature: Feature) -> type:
    """Return a class that says what is missing when it is called, so that importing its name never fails."""

    def refuse(_: type, *_arguments: object, **_named: object) -> object:
        need(feature)
        raise AssertionError("nothing is missing")

    return type(name, (), {"__new__": refuse, "__doc__": f"{name}, for which a package is missing here."})


def _lacking(feature: Feature) -> list[str]:
    """Say of each package that is missing or too old what is needed and what is there."""
    told: list[str] = []
    for package, lowest in feature.lowest.items():
        try:
            installed = metadata.version(package)
        except metadata.PackageNotFoundError:
            installed = "none"
        if _release(installed) < lowest:
            told.append(f"{package} {'.'.join(map(str, lowest))} or newer ({installed} is installed)")
    return told


def _release(version: str) -> Version:
    """Return the numbers that a version begins with, (2, 0) of "2.0rc1"; none of what has none."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
