"""Describes what a repair changed, for the person who set up the relay."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from imagebridge.errors import counted
from imagebridge.translate.sentences import amount, short
from imagebridge.wire import JSON, blocks_of, contents_of, is_json, is_list, text_of

from .json_rpc import same

_COMPARED = 1_000
"""The maximum number of blocks of a result to compare with each other: the time grows as the square of the number."""

_TOLD = 20
"""The maximum number of blocks described per change."""


def changes(before: JSON, after: JSON) -> Iterator[str]:
    """Yield a line for each part of a result that the repair changed."""
    old, new = ([_ComparedBlock(block) for block in blocks_of(result)] for result in (before, after))
    if max(len(old), len(new)) > _COMPARED:
        yield f"{counted(len(old), 'block')} became {len(new):,}, too many to compare"
        old = new = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, stop, first, last in matcher.get_opcodes():
        if tag == "insert":
            yield f"added {_listed(new[first:last])}"
        elif tag == "delete":
            yield f"removed {_listed(old[start:stop])}"
        elif tag == "replace":
            yield f"{_listed(old[start:stop])} became {_listed(new[first:last])}"
    yield from _fields({**before, "content": None}, {**after, "content": None})


def changes_of_list(before: JSON, after: JSON, key: str, name: str) -> Iterator[str]:
    """Yield a line for each changed field of the entries under `key`, each with its original name under `name`."""
    lists = (found if is_list(found := result.get(key)) else () for result in (before, after))
    for old, new in zip(*lists, strict=False):
        if is_json(old) and is_json(new):
            for change in _fields(old, new):
                yield f"{short(text_of(old, name))}: {change}"


def _fields(before: JSON, after: JSON) -> Iterator[str]:
    for name in sorted({*before, *after}):
        if name not in after:
            yield f"removed {name}"
        elif name not in before:
            yield f"added {name}"
        elif not same(before[name], after[name]):
            new = text_of(after, name)
            yield f"changed {name}{f' to {short(new)}' if name in ('name', 'uri') else ''}"


class _ComparedBlock:
    """A block that equals another if both have the same JSON."""

    def __init__(self, block: object) -> None:
        self.block = block

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ComparedBlock) and same(self.block, other.block)

    def __hash__(self) -> int:
        return hash(self.description())

    def description(self) -> str:
        block = self.block
        if not is_json(block):
            return f"a {type(block).__name__}"
        holder = contents_of(block)
        label = text_of(holder, "mimeType")
        if encoded := text_of(holder, "data") or text_of(holder, "blob"):
            return f"{label or 'bytes'} ({amount(len(encoded.rstrip('=')) * 3 // 4)})"
        if isinstance(text := holder.get("text"), str):
            words = short(" ".join(text[:400].split()))
            what = f"the text {words!r}" if words else "empty text"
            return what if holder is block else f"a resource with {what}"
        return f"{text_of(block, 'type') or 'a block'} {short(text_of(holder, 'uri'))}".strip()


def _listed(blocks: Sequence[_ComparedBlock]) -> str:
    told = [block.description() for block in blocks[:_TOLD]]
    return ", ".join([*told, f"{len(blocks) - _TOLD:,} more"] if len(blocks) > _TOLD else told)
