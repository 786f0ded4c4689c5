"""Cuts an SVG off from files and network: its own parts and valid inlined pictures stay; removals are reported."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

from imagebridge.errors import PictureError, beginning
from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import base64_bytes, to_base64
from imagebridge.pictures.picture import Picture

from .markup import SvgAllowance, name, svg_root

_NESTED = 3
"""The maximum depth of SVGs nested in an SVG."""

_TEXT = 500
"""The maximum number of characters that are quoted from HTML inside an SVG."""

# Every alternative matches at the end of the text at the latest, so no long run is tried twice.
_STRING = r""""(?:[^"\\\n]++|\\(?:.|\Z))*+(?:"|(?=\n)|\Z)|'(?:[^'\\\n]++|\\(?:.|\Z))*+(?:'|(?=\n)|\Z)"""
_COMMENT = r"/\*.*?(?:\*/|\Z)"
_URL = rf"url\((?:\s*+(?:{_STRING})\s*+\)|[^)]*+(?:\)|\Z))"
_IMPORT = rf"@import(?![\w-])(?:{_COMMENT}|{_STRING}|{_URL}|[^;{{}}])*+(?:;|\{{[^}}]*+\}}?)?"
_CSS = re.compile(
    rf"(?P<kept>{_COMMENT}|{_STRING})|(?P<sheet>{_IMPORT})|(?P<url>{_URL})", re.IGNORECASE | re.DOTALL
)
_ANIMATIONS = frozenset(("animate", "animateColor", "animateMotion", "animateTransform", "set"))


@dataclass(slots=True)
class Notes:
    """The contents of an SVG that its picture does not show."""

    outside: int = 0
    broken: int = 0
    html: list[str] = field(default_factory=list)
    scripts: bool = False
    animated: bool = False
    fonts: bool = False


def scrubbed(root: ElementTree.Element, room: SvgAllowance, notes: Notes, level: int = 0) -> None:
    """Remove all references to anything outside an SVG, and record in `notes` what is missing from its picture."""
    for element in _walk(root):
        _drop_children(element, notes)
        for key, value in list(element.attrib.items()):
            if key.rsplit("}", 1)[-1] == "href":
                address = _address(name(element), value.strip(), room, notes, level)
                if address is None:
                    del element.attrib[key]
                else:
                    element.set(key, address)
            elif "(" in value:
                element.set(key, _local(value, notes))
        notes.animated |= name(element) in _ANIMATIONS
        if name(element) == "style" and element.text:
            notes.animated |= "@keyframes" in element.text
            notes.fonts |= "@font-face" in element.text
            element.text = _local(element.text, notes)


def _walk(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Yield each element before its children; the caller may change the children before the next step."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        yield element
        waiting += element


def _drop_children(parent: ElementTree.Element, notes: Notes) -> None:
    """Remove scripts and HTML, which are never drawn."""
    dropped = [child for child in parent if name(child) in ("script", "foreignObject")]
    if not dropped:
        return
    parent[:] = [child for child in parent if name(child) not in ("script", "foreignObject")]
    # The other children of a switch are alternatives to be drawn instead.
    replaced = name(parent) == "switch" and len(parent) > 0
    for child in dropped:
        if name(child) == "script":
            notes.scripts = True
        elif not replaced:
            text = " ".join(" ".join(child.itertext()).split())
            notes.html += [text] if text or len(child) else []


def _address(tag: str, value: str, room: SvgAllowance, notes: Notes, level: int) -> str | None:
    """Return the permitted form of an `href`, or None if it has to be removed."""
    picture = tag in ("image", "feImage")
    if picture and value[:5].lower() == "data:":
        try:
            return _inlined(value, room, notes, level)
        except PictureError:
            notes.broken += 1
            return None
    # The rasteriser takes any other address of an image for a file path.
    if value.startswith("#") and tag != "image":
        return value
    # The target of a link is not drawn anyway.
    notes.outside += bool(value) and tag != "a"
    return None


def _inlined(value: str, room: SvgAllowance, notes: Notes, level: int) -> str:
    """Return the `data:` URL of a valid picture, labelled by its bytes, or of an SVG that is also scrubbed."""
    data, _ = base64_bytes(value)
    if kinds.kind(data) is kinds.SVG:
        if level == _NESTED:
            raise PictureError(f"over {_NESTED} SVGs are nested in one another")
        root = svg_root(data, room)
        scrubbed(root, room, notes, level + 1)
        return f"data:{kinds.SVG.media_type};base64,{to_base64(ElementTree.tostring(root, encoding='utf-8'))}"
    picture = Picture.from_bytes(data)
    pixels = picture.width * picture.height
    if pixels > room.pixels:
        raise PictureError("the pictures inside the SVG have too many pixels in total")
    room.pixels -= pixels
    return picture.data_url


def _local(css: str, notes: Notes) -> str:
    """Return CSS without imports, and with `none` for each address that is not part of the drawing."""

    def replaced(match: re.Match[str]) -> str:
        if match["kept"]:
            return match["kept"]
        if match["sheet"]:
            notes.outside += 1
            return ""
        target = match["url"][4:].strip(" \t\r\n\f\"')")
        if target.startswith("#"):
            return match["url"]
        notes.outside += bool(target) and target[:5].lower() != "data:"
        return "none"

    return _CSS.sub(replaced, css)


def sentence(notes: Notes, missing: Sequence[str], fontless: bool) -> str:
    """Return a sentence on what is missing from a drawing, including characters, or all text if there is no font."""
    remarks: list[str] = []
    if notes.html:
        text = " | ".join(filter(None, notes.html))
        cut = beginning(text, _TEXT)
        remarks.append("HTML inside it is not drawn" + (f" (it says: {cut})" if cut else ""))
    if notes.outside:
        remarks.append(f"{_some(notes.outside, 'external reference')} left out")
    if notes.broken:
        remarks.append(f"{_some(notes.broken, 'picture')} inside it cannot be drawn")
    if fontless:
        remarks.append("text is not drawn, because no font was found")
    if missing:
        more = f" and {len(missing) - 20} more" if len(missing) > 20 else ""
        named = " ".join("".join(map(_visible, one)) for one in missing[:20])
        remarks.append(f"no installed font has {named}{more}")
    remarks += ["its embedded fonts are not used"] if notes.fonts else []
    remarks += ["its scripts did not run"] if notes.scripts else []
    remarks += ["it is animated; its first frame is drawn"] if notes.animated else []
    return f"an SVG; {'; '.join(remarks)}" if remarks else ""


def _visible(character: str) -> str:
    return character if character.isprintable() else f"U+{ord(character):04X}"


def _some(count: int, thing: str) -> str:
    return f"{count} {thing}{'s' if count > 1 else ''}"
