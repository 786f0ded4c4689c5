"""The order of the calls of one response: each call sees what an earlier one on its server may have changed. Pure."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """Where a call runs.

    server: calls on different servers never wait for each other.
    beside: whether the call may run concurrently with adjacent calls on its server that also may: tools that
        only read, and all tools of a stateless server.
    """

    server: Hashable
    beside: bool


def after(lanes: Sequence[Lane | None]) -> list[list[int]]:
    """Return, for each call, the indices of the calls that must finish before it starts.

    A call without a lane is not sent to any server: it does not wait for other calls, and they do not wait for it.
    """
    ended: dict[Hashable, list[int]] = {}
    running: dict[Hashable, list[int]] = {}
    earlier: list[list[int]] = []
    for at, lane in enumerate(lanes):
        if lane is None:
            earlier.append([])
            continue
        beside = running.get(lane.server, [])
        if lane.beside and beside and _may(lanes[beside[-1]]):
            beside.append(at)
        else:
            ended[lane.server], running[lane.server] = beside, [at]
        earlier.append(ended[lane.server])
    return earlier


def _may(lane: Lane | None) -> bool:
    return lane is not None and lane.beside
