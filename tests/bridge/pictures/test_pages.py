"""The pages of a PDF as pictures: a page that cannot be drawn does not affect the others."""

import io

import pytest
import samples
from PIL import Image

from imagebridge.errors import PictureError
from imagebridge.pictures.pages import ENOUGH, rendered

pytestmark = pytest.mark.pure


def pdf(*pages):
    """A PDF whose pages are sound (True) or missing (False)."""
    objects = [
        f"{at} 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 50]>>endobj" if sound else ""
        for at, sound in enumerate(pages, 3)
    ]
    kids = " ".join(f"{at} 0 R" for at in range(3, 3 + len(pages)))
    return (
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        f"2 0 obj<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>endobj\n"
        + "\n".join(objects)
        + "\ntrailer<</Root 1 0 R>>\n"
    ).encode()


BROKEN = "cannot be shown: it cannot be drawn (the file is damaged there)"

DRAWN = {
    "one": ((True,), [1], ""),
    "two": ((True, True), [1, 2], ""),
    "the last is missing": ((True, False), [1], f"page 2 {BROKEN}"),
    "two are missing": ((False, True, False), [2], f"pages 1 and 3 {BROKEN}"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_pages_of_a_pdf_that_can_be_drawn_are(name):
    pages, numbers, missing = DRAWN[name]
    drawn = rendered(pdf(*pages))
    assert {number: (one.width, one.height) for number, one in drawn.pictures.items()} == dict.fromkeys(
        numbers, (1536, 768)
    )
    assert drawn.missing == missing


def lines_of(*numbers):
    """Text that fills a page, other on each."""
    said = (
        f"{number} {' '.join(str(n * n * number) for n in range(30 * row, 30 * row + 18))}"
        for number in numbers
        for row in range(48)
    )
    return " T* ".join(f"({line}) Tj" for line in said)


def test_those_pages_are_drawn_that_were_asked_for_as_long_as_there_is_room():
    streams = [f"BT /F1 7 Tf 12 TL 20 640 Td {lines_of(number)} ET" for number in range(1, 7)]
    data = samples.pdf_of(*streams, size=(480, 660))
    whole = rendered(data, [3]).pictures[3]
    assert whole.size > ENOUGH
    assert list(rendered(data, [4, 2]).pictures) == [4, 2]
    drawn = rendered(data, [5, 1, 3, 2], 2 * ENOUGH).pictures
    assert list(drawn) == [5, 1]
    # Readable, and at once in the bytes that a page needs.
    assert all(one.size <= ENOUGH and max(one.width, one.height) >= 1_100 for one in drawn.values())
    # One comes even where it has no room.
    assert list(rendered(data, [6, 5], 10).pictures) == [6]


@pytest.mark.parametrize(("colour", "mode"), [("1 0 0 rg", "RGB"), ("0.5 g", "L")])
def test_a_page_without_colours_is_grey(colour, mode):
    picture = rendered(samples.pdf_of(f"{colour} 10 10 50 50 re f")).pictures[1]
    assert Image.open(io.BytesIO(picture.data)).mode == mode


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pdf(), "the PDF cannot be read"),
        (pdf(False), "it cannot be drawn"),
        (b"%PDF-1.4 and no more", "the PDF cannot be read"),
    ],
)
def test_a_pdf_without_a_page_to_show_is_refused(data, reason):
    with pytest.raises(PictureError, match=reason):
        rendered(data)
