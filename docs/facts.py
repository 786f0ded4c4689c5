"""Writes models.md, endpoints.md and hosts.md from the tables that imagebridge uses, in bridge/imagebridge/facts.

uv run python docs/facts.py
"""

import re
from collections.abc import Iterable
from datetime import date
from itertools import product
from pathlib import Path

from imagebridge.facts import endpoints, hosts, limits, models
from imagebridge.facts.models import Family, Patches, Sizing

HERE = Path(__file__).parent

WRONG = (
    "If a fact is wrong or out of date, please open an issue with the source, or change its row in "
    "`bridge/imagebridge/facts/{file}` and run `uv run python docs/facts.py`, which writes this page."
)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown; a bar inside a cell is escaped."""
    lines = [list(heads)]
    lines += [["---"] * len(lines[0]), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def page(title: str, *paragraphs: str) -> str:
    """Return a page in Markdown."""
    return "\n\n".join([f"# {title}", *paragraphs]) + "\n"


def sizing(of: Sizing | None) -> str:
    """Return how large pictures may be, or what they cost if they are counted in tiles."""
    if of is None:
        return "refused"
    if isinstance(of, Patches):
        side = "any size" if of.side >= 65_535 else f"{of.side:,} px"
        return f"{side}, {of.budget:,} patches"
    return f"{of.base:,} tokens + {of.tile:,} per tile" if of.tile else f"{of.base:,} tokens"


def family_row(row: Family) -> list[str]:
    """Return a family's row in the table of sizes."""
    name = f"`{row.name}`" if not row.assumed else f"`{row.name}` (assumed)"
    patch = f"{row.high.rate / 100:g}" if isinstance(row.high, Patches) else ""
    return [name, *map(sizing, (row.low, row.high, row.original)), f"`{row.auto}`", patch]


def dollars(amount: float | None) -> str:
    """Return an amount in USD as a price list writes it."""
    return "not known" if amount is None else f"${amount:,.3f}".removesuffix("0")


def names(pattern: str) -> str:
    """Return the model names that a pattern matches, with * for any ending: `o1, o1-pro` for `o1(-pro)?`."""
    plain = pattern.replace(".+", "*").replace("\\", "")
    pieces = [piece for piece in re.split(r"(\([^()]*\)\??)", plain) if piece]
    if len(pieces) > 1:
        choices = [
            ([""] if piece.endswith("?") else []) + piece.strip("()?").split("|")
            if piece[0] == "("
            else [piece]
            for piece in pieces
        ]
        return ", ".join(f"`{''.join(choice)}`" for choice in product(*choices))
    return ", ".join(f"`{name}`" for name in plain.split("|"))


def by_day(rows: Iterable[Family]) -> list[list[str]]:
    """Return a row for each day on which models are shut down, the earliest first."""
    days: dict[date, dict[str, None]] = {}
    for row in rows:
        for pattern, day in row.ends.items():
            days.setdefault(day, {}).update(dict.fromkeys(names(pattern).split(", ")))
    return [[str(day), ", ".join(sorted(ending))] for day, ending in sorted(days.items())]


def models_page() -> str:
    """Return models.md."""
    rows = [*models.FAMILIES, models.SAFE]
    priced = [(name, price) for row in rows for name, price in row.models.items() if price]
    drawing = [(name, price) for row in rows for name, price in row.drawing.items()]
    chat = [(pattern, how) for row in rows for pattern, how in row.chat_tools.items()]
    default = models.DEFAULTS[-1]
    return page(
        "Models",
        "This page lists the sizes at which OpenAI's models see pictures, and what pictures cost. imagebridge scales each picture "
        "down to the size that the model sees anyway before it is sent, and states the factor. The sizes are from OpenAI's guide "
        '"Images and vision", read on 2026-11-22.',
        WRONG.format(file="models.py"),
        f"If no model is given, imagebridge uses `{default.name}`, chosen on {default.since}: {default.reason}.",
        "## Sizes and tokens",
        "A patch is a square of 32 by 32 pixels, a tile a square of 512 by 512. The parameter `detail` selects the column; `auto` means "
        'the one named there. Families marked "assumed" are not in the guide; their rows give what every vision model '
        "accepts. A model belongs to the first family whose name is a prefix of its own name.",
        table(
            ("family", "`low`", "`high`", "`original`", "`auto` is", "tokens per patch"),
            map(family_row, rows),
        ),
        "## Prices",
        f"In USD per million tokens with standard processing, read on {models.PRICES_READ}. For a request with more than "
        f"{models.LONG_INPUT:,} input tokens, input costs twice as much and output 1.5 times as much.",
        table(
            ("model", "input", "cached input", "cache writes", "output"),
            ([f"`{name}`", *map(dollars, price)] for name, price in priced),
        ),
        "Models that create pictures:",
        table(
            ("model", "text input", "picture input", "picture output"),
            ([f"`{name}`", *map(dollars, price)] for name, price in drawing),
        ),
        "## Shutdown dates",
        f"As announced by OpenAI, read on {models.AVAILABILITY_READ}. `imagebridge doctor` and `imagebridge check` warn about a model that "
        "has been shut down or will be within 90 days.",
        table(("shutdown", "models"), by_day(rows)),
        "## Tools in Chat Completions",
        "These models restrict function tools in Chat Completions; other models accept them as in the Responses API.",
        table(
            ("model", "accepts tools"),
            (
                [
                    names(pattern),
                    'only with `reasoning_effort="none"`'
                    if how == "without effort"
                    else "only in the Responses API",
                ]
                for pattern, how in chat
            ),
        ),
        "## Limits of the API",
        table(
            ("limit", "value"),
            (
                ("picture formats", ", ".join(sorted(limits.SENDABLE)) + " (GIF with a single frame)"),
                ("pictures per request", f"{limits.MAX_IMAGES:,}"),
                ("bytes of all pictures in a request", f"{limits.MAX_BODY:,}"),
                ("characters in a picture's URL", f"{limits.MAX_DATA_URL:,}"),
                ("bytes of all files in a request", f"{limits.MAX_FILE:,}"),
                ("characters in a text", f"{limits.MAX_TEXT:,}"),
                ("tools per request", f"{limits.MAX_TOOLS:,}"),
                ("characters in a function's name", f"{limits.MAX_NAME:,}"),
            ),
        ),
    )


WAYS = {
    "native": "in the tool's output",
    "user_message": "in a user message after it",
    "text": "not sent; a sentence says so",
}


def endpoints_page() -> str:
    """Return endpoints.md."""
    servers = [(name, kind) for name, kind in endpoints.ENDPOINTS.items() if name not in WAYS]
    return page(
        "Endpoints",
        "This page lists where compatible servers accept the pictures that tools return. `Policy(server=NAME)` selects a row; "
        "without it, requests have the form that OpenAI accepts. Read on 2026-11-29.",
        table(
            ("endpoint", "Responses API", "Chat Completions", "source"),
            ([f"`{name}`", WAYS[kind.responses], WAYS[kind.chat], kind.source] for name, kind in servers),
        ),
        'For other servers, specify the method itself: `Policy(server="native")` puts pictures into the tool output, '
        '`"user_message"` into a message after it, and `"text"` sends none. `imagebridge doctor --live` tests which rules an '
        "endpoint actually applies.",
        WRONG.format(file="endpoints.py"),
    )


KINDS = {"resource_link": "links"}


def host_row(host: hosts.Host) -> list[str]:
    """Return a host's row."""
    takes = sorted(KINDS.get(kind, kind) for kind in host.blocks)
    takes += ["documents"] if host.files else []
    size = "any size" if host.side is None else f"{host.side:,} px"
    if host.patches:
        size += f", {host.patches:,} patches"
    if host.formats != limits.SENDABLE:
        size += "; " + ", ".join(sorted(one.removeprefix("image/") for one in host.formats))
    return [
        f"`{host.name}`",
        size if host.formats else "no pictures",
        f"{host.characters:,}",
        host.structured,
        host.errors,
        ", ".join(takes) or "none of these",
        "running it or its source" if host.verified else "reports by users",
    ]


def hosts_page() -> str:
    """Return hosts.md."""
    rows = (*hosts.HOSTS[1:], hosts.UNKNOWN)
    readers = [f"`{host.name}`" for host in rows if host.reads_links]
    return page(
        "Hosts",
        "This page lists what MCP hosts and frameworks do with tool results. Our server and [the relay](relay.md) fit every result to "
        "the host. They recognise it by the name that its client reports; `--host NAME` overrides that.",
        "- **Pictures**: the longest side and the most patches of 32x32 pixels that a picture may have to arrive unchanged. Hosts accept "
        "PNG, JPEG, WebP and GIF unless formats are listed.\n"
        "- **Characters**: the limit for the whole result as JSON.\n"
        '- **Structured content**: it is "shown" beside the other blocks, "dropped", or "replaces" them.\n'
        '- **Errors**: the model is told that a call failed ("told") or not ("untold"), or the host keeps only the first text of an '
        'error ("lost").\n'
        "- **Takes**: blocks that reach the model as more than raw JSON. The relay reads links to pictures and documents, except for "
        f"{' and '.join(readers)}.\n"
        "- **Known from**: the facts come from running the host or reading its source, or from reports by its users.",
        table(
            ("host", "pictures", "characters", "structured content", "errors", "takes", "known from"),
            map(host_row, rows),
        ),
        "## Sources",
        table(("host", "source", "read"), ([f"`{host.name}`", host.source, host.date] for host in rows)),
        WRONG.format(file="hosts.py"),
    )


PAGES = {"models.md": models_page, "endpoints.md": endpoints_page, "hosts.md": hosts_page}

if __name__ == "__main__":
    for name, written in PAGES.items():
        (HERE / name).write_text(written(), encoding="utf-8")
