"""The text of HTML as Markdown: headings, lists, tables, links and pictures. The files it refers to are not fetched."""

import re
from collections.abc import Callable
from functools import partial
from xml.etree import ElementTree

from imagebridge.errors import DocumentError, PictureError
from imagebridge.pictures.base64 import base64_bytes

from .drawing_markup import mathml, svg_file, svg_pictures
from .html_tree import BLOCKS, tree
from .markdown import BlockList, inline, link, spread, table
from .packages import MAX_ELEMENTS
from .sections import DocumentContents, Section

MAX_HTML = 20_000_000
"""The maximum number of characters in a page."""

# Possessive: no match is retried in another way, which would double the time for a comment.
_BEGINNING = re.compile(
    r"(?:\s++|<\?xml[^>]*+>|<!--.*?-->)*+<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)

_ALONE = frozenset(("br", "img", "input", "svg", "wbr"))
"""Elements that contain no blocks."""

FigureAt = Callable[[str], Callable[[], bytes] | None]
"""A function that returns a loader for the picture at an address, or None if there is none."""


def is_page(text: str) -> bool:
    """Return whether a text is an HTML page, judging by its beginning."""
    return _BEGINNING.match(text[:5000]) is not None


def page_contents(text: str) -> DocumentContents:
    """Read a page of HTML.

    Raises:
        DocumentError: the page is too large.
    """
    if len(text) > MAX_HTML:
        raise DocumentError(f"has {len(text):,} characters; the limit for HTML is {MAX_HTML:,}")
    if text.count("<") - text.count("</") > MAX_ELEMENTS:
        raise DocumentError(f"has over {MAX_ELEMENTS:,} elements, which is the limit for HTML")
    found = DocumentContents("web page", "", 1, lambda _: Section("", ""))

    def read(_: int) -> Section:
        title, words = page_text(text, found)
        return Section("", f"# {title}\n\n{words}" if title and not words.startswith(f"# {title}") else words)

    found.read = read
    return found


def page_text(text: str, found: DocumentContents, figure_at: FigureAt = lambda _: None) -> tuple[str, str]:
    """Return the title of an HTML page and its text as Markdown."""
    title, root = tree(text)
    blocks = BlockList()
    _PageWriter(found, figure_at).into(blocks, root)
    return " ".join(title.split()), blocks.text()


class _PageWriter:
    """Writes elements as Markdown."""

    def __init__(self, found: DocumentContents, figure_at: FigureAt) -> None:
        self._figures = found.figures
        self._cells = found.cells
        self._figure_at = figure_at

    def into(self, blocks: BlockList, element: ElementTree.Element, depth: int = 0) -> None:
        """Add the content of an element; words between blocks become paragraphs."""
        words: list[str] = [element.text or ""]

        def end() -> None:
            blocks.add(_spaced("".join(words)))
            words.clear()

        for child in element:
            tag = child.tag
            if "hidden" in child.attrib:
                pass
            elif tag in BLOCKS:
                end()
                self._block(blocks, child, depth)
            elif tag not in _ALONE and any(one.tag in BLOCKS for one in child.iter()):
                end()
                self.into(blocks, child, depth)  # An inline element around blocks.
            else:
                words.append(self._inline(child))
            words.append(child.tail or "")
        end()

    def _block(self, blocks: BlockList, element: ElementTree.Element, depth: int) -> None:
        match element.tag:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                blocks.heading(int(element.tag[1]), self._words(element))
            case "ul" | "ol" | "menu":
                self._list(blocks, element, depth)
            case "table":
                self._table(blocks, element)
            case "pre":
                code = "".join(element.itertext()).strip("\n")
                blocks.add(f"```\n{code}\n```" if code.strip() else "")
            case "blockquote":
                inner = BlockList()
                self.into(inner, element)
                blocks.add("\n".join(f"> {line}".rstrip() for line in inner.text().splitlines()))
            case "dt":
                blocks.add(self._words(element))
            case "dd":
                blocks.item(0, ":", self._words(element))
            case "hr":
                blocks.add("---")
            case _:
                self.into(blocks, element, depth)

    def _list(self, blocks: BlockList, element: ElementTree.Element, depth: int) -> None:
        start = element.get("start", "1")
        number = int(start) if start.removeprefix("-").isdecimal() and len(start) < 9 else 1
        for item in element:
            if item.tag in ("ul", "ol", "menu"):
                self._list(blocks, item, depth + 1)
                continue
            label = f"{number}." if element.tag == "ol" else "-"
            number += 1
            words, own = _without_lists(item)
            inner = BlockList()
            self.into(inner, words, depth)
            blocks.item(depth, label, inner.text())
            for one in own:
                self._list(blocks, one, depth + 1)

    def _table(self, blocks: BlockList, element: ElementTree.Element) -> None:
        rows: list[list[str]] = []
        # By column: the rows that a cell above still spans, and its text.
        waiting: dict[int, tuple[int, str]] = {}
        parts = (element, *(part for part in element if part.tag in ("thead", "tbody", "tfoot")))
        for row in (row for part in parts for row in part.findall("tr")):
            line: list[str] = []

            def hang(line: list[str] = line) -> None:
                while len(line) in waiting:
                    left, text = waiting.pop(len(line))
                    if left > 1:
                        waiting[len(line)] = left - 1, text
                    line.append(text)

            for cell in (one for one in row if one.tag in ("td", "th")):
                hang()
                inner = BlockList()
                self.into(inner, cell)
                for text in spread(inner.text(), self._cells.times(_span(cell, "colspan"))):
                    if (down := self._cells.times(_span(cell, "rowspan"))) > 1:
                        waiting[len(line)] = down - 1, text if len(text) <= 60 else ""
                    line.append(text)
            hang()
            rows.append(line)
        if (caption := element.find("caption")) is not None:
            blocks.add(self._words(caption))
        blocks.add(rows[0][0] if len(rows) == 1 == len(rows[0]) else table(rows))

    def _words(self, element: ElementTree.Element) -> str:
        """Return the content of an element on one line."""
        return _spaced(self._inside(element)).replace("\n", " ")

    def _inside(self, element: ElementTree.Element) -> str:
        return inline(element, self._inline)

    def _inline(self, element: ElementTree.Element) -> str:
        match element.tag:
            case "br":
                return "\x0b"
            case "img":
                return self._picture(element)
            case "svg":
                return self._drawing(element)
            case "math":
                return mathml(element)
            case "a":
                return link(self._inside(element), element.get("href", ""))
            case "sup" | "sub":
                text = self._inside(element)
                return f"<{element.tag}>{text}</{element.tag}>" if text.strip() else text
            case "del" | "s" | "strike":
                text = self._inside(element)
                return f"~~{text}~~" if text.strip() else text
            case "code" | "kbd" | "samp" | "tt":
                text = self._inside(element)
                return f"`{text}`" if text.strip() and "`" not in text else text
            case "input":
                return element.get("value", "") if element.get("type") not in ("hidden", "password") else ""
            case "textarea" | _:
                return self._inside(element)

    def _drawing(self, element: ElementTree.Element) -> str:
        caption = element.get("aria-label", "") or element.findtext("title", "") or "drawing"
        if addresses := svg_pictures(element):
            return "".join(self._figure(address, caption) for address in addresses)
        data = svg_file(element)
        return self._figures.add(data, caption, lambda: data)

    def _picture(self, element: ElementTree.Element) -> str:
        return self._figure(element.get("src", "").strip(), element.get("alt", ""))

    def _figure(self, address: str, caption: str) -> str:
        if address[:5].lower() == "data:":
            return self._figures.add(address, caption, partial(_inline_picture, address))
        if load := self._figure_at(address):
            return self._figures.add(address, caption, load)
        return f"![{caption}]({address})" if address else caption


def _without_lists(item: ElementTree.Element) -> tuple[ElementTree.Element, list[ElementTree.Element]]:
    """Return a list item without its nested lists but with the text after them, and the nested lists."""
    words, lists = ElementTree.Element(item.tag), list[ElementTree.Element]()
    last, said = None, [item.text or ""]

    def say() -> None:
        if last is None:
            words.text = "".join(said)
        else:
            last.tail = "".join(said)

    for child in item:
        if child.tag in ("ul", "ol", "menu"):
            lists.append(child)
            said.append(child.tail or "")
        else:
            say()
            words.append(child)
            last, said = child, [child.tail or ""]
    say()
    return words, lists


def _span(cell: ElementTree.Element, name: str) -> int:
    span = cell.get(name, "1").strip()
    return min(max(int(span), 1), 200) if span.isdecimal() and len(span) < 5 else 1


def _inline_picture(address: str) -> bytes:
    try:
        return base64_bytes(address)[0]
    except PictureError as error:
        raise DocumentError(error.reason) from error


def _spaced(text: str) -> str:
    """Return words with single spaces; line breaks are kept."""
    return re.sub(r" *\x0b *", "\n", " ".join(re.split(r"[ \t\r\n\f]+", text))).strip()
