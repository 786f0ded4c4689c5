"""Budgets of a conversation: how many pictures, bytes and picture tokens are sent again with every request.

Pure functions for both Responses items and chat messages. Nothing is removed: calls, outputs and reasoning
stay where they are, and a sentence replaces a picture or file that is dropped. A budget never affects items
added since the model's last item, or attachments of the user for the task that the model is working on.

The list is processed in the order of the conversation, and the budgets are applied after each turn as they
were then. The result is therefore the same whether the entire conversation is trimmed for each request or the
last trimmed list is continued; and between two cuts, every request starts like the one before, as prompt
caches require.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast, get_args

from imagebridge.facts.models import Detail, family
from imagebridge.providers.registry import receiver_of
from imagebridge.wire import JsonObject

from .attachments import (
    Attachment,
    StandIn,
    again,
    attachments,
    by_model,
    by_user,
    gone,
    is_call,
    listed,
    places,
    replaced,
)

T = TypeVar("T")

_UNKNOWN = (2048, 2048)
"""The size assumed for a picture if the request does not reveal it: the maximum that any model sees at `high`."""


def replace_images(items: Iterable[T], sentence: str) -> list[T]:
    """Return `items` with `sentence` in place of every picture, for Responses items and chat messages.

    Use it for a request that was refused because of a picture: pass the items that may contain it. Files
    are kept, as are screenshots of computer use. `items` is not changed, and a second replacement has no effect.

    Args:
        items: items of Responses or messages of Chat Completions.
        sentence: the text that replaces each picture.

    Raises:
        TypeError: `items` is not a list of items or messages, or `sentence` is not a string.
    """
    if not isinstance(sentence, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
        raise TypeError(f"sentence must be a string, not {type(sentence).__name__}")
    item_list = listed(items)
    pictures = (one for one in attachments(item_list) if one.kind == "picture")
    return cast(
        "list[T]", replaced(item_list, {(one.item, one.part): one.text(sentence) for one in pictures})
    )


def trim(
    items: Iterable[T],
    *,
    max_pictures: int | None = 8,
    max_bytes: int | None = 40_000_000,
    max_tokens: int | None = None,
    keep: float = 0.5,
    model: str | None = None,
) -> list[T]:
    """Return `items` within budgets, with the least recently used pictures replaced by a sentence that describes them.

    A picture or file that is already shown is not sent again: a sentence refers to the first one, which then
    counts as used. For a `model` that accepts prompt cache breakpoints, the last sentence of each cut carries
    one, because the next cut changes nothing before it.

    `items` is not changed. `trim(trim(items)) == trim(items)`, and `trim(trim(items) + more)` is
    `trim(items + more)` if `items` ends with a turn. Call it before each request, or on the stored conversation.
    Everything after the model's last item counts as not yet answered, so add the outputs of a response after
    all of its items. The user's message counts as answered once the model replies without a call.

    Args:
        items: items of Responses or messages of Chat Completions.
        max_pictures: the maximum number of pictures; None for no limit.
        max_bytes: the maximum number of bytes of pictures and files as they are sent (base64); None for no limit.
        max_tokens: the maximum number of tokens for pictures, as `model` counts them; a picture whose size is not known
            from the request counts as 2048x2048 pixels. None for no limit.
        keep: the fraction of a budget to cut down to once it is exceeded, so that the start of the requests
            stays the same until the next cut.
        model: the model that the items are sent to. None: any.

    Raises:
        TypeError: `items` is not a list of items or messages.
        ValueError: a budget is negative, or `keep` is not between 0 and 1.
    """
    item_list = listed(items)
    budgets = {"max_pictures": max_pictures, "max_bytes": max_bytes, "max_tokens": max_tokens}
    replay = _Replay(_limits(budgets, keep), model)
    upcoming_places = places(item_list)
    upcoming = next(upcoming_places, None)
    for end, answered, task in _turns(item_list):
        while upcoming is not None and upcoming.item < end:
            replay.meet(upcoming)
            upcoming = next(upcoming_places, None)
        replay.cut(answered, task)
    return cast("list[T]", replaced(item_list, replay.changes))


@dataclass(frozen=True, slots=True)
class _Limit:
    """A budget: the maximum, and the amount left after a cut."""

    name: str
    most: int
    left: int


def _limits(budgets: Mapping[str, int | None], keep: float) -> list[_Limit]:
    if not 0 <= keep <= 1:
        raise ValueError(f"keep must be a fraction from 0 to 1, not {keep}")
    for name, most in budgets.items():
        if most is not None and most < 0:
            raise ValueError(f"{name} must be a number, 0 or more, or None for no limit; not {most}")
    return [_Limit(name, most, int(most * keep)) for name, most in budgets.items() if most is not None]


def _turns(items: Sequence[object]) -> Iterator[tuple[int, int, frozenset[int]]]:
    """Yield the end of each turn (the model's turns and those between them), and the items that are open at that point.

    The open items are those from an index on, which the model has not answered, and the user's messages about
    the task that it is working on, until it answers without a call.
    """
    start = 0
    task: set[int] = set()
    for at in range(1, len(items) + 1):
        model = by_model(items[start])
        if at < len(items) and by_model(items[at]) == model:
            continue
        turn = range(start, at)
        if not model:
            task |= {index for index in turn if by_user(items[index])}
        elif not any(is_call(items[index]) for index in turn):
            task = set()
        yield at, at if model else start, frozenset(task)
        start = at


@dataclass(slots=True)
class _ShownAttachment:
    """An attachment that is shown, the items that use it, and the amount that it uses of each budget."""

    attachment: Attachment
    users: list[int]
    counts: Mapping[str, int]


@dataclass(slots=True)
class _Replay:
    """The conversation so far: the attachments shown, by content, least recently used first, and those replaced."""

    limits: Sequence[_Limit]
    model: str | None
    shown: dict[object, _ShownAttachment] = field(default_factory=dict[object, _ShownAttachment])
    named: dict[str, Attachment] = field(default_factory=dict[str, Attachment])
    changes: dict[tuple[int, int], JsonObject] = field(default_factory=dict[tuple[int, int], JsonObject])

    def meet(self, one: Attachment | StandIn) -> None:
        """Show an attachment, or refer to where it is already shown."""
        target = self.named.get(one.refers) if isinstance(one, StandIn) else one
        if target is None:
            return
        identity = target.identity
        if earlier := self.shown.pop(identity, None):
            earlier.users.append(one.item)
            self.shown[identity] = earlier
            if isinstance(one, Attachment):
                self.changes[one.item, one.part] = one.text(again(earlier.attachment))
            return
        here = target.at(one) if isinstance(one, StandIn) else one
        if isinstance(one, StandIn):
            # With smaller budgets than last time, the picture that it refers to was dropped before it was used here.
            self.changes[one.item, one.part] = dict(target.fields)
        self.shown[identity] = _ShownAttachment(here, [one.item], self._counts(here))
        self.named |= dict.fromkeys(filter(None, (one.label, one.handle)), here)

    def _counts(self, one: Attachment) -> dict[str, int]:
        picture = one.kind == "picture"
        counts = {"max_pictures": int(picture), "max_bytes": len(one.url) if one.is_data else 0}
        # Only now, because the picture has to be examined.
        if picture and any(limit.name == "max_tokens" for limit in self.limits):
            detail = one.source.detail
            known = detail if detail in get_args(Detail) else "auto"
            receiver = receiver_of(one.wire, self.model)
            counts["max_tokens"] = receiver.seen(*(one.pixels or _UNKNOWN), cast("Detail", known)).tokens
        return counts

    def cut(self, answered: int, task: frozenset[int]) -> None:
        """Reduce what exceeds the budgets as far as possible, but keep all used from item `answered` on or in `task`."""
        over = [limit for limit in self.limits if self._sum(limit.name) > limit.most]
        dropped: list[Attachment] = []
        for identity, one in list(self.shown.items()):
            over = [limit for limit in over if self._sum(limit.name) > limit.left]
            free = one.users[-1] < answered and task.isdisjoint(one.users)
            if free and any(one.counts.get(limit.name) for limit in over):
                del self.shown[identity]
                dropped.append(one.attachment)
        for one in dropped:
            self.changes[one.item, one.part] = one.text(gone(one))
        if dropped and self.model and family(self.model).cache_breakpoints:
            last = max((one.item, one.part) for one in dropped)
            self.changes[last] = {**self.changes[last], "prompt_cache_breakpoint": {"mode": "explicit"}}

    def _sum(self, name: str) -> int:
        return sum(one.counts.get(name, 0) for one in self.shown.values())
