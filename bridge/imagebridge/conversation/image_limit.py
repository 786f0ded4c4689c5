"""Drops the oldest pictures of a request if only a certain number is allowed. Pure."""

from collections.abc import Iterator, Sequence
from typing import cast

from imagebridge.conversation.attachments import Attachment, attachments, replaced
from imagebridge.translate.sentences import not_shown
from imagebridge.wire import Item

from .long_outputs import is_output


def pictures(items: Sequence[Item]) -> list[Attachment]:
    """Return the pictures among the items, the oldest first."""
    return [one for one in attachments(items) if one.kind == "picture"]


def within(items: list[Item], most: int, *, own: int, fresh: int) -> list[Item]:
    """Return the items with at most that many pictures, if possible; unchanged items are the same objects.

    Pictures from tools in earlier turns are dropped first, then those from the caller, before index `own`, then the oldest
    that are new to the model, from index `fresh` on. Only pictures that the caller has just sent are always kept.
    """
    shown_pictures = pictures(items)
    ours = [one for one in shown_pictures if one.item >= own or is_output(items[one.item])]
    if len(shown_pictures) <= most or not ours:
        return items
    gone = list(_order(shown_pictures, ours, fresh))[: len(shown_pictures) - most]
    amount = "1 picture" if most == 1 else f"{most} pictures"
    why = f"the API accepts at most {amount} per request, and newer ones are shown"
    changes = {(one.item, one.part): one.text(not_shown(one.description, why)) for one in gone}
    return cast("list[Item]", replaced(items, changes))


def _order(shown_pictures: list[Attachment], ours: list[Attachment], fresh: int) -> Iterator[Attachment]:
    older = [one for one in shown_pictures if one.item < fresh]
    known = {id(one) for one in ours}
    yield from (one for one in older if id(one) in known)
    yield from (one for one in older if id(one) not in known)
    yield from (one for one in shown_pictures if one.item >= fresh)
