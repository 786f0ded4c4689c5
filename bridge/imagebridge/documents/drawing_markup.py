"""Charts, diagrams, formulas and drawings in documents, as text or as separate files.

ECMA-376 part 1, 21.2 (charts), 21.4 (diagrams), 22.1 (math), 2016.
"""

from collections.abc import Callable
from xml.etree import ElementTree

from .markdown import table
from .packages import Package, local, whole_number

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
D = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
CHARTS = 5_000
"""The maximum number of points that are listed per series."""

_CELLS = 20_000
"""The maximum number of values that are listed per chart."""


def chart(package: Package, name: str) -> str:
    """Return the content of a chart: its title, and its values as they were last computed."""
    root = package.xml_if_there(name)
    if root is None:
        return ""
    kinds = [local(one).removesuffix("Chart") for one in root.iter() if local(one).endswith("Chart")]
    plot = root.find(f".//{C}plotArea")
    title = root.find(f"{C}chart/{C}title")
    words = "".join(one.text or "" for one in title.iter(f"{A}t")) if title is not None else ""
    columns: list[tuple[str, dict[int, str]]] = []
    for series in plot.iter(f"{C}ser") if plot is not None else ():
        places = _points(series, ("cat", "xVal"))
        if places and (not columns or columns[0][1] != places):
            columns.append(("", places))
        label = "; ".join(_points(series, ("tx",)).values()) or f"series {len(columns)}"
        columns.append((label, _points(series, ("val", "yVal"))))
        if sizes := _points(series, ("bubbleSize",)):
            columns.append((f"{label}, size", sizes))
    told = sorted({at for _, points in columns for at in points})[: _CELLS // max(1, len(columns))]
    rows = [[label for label, _ in columns], *([points.get(at, "") for _, points in columns] for at in told)]
    what = f"[{' and '.join(dict.fromkeys(kinds)) or 'a'} chart{f': {words}' if words else ''}]"
    return f"{what}\n\n{table(rows)}".strip()


def _points(series: ElementTree.Element, names: tuple[str, ...]) -> dict[int, str]:
    """Return the points of a series by position, taken from the first of the named elements that it contains."""
    holder = next((one for name in names if (one := series.find(f"{C}{name}")) is not None), None)
    if holder is None:
        return {}
    found: dict[int, list[str]] = {}
    for point in holder.iter(f"{C}pt"):
        index, value = whole_number(point.get("idx", ""), CHARTS), point.find(f"{C}v")
        if index < CHARTS:
            found.setdefault(index, []).append((value.text or "") if value is not None else "")
    if not found:
        literal = holder.find(f"{C}v")
        return {0: literal.text or ""} if literal is not None else {}
    # With several levels of categories, the innermost comes first.
    return {at: ", ".join(reversed(found[at])) for at in sorted(found)}


def diagram(package: Package, name: str) -> str:
    """Return the words of a diagram, one list item each."""
    root = package.xml_if_there(name)
    if root is None:
        return ""
    words = ["".join(one.text or "" for one in point.iter(f"{A}t")) for point in root.iter(f"{D}pt")]
    return "\n".join(f"- {one}" for one in words if one.strip())


def mathml(element: ElementTree.Element) -> str:
    """Return MathML as its author typed it, if an annotation contains that, otherwise as a formula on one line."""
    typed = next((one.text or "" for one in element.iter() if local(one) == "annotation"), "")
    return " ".join(typed.split()) or formula(element)


def svg_file(element: ElementTree.Element) -> bytes:
    """Return an SVG inside a page as a separate file."""
    data = ElementTree.tostring(element)
    if b"xmlns" not in data[:500]:
        data = data.replace(b"<svg", b'<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return data


def svg_pictures(element: ElementTree.Element) -> list[str]:
    """Return the addresses of the pictures in an SVG, which may be just a frame for one, as on book covers."""
    pictures = (one for one in element.iter() if local(one) == "image")
    return [address for one in pictures for name, address in one.items() if name.endswith("href") and address]


def formula(element: ElementTree.Element) -> str:
    """Return an Office or MathML formula on one line, as one would type it."""
    # Each once: writing a part for every place where it may occur would double the time with each level.
    parts = [(local(one), formula(one)) for one in element]
    inside = "".join(words for _, words in parts)

    def part(name: str) -> str:
        return next((words for one, words in parts if one == name), "")

    def grouped(text: str) -> str:
        return text if len(text) == 1 or text.isalnum() else f"({text})"

    forms: dict[str, Callable[[], str]] = {
        "t": lambda: element.text or "",
        "f": lambda: f"{grouped(part('num'))}/{grouped(part('den'))}",
        "sSup": lambda: f"{part('e')}^{grouped(part('sup'))}",
        "sSub": lambda: f"{part('e')}_{grouped(part('sub'))}",
        "sSubSup": lambda: f"{part('e')}_{grouped(part('sub'))}^{grouped(part('sup'))}",
        "rad": lambda: f"{root_sign(part('deg'))}({part('e')})",
        "d": lambda: f"({inside})",
        "annotation": str,
        **dict.fromkeys(("mi", "mn", "mo", "ms", "mtext"), lambda: " ".join((element.text or "").split())),
        "nary": lambda: f"{_operator(element)}_{grouped(part('sub'))}^{grouped(part('sup'))} {part('e')}",
    }
    name = local(element)
    if (signs := _MATHML.get(name)) and len(parts) == len(signs):
        return "".join(sign.format(grouped(text)) for sign, (_, text) in zip(signs, parts, strict=True))
    if name == "mroot" and len(parts) == 2:
        return f"{root_sign(parts[1][1])}({parts[0][1]})"
    if name == "msqrt":
        return f"sqrt({inside})"
    return forms.get(name, lambda: inside)()


_MATHML = {
    "mfrac": ("{}", "/{}"),
    "msup": ("{}", "^{}"),
    "mover": ("{}", "^{}"),
    "msub": ("{}", "_{}"),
    "munder": ("{}", "_{}"),
    "msubsup": ("{}", "_{}", "^{}"),
    "munderover": ("{}", "_{}", "^{}"),
}
"""How the parts of each element are typed (MathML 3.0, 2014, 3.3 and 3.4)."""


def root_sign(degree: str) -> str:
    """Return how a root of this degree is typed; an empty degree means a square root."""
    return f"root[{degree}]" if degree else "sqrt"


def _operator(element: ElementTree.Element) -> str:
    sign = next((one for one in element.iter() if local(one) == "chr"), None)
    return next(iter(sign.attrib.values()), "∫") if sign is not None else "∫"
