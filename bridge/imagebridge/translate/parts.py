"""Pieces are set into parts: pictures fitted to the model and the budgets, each followed by its line."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from imagebridge.errors import PictureError
from imagebridge.facts.limits import MAX_DATA_URL
from imagebridge.pictures.convert import cut, fitted
from imagebridge.pictures.encode import within
from imagebridge.pictures.picture import Picture
from imagebridge.wire import input_text

from . import budget, sentences
from .budget import Plan
from .pieces import FilePiece, LinkPiece, PicturePiece, Piece, TextPiece
from .policy import Policy
from .strips import Strip, is_unreadable, strips
from .translation import PlacedPiece, ShownPicture
from .vision import Seen, seen

if TYPE_CHECKING:
    from imagebridge.wire import Part


_OURS = 200_000
"""Characters for our own sentences, beside the limit of texts: together they stay under the API's 10,485,760."""

PieceOfBlock = tuple[int | None, Piece]
"""A piece, and the index of the block it came from (None: the result itself)."""


def placed(
    found: Sequence[PieceOfBlock], policy: Policy, *, handles: bool = False
) -> tuple[PlacedPiece, ...]:
    """Set pieces into parts, in their order and within the policy's budgets; with `handles` each picture is named beside it."""
    papers, left = _papers([piece for _, piece in found if isinstance(piece, FilePiece)], policy)
    beyond = _beyond(found, policy.max_pictures)
    sights = [(piece, at in beyond) for at, (_, piece) in enumerate(found) if isinstance(piece, PicturePiece)]
    pictures = _pictures(sights, left, policy, handles=handles)
    room = _TextBudget(policy.max_text, _OURS)
    done: list[PlacedPiece] = []
    for at, (block, piece) in enumerate(found):
        match piece:
            case PicturePiece(number):
                done += [PlacedPiece(block, *one) for one in pictures[number]]
            case TextPiece():
                done.append(PlacedPiece(block, *room.given(piece)))
            case FilePiece():
                done.append(PlacedPiece(block, *next(papers)))
            case LinkPiece() if at in beyond:
                done.append(
                    PlacedPiece(block, *_told(f"the picture at {sentences.short(piece.url)}", _most(policy)))
                )
            case LinkPiece():
                done.append(PlacedPiece(block, *_address(piece, policy)))
    if room.left_out:
        told = f"[cut: {room.left_out:,} more texts, {room.characters:,} characters, are left out]"
        done.append(PlacedPiece(None, [input_text(told)], "a sentence on what was cut"))
    return tuple(done)


def _beyond(found: Sequence[PieceOfBlock], limit: int | None) -> frozenset[int]:
    """Return the places of the pictures, sent or given by their address, that are over a limit of them."""
    if limit is None:
        return frozenset()
    pictures = [
        at
        for at, (_, piece) in enumerate(found)
        if isinstance(piece, PicturePiece) or (isinstance(piece, LinkPiece) and piece.sort == "picture")
    ]
    return frozenset(pictures[limit:])


def _most(policy: Policy) -> str:
    return f"the limit is {policy.max_pictures} pictures of one result"


@dataclass(slots=True)
class _TextBudget:
    """The characters that are left for the tool's texts and, apart, for our sentences, and what found none."""

    texts: int
    ours: int
    left_out: int = 0
    characters: int = 0
    cut: bool = False

    def given(self, words: TextPiece) -> "tuple[list[Part], str]":
        """Return a text within the room: whole, cut with a sentence, or, after the first that was cut, only counted."""
        text, size = words.text, len(words.text)
        if words.ours and size <= self.ours:
            self.ours -= size
            return [input_text(text)], words.what
        if not words.ours and not self.cut:
            kept = min(size, self.texts)
            self.texts -= kept
            if kept == size:
                return [input_text(text)], words.what
            self.cut = True
            note = f"[cut: {size - kept:,} of {size:,} characters are left out]"
            return [input_text(f"{text[:kept]}\n{note}")], f"{words.what}, cut"
        self.left_out += 1
        self.characters += size
        return [], "left out"


def _told(what: str, why: str) -> "tuple[list[Part], str]":
    return [input_text(sentences.not_shown(what, why))], f"a sentence: {why}"


def _papers(papers: Sequence[FilePiece], policy: Policy) -> "tuple[Iterator[tuple[list[Part], str]], int]":
    """Return what each document becomes, and the bytes that are left for pictures."""
    left = policy.max_bytes
    made: list[tuple[list[Part], str]] = []
    for paper in papers:
        size = len(paper.data_url)
        if size > left:
            what = f"the file {paper.filename}, {sentences.amount(size)} as base64"
            made.append(_told(what, f"the limit is {_bytes(policy)} of one result"))
            continue
        left -= size
        part: Part = {"type": "input_file", "filename": paper.filename, "file_data": paper.data_url}
        made.append(([part], f"the file {paper.filename}"))
    return iter(made), left


def _bytes(policy: Policy) -> str:
    return sentences.amount(policy.max_bytes)


def _address(address: LinkPiece, policy: Policy) -> "tuple[list[Part], str]":
    if address.sort == "document":
        return [{"type": "input_file", "file_url": address.url}], "the address of a file"
    detail = policy.wanted(address.detail)
    return [{"type": "input_image", "image_url": address.url, "detail": detail}], "the address of a picture"


def _pictures(
    found: Sequence[tuple[PicturePiece, bool]], room: int, policy: Policy, *, handles: bool
) -> "dict[int, list[tuple[list[Part], ShownPicture | str]]]":
    """Return what each picture becomes, by its number. Each comes with whether it is over the limit of pictures.

    `room` is the bytes that they have together.
    """
    sights = [sight for sight, _ in found]
    limits = [_most(policy) if beyond else "" for _, beyond in found]
    plans = [None if beyond else _plan(sight, policy) for sight, beyond in found]
    if policy.max_tokens is not None:
        _spend_tokens(plans, limits, policy.model, policy.max_tokens)
    long = _cut(sights, plans, limits, policy)
    made = [
        None if sight.number in long else _fitted(sight, plan)
        for sight, plan in zip(sights, plans, strict=True)
    ]
    room -= sum(len(picture.data_url) for pieces in long.values() for _, picture in pieces)
    _spend_bytes(made, limits, room, policy)
    return {
        sight.number: _shown_in_strips(sight, plan, long[sight.number], policy.model, handles=handles)
        if plan and sight.number in long
        else [_shown(sight, plan, picture, limit, policy.model, handles=handles)]
        for sight, plan, picture, limit in zip(sights, plans, made, limits, strict=True)
    }


_Strips = dict[int, list[tuple[Strip, Picture]]]
"""The strips of the long pictures, by their numbers."""


def _cut(
    sights: Sequence[PicturePiece], plans: Sequence[Plan | None], limits: Sequence[str], policy: Policy
) -> _Strips:
    """Cut the pictures that are too long to be read whole, where the budgets have room for their strips."""
    pictures = sum(plan is not None for plan in plans)
    tokens = sum(plan.seen.tokens for plan in plans if plan)
    held, made = 0, _Strips()
    for sight, plan, limit in zip(sights, plans, limits, strict=True):
        picture = sight.picture
        # What was drawn for the model is small already, and what a limit or a low detail made small is to stay so.
        if plan is None or limit or sight.size or plan.detail == "low":
            continue
        if not is_unreadable(picture.width, picture.height, plan.seen):
            continue
        fit = partial(seen, model=policy.model, detail=plan.detail)
        found = strips(picture.width, picture.height, fit)
        count = pictures + len(found) - 1
        cost = tokens + sum(strip.seen.tokens for strip in found) - plan.seen.tokens
        over = policy.max_pictures is not None and count > policy.max_pictures
        if not found or over or (policy.max_tokens is not None and cost > policy.max_tokens):
            continue
        try:
            pieces = cut(picture, [(strip.box, (strip.seen.width, strip.seen.height)) for strip in found])
        except PictureError:
            continue  # as a whole it cannot be decoded either, which is told there
        size = sum(len(piece.data_url) for piece in pieces)
        if held + size <= min(policy.max_bytes, MAX_DATA_URL) // 2:
            made[sight.number] = list(zip(found, pieces, strict=True))
            held, pictures, tokens = held + size, count, cost
    return made


def _shown_in_strips(
    sight: PicturePiece,
    plan: Plan,
    pieces: "list[tuple[Strip, Picture]]",
    model: str | None,
    *,
    handles: bool,
) -> "list[tuple[list[Part], ShownPicture | str]]":
    """Return the strips of one picture, each with the line that tells where in it they lie."""
    handle = sentences.handle(sight.number) if handles else ""
    width, height = sight.picture.width, sight.picture.height
    shown: list[tuple[list[Part], ShownPicture | str]] = []
    for strip, picture in pieces:
        place = sentences.part(strip, width, height)
        if handle:
            source = f" ({sight.source})" if sight.file and sight.source else ""
            line = f"{strip.name} of {handle}{source}\n{place}"
        else:
            line = f"{strip.name} of picture {sight.number}: {place}"
        if sight.sentence and strip.number == 1:
            line = f"{line}\n{sight.sentence}"
        parts: list[Part] = [
            {"type": "input_image", "image_url": picture.data_url, "detail": plan.detail},
            input_text(line),
        ]
        size = (strip.width, strip.height)
        what = ShownPicture(
            sight.number, picture, strip.seen, plan.detail, model, size, sight.source, handle, strip.name
        )
        shown.append((parts, what))
    return shown


def _plan(sight: PicturePiece, policy: Policy) -> Plan:
    """Return how a picture is to be shown where there are no budgets."""
    detail = policy.wanted(sight.detail)
    return Plan(detail, seen(sight.picture.width, sight.picture.height, policy.model, detail))


def _spend_tokens(plans: list[Plan | None], limits: list[str], model: str | None, limit: int) -> None:
    """Make the plans fit the budget of tokens, and write down which ones it changed."""
    open_plans = [(at, plan) for at, plan in enumerate(plans) if plan]
    kept = budget.within_tokens([plan for _, plan in open_plans], model, limit)
    for (at, plan), smaller in zip(open_plans, kept, strict=True):
        plans[at] = smaller
        if smaller != plan:
            limits[at] = f"the limit is {limit:,} tokens of pictures of one result"


def _spend_bytes(
    made: "list[Picture | PictureError | None]", limits: list[str], limit: int, policy: Policy
) -> None:
    """Squeeze pictures into the budget of bytes, and write down which ones it changed."""
    held = [(at, picture) for at, picture in enumerate(made) if isinstance(picture, Picture)]
    if sum(len(picture.data_url) for _, picture in held) <= min(limit, MAX_DATA_URL):
        return
    told = _bytes(policy)
    shares = budget.within_bytes([len(picture.data_url) for _, picture in held], limit)
    for (at, picture), share in zip(held, shares, strict=True):
        if share is None:
            made[at], limits[at] = None, f"the limit is {told} of one result"
        elif min(share, MAX_DATA_URL) < len(picture.data_url):
            limits[at] = f"the limit is {told} of one result" if share < MAX_DATA_URL else "the API's limit"
            # 64 characters are more than any prefix `data:...;base64,`; four characters hold three bytes.
            made[at] = _tried(within, picture, max(0, min(share, MAX_DATA_URL) - 64) // 4 * 3)


def _fitted(sight: PicturePiece, plan: Plan | None) -> "Picture | PictureError | None":
    """Return the picture at the size that the plan says; the same bytes where it fits and the API takes them."""
    if plan is None:
        return None
    return _tried(fitted, sight.picture, plan.seen.width, plan.seen.height)


def _tried(make: Callable[..., Picture], *arguments: object) -> "Picture | PictureError":
    try:
        return make(*arguments)
    except PictureError as error:
        return error


def _shown(
    sight: PicturePiece,
    plan: Plan | None,
    picture: "Picture | PictureError | None",
    limit: str,
    model: str | None,
    *,
    handles: bool,
) -> "tuple[list[Part], ShownPicture | str]":
    """Return one picture with the line that tells its scale, or the sentence that stands for it."""
    original = sight.picture
    handle = sentences.handle(sight.number) if handles else ""
    if plan is None or not isinstance(picture, Picture):
        why = picture.reason if isinstance(picture, PictureError) else limit
        name = handle or sentences.numbered(sight.number, sight.number)
        return _told(f"{name} ({original.media_type}, {original.width}x{original.height})", why)
    view = seen(picture.width, picture.height, model, plan.detail)
    parts: list[Part] = [{"type": "input_image", "image_url": picture.data_url, "detail": plan.detail}]
    if line := _line(sight, picture, view, limit, handle):
        parts.append(input_text(line))
    size = sight.size or (original.width, original.height)
    return parts, ShownPicture(sight.number, picture, view, plan.detail, model, size, sight.source, handle)


def _line(sight: PicturePiece, picture: Picture, view: Seen, limit: str, handle: str) -> str:
    """Name the picture where it has a handle, and say what was done to it, nothing where nothing was."""
    original = sight.picture
    # A tool is given the file that came, which may be of another type than what is seen.
    named = f"{handle} ({sight.source})" if handle and sight.file and sight.source else handle
    told = [named, sight.sentence]
    width, height = sight.size or (original.width, original.height)
    if (picture.width, picture.height) != (width, height):
        scale = sentences.scaled(sight.number, view, width, height)
        unreadable = f"; {sentences.UNREADABLE}" if is_unreadable(width, height, view) else ""
        told.append(f"{scale} ({limit}){unreadable}" if limit else f"{scale}{unreadable}")
    elif limit and picture is not original:
        told.append(f"picture {sight.number}: encoded smaller ({limit})")
    elif limit:
        told.append(f"picture {sight.number}: shown at a lower detail ({limit})")
    return "\n".join(filter(None, told))
