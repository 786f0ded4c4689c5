"""Counts the kinds of results that reach a model as intended, with a hand-written loop and with `Bridge`."""

import pytest
from compat.report import PAGE, written
from kinds_seen import by_hand, is_right
from mcp import StdioServerParameters
from mcp.types import CallToolResult
from relaying import ENVIRONMENT, KINDS
from servers import kinds

from imagebridge import Bridge

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]


def of_frameworks():
    """Yield each framework that the page about compatibility has alone, and how many are right with imagebridge at best."""
    right = {at: int(said[0]) for at, said in written(PAGE.read_text("utf-8")).items() if said[0].isdigit()}
    for (name, how), count in right.items():
        if how == "alone":
            yield name, count, max(right.get((name, way), 0) for way in ("relay", "adapter"))


async def test_what_arrives_of_every_kind(measured, plotted):
    server = StdioServerParameters(command=KINDS[0], args=KINDS[1:], env=ENVIRONMENT)
    right = {"kinds ours": 0, "kinds by hand": 0}
    async with Bridge(server) as bridge:
        for name, result in kinds.KINDS.items():
            right["kinds ours"] += is_right(name, (await bridge.answer(name, {})).parts)
            right["kinds by hand"] += is_right(name, by_hand(CallToolResult.model_validate(result())))
    for key, count in right.items():
        measured(key, count)
    pairs = [("by hand", right["kinds by hand"], right["kinds ours"]), *of_frameworks()]
    plotted(
        "kinds",
        [
            {"series": series, "x": name, "y": count}
            for name, *counts in pairs
            for series, count in zip(("alone", "with imagebridge"), counts, strict=True)
        ],
    )
