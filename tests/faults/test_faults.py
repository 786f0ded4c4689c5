"""A short run of the command that makes calls fail (__main__.py)."""

import pytest

pytest.importorskip("mcp.client", reason="connections need mcp 2")

from faults.__main__ import tried


@pytest.mark.long
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_every_call_is_answered_once_and_nothing_grows(backend):
    tried(1_000, 5, backend)
