"""get_image: a picture of a text."""

import pytest
from long_rows import one_in
from PIL import Image

from imagebridge.errors import ArgumentError
from imagebridge.pictures.decode import opened
from imagebridge_tools import get_image

INK = (29, 43, 58)


def inked(text):
    """Return the box of what is written on the card, and how many pixels are ink."""
    image = opened(get_image(text).pictures[0].data).convert("RGB").crop((40, 40, 984, 480))
    dark = image.convert("L").point(lambda value: 255 if value < 128 else 0)
    return dark.getbbox(), dark.histogram()[255]


def test_the_sentence_and_the_picture_agree():
    answer = get_image("Hello, bridge")
    (picture,) = answer.pictures
    assert (picture.media_type, picture.width, picture.height) == ("image/png", 1024, 576)
    assert answer.sentence.startswith(
        'A sample picture that shows the text "Hello, bridge". PNG, 1024x576 px'
    )


def test_the_same_text_gives_the_same_bytes():
    assert get_image("Hello").pictures[0].data == get_image("Hello").pictures[0].data


def test_another_text_gives_another_picture():
    assert get_image("Hello").pictures[0].data != get_image("Hallo").pictures[0].data


@pytest.mark.parametrize(
    "text",
    one_in(
        3,
        [
            "A",
            "The bridge at noon",
            "one\ntwo\n\nfour",
            "a long sentence of many words " * 20,
            "Donaudampfschifffahrtsgesellschaftskapitaen" * 3,
            "x" * 1500,
        ],
    ),
    ids=["letter", "words", "lines", "sentence", "word", "longest"],
)
def test_all_text_lies_inside_the_card(text):
    (left, top, right, bottom), ink = inked(text)
    assert left > 20
    assert right < 924
    assert top >= 10
    assert bottom <= 440
    assert ink > 300


def test_short_text_is_large_and_centred():
    (left, top, right, bottom), _ = inked("HH")
    assert bottom - top > 80
    assert abs((left + right) / 2 - 472) < 5
    assert abs((top + bottom) / 2 - 232) < 12


@pytest.mark.parametrize("text", ["", "   ", "\n\t\n", "\x00\x07"])
def test_a_text_without_anything_to_show_is_refused(text):
    with pytest.raises(ArgumentError, match="text: is empty"):
        get_image(text)


@pytest.mark.parametrize(("text", "words"), [("y" * 1501, "1,501 characters"), ("a\n" * 700, "does not fit")])
def test_more_than_fits_is_refused(text, words):
    with pytest.raises(ArgumentError, match=words):
        get_image(text)


def test_characters_without_a_glyph_are_named():
    assert "no glyphs, shown as boxes: \U0010fffc" in get_image("a\U0010fffc").sentence


def test_the_picture_carries_no_metadata():
    assert not Image.Image.getexif(opened(get_image("Hello").pictures[0].data))
    assert opened(get_image("Hello").pictures[0].data).info == {}
