"""The text of HTML: headings, lists, tables, links and pictures as Markdown. Nothing that a page names is fetched."""

import re
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from xml.etree import ElementTree

from imagebridge.errors import DocumentError, PictureError
from imagebridge.pictures.base64 import base64_bytes

from .drawing_markup import mathml, svg_file, svg_pictures
from .markdown import BlockList, inline, link, spread, table
from .sections import DocumentContents, FigureList, Section

MAX_HTML = 20_000_000
"""Characters of a page at most."""

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
"""Elements without an end (HTML Living Standard, 13.1.2, 2026-11-29)."""

_UNSEEN = frozenset([
    "script", "style", "template", "head", "noscript", "iframe",
    "object", "audio", "video", "canvas", "select", "datalist",
])  # fmt: skip
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "ul",
        "caption",
        "tr",
        "td",
        "th",
        "thead",
        "tbody",
        "tfoot",
    ]
)
_ALONE = frozenset(("br", "img", "input", "svg", "wbr"))
"""Elements that no block stands in."""

_CLOSED_BY: dict[str, frozenset[str]] = {
    "li": frozenset(("li",)),
    "dt": frozenset(("dt", "dd")),
    "dd": frozenset(("dt", "dd")),
    "tr": frozenset(("tr", "td", "th")),
    "td": frozenset(("td", "th")),
    "th": frozenset(("td", "th")),
    "option": frozenset(("option",)),
}
"""Elements whose beginning ends others that are open, whose end may be left out (HTML, 13.1.2.4)."""

_SCOPES = frozenset(["ul", "ol", "menu", "dl", "table", "body", "html"])
"""Elements out of which such an end does not reach."""

_DEEPEST = 200

FigureAt = Callable[[str], Callable[[], bytes] | None]
"""Returns what loads the picture at an address, None where there is none."""


def is_page(text: str) -> bool:
    """Tell whether a text is a page of HTML by its beginning."""
    return (
        re.match(
            r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b",
            text[:5000],
            re.IGNORECASE | re.DOTALL,
        )
        is not None
    )


def page_contents(text: str) -> DocumentContents:
    """Read a page of HTML.

    Raises:
        DocumentError: it is too large.
    """
    if len(text) > MAX_HTML:
        raise DocumentError(f"has {len(text):,} characters; pages of at most {MAX_HTML:,} are read")
    found = DocumentContents("web page", "", 1, lambda _: Section("", ""))

    def read(_: int) -> Section:
        title, words = page_text(text, found.figures)
        return Section("", f"# {title}\n\n{words}" if title and not words.startswith(f"# {title}") else words)

    found.read = read
    return found


def page_text(text: str, figures: FigureList, figure_at: FigureAt = lambda _: None) -> tuple[str, str]:
    """Return the title of a page and its text as Markdown."""
    builder = _TreeBuilder()
    builder.feed(text)
    builder.close()
    writer = _PageWriter(figures, figure_at)
    blocks = BlockList()
    writer.into(blocks, builder.root)
    return " ".join(builder.title.split()), blocks.text()


class _TreeBuilder(HTMLParser):
    """Makes elements of tags: those that may lack their end are ended, ends without a beginning are passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = ElementTree.Element("html")
        self.title = ""
        self._open = [self.root]
        self._unseen = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        # A drawing has titles of its own.
        first = tag == "title" and not self.title
        self._in_title = first and all(one.tag != "svg" for one in self._open)
        if tag == "body":
            self._unseen = 0  # A head that is not closed ends here.
        if tag in _UNSEEN:
            self._unseen += tag not in _VOID
            return
        if self._unseen or tag in ("html", "body"):
            return
        if tag in _BLOCKS and self._open[-1].tag == "p":
            self._open.pop()
        self._close_until(_CLOSED_BY.get(tag, frozenset()))
        element = ElementTree.SubElement(self._open[-1], tag, {name: value or "" for name, value in attrs})
        if tag not in _VOID and len(self._open) < _DEEPEST:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and those inside it."""
        self._in_title = False
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
            return
        if self._unseen:
            return
        for at in range(len(self._open) - 1, 0, -1):
            if self._open[at].tag == tag:
                del self._open[at:]
                return
            if self._open[at].tag in ("td", "th", "table") and tag not in (
                "tr",
                "tbody",
                "thead",
                "tfoot",
                "table",
            ):
                return

    def handle_data(self, data: str) -> None:
        """Add text."""
        if self._in_title:
            self.title += data
        elif not self._unseen:
            add_text(self._open[-1], data)

    def _close_until(self, tags: frozenset[str]) -> None:
        for at in range(len(self._open) - 1, 0, -1):
            tag = self._open[at].tag
            if tag in tags:
                del self._open[at:]
                # A row ends its cells first, and then the row before it.
                if "tr" in tags and tag != "tr":
                    self._close_until(frozenset(("tr",)))
                return
            if tag in _SCOPES:
                return


def add_text(element: ElementTree.Element, text: str) -> None:
    """Add text at the end of an element."""
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


class _PageWriter:
    """Writes elements as Markdown."""

    def __init__(self, figures: FigureList, figure_at: FigureAt) -> None:
        self._figures = figures
        self._figure_at = figure_at

    def into(self, blocks: BlockList, element: ElementTree.Element, depth: int = 0) -> None:
        """Add what is in an element; words between blocks become paragraphs."""
        words: list[str] = [element.text or ""]

        def end() -> None:
            blocks.add(_spaced("".join(words)))
            words.clear()

        for child in element:
            tag = child.tag
            if "hidden" in child.attrib:
                pass
            elif tag in _BLOCKS:
                end()
                self._block(blocks, child, depth)
            elif tag not in _ALONE and any(one.tag in _BLOCKS for one in child.iter()):
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
        number = int(start) if start.lstrip("-").isdecimal() and len(start) < 9 else 1
        for item in element:
            if item.tag in ("ul", "ol", "menu"):
                self._list(blocks, item, depth + 1)
                continue
            label = f"{number}." if element.tag == "ol" else "-"
            number += 1
            own = [one for one in item if one.tag in ("ul", "ol", "menu")]
            for one in own:
                add_tail(item, one)
            inner = BlockList()
            self.into(inner, item, depth)
            blocks.item(depth, label, inner.text())
            for one in own:
                self._list(blocks, one, depth + 1)

    def _table(self, blocks: BlockList, element: ElementTree.Element) -> None:
        rows: list[list[str]] = []
        waiting: dict[
            int, tuple[int, str]
        ] = {}  # By column: the rows that a cell above still spans, and its text.
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
                for text in spread(inner.text(), _span(cell, "colspan")):
                    if (down := _span(cell, "rowspan")) > 1:
                        waiting[len(line)] = down - 1, text if len(text) <= 60 else ""
                    line.append(text)
            hang()
            rows.append(line)
        if (caption := element.find("caption")) is not None:
            blocks.add(self._words(caption))
        blocks.add(rows[0][0] if len(rows) == 1 == len(rows[0]) else table(rows))

    def _words(self, element: ElementTree.Element) -> str:
        """Return all that is in an element on one line."""
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


def add_tail(parent: ElementTree.Element, child: ElementTree.Element) -> None:
    """Take a child out of its parent; the text behind it stays."""
    at = list(parent).index(child)
    tail, child.tail = child.tail or "", ""
    parent.remove(child)
    if at:
        parent[at - 1].tail = (parent[at - 1].tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail


def _span(cell: ElementTree.Element, name: str) -> int:
    span = cell.get(name, "1").strip()
    return min(max(int(span), 1), 200) if span.isdecimal() and len(span) < 5 else 1


def _inline_picture(address: str) -> bytes:
    try:
        return base64_bytes(address)[0]
    except PictureError as error:
        raise DocumentError(error.reason) from error


def _spaced(text: str) -> str:
    """Return words with single spaces; a break of a line stays one."""
    return re.sub(r" *\x0b *", "\n", " ".join(re.split(r"[ \t\r\n\f]+", text))).strip()
