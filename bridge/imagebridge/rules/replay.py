"""Rules about returned items that are sent back: they must be complete and unchanged, with none left out."""

import json
from collections.abc import Iterator, Sequence

from imagebridge.rules import sources
from imagebridge.rules.body import CALLS, Body, InputItem
from imagebridge.rules.rule import Breach, Rule
from imagebridge.wire import JSON, as_string

_OWN = ("type", "role", "content", "summary", "encrypted_content", "name", "namespace", "arguments", "input")
"""Fields that define an item; `id` and `status` may be left out."""


def _same(item: InputItem, original: JSON) -> bool:
    """Return whether `item` is the returned `original`, judging by its id, or by its call_id if it has no id."""
    if item.type != original.get("type"):
        return False
    if identity := as_string(item.fields.get("id")):
        return identity == original.get("id")
    return item.type in CALLS and item.fields.get("call_id") == original.get("call_id")


def _returned_items(body: Body) -> Iterator[tuple[InputItem, JSON, Sequence[JSON]]]:
    """Yield each item that was sent back, with the original and the complete response that contained it."""
    for item in body.items:
        for response in body.given:
            original = next((item_out for item_out in response if _same(item, item_out)), None)
            if original is not None:
                yield item, original, response
                break


def _whole(number: str) -> float | int:
    value = float(number)
    return int(value) if value.is_integer() else value


def _value(name: str, field: object) -> object:
    """Return the content of a field. Arguments are JSON, which SDKs rewrite, so its formatting does not matter."""
    if name != "arguments" or not isinstance(field, str):
        return field
    try:
        return json.dumps(json.loads(field, parse_float=_whole), sort_keys=True)
    except (ValueError, RecursionError):
        return field


def _altered(body: Body) -> Iterator[Breach]:
    for item, original, _ in _returned_items(body):
        changed = [
            name for name in _OWN if _value(name, item.fields.get(name)) != _value(name, original.get(name))
        ]
        if "encrypted_content" in changed and item.fields.get("encrypted_content"):
            message = f"The encrypted content for item {as_string(original.get('id'))} could not be verified."
            path = f"{item.path}.encrypted_content"
            yield Breach(path, message, param="input", code="invalid_encrypted_content")
        elif changed and changed != ["encrypted_content"]:
            message = f"Item '{as_string(original.get('id'))}' differs from what the API returned: {', '.join(changed)}."
            yield Breach(item.path, message, param="input", code=None)


def _dropped(body: Body) -> Iterator[Breach]:
    """Find responses with reasoning whose items were sent back incompletely or in another order."""
    seen: list[Sequence[JSON]] = []
    for item, original, response in _returned_items(body):
        if any(response is one for one in seen) or not any(
            one.get("type") == "reasoning" for one in response
        ):
            continue
        seen.append(response)
        returned = [item_back for _, item_back, around in _returned_items(body) if around is response]
        missing = next((one for one in response if not any(one is item_back for item_back in returned)), None)
        if missing is not None:
            message = (
                f"Item '{as_string(original.get('id'))}' of type '{item.type}' was provided without its required "
                f"'{as_string(missing.get('type'))}' item: '{as_string(missing.get('id'))}'."
            )
            yield Breach(item.path, message, param="input", code=None)
        elif [id(one) for one in returned] != [id(one) for one in response]:
            message = f"The items of one response were sent back in a different order, from '{as_string(original.get('id'))}' on."
            yield Breach(item.path, message, param="input", code=None)


REPLAY: tuple[Rule, ...] = (
    Rule(
        "altered-item",
        "Items from the API must be sent back unchanged, but the JSON of a call's arguments may be formatted differently.",
        "ours",
        sources.REASONING,
        _altered,
        ("responses",),
    ),
    Rule(
        "dropped-item",
        "All items of a response with reasoning must be sent back, in order.",
        "reported",
        sources.issue("openai/openai-node", 1567),
        _dropped,
        ("responses",),
    ),
)
