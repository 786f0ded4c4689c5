"""Arguments as models guess them first: what can mean one thing only is taken as that."""

import json
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, cast

from imagebridge_tools.drawing.operations import OPERATIONS
from imagebridge_tools.drawing.units import coordinates

_PICTURES = ("image", "picture", "photo", "path", "file", "url", "uri", "src", "source", "input")
_NAMES: dict[str, Iterable[str]] = {
    "kind": ("type", "chart_type", "charttype", "chart", "chart_kind", "plot_type", "graph_type"),
    "data": ("rows", "table", "dataset", "records", "values", "csv", "dataframe", "file", "path", "source"),
    "columns": ("fields", "encoding", "mapping"),
    "source": (
        *_PICTURES,
        *("image_path", "file_path", "filepath", "filename", "image_url", "source_path", "input_path"),
        *("document", "pdf", "screenshot"),
    ),
    "sources": (*_PICTURES, "image_path", "input_image", "filename"),
    "images": (*_PICTURES, "image_path", "input_image", "filename"),
    "a": (
        "image1",
        "image_1",
        "image_a",
        "first",
        "first_image",
        "before",
        "source1",
        "source_a",
        "old",
        "left",
    ),
    "b": (
        "image2",
        "image_2",
        "image_b",
        "second",
        "second_image",
        "after",
        "source2",
        "source_b",
        "new",
        "right",
    ),
    "text": (
        "content",
        "contents",
        "string",
        "words",
        "message",
        "caption",
        "data",
        "value",
        "url",
        "payload",
    ),
    "prompt": ("text", "description", "instruction", "instructions", "prompt_text"),
    "save_as": ("output", "output_path", "output_file", "out", "save_to", "save_path", "save", "destination"),
    "region": ("box", "bbox", "crop", "rect", "rectangle", "area", "roi", "bounds"),
    "marks": ("annotations", "shapes", "boxes"),
    "operations": ("ops", "transforms", "transformations", "steps", "actions"),
    "rotate": ("rotation", "angle"),
    "zoom": ("factor", "magnification"),
    "error_correction": ("error_correction_level", "ecc", "ec", "ec_level", "correction", "level"),
    "format": ("output_format", "file_format", "image_format"),
    "compression": ("output_compression",),
    "n": ("count", "number", "num", "num_images", "number_of_images"),
    "max_size": ("size", "max_side", "max_width", "max_pixels"),
    "return_spec": ("spec_out", "with_spec"),
    "labels": ("captions", "names"),
    "exif": ("metadata", "with_exif"),
    "pages": ("page_range", "page_numbers"),
    "sheet": ("sheet_name", "worksheet", "tab"),
    "rows": ("row_range", "lines"),
}
"""Names that models give to an argument of another name; each is taken where the tool has none of that name itself."""

_TITLES = {"xlabel": "x", "x_label": "x", "x_title": "x", "ylabel": "y", "y_label": "y", "y_title": "y"}
_ROLES = {
    **{role: role for role in ("x", "y", "color", "facet")},
    **{f"{axis}_{word}": axis for axis in ("x", "y") for word in ("axis", "column", "col", "field")},
    **dict.fromkeys(("colour", "hue", "series", "group"), "color"),
}
"""Parts of `titles` and `columns` that models write beside the others."""

_AROUND = ("arguments", "args", "params", "parameters", "input")
"""What a call's arguments are wrapped in by mistake."""

_REGIONS = (
    ("x", "y", "width", "height"),
    ("x", "y", "w", "h"),
    ("left", "top", "width", "height"),
    ("left", "top", "right", "bottom"),
    ("x1", "y1", "x2", "y2"),
    ("x0", "y0", "x1", "y1"),
)
"""Names that together are a region."""


def mended(arguments: Mapping[str, Any], names: Container[str], required: Container[str]) -> dict[str, Any]:
    """Return a call's arguments by the `names` that the tool has for them, without those that are left empty."""
    found = dict(arguments)
    if len(found) == 1 and (name := next(iter(found))) in _AROUND and name not in names:
        found = dict(found[name]) if isinstance(found[name], Mapping) else found
    found = _renamed(found, names)
    for whole, fold in (("columns", _columns), ("region", _region), ("operations", _operation), ("a", _pair)):
        if whole in names:
            found = fold(found, names)
    # To write null or nothing is another way to leave an argument out.
    return {
        name: value
        for name, value in found.items()
        if name not in names or (value is not None and (value != "" or name in required))
    }


def _renamed(arguments: Mapping[str, Any], names: Container[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        meant = name if name in names else meaning(name, names)
        found[meant if meant not in arguments and meant not in found else name] = value
    return found


def meaning(name: str, names: Container[str]) -> str:
    """Return the argument that a name can mean alone, in another spelling or number or as another word; else the name."""
    plain = re.sub(r"(?<=[a-z\d])(?=[A-Z])", "_", name).casefold().replace("-", "_").replace(" ", "_")
    for spelling in (plain, plain.replace("_", ""), f"{plain}s", plain.removesuffix("s")):
        if spelling in names:
            return spelling
    alike = {plain, plain.removesuffix("s")}
    return next((one for one, others in _NAMES.items() if one in names and alike & set(others)), name)


def _columns(arguments: dict[str, Any], names: Container[str]) -> dict[str, Any]:
    """Take roles and titles of axes that stand beside `columns` and `titles` into these."""
    found = dict(arguments)
    series = {role: found[role] for role in ("x", "y") if isinstance(found.get(role), list)}
    if len(series) == 2 and "data" not in found:
        return {**{name: value for name, value in found.items() if name not in series}, "data": series}
    for whole, parts in (("columns", _ROLES), ("titles", _TITLES)):
        held = _object(found.get(whole, {}))
        for name in [name for name in found if name in parts and name not in names]:
            if held is not None and parts[name] not in held:
                held = {**held, parts[name]: found.pop(name)}
                found[whole] = held
    return found


def _object(value: object) -> dict[str, Any] | None:
    """Return an object, also where it came as JSON text; None for anything else."""
    if isinstance(value, str):
        try:
            value = cast("object", json.loads(value))
        except (ValueError, RecursionError):
            return None
    return dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else None


def _region(arguments: dict[str, Any], names: Container[str]) -> dict[str, Any]:
    """Take sides that stand beside the others into `region`."""
    for keys in _REGIONS:
        if "region" not in arguments and all(key in arguments and key not in names for key in keys):
            others = {name: value for name, value in arguments.items() if name not in keys}
            return {**others, "region": {key: arguments[key] for key in keys}}
    return arguments


def _operation(arguments: dict[str, Any], names: Container[str]) -> dict[str, Any]:
    """Take one operation that stands beside the others into `operations`; several have an order that is not told."""
    alone = [name for name in arguments if name in OPERATIONS and name not in names]
    if len(alone) != 1 or "operations" in arguments:
        return arguments
    others = {name: value for name, value in arguments.items() if name not in alone}
    return {**others, "operations": [{alone[0]: arguments[alone[0]]}]}


def _pair(arguments: dict[str, Any], names: Container[str]) -> dict[str, Any]:
    """Take a list of two pictures as `a` and `b`."""
    for name in ("images", "sources", "pictures", "files", "paths"):
        two = arguments.get(name)
        if name not in names and isinstance(two, list) and not {"a", "b"} & set(arguments):
            pair = cast("list[object]", two)
            if len(pair) == 2:
                others = {key: value for key, value in arguments.items() if key != name}
                return {**others, "a": pair[0], "b": pair[1]}
    return arguments


def region(value: object) -> object:
    """Return a region as its four sides, however it is written (see `units.coordinates`)."""
    return coordinates(cast("Any", value))


def pages(value: object) -> object:
    """Return pages as text: one number, a list of them, or all."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    if isinstance(value, str):
        plain = value.strip().removeprefix("[").removesuffix("]")
        return "" if plain.casefold() == "all" else plain
    return value


def span(value: object) -> object:
    """Return a first and a last as text: one number, a list of two, or both by name."""
    named = _named(value)
    for keys in (("first", "last"), ("start", "end"), ("from", "to")):
        if set(named) == set(keys):
            value = [named[key] for key in keys]
    if isinstance(value, str):
        value = re.sub(r"\s+to\s+", "-", value.strip().removeprefix("[").removesuffix("]").replace(",", "-"))
    if isinstance(value, list):
        return "-".join(map(str, cast("list[object]", value)))
    return pages(value)


def listed(value: object) -> object:
    """Return a list where one text or object is given."""
    return [value] if isinstance(value, str) or _named(value) else value


def text(value: object) -> object:
    """Return a text where a number is given, or a text in an object of its own."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    named = _named(value)
    return named["text"] if set(named) == {"text"} else value


def _named(value: object) -> Mapping[str, object]:
    """Return an object as such, an empty one for anything else."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def alone(value: object) -> object:
    """Return the one text of a list that holds no other."""
    some: list[object] = cast("list[object]", value) if isinstance(value, list) else [value]
    return some[0] if len(some) == 1 else some


def texts(value: object) -> object:
    """Return a list of texts where one text is given, or numbers stand in it."""
    some = listed(value)
    if not isinstance(some, list):
        return some
    return [text(one) for one in cast("list[object]", some)]


_UNIT = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*(?:px|pixels?|°|deg(?:rees)?|x|×)\s*")
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")


def number(value: object) -> object:
    """Return a number that is written with its unit: `800px`, `90°`, `2x`."""
    found = _UNIT.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else value


def zoom(value: object) -> object:
    """Return a factor that may be written as percent."""
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return float(found[1]) / 100 if found else number(value)


def factor(value: object) -> object:
    """Return a factor as a number where it is one, however it is written."""
    found = zoom(value)
    try:
        return float(found) if isinstance(found, str) else found
    except ValueError:
        return found


def percent(value: object) -> object:
    """Return a percentage that may be written with its sign."""
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else value


def size(value: object) -> object:
    """Return a width and a height as `WIDTHxHEIGHT`."""
    named = _named(value)
    if set(named) == {"width", "height"}:
        value = [named["width"], named["height"]]
    if isinstance(value, list):
        return "x".join(map(str, cast("list[object]", value)))
    if isinstance(value, str):
        return re.sub(r"\s*[x×*]\s*", "x", value.strip().casefold()).removesuffix("px")
    return value


def word(words: Sequence[str], meant: Mapping[str, str] | None = None) -> Callable[[object], object]:
    """Return what finds one of some words however it is spelt, or called otherwise."""

    def found(value: object) -> object:
        if not isinstance(value, str):
            return value
        plain = _plain(value)
        known = {_plain(one): one for one in words} | {_plain(one): to for one, to in (meant or {}).items()}
        return known.get(plain, value)

    return found


def _plain(text: str) -> str:
    return text.strip().casefold().replace("-", "").replace("_", "").replace(" ", "")
