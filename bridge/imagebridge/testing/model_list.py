"""The list of models, and the token count of a request."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from imagebridge.facts.models import last_day, listed
from imagebridge.testing.seen import pictures
from imagebridge.translate.policy import Api
from imagebridge.wire import JSON, JsonObject


def every() -> JsonObject:
    """Return the list of models; any other name works too."""
    return {"object": "list", "data": [one(name) for name in listed()]}


def one(name: str) -> JsonObject:
    """Return the model of this name; every name has one."""
    last = last_day(name)
    return {
        "id": name,
        "object": "model",
        "created": 1_780_000_000,
        "owned_by": "imagebridge.testing",
        "shutdown_date": last.isoformat() if last else None,
    }


def tokens(body: Mapping[str, Any], api: Api, earlier: Sequence[JSON] = ()) -> int:
    """Return a plausible count of input tokens: one token for four characters, plus the cost of the pictures.

    `earlier` are the items that `previous_response_id` adds: they count, as in the API.
    """
    fields = ("input", "instructions") if api == "responses" else ("messages",)
    characters = sum(_text_length(body.get(name)) for name in fields) + sum(
        _text_length(item) for item in earlier
    )
    characters += len(json.dumps(body["tools"])) if body.get("tools") else 0
    seen_pictures = pictures(body, api) + pictures({"model": body.get("model"), "input": list(earlier)})
    return characters // 4 + 1 + sum(picture.tokens for picture in seen_pictures)


def _text_length(value: object) -> int:
    match value:
        case str():
            # Pictures and files do not count as text.
            return 0 if value.startswith("data:") else len(value)
        case dict():
            return sum(_text_length(inner) for inner in cast("Mapping[str, object]", value).values())
        case list():
            return sum(_text_length(inner) for inner in cast("Iterable[object]", value))
        case _:
            return 0
