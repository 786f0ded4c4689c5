"""Pieces are set into parts: pictures fitted to what the receiver takes and to the budgets, each followed by its line."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from imagebridge.errors import PictureError
from imagebridge.pictures.convert import cut, fitted, retyped
from imagebridge.pictures.encode import within
from imagebridge.pictures.picture import Picture

from . import budget, picture_lines, sentences
from .budget import Plan
from .picture_lines import named, numbered, part_of, scaled, strip_place
from .pieces import FilePiece, LinkPiece, PicturePiece, Piece, TextPiece
from .policy import Policy
from .receiver import Receiver
from .scale import taken_over
from .strips import Strip, is_unreadable, strips
from .translation import Part, PlacedPiece, ShownPicture, words
from .vision import Seen

_OURS = 200_000
"""Characters for our own sentences, beside the limit of texts: together they stay under the API's 10,485,760."""

PieceOfBlock = tuple[int | None, Piece]
"""A piece, and the index of the block it came from (None: the result itself)."""


def placed(
    pieces: Sequence[PieceOfBlock], policy: Policy, receiver: Receiver, *, handles: bool = False
) -> tuple[PlacedPiece, ...]:
    """Set pieces into parts, in their order and within the policy's budgets; with `handles` each picture is named beside it."""
    pieces = taken_over(pieces)
    files, left = _files([piece for _, piece in pieces if isinstance(piece, FilePiece)], policy)
    beyond = _beyond(pieces, policy.max_pictures)
    picture_pieces = [
        (piece, at in beyond) for at, (_, piece) in enumerate(pieces) if isinstance(piece, PicturePiece)
    ]
    pictures = _pictures(picture_pieces, left, policy, receiver, handles=handles)
    text_budget = _TextBudget(policy.max_text, _OURS)
    placed_pieces: list[PlacedPiece] = []
    for at, (block, piece) in enumerate(pieces):
        match piece:
            case PicturePiece(number):
                placed_pieces += [PlacedPiece(block, *one) for one in pictures[number]]
            case TextPiece(text="", ours=True):
                placed_pieces.append(PlacedPiece(block, [], piece.what))
            case TextPiece():
                placed_pieces.append(PlacedPiece(block, *text_budget.fitted(piece)))
            case FilePiece():
                placed_pieces.append(PlacedPiece(block, *next(files)))
            case LinkPiece() if at in beyond:
                placed_pieces.append(
                    PlacedPiece(
                        block, *_not_shown(f"the picture at {sentences.short(piece.url)}", _most(policy))
                    )
                )
            case LinkPiece():
                placed_pieces.append(PlacedPiece(block, *_link(piece, policy, receiver)))
    if text_budget.left_out:
        sentence = (
            f"[cut: {text_budget.left_out:,} more texts, {text_budget.characters:,} characters, are left out]"
        )
        placed_pieces.append(PlacedPiece(None, [words(sentence)], "a sentence on what was cut"))
    return tuple(placed_pieces)


def _beyond(pieces: Sequence[PieceOfBlock], limit: int | None) -> frozenset[int]:
    """Return the places of the pictures, sent or given by their address, that are over a limit of them."""
    if limit is None:
        return frozenset()
    pictures = [
        at
        for at, (_, piece) in enumerate(pieces)
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

    def fitted(self, piece: TextPiece) -> tuple[list[Part], str]:
        """Return a text within the room: whole, cut with a sentence, or, after the first that was cut, only counted."""
        text, size = piece.text, len(piece.text)
        if piece.ours and size <= self.ours:
            self.ours -= size
            return [words(text)], piece.what
        if not piece.ours and not self.cut:
            length = min(size, self.texts)
            self.texts -= length
            if length == size:
                return [words(text)], piece.what
            self.cut = True
            return [words(sentences.cut(text, length))], f"{piece.what}, cut"
        self.left_out += 1
        self.characters += size
        return [], "left out"


def _not_shown(what: str, why: str) -> tuple[list[Part], str]:
    return [words(sentences.not_shown(what, why))], f"a sentence: {why}"


def _files(files: Sequence[FilePiece], policy: Policy) -> tuple[Iterator[tuple[list[Part], str]], int]:
    """Return what each document becomes, and the bytes that are left for pictures."""
    left = policy.max_bytes
    files_and_notes: list[tuple[list[Part], str]] = []
    for file in files:
        size = len(file.data_url)
        if size > left:
            what = f"the file {file.filename}, {sentences.amount(size)} as base64"
            files_and_notes.append(_not_shown(what, f"the limit is {_bytes(policy)} of one result"))
            continue
        left -= size
        files_and_notes.append(([file], f"the file {file.filename}"))
    return iter(files_and_notes), left


def _bytes(policy: Policy) -> str:
    return sentences.amount(policy.max_bytes)


def _link(piece: LinkPiece, policy: Policy, receiver: Receiver) -> tuple[list[Part], str]:
    if piece.sort == "document":
        return [piece], "the address of a file"
    return [piece._replace(detail=receiver.detail(policy.detail or piece.detail))], "the address of a picture"


def _pictures(
    candidates: Sequence[tuple[PicturePiece, bool]],
    room: int,
    policy: Policy,
    receiver: Receiver,
    *,
    handles: bool,
) -> dict[int, list[tuple[list[Part], ShownPicture | str]]]:
    """Return what each picture becomes, by its number. Each comes with whether it is over the limit of pictures.

    `room` is the bytes that they have together.
    """
    pieces = [piece for piece, _ in candidates]
    limits = [_most(policy) if beyond else "" for _, beyond in candidates]
    plans = [None if beyond else _plan(piece, policy, receiver) for piece, beyond in candidates]
    if policy.max_tokens is not None:
        _spend_tokens(plans, limits, receiver, policy.max_tokens)
    long = _cut_into_strips(pieces, plans, limits, policy, receiver)
    fitted_pictures = [
        None if piece.number in long else _fitted(piece, plan, receiver)
        for piece, plan in zip(pieces, plans, strict=True)
    ]
    room -= sum(len(picture.data_url) for strips_of_one in long.values() for _, picture in strips_of_one)
    _spend_bytes(fitted_pictures, limits, room, policy, receiver.max_data_url)
    return {
        piece.number: _shown_in_strips(piece, plan, long[piece.number], receiver, handles=handles)
        if plan and piece.number in long
        else [_picture_parts(piece, plan, picture, limit, receiver, handles=handles)]
        for piece, plan, picture, limit in zip(pieces, plans, fitted_pictures, limits, strict=True)
    }


_Strips = dict[int, list[tuple[Strip, Picture]]]
"""The strips of the long pictures, by their numbers."""


def _cut_into_strips(
    pieces: Sequence[PicturePiece],
    plans: Sequence[Plan | None],
    limits: Sequence[str],
    policy: Policy,
    receiver: Receiver,
) -> _Strips:
    """Cut the pictures that are too long to be read whole, where the budgets have room for their strips."""
    long = [
        (piece, plan)
        for piece, plan, limit in zip(pieces, plans, limits, strict=True)
        # What was drawn for the model is small already, and what a limit or a low detail made small is to stay so.
        if plan and not limit and not piece.size and plan.detail != "low"
        if is_unreadable(piece.picture.width, piece.picture.height, plan.seen)
    ]
    if not long:
        return {}
    pictures = sum(plan is not None for plan in plans)
    tokens = sum(plan.seen.tokens for plan in plans if plan)
    held, strips_of = 0, _Strips()
    for piece, plan in long:
        picture = piece.picture
        fit = partial(receiver.seen, detail=plan.detail)
        fitting_strips = strips(picture.width, picture.height, fit)
        count = pictures + len(fitting_strips) - 1
        cost = tokens + sum(strip.seen.tokens for strip in fitting_strips) - plan.seen.tokens
        over = policy.max_pictures is not None and count > policy.max_pictures
        if not fitting_strips or over or (policy.max_tokens is not None and cost > policy.max_tokens):
            continue
        try:
            cut_pictures = cut(
                picture, [(strip.box, (strip.seen.width, strip.seen.height)) for strip in fitting_strips]
            )
        except PictureError:
            continue  # as a whole it cannot be decoded either, which is told there
        size = sum(len(one.data_url) for one in cut_pictures)
        if held + size <= min(policy.max_bytes, receiver.max_data_url) // 2:
            strips_of[piece.number] = list(zip(fitting_strips, cut_pictures, strict=True))
            held, pictures, tokens = held + size, count, cost
    return strips_of


def _shown_in_strips(
    piece: PicturePiece,
    plan: Plan,
    strips_shown: list[tuple[Strip, Picture]],
    receiver: Receiver,
    *,
    handles: bool,
) -> list[tuple[list[Part], ShownPicture | str]]:
    """Return the strips of one picture, each with the line that tells where in it they lie."""
    handle = picture_lines.handle(piece.number) if handles else ""
    width, height = piece.full_size
    strip_parts: list[tuple[list[Part], ShownPicture | str]] = []
    for own_strip, picture in strips_shown:
        strip = own_strip.enlarged(*piece.scale)
        place = "; ".join(strip_place(strip, width, height))
        if handle:
            line = f"{named(handle, _other_type(piece), strip.name)}\n{place}"
        else:
            line = f"{part_of(numbered(piece.number, piece.number), strip.name)}: {place}"
        if strip.number == 1:
            line = "\n".join(filter(None, (line, piece.sentence, _given(piece, handle))))
        size = (strip.width, strip.height)
        what = ShownPicture(
            piece.number,
            picture,
            strip.seen,
            plan.detail,
            receiver.model,
            size,
            piece.source,
            handle,
            strip.name,
            receiver.assumes(receiver.model),
        )
        strip_parts.append(([what, words(line)], what))
    return strip_parts


def _plan(piece: PicturePiece, policy: Policy, receiver: Receiver) -> Plan:
    """Return how a picture is to be shown where there are no budgets."""
    detail = receiver.detail(policy.detail or piece.detail)
    return Plan(detail, receiver.seen(piece.picture.width, piece.picture.height, detail))


def _spend_tokens(plans: list[Plan | None], limits: list[str], receiver: Receiver, limit: int) -> None:
    """Make the plans fit the budget of tokens, and write down which ones it changed."""
    open_plans = [(at, plan) for at, plan in enumerate(plans) if plan]
    smaller_plans = budget.within_tokens([plan for _, plan in open_plans], receiver, limit)
    for (at, plan), smaller in zip(open_plans, smaller_plans, strict=True):
        plans[at] = smaller
        if smaller != plan:
            limits[at] = f"the limit is {limit:,} tokens of pictures of one result"


def _spend_bytes(
    pictures: list[Picture | PictureError | None],
    limits: list[str],
    limit: int,
    policy: Policy,
    most: int,
) -> None:
    """Squeeze pictures into the budget of bytes, each into `most` characters, and write down which ones it changed."""
    held = [(at, picture) for at, picture in enumerate(pictures) if isinstance(picture, Picture)]
    if sum(len(picture.data_url) for _, picture in held) <= min(limit, most):
        return
    limit_in_words = _bytes(policy)
    shares = budget.within_bytes([len(picture.data_url) for _, picture in held], limit)
    for (at, picture), share in zip(held, shares, strict=True):
        if share is None:
            pictures[at], limits[at] = None, f"the limit is {limit_in_words} of one result"
        elif min(share, most) < len(picture.data_url):
            limits[at] = f"the limit is {limit_in_words} of one result" if share < most else "the API's limit"
            # 64 characters are more than any prefix `data:...;base64,`; four characters hold three bytes.
            pictures[at] = _picture_or_error(within, picture, max(0, min(share, most) - 64) // 4 * 3)


def _fitted(piece: PicturePiece, plan: Plan | None, receiver: Receiver) -> Picture | PictureError | None:
    """Return the picture at the size that the plan says; the same bytes where it fits and the API takes them."""
    if plan is None:
        return None
    picture = _picture_or_error(fitted, piece.picture, plan.seen.width, plan.seen.height)
    if isinstance(picture, Picture) and picture.media_type not in receiver.formats:
        picture = _picture_or_error(retyped, picture.data_url, receiver.formats)
    return picture


def _picture_or_error(make: Callable[..., Picture], *arguments: object) -> Picture | PictureError:
    try:
        return make(*arguments)
    except PictureError as error:
        return error


def _picture_parts(
    piece: PicturePiece,
    plan: Plan | None,
    picture: Picture | PictureError | None,
    limit: str,
    receiver: Receiver,
    *,
    handles: bool,
) -> tuple[list[Part], ShownPicture | str]:
    """Return one picture with the line that tells its scale, or the sentence that stands for it."""
    original = piece.picture
    handle = picture_lines.handle(piece.number) if handles else ""
    if plan is None or not isinstance(picture, Picture):
        why = sentences.asking(picture) if isinstance(picture, PictureError) else limit
        name = handle or numbered(piece.number, piece.number)
        return _not_shown(f"{name} ({original.media_type}, {original.width}x{original.height})", why)
    view = receiver.seen(picture.width, picture.height, plan.detail)
    shown = ShownPicture(
        piece.number,
        picture,
        view,
        plan.detail,
        receiver.model,
        piece.full_size,
        piece.source,
        handle,
        assumed=receiver.assumes(receiver.model),
    )
    line = _line(piece, picture, view, limit, handle)
    return [shown, words(line)] if line else [shown], shown


def _line(piece: PicturePiece, picture: Picture, view: Seen, limit: str, handle: str) -> str:
    """Name the picture where it has a handle, and say what was done to it, nothing where nothing was."""
    original = piece.picture
    phrases = [named(handle, _other_type(piece)) if handle else "", piece.sentence]
    width, height = piece.full_size
    if (picture.width, picture.height) != (width, height):
        scale = scaled(piece.number, view, width, height)
        unreadable = f"; {sentences.UNREADABLE}" if is_unreadable(width, height, view) else ""
        phrases.append(f"{scale} ({limit}){unreadable}" if limit else f"{scale}{unreadable}")
    elif limit and picture is not original:
        phrases.append(f"picture {piece.number}: encoded smaller ({limit})")
    elif limit:
        phrases.append(f"picture {piece.number}: shown at a lower detail ({limit})")
    phrases.append(_given(piece, handle))
    return "\n".join(filter(None, phrases))


def _other_type(piece: PicturePiece) -> str:
    """Return the type of the file that came, which a tool is given, where what is seen is of another."""
    return piece.source if piece.encoded_file else ""


def _given(piece: PicturePiece, handle: str) -> str:
    """Say in which pixels a tool gets a picture by its handle, where those are not the ones of the original."""
    if not handle or piece.scale == (1, 1):
        return ""
    return f"a tool that is given {handle} gets it in {piece.picture.width}x{piece.picture.height} pixels"
