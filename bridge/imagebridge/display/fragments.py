"""Builds HTML for content sent to a model. It may be hostile: every text is escaped, and there are no links or
scripts."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, cast

from imagebridge.errors import counted
from imagebridge.facts.models import family
from imagebridge.translate.pieces import FilePiece, LinkPiece
from imagebridge.translate.sentences import amount
from imagebridge.translate.translation import FittedResult, ShownPicture, Text
from imagebridge.wire import paired

if TYPE_CHECKING:
    from imagebridge.pictures.picture import Picture

_LONGEST = 100_000
"""The maximum number of characters of one text on a page: a tool may return millions."""

_WIDE = 90
"""The maximum length of arguments on one line."""

_HEAD = 24
"""The number of base64 characters that remain in a shortened data URL."""


class Figures:
    """The pictures on a page, each included once however often it was sent."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def figure(self, shown_picture: ShownPicture) -> str:
        """Return a picture with a description of what was sent, or a reference if it is already on the page."""
        return self.captioned(shown_picture.picture, _label(shown_picture), _facts(shown_picture))

    def captioned(self, picture: "Picture", label: str, caption: str) -> str:
        """Return a picture with a caption in HTML, or a reference if it is already on the page; `label` is the plain-text alternative."""
        url = picture.data_url
        known = self._places.get(url)
        place = self._places.setdefault(url, len(self._places) + 1)
        image = (
            f'<p><a href="#picture-{known}">The same picture as above</a></p>'
            if known
            else f'<a href="#picture-{place}"><img id="picture-{place}" src="{escape(url)}" '
            f'width="{picture.width}" height="{picture.height}" alt="{escape(label)}"></a>'
        )
        return f"<figure>{image}<figcaption>{caption}</figcaption></figure>\n"


def content(result: FittedResult, pictures: Figures) -> Iterator[str]:
    """Yield the parts that the model received, in order, and a table of what was done with each block."""
    for one in result.placed:
        for part in one.parts:
            if isinstance(part, ShownPicture):
                yield pictures.figure(part)
            else:
                yield _part(part, one.name)
    rows = "".join(
        f"<tr><td>{escape(limited(note.came, 500))}</td><td>{escape(limited(note.done, 2_000))}</td></tr>"
        for note in result.notes
    )
    table = f"<table><tr><th>arrived</th><th>the model received</th></tr>{rows}</table>"
    yield f"<details><summary>What was received, and what was sent in its place</summary>{table}</details>\n"


def _part(part: Text | FilePiece | LinkPiece, name: str) -> str:
    if isinstance(part, Text):
        return f"<pre>{escape(limited(part.text))}</pre>\n" if part.text.strip() else ""
    return sent(name, len(part.data_url) * 3 // 4 if isinstance(part, FilePiece) else 0)


def sent(name: str, size: int = 0) -> str:
    """Return a line for something that was sent but is not on the page, with its size in bytes if known."""
    data = f", {amount(size)} as data" if size else ""
    return f'<p><span class="tag wait">sent</span>{escape(limited(name, 500))}{data}</p>\n'


def _label(shown_picture: ShownPicture) -> str:
    return shown_picture.handle or f"picture {shown_picture.number}"


def _facts(shown_picture: ShownPicture) -> str:
    """Return the facts about a picture as sent, and the changes to it."""
    picture = shown_picture.picture
    size = f"{picture.width}x{picture.height}"
    facts = [_label(shown_picture), f"{size} pixels", picture.media_type, amount(picture.size)]
    facts += [f"detail {shown_picture.detail}", counted(shown_picture.seen.tokens, "token")]
    changes = [f"made from {shown_picture.source}"] if shown_picture.source else []
    if shown_picture.full_size != (picture.width, picture.height):
        changes.append("shrunk from {}x{}".format(*shown_picture.full_size))
    if (shown_picture.seen.width, shown_picture.seen.height) != (picture.width, picture.height):
        changes.append(f"seen at {shown_picture.seen.width}x{shown_picture.seen.height}")
    if shown_picture.model and family(shown_picture.model).assumed:
        changes.append(f"sizes assumed for {shown_picture.model}")
    marks = "".join(f'<span class="tag wait">{escape(change)}</span>' for change in changes)
    return " · ".join(map(escape, facts)) + (f"<br>{marks}" if marks else "")


def opening(kind: str, who: str, remark: str, tag: str = "") -> str:
    """Return the start of a card, which ends with `</section>`; `tag` is HTML."""
    return (
        f'<section class="card {kind}"><header><strong>{escape(limited(who, 200))}</strong>{tag}'
        f'<span class="quiet">{escape(remark)}</span></header>\n'
    )


def words(text: str) -> str:
    """Return running text."""
    return f'<div class="words">{escape(limited(text))}</div>\n'


def folded(name: str, text: str) -> str:
    """Return a collapsed text that opens when its name is clicked."""
    return f"<details><summary>{escape(limited(name, 100))}</summary><pre>{escape(limited(text))}</pre></details>\n"


def thoughts(reasoning: str) -> str:
    """Return the summary of a model's reasoning, folded; empty if there is none."""
    return folded("reasoning", reasoning) if reasoning.strip() else ""


def arguments(text: str) -> str:
    """Show a call's arguments as JSON, on one line if it is short; if they are not JSON, as the model wrote them."""
    try:
        value = shortened(json.loads(text or "{}"))
        text = json.dumps(value, ensure_ascii=False)
        text = json.dumps(value, ensure_ascii=False, indent=2) if len(text) > _WIDE else text
    except (ValueError, RecursionError):
        pass
    return f'<p class="what">called with</p>\n<pre>{escape(limited(text))}</pre>\n' if text != "{}" else ""


def sums(facts: Mapping[str, str]) -> str:
    """Return totals under their names."""
    fact_list = "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items()
    )
    return f'<h2>Totals</h2>\n<dl class="card sums">{fact_list}</dl>\n'


def limited(text: Any, longest: int = _LONGEST) -> str:
    """Return a text, or its start and a note on how much is left out."""
    text = paired(str(text))
    if len(text) <= longest:
        return text
    return f"{text[:longest]}\n[{counted(len(text) - longest, 'more character is', 'more characters are')} not on this page]"


def shortened(value: object) -> object:
    """Return JSON in which data URLs are cut after their first characters and followed by their size."""
    match value:
        case str() if value.startswith("data:") and ";base64," in value[:200]:
            head, _, data = value.partition(",")
            size = amount(len(data) * 3 // 4)
            return f"{head},{data[:_HEAD]}... ({size})" if len(data) > 2 * _HEAD else value
        case dict():
            return {key: shortened(inner) for key, inner in cast("Mapping[str, object]", value).items()}
        case list():
            return [shortened(inner) for inner in cast("list[object]", value)]
        case _:
            return value
