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

API = Feature("this command", {"openai": (1, 66)}, "agent")

IMAGES = Feature("asking OpenAI's image models", {"openai": (1, 100)}, "server")
"""Before 1.100 `images.generate` and `images.edit` do not take or tell all that is asked for."""

SERVER = Feature("imagebridge-server", {"mcp": (2,)}, "server")

CHARTS = Feature("generate_chart", {"vl-convert-python": (1, 9)}, "server")
DOCUMENTS = Feature("render_document", {"pypdfium2": (5,)}, "server")
QR_CODES = Feature("make_qr_code", {"segno": (1, 6)}, "server")
HTTP_RELAY = Feature("imagebridge proxy --http", {"mcp": (2,)}, "agent")
"""mcp 1 does not know the headers of protocol 2026-07-28."""

ASK = Feature("imagebridge ask", {**CLIENT.lowest, **RUN.lowest}, "agent")
DEMO = Feature("imagebridge demo", {**SERVER.lowest, **RUN.lowest}, "agent,server")

_MET: set[tuple[str, Version]] = set()
"""What was found to be installed: a look takes milliseconds, and each run asks. What is missing may be installed meanwhile."""


def need(feature: Feature) -> None:
    """Return where the installed packages are what `feature` needs.

    Raises:
        RequirementError: they are not; the message names each package and the line to type.
    """
    if problem := lacking(feature):
        raise RequirementError(problem)


def lacking(feature: Feature) -> str:
    """Say which packages are missing or too old for a feature, and what to type; nothing where all are there."""
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
    line = f'pip install "imagebridge[{feature.extra}]"'
    return f"{feature.name} needs {' and '.join(packages)}: {line}" if packages else ""


def stand_in(name: str, feature: Feature) -> type:
    """Return a class that says what is missing when it is called, so that importing its name never fails."""

    def refuse(_: type, *_arguments: object, **_named: object) -> object:
        raise RequirementError(lacking(feature))

    return type(name, (), {"__new__": refuse, "__doc__": f"{name}, for which a package is missing here."})


def is_older(installed: str, lowest: Version) -> bool:
    """Tell whether a version is below `lowest`; "" is what is not installed."""
    return not installed or release(installed) < lowest


def release(version: str) -> Version:
    """Return the numbers that a version begins with: (2, 0) of "2.0rc1"."""
    digits = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, digits[0].split("."))) if digits else ()


def _installed(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
