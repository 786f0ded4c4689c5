"""Widths of words without reading the font: close to the font's, with lines that fit their space."""

import pytest
from PIL import ImageFont

from imagebridge_tools.charts.engine import FONTS
from imagebridge_tools.charts.text_width import broken, shortened, wide

TEXTS = [
    "ANNUAL REVENUE AND COMMUNITY MEMBERSHIP GROWTH SUMMARY",
    "Total net consumption of renewable electricity per inhabitant (kWh/year)",
    "1,234,567.89 % of 2026-01-15",
    "Größe und Übermaß in Mönchengladbach",
    "illicit filling",
    "WWW MMM @@@",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("bold", "name"), [(False, "Regular"), (True, "SemiBold")])
def test_widths_are_those_of_the_font(text, bold, name):
    font = ImageFont.truetype(FONTS / f"Inter-{name}.ttf", 100, layout_engine=ImageFont.Layout.BASIC)
    drawn = font.getlength(text) / 100
    assert drawn * 0.99 <= wide(text, bold=bold) <= drawn * 1.08


@pytest.mark.parametrize(
    ("text", "width"), [("東京", 2), ("e\u0301", wide("e")), ("é", wide("e")), ("각", 1), ("", 0)]
)
def test_letters_of_other_scripts(text, width):
    assert wide(text) == width


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("a few words", 100, ["a few words"]),
        ("a few words", 3, ["a few", "words"]),
        ("total_net_consumption", 8, ["total_net_", "consumption"]),
        ("kWh/year of well-known 2026-01-15", 6, ["kWh/year of", "well-known", "2026-01-15"]),
        ("東京都の人口、面積。", 6, ["東京都の人", "口、面積。"]),
        ("Supercalifragilistic", 5, ["Supercalif", "ragilistic"]),
        ("x\u0301" * 3, 1.3, ["x\u0301x\u0301", "x\u0301"]),
        ("  ", 5, []),
        ("mom", 0, ["m", "o", "m"]),
    ],
)
def test_lines_break_between_words(text, room, lines):
    assert broken(text, room) == lines


@pytest.mark.parametrize("text", [*TEXTS, "東京都の人口と面積、そして歴史についての統計" * 3])
@pytest.mark.parametrize("room", [4, 9, 30])
def test_lines_keep_to_their_room(text, room):
    lines = broken(text, room, bold=True)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(wide(line, bold=True) <= room for line in lines)
    few = broken(text, room, 2, bold=True)
    assert few == lines if len(lines) <= 2 else (len(few) == 2 and few[1].endswith("…"))
    assert all(wide(line, bold=True) <= room for line in few)


def test_what_is_shortened_keeps_both_ends():
    assert shortened("a short one", 20) == "a short one"
    assert shortened("Department of Health, region 7", 10) == "Departm…, region 7"
