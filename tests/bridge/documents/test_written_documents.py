"""Documents written by real programs: headings, lists, tables, notes and figures become Markdown."""

import gzip
import io
from pathlib import Path

import pytest
from PIL import Image

from imagebridge.documents.excerpt import excerpt
from imagebridge.pictures.pages import rendered

WRITTEN = Path(__file__).parent / "written"

TOWNS = """\
| town | 2024 | 2025 |
| --- | --- | --- |
| Narvik | 21530 | 21600 |
| Mandal | 15600 | 15700\\|x |"""

MERGED = """\
|  | Sales | Sales |
| --- | --- | --- |
| North | a |  |
| North |  | b |"""

LISTS = """\
- Harbour
    - Pier
        - Pier leg
- Quay
1. First
2. Second"""

FLAT = LISTS.replace("    ", "")
"""LibreOffice keeps Word's styles of nested lists as three lists of one level."""

CHART = """\
|  | Q1 | Q2 |
| --- | --- | --- |
| East | 19.2 | 22 |
| West | 21.4 | 28 |"""

WATER = "Revenue rose by 12 percent to H<sub>2</sub>O."
ARABIC = "مرحبا بالعالم עברית"

REPORTS = {
    "report.docx": ["# Annual report", "# 1 Finances", WATER, LISTS, TOWNS, MERGED, "[Header: Confidential]"],
    "report-libreoffice.docx": ["# Annual report", "# 1 Finances", WATER, LISTS, TOWNS, MERGED],
    "report.odt": ["# Annual report", "# 1 Finances", FLAT, TOWNS, MERGED, "[Footer: Page foot]"],
    "report.rtf.gz": ["# 1 Finances", WATER, FLAT, TOWNS, "[Header: Confidential]"],
    "report.epub": ["1 Finances", TOWNS, MERGED],
    "report.pdf": ["1 Finances", "town 2024 2025\nNarvik 21530 21600\nMandal 15600 15700|x", "• Pier leg"],
}


def written(name):
    data = (WRITTEN / name).read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


@pytest.mark.parametrize("name", REPORTS)
def test_a_report(name):
    read = excerpt(written(name))
    assert [one for one in (*REPORTS[name], ARABIC) if one not in read.text] == []
    assert (read.part, read.parts, read.missing) == (1, 1, {})
    assert [(one.width, one.height) for one in read.figures.values()] == [(300, 200)]
    assert read.text.count("](figure:1)") == 1


@pytest.mark.parametrize("name", ["report.docx", "report-libreoffice.docx", "report.odt", "report.rtf.gz"])
def test_a_comment_follows_the_paragraph(name):
    text = excerpt(written(name)).text
    assert "(Anna): Check this" in text
    assert text.index("Revenue") < text.index("Check this") < text.index("Harbour")


@pytest.mark.parametrize("name", ["report.docx", "report-libreoffice.docx", "report.odt"])
def test_a_figure_is_called_what_the_document_calls_it(name):
    assert "![The harbour (at night)](figure:1)" in excerpt(written(name)).text


@pytest.mark.parametrize("name", ["talk.pptx", "talk.odp"])
def test_slides(name):
    read = excerpt(written(name))
    assert (read.unit, read.total, read.sections) == ("slide", 2, (1, 2))
    first, second = read.text.split("## Slide 2: Figures")
    assert (
        first.strip()
        == "## Slide 1: Opening remarks\n\n- Budget\n    - for the pier\n\nNotes:\n\nSpeak slowly"
    )
    assert "In a group" in second
    assert "| c00 | c01 |\n| --- | --- |\n| c10 | c11 |" in second
    assert f"chart: Regions]\n\n{CHART}" in second
    assert [(one.width, one.height) for one in read.figures.values()] == [(300, 200)]
    only = excerpt(written(name), pages="2")
    assert (only.sections, only.where()) == ((2,), "slide 2 of 2")
    assert "Opening" not in only.text


FORM = """\
Application for a berth
the rules

Form:

- Name of the ship: Fram
- length: (empty)
- [x] insured
- [ ] sails
- (x) side: port
- ( ) side: starboard
- town: Narvik

Links:

- [the rules](https://example.org/rules)

> Note: Ask the harbour master"""


def test_what_is_filled_in_noted_and_linked_on_a_page():
    read = excerpt(written("form.pdf"))
    assert read.text == FORM


def test_what_is_filled_in_is_drawn():
    page = rendered(written("form.pdf")).pictures[1]
    image = Image.open(io.BytesIO(page.data)).convert("L")
    scale = page.width / 420
    # The name of the ship, and the checked box beside the one that is not.
    dark = [
        sum(image.crop(tuple(round(scale * one) for one in box)).histogram()[:80])
        for box in ((44, 60, 100, 82), (44, 114, 56, 126), (84, 114, 96, 126))
    ]
    assert min(dark[:2]) > 40 * (dark[2] + 1)


@pytest.mark.parametrize("name", ["book.xlsx", "book.ods"])
def test_sheets(name):
    read = excerpt(written(name))
    assert "## Sheet 1: Costs\n\n| day | n | double |\n| --- | --- | --- |\n| 2026-03-05 | 3 |" in read.text
    assert "## Sheet 2: Secret (hidden)\n\n| a |" in read.text
