"""A short run of the command that makes results and messages odd (__main__.py)."""

import pytest

pytest.importorskip("mcp.client", reason="the reading of JSON-RPC needs mcp 2")


@pytest.mark.parametrize("number", range(100))
def test_nothing_raises(number):
    from fuzz.__main__ import run

    run(17, number)
