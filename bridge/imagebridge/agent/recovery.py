"""What a refused request is changed into, so that one picture or too much history never ends a conversation. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, cast

from imagebridge.rules import Body, broken
from imagebridge.rules.pictures import PICTURES
from imagebridge.translate.sentences import not_shown
from imagebridge.translate.wire import JSON, is_json, is_list, text_of

from .client import BROKEN
from .events import Item

if TYPE_CHECKING:
    from imagebridge.rules import Api as ApiName

_SHOWN = {"input_image": "picture", "image_url": "picture", "input_file": "file", "file": "file"}
"""Parts that a request may be refused for, and what they are called."""
_ASKED = ("user", "system", "developer", "tool")
"""Roles of messages that the model has not written."""

# Codes of `ResponseError` (openai 3.54, types/responses/response_error.py) and live messages (2026-11-22).
_PICTURE = re.compile(
    r"image|picture|input_file|\bpdf\b|file_data|\binput\[\d+\]\.(?:output|content)\[\d+\]", re.IGNORECASE
)
_SIZE = re.compile(
    r"context.{0,3}(?:length|window)|maximum context|(?:input|prompt) is too long|(?:request|payload|body)"
    r"(?: entity| body)? (?:is )?too large|too many (?:input )?tokens",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?:input|messages)\[(\d+)\](?:\.(?:output|content)\[(\d+)\])?")
_TRANSIENT = (BROKEN, "server_error", "rate_limit_exceeded")
_GROUPS = 4
"""Groups of suspects that are tried one after the other: at most so many requests that are refused once more."""

Fault = Literal["picture", "size", "stream"]


class Trim(Protocol):
    """Makes a conversation smaller: replaces the oldest pictures by sentences, never those not answered yet."""

    def __call__(self, items: list[Item], *, max_pictures: int) -> list[Item]:
        """Return the items with `max_pictures` at most, as far as that can be."""
        ...


class Place(NamedTuple):
    """Where a picture or file stands: the index of its item, and of its part in that item."""

    item: int
    part: int


class Change(NamedTuple):
    """What is sent instead, and why, in words for the user."""

    items: list[Item]
    why: str


def fault(status: int | None, code: str | None, text: str) -> Fault | None:
    """Tell what an error of the API is about: a picture (or file), too much of everything, a broken stream.

    `status` is None for a response that failed after it had begun: then its code alone tells, for the text
    may be the model's.
    """
    if status is None:
        text = ""
        if code in _TRANSIENT:
            return "stream"
    if status == 413 or code == "context_length_exceeded":
        return "size"
    if status not in (None, 400, 415, 422):
        return None
    if _SIZE.search(text):
        return "size"
    return "picture" if _PICTURE.search(f"{code or ''} {text}") else None


class Recovery:
    """The changes to one request that was refused, one after the other.

    items: what was sent. own: index of the first item that the run itself added; pictures before it that
    are not in an output are the caller's, and an error about those is the caller's to see. retries: how
    often a broken stream is asked for again.
    """

    def __init__(
        self, items: list[Item], own: int, *, model: str, api: "ApiName", retries: int, trim: Trim
    ) -> None:
        self._own = own
        self._model = model
        self._api: ApiName = api
        self._retries = retries
        self._trim = trim
        self._guesses: Iterator[Change] | None = None
        self.items = items
        """What is to be sent now."""
        self._given = items

    def change(self, kind: Fault | None, text: str) -> str | None:
        """Change `items` after an error; return why, or None where nothing is left to change.

        It may decode pictures, which takes time: call it in a thread.
        """
        match kind:
            case "stream" if self._retries > 0:
                self._retries -= 1
                return text
            case "size":
                found = self._smaller(text)
            case "picture":
                found = self._refused(text)
            case _:
                found = None
        if found is None:
            # Without a picture it is refused as well: the pictures were not to blame.
            self.items = self._given if kind in ("picture", "size") else self.items
            return None
        self.items = found.items
        return found.why

    def _smaller(self, text: str) -> Change | None:
        """Half of the older pictures give way, then those of the newest outputs."""
        before = len(attachments(self.items))
        fewer = self._trim(self.items, max_pictures=before // 2)
        if (left := len(attachments(fewer))) < before:
            return Change(fewer, f"{_pictures(before - left)} of older turns left out: {text}")
        if newest := self._newest(self.items):
            sentence = f"the request was too large with it: {text}"
            return Change(
                replaced(self.items, newest, sentence),
                f"{_pictures(len(newest))} of this turn left out: {text}",
            )
        return None

    def _refused(self, text: str) -> Change | None:
        """The picture that is to blame gives way: the one that the error names, or else the surest guess."""
        if named := _named(text, attachments(self.items)):
            theirs = not all(self._ours(self.items, place) for place in named)
            return None if theirs else self._without(self.items, named, text, sure=True)
        if self._guesses is None:
            self._guesses = self._guessed(text)
        return next(self._guesses, None)

    def _guessed(self, text: str) -> Iterator[Change]:
        """Yield the items without those that may be to blame: by our rules, by trying, at last without all of them."""
        items = self.items
        newest = self._newest(items)
        tried: list[list[Place]] = [[]]
        size = -(-len(newest) // _GROUPS) or 1
        groups = [newest[start : start + size] for start in range(0, len(newest), size)]
        everything = [place for place in attachments(items) if self._ours(items, place)]
        against = self._against_rules(newest)
        for suspects in (against, *groups, newest, everything):
            if suspects not in tried:
                tried.append(suspects)
                sure = suspects is against or len(newest) == 1
                yield self._without(items, suspects, text, sure=sure)

    def _without(self, items: list[Item], places: list[Place], text: str, *, sure: bool) -> Change:
        told = "the API refused it" if sure else "the API refused a picture here, perhaps this one"
        made = replaced(items, places, f"{told}: {text}")
        return Change(made, f"{_pictures(len(places))} held back: {text}")

    def _against_rules(self, places: list[Place]) -> list[Place]:
        """Return those that our own rules of what the API takes refuse, every picture decoded."""
        if not places:
            return []
        first = places[0].item
        name = "input" if self._api == "responses" else "messages"
        body = Body({"model": self._model, name: self.items[first:]}, self._api)
        paths = " ".join(violation.path for violation in broken(body, PICTURES))
        found = {(int(item) + first, int(part)) for item, part in _PLACE.findall(paths) if part}
        return [place for place in places if place in found]

    def _newest(self, items: list[Item]) -> list[Place]:
        """Return the pictures that the model has not answered yet."""
        start = fresh(items)
        return [place for place in attachments(items) if place.item >= start and self._ours(items, place)]

    def _ours(self, items: list[Item], place: Place) -> bool:
        return place.item >= self._own or _is_output(items[place.item])


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _is_output(item: JSON) -> bool:
    return text_of(item, "type").endswith("_output") or item.get("role") == "tool"


def fresh(items: Sequence[JSON]) -> int:
    """Return the index behind the last item that the model wrote: what follows is new to it."""
    for index in range(len(items) - 1, -1, -1):
        if not _is_output(items[index]) and items[index].get("role") not in _ASKED:
            return index + 1
    return 0


def _parts(item: JSON) -> tuple[str, Sequence[object]]:
    for name in ("output", "content"):
        if is_list(parts := item.get(name)):
            return name, parts
    return "content", ()


def attachments(items: Sequence[JSON]) -> list[Place]:
    """Return where pictures and files stand, in order; of either API."""
    return [
        Place(at, index)
        for at, item in enumerate(items)
        for index, part in enumerate(_parts(item)[1])
        if is_json(part) and part.get("type") in _SHOWN
    ]


def urls(items: Sequence[JSON]) -> set[str]:
    """Return the URLs of the pictures."""
    found: set[str] = set()
    for place in attachments(items):
        part = cast("JSON", _parts(items[place.item])[1][place.part])
        url = part.get("image_url")
        found.add(text_of(url, "url") if is_json(url) else text_of(part, "image_url"))
    return found


def replaced(items: list[Item], places: Sequence[Place], why: str) -> list[Item]:
    """Return the items with a sentence in place of each of these parts. Items that stay are the same objects."""
    made = list(items)
    for place in places:
        name, parts = _parts(made[place.item])
        part = cast("JSON", parts[place.part])
        kind = text_of(part, "type")
        text = not_shown(f"a {_SHOWN[kind]}", " ".join(why.split())[:300])
        told = {"type": "input_text" if kind.startswith("input_") else "text", "text": text}
        made[place.item] = {
            **made[place.item],
            name: [*parts[: place.part], told, *parts[place.part + 1 :]],
        }
    return made


def fewer(items: list[Item], *, max_pictures: int) -> list[Item]:
    """Return the items with the oldest pictures and files replaced; those new to the model stay. See `Trim`."""
    places = attachments(items)
    start = fresh(items)
    excess = len(places) - max_pictures
    old = [place for place in places if place.item < start][: max(excess, 0)]
    return replaced(items, old, "left out to keep the conversation small; call the tool again to see it")


def _named(text: str, places: list[Place]) -> list[Place]:
    """Return the places that an error names, as in `input[3].output[1].image_url`."""
    found: list[Place] = []
    for item, part in _PLACE.findall(text):
        found += [
            place
            for place in places
            if place.item == int(item) and (not part or place.part == int(part)) and place not in found
        ]
    return found
