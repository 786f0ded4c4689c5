"""How many pictures a request may hold, as a server says when there were too many: the oldest give way. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import cast

from imagebridge.conversation.attachments import Attachment, attachments, replaced
from imagebridge.translate.sentences import not_shown
from imagebridge.wire import Item

from .long_outputs import is_output

# Live messages (2026-11-29): vLLM, LMDeploy, xinference, VS Code's models, OpenAI, Anthropic, Bedrock.
_NUMBERS = {
    "a single": 1, "single": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10,
}  # fmt: skip
_NUMBER = rf"(?P<number>\d[\d,]{{0,11}}|{'|'.join(_NUMBERS)})"
_FIGURE = r"(?P<number>\d[\d,]{0,11})"
_PICTURES = r"(?:input |more )?(?:image|picture|photo)(?:_url)?s?\b"
_LIMIT = r"(?:at most|up to|max(?:imum)?|(?:no|not) more than|more than|(?:fewer|less) than|only|limit(?:ed)?|supports?|accepts?|allow(?:s|ed)?|exceed(?:s|ed)?)"
_UNIT = r"(?!\s*(?:[kmg]i?b\b|bytes|px\b|pixels|tokens|megapixels|channels?\b|%|x\s*\d|[.]\d))"
_LIMITS = (
    re.compile(rf"{_LIMIT}[^\d.;]{{0,30}}?\b{_NUMBER}\s*(?:\(\d+\)\s*)?{_PICTURES}", re.IGNORECASE),
    re.compile(rf"\bimages?\s*[=:]\s*{_NUMBER}\b", re.IGNORECASE),
    re.compile(rf"{_PICTURES}(?:\(s\))?[^.;]{{0,60}}?(?:{_LIMIT}|[<>])[^\d;]{{0,25}}?\b{_FIGURE}\b{_UNIT}", re.IGNORECASE),
    re.compile(rf"{_LIMIT}[^.;]{{0,40}}?{_PICTURES}[^\d.;]{{0,25}}?\b{_FIGURE}\b{_UNIT}", re.IGNORECASE),
)  # fmt: skip
"""Wordings in which the number stands beside the pictures."""
_MANY = re.compile(
    rf"(?:too many|number of) {_PICTURES}|{_PICTURES} (?:count|limit)|image_?count|(?:multiple|several) {_PICTURES}"
    rf"|images exceed|images\W+array too long|at most \d+ items.*\bimages|\d+ {_PICTURES} (?:were|was|are|is)\b"
    rf"|(?:received|got|sent|provided|contains|has) \d+ {_PICTURES}",
    re.IGNORECASE,
)
"""What says that it is their number which is wrong."""
_ALLOWED = (
    re.compile(rf"(?:{_LIMIT}|[<>]=?)[^\d]{{0,30}}?\b{_FIGURE}\b{_UNIT}", re.IGNORECASE),
    re.compile(rf"\b{_FIGURE}\s+(?:(?:is|are)\s+)?(?:allowed|supported|accepted|permitted)\b", re.IGNORECASE),
)
"""Where the number stands then, anywhere in the text."""
_NOT_MANY = re.compile(rf"(?:multiple|several) {_PICTURES}", re.IGNORECASE)
_BELOW = re.compile(r"(?:(?:fewer|less) than|<)[^\w=]*$", re.IGNORECASE)


def limit(text: str, count: int) -> int | None:
    """Return how many pictures a refusal allows, of `count` that were sent; None where it is not about their number.

    A number that is not below `count` is another thing's. Without one it is half of them.
    """
    if count < 2:
        return None
    about = bool(_MANY.search(text))
    for pattern in (*_LIMITS, *(_ALLOWED if about else ())):
        for match in pattern.finditer(text):
            digits = match["number"].lower().replace(",", "")
            number = int(digits) if digits.isdecimal() else _NUMBERS[digits]
            number -= bool(_BELOW.search(text[: match.start("number")]))
            if 0 < number < count:
                return number
    if _NOT_MANY.search(text):
        return 1
    return count // 2 if about else None


def pictures(items: Sequence[Item]) -> list[Attachment]:
    """Return the pictures among the items, the oldest first."""
    return [one for one in attachments(items) if one.kind == "picture"]


def within(items: list[Item], most: int, *, own: int, fresh: int) -> list[Item]:
    """Return the items with at most so many pictures, if it can be; items that stay are the same objects.

    What tools showed in earlier turns goes first, then what the caller sent, before index `own`, and of what is
    new to the model, from index `fresh` on, the oldest. What the caller has just sent, and nothing else, stays.
    """
    shown_pictures = pictures(items)
    ours = [one for one in shown_pictures if one.item >= own or is_output(items[one.item])]
    if len(shown_pictures) <= most or not ours:
        return items
    gone = list(_order(shown_pictures, ours, fresh))[: len(shown_pictures) - most]
    why = f"the API takes {most} {'picture' if most == 1 else 'pictures'} in a request, and newer ones are shown"
    changes = {(one.item, one.part): one.text(not_shown(one.description, why)) for one in gone}
    return cast("list[Item]", replaced(items, changes))


def _order(shown_pictures: list[Attachment], ours: list[Attachment], fresh: int) -> Iterator[Attachment]:
    older = [one for one in shown_pictures if one.item < fresh]
    known = {id(one) for one in ours}
    yield from (one for one in older if id(one) in known)
    yield from (one for one in older if id(one) not in known)
    yield from (one for one in shown_pictures if one.item >= fresh)
