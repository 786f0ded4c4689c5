"""The order of the calls of one response: what a call may have changed, the next one on that server sees. Pure."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """Where a call runs.

    server: calls on different servers never wait for each other.
    beside: whether the call may run beside neighbours on its server that may too: tools that only read, and
        all tools of a server that keeps no state.
    """

    server: Hashable
    beside: bool


def after(lanes: Sequence[Lane | None]) -> list[list[int]]:
    """Return for each call, by its place, those that have to end before it begins.

    A call without a lane reaches no server: it waits for none, and none waits for it.
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
