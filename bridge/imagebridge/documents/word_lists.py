"""The styles and lists of Word documents: which paragraphs are headings, and the label before each list item.

ECMA-376 part 1, 17.9 and 17.7 (2016).
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree import ElementTree

from .packages import Package, whole_number

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
"""The namespace of Word's elements."""

_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_NESTED = re.compile(r"list (?:bullet|number) ([2-5])", re.IGNORECASE)
_DEEPEST = 8
"""The deepest list level, counted from 0 (17.9.3)."""

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


class ParagraphStyle(NamedTuple):
    """How a style formats a paragraph: as a heading of `level` 1 or more, 0 for none, or as an item of list `list_id`.

    depth: the level in the list. indent: the indentation level, if the style has a separate list for each level.
    """

    level: int = 0
    list_id: str = ""
    depth: int = 0
    indent: int = 0


PLAIN = ParagraphStyle()
"""A paragraph that is neither heading nor item."""


class _ListLevel(NamedTuple):
    form: str
    label: str
    start: int


@dataclass(slots=True)
class WordLists:
    """The lists of a document, and the current count of each.

    levels: the levels of each definition, by depth. abstract: the definition of each list. restarts: where lists start
    again, by list and depth.
    """

    levels: dict[str, dict[int, _ListLevel]] = field(default_factory=dict)
    abstract: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _begun: set[tuple[str, int]] = field(default_factory=set)
    restarts: dict[tuple[str, int], int] = field(default_factory=dict)

    def label(self, list_id: str, depth: int) -> str:
        """Count one list item and return its label: "-" for a bullet, otherwise a number such as "2." or "(b)"."""
        key = self.abstract.get(list_id, "")
        levels = self.levels.get(key, {})
        level = levels.get(depth, _ListLevel("bullet", "", 1))
        counts = self._counts.setdefault(key, {})
        if (list_id, depth) in self.restarts and (list_id, depth) not in self._begun:
            counts[depth] = self.restarts[list_id, depth] - 1
        self._begun.add((list_id, depth))
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [one for one in counts if one > depth]:
            del counts[deeper]
        if level.form in ("bullet", "none", ""):
            return "-" if level.form == "bullet" else level.label if "%" not in level.label else ""

        def number(found: re.Match[str]) -> str:
            at = int(found[1]) - 1
            its = levels.get(at, level)
            return _number(counts.get(at, its.start), its.form)

        return re.sub(r"%(\d)", number, level.label).strip()


def word_lists(root: ElementTree.Element | None) -> WordLists:
    """Read the numbering part of a document."""
    lists = WordLists()
    for abstract in root.iter(f"{W}abstractNum") if root is not None else ():
        levels = {_depth(level): _level(level) for level in abstract.iter(f"{W}lvl")}
        lists.levels[abstract.get(f"{W}abstractNumId", "")] = levels
    for one in root.iter(f"{W}num") if root is not None else ():
        list_id = one.get(f"{W}numId", "")
        lists.abstract[list_id] = value(one, "abstractNumId")
        for change in one.iter(f"{W}lvlOverride"):
            if (start := whole_number(value(change, "startOverride"), -1)) >= 0:
                lists.restarts[list_id, _depth(change)] = start
    return lists


def paragraph_styles(package: Package, name: str) -> dict[str, ParagraphStyle]:
    """Return the paragraph styles by their ids."""
    root = package.xml_if_there(name)
    found = {one.get(f"{W}styleId", ""): one for one in root.iter(f"{W}style")} if root is not None else {}
    made: dict[str, ParagraphStyle] = {}
    for style_id in found:
        chain: dict[str, None] = {}
        base = style_id
        while base in found and base not in made and base not in chain:
            chain[base] = None
            base = value(found[base], "basedOn")
        style = made.get(base, PLAIN)
        for one in reversed(chain):
            style = made[one] = _style(found[one], style)
    return made


def properties(element: ElementTree.Element | None, style: ParagraphStyle) -> ParagraphStyle:
    """Return a style combined with the properties of a paragraph."""
    if element is None:
        return style
    outline = whole_number(value(element, "outlineLvl"), -1)
    if outline >= 0:
        style = style._replace(level=outline + 1 if outline < 9 else 0)
    numbering = element.find(f"{W}numPr")
    if numbering is not None:
        style = style._replace(
            list_id=value(numbering, "numId") or style.list_id,
            depth=min(whole_number(value(numbering, "ilvl"), style.depth), _DEEPEST),
        )
    return style


def value(element: ElementTree.Element, name: str) -> str:
    """Return the `val` attribute of a child element, or "" if there is no such child."""
    child = element.find(f"{W}{name}")
    return "" if child is None else child.get(f"{W}val", "")


def _style(element: ElementTree.Element, base: ParagraphStyle) -> ParagraphStyle:
    name = value(element, "name")
    if heading := _HEADING.fullmatch(name):
        base = base._replace(level=int(heading[1]))
    elif nested := _NESTED.fullmatch(name):
        base = base._replace(indent=int(nested[1]) - 1)
    elif name.casefold() == "title":
        base = base._replace(level=1)
    return properties(element.find(f"{W}pPr"), base)


def _level(element: ElementTree.Element) -> _ListLevel:
    start = whole_number(value(element, "start"), 1)
    return _ListLevel(value(element, "numFmt"), value(element, "lvlText"), start)


def _depth(element: ElementTree.Element) -> int:
    return min(whole_number(element.get(f"{W}ilvl", "0"), 0), _DEEPEST)


def _number(number: int, form: str) -> str:
    """Return a number in the list's number format, such as "iv" or "d"."""
    if form in ("lowerLetter", "upperLetter") and number > 0:
        letters = chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 20)
        return letters if form == "lowerLetter" else letters.upper()
    if form in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        roman = ""
        for worth, sign in _ROMAN:
            roman += sign * (number // worth)
            number %= worth
        return roman if form == "lowerRoman" else roman.upper()
    return f"{number:02}" if form == "decimalZero" else str(number)
