"""Outputs too long for the model or the API: the beginning of their text stays, and a sentence states what is missing. Pure."""

from collections.abc import Sequence
from typing import cast

from imagebridge.wire import JSON, Item, is_json, is_list, text_of

SHORTEST = 2_000
"""The number of characters of a text that are always kept."""

_TEXTS = ("input_text", "text", "output_text")


def is_output(item: JSON) -> bool:
    """Return whether an item or message answers a call."""
    return text_of(item, "type").endswith("_output") or item.get("role") == "tool"


def halved(items: Sequence[Item], why: str) -> tuple[list[Item], int]:
    """Return the items with each long text of an output cut in half, and how many characters were removed."""
    halved_items = [_halved(item, why) if is_output(item) else item for item in items]
    return halved_items, sum(map(_length, items)) - sum(map(_length, halved_items))


def _holder(item: Item) -> str:
    return "output" if "output" in item else "content"


def _length(item: Item) -> int:
    held: object = item.get(_holder(item))
    if isinstance(held, str):
        return len(held)
    parts = held if is_list(held) else ()
    return sum(len(text_of(part, "text")) for part in parts if is_json(part))


def _halved(item: Item, why: str) -> Item:
    name = _holder(item)
    held: object = item.get(name)
    if isinstance(held, str):
        return item if len(held) <= SHORTEST else {**item, name: _cut_text(held, why)}
    if not is_list(held):
        return item
    parts = [_part_cut(part, why) for part in held]
    same = all(new is old for new, old in zip(parts, held, strict=True))
    return item if same else {**item, name: parts}


def _part_cut(part: object, why: str) -> object:
    if not is_json(part) or text_of(part, "type") not in _TEXTS or len(text_of(part, "text")) <= SHORTEST:
        return part
    return {**cast("Item", part), "text": _cut_text(text_of(part, "text"), why)}


def _cut_text(text: str, why: str) -> str:
    """Return the first half of a text, and a sentence that replaces an earlier one."""
    left = max(SHORTEST, len(text) // 2)
    return f"{text[:left].rstrip()}\n[cut here, {len(text) - left:,} characters left out: {why}]"
