"""Writes and reads docs/compatibility.md, and finds changes between runs."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from compat.clis import CLIS, WAYS
from compat.frameworks import FRAMEWORKS
from servers import kinds

PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"
OF_FRAMEWORKS = ("framework", "version", "how", "right", "not right")
OF_CLIS = ("CLI", "version", "how", "picture and factor")
HEAD = f"""# What models see through frameworks and CLIs

## Frameworks, with every kind of result

An agent in each framework calls a server that has one tool for each of {len(kinds.KINDS)} kinds of results (`tests/servers/kinds.py`); the strict
endpoint of `imagebridge.testing` takes the place of the model. A kind counts as right if the API would have accepted the request
and the request contained what the tool intended: the picture complete and in order, the text, and errors marked as errors. *alone*
is the framework by itself, *relay* the framework with `imagebridge proxy`, *adapter* the framework with one of our adapters. See
[frameworks](frameworks.md) and [the relay](relay.md).

"""
BETWEEN = """
## CLIs, with a photograph of 12 megapixels

Each program comes from npm and uses the configuration on its page; a strict local endpoint for its API (OpenAI Responses, Anthropic
Messages, Gemini) takes the place of the model. *server* is `load_image` of our own server, *relay* is `read_media_file` of the official
filesystem server behind `imagebridge proxy`. The last column gives the size of the picture in the request and the factor in the text
beside it: multiply coordinates in that picture by the factor to get coordinates in the photograph. A mark in the photograph confirmed
this.

"""
FOOT = """
`uv run python -m tests.compat` writes this page; with `--newest` it uses today's versions and reports what changed. Run on
{day:%Y-%m-%d}, with Python {python}.
"""


def page(rows):
    """Return the whole page; rows of frameworks have one more cell than those of CLIs."""
    foot = FOOT.format(day=datetime.now(UTC), python=sys.version.split()[0])
    return HEAD + table(OF_FRAMEWORKS, rows) + BETWEEN + table(OF_CLIS, rows) + foot


def table(head, rows):
    """Write the rows that match a header."""
    lines = [head, ("---",) * len(head), *(row for row in rows if len(row) == len(head))]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def written(text):
    """Return the entry on a page for each framework or CLI and way."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {
        (name, how): tuple(said)
        for name, _, how, *said in rows
        if name not in (OF_FRAMEWORKS[0], OF_CLIS[0], "---")
    }


def due():
    """Return the minimum that each framework and way must reach, and None for each CLI and way."""
    of_frameworks = {(one.name, how): least for one in FRAMEWORKS for how, least in one.least.items()}
    return of_frameworks | {(one.name, how): None for one in CLIS for how in WAYS}


def findings(rows, known):
    """Yield results below their minimum, and results that differ from the known ones, if these are given.

    Args:
        rows: of a run.
        known: of `written`, or None.
    """
    for name, version, how, *said in rows:
        title, least = f"{name} {version} {how}", due()[name, how]
        if least is not None and int(said[0]) < least:
            yield f"{title}: {said[0]} right, at least {least} are due"
        if said[-1].startswith("wrong"):
            yield f"{title}: {said[-1]}"
        was = known and known.get((name, how), ("missing",))
        if was and was != tuple(said):
            yield f"{title} changed: {' | '.join(said)}; it was {' | '.join(was)}"
