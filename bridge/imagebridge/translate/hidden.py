"""Pictures and documents that hide in text as base64: a text that is one `data:` URI or base64, or JSON that holds some.

A model reads base64 as text: 1 MB of picture costs 350,000 tokens and shows nothing. Texts in other
forms are never searched for base64 between their words, where it may be meant as an example.
"""

import json
import re
from collections.abc import Callable

from . import kinds
from .picture import DATA_URL, decode_start

_SHORTEST = 64
"""Characters below which a string cannot hold a picture: the smallest sound PNG has 67 bytes."""

_LONG_RUN = re.compile(r"[A-Za-z0-9+/_=-]{48}")

# The strings of a JSON text that may be base64 or a data: URL, as they are written: a slash may be escaped,
# and lines broken. The text around them stays as it is, so that no number or key is written anew.
_STRING = re.compile(r'"((?:data:[^",\\]{0,200},)?(?:[A-Za-z0-9+/=_-]|\\[/nr])+)"')


def brought_out(text: str, bring_out: Callable[[str], str]) -> str:
    """Return `text` with each hidden picture or document replaced by what `bring_out(its base64)` returns."""
    if len(text) < _SHORTEST:
        return text
    whole = text.strip()
    if _is_hidden(whole):
        return bring_out(whole)
    if whole[:1] not in ("{", "[", '"') or not _LONG_RUN.search(text):
        return text
    return _STRING.sub(lambda found: _replaced(found, bring_out), text)


def _replaced(found: re.Match[str], bring_out: Callable[[str], str]) -> str:
    """Return a JSON string as it is, or as one that says where its picture went."""
    if len(found[1]) < _SHORTEST:
        return found[0]
    value = str(json.loads(found[0])) if "\\" in found[1] else found[1]
    return json.dumps(bring_out(value), ensure_ascii=False) if _is_hidden(value) else found[0]


def _is_hidden(text: str) -> bool:
    """Tell whether a whole string is base64, or a `data:` URL, of a picture or a document, by its first bytes."""
    if len(text) < _SHORTEST or not (DATA_URL.match(text) or _LONG_RUN.match(text)):
        return False
    found = kinds.kind(decode_start(text))
    return found is not None and found.sort in ("picture", "document")
