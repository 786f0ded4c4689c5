"""A valid result becomes one that a given host shows: within its limits, in its formats, and what changed is said.

The order of the blocks stays. Sizes are counted as JSON writes them with ASCII alone, which is the longest
form that a host may count.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from imagebridge.errors import PictureError
from imagebridge.hosts import Host
from imagebridge.translate import convert, kinds, sentences
from imagebridge.translate.blocks import pieces, texts
from imagebridge.translate.encode import shines_through, within
from imagebridge.translate.picture import Picture, decode, decode_start
from imagebridge.translate.policy import Policy
from imagebridge.translate.reading import Paper, Piece, Reading, Sight, Words, for_user_only
from imagebridge.translate.structured import structured_text
from imagebridge.translate.wire import JSON, URI, text_of

_FRAME = 1_000
"""Characters left for the JSON-RPC message around a result."""

_NOTE, _NOTES = 250, 5_000
"""Characters left for what is said of a changed picture, and of all of them."""

_BLOCK = 500
"""Characters that a block has on average at least: of more blocks the last are left out."""

_BESIDE = 100
"""The part of the room, one in so many, that anything beside text and pictures may take: `_meta`, annotations."""

SCALE = "imagebridge/scale"
"""In the `_meta` of a picture that was made smaller before: the factor that leads back to the original."""

_PAYLOAD = {"text": "text", "image": "data"}


@dataclass(slots=True, eq=False)
class _Entry:
    """One block on its way to the host.

    number: of a picture, 0 for others. came: the picture as it came, or was drawn. picture: the one that is
    sent. size: pixels that the picture had or asked for. scale: the factor to those it had before. sentence: what it is where it was not shown by the
    file itself. whole: the block cannot be cut.
    """

    block: dict[str, Any]
    number: int = 0
    came: Picture | None = None
    picture: Picture | None = None
    size: tuple[int, int] = (0, 0)
    scale: float = 1.0
    sentence: str = ""
    whole: bool = False

    @property
    def need(self) -> int:
        """Characters of what can shrink; of the whole block where nothing can."""
        if self.whole:
            return _cost(self.block)
        return len(self.block["data"]) if self.picture else _cost(self.block["text"])

    @property
    def cost(self) -> int:
        """Characters of the block."""
        if self.whole:
            return _cost(self.block)
        # Base64 is written as it is: there is no need to write it.
        return _cost({**self.block, _PAYLOAD[self.block["type"]]: None}) + self.need


def fitted(result: JSON, host: Host) -> dict[str, Any]:
    """Return a valid `result` (see `repair`) as `host` copes with it, never in more characters than it takes.

    What is too large is shown smaller: small pictures keep what they have, large ones share the rest. A
    sentence before the first picture says so with sizes and scale. What the host cannot take at all becomes
    a text, and structured content that no text repeats too, unless the host copes with it.
    """
    return _Fitting(host).fitted(result)


class _Fitting:
    """One result on its way to one host: what is said of it, and the pictures counted so far."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.room = host.characters - _FRAME
        self.reading = Reading(Policy())
        self.notes: list[str] = []

    def fitted(self, result: JSON) -> dict[str, Any]:
        frame = self._frame(result)
        content = cast("Sequence[JSON]", result["content"])
        self.reading.begin(content)
        entries = [entry for block in content for entry in self._entries(self._bare(block))]
        if "structuredContent" not in frame and (structured := structured_text(result)):
            entries += self._of_pieces(texts(structured, self.reading), {})
        entries = [self._showable(entry) for entry in entries]
        if _cost(frame) + self._total(entries) > self.room or any(map(self._too_wide, entries)):
            entries = self._few(entries)
            self._share_out(entries, self.room - _cost(frame))
        return self._assembled(frame, entries)

    # What a block becomes, whatever its size.

    def _frame(self, result: JSON) -> dict[str, Any]:
        """Return the result without its blocks."""
        frame = {key: value for key, value in result.items() if key != "content"}
        if not self.host.structured or self._is_too_much(frame.get("structuredContent"), 10):
            frame.pop("structuredContent", None)
        if self._is_too_much(frame, 4):
            frame = {key: frame[key] for key in ("isError", "resultType") if key in frame}
            self.notes.append("What the result said beside its blocks is left out: it is too large.")
        return {**frame, "content": []}

    def _is_too_much(self, value: object, part: int = _BESIDE) -> bool:
        return _cost(value) > self.room // part

    def _bare(self, block: JSON) -> JSON:
        """Return a block whose labels are of a bearable size, and meant for the model where the host obeys that."""
        if self.host.hides and for_user_only(block):
            annotations = {**cast("JSON", block["annotations"]), "audience": ["user", "assistant"]}
            block = {**block, "annotations": annotations}
        payload = _PAYLOAD.get(text_of(block, "type"))
        if payload and self._is_too_much({**block, payload: None}):
            self.notes.append("What a block said besides is left out: it is too large.")
            return {"type": block["type"], payload: block[payload]}
        return block

    def _entries(self, block: JSON) -> list[_Entry]:
        match block["type"]:
            case "image" if picture := _still(block):
                number = self.reading.number(picture.base64)
                made, scale = _unscaled(block)
                return [_Entry(made, number, picture, picture, (picture.width, picture.height), scale)]
            case "resource_link" if self.host.links:
                return [_Entry(dict(block), whole=True)]
            case "audio" if self.host.audio:
                return [_Entry(dict(block), whole=True)]
            case "resource" if self.host.resources and not _is_picture(cast("JSON", block["resource"])):
                return [_Entry(dict(block), whole=True)]
            case _:
                found = pieces(block, self.reading)
        match found:
            case [Words(text=text)] if text == block.get("text"):
                return [_Entry(dict(block))]
            case _:
                return list(self._of_pieces(found, block))

    def _of_pieces(self, found: Sequence[Piece], block: JSON) -> Iterator[_Entry]:
        """Yield pieces of a translation as blocks; pictures keep what their block said besides."""
        labels = _labels(block)
        for piece in found:
            match piece:
                case Words(text=text):
                    yield _text(text)
                case Sight(number=number, picture=picture):
                    made = {"type": "image", "data": picture.base64, "mimeType": picture.media_type, **labels}
                    size = piece.size or (picture.width, picture.height)
                    sentence = f"{piece.sentence[:1].upper()}{piece.sentence[1:]}." if piece.sentence else ""
                    yield _Entry(made, number, picture, picture, size, sentence=sentence)
                case Paper(data_url=url, filename=name) if self.host.resources:
                    media_type, _, blob = url[5:].partition(";base64,")
                    inner = {"uri": f"attachment:{name}", "mimeType": media_type, "blob": blob}
                    yield _Entry({"type": "resource", "resource": inner}, whole=True)
                case Paper(filename=name):
                    what = sentences.short(text_of(cast("JSON", block.get("resource", {})), "uri") or name)
                    yield _text(sentences.not_shown(what, f"{self.host.name} takes no documents"))
                case _:
                    yield _text(sentences.not_shown(sentences.short(piece.url), "it is an address"))

    def _showable(self, entry: _Entry) -> _Entry:
        """Return a picture proven and in a format that the host takes, or the sentence for what has none."""
        picture = entry.picture
        if picture is None:
            return entry
        if not self.host.formats:
            return _not_shown(entry, f"{self.host.name} shows its model no pictures")
        try:
            picture = convert.fitted(picture, picture.width, picture.height).proven("decoded")
            if picture.media_type not in self.host.formats:
                from imagebridge.translate.decode import opened
                from imagebridge.translate.encode import redrawn

                picture = redrawn(opened(picture.data))
        except PictureError as error:
            return _not_shown(entry, error.reason)
        return _showing(entry, picture)

    # Sizes.

    def _too_wide(self, entry: _Entry) -> bool:
        picture, side = entry.picture, self.host.side
        return picture is not None and side is not None and max(picture.width, picture.height) > side

    def _total(self, entries: Sequence[_Entry]) -> int:
        """Characters of all blocks, and of what is said of them."""
        said = self._said(entries)
        return sum(entry.cost + 2 for entry in entries) + (_cost(_text(said).block) if said else 0)

    def _few(self, entries: list[_Entry]) -> list[_Entry]:
        """Leave out the last blocks where there are too many for each to say something."""
        most = max(1, self.room // _BLOCK)
        if len(entries) <= most:
            return entries
        self.notes.append(f"{len(entries) - most:,} more blocks are left out: too many for a result.")
        return entries[:most]

    def _share_out(self, entries: list[_Entry], room: int) -> None:
        """Make each entry fit: from the smallest on, each may take an even part of what is left."""
        told = _cost(_text(" ".join(self.notes)).block)
        reserve = told + min(_NOTES, _NOTE * sum(entry.picture is not None for entry in entries))
        left = room - reserve - sum(entry.cost - entry.need + 2 for entry in entries)
        order = sorted(range(len(entries)), key=lambda at: entries[at].need)
        for done, at in enumerate(order):
            before = entries[at].cost - entries[at].need
            entries[at] = self._shrunk(entries[at], max(0, left) // (len(entries) - done))
            left -= entries[at].cost - before

    def _shrunk(self, entry: _Entry, share: int) -> _Entry:
        """Return an entry in at most `share` characters, as far as that is possible."""
        if entry.picture:
            try:
                return _showing(entry, within(entry.picture, share // 4 * 3, self.host.side))
            except PictureError as error:
                return _not_shown(entry, error.reason)
        if entry.need <= share:
            return entry
        if not entry.whole:
            return _Entry({**entry.block, "text": self._cut(entry.block["text"], share)})
        return _text(self._cut(_told(entry.block), share))

    def _cut(self, text: str, share: int) -> str:
        """Return the beginning of a text in at most `share` characters of JSON, and how much there was."""
        if _cost(text) <= share:
            return text
        told = f"\n[{len(text):,} characters; the rest is left out: too much for {self.host.name}]"
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if _cost(text[:middle] + told) <= share:
                low = middle
            else:
                high = middle - 1
        return text[:low] + told

    # The result.

    def _assembled(self, frame: Mapping[str, Any], entries: list[_Entry]) -> dict[str, Any]:
        """Return the whole, in the last resort with fewer blocks."""
        made = {**frame, "content": self._blocks(entries)}
        while _cost(made) > self.room and entries:
            entries = entries[: len(entries) // 2]
            self.notes = ["The result's other blocks are left out: it is too large."]
            made = {**frame, "content": self._blocks(entries)}
        return made

    def _blocks(self, entries: Sequence[_Entry]) -> list[dict[str, Any]]:
        """Return the blocks, with what is to be said before the first picture."""
        blocks = [entry.block for entry in entries]
        at = next((at for at, entry in enumerate(entries) if entry.picture), len(blocks))
        said = self._said(entries)
        if not said:
            return blocks
        before = entries[at - 1].block if at else {}
        if before.get("type") == "text" and before["text"].rstrip().endswith((".", "!", "?")):
            # A sentence after a sentence. Behind anything else, JSON or code, it would do harm.
            return [*blocks[: at - 1], {**before, "text": f"{before['text'].rstrip()} {said}"}, *blocks[at:]]
        return [*blocks[:at], _text(said).block, *blocks[at:]]

    def _said(self, entries: Sequence[_Entry]) -> str:
        """Return what is to be said beside the blocks: what changed, or what a picture is that no text introduces."""
        shown = [entry for entry in entries if entry.picture]
        told = [*self.notes, *_changes(shown)]
        if not told and shown and entries[0] is shown[0] and self.host.text_first:
            told = [
                f"Picture {number}: {_described(entry.picture)}." for number, entry in enumerate(shown, 1)
            ]
        said = " ".join(told)
        return said if len(said) <= _NOTES else f"{said[: _NOTES // 2]} ..."


def _cost(value: object) -> int:
    return len(json.dumps(value))


def _still(block: JSON) -> Picture | None:
    """Return a picture that is a still in a common format; None for what needs more looking at."""
    try:
        data, _ = decode(text_of(block, "data"))
        found = kinds.kind(data)
        # Not by way of the memory of proven pictures: a server would fill it with what it never sees again.
        picture = Picture.from_bytes(data) if found and found.media_type in kinds.SENDABLE else None
    except PictureError:
        return None
    return picture if picture and picture.frames == 1 else None


def _labels(block: JSON) -> dict[str, Any]:
    """Return what a picture keeps of its block; that of a resource keeps its address too."""
    kept: dict[str, Any] = {key: block[key] for key in ("annotations", "_meta") if key in block}
    uri = text_of(cast("JSON", block.get("resource", {})), "uri")
    if uri and len(uri) < _BLOCK:
        kept["_meta"] = {**kept.get("_meta", {}), URI: uri}
    return kept


def _is_picture(resource: JSON) -> bool:
    found = kinds.kind(decode_start(text_of(resource, "blob")))
    return found is not None and found.sort == "picture"


def _told(block: JSON) -> str:
    """Say what a block was that cannot be cut. A document's bytes are not looked at again."""
    inner = cast("JSON", block.get("resource", {}))
    if blob := text_of(inner, "blob"):
        named = sentences.described(text_of(inner, "mimeType"), len(blob) // 4 * 3, uri=text_of(inner, "uri"))
        return sentences.not_shown(named, "too large for a result")
    said = [piece.text for piece in pieces(block, Reading(Policy())) if isinstance(piece, Words)]
    return "\n".join(said)


def _text(text: str) -> _Entry:
    return _Entry({"type": "text", "text": text})


def _showing(entry: _Entry, picture: Picture) -> _Entry:
    block = {**entry.block, "data": picture.base64, "mimeType": picture.media_type}
    return replace(entry, block=block, picture=picture)


def _not_shown(entry: _Entry, why: str) -> _Entry:
    came = f"picture {entry.number} ({_described(entry.picture)})"
    return _text(sentences.not_shown(came, why))


def _described(picture: Picture | None) -> str:
    if picture is None:
        return "none"
    form = picture.media_type.removeprefix("image/").upper().replace("WEBP", "WebP")
    return f"{form}, {picture.width}x{picture.height} px, {sentences.amount(picture.size)}"


def _changes(shown: Sequence[_Entry]) -> Iterator[str]:
    """Say of each picture what was made of it: its sizes, and by how much coordinates are to be multiplied."""
    for entry in shown:
        if entry.sentence:
            yield entry.sentence
        name = "" if len(shown) == 1 else f"Picture {entry.number}: "
        if said := _change(entry):
            yield f"{name}{'s' if name else 'S'}hown as {said}."
        if said := _factor(entry):
            its = "its " if name else ""
            yield f"Multiply {its}{said} for those in full size."


def _change(entry: _Entry) -> str:
    picture, came = cast("Picture", entry.picture), cast("Picture", entry.came)
    if picture.data_url == came.data_url:
        return ""
    size = f"{entry.size[0]}x{entry.size[1]}"
    shrunk = f"{picture.width}x{picture.height}" != size
    white = ", laid on white" if picture.media_type == kinds.JPEG.media_type and shines_through(came) else ""
    return f"{_described(picture)}, of {size if shrunk else _described(came)}{white}, to fit a result"


def _factor(entry: _Entry) -> str:
    """Say by how much coordinates are to be multiplied, where they are."""
    picture = cast("Picture", entry.picture)
    across = entry.scale * entry.size[0] / picture.width
    down = entry.scale * entry.size[1] / picture.height
    if across == down == 1:
        return ""
    # Sides are whole pixels: where one factor for both is wrong by a pixel or two at most, it is enough.
    if abs(across - down) * max(picture.width, picture.height) <= 2:
        return f"coordinates by {across:.4g}"
    return f"coordinates by {across:.4g} across and {down:.4g} down"


def _unscaled(block: JSON) -> tuple[dict[str, Any], float]:
    """Return a block without `SCALE`, and that."""
    meta = cast("JSON", block.get("_meta") or {})
    scale = meta.get(SCALE)
    if not isinstance(scale, (int, float)) or isinstance(scale, bool) or scale <= 0:
        return dict(block), 1.0
    rest = {key: value for key, value in meta.items() if key != SCALE}
    bare = {key: value for key, value in block.items() if key != "_meta"}
    return ({**bare, "_meta": rest} if rest else bare), float(scale)
