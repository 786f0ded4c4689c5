"""Long tables of similar cases: every run tries some of their rows, and the long run tries the others."""

import pytest


def one_in(number, rows):
    """Return all rows of a table for `parametrize`, of which only one in so many runs each time: the first, and so on."""
    return [row if not at % number else _long(row) for at, row in enumerate(rows)]


def _long(row):
    values = row if isinstance(row, tuple) else (row,)
    return pytest.param(*values, marks=pytest.mark.long)
