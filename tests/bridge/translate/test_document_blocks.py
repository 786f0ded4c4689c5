"""Documents become text and pictures: the text keeps its budget, and the most informative pages are drawn."""

import io
import json
import re
import zipfile

import pytest
import samples
from long_rows import one_in

from imagebridge import Policy, repair, translate
from imagebridge.facts.hosts import host as host_of

PLAIN, SCANNED, DRAWN = "plain", "scanned", "drawn"

WORDS = " T* ".join(
    f"({' '.join(str(n * row * 7919 % 100_003) for n in range(11))}) Tj" for row in range(1, 48)
)
LINES = " ".join(f"{x} 20 m {x + 9} {20 + x * x % 90} l S" for x in range(20, 380, 12))


def page(number, kind=PLAIN):
    """The content of a page: a text, a text and a drawing, or a drawing alone."""
    text = f"BT /F1 9 Tf 12 TL 20 640 Td (Page {number} of the report) Tj T* {WORDS} ET"
    return {PLAIN: text, DRAWN: f"{text} {LINES}", SCANNED: LINES}[kind]


def document(total, **kinds):
    """A PDF of so many pages, of which those named `p7` are of another kind."""
    pages = [page(number, kinds.get(f"p{number}", PLAIN)) for number in range(1, total + 1)]
    resource = {
        "uri": "file:///report.pdf",
        "mimeType": "application/pdf",
        "blob": samples.b64(samples.pdf_of(*pages, size=(420, 660))),
    }
    return {"content": [{"type": "resource", "resource": resource}]}


def by_policy(result, **limits):
    """Return the text, and how many pictures come with it."""
    first, *others = translate(result, Policy(documents="pages", **limits)).parts
    return first["text"], sum(part["type"] == "input_image" for part in others)


LONG = document(40, p3=DRAWN, p20=SCANNED, p33=DRAWN)
REST = "the text of pages 36-40"
AGAIN = "ask for a few pages at a time, such as 36-40"


@pytest.mark.parametrize(
    ("result", "limits", "total", "pages", "left_out"),
    [
        (document(1), {}, "1 page", "; a picture of it follows", ""),
        (document(3), {}, "3 pages", "; pictures of its pages follow", ""),
        (document(3), {"max_pictures": 0}, "3 pages", "", "pictures of 3 pages; ask for only page 1"),
        (
            document(3),
            {"max_pictures": 2},
            "3 pages",
            "; pictures of pages 1-2 follow",
            "pictures of 1 other page; ask for only page 3",
        ),
        (
            LONG,
            {"max_pictures": 5},
            "40 pages",
            "; pictures of pages 3, 20, 33, 36-37 follow",
            f"{REST}, and pictures of 35 other pages; {AGAIN}",
        ),
        (
            LONG,
            {"max_tokens": 100},
            "40 pages",
            "; a picture of page 20 follows",
            f"{REST}, and pictures of 39 other pages; {AGAIN}",
        ),
    ],
)
def test_those_pages_are_drawn_that_say_most_beside_the_text(result, limits, total, pages, left_out):
    first, *others = translate(result, Policy(documents="pages", **limits)).parts
    head, said, *_ = first["text"].split("\n\n")
    assert head == f"[report.pdf: PDF of {total}, as text{pages}]"
    assert said == f"[left out: {left_out}]" if left_out else not said.startswith("[")
    shown = re.findall(r"[\d-]+", pages) or ([f"1-{total[0]}"] if pages else [])
    spans = [span.split("-") for span in shown]
    count = sum(int(last) - int(first) + 1 for first, *_, last in ([*span, span[-1]] for span in spans))
    assert sum(part["type"] == "input_image" for part in others) == count
    assert all(part["type"] == "input_image" or "not shown" not in part["text"] for part in others)


@pytest.mark.parametrize(
    ("host", "pages"), one_in(2, [("claude-desktop", 5), ("codex", 5), ("text-only", 0), ("cline", 0)])
)
def test_a_host_gets_all_of_the_text_that_it_takes_and_pictures_of_what_is_left(host, pages):
    fitted = repair(LONG, host=host)
    room = host_of(host).characters
    size = len(json.dumps(fitted))
    assert size < room
    (text, *said), pictures = (
        [block for block in fitted["content"] if block["type"] == kind] for kind in ("text", "image")
    )
    numbers = [int(one) for one in re.findall(r"^Page (\d+) of the report$", text["text"], re.MULTILINE)]
    last = numbers[-1]
    # The scanned page says nothing.
    assert numbers == [number for number in range(1, last + 1) if number != 20]
    assert f"the text of pages {last + 1}-40" in text["text"]
    if room > 100_000:
        assert last == 35
    else:
        assert size > room // 3
    assert len(pictures) >= pages
    # None had to be made smaller: that takes long, and what is left of a page is hard to read.
    assert said == []
    assert bool(pictures) is bool(pages)


def test_a_long_text_leaves_a_third_of_the_room_for_a_picture():
    noise = samples.file(samples.noise(1_200, 1_000), "PNG")
    blocks = [
        {"type": "text", "text": "word " * 1_000_000},
        {"type": "image", "data": samples.b64(noise), "mimeType": "image/png"},
    ]
    text, _, picture = repair({"content": blocks}, host="claude-desktop")["content"]
    assert len(text["text"]) > 600_000
    assert len(picture["data"]) > 300_000


def test_a_short_text_is_whole_beside_many_pictures():
    noise = {
        "type": "image",
        "data": samples.b64(samples.file(samples.noise(700, 700), "PNG")),
        "mimeType": "image/png",
    }
    said = "word " * 20_000
    fitted = repair({"content": [{"type": "text", "text": said}, *[noise] * 12]}, host="cursor")
    assert fitted["content"][0]["text"] == said
    assert sum(block["type"] == "image" for block in fitted["content"]) == 12


def book(chapter):
    """An EPUB of one chapter."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", "<c><rootfile full-path='a.opf'/></c>")
        archive.writestr("a.opf", "<p><item id='a' href='a.xhtml'/><itemref idref='a'/></p>")
        archive.writestr("a.xhtml", f"<html><body>{chapter}</body></html>")
    return made.getvalue()


def test_of_many_figures_as_many_are_shown_as_there_is_room_for():
    urls = [
        samples.data_url(samples.file(samples.noise(260, 260, n), "PNG"), "image/png") for n in range(1, 31)
    ]
    chapter = "".join(f"<p>Figure <img alt='pier {n}' src='{url}'/></p>" for n, url in enumerate(urls, 1))
    resource = {"uri": "file:///a.epub", "blob": samples.b64(book(chapter))}
    fitted = repair({"content": [{"type": "resource", "resource": resource}]}, host="cursor")
    (text, *_), pictures = (
        [block for block in fitted["content"] if block["type"] == kind] for kind in ("text", "image")
    )
    assert 6 <= len(pictures) < 30
    assert f"[picture {len(pictures)} below: pier {len(pictures)}]" in text["text"]
    assert text["text"].count("not shown: too many for one result") == 30 - len(pictures)
