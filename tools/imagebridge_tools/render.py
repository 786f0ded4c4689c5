"""render_document: draws pages of a PDF, or an SVG, as pictures, with their text if requested."""

from collections.abc import Sequence
from contextlib import closing
from importlib import import_module
from typing import Annotated, Any
from xml.etree import ElementTree

from imagebridge.documents import page_numbers
from imagebridge.documents.excerpt import fitting, json_length
from imagebridge.errors import ArgumentError, BridgeError, PictureError
from imagebridge.pictures import kinds
from imagebridge.pictures.picture import Picture
from imagebridge.requirements import DOCUMENTS, install_command

from . import lenient_values
from .apart import apart
from .arguments import TEXT_NAMES, Document, PageRange
from .declaration import Argument, tool
from .files.source import NOWHERE, Places, Source, opened
from .mistakes import Mistakes, Noted
from .tool_output import ToolOutput, described

PAGES = 6
"""The maximum number of pages per call; more would be too small to read in one result."""

SMALLEST, LARGEST = 200, 2_000
"""The minimum and maximum length of a page's longer side, in pixels."""

_LETTERS = 20_000
"""The maximum number of characters of text per call; `load_file` returns more, in parts."""

_SENTENCES = 1_000
"""The characters of JSON reserved for remarks on the pages."""


PageText = Annotated[bool, Argument("Also return the page text.", names=TEXT_NAMES)]

PageSize = Annotated[
    int, Argument("Longer side of each picture, 200 to 2000 pixels.", reading=lenient_values.number)
]


@tool("Show a document", "Show pages of a PDF, or an SVG, as pictures.", requirement=DOCUMENTS)
async def render_document(
    source: Document,
    places: Places = NOWHERE,
    *,
    pages: PageRange = "",
    text: PageText = False,
    size: PageSize = 1536,
    room: int | None = None,
    noted: Noted = (),
) -> ToolOutput:
    """Draw `pages` of the PDF that `source` names, such as `1-3, 7` (the first six if empty), or an SVG.

    The longer side of each page has `size` pixels. With `text`, the sentence also contains the text on the pages, up to
    `room` characters of JSON. `noted` contains the mistakes found so far; they are reported together with those found
    here.

    Raises:
        ArgumentError: the file is not a PDF or SVG, does not have these pages, or cannot be drawn; the error reports
        everything that is wrong.
        BridgeError: the extra `server` is not installed.
        ApartError: the work took too long or too much memory.
    """
    mistakes = Mistakes(noted)
    file = await mistakes.needed(opened(source, places), lambda: _check(mistakes, pages, size))
    return await apart(rendered, file, pages, text, size, room, mistakes.found)


def _check(mistakes: Mistakes, pages: str, size: int) -> None:
    """Record mistakes that do not depend on the document."""
    if not SMALLEST <= size <= LARGEST:
        mistakes.add(ArgumentError("size", f"is {size}; give {SMALLEST} to {LARGEST} pixels"))
    mistakes.of(lambda: page_numbers.ranges(pages))


def rendered(
    source: Source,
    pages: str = "",
    text: bool = False,
    size: int = 1536,
    room: int | None = None,
    noted: Noted = (),
) -> ToolOutput:
    """Do the work of `render_document` on a file that has been read. PDFium can only be used by one thread at a time."""
    mistakes = Mistakes(noted)
    _check(mistakes, pages, size)
    try:
        answer, texts = _drawn(mistakes, source, pages, size, text=text)
    except ArgumentError as error:
        mistakes.add(error)
        raise mistakes.error() from error
    return answer._replace(sentence=answer.sentence + _texts_in_words(texts, room)) if text else answer


_PageTexts = Sequence[tuple[int, str]]
"""The numbers of pages (0 for an SVG) and their texts."""


def _drawn(
    mistakes: Mistakes, source: Source, pages: str, size: int, *, text: bool
) -> tuple[ToolOutput, _PageTexts]:
    """Draw a document, unless there are `mistakes`; errors in the document or its pages are raised first."""
    file_type = kinds.kind(source.data)
    try:
        match file_type:
            case kinds.PDF:
                return _document(mistakes, source, pages, size, text=text)
            case kinds.SVG:
                return _drawing(mistakes, source, pages, size, text=text)
            case _:
                what = f"is of type {file_type.media_type}" if file_type else "is not a file of a known type"
                hint = "; load_image shows pictures" if file_type and file_type.sort == "picture" else ""
                raise ArgumentError("source", f"{source.name} {what}; supported are PDF and SVG{hint}")
    except PictureError as error:
        raise ArgumentError("source", f"{source.name} cannot be drawn: {error.reason}") from error


def _document(
    mistakes: Mistakes, source: Source, pages: str, size: int, *, text: bool
) -> tuple[ToolOutput, _PageTexts]:
    try:
        pypdfium2: Any = import_module("pypdfium2")  # it has no type stubs
    except ImportError as error:
        raise BridgeError(f"drawing PDFs needs an extra: {install_command('server')}") from error
    from imagebridge.pictures.decoder_errors import decoding

    with decoding("the PDF cannot be read"):
        document = pypdfium2.PdfDocument(source.data)
        document.init_forms()  # Only then are filled-in values drawn.
    with document:
        total = len(document)
        numbers = page_numbers.chosen(pages, total, most=PAGES)
        mistakes.tell()
        drawn = [_page(document[number - 1], size, text=text) for number in numbers]
    pictures = tuple(picture for picture, _, _ in drawn)
    each = [f"{one.width}x{one.height} px ({scale:.4g} pixels per point)" for one, _, scale in drawn]
    sizes = each[0] if len(set(each)) == 1 else ", ".join(each)
    more = (
        f", more with pages={numbers[-1] + 1}-{min(total, numbers[-1] + PAGES)}"
        if not pages and total > PAGES
        else ""
    )
    sentence = f"{source.name}: {page_numbers.in_words(numbers)} of {total} of a PDF{more}; drawn in {sizes}."
    texts = [(number, words) for number, (_, words, _) in zip(numbers, drawn, strict=True)]
    return ToolOutput(sentence, pictures), texts


def _page(page: Any, size: int, *, text: bool) -> tuple[Picture, str, float]:
    """Return a page as a picture, its text, and the number of pixels per point (1/72 inch)."""
    from imagebridge.pictures.decoder_errors import decoding
    from imagebridge.pictures.pages import page_picture

    with closing(page), decoding("a page cannot be drawn"):
        scale = size / max(*page.get_size(), 1.0)
        picture = page_picture(page, size)
        words = ""
        if text:
            with closing(page.get_textpage()) as letters:
                words = letters.get_text_bounded()
    return picture, words.replace("\r\n", "\n").strip(), scale


def _drawing(
    mistakes: Mistakes, source: Source, pages: str, size: int, *, text: bool
) -> tuple[ToolOutput, _PageTexts]:
    """Draw an SVG; it has one page."""
    if pages.strip() not in ("", "1"):
        raise ArgumentError("pages", f"is {pages!r}; an SVG has only one page, so leave pages out")
    mistakes.tell()
    from imagebridge.pictures.svg import drawn

    def fit(width: int, height: int) -> tuple[int, int]:
        scale = size / max(width, height)
        return max(1, round(width * scale)), max(1, round(height * scale))

    svg = drawn(source.data, fit)
    lacks = f"; {svg.sentence}" if svg.sentence else ""
    sentence = (
        f"{source.name}: an SVG of {svg.width}x{svg.height} px{lacks}. Drawn as {described(svg.picture)}."
    )
    return ToolOutput(sentence, (svg.picture,)), [(0, _svg_text(source.data) if text else "")]


def _svg_text(data: bytes) -> str:
    """Return the text of an SVG, one line for each text element."""
    from imagebridge.pictures.svg.markup import SvgAllowance, svg_root

    root: ElementTree.Element = svg_root(data, SvgAllowance())
    lines = [
        " ".join("".join(one.itertext()).split())
        for one in root.iter()
        if str(one.tag).rpartition("}")[2] == "text"
    ]
    return "\n".join(filter(None, lines))


def _texts_in_words(texts: _PageTexts, room: int | None) -> str:
    """Return the texts of pages with headings, as far as they fit, and how to request the rest."""
    # Each page may take an equal share of what those before it left.
    letters = _LETTERS
    room = None if room is None else max(0, room - _SENTENCES)
    parts = list[str]()
    for done, (number, words) in enumerate(texts):
        share = None if room is None else room // (len(texts) - done)
        excerpt = words[: min(letters, fitting(words, share) if words else 0)]
        letters -= len(excerpt)
        room = None if room is None else room - json_length(excerpt)
        left_out = f"{len(words) - len(excerpt):,} of {len(words):,} characters are left out"
        how = f"; load_file with pages={number} returns all of it" if number else ""
        cut = f"\n[cut: {left_out}{how}]" if len(excerpt) < len(words) else ""
        head = f"Page {number}, text" if number else "Text"
        none = "none (a scan has no text)" if number else "none"
        parts.append(f"\n{head}:\n{excerpt}{cut}" if words else f"\n{head}: {none}")
    return "".join(parts)
