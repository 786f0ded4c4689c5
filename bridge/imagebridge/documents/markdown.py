"""Blocks of Markdown: paragraphs, headings, list items, tables."""

import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree

REPEATED = 60
"""The longest text of a merged cell that is repeated in each of its positions; longer text is written only once."""

COLUMNS = 200
"""The maximum number of columns in a table."""

_FILLED = 8
"""The maximum factor by which padding rows to equal length may increase the number of cells in a table."""

_SPREAD = 500_000
"""How many cells may be added to a document's tables because cells or rows span several positions or are repeated."""


class BlockList:
    """Blocks of a text in order: separated by blank lines, except for the items of a list."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._tight = False

    def add(self, text: str, *, tight: bool = False) -> None:
        """Add a block, unless it is blank. Between two `tight` blocks there is no blank line."""
        if not text.strip():
            return
        if self._written:
            self._written.append("\n" if tight and self._tight else "\n\n")
        self._written.append(text if tight else text.strip("\n"))
        self._tight = tight

    def heading(self, level: int, text: str) -> None:
        """Add a heading. Levels start at 1; Markdown has six of them."""
        if words := " ".join(text.split()):
            self.add(f"{'#' * min(max(level, 1), 6)} {words}")

    def item(self, depth: int, label: str, text: str) -> None:
        """Add a list item, with `depth` counted from 0; `label` precedes it, such as "-" or "2."."""
        indent = "    " * min(depth, 8)
        lines = text.strip().replace("\n", f"\n{indent}    ")
        self.add(f"{indent}{label} {lines}" if lines else "", tight=True)

    def text(self) -> str:
        """Return the whole text."""
        return "".join(self._written)


class CellRoom:
    """How many more cells may be added to a document's tables, so that a large number cannot create a huge table."""

    def __init__(self) -> None:
        self._left = _SPREAD

    def times(self, wanted: int, cells: int = 1) -> int:
        """Return how many times to write `cells` cells if the document requests `wanted` times; at least once."""
        more = max(0, min(wanted - 1, self._left // max(1, cells)))
        self._left -= more * cells
        return 1 + more


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table with its first row as the header; rows and columns without text are left out."""
    filled = [[_cell(cell) for cell in row[:COLUMNS]] for row in rows if any(map(str.strip, row))]
    width = max(map(len, filled), default=0)
    if width * len(filled) <= _FILLED * sum(map(len, filled)):
        filled = [row + [""] * (width - len(row)) for row in filled]
    kept = sorted({at for row in filled for at, cell in enumerate(row) if cell})
    if not kept:
        return ""
    head, *body = ([row[at] for at in kept if at < len(row)] for row in filled)
    head += [""] * (len(kept) - len(head))
    lines = [head, ["---"] * len(kept), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spread(text: str, span: int) -> list[str]:
    """Return the cells for a cell that spans several: a short name is repeated, so that every column has it."""
    return [text] + [text if len(text) <= REPEATED else ""] * (min(span, COLUMNS) - 1)


def inline(element: ElementTree.Element, written: Callable[[ElementTree.Element], str]) -> str:
    """Return the content of an element: its text, and each child as `written` returns it, with the text after it."""
    pieces = [element.text or ""]
    for child in element:
        pieces += [written(child), child.tail or ""]
    return "".join(pieces)


def link(text: str, address: str) -> str:
    """Return a link with these words, or just the address if there are none."""
    words = " ".join(text.split())
    if not address or address == words:
        return text or address
    return f"[{words}]({address})" if words else address


def tidy(text: str) -> str:
    """Return text without trailing spaces and with at most one blank line in a row."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[^\S\n]+\n", "\n", text)).strip("\n")


def _cell(text: str) -> str:
    if not text:
        return ""
    flat = re.sub(r"\s*\n\s*", "<br>", text.strip())
    return " ".join(flat.replace("|", "\\|").split())
