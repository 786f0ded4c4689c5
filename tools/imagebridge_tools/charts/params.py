"""Renames params of a spec whose names clash with those of the drawing engine."""

import re
from collections.abc import Iterator, Mapping

from imagebridge_tools.tool_output import JsonValue

from .spec_views import SpecView, listed, mapping, views

_KEPT = frozenset({"width", "height", "padding", "autosize", "background"})
"""Signals of every Vega chart (6.2, 2026-11-29): a param with one of these names would set the size of the picture."""

EXPRESSIONS = ("calculate", "filter", "test", "expr", "labelExpr", "and", "or", "not")
"""The keys of a spec that contain expressions."""

_LITERAL = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""


def renamed(spec: SpecView) -> SpecView:
    """Return a spec without params whose names clash with Vega signals."""
    names = {
        name: f"{name}_param" for _, view in views(spec) for name in _parameter_names(view) if name in _KEPT
    }
    if not names:
        return spec
    word = re.compile(rf"{_LITERAL}|(?<![\w$.])(?P<name>{'|'.join(names)})(?![\w$]|\s*:)")

    def expression(text: str) -> str:
        return word.sub(lambda found: names.get(found["name"] or "", found[0]), text)

    def replaced(value: JsonValue, key: str, above: str) -> JsonValue:
        if isinstance(value, Mapping):
            return {
                inner: part if inner in ("values", "datasets") else replaced(part, inner, key)
                for inner, part in value.items()
            }
        if isinstance(value, list | tuple):
            return [replaced(part, key, above) for part in value]
        if not isinstance(value, str):
            return value
        if key == "param" or (key == "name" and above == "params"):
            return names.get(value, value)
        return expression(value) if key in EXPRESSIONS else value

    return mapping(replaced(spec, "", ""))


def _parameter_names(view: SpecView) -> Iterator[str]:
    for part in listed(view.get("params")):
        yield str(mapping(part).get("name"))
    for part in listed(view.get("transform")):  # An extent creates one.
        yield str(mapping(part).get("param"))
