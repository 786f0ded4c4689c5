"""The text of EPUB books, chapter by chapter (EPUB 3.3, 2023)."""

from collections.abc import Callable, Mapping
from functools import partial
from xml.etree import ElementTree

from imagebridge.errors import DocumentError

from .packages import Package, local, member
from .sections import DocumentContents, Section
from .web_page import MAX_HTML, page_text

_TITLE = 300
"""The maximum number of characters in a title."""

_OBFUSCATION = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Algorithms that encrypt only fonts, so the book can still be read."""


def book_contents(data: bytes) -> DocumentContents:
    """Read a book.

    Raises:
        DocumentError: the book is damaged, locked or too large.
    """
    package = Package(data)
    _check_open(package)
    container = package.xml("META-INF/container.xml")
    main = next((one.get("full-path", "") for one in container.iter() if local(one) == "rootfile"), "")
    root = package.xml(main)
    items = {one.get("id", ""): one for one in root.iter() if local(one) == "item"}
    names = [
        member(main, items[one.get("idref", "")].get("href", ""))
        for one in root.iter()
        if local(one) == "itemref" and one.get("idref", "") in items
    ]
    found = DocumentContents("book (EPUB)", "chapter", len(names), lambda _: Section("", ""))
    found.read = partial(_chapter, package, found, names, _titles(package, main, items))
    about = "; ".join(_said(root, name) for name in ("title", "creator") if _said(root, name))
    found.notes += [f"It is {about}."] if about else []
    return found


def _titles(package: Package, main: str, items: Mapping[str, ElementTree.Element]) -> dict[str, str]:
    """Return the chapter titles from the table of contents, by member; the first entry for a member counts."""
    titles: dict[str, str] = {}
    for item in items.values():
        is_ncx = item.get("media-type") == "application/x-dtbncx+xml"
        if not is_ncx and "nav" not in item.get("properties", "").split():
            continue
        name = member(main, item.get("href", ""))
        try:
            root = package.xml_if_there(name)
        except DocumentError:
            continue  # The chapters exist without their titles.
        for one in root.iter() if root is not None else ():
            address = one.get("href", "") if local(one) == "a" else ""
            if local(one) == "navPoint":
                address = next((part.get("src", "") for part in one if local(part) == "content"), "")
                one = next((part for part in one if local(part) == "navLabel"), one)
            if address and (title := _label(one)):
                titles.setdefault(member(name, address), title)
    return titles


def _label(element: ElementTree.Element) -> str:
    """Return the title in an entry of the table of contents, ignoring anything nested deeper than its children."""
    parts = (f"{one.text or ''}{one.tail or ''}" for one in element)
    return " ".join(f"{element.text or ''}{''.join(parts)}".split())[:_TITLE]


def _check_open(package: Package) -> None:
    root = package.xml_if_there("META-INF/encryption.xml")
    ways = (
        [one.get("Algorithm", "") for one in root.iter() if local(one) == "EncryptionMethod"]
        if root is not None
        else []
    )
    if any(way not in _OBFUSCATION for way in ways):
        raise DocumentError("is protected by DRM, so only the reader app it was sold for can open it")


def _said(root: ElementTree.Element, name: str) -> str:
    words = ((one.text or "").strip() for one in root.iter() if local(one) == name)
    return ", ".join(filter(None, words))


def _chapter(
    package: Package, found: DocumentContents, names: list[str], titles: Mapping[str, str], number: int
) -> Section:
    name = names[number - 1]
    if name not in package:
        return Section("", "[this chapter is missing from the file]")

    def figure_at(address: str) -> Callable[[], bytes] | None:
        place = member(name, address)
        return partial(package.read, place, 50_000_000) if place in package else None

    title, words = page_text(package.page(name, MAX_HTML), found, figure_at)
    return Section("" if words.startswith("#") else titles.get(name, title), words)
