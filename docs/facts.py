"""Writes models.md, endpoints.md and hosts.md from the tables that imagebridge works by, in bridge/imagebridge/facts.

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
    """Say how a picture is made to fit, and what it costs where it is counted in tiles."""
    if of is None:
        return "refused"
    if isinstance(of, Patches):
        side = "any side" if of.side >= 65_535 else f"{of.side:,} px"
        return f"{side}, {of.budget:,} patches"
    return f"{of.base:,} tokens + {of.tile:,} a tile" if of.tile else f"{of.base:,} tokens"


def family_row(row: Family) -> list[str]:
    """Return a family's row in the table of sizes."""
    name = f"`{row.name}`" if not row.assumed else f"`{row.name}` (assumed)"
    patch = f"{row.high.rate / 100:g}" if isinstance(row.high, Patches) else ""
    return [name, *map(sizing, (row.low, row.high, row.original)), f"`{row.auto}`", patch]


def dollars(amount: float | None) -> str:
    """Return USD as a price list has them."""
    return "not known" if amount is None else f"${amount:,.3f}".removesuffix("0")


def names(pattern: str) -> str:
    """Return the model names that a pattern matches, with * for any ending: `o1, o1-pro` of `o1(-pro)?`."""
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
    """Return a row for each day on which models end, the next first."""
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
        "What OpenAI's models see of a picture, and what it costs. imagebridge makes every picture fit before it is sent, at the "
        'size that the model sees anyway, and says the factor. Sizes are from OpenAI\'s guide "Images and vision", read '
        "2026-11-22.",
        WRONG.format(file="models.py"),
        f"Without `model=`, imagebridge takes `{default.name}` (since {default.since}: {default.reason}).",
        "## Sizes and tokens",
        "A patch is a square of 32 pixels, a tile one of 512. `detail` chooses the column; `auto` is one of the others. "
        'A family marked "assumed" is not in the guide: its row is what every model with vision takes. The first family '
        "whose name a model's name begins with counts.",
        table(
            ("family", "`low`", "`high`", "`original`", "`auto` is", "tokens a patch"), map(family_row, rows)
        ),
        "## Prices",
        f"USD for a million tokens at standard processing, read {models.PRICES_READ}. A request with more than "
        f"{models.LONG_INPUT:,} input tokens costs twice as much for its input, and 1.5 times for its output.",
        table(
            ("model", "input", "cached input", "written to the cache", "output"),
            ([f"`{name}`", *map(dollars, price)] for name, price in priced),
        ),
        "Models that draw:",
        table(
            ("model", "text", "pictures that go in", "pictures that come out"),
            ([f"`{name}`", *map(dollars, price)] for name, price in drawing),
        ),
        "## Last days",
        f"Announced by OpenAI, read {models.AVAILABILITY_READ}. `imagebridge doctor` and `imagebridge check` name a model that has ended or ends "
        "within 90 days.",
        table(("ends on", "models"), by_day(rows)),
        "## Tools in Chat Completions",
        "Other models take function tools in Chat Completions as they do in the Responses API.",
        table(
            ("model", "takes tools"),
            (
                [
                    names(pattern),
                    'with `reasoning_effort="none"` alone'
                    if how == "without effort"
                    else "in the Responses API alone",
                ]
                for pattern, how in chat
            ),
        ),
        "## Limits of the API",
        table(
            ("limit", "value"),
            (
                ("formats of pictures", ", ".join(sorted(limits.SENDABLE)) + " (GIF with one frame)"),
                ("pictures in a request", f"{limits.MAX_IMAGES:,}"),
                ("bytes of the pictures of a request", f"{limits.MAX_BODY:,}"),
                ("characters of a picture's URL", f"{limits.MAX_DATA_URL:,}"),
                ("bytes of the files of a request", f"{limits.MAX_FILE:,}"),
                ("characters of a text", f"{limits.MAX_TEXT:,}"),
                ("tools of a request", f"{limits.MAX_TOOLS:,}"),
                ("characters of a function's name", f"{limits.MAX_NAME:,}"),
            ),
        ),
    )


WAYS = {
    "native": "in the tool's output",
    "user_message": "in a user message after it",
    "text": "not shown; a sentence says so",
}


def endpoints_page() -> str:
    """Return endpoints.md."""
    servers = [(name, kind) for name, kind in endpoints.ENDPOINTS.items() if name not in WAYS]
    return page(
        "Endpoints",
        "Where servers that speak OpenAI's APIs take the pictures of tools. `Policy(server=NAME)` chooses a row; without it, "
        "everything is sent as OpenAI takes it. Read 2026-11-29.",
        table(
            ("endpoint", "Responses API", "Chat Completions", "source"),
            ([f"`{name}`", WAYS[kind.responses], WAYS[kind.chat], kind.source] for name, kind in servers),
        ),
        'For a server without a row, name the way itself: `Policy(server="native")` puts pictures into the output of the tool, '
        '`"user_message"` into a message after it, and `"text"` sends none. `imagebridge doctor --live` asks an endpoint which '
        "rules it really applies.",
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
        "run or read" if host.verified else "told by users",
    ]


def hosts_page() -> str:
    """Return hosts.md."""
    rows = (*hosts.HOSTS[1:], hosts.UNKNOWN)
    readers = [f"`{host.name}`" for host in rows if host.reads_links]
    return page(
        "Hosts",
        "What MCP hosts and frameworks do with the result of a tool. Our server and [the relay](relay.md) fit every result to the "
        "host, which they know by the name that its client gives, or by `--host NAME`.",
        "**Pictures**: the longer side, and patches of 32 pixels, that arrive unchanged; PNG, JPEG, WebP and GIF, where formats "
        "are not named. **Characters**: of the whole result as "
        'JSON. **Structured content**: "shown" beside all else, "dropped", or it "replaces" the other blocks. **Errors**: the '
        'model is told that a call failed ("told"), is not ("untold"), or loses what stands beside the first text ("lost"). '
        "**Takes**: blocks that reach the model as more than raw JSON. Links to pictures and documents are read by the relay, "
        f"except for {' and '.join(readers)}. **Known from**: the host was run, or its source read; or its "
        "users tell it.",
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
