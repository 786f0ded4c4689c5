"""render_document: the requested pages, drawn and described."""

import json
import re

import pytest
from samples import SVG, drawing, file, pdf, pdf_of, pixels

from imagebridge.errors import ArgumentError, BridgeError
from imagebridge.requirements import install_command
from imagebridge_tools.files.source import Source
from imagebridge_tools.render import PAGES, rendered


def written(*texts, size=(200, 100)):
    """A PDF with a page for each text, each with a black square whose place counts the pages."""
    streams = []
    for number, text in enumerate(texts):
        lines = " T* ".join(f"({line}) Tj" for line in text.split("\n"))
        streams.append(f"{20 * number} 0 10 10 re f BT /F1 12 Tf 14 TL 10 80 Td {lines} ET")
    return pdf_of(*streams, size=size)


def document(*texts, **given):
    return Source("report.pdf", written(*texts, **given))


def numbers(answer):
    """Which pages the pictures show, by their squares."""
    found = []
    for picture in answer.pictures:
        image = pixels(picture.data)
        scale = image.width / 200
        row = [image.getpixel((int((20 * n + 5) * scale), image.height - int(5 * scale))) for n in range(10)]
        found.append(1 + min(range(10), key=lambda n: sum(row[n])))
    return found


@pytest.mark.parametrize(
    ("pages", "shown", "words"),
    [
        ("", [1, 2, 3, 4, 5, 6], "pages 1-6 of 9 of a PDF, more with pages=7-9; drawn in 400x200 px (2 pixels per point)."),
        ("2", [2], "page 2 of 9 of a PDF; drawn in"),
        ("1-3, 7", [1, 2, 3, 7], "pages 1-3, 7 of 9"),
        ("9,1", [9, 1], "pages 9, 1 of 9"),
        ("5-3", [5, 4, 3], "pages 5, 4, 3 of 9"),
        ("2,2-3", [2, 3], "pages 2-3 of 9"),
        (" 4 - 5 ", [4, 5], "pages 4-5 of 9"),
    ],
)  # fmt: skip
def test_pages(pages, shown, words):
    answer = rendered(document(*"abcdefghi"), pages, False, 400)
    assert numbers(answer) == shown
    assert words in answer.sentence


def test_the_text_of_the_pages():
    answer = rendered(document("Bridges\nSpan 2023 m", "Towers"), "", True, 400)
    assert answer.sentence == (
        "report.pdf: pages 1-2 of 2 of a PDF; drawn in 400x200 px (2 pixels per point)."
        "\nPage 1, text:\nBridges\nSpan 2023 m\nPage 2, text:\nTowers"
    )
    assert "Bridges" not in rendered(document("Bridges"), "", False, 400).sentence


def test_a_scan_has_no_text():
    assert rendered(Source("scan.pdf", pdf()), "", True, 400).sentence.endswith(
        "Page 1, text: none (a scan has no text)"
    )


def test_long_texts_are_cut(monkeypatch):
    from imagebridge_tools import render

    monkeypatch.setattr(render, "_LETTERS", 10)
    told = rendered(document("Bridges", "Towers"), "", True, 400).sentence
    assert told.endswith(
        "Page 1, text:\nBridges\nPage 2, text:\nTow\n[cut: 3 of 6 characters are left out; load_file with pages=2 returns all of it]"
    )


@pytest.mark.parametrize("letter", ["a", "\\344"])
def test_texts_take_no_more_room_than_there_is(letter):
    pages = [" ".join(letter * 9 for _ in range(60)) for _ in range(3)]
    told = rendered(document(*pages, size=(6_000, 100)), "1-3", True, 200, 3_000).sentence
    assert len(json.dumps(told)) < 3_000
    assert [f"load_file with pages={number} returns all of it" in told for number in (1, 2, 3)] == [
        letter != "a"
    ] * 3


@pytest.mark.parametrize("size", [(200, 100), (100, 200), (14_400, 20), (1, 1)])
def test_the_longer_side_has_the_size(size):
    (picture,) = rendered(document("x", size=size), "", False, 600).pictures
    assert max(picture.width, picture.height) in (600, 601)


def test_letters_are_drawn_where_they_stand():
    image = pixels(rendered(document("HHHHH"), "", False, 800).pictures[0].data).convert("L")
    text = image.crop((40, 20, 300, 90))
    assert text.getextrema()[0] < 60
    assert image.crop((400, 20, 800, 300)).getextrema() == (255, 255)


def test_an_svg():
    answer = rendered(Source("a.svg", SVG), "", False, 640)
    image = pixels(answer.pictures[0].data)
    assert image.size == (640, 480)
    assert (image.getpixel((79, 59)), image.getpixel((81, 61))) == ((255, 0, 0), (255, 255, 255))
    assert answer.sentence.startswith("a.svg: an SVG of 64x48 px. Drawn as PNG, 640x480 px, ")


def test_the_text_of_an_svg():
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='200' height='100'><text y='30'>Hello <tspan>there</tspan></text><g><text y='60'>again</text></g></svg>"
    assert rendered(Source("a.svg", svg), "1", True, 640).sentence.endswith("\nText:\nHello there\nagain")
    assert rendered(Source("a.svg", SVG), "", True, 640).sentence.endswith("\nText: none")


@pytest.mark.parametrize(
    ("data", "given", "argument", "problem"),
    [
        (b"hello", {}, "source", "x is not a file of a known type; supported are PDF and SVG"),
        (file(drawing(), "PNG"), {}, "source", "x is of type image/png; supported are PDF and SVG; load_image shows pictures"),
        (b"%PDF-1.7 broken", {}, "source", "x cannot be drawn: the PDF cannot be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><g>", {}, "source", "x cannot be drawn: "),
        (written("a", "b"), {"pages": "3"}, "pages", "asks for page 3, but the document has only 2 pages"),
        (written("a", "b"), {"pages": "0-1"}, "pages", "asks for page 0"),
        (written("a", "b"), {"pages": "1-99999999999"}, "pages", "asks for page 99999999999"),
        (written("a", "b"), {"pages": "first"}, "pages", "contains 'first'; use numbers and ranges such as 1-3, 7"),
        (written("a", "b"), {"pages": "1,,2"}, "pages", "contains ''; use numbers"),
        (written(*"abcdefgh"), {"pages": "1-8"}, "pages", f"has 8 entries, but at most {PAGES} are drawn per call; ask for 1-6, for example"),
        (SVG, {"pages": "2"}, "pages", "is '2'; an SVG has only one page"),
        (SVG, {"size": 100}, "size", "is 100; give 200 to 2000 pixels"),
        (SVG, {"size": 2001}, "size", "is 2001; give 200 to 2000 pixels"),
    ],
)  # fmt: skip
def test_bad_arguments(data, given, argument, problem):
    with pytest.raises(ArgumentError) as caught:
        rendered(Source("x", data), **given)
    assert caught.value.argument == argument
    assert problem in caught.value.problem


def test_without_the_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(
        BridgeError, match=re.escape(f"drawing PDFs needs an extra: {install_command('server')}")
    ):
        rendered(document("x"))
