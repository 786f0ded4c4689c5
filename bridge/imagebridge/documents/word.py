"""The text of Word documents: headings, lists, tables, notes, comments, tracked changes, text boxes and figures.

WordprocessingML: ECMA-376 part 1, 17 (2016).
"""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from xml.etree import ElementTree

from .drawing_markup import C, D, chart, diagram, formula
from .markdown import COLUMNS, BlockList, link, spread, table
from .packages import OFFICE, Package, Relation, local, whole_number
from .sections import DocumentContents, Section
from .word_lists import PLAIN, ParagraphStyle, W, paragraph_styles, properties, value, word_lists

_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011", "ptab": "\t"}
_BLOCKS = frozenset(
    ("p", "tbl", "sdt", "sdtContent", "customXml", "ins", "moveTo", "del", "moveFrom", "AlternateContent")
)
_SAME = frozenset(("smartTag", "sdt", "sdtContent", "customXml", "fldSimple", "dir", "bdo", "ins", "moveTo"))
"""Elements around runs that do not affect their text; insertions are part of the text."""


def word_contents(data: bytes) -> DocumentContents:
    """Read a Word document.

    Raises:
        DocumentError: the file is damaged, locked or too large.
    """
    found = DocumentContents("Word document", "", 1, lambda _: Section("", ""))
    found.read = partial(_whole_section, Package(data), found)
    return found


def _whole_section(package: Package, found: DocumentContents, _: int) -> Section:
    main = next((one.target for one in package.relations("").values() if one.kind == "officeDocument"), "")
    reader = _WordReader(package, main if main in package else "word/document.xml", found)
    return Section("", reader.text())


class _WordReader:
    """One document being converted to text.

    `_after` collects the text to add after the current paragraph: notes, comments, text boxes, charts.
    """

    def __init__(self, package: Package, main: str, found: DocumentContents) -> None:
        self._package = package
        self._main = main
        self._found = found
        self._part = main
        self._relations = package.relations(main)
        of_kind = {one.kind: one.target for one in self._relations.values()}
        self._styles = paragraph_styles(package, of_kind.get("styles", ""))
        self._lists = word_lists(package.xml_if_there(of_kind.get("numbering", "")))
        self._notes = {
            kind: self._named(of_kind.get(f"{kind}s", ""), kind)
            for kind in ("footnote", "endnote", "comment")
        }
        self._told: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()
        self._after: list[str] = []
        self._depth = 0
        self._changed = False

    def text(self) -> str:
        """Return the whole text."""
        body = self._package.xml(self._main).find(f"{W}body")
        if body is None:
            return ""
        blocks = BlockList()
        self._into(blocks, body)
        beside = [self._beside(kind) for kind in ("header", "footer")]
        if self._changed:
            self._found.notes.append(
                "Tracked changes: insertions are in the text, deletions are struck through (~~)."
            )
        head, foot = (" / ".join(dict.fromkeys(words)) for words in beside)
        lines = (f"[Header: {head}]" if head else "", blocks.text(), f"[Footer: {foot}]" if foot else "")
        return "\n\n".join(filter(None, lines))

    def _named(self, name: str, kind: str) -> tuple[str, dict[str, ElementTree.Element]]:
        """Return the name of the part with notes or comments, and its notes or comments by id."""
        root = self._package.xml_if_there(name)
        found = root.iter(f"{W}{kind}") if root is not None else ()
        return name, {
            one.get(f"{W}id", ""): one for one in found if one.get(f"{W}type", "normal") == "normal"
        }

    def _beside(self, kind: str) -> list[str]:
        """Return the texts of the headers or footers."""
        texts: list[str] = []
        for one in self._relations.values():
            if one.kind == kind and (root := self._package.xml_if_there(one.target)) is not None:
                words = self._elsewhere(one.target, root)
                texts += [" ".join(words.split())] if words.strip() else []
        return texts

    def _elsewhere(self, part: str, element: ElementTree.Element) -> str:
        """Return the text of an element of another part, which has its own relationships."""
        kept = self._part, self._relations, self._after
        self._part, self._relations, self._after = part, self._package.relations(part), []
        try:
            blocks = BlockList()
            self._into(blocks, element)
            return blocks.text()
        finally:
            self._part, self._relations, self._after = kept

    # Blocks.

    def _into(self, blocks: BlockList, parent: ElementTree.Element) -> None:
        """Add the paragraphs and tables in an element."""
        for child in parent:
            match local(child):
                case "p":
                    self._paragraph(blocks, child)
                case "tbl":
                    self._table(blocks, child)
                case "AlternateContent":
                    if (choice := _choice(child)) is not None:
                        self._into(blocks, choice)
                case name if name in _BLOCKS:
                    self._into(blocks, child)
                case _:
                    continue
            if self._depth == 0 and self._after:
                after, self._after = self._after, []
                for text in after:
                    blocks.add(text)

    def _paragraph(self, blocks: BlockList, element: ElementTree.Element) -> None:
        its = element.find(f"{W}pPr")
        style = self._styles.get(value(its, "pStyle"), PLAIN) if its is not None else PLAIN
        style = properties(its, style)
        text = self._inline(element)
        label = self._label(style) if text.strip() else ""
        if style.level:
            blocks.heading(style.level, f"{label} {text}" if label != "-" else text)
        elif label:
            blocks.item(style.depth + style.indent, label, text)
        else:
            blocks.add(text.strip())

    def _label(self, style: ParagraphStyle) -> str:
        return self._lists.label(style.list_id, style.depth) if style.list_id not in ("", "0") else ""

    def _table(self, blocks: BlockList, element: ElementTree.Element) -> None:
        rows = self._rows(element)
        if len(rows) == 1 and len(rows[0]) == 1:
            blocks.add(rows[0][0])  # A frame around a text.
        else:
            blocks.add(table(rows))

    def _rows(self, element: ElementTree.Element) -> list[list[str]]:
        rows: list[list[str]] = []
        for row in _within(element, "tr"):
            line: list[str] = []
            its = row.find(f"{W}trPr")
            before = whole_number(value(its, "gridBefore"), 0) if its is not None else 0
            line += spread("", self._found.cells.times(min(before, COLUMNS))) if before else []
            for cell in _within(row, "tc"):
                how = cell.find(f"{W}tcPr")
                span = whole_number(value(how, "gridSpan"), 1) if how is not None else 1
                merged = how.find(f"{W}vMerge") if how is not None else None
                text = self._cell(cell)
                if merged is not None and merged.get(f"{W}val") != "restart" and rows and not text:
                    text = rows[-1][len(line)] if len(line) < len(rows[-1]) else ""
                    text = text if len(text) <= 60 else ""
                line += spread(text, self._found.cells.times(min(span, COLUMNS)))
            rows.append(line)
        return rows

    def _cell(self, cell: ElementTree.Element) -> str:
        self._depth += 1
        try:
            blocks = BlockList()
            for child in cell:
                if local(child) == "tbl":
                    lines = ("; ".join(filter(None, row)) for row in self._rows(child))
                    blocks.add("\n".join(lines))
                elif local(child) in _BLOCKS:
                    holder = ElementTree.Element("cell")
                    holder.append(child)
                    self._into(blocks, holder)
            return blocks.text()
        finally:
            self._depth -= 1

    # Runs.

    def _inline(self, parent: ElementTree.Element) -> str:
        return "".join(map(self._run_level, parent))

    def _run_level(self, element: ElementTree.Element) -> str:
        match local(element):
            case "r":
                return self._run(element)
            case "hyperlink":
                relation = self._relations.get(element.get(f"{OFFICE}id", ""))
                text = self._inline(element)
                return link(text, relation.target) if relation and relation.outside else text
            case "del" | "moveFrom":
                self._changed = True
                text = self._inline(element)
                return f"~~{text}~~" if text.strip() else text
            case "AlternateContent":
                choice = _choice(element)
                return self._inline(choice) if choice is not None else ""
            case "oMath" | "oMathPara":
                return formula(element)
            case name if name in _SAME:
                self._changed = self._changed or name in ("ins", "moveTo")
                return self._inline(element)
            case _:
                return ""

    def _run(self, element: ElementTree.Element) -> str:
        how = element.find(f"{W}rPr")
        if how is not None and _is_on(how, "vanish"):
            self._found.notes.append("Hidden text is left out.")
            return ""
        text = "".join(map(self._piece, element))
        if how is None or not text.strip():
            return text
        if _is_on(how, "strike") or _is_on(how, "dstrike"):
            text = f"~~{text}~~"
        match value(how, "vertAlign"):
            case "superscript":
                return f"<sup>{text}</sup>"
            case "subscript":
                return f"<sub>{text}</sub>"
            case _:
                return text

    def _piece(self, element: ElementTree.Element) -> str:
        match local(element):
            case "t" | "delText":
                return element.text or ""
            case "sym":
                code = element.get(f"{W}char", "")
                return _symbol(code)
            case "footnoteReference" | "endnoteReference" | "commentReference" as name:
                return self._note(name.removesuffix("Reference"), element.get(f"{W}id", ""))
            case "drawing" | "pict" | "object":
                return self._drawing(element, "")
            case "AlternateContent":
                choice = _choice(element)
                return "".join(map(self._piece, choice)) if choice is not None else ""
            case name:
                return _SIGNS.get(name, "")

    def _note(self, kind: str, note_id: str) -> str:
        """Return the mark of a note or comment; its text comes after the paragraph."""
        part, notes = self._notes[kind]
        if note_id not in notes or (kind, note_id) in self._told:
            return self._told.get((kind, note_id), "")
        self._counts[kind] += 1
        number = self._counts[kind]
        mark = (
            f"[comment {number}]" if kind == "comment" else f"[^{'e' if kind == 'endnote' else ''}{number}]"
        )
        self._told[kind, note_id] = mark
        text = self._elsewhere(part, notes[note_id]).strip()
        author = notes[note_id].get(f"{W}author", "")
        self._after.append(
            f"> Comment {number}{f' ({author})' if author else ''}: {text}"
            if kind == "comment"
            else f"{mark}: {text}"
        )
        return mark

    # Drawings.

    def _drawing(self, element: ElementTree.Element, caption: str) -> str:
        """Return the figures in a drawing; its text boxes, charts and diagrams come after the paragraph."""
        text = ""
        for child in element:
            match local(child):
                case "docPr" | "cNvPr":
                    caption = child.get("descr") or child.get("title") or caption
                case "shape":
                    caption = child.get("alt") or caption
                    text += self._drawing(child, caption)
                case "blip" | "imagedata":
                    text += self._figure(child, caption)
                case "txbxContent":
                    blocks = BlockList()
                    self._depth += 1
                    self._into(blocks, child)
                    self._depth -= 1
                    self._after.append(blocks.text())
                case "chart" if child.tag.startswith(C):
                    self._after.append(chart(self._package, self._target(child, f"{OFFICE}id").target))
                case "relIds" if child.tag.startswith(D):
                    self._after.append(diagram(self._package, self._target(child, f"{OFFICE}dm").target))
                case "AlternateContent":
                    choice = _choice(child)
                    text += self._drawing(choice, caption) if choice is not None else ""
                case _:
                    text += self._drawing(child, caption)
        return text

    def _figure(self, element: ElementTree.Element, caption: str) -> str:
        relation = self._target(element, f"{OFFICE}embed", f"{OFFICE}id")
        if relation.outside or not relation.target:
            linked = self._target(element, f"{OFFICE}link").target or relation.target
            return f"[a picture that is stored outside the document: {linked}]" if linked else ""
        load = partial(self._package.read, relation.target, 50_000_000)
        return self._found.figures.add(relation.target, caption, load)

    def _target(self, element: ElementTree.Element, *names: str) -> Relation:
        ids = (element.get(name, "") for name in names)
        found = (self._relations[one] for one in ids if one in self._relations)
        return next(found, Relation("", "", False))


def _within(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """Yield the rows of a table or the cells of a row, even inside wrapper elements."""
    for child in element:
        if local(child) == name:
            yield child
        elif local(child) in ("sdt", "sdtContent", "customXml", "ins", "del"):
            yield from _within(child, name)


def _choice(element: ElementTree.Element) -> ElementTree.Element | None:
    """Return the first alternative; the others are for older programs."""
    return next(iter(element), None)


def _is_on(element: ElementTree.Element, name: str) -> bool:
    found = element.find(f"{W}{name}")
    return found is not None and found.get(f"{W}val", "true") not in ("false", "0", "off")


def _symbol(code: str) -> str:
    """Return a symbol-font character; one without a standard meaning becomes a bullet."""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    return chr(number) if 31 < number < 0xD800 else "\u2022"
