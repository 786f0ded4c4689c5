"""SVG drawings as pictures: measured, capped, and cut off from files and network before they are drawn."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from imagebridge.errors import PictureError

from .picture import Picture

_SIDE = 2_048
"""Pixels of the longer side at most: what every vision model sees."""

_MAX_BYTES = 10_000_000
_MAX_ELEMENTS = 50_000
_MAX_DEPTH = 100

_LENGTH = re.compile(r"\s*([0-9.]+(?:e[+-]?[0-9]+)?)\s*(px|pt|pc|mm|cm|in|)\s*$", re.IGNORECASE)
# CSS pixels of a unit (CSS Values 3, section 5.2).
_UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
_OUTSIDE_CSS = re.compile(r"@import[^;]*;?|url\(\s*(?!['\"]?#)[^)]*\)", re.IGNORECASE)
_INLINE_PICTURE = re.compile(r"\s*data:image/(png|jpeg|jpg|gif|webp)[;,]", re.IGNORECASE)


def drawn(data: bytes) -> Picture:
    """Draw an SVG at the size it asks for, at most 2,048 pixels, transparent where it is.

    Raises:
        PictureError: no SVG, too large or too deep to draw safely, or the rasteriser refuses it.
    """
    import resvg_py

    root = _parsed(data)
    width, height = _size(root)
    _cut_off(root)
    text = ElementTree.tostring(root, encoding="unicode")
    try:
        png = resvg_py.svg_to_bytes(svg_string=text, width=width, height=height)
    except BaseException as error:
        # A panic of the rasteriser is no Exception; it has done no harm, and is told like its errors.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise PictureError(f"the SVG cannot be drawn ({str(error)[:120]})") from error
    return Picture.from_bytes(png)


def _parsed(data: bytes) -> ElementTree.Element:
    if len(data) > _MAX_BYTES:
        raise PictureError(f"the SVG has {len(data):,} bytes, over the limit of {_MAX_BYTES:,}")
    if b"<!ENTITY" in data.upper() or b"\x00" in data:
        raise PictureError("the SVG declares entities, which are not expanded here")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise PictureError(f"the SVG is not well-formed ({error})") from error
    if _name(root) != "svg":
        raise PictureError(f"its root element is {_name(root)!r}, not svg")
    for count, (_, depth) in enumerate(_walk(root)):
        if count > _MAX_ELEMENTS or depth > _MAX_DEPTH:
            raise PictureError(f"the SVG has over {_MAX_ELEMENTS:,} elements or {_MAX_DEPTH} levels")
    return root


def _walk(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, int]]:
    """Yield each element with its depth, without recursion."""
    waiting = [(root, 0)]
    while waiting:
        element, depth = waiting.pop()
        yield element, depth
        waiting += [(child, depth + 1) for child in element]


def _name(element: ElementTree.Element) -> str:
    """Return the local name of an element, without its namespace."""
    # The parser leaves comments and processing instructions out, so every tag is a string.
    return element.tag.rsplit("}", 1)[-1]


def _size(root: ElementTree.Element) -> tuple[int, int]:
    """Return the size in pixels: width and height, the view box for what is missing, shrunk to the cap."""
    box = [_number(part) for part in re.split(r"[\s,]+", root.get("viewBox", "").strip())]
    across, down = (box[2], box[3]) if len(box) == 4 else (0.0, 0.0)
    width, height = _length(root.get("width")), _length(root.get("height"))
    if not width and not height:
        # 300 x 150 is what CSS gives a replaced element without a size.
        width, height = (across, down) if across and down else (300.0, 150.0)
    elif not (width and height):
        ratio = across / down if across and down else 1.0
        width, height = width or height * ratio, height or width / ratio
    scale = min(1.0, _SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _length(text: str | None) -> float:
    """Return a length in pixels, 0 for none and for percentages."""
    found = _LENGTH.match(text or "")
    return _number(found[1]) * _UNITS[found[2].lower()] if found else 0.0


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 < value < 1e9 else 0.0


def _cut_off(root: ElementTree.Element) -> None:
    """Remove every reference that leads out of the drawing: only its own parts and inline pictures stay."""
    for element, _ in _walk(root):
        for key, value in list(element.attrib.items()):
            if key.rsplit("}", 1)[-1] == "href":
                if not value.lstrip().startswith("#") and not _INLINE_PICTURE.match(value):
                    del element.attrib[key]
            else:
                element.set(key, _OUTSIDE_CSS.sub("none", value))
        if _name(element) == "style" and element.text:
            element.text = _OUTSIDE_CSS.sub("none", element.text)
        if _name(element) in ("script", "foreignObject"):
            element.clear()
