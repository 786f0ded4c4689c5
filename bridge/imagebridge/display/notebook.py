"""Renders a result or reply for a notebook: HTML with inline styles, because notebooks drop style sheets."""

from collections.abc import Mapping, Sequence
from html import escape

from imagebridge.translate.translation import FittedResult, ShownPicture, Text

from .fragments import limited

_WRAPPED = "white-space:pre-wrap;overflow-wrap:anywhere"
_IMAGE = "max-width:100%;height:auto"
_QUIET = "opacity:.7;font-size:.9em"


def reply(text: str, pictures: Sequence[ShownPicture], usage: Mapping[str, int], cost: float | None) -> str:
    """Return an answer with the pictures that the model was shown.

    Args:
        text: the answer.
        pictures: as sent.
        usage: tokens under the API's names.
        cost: USD at list prices, if known.
    """
    price = f", ${cost:.4f} at list price" if cost is not None else ""
    tokens = f"{usage.get('input_tokens', 0):,} tokens in, {usage.get('output_tokens', 0):,} out{price}"
    answer = f'<div style="{_WRAPPED}">{escape(limited(text))}</div>'
    return f'<div>{answer}{"".join(map(_figure, pictures))}<p style="{_QUIET}">{tokens}</p></div>'


def result(translation: FittedResult) -> str:
    """Return what a model receives for a result, in order."""
    shown = (_part(part, one.name) for one in translation.placed for part in one.parts)
    return f"<div>{''.join(shown)}</div>"


def _part(part: object, name: str) -> str:
    if isinstance(part, ShownPicture):
        return _figure(part)
    if isinstance(part, Text):
        return f'<pre style="{_WRAPPED}">{escape(limited(part.text))}</pre>' if part.text.strip() else ""
    return f'<p style="{_QUIET}">{escape(limited(name, 500))}</p>'


def _figure(shown_picture: ShownPicture) -> str:
    picture = shown_picture.picture
    image = (
        f'<img src="{escape(picture.data_url)}" width="{picture.width}" height="{picture.height}" '
        f'alt="picture {shown_picture.number}" style="{_IMAGE}">'
    )
    caption = f'<figcaption style="{_QUIET}">{escape(str(shown_picture))}</figcaption>'
    return f'<figure style="margin:.8em 0">{image}{caption}</figure>'
