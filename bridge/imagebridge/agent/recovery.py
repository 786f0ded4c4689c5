"""Changes a refused request so that one picture or too much history never ends a conversation. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from imagebridge.conversation.attachments import Attachment, attachments, by_model, replaced
from imagebridge.conversation.history import trim
from imagebridge.conversation.image_limit import pictures, within
from imagebridge.conversation.long_outputs import halved, is_output
from imagebridge.conversation.stated_limit import limit
from imagebridge.errors import short
from imagebridge.providers.provider import AttachmentKind
from imagebridge.providers.registry import provider
from imagebridge.rules import Body, broken
from imagebridge.rules.pictures import PICTURES
from imagebridge.translate.sentences import not_shown
from imagebridge.wire import JSON, Item

from .api_errors import FailureKind

if TYPE_CHECKING:
    from imagebridge.rules import Api

_PLACE = re.compile(r"(?:input|messages)\[(\d{1,9})\](?:\.(?:output|content)\[(\d{1,9})\])?")
_GROUPS = 4
"""The maximum number of groups of suspects to try in turn, each at the cost of one more refused request."""


class Remedy(NamedTuple):
    """The items to send instead, and the reason, worded for the user."""

    items: list[Item]
    why: str


class Recovery:
    """The successive changes to one refused request.

    items: the items that were sent. own: the index of the first item that the run added; earlier pictures that
    are not in an output are the caller's, and errors about them are left for the caller. retries: how
    often to retry a broken stream. before: how many messages precede the items in the request.
    """

    def __init__(
        self, items: list[Item], own: int, *, model: str, api: "Api", retries: int, before: int = 0
    ) -> None:
        self._own = own
        self._model = model
        self._api: Api = api
        self._retries = retries
        self._before = before
        self._guesses: Iterator[Remedy] | None = None
        self.items = items
        """The items to send now."""
        self._given = items
        self.most: int | None = None
        """The maximum number of pictures in a request, if the API stated it."""

    def change(self, kind: FailureKind | None, text: str, said: str | None = None) -> str | None:
        """Change `items` after an error; return the reason, or None if nothing is left to change.

        `said` is everything that the server stated, and `text` the part to report; `said` is None if they are
        the same. This may decode pictures, which takes time: call it in a thread.
        """
        if remedy := self._fewer(text, text if said is None else said):
            self.items = remedy.items
            return remedy.why
        match kind:
            case "stream" if self._retries > 0:
                self._retries -= 1
                return text
            case "size":
                remedy = self._smaller(text)
            case "picture":
                remedy = self._refused(text)
            case _:
                remedy = None
        if remedy is None:
            # It is refused without pictures too, so the pictures were not to blame.
            self.items = self._given if kind in ("picture", "size") else self.items
            self.most = None
            return None
        self.items = remedy.items
        return remedy.why

    def _smaller(self, text: str) -> Remedy | None:
        """Replace half of the content, from older turns if possible; then the content of the newest outputs."""
        before = list(attachments(self.items))
        fewer = trim(
            self.items,
            max_pictures=sum(one.kind == "picture" for one in before) // 2,
            max_bytes=sum(len(one.url) for one in before if one.is_data) // 2,
            keep=1,
        )
        if left_out := _kinds(before) - _kinds(attachments(fewer)):
            return Remedy(fewer, f"{_count_text(left_out)} from older turns left out: {text}")
        if newest := self._newest(self.items):
            items = _without(self.items, newest, f"it made the request too large: {text}")
            return Remedy(items, f"{_count_text(_kinds(newest))} from this turn left out: {text}")
        return self._shorter(text)

    def _shorter(self, text: str) -> Remedy | None:
        """Halve the texts of older outputs, repeatedly; then those of the newest."""
        start, why = fresh(self.items), short(text, 200)
        older, gone = halved(self.items[:start], why)
        items, where = [*older, *self.items[start:]], "from older turns"
        if not gone:
            newest, gone = halved(self.items[start:], why)
            items, where = [*older, *newest], "from this turn"
        return Remedy(items, f"{gone:,} characters of output {where} left out: {text}") if gone > 0 else None

    def _refused(self, text: str) -> Remedy | None:
        """Replace the cause of the error: the picture that it names, or the most likely one."""
        if named := _named_in_error(text, attachments(self.items), self._before):
            theirs = not all(self._ours(self.items, one) for one in named)
            return None if theirs else self._held_back(self.items, named, text, sure=True)
        if self._guesses is None:
            self._guesses = self._guessed(text)
        return next(self._guesses, None)

    def _fewer(self, text: str, said: str) -> Remedy | None:
        """Replace the oldest pictures if there were too many."""
        count = len(pictures(self.items))
        if (most := limit(said, count)) is None:
            return None
        fewer = within(self.items, most, own=self._own, fresh=fresh(self.items))
        if (gone := count - len(pictures(fewer))) < 1:
            return None
        self.most = most
        return Remedy(
            fewer,
            f"{_count_text(Counter[AttachmentKind]({'picture': gone}))} left out, the oldest first: {text}",
        )

    def replace(self, items: list[Item]) -> None:
        """Replace the items that were sent with others."""
        self.items = self._given = items

    def _guessed(self, text: str) -> Iterator[Remedy]:
        """Yield the items without suspect pictures: those that violate our rules, groups of them by trial, finally all."""
        items = self.items
        newest = self._newest(items)
        tried: list[list[Attachment]] = [[]]
        size = -(-len(newest) // _GROUPS) or 1
        groups = [newest[start : start + size] for start in range(0, len(newest), size)]
        everything = [one for one in attachments(items) if self._ours(items, one)]
        against = self._against_rules(newest)
        for suspects in (against, *groups, newest, everything):
            if suspects not in tried:
                tried.append(suspects)
                sure = suspects is against or len(newest) == 1
                yield self._held_back(items, suspects, text, sure=sure)

    def _held_back(self, items: list[Item], ones: list[Attachment], text: str, *, sure: bool) -> Remedy:
        reason = "the API refused it" if sure else "the API refused a picture here, perhaps this one"
        return Remedy(
            _without(items, ones, f"{reason}: {text}"), f"{_count_text(_kinds(ones))} held back: {text}"
        )

    def _against_rules(self, ones: list[Attachment]) -> list[Attachment]:
        """Return the pictures that our own rules for the API refuse, after decoding every picture."""
        if not ones:
            return []
        first = ones[0].item
        name = provider(self._api).items_field
        body = Body({"model": self._model, name: self.items[first:]}, self._api)
        paths = " ".join(violation.path for violation in broken(body, PICTURES))
        refused_places = {(int(item) + first, int(part)) for item, part in _PLACE.findall(paths) if part}
        return [attachment for attachment in ones if (attachment.item, attachment.part) in refused_places]

    def _newest(self, items: list[Item]) -> list[Attachment]:
        """Return the pictures that the model has not answered yet."""
        start = fresh(items)
        return [one for one in attachments(items) if one.item >= start and self._ours(items, one)]

    def _ours(self, items: list[Item], one: Attachment) -> bool:
        return one.item >= self._own or is_output(items[one.item])


def _kinds(ones: Iterable[Attachment]) -> "Counter[AttachmentKind]":
    return Counter(one.kind for one in ones)


def _count_text(kinds: "Counter[AttachmentKind]") -> str:
    return " and ".join(f"1 {kind}" if count == 1 else f"{count} {kind}s" for kind, count in kinds.items())


def fresh(items: Sequence[JSON]) -> int:
    """Return the index after the last item from the model: everything after it is new to the model."""
    return next((index + 1 for index in reversed(range(len(items))) if by_model(items[index])), 0)


def _without(items: list[Item], ones: Sequence[Attachment], why: str) -> list[Item]:
    """Return the items with each of these pictures replaced by a sentence. Unchanged items are the same objects."""
    why = short(why)
    changes = {(one.item, one.part): one.text(not_shown(one.description, why)) for one in ones}
    return cast("list[Item]", replaced(items, changes))


def _named_in_error(text: str, ones: Iterator[Attachment], before: int) -> list[Attachment]:
    """Return the pictures at positions that an error names, as in `input[3].output[1].image_url`."""
    named = {(int(item) - before, int(part) if part else None) for item, part in _PLACE.findall(text)}
    return [one for one in ones if not named.isdisjoint({(one.item, one.part), (one.item, None)})]
