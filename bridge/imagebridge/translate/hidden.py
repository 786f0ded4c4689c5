"""Pictures and documents that hide in text as base64: a text that is one `data:` URI or base64, or JSON that holds some.

A model reads base64 as text: 1 MB of picture costs 350,000 tokens and shows nothing. Longer texts are
never searched for base64 between their words, where it may be meant as an example.
"""

import json
import re
from collections.abc import Callable

from . import kinds
from .picture import DATA_URL, decode_start
from .wire import is_json, is_list

_SHORTEST = 64
"""Characters below which a string cannot hold a picture: the smallest sound GIF has 26 bytes, the smallest PNG 67."""

_LONG_RUN = re.compile(r"[A-Za-z0-9+/_=-]{48}")


def brought_out(text: str, bring_out: Callable[[str], str]) -> str:
    """Return `text` with each hidden picture or document replaced by what `bring_out(its base64)` returns."""
    if len(text) < _SHORTEST or not _LONG_RUN.search(text):
        return text
    whole = text.strip()
    if _is_hidden(whole):
        return bring_out(whole)
    if whole[0] not in '{["':
        return text
    try:
        value: object = json.loads(whole)
        replaced, changed = _replaced(value, bring_out)
        return json.dumps(replaced, ensure_ascii=False) if changed else text
    except (ValueError, RecursionError):
        return text


def _replaced(value: object, bring_out: Callable[[str], str]) -> tuple[object, bool]:
    """Return a JSON value with its hidden strings replaced, and whether there were any."""
    if isinstance(value, str):
        return (bring_out(value), True) if _is_hidden(value) else (value, False)
    if is_json(value):
        pairs = [(key, _replaced(one, bring_out)) for key, one in value.items()]
        return {key: new for key, (new, _) in pairs}, any(changed for _, (_, changed) in pairs)
    if is_list(value):
        items = [_replaced(one, bring_out) for one in value]
        return [new for new, _ in items], any(changed for _, changed in items)
    return value, False


def _is_hidden(text: str) -> bool:
    """Tell whether a whole string is base64 of a picture or a document, by its first bytes."""
    if len(text) < _SHORTEST or not (DATA_URL.match(text) or _LONG_RUN.match(text)):
        return False
    found = kinds.kind(decode_start(text))
    return found is not None and found.sort in ("picture", "document")
