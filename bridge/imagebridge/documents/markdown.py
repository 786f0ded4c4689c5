"""Blocks of Markdown: paragraphs, headings, items of lists, tables."""

import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree

REPEATED = 60
"""Characters of a merged cell at most that are written in each of its places; longer ones stand in the first."""

COLUMNS = 200
"""Columns of a table at most."""

_FILLED = 8
"""How many times as many cells a table may get where its rows are filled up to the same length."""

_SPREAD = 500_000
"""Cells of a document beside those that are written in it, where cells or rows span several places or are repeated."""


class BlockList:
    """Blocks of a text in order: a blank line between them, none between the items of a list."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._tight = False

    def add(self, text: str, *, tight: bool = False) -> None:
        """Add a block, unless it is blank; a `tight` one follows another such without a blank line."""
        if not text.strip():
            return
        if self._written:
            self._written.append("\n" if tight and self._tight else "\n\n")
        self._written.append(text if tight else text.strip("\n"))
        self._tight = tight

    def heading(self, level: int, text: str) -> None:
        """Add a heading of a level from 1 on; Markdown has six."""
        if words := " ".join(text.split()):
            self.add(f"{'#' * min(max(level, 1), 6)} {words}")

    def item(self, depth: int, label: str, text: str) -> None:
        """Add an item of a list, `depth` counted from 0; `label` is what stands before it, such as "-" or "2."."""
        indent = "    " * min(depth, 8)
        lines = text.strip().replace("\n", f"\n{indent}    ")
        self.add(f"{indent}{label} {lines}" if lines else "", tight=True)

    def text(self) -> str:
        """Return all of it."""
        return "".join(self._written)


class CellRoom:
    """How many cells may still stand in several places of a document; a large number in it makes no large table."""

    def __init__(self) -> None:
        self._left = _SPREAD

    def times(self, wanted: int, cells: int = 1) -> int:
        """Return how often so many cells stand that are to stand `wanted` times: once in any case."""
        more = max(0, min(wanted - 1, self._left // max(1, cells)))
        self._left -= more * cells
        return 1 + more


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table, its first row as the head; rows and columns without any text are left out."""
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
    """Return the cells of one that spans several: short names in each, so that every column has its own."""
    return [text] + [text if len(text) <= REPEATED else ""] * (min(span, COLUMNS) - 1)


def inline(element: ElementTree.Element, written: Callable[[ElementTree.Element], str]) -> str:
    """Return what is in an element: its text, and each child as `written` gives it with the text behind that."""
    pieces = [element.text or ""]
    for child in element:
        pieces += [written(child), child.tail or ""]
    return "".join(pieces)


def link(text: str, address: str) -> str:
    """Return words that lead to an address; without words, the address."""
    words = " ".join(text.split())
    if not address or address == words:
        return text or address
    return f"[{words}]({address})" if words else address


def tidy(text: str) -> str:
    """Return text without spaces at the ends of lines and without more than one blank line."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[^\S\n]+\n", "\n", text)).strip("\n")


def _cell(text: str) -> str:
    if not text:
        return ""
    flat = re.sub(r"\s*\n\s*", "<br>", text.strip())
    return " ".join(flat.replace("|", "\\|").split())
