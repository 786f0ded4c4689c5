"""Fits a valid result to a given host: within its limits and in its formats, with a note about what changed.

The blocks keep their order. Sizes are measured as ASCII JSON, the longest form that a host may count.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from imagebridge.documents.confined import in_one_process
from imagebridge.errors import PictureError, counted
from imagebridge.facts.hosts import Host
from imagebridge.pictures import convert, kinds
from imagebridge.pictures.base64 import base64_start
from imagebridge.pictures.picture import Picture
from imagebridge.repair.host_blocks import (
    PAYLOAD,
    HostEntry,
    changes,
    cost,
    described,
    loses_blocks,
    not_shown,
    resource_of,
    retold,
    showing,
    still,
    text_entry,
)
from imagebridge.repair.long_pictures import in_parts
from imagebridge.repair.shrinking import shrunk
from imagebridge.translate import sentences, vision
from imagebridge.translate.blocks import block_pieces, text_pieces
from imagebridge.translate.pieces import (
    FilePiece,
    PicturePiece,
    Piece,
    ResultContext,
    TextPiece,
    for_user_only,
)
from imagebridge.translate.policy import Policy
from imagebridge.translate.receiver import Receiver
from imagebridge.translate.scale import scale_of
from imagebridge.translate.structured_content import json_text, structured_text
from imagebridge.wire import JSON, URI, is_error, text_of

_FRAME = 1_000
"""The number of characters reserved for the JSON-RPC message around a result."""

_NOTE, _NOTES = 250, 5_000
"""The number of characters reserved for the note about a changed picture, and for all such notes."""

_BLOCK = 500
"""The minimum average number of characters per block: if there are too many blocks, the last ones are left out."""

_PICTURES = 3
"""The fraction of the room, given as its denominator, that is reserved for pictures however long the texts are."""

_BESIDE = 100
"""The fraction of the room, given as its denominator, for content other than text and pictures: `_meta`, annotations.
`_BLOCK` characters are always allowed."""


@in_one_process()
def fitted(result: JSON, host: Host, *, promised: bool = False) -> dict[str, Any]:
    """Return a valid `result` (see `repair`) in a form that `host` can use, within its limit on characters.

    Anything too large is scaled down: small pictures keep their size, large ones share the remaining room. A sentence
    before the first picture states the sizes and the scale. Content that the host does not accept at all becomes
    text, as does structured content that no text repeats, unless the host can use it. If the host does not report
    that a result is empty or an error, a line of text says so.

    Args:
        result: the valid JSON of a `tools/call` result.
        host: the row of the host.
        promised: the tool has an output schema that the host was shown, so the host's SDK may refuse a result without
            structured content: it is kept, whatever the host does with it.
    """
    return _Fitting(host).fitted(result, promised=promised)


class _Fitting:
    """One result that is being fitted to one host: the notes about it, and the pictures counted so far."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.room = host.characters - _FRAME
        # A document that does not reach the model is read, and its pages are shown if pictures are.
        policy = Policy(documents="file" if host.files else "pages")
        self.context = ResultContext(policy, receiver=Receiver(formats=host.formats, room=self.room))
        self.notes: list[str] = []

    def fitted(self, result: JSON, *, promised: bool) -> dict[str, Any]:
        frame = self._frame(result, promised=promised)
        content = cast("Sequence[JSON]", result["content"])
        self.context.begin(content)
        entries = [entry for block in content for entry in self._entries(self._bare(block))]
        entries += self._structured(result, frame)
        entries = self._marked([self._showable(entry) for entry in entries], result, frame)
        # Remarks on an error, or on what is hidden, count as what the server said.
        if self._replaces({**frame, "content": [entry.block for entry in entries]}, promised=promised):
            frame.pop("structuredContent", None)
        entries = list(in_parts(entries, self.host))
        if cost(frame) + self._total(entries) > self.room or any(map(self._too_wide, entries)):
            entries = self._few(entries)
            self._share_out(entries, self.room - cost(frame))
        return self._assembled(frame, entries)

    # What a block becomes, whatever its size.

    def _frame(self, result: JSON, *, promised: bool) -> dict[str, Any]:
        """Return the result without its blocks."""
        frame = {key: value for key, value in result.items() if key != "content"}
        if self._is_too_much(frame.get("structuredContent"), 2 if promised else 10) or self._replaces(
            result, promised=promised
        ):
            frame.pop("structuredContent", None)
        beside = {key: value for key, value in frame.items() if key != "structuredContent"}
        if self._is_too_much(beside, 4):
            names = ("isError", "resultType", "structuredContent")
            frame = {key: frame[key] for key in names if key in frame}
            self.notes.append("The fields other than the content blocks are left out: they are too large.")
        return {**frame, "content": []}

    def _replaces(self, result: JSON, *, promised: bool) -> bool:
        """Return whether structured content would replace blocks that contain more, and may be left out."""
        return self.host.structured == "replaces" and not promised and loses_blocks(result)

    def _structured(self, result: JSON, frame: dict[str, Any]) -> Iterator[HostEntry]:
        """Yield structured content as text, if the host does not show it and the blocks do not repeat it.

        Pictures and documents hidden in it as base64 are shown, and removed from the structured content itself.
        """
        if (structured := frame.get("structuredContent")) is not None:
            first, *hidden = text_pieces(written := json_text(structured), self.context)
            if isinstance(first, TextPiece) and first.text != written:
                frame["structuredContent"] = json.loads(first.text)
                yield from self._of_pieces(hidden, {})
        is_shown = self.host.structured == "shown" and "structuredContent" in frame
        if not is_shown and (
            text := structured_text(
                {
                    **result,
                    **({"structuredContent": frame["structuredContent"]} if structured is not None else {}),
                }
            )
        ):
            yield from self._of_pieces(text_pieces(text, self.context), {})

    def _marked(self, entries: list[HostEntry], result: JSON, frame: dict[str, Any]) -> list[HostEntry]:
        """Add a line of text if a result is an error or empty and the host does not report that."""
        failed, host = is_error(result), self.host
        blank = all(
            entry.block.get("type") == "text" and not entry.block["text"].strip() for entry in entries
        )
        if blank and not host.empties and not (host.structured == "shown" and "structuredContent" in frame):
            entries = [text_entry(sentences.NO_REASON if failed else sentences.NOTHING)]
        if not failed or host.errors == "told":
            return entries
        if host.errors == "lost":
            frame["isError"] = False
        first = entries[0].block if entries else {}
        if first.get("type") != "text":
            return [text_entry(sentences.ERROR), *entries]
        if first["text"].startswith(sentences.ERROR):
            return entries
        return [HostEntry({**first, "text": f"{sentences.ERROR}\n{first['text']}"}), *entries[1:]]

    def _is_too_much(self, value: object, part: int = _BESIDE) -> bool:
        # A small part of little room is less than any label takes.
        return cost(value) > max(_BLOCK, self.room // part)

    def _bare(self, block: JSON) -> JSON:
        """Return a block without oversized labels, and addressed to the model if the host hides other blocks."""
        if self.host.hides and for_user_only(block):
            annotations = {**cast("JSON", block["annotations"]), "audience": ["user", "assistant"]}
            block = {**block, "annotations": annotations}
        payload = PAYLOAD.get(text_of(block, "type"))
        if payload and self._is_too_much({**block, payload: None}):
            note = "The other fields of a block are left out: they are too large."
            self.notes += [] if note in self.notes else [note]
            return {"type": block["type"], payload: block[payload]}
        return block

    def _entries(self, block: JSON) -> list[HostEntry]:
        match block["type"]:
            case "image" if picture := still(block):
                number = self.context.number(text_of(block, "data"))
                size = picture.width, picture.height
                return [HostEntry(dict(block), number, picture, picture, size, scale_of(block))]
            case "resource" if self._passes(resource_of(block)):
                return [HostEntry(dict(block), whole=True)]
            case kind if kind in self.host.blocks:
                return [HostEntry(dict(block), whole=True)]
            case _:
                pieces = block_pieces(block, self.context)
        match pieces:
            case [TextPiece(text=text)] if text == block.get("text"):
                return [HostEntry(dict(block))]
            case [FilePiece() as file, TextPiece(ours=True)] if self.host.resources:
                return list(self._of_pieces([file], block))  # It is sent unchanged: its text is not missing.
            case _:
                return list(self._of_pieces(pieces, block))

    def _passes(self, resource: JSON) -> bool:
        """Return whether an embedded resource reaches the model unchanged."""
        if text := text_of(resource, "text"):
            return self.host.resources and [TextPiece(text)] == [
                TextPiece(one.text) for one in text_pieces(text, self.context) if isinstance(one, TextPiece)
            ]
        file_type = kinds.kind(base64_start(text_of(resource, "blob")))
        if file_type is not None and file_type.sort == "document":
            return self.host.files
        return self.host.resources and (file_type is None or file_type.sort != "picture")

    def _of_pieces(self, pieces: Sequence[Piece], block: JSON) -> Iterator[HostEntry]:
        """Convert pieces of a translation to blocks; pictures keep the other fields of their block."""
        labels = _labels(block)
        for piece in pieces:
            match piece:
                case TextPiece(text=text):
                    yield text_entry(text)
                case PicturePiece(number=number, picture=picture):
                    image_block = {
                        "type": "image",
                        "data": picture.base64,
                        "mimeType": picture.media_type,
                        **labels,
                    }
                    size = piece.size or (picture.width, picture.height)
                    sentence = f"{piece.sentence[:1].upper()}{piece.sentence[1:]}." if piece.sentence else ""
                    yield HostEntry(
                        image_block, number, picture, picture, size, piece.scale[0], sentence=sentence
                    )
                case FilePiece(data_url=url, filename=name) if self.host.resources or self.host.files:
                    media_type, _, encoded = url[5:].partition(";base64,")
                    inner = {"uri": f"attachment:{name}", "mimeType": media_type, "blob": encoded}
                    yield HostEntry({"type": "resource", "resource": inner}, whole=True)
                case FilePiece(filename=name):
                    what = sentences.short(text_of(resource_of(block), "uri") or name)
                    yield text_entry(sentences.not_shown(what, "this host does not accept documents"))
                case _:
                    yield text_entry(sentences.not_shown(sentences.short(piece.url), "it is only a link"))

    def _showable(self, entry: HostEntry) -> HostEntry:
        """Return a verified picture in a format that the host accepts, or a sentence if that is impossible."""
        picture = entry.picture
        if picture is None:
            return entry
        if not self.host.formats:
            return not_shown(entry, "this host does not show pictures to its model")
        if picture.plain and (picture.size > self.room // 4 * 3 or self._too_wide(entry)):
            return entry  # It is decoded when it is scaled down.
        try:
            picture = convert.fitted(picture, picture.width, picture.height).proven("decoded")
            if picture.media_type not in self.host.formats:
                picture = convert.redone(picture)
        except PictureError as error:
            return not_shown(entry, sentences.asking(error))
        return showing(entry, picture)

    # Sizes.

    def _too_wide(self, entry: HostEntry) -> bool:
        picture = entry.picture
        return picture is not None and max(picture.width, picture.height) > self._side(picture)

    def _side(self, picture: Picture) -> int:
        """Return the maximum length of this picture's longer side, given the host's limits on pixels and patches."""
        longest = max(picture.width, picture.height)
        if self.host.side is None and self.host.patches is None:
            return longest
        side = max(vision.bounded(picture.width, picture.height, self.host.side, self.host.patches))
        budget = self.host.patches
        # The other side is rounded when pixels are scaled, which may take one more row of patches.
        while budget and side > 1 and vision.patches(*_scaled(picture, side / longest)) > budget:
            side -= 1
        return side

    def _total(self, entries: Sequence[HostEntry]) -> int:
        """Return the number of characters in all blocks and the notes about them."""
        note = self._note(entries)
        return sum(entry.cost + 2 for entry in entries) + (cost(text_entry(note).block) if note else 0)

    def _few(self, entries: list[HostEntry]) -> list[HostEntry]:
        """Leave out the last blocks if there are so many that each would be too short to be useful."""
        most = max(1, self.room // _BLOCK)
        if others := entries[most:]:
            told = counted(len(others), "more block is", "more blocks are")
            self.notes.append(f"{told} left out: the result has too many.")
        return entries[:most]

    def _share_out(self, entries: list[HostEntry], room: int) -> None:
        """Make each entry fit. Texts get their room first, but leave a third for pictures, which share the rest."""
        notes_cost = cost(text_entry(" ".join(self.notes)).block)
        pictures = [at for at, entry in enumerate(entries) if entry.picture]
        others = [at for at, entry in enumerate(entries) if not entry.picture]
        reserve = notes_cost + min(_NOTES, _NOTE * len(pictures))
        left = room - reserve - sum(entry.cost - entry.need + 2 for entry in entries)
        kept = min(sum(entries[at].need for at in pictures), max(0, left) // _PICTURES)
        left = self._share_evenly(entries, others, left - kept) + kept
        self._share_evenly(entries, pictures, left)

    def _share_evenly(self, entries: list[HostEntry], places: Sequence[int], left: int) -> int:
        """Fit the entries at `places`: from the smallest up, each may use an equal share. Return the remaining room."""
        order = sorted(places, key=lambda at: entries[at].need)
        for done, at in enumerate(order):
            before = entries[at].cost - entries[at].need
            entries[at] = self._shrunk(entries[at], max(0, left) // (len(order) - done))
            left -= entries[at].cost - before
        return left

    def _shrunk(self, entry: HostEntry, share: int) -> HostEntry:
        """Shrink an entry to `share` characters, if possible."""
        if entry.picture:
            try:
                return showing(entry, shrunk(entry.picture, share // 4 * 3, self._side(entry.picture)))
            except PictureError as error:
                return not_shown(entry, sentences.asking(error))
        if entry.need <= share:
            return entry
        if not entry.whole:
            return HostEntry({**entry.block, "text": self._cut(entry.block["text"], share)})
        return text_entry(self._cut(_sentence(entry.block), share))

    def _cut(self, text: str, share: int) -> str:
        """Cut a text to at most `share` characters of JSON, including a remark on its original length."""
        if cost(text) <= share:
            return text
        remark = f"\n[{len(text):,} characters; the rest is left out because it is too long for this host]"
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if cost(text[:middle] + remark) <= share:
                low = middle
            else:
                high = middle - 1
        return text[:low] + remark

    # The result.

    def _assembled(self, frame: Mapping[str, Any], entries: list[HostEntry]) -> dict[str, Any]:
        """Return the full result, with fewer blocks as a last resort. It is serialised only if it may be too large."""
        entries = retold(entries)
        result = {**frame, "content": self._blocks(entries)}
        while entries and cost(frame) + self._total(entries) > self.room and cost(result) > self.room:
            entries = entries[: len(entries) // 2]
            self.notes = ["The other blocks are left out: the result is too large."]
            result = {**frame, "content": self._blocks(entries)}
        return result

    def _blocks(self, entries: Sequence[HostEntry]) -> list[dict[str, Any]]:
        """Return the blocks, with the notes placed before the first picture."""
        blocks = [entry.block for entry in entries]
        at = next((at for at, entry in enumerate(entries) if entry.picture), len(blocks))
        note = self._note(entries)
        if not note:
            return blocks
        before = entries[at - 1].block if at else {}
        if before.get("type") == "text" and before["text"].rstrip().endswith((".", "!", "?")):
            # Only after a sentence: appended to JSON or code, the note would do harm.
            return [*blocks[: at - 1], {**before, "text": f"{before['text'].rstrip()} {note}"}, *blocks[at:]]
        return [*blocks[:at], text_entry(note).block, *blocks[at:]]

    def _note(self, entries: Sequence[HostEntry]) -> str:
        """Return the notes about the blocks: their changes, or a description of a picture that no text introduces."""
        with_pictures = [entry for entry in entries if entry.picture]
        notes = [*self.notes, *changes(with_pictures)]
        if not notes and with_pictures and entries[0] is with_pictures[0] and self.host.text_first:
            notes = [
                f"Picture {number}: {described(entry.picture)}."
                for number, entry in enumerate(with_pictures, 1)
            ]
        note = " ".join(notes)
        return note if len(note) <= _NOTES else f"{note[: _NOTES // 2]} ..."


def _labels(block: JSON) -> dict[str, Any]:
    """Return the fields that a picture keeps from its block; a picture from a resource also keeps the address."""
    labels: dict[str, Any] = {key: block[key] for key in ("annotations", "_meta") if key in block}
    if (uri := text_of(resource_of(block), "uri")) and len(uri) < _BLOCK:
        labels["_meta"] = {**labels.get("_meta", {}), URI: uri}
    return labels


def _scaled(picture: Picture, factor: float) -> tuple[int, int]:
    return max(1, round(picture.width * factor)), max(1, round(picture.height * factor))


def _sentence(block: JSON) -> str:
    """Describe in a sentence a block that cannot be cut. A document's bytes are not examined again."""
    inner = resource_of(block)
    if blob := text_of(inner, "blob"):
        named = sentences.described(text_of(inner, "mimeType"), len(blob) // 4 * 3, uri=text_of(inner, "uri"))
        return sentences.not_shown(named, "too large for a result")
    lines = [
        piece.text for piece in block_pieces(block, ResultContext(Policy())) if isinstance(piece, TextPiece)
    ]
    return "\n".join(lines)
