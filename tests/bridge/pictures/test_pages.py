"""The pages of a PDF as pictures: one that cannot be drawn costs no other."""

import pytest

from imagebridge.errors import PictureError
from imagebridge.pictures.pages import rendered

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


DRAWN = {
    "one": ((True,), 1, "[the one page of a PDF]"),
    "two": ((True, True), 2, "[the 2 pages of a PDF]"),
    "the last is missing": (
        (True, False),
        1,
        "[page 1 of the 2 pages of a PDF; page 2 cannot be shown: it cannot be drawn (the file is broken there)]",
    ),
    "the first is missing": (
        (False, True, True),
        2,
        "[pages 2 and 3 of the 3 pages of a PDF; page 1 cannot be shown: it cannot be drawn (the file is broken there)]",
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_pages_of_a_pdf_that_can_be_drawn_are(name):
    pages, count, sentence = DRAWN[name]
    pictures, told = rendered(pdf(*pages))
    assert [(picture.width, picture.height) for picture in pictures] == [(1536, 768)] * count
    assert told == sentence


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
