"""Numbers and labels as people write them."""

from imagebridge_tools.answer import Json


def label(cell: Json) -> str:
    """Return a cell in words."""
    if cell is None:
        return "(none)"
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return number(cell)
    return str(cell)


def number(value: float) -> str:
    """Return a number as people write it: 1,250 or 0.3."""
    if abs(value) >= 1e15:
        return f"{value:.6g}"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 100_000 else f"{value:,.6g}"
