"""The blocks of a result that is being fitted to a host, and the notes about pictures that were changed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, cast

from imagebridge.errors import PictureError
from imagebridge.facts import limits
from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import base64_start
from imagebridge.pictures.convert import shines_through
from imagebridge.pictures.picture import Picture
from imagebridge.translate import sentences
from imagebridge.translate.picture_lines import multiplied, multiply, strip_place
from imagebridge.translate.scale import SCALE
from imagebridge.translate.strips import Strip
from imagebridge.translate.structured_content import saying_alone, structured_text
from imagebridge.translate.vision import Seen
from imagebridge.wire import JSON, URI, as_object, text_of

PAYLOAD = {"text": "text", "image": "data"}


@dataclass(slots=True, eq=False)
class HostEntry:
    """One block that is being fitted to a host.

    number: the picture's number, 0 for other blocks. original: the picture as it was received or drawn. picture: the
    picture that is sent. size: the picture's original size in pixels, or the one that its file specifies. scale: the
    factor from that to the size before another layer shrank it. sentence: what the picture shows, if not the file
    itself. scale_stated: whether a text among the blocks states its factor. whole: whether the block cannot be cut.
    strip: the position of a part in a long picture, whose size is `size`. on_white: whether transparent pixels of the
    original are shown on white.
    """

    block: dict[str, Any]
    number: int = 0
    original: Picture | None = None
    picture: Picture | None = None
    size: tuple[int, int] = (0, 0)
    scale: float = 1.0
    sentence: str = ""
    scale_stated: bool = False
    whole: bool = False
    strip: Strip | None = None
    on_white: bool = False

    @property
    def need(self) -> int:
        """The number of characters that can be reduced; all characters of the block if it cannot be cut."""
        if self.whole:
            return cost(self.block)
        return len(self.block["data"]) if self.picture else cost(self.block["text"])

    @property
    def cost(self) -> int:
        """The number of characters in the block."""
        if self.whole:
            return cost(self.block)
        # Base64 needs no escaping, so it need not be serialised.
        return cost({**self.block, PAYLOAD[self.block["type"]]: None}) + self.need


def cost(value: object) -> int:
    """Return the number of characters of a value as JSON."""
    return len(json.dumps(value))


def text_entry(text: str) -> HostEntry:
    """Return a text block."""
    return HostEntry({"type": "text", "text": text})


def showing(entry: HostEntry, picture: Picture) -> HostEntry:
    """Return an entry with another picture in its block, and the scale factor to the original."""
    block: dict[str, Any] = {**entry.block, "data": picture.base64, "mimeType": picture.media_type}
    original = cast("Picture", entry.original)
    made = picture.data_url != original.data_url
    on_white = made and picture.media_type == kinds.JPEG.media_type and shines_through(original)
    shown_entry = replace(entry, block=block, picture=picture, on_white=on_white)
    across, _ = _factors(shown_entry)
    if across != 1:
        block["_meta"] = {**block.get("_meta", {}), SCALE: across}
    return shown_entry


def not_shown(entry: HostEntry, why: str) -> HostEntry:
    """Return a text entry saying that a picture is not shown, and where to find it."""
    facts = described(entry.picture)
    if uri := text_of(as_object(entry.block.get("_meta")) or {}, URI):
        facts += f", {sentences.short(uri)}"
    return text_entry(sentences.not_shown(f"picture {entry.number} ({facts})", why))


def described(picture: Picture | None) -> str:
    """Describe a picture by its format, size in pixels and size in bytes."""
    if picture is None:
        return "none"
    form = picture.media_type.removeprefix("image/").upper().replace("WEBP", "WebP")
    return f"{form}, {picture.width}x{picture.height} px, {sentences.amount(picture.size)}"


def retold(entries: Sequence[HostEntry]) -> list[HostEntry]:
    """Return the entries with the factors in their texts updated if a picture was made smaller again."""
    retold_entries = list(entries)
    for at, entry in enumerate(retold_entries):
        if entry.picture is None or entry.scale == 1:
            continue
        for its in ("", "its "):
            old = multiplied(its, entry.scale)
            place = next(
                (at for at, one in enumerate(retold_entries) if old.search(one.block.get("text", ""))), None
            )
            if place is not None:
                text = old.sub(multiply(its, *_factors(entry)), retold_entries[place].block["text"], count=1)
                retold_entries[place] = replace(
                    retold_entries[place], block={**retold_entries[place].block, "text": text}
                )
                retold_entries[at] = replace(entry, scale_stated=True)
                break
    return retold_entries


def changes(entries: Sequence[HostEntry]) -> Iterator[str]:
    """Yield sentences on the changes to each picture: its sizes, and the factor for coordinates."""
    several = len({entry.number for entry in entries}) > 1
    for entry in entries:
        if entry.sentence:
            yield entry.sentence
        if entry.strip:
            yield _strip_sentence(entry.strip, *entry.size, f" of picture {entry.number}" if several else "")
        name = "" if len(entries) == 1 else f"Picture {entry.number}: "
        if not entry.strip and (change := _change(entry)):
            yield f"{name}{'s' if name else 'S'}hown as {change}."
        if _factors(entry) != (1, 1) and not entry.scale_stated:
            yield multiply("its " if name else "", *_factors(entry))


def _strip_sentence(strip: Strip, width: int, height: int, of: str) -> str:
    """Describe where a strip is in its picture of `width` x `height` pixels. `multiply` states the factor."""
    whole = strip._replace(seen=Seen(strip.width, strip.height, 0, 0))
    where, back = strip_place(whole, width, height)
    return f"Part {strip.number} of {strip.total}{of}: {where}; at full size, {back}."


def _change(entry: HostEntry) -> str:
    picture, original = cast("Picture", entry.picture), cast("Picture", entry.original)
    if picture.data_url == original.data_url:
        return ""
    size = f"{entry.size[0]}x{entry.size[1]}"
    shrunk = f"{picture.width}x{picture.height}" != size
    origin = f"reduced from {size}" if shrunk else f"converted from {described(original)}"
    white = " and shown on white" if entry.on_white else ""
    return f"{described(picture)}, {origin}{white} for this host"


def _factors(entry: HostEntry) -> tuple[float, float]:
    """Return the horizontal and vertical factors for coordinates; the same factor twice if that is accurate enough."""
    picture = cast("Picture", entry.picture)
    size = (entry.strip.width, entry.strip.height) if entry.strip else entry.size
    across = entry.scale * size[0] / picture.width
    down = entry.scale * size[1] / picture.height
    # Sides are whole pixels: if a single factor is off by at most a pixel or two, it is enough.
    close = abs(across - down) * max(picture.width, picture.height) <= 2
    return (across, across) if close else (across, down)


def resource_of(block: JSON) -> JSON:
    """Return the contents of a resource block; nothing for other blocks, where such a field can mean anything."""
    inner = block.get("resource") if block.get("type") == "resource" else None
    return as_object(inner) or {}


def still(block: JSON) -> Picture | None:
    """Return the picture if it is a still in a common format; None if it needs closer examination."""
    encoded = text_of(block, "data")
    file_type = kinds.kind(base64_start(encoded))
    if file_type is None or file_type.media_type not in limits.SENDABLE:
        return None
    try:
        picture = Picture.unremembered(encoded)
    except PictureError:
        return None
    return picture if picture.frames == 1 else None


def loses_blocks(result: JSON) -> bool:
    """Return whether a host that shows structured content instead of the blocks would show less than the blocks."""
    blocks = cast("Sequence[JSON]", result["content"])
    if any(block["type"] != "text" for block in blocks) or structured_text(result):
        return bool(blocks)
    if blocks and text_of(blocks[0], "text").startswith(sentences.ERROR):
        return True
    # Only if one block alone says it: what the others say appears nowhere else.
    return len(blocks) > 1 and len(list(islice(saying_alone(result), 2))) == 1
