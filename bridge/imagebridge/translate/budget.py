"""Budgets of one result: size and detail are reduced first; entire pictures are left out only as a last resort.

Pure arithmetic on what the model would see; nothing is encoded here.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from imagebridge.facts.models import Detail

from .receiver import Receiver
from .vision import Seen

_SIDE = 64
"""A token budget never shrinks a picture below this many pixels on its longer side: a smaller one shows too little."""

_BYTES = 2_000
"""A byte budget never compresses a picture below this many bytes."""


class Plan(NamedTuple):
    """How to show one picture: the detail, and what the model sees at that detail."""

    detail: Detail
    seen: Seen


def within_tokens(plans: Sequence[Plan], receiver: Receiver, limit: int) -> list[Plan | None]:
    """Return smaller plans that together take at most `limit` tokens; None for a picture that is left out.

    The most expensive picture shrinks first, step by step. When nothing can shrink further, the last picture is left out.
    """
    plans_left: list[Plan | None] = list(plans)
    while sum(plan.seen.tokens for plan in plans_left if plan) > limit:
        costliest = max(
            (at for at, plan in enumerate(plans_left) if plan), key=lambda at: _tokens(plans_left[at])
        )
        smaller = _smaller(plans_left[costliest], receiver)
        if smaller:
            plans_left[costliest] = smaller
        else:
            plans_left[max(at for at, plan in enumerate(plans_left) if plan)] = None
    return plans_left


def _tokens(plan: Plan | None) -> int:
    return plan.seen.tokens if plan else 0


def _smaller(plan: Plan | None, receiver: Receiver) -> Plan | None:
    """Return the next cheaper plan: seven tenths of each side, finally the detail `low`; None if there is no cheaper one."""
    if plan is None:
        return None
    view = plan.seen
    width, height = max(1, int(view.width / sqrt(2))), max(1, int(view.height / sqrt(2)))
    if max(width, height) >= _SIDE:
        scaled = Plan(plan.detail, receiver.seen(width, height, plan.detail))
        if scaled.seen.tokens < view.tokens:
            return scaled
    low = Plan("low", receiver.seen(view.width, view.height, "low"))
    return low if low.seen.tokens < view.tokens else None


def within_bytes(sizes: Sequence[int], limit: int) -> list[int | None]:
    """Return how many bytes each picture may use so that together they fit `limit`; None for one that is left out.

    Small pictures keep their size; the large ones share the rest evenly.
    """
    count = len(sizes)
    while count:
        share = _share(sizes[:count], limit)
        if share >= min(_BYTES, max(sizes[:count])):
            return [min(size, share) for size in sizes[:count]] + [None] * (len(sizes) - count)
        count -= 1
    return [None] * len(sizes)


def _share(sizes: Sequence[int], limit: int) -> int:
    """Return the largest cap with which the capped sizes together fit `limit`."""
    left = limit
    for at, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - at)
        if size > share:
            return share
        left -= size
    return max(sizes)
