"""A document becomes text and pictures: what it says as Markdown, the pages of a PDF drawn, the figures of others."""

from imagebridge.documents import page_numbers
from imagebridge.documents.document_types import document_type
from imagebridge.documents.excerpt import CHARACTERS, Excerpt, excerpt
from imagebridge.errors import PictureError
from imagebridge.pictures.picture import Picture

from .pieces import PicturePiece, Piece, ResultContext, TextPiece


def document_pieces(data: bytes, name: str, context: ResultContext) -> list[Piece]:
    """Return the text of a document, and its pages or figures as pictures where the receiver shows any.

    Raises:
        DocumentError: it cannot be read.
        RequirementError: the extra `documents` is not installed.
    """
    read = excerpt(data, name, characters=min(CHARACTERS, max(context.policy.max_text, 1_000)))
    shows = bool(context.receiver.formats)
    if document_type(data, name) == "pdf":
        pictures, told = _pages(data) if shows else ([], "")
        pieces = [PicturePiece(context.number(page.base64), page) for page in pictures]
        text = read.with_figures(lambda _, caption: f"[{caption}]")
    else:
        told, pieces = "", list[PicturePiece]()
        numbers: dict[int, int] = {}
        for number, figure in read.figures.items() if shows else ():
            numbers[number] = context.number(figure.base64)
            pieces.append(PicturePiece(numbers[number], figure))

        def shown(number: int, caption: str) -> str:
            if number in numbers:
                return f"[picture {numbers[number]} below: {caption}]"
            why = f"; not shown: {read.missing[number]}" if number in read.missing else ""
            return f"[figure: {caption}{why}]"

        text = read.with_figures(shown)
    # What is left out before the text, whose end a host may cut.
    lines = [f"[{name}: {_described(read, pictures=bool(pieces))}]", *_left_out(read), *read.notes, text]
    after = [TextPiece(told, "a sentence on the pages", ours=True)] if told else []
    return [TextPiece("\n\n".join(filter(None, lines)), "the text of a document"), *pieces, *after]


def _pages(data: bytes) -> tuple[list[Picture], str]:
    """Return the pages of a PDF as pictures, and a sentence on them."""
    from imagebridge.pictures.pages import rendered

    try:
        return rendered(data)
    except PictureError as error:
        return [], f"[its pages are not shown: {error.reason}]"


def _described(read: Excerpt, *, pictures: bool) -> str:
    total = f" of {read.total:,} {read.unit}{'' if read.total == 1 else 's'}" if read.unit else ""
    seen = "pages" if read.form == "PDF" else "figures"
    return f"{read.form}{total}, as text{f'; pictures of its {seen} follow' if pictures else ''}"


def _left_out(read: Excerpt) -> list[str]:
    if read.is_last:
        return []
    last = read.sections[-1] if read.sections else 0
    rest = list(range(last + 1, read.total + 1))
    what = f"{page_numbers.in_words(rest, read.unit)}" if read.unit and rest else "what follows"
    return [f"[the text of {what} is left out: it is too long]"]
