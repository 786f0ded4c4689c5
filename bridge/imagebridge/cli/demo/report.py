"""The report of the demo on stdout: what applies, the chart's journey, two columns, the sum."""

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from imagebridge import __version__
from imagebridge.cli.terminal import coloured, pixels
from imagebridge.translate.sentences import amount

from .outcome import APPLIED, STRICTER, Fate, Outcome

if TYPE_CHECKING:
    from rich.text import Text

    from .before_after import Comparison
    from .journey import Journey

STYLES: dict[Fate, str] = {
    "seen": "bold green",
    "told": "green",
    "not yet": "yellow",
    "blind": "bold magenta",
    "lost": "bold magenta",
    "refused": "bold red",
    "failed": "bold red",
}
_PIPED = 132
"""Columns of the report where it is not read on a terminal."""


def rules() -> str:
    """Say how many rules apply, on whose word, and as of when."""
    documented = sum(rule.source == "documented" for rule in APPLIED)
    read = sorted({rule.date for rule in (*APPLIED, *STRICTER)})
    when = f"{read[0]}" if len(read) == 1 else f"{read[0]} to {read[-1]}"
    return (
        f"{len(APPLIED)} rules, read {when}: {documented} documented by OpenAI, "
        f"{len(APPLIED) - documented} reported of live requests. {len(STRICTER)} stricter rules are ours; "
        "here they refuse nothing and only flag."
    )


def opening(model: str) -> str:
    """Say what the demo is, before anything runs."""
    introduction = (
        "No model is involved. A scripted endpoint on this machine answers the real OpenAI SDK, decodes "
        f"every picture that it is sent, and refuses what these rules refuse: {rules()} "
        f"Tokens are counted as {model} counts them; text counts a token for four characters. "
        "Every figure below is measured in this run."
    )
    return f"imagebridge {__version__}: before and after on the wire\n\n{fill(introduction, 78)}\n"


class Report:
    """Writes the report as the demo goes on."""

    def __init__(self) -> None:
        from rich.console import Console

        console = Console(highlight=False)
        self._console: Console = console if console.is_terminal else Console(highlight=False, width=_PIPED)

    def line(self, text: str = "", style: str = "") -> None:
        """Write text as it is."""
        self._console.print(text, style=style, markup=False)

    def chart(self, journey: "Journey") -> None:
        """Tell how the chart travelled, and show it."""
        self.line("1. A chart travels the whole way", "bold")
        self.line("   table -> tool -> MCP over stdio -> bridge -> OpenAI SDK -> endpoint -> answer\n")
        self._fact("server", f"imagebridge-server, a subprocess; its tools: {', '.join(journey.tools)}")
        self._fact("call", journey.call)
        self._fact("result", journey.result)
        if journey.picture is not None:
            size = amount(len(journey.picture.bytes))
            self._fact("sent", f"an input_image of {size} in the function_call_output")
            if coloured(self._console):
                self._console.print(pixels(journey.picture.bytes, min(100, self._console.width - 4), 32))
        self._fact("answer", journey.answer)
        self._fact("time", f"{journey.seconds:.1f} s")
        self.line()

    def _fact(self, name: str, text: str) -> None:
        self._grid((1, 6, self._console.width - 13), "", "", name, text)

    def heading(self) -> None:
        """Start the two columns."""
        self.line("2. Nasty tool results, sent twice", "bold")
        self.line("   by hand: a loop as people write it, shown in cli/demo/naive.py\n")
        self._row("bold", "a tool returns", "by hand", "with imagebridge")

    def row(self, row: "Comparison") -> None:
        """Write one result and how both sides fared."""
        self._row("", row.case.name, _styled(row.by_hand), _styled(row.by_us))

    def _row(self, style: str, *cells: "str | Text") -> None:
        width = self._console.width - 36
        self._grid((30, width // 2, width - width // 2), style, *cells)

    def _grid(self, widths: Sequence[int], style: str, *cells: "str | Text") -> None:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2, 0, 0))
        for width in widths:
            table.add_column(width=width, style=style)
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))
        self._console.print(table)

    def sum(self, rows: "Sequence[Comparison]") -> None:
        """Count who got through, and show the pictures as the model got them."""
        self.line()
        for text in sums(rows):
            self.line(f"   {text}")
        self.line()
        if not coloured(self._console):
            return
        from rich.columns import Columns

        small = [pixels(row.by_us.pictures[0].bytes, 24, 8) for row in rows if row.by_us.pictures]
        self._console.print(Columns(small, width=26, padding=(0, 1, 1, 0)))


def _styled(outcome: Outcome) -> "Text":
    from rich.text import Text

    kind, rest = outcome.kind, str(outcome).removeprefix(outcome.kind)
    return Text.assemble((kind, STYLES[kind]), rest)


def sums(rows: "Sequence[Comparison]") -> list[str]:
    """Return a sentence for each side: how many results arrived whole, and what became of the others."""
    return [
        _sum("by hand", [row.by_hand for row in rows]),
        _sum("with imagebridge", [row.by_us for row in rows]),
    ]


def _sum(name: str, outcomes: list[Outcome]) -> str:
    whole = sum(outcome.whole for outcome in outcomes)
    kinds = {kind: sum(outcome.kind == kind for outcome in outcomes) for kind in STYLES}
    counts_in_words = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    partly = sum(outcome.accepted and bool(outcome.lost) for outcome in outcomes)
    parts = f"; {partly} of these in part" if partly else ""
    return f"{name}: {whole} of {len(outcomes)} arrived whole ({counts_in_words}{parts})"
