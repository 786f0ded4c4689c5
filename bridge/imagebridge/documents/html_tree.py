"""The elements of an HTML page that matter for reading, in time linear in its length, whatever it contains."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
"""Elements without an end tag (HTML Living Standard, 13.1.2, 2026-11-29)."""

_UNSEEN = frozenset(
    [
        "script",
        "style",
        "template",
        "head",
        "noscript",
        "iframe",
        "object",
        "audio",
        "video",
        "canvas",
        "select",
        "datalist",
    ]
)
BLOCKS = frozenset(
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
_CLOSED_BY: dict[str, frozenset[str]] = {
    "li": frozenset(("li",)),
    "dt": frozenset(("dt", "dd")),
    "dd": frozenset(("dt", "dd")),
    "tr": frozenset(("tr", "td", "th")),
    "td": frozenset(("td", "th")),
    "th": frozenset(("td", "th")),
    "option": frozenset(("option",)),
}
"""The open elements that each start tag closes, because their end tag may be omitted (HTML, 13.1.2.4)."""

_SCOPES = frozenset(["ul", "ol", "menu", "dl", "table", "body", "html"])
"""Elements that limit the scope of a start tag: it closes no elements outside of them."""

_PASSED_OVER = re.compile(
    r"<(?P<tag>script|style)\b.*?(?:</(?P=tag)\b[^>]*(?:>|\Z)|\Z)|<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<[!?][^>]*(?:>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
"""Scripts, styles, comments and declarations. If unclosed, they extend to the end of the page (HTML, 13.2.5)."""

_TITLE = 1_000
"""The maximum number of characters in a title."""

_DEEPEST = 200


def tree(text: str) -> tuple[str, ElementTree.Element]:
    """Return the title of a page and its elements."""
    builder = _PageBuilder()
    builder.feed(_ended(text))
    builder.close()
    return builder.title, builder.root()


def _ended(text: str) -> str:
    """Return a page without invisible parts, which may be unclosed, and with any "<" after the last ">" escaped.

    Otherwise the parser would search for a closing ">" from every "<", in quadratic time.
    """
    text = _PASSED_OVER.sub("", text)
    last = text.rfind(">") + 1
    return text[:last] + text[last:].replace("<", "&lt;")


class _PageBuilder(HTMLParser):
    """Builds elements from tags: missing end tags are supplied, and end tags without a start are ignored."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._builder = ElementTree.TreeBuilder()
        self._builder.start("html", {})
        self.title = ""
        self._open = ["html"]
        self._unseen = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        # A drawing has its own titles.
        self._in_title = tag == "title" and not self.title and "svg" not in self._open
        if tag == "body":
            self._unseen = 0  # An unclosed head ends here.
        if tag in _UNSEEN:
            self._unseen += tag not in _VOID
            return
        if self._unseen or tag in ("html", "body"):
            return
        if tag in BLOCKS and self._open[-1] == "p":
            self._close(len(self._open) - 1)
        self._close_until(_CLOSED_BY.get(tag, frozenset()))
        self._builder.start(tag, {name: value or "" for name, value in attrs})
        if tag not in _VOID and len(self._open) < _DEEPEST:
            self._open.append(tag)
        else:
            self._builder.end(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and those inside it."""
        self._in_title = False
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
            return
        if self._unseen:
            return
        for at in range(len(self._open) - 1, 0, -1):
            if self._open[at] == tag:
                self._close(at)
                return
            if self._open[at] in ("td", "th", "table") and tag not in (
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
            self.title += data[: _TITLE - len(self.title)]
        elif not self._unseen:
            self._builder.data(data)

    def root(self) -> ElementTree.Element:
        """Close all open elements and return the root."""
        self._close(0)
        return self._builder.close()

    def _close(self, at: int) -> None:
        """Close the open elements from index `at` on."""
        for tag in reversed(self._open[at:]):
            self._builder.end(tag)
        del self._open[at:]

    def _close_until(self, tags: frozenset[str]) -> None:
        for at in range(len(self._open) - 1, 0, -1):
            tag = self._open[at]
            if tag in tags:
                self._close(at)
                # A row first ends its cells, and then the row before it.
                if "tr" in tags and tag != "tr":
                    self._close_until(frozenset(("tr",)))
                return
            if tag in _SCOPES:
                return
