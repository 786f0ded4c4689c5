"""The text of presentations, slide by slide: titles, lists, tables, charts, speaker notes, comments and figures.

PresentationML and DrawingML: ECMA-376 part 1, 19 and 21 (2016).
"""

from functools import partial
from xml.etree import ElementTree

from .drawing_markup import A, C, D, chart, diagram, formula
from .markdown import COLUMNS, BlockList, link, spread, table
from .packages import OFFICE, Package, Relation, local, whole_number
from .sections import DocumentContents, Section

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"

_UNSAID = frozenset(("dt", "ftr", "sldNum", "hdr"))
"""Placeholders that repeat on every slide: date, footer, number, header."""

_DEEPEST = 8
"""The deepest list level, counted from 0 (21.1.2.4.13)."""


def presentation_contents(data: bytes) -> DocumentContents:
    """Read a presentation.

    Raises:
        DocumentError: the file is damaged, locked or too large.
    """
    package = Package(data)
    main = next((one.target for one in package.relations("").values() if one.kind == "officeDocument"), "")
    main = main if main in package else "ppt/presentation.xml"
    relations = package.relations(main)
    root = package.xml(main)
    names = [
        relations[one.get(f"{OFFICE}id", "")].target
        for one in root.iter(f"{_P}sldId")
        if one.get(f"{OFFICE}id", "") in relations
    ]
    found = DocumentContents("presentation", "slide", len(names), lambda _: Section("", ""))
    authors = _authors(package, [one.target for one in relations.values() if one.kind == "commentAuthors"])
    found.read = partial(_slide, package, found, names, authors)
    return found


def _authors(package: Package, names: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        root = package.xml_if_there(name)
        found |= {one.get("id", ""): one.get("name", "") for one in root or ()}
    return found


def _slide(
    package: Package, found: DocumentContents, names: list[str], authors: dict[str, str], number: int
) -> Section:
    name = names[number - 1]
    root = package.xml(name)
    reader = _SlideReader(package, name, found)
    reader.read(root)
    for relation in package.relations(name).values():
        if relation.kind == "notesSlide" and (notes := _notes(package, relation.target, found)):
            reader.blocks.add(f"Notes:\n\n{notes}")
        if relation.kind == "comments" and (comments := package.xml_if_there(relation.target)) is not None:
            for one in comments:
                words = "".join(text.text or "" for text in one.iter() if local(text) in ("text", "t"))
                author = authors.get(one.get("authorId", ""), "")
                reader.blocks.add(f"> Comment{f' ({author})' if author else ''}: {words}")
    title = reader.title + (" (hidden)" if root.get("show") == "0" else "")
    return Section(title.strip(), reader.blocks.text())


def _notes(package: Package, name: str, found: DocumentContents) -> str:
    root = package.xml_if_there(name)
    if root is None:
        return ""
    reader = _SlideReader(package, name, found, only="body")
    reader.read(root)
    return reader.blocks.text()


class _SlideReader:
    """One slide being converted to text. For notes pages, `only` is the one kind of placeholder to read."""

    def __init__(self, package: Package, name: str, found: DocumentContents, only: str = "") -> None:
        self._package = package
        self._relations = package.relations(name)
        self._found = found
        self._only = only
        self.blocks = BlockList()
        self.title = ""

    def read(self, root: ElementTree.Element) -> None:
        """Add the content of a slide, its title first."""
        for tree in root.iter(f"{_P}spTree"):
            self._shapes(tree)

    def _shapes(self, parent: ElementTree.Element) -> None:
        for child in parent:
            match local(child):
                case "sp" | "cxnSp":
                    self._shape(child)
                case "grpSp":
                    self._shapes(child)
                case "pic":
                    self._picture(child)
                case "graphicFrame":
                    self._frame(child)
                case "AlternateContent" if len(child):
                    self._shapes(child[0])
                case _:
                    pass

    def _shape(self, shape: ElementTree.Element) -> None:
        placeholder = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
        kind = placeholder.get("type", "body") if placeholder is not None else ""
        if (self._only and kind != self._only) or kind in _UNSAID:
            return
        body = shape.find(f"{_P}txBody")
        if kind in ("title", "ctrTitle") and body is not None and not self.title:
            self.title = " ".join(" ".join(map(self._line, body.iter(f"{A}p"))).split())
            return
        if body is not None:
            self._paragraphs(body, listed=kind in ("body", "obj") and not self._only)
        caption = _caption(shape)
        for blip in shape.iter(f"{A}blip"):
            self._figure(blip, caption)

    def _paragraphs(self, body: ElementTree.Element, *, listed: bool) -> None:
        counts: dict[int, int] = {}
        for paragraph in body.findall(f"{A}p"):
            text = self._line(paragraph)
            if not text.strip():
                continue
            how = paragraph.find(f"{A}pPr")
            depth = min(whole_number(how.get("lvl", "0"), 0), _DEEPEST) if how is not None else 0
            signs = {local(one): one for one in how} if how is not None else {}
            counts = {at: count for at, count in counts.items() if at <= depth}
            if "buAutoNum" in signs:
                start = whole_number(signs["buAutoNum"].get("startAt", "1"), 1)
                counts[depth] = counts.get(depth, start - 1) + 1
                self.blocks.item(depth, f"{counts[depth]}.", text)
            elif "buNone" not in signs and (listed or depth or "buChar" in signs or "buBlip" in signs):
                self.blocks.item(depth, "-", text)
            else:
                self.blocks.add(text.strip())

    def _line(self, paragraph: ElementTree.Element) -> str:
        """Return the words of a paragraph."""
        words: list[str] = []
        for child in paragraph:
            match local(child):
                case "r" | "fld":
                    text = "".join(one.text or "" for one in child.iter(f"{A}t"))
                    click = child.find(f"{A}rPr/{A}hlinkClick")
                    relation = self._relation(click, "id") if click is not None else None
                    words.append(link(text, relation.target) if relation and relation.outside else text)
                case "br":
                    words.append("\n")
                case "AlternateContent" | "m":
                    words.append(formula(child[0]) if len(child) else "")
                case _:
                    pass
        return "".join(words)

    def _frame(self, frame: ElementTree.Element) -> None:
        """Add the table, chart or diagram in a frame."""
        for one in frame.iter():
            if one.tag == f"{A}tbl":
                self.blocks.add(table([self._row(row) for row in one.findall(f"{A}tr")]))
            elif one.tag == f"{C}chart" and (relation := self._relation(one, "id")):
                self.blocks.add(chart(self._package, relation.target))
            elif one.tag == f"{D}relIds" and (relation := self._relation(one, "dm")):
                self.blocks.add(diagram(self._package, relation.target))
            elif local(one) == "pic":
                self._picture(one)  # The preview of an embedded object.

    def _row(self, row: ElementTree.Element) -> list[str]:
        cells: list[str] = []
        for cell in row.findall(f"{A}tc"):
            if cell.get("hMerge") in ("1", "true"):
                continue
            text = "\n".join(map(self._line, cell.iter(f"{A}p")))
            span = min(whole_number(cell.get("gridSpan", "1"), 1), COLUMNS)
            cells += spread(text, self._found.cells.times(span))
        return cells

    def _picture(self, picture: ElementTree.Element) -> None:
        for blip in picture.iter(f"{A}blip"):
            self._figure(blip, _caption(picture))
            return

    def _figure(self, blip: ElementTree.Element, caption: str) -> None:
        relation = self._relation(blip, "embed")
        if relation and not relation.outside:
            load = partial(self._package.read, relation.target, 50_000_000)
            self.blocks.add(self._found.figures.add(relation.target, caption, load))

    def _relation(self, element: ElementTree.Element, name: str) -> Relation | None:
        return self._relations.get(element.get(f"{OFFICE}{name}", ""))


def _caption(shape: ElementTree.Element) -> str:
    """Return a shape's alternative text."""
    named = next((one for one in shape.iter() if local(one) == "cNvPr"), None)
    return (named.get("descr") or named.get("title") or "") if named is not None else ""
