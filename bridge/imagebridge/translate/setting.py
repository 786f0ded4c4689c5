"""Pieces are set into parts: pictures fitted to the model and the budgets, each followed by its line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imagebridge.errors import PictureError

from . import budget, sentences
from .blocks import Address, Paper, Piece, Sight, Words
from .budget import Plan
from .convert import fitted
from .encode import within
from .picture import Picture
from .policy import Policy
from .vision import Seen, family, known, seen
from .wire import input_text, is_json, text_of

if TYPE_CHECKING:
    from .wire import Part

MAX_DATA_URL = 20_971_520
"""Characters of an `image_url` at most (`maxLength` in OpenAI's OpenAPI document, 2026-08-21)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as it is sent: after fitting, at its detail, with what the model sees of it."""

    picture: Picture
    seen: Seen


@dataclass(frozen=True, slots=True)
class Note:
    """The account of one block: `block` is its index in `content`, None for what the result said itself.

    came: what it was. done: what the model gets for it. tokens: what its pictures cost.
    """

    block: int | None
    came: str
    done: str
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Translation:
    """What a result became.

    parts: for the model, in the order of the blocks.
    notes: one a block.
    pictures: those among the parts, as sent.
    for_user: blocks that the server marks for the user and not for the model.
    """

    parts: "list[Part]"
    notes: tuple[Note, ...]
    pictures: tuple[Shown, ...]
    for_user: list[dict[str, Any]] = field(default_factory=list)

    @property
    def output(self) -> "str | list[Part]":
        """`parts`, or one string joined by line breaks where only text is left: what most servers take."""
        texts = [part["text"] for part in self.parts if part["type"] == "input_text"]
        return "\n".join(texts) if len(texts) == len(self.parts) else self.parts

    @property
    def tokens(self) -> int:
        """Tokens that the pictures cost the model, by the formulas of `vision`."""
        return sum(shown.seen.tokens for shown in self.pictures)


@dataclass(frozen=True, slots=True)
class _Set:
    """What one piece became."""

    parts: "list[Part]"
    done: str
    shown: Shown | None = None


def set_pieces(
    found: Sequence[tuple[int | None, Piece]],
    blocks: Sequence[object],
    policy: Policy,
    for_user: list[dict[str, Any]],
) -> Translation:
    """Set `found`, pairs of a block's index and a piece of it, into parts within the policy's budgets."""
    pieces = [piece for _, piece in found]
    shown = _pictures([piece for piece in pieces if isinstance(piece, Sight)], _files(pieces), policy)
    done: list[_Set] = []
    room = policy.max_text
    for piece in pieces:
        match piece:
            case Words(text):
                cut = _cut(text, room)
                room -= min(len(text), room)
                done.append(_Set([input_text(cut)], "a sentence" if piece.lost else "text"))
            case Sight():
                done.append(shown[piece.number])
            case Paper(data_url):
                done.append(_paper(piece, fits=len(data_url) <= policy.max_bytes))
            case Address():
                done.append(_address(piece, policy))
    parts = [part for one in done for part in one.parts]
    pictures = tuple(one.shown for one in done if one.shown)
    return Translation(parts, _notes(found, blocks, done), pictures, for_user)


def _cut(text: str, room: int) -> str:
    """Return text within `room` characters, and say what was left out."""
    if len(text) <= room:
        return text
    return f"{text[:room]}\n[cut: {len(text) - room:,} of {len(text):,} characters are left out]"


def _files(pieces: Sequence[Piece]) -> int:
    """Return the bytes that documents take of the budget."""
    return sum(len(piece.data_url) for piece in pieces if isinstance(piece, Paper))


def _paper(paper: Paper, *, fits: bool) -> _Set:
    if not fits:
        what = f"the file {paper.filename}, {sentences.amount(len(paper.data_url))} as base64"
        return _Set(
            [input_text(sentences.not_shown(what, "over the limit of bytes of one result"))], "a sentence"
        )
    part: Part = {"type": "input_file", "filename": paper.filename, "file_data": paper.data_url}
    return _Set([part], f"the file {paper.filename}")


def _address(address: Address, policy: Policy) -> _Set:
    if address.sort == "document":
        return _Set([{"type": "input_file", "file_url": address.url}], "the address of a file")
    detail = known(policy.model, policy.detail or address.detail or "high")
    return _Set(
        [{"type": "input_image", "image_url": address.url, "detail": detail}], "the address of a picture"
    )


def _pictures(sights: Sequence[Sight], files: int, policy: Policy) -> dict[int, _Set]:
    """Return what each picture becomes, by its number."""
    plans: list[Plan | None] = []
    for sight in sights:
        detail = known(policy.model, policy.detail or sight.detail or "high")
        plans.append(Plan(detail, seen(sight.picture.width, sight.picture.height, policy.model, detail)))
    limits: list[str] = [""] * len(sights)
    if policy.max_pictures is not None:
        for at in range(policy.max_pictures, len(sights)):
            plans[at], limits[at] = None, f"the limit is {policy.max_pictures} pictures of one result"
    if policy.max_tokens is not None:
        _spend_tokens(plans, limits, policy.model, policy.max_tokens)
    made = [_fitted(sight, plan) for sight, plan in zip(sights, plans, strict=True)]
    _spend_bytes(made, limits, max(0, policy.max_bytes - files))
    return {
        sight.number: _set(sight, plan, picture, limit, policy.model)
        for sight, plan, picture, limit in zip(sights, plans, made, limits, strict=True)
    }


def _spend_tokens(plans: list[Plan | None], limits: list[str], model: str | None, limit: int) -> None:
    """Make the plans fit the budget of tokens, and write down which ones it changed."""
    open_plans = [(at, plan) for at, plan in enumerate(plans) if plan]
    kept = budget.within_tokens([plan for _, plan in open_plans], model, limit)
    for (at, plan), smaller in zip(open_plans, kept, strict=True):
        plans[at] = smaller
        if smaller != plan:
            limits[at] = f"the limit is {limit:,} tokens of pictures of one result"


def _spend_bytes(made: "list[Picture | PictureError | None]", limits: list[str], limit: int) -> None:
    """Squeeze pictures into the budget of bytes, and write down which ones it changed."""
    held = [(at, picture) for at, picture in enumerate(made) if isinstance(picture, Picture)]
    shares = budget.within_bytes([len(picture.data_url) for _, picture in held], limit)
    for (at, picture), share in zip(held, shares, strict=True):
        share = min(share, MAX_DATA_URL) if share is not None else None
        if share is not None and share >= len(picture.data_url):
            continue
        if share != MAX_DATA_URL:
            limits[at] = f"the limit is {sentences.amount(limit)} of one result"
        # 64 characters are more than any prefix `data:...;base64,`; four characters hold three bytes.
        made[at] = None if share is None else _tried(within, picture, max(0, share - 64) // 4 * 3)


def _fitted(sight: Sight, plan: Plan | None) -> "Picture | PictureError | None":
    """Return the picture at the size that the plan says; the same bytes where it fits and the API takes them."""
    if plan is None:
        return None
    return _tried(fitted, sight.picture, plan.seen.width, plan.seen.height)


def _tried(make: Callable[..., Picture], *arguments: object) -> "Picture | PictureError":
    try:
        return make(*arguments)
    except PictureError as error:
        return error


def _set(
    sight: Sight, plan: Plan | None, picture: "Picture | PictureError | None", limit: str, model: str | None
) -> _Set:
    """Return one picture with the line that tells its scale, or the sentence that stands for it."""
    original = sight.picture
    if plan is None or not isinstance(picture, Picture):
        why = picture.reason if isinstance(picture, PictureError) else limit
        what = f"picture {sight.number} ({original.media_type}, {original.width}x{original.height})"
        return _Set([input_text(sentences.not_shown(what, why))], "a sentence")
    view = seen(picture.width, picture.height, model, plan.detail)
    line = _line(sight, picture, view, limit)
    parts: list[Part] = [{"type": "input_image", "image_url": picture.data_url, "detail": plan.detail}]
    parts += [input_text(line)] if line else []
    done = f"{picture.media_type}, {picture.width}x{picture.height}, {sentences.amount(picture.size)}"
    assumed = f" (sizes of {model} are assumed)" if model and family(model).assumed else ""
    return _Set(
        parts, f"{done}, {view.tokens:,} tokens at detail {plan.detail}{assumed}", Shown(picture, view)
    )


def _line(sight: Sight, picture: Picture, view: Seen, limit: str) -> str:
    """Say what was done to the picture, nothing where nothing was."""
    original = sight.picture
    told = [sight.sentence] if sight.sentence else []
    if (picture.width, picture.height) != (original.width, original.height):
        scale = sentences.scaled(sight.number, view, original.width, original.height)
        told.append(f"{scale} ({limit})" if limit else scale)
    elif limit:
        told.append(f"picture {sight.number}: encoded smaller ({limit})")
    return "\n".join(told)


def _notes(
    found: Sequence[tuple[int | None, Piece]], blocks: Sequence[object], done: Sequence[_Set]
) -> tuple[Note, ...]:
    """Return the account: one note a block, and one for what the result said itself."""
    by_block: dict[int | None, list[_Set]] = {index: [] for index in range(len(blocks))}
    for (index, _), one in zip(found, done, strict=True):
        by_block.setdefault(index, []).append(one)
    return tuple(
        Note(
            index,
            _came(blocks[index]) if index is not None else "the result itself",
            "; ".join(dict.fromkeys(one.done for one in sets)),
            sum(one.shown.seen.tokens for one in sets if one.shown),
        )
        for index, sets in by_block.items()
    )


def _came(block: object) -> str:
    """Name a block: its type, label and length."""
    if not is_json(block):
        return type(block).__name__
    inner = block.get("resource") if is_json(block.get("resource")) else block
    assert is_json(inner)
    label = text_of(inner, "mimeType")
    length = max(len(text_of(inner, key)) for key in ("text", "data", "blob"))
    told = [
        text_of(block, "type") or "no type",
        label,
        f"{length:,} characters" if length else text_of(inner, "uri"),
    ]
    return ", ".join(part[:100] for part in told if part)
