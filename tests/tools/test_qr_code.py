"""make_qr_code: scanners read the requested text."""

import re
from io import BytesIO

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imagebridge.errors import ArgumentError, BridgeError
from imagebridge.requirements import install_command
from imagebridge_tools import make_qr_code


def image(text, *given):
    return Image.open(BytesIO(make_qr_code(text, *given).pictures[0].data))


def read(picture):
    (code,) = zxingcpp.read_barcodes(picture)
    return code


@pytest.mark.parametrize("text", ["A", "https://example.com/a?b=1&c=%20", "WIFI:T:WPA;S:net;P:pass;;", "Grüße, 橋 🌉", "01234", "x" * 1000])  # fmt: skip
@pytest.mark.parametrize("level", ["L", "M", "Q", "h"])
def test_it_is_read_back(text, level):
    code = read(image(text, 600, level))
    assert (code.text, code.ec_level) == (text, level.upper())


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60))
@settings(max_examples=10, deadline=None)
def test_any_text_is_read_back(text):
    assert read(image(text, 400)).text == text


@pytest.mark.parametrize("size", [64, 100, 511, 512, 2000])
def test_the_size_is_exact_and_the_squares_whole(size):
    picture = image("bridge", size)
    assert picture.size == (size, size)
    assert set(picture.convert("L").tobytes()) == {0, 255}
    left, top, right, bottom = Image.eval(picture.convert("L"), lambda level: 255 - level).getbbox()
    scale = size // (21 + 8)
    assert (right - left, bottom - top) == (21 * scale, 21 * scale)
    assert min(left, top, size - right, size - bottom) >= 4 * scale


def test_damage_up_to_the_level_is_mended():
    picture = image("https://example.com/bridge", 660, "H")
    picture.paste(255, (270, 270, 390, 390))
    assert read(picture).text == "https://example.com/bridge"


def test_the_sentence():
    answer = make_qr_code("https://example.com", 512, "Q")
    assert answer.sentence.startswith(
        "A QR code of 'https://example.com': version 2, 25x25 squares of 15 pixels, "
        "error correction Q (25% may be hidden). PNG, 512x512 px, "
    )
    assert "squares of 1 pixel are hard to scan" in make_qr_code("x" * 200, 100).sentence
    assert "and 880 more characters" in make_qr_code("x" * 1000, 1000).sentence
    assert make_qr_code("same") == make_qr_code("same")


@pytest.mark.parametrize(
    ("given", "argument", "problem"),
    [
        (("",), "text", "is empty; give the text or address to encode"),
        (("x" * 2954, 2000, "L"), "text", "has 2,954 bytes; a code can hold up to 2,953 bytes at L, 2,331 at M, 1,663 at Q and 1,273 at H"),
        (("é" * 700, 2000, "H"), "text", "has 1,400 bytes; a code can hold"),
        (("x", 63), "size", "is 63; give 64 to 2000 pixels"),
        (("x", 2001), "size", "is 2001; give 64 to 2000 pixels"),
        (("x" * 1000, 100), "size", "is 100; this text needs at least 129 pixels, or 387 to scan well"),
        (("x", 512, "X"), "error_correction", "is 'X'; allowed: L, M, Q, H"),
    ],
)  # fmt: skip
def test_bad_arguments(given, argument, problem):
    with pytest.raises(ArgumentError) as caught:
        make_qr_code(*given)
    assert caught.value.argument == argument
    assert problem in caught.value.problem


def test_without_the_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(BridgeError, match=re.escape(f"need an extra: {install_command('server')}")):
        make_qr_code("x")
