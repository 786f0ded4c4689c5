"""demo.html: the report as one self-contained page, with pictures and style included."""

import inspect
from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from imagebridge.display.html import foot, head

from . import naive
from .journey import PROMPT
from .outcome import LOOKS, Outcome, kinds_in_words
from .report import rules
from .scene import base64, image_file

if TYPE_CHECKING:
    from imagebridge.testing import SeenPicture

    from .before_after import Comparison
    from .journey import Journey

_WIDTH = 360
"""The size in pixels of the small pictures next to the rows, for screens with two pixels per point."""


def page(journey: "Journey", rows: "Sequence[Comparison]", model: str) -> str:
    """Return the page."""
    return f"""{head("imagebridge: before and after, as sent to the API", "imagebridge.cli.demo", "page.css")}\
<h1>Before and after, as sent to the API</h1>
<p>What MCP tools return, sent to the Responses API twice: by a loop written by hand, and by imagebridge.</p>
<p class="quiet">No model is involved. A scripted endpoint on one machine answers the real OpenAI SDK, decodes
every picture that it receives, and refuses what these rules refuse: {escape(rules())} Tokens are counted as
{escape(model)} counts them; text counts as one token per four characters. Every figure was measured in the
run that wrote this page.</p>
<div class="sums">
{_sum("By hand", "", [row.by_hand for row in rows])}
{_sum("With imagebridge", "ours", [row.by_us for row in rows])}
</div>
<h2>A chart travels the whole way</h2>
<p class="quiet">From a table through the tool, MCP over stdio, the bridge and the OpenAI SDK to the endpoint.
The picture is the one that the endpoint decoded.</p>
{_chart(journey)}
<h2>Awkward tool results, sent twice</h2>
<p class="quiet">Pictures are shown as the endpoint received them, scaled down for this page.</p>
<div class="rows card">
<div class="row head"><div>A tool returns</div><div>by hand</div><div>with imagebridge</div></div>
{"".join(map(_row, rows))}</div>
<h2>The loop by hand</h2>
<p class="quiet">The code behind the middle column. The first row sends <code>dumped</code>, all others
<code>parts</code>.</p>
<pre class="card"><code>{escape(_source())}</code></pre>
{foot("imagebridge demo")}"""


def _sum(name: str, kind: str, outcomes: list[Outcome]) -> str:
    whole = sum(outcome.whole for outcome in outcomes)
    bar = "".join(
        f'<i class="{tone}"></i>'
        for tone in ("good", "wait", "blind", "bad")
        for outcome in outcomes
        if _tone(outcome) == tone
    )
    return (
        f'<div class="card {kind}">{name}<strong>{whole} of {len(outcomes)}</strong>with nothing lost'
        f'<div class="bar">{bar}</div><span class="quiet">{escape(kinds_in_words(outcomes))}</span></div>'
    )


def _tone(outcome: Outcome) -> str:
    """Return the style of an outcome: if any content was lost, it is not shown as a success."""
    tone = LOOKS[outcome.kind].tone
    return "blind" if outcome.lost and tone == "good" else tone


def _chart(journey: "Journey") -> str:
    picture = journey.picture
    image = (
        f'<img src="{_url(picture.bytes, picture.media_type)}" alt="{escape(journey.result)}">'
        if picture
        else "<p>No picture arrived.</p>"
    )
    facts = {
        "asked": escape(PROMPT),
        "called": f"<code>{escape(journey.call)}</code>",
        "returned": escape(journey.result),
        "answered by the script, from the decoded picture": escape(journey.answer),
        "the whole journey took": f"{journey.seconds:.1f} s",
    }
    fact_list = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())
    return f'<div class="chart card"><div>{image}</div><dl>{fact_list}</dl></div>'


def _row(row: "Comparison") -> str:
    return (
        f'<div class="row"><div class="name">{escape(row.case.name)}<code>{escape(row.case.tool)}</code></div>'
        f"{_side('by hand', row.by_hand)}{_side('imagebridge', row.by_us)}</div>\n"
    )


def _side(name: str, outcome: Outcome) -> str:
    notes = "".join(
        f'<span class="note{" missing" if note.startswith("lost") else ""}">{escape(note)}</span>'
        for note in outcome.notes
    )
    pictures = "".join(f'<img src="{_small(picture)}" alt="">' for picture in outcome.pictures)
    return (
        f'<div class="side" data-side="{name}"><div>'
        f'<span class="tag {LOOKS[outcome.kind].tone}">{outcome.kind}</span>'
        f"{escape(outcome.words)}{notes}</div>{pictures}</div>"
    )


def _small(picture: "SeenPicture") -> str:
    """Return a picture as a new data URL, small enough for a page with many pictures."""
    from PIL import Image

    with Image.open(BytesIO(picture.bytes)) as image:
        image.draft("RGB", (_WIDTH, _WIDTH))
        small = image.convert("RGB")
    small.thumbnail((_WIDTH, _WIDTH), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _url(image_file(small, "WEBP", quality=82), "image/webp")


def _url(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64(data)}"


def _source() -> str:
    return "\n\n".join(inspect.getsource(function) for function in (naive.ask, naive.parts, naive.dumped))
