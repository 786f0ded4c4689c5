"""The text of OpenDocument texts and presentations (OpenDocument 1.3 part 3, 2021)."""

from collections.abc import Iterator
from functools import partial
from xml.etree import ElementTree

from imagebridge.errors import DocumentError

from .drawing_markup import mathml
from .markdown import BlockList, inline, link, spread, table
from .packages import Package, local, member, whole_number
from .sections import LOCKED, DocumentContents, Section

_URN = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TEXT, _TABLE, _DRAW, _STYLE, _SHOW = (
    _URN % name for name in ("text", "table", "drawing", "style", "presentation")
)
_OFFICE = _URN % "office"
_XLINK = "{http://www.w3.org/1999/xlink}"

_MOST = 1_000
"""The maximum number of repetitions of a row or column; empty ones are repeated up to the end of the sheet."""


def text_contents(data: bytes) -> DocumentContents:
    """Read a text document.

    Raises:
        DocumentError: the file is damaged, locked or too large.
    """
    package = _opened(data)
    found = DocumentContents("OpenDocument text", "", 1, lambda _: Section("", ""))

    def read(_: int) -> Section:
        body = package.xml("content.xml").find(f"{_OFFICE}body/{_OFFICE}text")
        reader = _OpenReader(package, found)
        blocks = BlockList()
        reader.into(blocks, body if body is not None else ElementTree.Element("none"))
        head, foot = (" / ".join(_page_style(package, reader, name)) for name in ("header", "footer"))
        lines = (f"[Header: {head}]" if head else "", blocks.text(), f"[Footer: {foot}]" if foot else "")
        return Section("", "\n\n".join(filter(None, lines)))

    found.read = read
    return found


def slides_contents(data: bytes) -> DocumentContents:
    """Read a presentation, slide by slide.

    Raises:
        DocumentError: the file is damaged, locked or too large.
    """
    package = _opened(data)
    pages = list(package.xml("content.xml").iter(f"{_DRAW}page"))
    found = DocumentContents("OpenDocument presentation", "slide", len(pages), lambda _: Section("", ""))
    hidden = _hidden_styles(package)
    found.read = partial(_slide, package, found, pages, hidden)
    return found


def _opened(data: bytes) -> Package:
    package = Package(data)
    manifest = package.xml_if_there("META-INF/manifest.xml")
    if manifest is not None and any(local(one) == "encryption-data" for one in manifest.iter()):
        raise DocumentError(LOCKED)
    return package


def _page_style(package: Package, reader: "_OpenReader", name: str) -> list[str]:
    """Return the texts of the headers or footers."""
    root = package.xml_if_there("styles.xml")
    texts: dict[str, None] = {}
    for one in root.iter(f"{_STYLE}{name}") if root is not None else ():
        blocks = BlockList()
        reader.into(blocks, one)
        if words := " ".join(blocks.text().split()):
            texts[words] = None
    return list(texts)


def _slide(
    package: Package,
    found: DocumentContents,
    pages: list[ElementTree.Element],
    hidden: frozenset[str],
    number: int,
) -> Section:
    page = pages[number - 1]
    blocks = BlockList()
    title = ""
    reader = _OpenReader(package, found)
    notes = page.find(f"{_SHOW}notes")
    for child in page:
        if child is notes:
            continue
        inner = BlockList()
        reader.shape(inner, child)
        if child.get(f"{_SHOW}class") == "title" and not title:
            title = " ".join(inner.text().split())
        else:
            blocks.add(inner.text())
    if notes is not None:
        inner = BlockList()
        for frame in notes.iter(f"{_DRAW}frame"):
            if frame.get(f"{_SHOW}class") == "notes":
                reader.into(inner, frame)
        blocks.add(f"Notes:\n\n{inner.text()}" if inner.text() else "")
    mark = " (hidden)" if page.get(f"{_DRAW}style-name", "") in hidden else ""
    return Section(f"{title}{mark}".strip(), blocks.text())


def _hidden_styles(package: Package) -> frozenset[str]:
    """Return the styles of hidden slides."""
    return frozenset(
        style.get(f"{_STYLE}name", "")
        for style in package.xml("content.xml").iter(f"{_STYLE}style")
        if any(one.get(f"{_SHOW}visibility") == "hidden" for one in style)
    )


class _OpenReader:
    """One document being converted to text. `_after` collects text to add after the current paragraph."""

    def __init__(self, package: Package, found: DocumentContents) -> None:
        self._package = package
        self._found = found
        self._lists = _list_styles(package)
        self._deleted: dict[str, ElementTree.Element] = {}
        self._after: list[str] = []
        self._counts: dict[str, int] = {"footnote": 0, "endnote": 0, "comment": 0}
        self._depth = 0

    def into(self, blocks: BlockList, parent: ElementTree.Element) -> None:
        """Add the paragraphs, lists and tables in an element."""
        for child in parent:
            match local(child):
                case "h":
                    level = whole_number(child.get(f"{_TEXT}outline-level", "1"), 1)
                    blocks.heading(level, self._inline(child))
                case "p":
                    text = self._inline(child).strip()
                    if child.get(f"{_TEXT}style-name") == "Title":
                        blocks.heading(1, text)
                    else:
                        blocks.add(text)
                case "list":
                    self._list(blocks, child, 0, "")
                case "table" if child.tag.startswith(_TABLE):
                    rows = self._rows(child)
                    blocks.add(rows[0][0] if len(rows) == 1 == len(rows[0]) else table(rows))
                case "tracked-changes":
                    self._changes(child)
                case "sequence-decls" | "forms" | "variable-decls":
                    continue
                case _ if child.tag.startswith(_DRAW):
                    self.shape(blocks, child)
                case _:
                    self.into(blocks, child)
            if not self._depth:
                self._flush(blocks)

    def shape(self, blocks: BlockList, element: ElementTree.Element) -> None:
        """Add the content of a shape in a drawing."""
        match local(element):
            case "frame":
                blocks.add(self._frame(element))
            case "g":
                for child in element:
                    self.shape(blocks, child)
            case _:
                self.into(blocks, element)
        if not self._depth:
            self._flush(blocks)

    def _flush(self, blocks: BlockList) -> None:
        after, self._after = self._after, []
        for text in after:
            blocks.add(text)

    def _changes(self, element: ElementTree.Element) -> None:
        for region in element:
            deletion = next((one for one in region.iter() if local(one) == "deletion"), None)
            if deletion is not None:
                self._deleted[region.get(f"{_TEXT}id", "")] = deletion
        if len(element):
            self._found.notes.append(
                "Tracked changes: insertions are in the text, deletions are struck through (~~)."
            )

    def _list(self, blocks: BlockList, element: ElementTree.Element, depth: int, style: str) -> None:
        style = element.get(f"{_TEXT}style-name", style)
        number = 0
        for item in element:
            number += 1
            label = f"{number}." if self._lists.get((style, depth)) else "-"
            if local(item) == "list-header":
                label = ""
            inner = BlockList()
            self._depth += 1
            for child in item:
                if local(child) == "list":
                    continue
                holder = ElementTree.Element("item")
                holder.append(child)
                self.into(inner, holder)
            self._depth -= 1
            heading = next((one for one in item if local(one) == "h"), None)
            if heading is not None:
                blocks.add(inner.text())
            else:
                blocks.item(depth, label, inner.text())
            for child in item:
                if local(child) == "list":
                    self._list(blocks, child, depth + 1, style)

    def _rows(self, element: ElementTree.Element) -> list[list[str]]:
        rows: list[list[str]] = []
        above: dict[int, tuple[int, str]] = {}
        for row in _rows_of(element):
            line: list[str] = []
            beside: list[str] = []
            """The text for the other columns that the last cell spans."""
            for cell in row:
                if local(cell) == "covered-table-cell":
                    for _ in range(self._times(cell, "columns")):
                        left, text = above.get(len(line), (0, ""))
                        above[len(line)] = max(left - 1, 0), text
                        line.append(text if left else beside.pop() if beside else "")
                elif local(cell) == "table-cell":
                    text = self._inner(cell)
                    down, across = _span(cell, "rows"), self._found.cells.times(_span(cell, "columns"))
                    beside = spread(text, across)[1:]
                    for at in range(len(line), len(line) + across if down > 1 else 0):
                        above[at] = down - 1, spread(text, 2)[1]
                    line += [text] * self._times(cell, "columns", text)
            rows += [line] * (self._times(row, "rows", *line) if any(line) else 1)
        return rows

    def _times(self, element: ElementTree.Element, what: str, *cells: str) -> int:
        """Return how many times to write cells: as often as the document states, within the limits."""
        times = whole_number(element.get(f"{_TABLE}number-{what}-repeated", "1"), 1)
        # A long text takes as much as many cells.
        size = sum(1 + len(text) // 60 for text in cells) or 1
        return self._found.cells.times(min(times, _MOST), size)

    # Text.

    def _inline(self, element: ElementTree.Element) -> str:
        return inline(element, self._piece)

    def _piece(self, element: ElementTree.Element) -> str:
        match local(element):
            case "s":
                return " " * min(whole_number(element.get(f"{_TEXT}c", "1"), 1), 100)
            case "tab":
                return "\t"
            case "line-break":
                return "\n"
            case "a":
                return link(self._inline(element), element.get(f"{_XLINK}href", ""))
            case "note":
                return self._note(element)
            case "annotation":
                return self._comment(element)
            case "change":
                # It is where it was deleted, and nowhere else.
                deleted = self._deleted.pop(element.get(f"{_TEXT}change-id", ""), None)
                words = " ".join(self._plain(deleted).split()) if deleted is not None else ""
                return f"~~{words}~~" if words else ""
            case "frame":
                return self._frame(element)
            case "ruby":
                return "".join(self._inline(one) for one in element if local(one) == "ruby-base")
            case "custom-shape" | "g" | "rect" | "line" | "ellipse" | "path" | "polygon":
                blocks = BlockList()
                self._depth += 1
                self.shape(blocks, element)
                self._depth -= 1
                self._after.append(blocks.text())
                return ""
            case "annotation-end" | "soft-page-break" | "bookmark" | "change-start" | "change-end":
                return ""
            case _:
                return self._inline(element)

    def _plain(self, element: ElementTree.Element) -> str:
        return " ".join("".join(one.itertext()) for one in element if local(one) in ("p", "h", "list"))

    def _note(self, element: ElementTree.Element) -> str:
        kind = element.get(f"{_TEXT}note-class", "footnote")
        self._counts[kind] = number = self._counts.get(kind, 0) + 1
        mark = f"[^{'e' if kind == 'endnote' else ''}{number}]"
        body = element.find(f"{_TEXT}note-body")
        self._after.append(f"{mark}: {self._inner(body)}")
        return mark

    def _comment(self, element: ElementTree.Element) -> str:
        self._counts["comment"] = number = self._counts["comment"] + 1
        author = next((one.text or "" for one in element if local(one) == "creator"), "")
        holder = ElementTree.Element("comment")
        holder.extend(one for one in element if local(one) in ("p", "list"))
        self._after.append(f"> Comment {number}{f' ({author})' if author else ''}: {self._inner(holder)}")
        return f"[comment {number}]"

    def _inner(self, element: ElementTree.Element | None) -> str:
        blocks = BlockList()
        self._depth += 1
        self.into(blocks, element if element is not None else ElementTree.Element("none"))
        self._depth -= 1
        return blocks.text().strip()

    def _frame(self, element: ElementTree.Element) -> str:
        """Return the figure in a frame; a text box or table comes after the paragraph."""
        caption = next(
            (one.text or "" for name in ("desc", "title") for one in element if local(one) == name), ""
        )
        for child in element:
            match local(child):
                case "image":
                    return self._figure(child, caption)
                case "text-box":
                    return self._boxed(child)
                case "table":
                    holder = ElementTree.Element("frame")
                    holder.append(child)
                    return self._inner(holder)
                case "object":
                    return self._object(child) or self._figure_of(element, caption)
                case _:
                    continue
        return ""

    def _boxed(self, element: ElementTree.Element) -> str:
        text = self._inner(element)
        if self._depth:
            return text
        self._after.append(text)
        return ""

    def _figure_of(self, frame: ElementTree.Element, caption: str) -> str:
        image = next((one for one in frame if local(one) == "image"), None)
        return self._figure(image, caption) if image is not None else ""

    def _figure(self, element: ElementTree.Element, caption: str) -> str:
        name = member("content.xml", element.get(f"{_XLINK}href", ""))
        if name in self._package and name != ".":
            load = partial(self._package.read, name, 50_000_000)
            return self._found.figures.add(name, caption, load)
        address = element.get(f"{_XLINK}href", "")
        return f"[a picture that is stored outside the document: {address}]" if address else ""

    def _object(self, element: ElementTree.Element) -> str:
        """Return an embedded formula or chart as text."""
        name = member("content.xml", element.get(f"{_XLINK}href", ""))
        root = self._package.xml_if_there(f"{name}/content.xml")
        if root is None:
            return ""
        if local(root) == "math":
            return mathml(root)
        first = next(root.iter(f"{_TABLE}table"), None)
        rows = self._rows(first) if first is not None else []
        rows = [["" if cell == "NaN" else cell for cell in row] for row in rows]
        title = next((self._plain(one) for one in root.iter() if local(one) == "title" and len(one)), "")
        return f"[a chart{f': {title}' if title else ''}]\n\n{table(rows)}" if rows else ""


def _rows_of(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    for child in element:
        if local(child) == "table-row":
            yield child
        elif local(child) in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows_of(child)


def _span(cell: ElementTree.Element, what: str) -> int:
    return min(max(whole_number(cell.get(f"{_TABLE}number-{what}-spanned", "1"), 1), 1), _MOST)


def _list_styles(package: Package) -> dict[tuple[str, int], bool]:
    """Return, for each list style and depth, counted from 0, whether it is numbered."""
    found: dict[tuple[str, int], bool] = {}
    for part in ("styles.xml", "content.xml"):
        root = package.xml_if_there(part)
        for style in root.iter(f"{_TEXT}list-style") if root is not None else ():
            for level in style:
                depth = whole_number(level.get(f"{_TEXT}level", "1"), 0)
                if depth:
                    numbers = local(level) == "list-level-style-number"
                    found[style.get(f"{_STYLE}name", ""), depth - 1] = numbers
    return found
