"""The demo's report on stdout: the rules in force, the chart's path, the two columns, and the totals."""

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from imagebridge import __version__
from imagebridge.cli.terminal import coloured, pixels
from imagebridge.translate.sentences import amount

from .outcome import APPLIED, LOOKS, STRICTER, Outcome, kinds_in_words

if TYPE_CHECKING:
    from rich.text import Text

    from .before_after import Comparison
    from .journey import Journey

_PIPED = 132
"""The width of the report, in columns, when stdout is not a terminal."""
_PROSE = 78
"""The maximum width of running text, in columns."""
_BESIDE = 90
"""The minimum width, in columns, for the sides to be next to each other; on a narrower terminal, they are stacked."""


def rules() -> str:
    """State how many rules apply, their sources, and their date."""
    documented = sum(rule.source == "documented" for rule in APPLIED)
    read = sorted({rule.date for rule in (*APPLIED, *STRICTER)})
    when = f"{read[0]}" if len(read) == 1 else f"{read[0]} to {read[-1]}"
    return (
        f"{len(APPLIED)} rules, read {when}: {documented} documented by OpenAI, "
        f"{len(APPLIED) - documented} reported from live requests. {len(STRICTER)} stricter rules are our own; "
        "here they only produce warnings and never cause a refusal."
    )


def opening(model: str) -> str:
    """Explain the demo before anything runs."""
    from rich.console import Console

    introduction = (
        "No model is involved. A scripted endpoint on this machine answers the real OpenAI SDK, decodes "
        f"every picture that it receives, and refuses what these rules refuse: {rules()} "
        f"Tokens are counted as {model} counts them; text counts as one token per four characters. "
        "Every figure below is measured in this run."
    )
    width = min(Console().width, _PROSE)
    return f"{fill(f'imagebridge {__version__}: before and after, as sent to the API', width)}\n\n{fill(introduction, width)}\n"


class Report:
    """Writes the report as the demo proceeds."""

    def __init__(self) -> None:
        from rich.console import Console

        console = Console(highlight=False)
        self._console: Console = console if console.is_terminal else Console(highlight=False, width=_PIPED)

    def line(self, text: str = "", style: str = "") -> None:
        """Write text as it is."""
        self._console.print(text, style=style, markup=False)

    def chart(self, journey: "Journey") -> None:
        """Describe how the chart travelled, and show it."""
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
        self._grid((1, 6, max(12, self._console.width - 13)), "", "", name, text)

    def heading(self) -> None:
        """Start the two columns."""
        self.line("2. Awkward tool results, sent twice", "bold")
        self.line("   by hand: a loop as people usually write it; the page shows its code\n")
        if self._console.width >= _BESIDE:
            self._beside("bold", "a tool returns", "by hand", "with imagebridge")

    def row(self, row: "Comparison") -> None:
        """Write one result and how both sides fared."""
        if self._console.width >= _BESIDE:
            self._beside("", row.case.name, _styled(row.by_hand), _styled(row.by_us))
            return
        self.line(row.case.name, "bold")
        for name, outcome in (("by hand", row.by_hand), ("imagebridge", row.by_us)):
            self._grid((1, 11, max(12, self._console.width - 18)), "", "", name, _styled(outcome))

    def _beside(self, style: str, *cells: "str | Text") -> None:
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
        """Count who succeeded, and show the pictures as the model received them."""
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
    return Text.assemble((kind, LOOKS[kind].style), rest)


def sums(rows: "Sequence[Comparison]") -> list[str]:
    """Return a sentence for each side: for how many results nothing was lost, and what became of the others."""
    return [
        _sum("by hand", [row.by_hand for row in rows]),
        _sum("with imagebridge", [row.by_us for row in rows]),
    ]


def _sum(name: str, outcomes: list[Outcome]) -> str:
    whole = sum(outcome.whole for outcome in outcomes)
    return f"{name}: nothing lost in {whole} of {len(outcomes)} ({kinds_in_words(outcomes)})"
