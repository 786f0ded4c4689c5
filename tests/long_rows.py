"""Long tables of similar cases: every run tries some of their rows, and the long run tries the others."""

import pytest


def one_in(number, rows):
    """Return all rows of a table for `parametrize`, of which only every nth runs each time, starting at the first."""
    return [row if not at % number else _long(row) for at, row in enumerate(rows)]


def _long(row):
    if isinstance(row, type(pytest.param())):
        return pytest.param(*row.values, marks=[*row.marks, pytest.mark.long], id=row.id)
    values = row if isinstance(row, tuple) else (row,)
    return pytest.param(*values, marks=pytest.mark.long)
