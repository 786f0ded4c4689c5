"""A document becomes text and pictures: its content as Markdown, with a PDF's pages or other documents' figures as pictures.

The text comes first, followed by as many pages or figures as fit.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from imagebridge.documents import page_numbers
from imagebridge.documents.confined import NATIVE, confined
from imagebridge.documents.document_types import document_type
from imagebridge.documents.excerpt import CHARACTERS, MAX_FIGURES, Excerpt, excerpt, json_length
from imagebridge.errors import DocumentError, PictureError
from imagebridge.pictures.pages import ENOUGH, MAX_PAGES, DrawnPages, rendered

from . import sentences
from .pieces import PicturePiece, Piece, ResultContext, TextPiece

_OURS, _NOTES = 600, 8
"""The JSON characters reserved for notes about a document, and the divisor of the budget that limits its own notes."""

_PAGE = 1_086, 1_536
"""The size in pixels of a typical page as drawn, used to estimate how many pages fit a token budget."""


def document_pieces(data: bytes, name: str, context: ResultContext) -> list[Piece]:
    """Return the text of a document, and its pages or figures as pictures if the receiver shows pictures.

    Raises:
        DocumentError: the document cannot be read.
        RequirementError: the extra `documents` is not installed.
    """
    shows = bool(context.receiver.formats)
    form = document_type(data, name)
    is_pdf = form == "pdf"
    reading = partial(
        excerpt,
        data,
        name,
        characters=min(CHARACTERS, max(context.policy.max_text, 1_000)),
        room=_text_room(context),
        figures=shows and not is_pdf,
    )
    read = confined(reading) if form in NATIVE else reading()
    if is_pdf:
        return _pages(data, name, read, context)
    text, pictures = _figures(read, context) if shows else (read.with_figures(_named_figure), [])
    seen = "; pictures of its figures follow" if pictures else ""
    return [_text_piece(name, read, seen, [_left_out(read, [])], text, context), *pictures]


def _text_room(context: ResultContext) -> int | None:
    """Return how many JSON characters a text may use: a third of them is reserved for pictures, if any are shown."""
    room = context.receiver.room
    if room is None:
        return None
    return max(1, (room * 2 // 3 if context.receiver.formats else room) - _OURS - room // _NOTES)


class _Allowance(NamedTuple):
    """The number of pictures of a document that may be shown, and the bytes that they may use together."""

    pictures: int
    room: int


def _allowance(context: ResultContext, text: str, most: int) -> _Allowance:
    policy, receiver = context.policy, context.receiver
    left = policy.max_bytes if receiver.room is None else receiver.room - json_length(text) - _OURS
    if policy.max_pictures is not None:
        most = min(most, max(0, policy.max_pictures - context.count))
    return _Allowance(most, max(0, left) // 4 * 3)


def _text_piece(
    name: str, read: Excerpt, seen: str, said: Sequence[str], text: str, context: ResultContext
) -> TextPiece:
    """Return the text of a document. The note about what is left out comes first, because a host may cut off the end."""
    total = f" of {read.total:,} {read.unit}{'' if read.total == 1 else 's'}" if read.unit else ""
    room = context.receiver.room
    notes = [one if room is None else sentences.cut(one, room // _NOTES // 2) for one in read.notes]
    lines = [f"[{name}: {read.form}{total}, as text{seen}]", *said, *notes, text]
    return TextPiece("\n\n".join(filter(None, lines)), "the text of a document")


def _named_figure(_: int, caption: str) -> str:
    return f"[figure: {caption}]"


# Pages of a PDF.


def _pages(data: bytes, name: str, read: Excerpt, context: ResultContext) -> list[Piece]:
    text = read.with_figures(lambda _, caption: f"[{caption}]")
    if not context.receiver.formats:
        return [_text_piece(name, read, "", [_left_out(read, [])], text, context)]
    most, room = _allowance(context, text, MAX_PAGES)
    if (tokens := context.policy.max_tokens) is not None:
        detail = context.receiver.detail(context.policy.detail)
        most = min(most, max(1, tokens // context.receiver.seen(*_PAGE, detail).tokens))
    drawn, failed = DrawnPages({}, ""), ""
    if most:
        try:
            drawn = confined(partial(rendered, data, _order(read)[:most], room))
        except PictureError as error:
            failed = f"[its pages are not shown: {error.reason}]"
        except DocumentError as error:
            failed = f"[its pages are not shown: the PDF {error}]"
    numbers = sorted(drawn.pictures)
    missing = f"[{drawn.missing}]" if drawn.missing else failed
    others = [] if failed else [number for number in range(1, read.total + 1) if number not in numbers]
    which = page_numbers.in_words(numbers)
    if len(numbers) == read.total:
        which = "it" if read.total == 1 else "its pages"
    seen = f"; a picture of {which} follows" if len(numbers) == 1 else f"; pictures of {which} follow"
    pictures = [
        PicturePiece(context.number(drawn.pictures[number].base64), drawn.pictures[number])
        for number in numbers
    ]
    said = [_left_out(read, others), missing]
    return [_text_piece(name, read, seen if numbers else "", said, text, context), *pictures]


def _order(read: Excerpt) -> list[int]:
    """Return the pages in order of how much their pictures add to the text.

    Pages without text come first, then pages with figures or drawings, then pages whose text is left out, then the others.
    """
    last = read.sections[-1] if read.sections else 0
    beyond = range(last if read.broken else last + 1, read.total + 1)
    return list(dict.fromkeys([*read.scans, *read.drawn, *(() if read.is_last else beyond), *read.sections]))


def _left_out(read: Excerpt, unseen: Sequence[int]) -> str:
    """State which text is left out, which pages are not shown, and how to get them, or return an empty string."""
    last = read.sections[-1] if read.sections else 0
    rest = [] if read.is_last else list(range(last + 1, read.total + 1))
    lacking: list[str] = []
    if not read.is_last:
        of_last = [f"the rest of {read.unit} {last}"] if read.unit and read.broken else []
        following = [page_numbers.in_words(rest, read.unit)] if read.unit and rest else []
        lacking.append(f"the text of {' and '.join(of_last + following) or 'what follows'}")
    if unseen:
        pages = f"{len(unseen):,} {'other ' if len(unseen) < read.total else ''}page{'' if len(unseen) == 1 else 's'}"
        lacking.append(f"pictures of {pages}")
    if not lacking:
        return ""
    first = next(iter(rest or unseen), 0)
    asking = "ask for a part of it"
    if first and read.total > 1:
        end = min(read.total, first + max(1, len(read.sections) // 2) - 1, first + MAX_PAGES - 1)
        few = f"a few {read.unit}s at a time, such as {first}-{end}"
        asking = f"ask for {few if end > first else f'only {read.unit} {first}'}"
    return f"[left out: {', and '.join(lacking)}; {asking}]"


# Figures of others.


def _figures(read: Excerpt, context: ResultContext) -> tuple[str, list[Piece]]:
    """Return a text that refers to its figures by the numbers of the pictures, and the figures."""
    most, room = _allowance(context, read.text, MAX_FIGURES)
    pieces: list[Piece] = []
    numbers: dict[int, int] = {}
    for number, figure in read.figures.items():
        room -= min(figure.size, ENOUGH)
        if len(numbers) >= most or (numbers and room < 0):
            break
        numbers[number] = context.number(figure.base64)
        pieces.append(PicturePiece(numbers[number], figure))

    def shown(number: int, caption: str) -> str:
        if number in numbers:
            return f"[picture {numbers[number]} below: {caption}]"
        why = read.missing.get(number, "too many for one result")
        return f"[figure: {caption}; not shown: {why}]"

    return read.with_figures(shown), pieces
