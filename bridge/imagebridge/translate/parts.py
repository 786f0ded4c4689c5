"""Turns pieces into parts: pictures are fitted to the receiver and the budgets, each followed by its line."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from imagebridge.errors import PictureError, counted
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

_OURS = 200_000
"""The characters reserved for our own sentences: with the limit for texts, they stay below the API's 10,485,760."""

PieceOfBlock = tuple[int | None, Piece]
"""A piece, and the index of the block that it came from (None: the result itself)."""


def placed(
    pieces: Sequence[PieceOfBlock], policy: Policy, receiver: Receiver, *, handles: bool = False
) -> tuple[PlacedPiece, ...]:
    """Turn pieces into parts, in order and within the policy's budgets; with `handles`, each picture's line names it."""
    pieces = taken_over(pieces)
    files, left = _files([piece for _, piece in pieces if isinstance(piece, FilePiece)], policy)
    beyond = _beyond(pieces, policy.max_pictures)
    showings = [
        _Showing(piece, None, _most(policy))
        if at in beyond
        else _Showing(piece, _plan(piece, policy, receiver))
        for at, (_, piece) in enumerate(pieces)
        if isinstance(piece, PicturePiece)
    ]
    _fit(showings, left, policy, receiver)
    if any(one.left_out for one in showings):
        _gather(pieces, showings)
    pictures = iter(showings)
    text_budget = _TextBudget(policy.max_text, _OURS)
    placed_pieces: list[PlacedPiece] = []
    for at, (block, piece) in enumerate(pieces):
        match piece:
            case PicturePiece():
                for parts, content in _shown(next(pictures), receiver, handles=handles):
                    placed_pieces.append(PlacedPiece(block, parts, content))
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
        characters, are = (
            counted(text_budget.characters, "character"),
            "is" if text_budget.left_out == 1 else "are",
        )
        sentence = f"[cut: {counted(text_budget.left_out, 'more text')}, {characters}, {are} left out]"
        placed_pieces.append(PlacedPiece(None, [words(sentence)], "a sentence about what was cut"))
    return tuple(placed_pieces)


def _beyond(pieces: Sequence[PieceOfBlock], limit: int | None) -> frozenset[int]:
    """Return the positions of the pictures, embedded or linked, that exceed the limit on their number."""
    if limit is None:
        return frozenset()
    pictures = [
        at
        for at, (_, piece) in enumerate(pieces)
        if isinstance(piece, PicturePiece) or (isinstance(piece, LinkPiece) and piece.sort == "picture")
    ]
    return frozenset(pictures[limit:])


def _most(policy: Policy) -> str:
    return f"the limit is {counted(policy.max_pictures or 0, 'picture')} per result"


@dataclass(slots=True)
class _TextBudget:
    """The characters left for the tool's texts and, separately, for our sentences; and counts of what did not fit."""

    texts: int
    ours: int
    left_out: int = 0
    characters: int = 0
    cut: bool = False

    def fitted(self, piece: TextPiece) -> tuple[list[Part], str]:
        """Return a text in full if it fits, or cut with a sentence about it; texts after the first cut are only counted."""
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
    """Return the parts for each document, and the bytes left for pictures."""
    left = policy.max_bytes
    files_and_notes: list[tuple[list[Part], str]] = []
    for file in files:
        size = len(file.data_url)
        if size > left:
            what = f"the file {file.filename}, {sentences.amount(size)} as base64"
            files_and_notes.append(_not_shown(what, f"the limit is {_bytes(policy)} per result"))
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


@dataclass(slots=True)
class _Showing:
    """How a picture is to be shown: its size (None: not at all), and the limit that made it smaller or left it out.

    picture: the picture that is sent, or why none is. strips: the strips that replace a long picture. last:
    if it is left out, the number of the last picture that its sentence covers; 0 if an earlier sentence
    covers it.
    """

    piece: PicturePiece
    plan: Plan | None
    limit: str = ""
    picture: Picture | PictureError | None = None
    strips: Sequence[tuple[Strip, Picture]] = ()
    last: int | None = None

    @property
    def left_out(self) -> bool:
        """Whether a limit leaves the picture out."""
        return bool(self.limit) and self.picture is None and not self.strips


def _gather(pieces: Sequence[PieceOfBlock], showings: Sequence[_Showing]) -> None:
    """Merge the sentences of consecutive pictures that the same limit leaves out."""
    pictures, first = iter(showings), None
    for _, piece in pieces:
        one = next(pictures) if isinstance(piece, PicturePiece) else None
        if one is None or not one.left_out:
            first = None
        elif first and first.limit == one.limit:
            first.last, one.last = one.piece.number, 0
        else:
            first = one


def _fit(showings: Sequence[_Showing], room: int, policy: Policy, receiver: Receiver) -> None:
    """Encode each picture within the budgets; `room` is the number of bytes for all of them together."""
    if policy.max_tokens is not None:
        _spend_tokens(showings, receiver, policy.max_tokens)
    room -= _cut_into_strips(showings, policy, receiver)
    for one in showings:
        if one.plan and not one.strips:
            one.picture = _fitted(one.piece, one.plan, receiver)
    _spend_bytes(showings, room, policy, receiver.max_data_url)


def _cut_into_strips(showings: Sequence[_Showing], policy: Policy, receiver: Receiver) -> int:
    """Cut pictures that are too long to read in one piece, if the strips fit the budgets; return the strips' bytes."""
    long = [
        (one, one.plan)
        for one in showings
        # What was drawn for the model is already small, and what a limit or a low detail made small should stay so.
        if one.plan and not one.limit and not one.piece.size and one.plan.detail != "low"
        if is_unreadable(one.piece.picture.width, one.piece.picture.height, one.plan.seen)
    ]
    if not long:
        return 0
    plans = [one.plan for one in showings if one.plan]
    pictures, tokens, held = len(plans), sum(plan.seen.tokens for plan in plans), 0
    for one, plan in long:
        picture = one.piece.picture
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
            continue  # as a whole it cannot be decoded either, which is reported there
        size = sum(len(cut_picture.data_url) for cut_picture in cut_pictures)
        if held + size <= min(policy.max_bytes, receiver.max_data_url) // 2:
            one.strips = list(zip(fitting_strips, cut_pictures, strict=True))
            held, pictures, tokens = held + size, count, cost
    return held


_Shown = tuple[list[Part], ShownPicture | str]
"""Return the parts for a picture, and the picture or what replaces it."""


def _shown(showing: _Showing, receiver: Receiver, *, handles: bool) -> list[_Shown]:
    """Return the parts for a picture: a picture, its strips, or a sentence."""
    handle = picture_lines.handle(showing.piece.number) if handles else ""
    if showing.strips and showing.plan:
        return _strip_parts(showing.piece, showing.plan, showing.strips, receiver, handle)
    return [_picture_parts(showing, receiver, handle)]


def _strip_parts(
    piece: PicturePiece,
    plan: Plan,
    strips_shown: Sequence[tuple[Strip, Picture]],
    receiver: Receiver,
    handle: str,
) -> list[_Shown]:
    """Return the strips of one picture, each with a line that states its position in the picture."""
    width, height = piece.full_size
    strip_parts: list[_Shown] = []
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
    """Return how a picture would be shown without budgets."""
    detail = receiver.detail(policy.detail or piece.detail)
    return Plan(detail, receiver.seen(piece.picture.width, piece.picture.height, detail))


def _spend_tokens(showings: Sequence[_Showing], receiver: Receiver, limit: int) -> None:
    """Make the plans fit the token budget, and record which ones it changed."""
    planned = [(one, one.plan) for one in showings if one.plan]
    smaller_plans = budget.within_tokens([plan for _, plan in planned], receiver, limit)
    for (one, plan), smaller in zip(planned, smaller_plans, strict=True):
        one.plan = smaller
        if smaller != plan:
            one.limit = f"the limit is {counted(limit, 'token')} for pictures per result"


def _spend_bytes(showings: Sequence[_Showing], limit: int, policy: Policy, most: int) -> None:
    """Make pictures fit the byte budget, each at most `most` characters, and record which ones it changed."""
    held = [(one, one.picture) for one in showings if isinstance(one.picture, Picture)]
    sizes = [len(picture.data_url) for _, picture in held]
    if sum(sizes) <= min(limit, most):
        return
    limit_in_words = _bytes(policy)
    for (one, picture), size, share in zip(held, sizes, budget.within_bytes(sizes, limit), strict=True):
        if share is None:
            one.picture, one.limit = None, f"the limit is {limit_in_words} per result"
        elif min(share, most) < size:
            one.limit = f"the limit is {limit_in_words} per result" if share < most else "the API's limit"
            # 64 characters are more than any prefix `data:...;base64,`; four characters hold three bytes.
            one.picture = _picture_or_error(within, picture, max(0, min(share, most) - 64) // 4 * 3)


def _fitted(piece: PicturePiece, plan: Plan, receiver: Receiver) -> Picture | PictureError:
    """Return the picture at the planned size; the same bytes if they fit and the API accepts them."""
    picture = _picture_or_error(fitted, piece.picture, plan.seen.width, plan.seen.height)
    if isinstance(picture, Picture) and picture.media_type not in receiver.formats:
        picture = _picture_or_error(retyped, picture.data_url, receiver.formats)
    return picture


def _picture_or_error(make: Callable[..., Picture], *arguments: object) -> Picture | PictureError:
    try:
        return make(*arguments)
    except PictureError as error:
        return error


def _picture_parts(showing: _Showing, receiver: Receiver, handle: str) -> _Shown:
    """Return one picture with the line that states its scale, or the sentence that replaces it."""
    piece, plan, picture, limit = showing.piece, showing.plan, showing.picture, showing.limit
    original = piece.picture
    if plan is None or not isinstance(picture, Picture):
        if showing.last == 0:
            return [], f"a sentence: {limit}"
        if showing.last:
            name = (
                f"{handle} to {picture_lines.handle(showing.last)}"
                if handle
                else numbered(piece.number, showing.last)
            )
            return _not_shown(name, f"{limit}: ask for fewer at a time")
        why = sentences.asking(picture) if isinstance(picture, PictureError) else limit
        name = handle or numbered(piece.number, piece.number)
        return _not_shown(f"{name} ({original.media_type}, {original.width}x{original.height})", why)
    # A picture that is sent unchanged was planned that way.
    view = plan.seen if picture is original else receiver.seen(picture.width, picture.height, plan.detail)
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
    line = _line(piece, shown, limit)
    return [shown, words(line)] if line else [shown], shown


def _line(piece: PicturePiece, shown: ShownPicture, limit: str) -> str:
    """Return the handle of a picture, if it has one, and the changes made to it, or an empty string."""
    phrases = [named(shown.handle, _other_type(piece))] if shown.handle else []
    if piece.sentence:
        phrases.append(piece.sentence)
    picture, (width, height) = shown.picture, shown.full_size
    if (picture.width, picture.height) != (width, height):
        scale = scaled(piece.number, shown.seen, width, height)
        unreadable = f"; {sentences.UNREADABLE}" if is_unreadable(width, height, shown.seen) else ""
        phrases.append(f"{scale} ({limit}){unreadable}" if limit else f"{scale}{unreadable}")
    elif limit:
        done = "encoded smaller" if picture is not piece.picture else "shown at lower detail"
        phrases.append(f"picture {piece.number}: {done} ({limit})")
    if given := _given(piece, shown.handle):
        phrases.append(given)
    return "\n".join(phrases)


def _other_type(piece: PicturePiece) -> str:
    """Return the type of the original file, which tools receive, if the picture shown has another type."""
    return piece.source if piece.encoded_file else ""


def _given(piece: PicturePiece, handle: str) -> str:
    """State the size at which a tool receives a picture by its handle, if it differs from the original's."""
    if not handle or piece.scale == (1, 1):
        return ""
    return (
        f"a tool that is passed {handle} receives it at {piece.picture.width}x{piece.picture.height} pixels"
    )
