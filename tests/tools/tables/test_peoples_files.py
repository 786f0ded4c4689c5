"""Real-life files from twelve fields, five kinds each: charted by one call, with the right values and labels."""

import json
import re
from datetime import date
from xml.etree import ElementTree

import pytest
import vl_convert
from babel import Locale
from babel.dates import format_date, format_skeleton, get_month_names
from babel.numbers import format_currency, format_decimal
from workbooks import Formatted, workbook

from imagebridge_tools import generate_chart
from imagebridge_tools.files.source import Places
from imagebridge_tools.tool_output import number

pytestmark = pytest.mark.anyio

# Locale: its currency, the encoding of its older programs, and the words of a header: month, sales, share, place.
PLACES = {
    "en_US": ("USD", "cp1252", "Month Sales Share City"),
    "en_IN": ("INR", "utf-8", "Month Sales Share City"),
    "de": ("EUR", "cp1252", "Monat Umsätze Anteil Größe"),
    "de_CH": ("CHF", "utf-8-sig", "Monat Umsätze Anteil Größe"),
    "fr": ("EUR", "cp1252", "mois ventes part région"),
    "pt_BR": ("BRL", "cp1252", "mês vendas participação região"),
    "pl": ("PLN", "cp1250", "miesiąc sprzedaż udział województwo"),
    "sv": ("SEK", "utf-16", "månad försäljning andel län"),
    "ru": ("RUB", "cp1251", "месяц продажи доля город"),
    "tr": ("TRY", "cp1254", "ay satış pay şehir"),
    "ja": ("JPY", "cp932", "月 売上 割合 都市"),
    "ar_EG": ("EGP", "utf-8", "الشهر المبيعات الحصة المدينة"),
}
TOWNS = "Oslo Bergen Narvik Mandal Hamar".split()  # noqa: SIM905

MONTHS = [date(2025, 10, 1), date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
MONEY = [1234, 987.5, 15250.25, -310, 4020]
DAYS = [date(2026, 2, 28), date(2025, 12, 3), date(2026, 1, 14), date(2026, 3, 31)]
DECIMALS = [1.5, 1250.25, -3.75, 0.5]
SHARES = [0.125, 0.3, 0.4525, 0.08]
WHOLE = [1234567, 98765, 4320, 250000]
WEIGHTS = [12.5, 3, 1450, 0.75, 80]


def delimited(header, rows, locale):
    """Return a file as a spreadsheet of a place exports it: between semicolons where its decimals have commas."""
    comma = Locale.parse(locale).number_symbols["latn"]["decimal"] == ","
    sign = ";" if comma else ","
    quoted = [
        [f'"{cell}"' if sign in cell or '"' in cell else cell for cell in row] for row in [header, *rows]
    ]
    text = "\r\n".join(sign.join(row) for row in quoted) + "\r\n"
    # What older programs write for signs that their encoding lacks.
    return text.replace("\u202f", "\u00a0").replace("₺", "TL").replace("₽", "руб.").encode(PLACES[locale][1])


def money(locale, words):
    """Return the sales of months with a currency: accountants' brackets where the place has them."""
    cells = [
        format_currency(
            value, PLACES[locale][0], locale=locale, format_type="accounting", numbering_system="default"
        )
        for value in MONEY
    ]
    months = [format_skeleton("yMMM", month, locale=locale) for month in MONTHS]
    whole = PLACES[locale][0] == "JPY"
    values = [round(value) for value in MONEY] if whole else MONEY
    return (
        delimited(words[:2], zip(months, cells, strict=True), locale),
        {"kind": "bar", "labels": True},
        [*zip(months, values, strict=True)],
    )


def dated(locale, words):
    """Return decimals by day, out of order, with a gap."""
    days = [format_date(day, "medium", locale) for day in DAYS]
    cells = [format_decimal(value, locale=locale, numbering_system="default") for value in DECIMALS]
    rows = [*zip(days, cells, strict=True), (format_date(date(2026, 4, 2), "medium", locale), "")]
    pairs = sorted(zip(DAYS, DECIMALS, strict=True))
    return (
        delimited(words[:2], rows, locale),
        {"kind": "line", "labels": True},
        [(day.isoformat(), value) for day, value in pairs],
    )


def shares(locale, words):
    """Return a workbook: a title, days and percent as formats, and a second sheet."""
    rows = [[day, Formatted(share, "0.0%")] for day, share in zip(DAYS, SHARES, strict=True)]
    table = [[words[1]], [], [words[0], words[2]], *rows]
    pairs = sorted(zip(DAYS, SHARES, strict=True))
    return (
        workbook({words[1]: table, words[3]: [["a", "b"], [1, 2]]}),
        {"kind": "line", "labels": True},
        [(day.isoformat(), round(100 * share, 6)) for day, share in pairs],
    )


def named(locale, words):
    """Return whole numbers with separators by the names of months, which have no year."""
    names = [get_month_names("wide", "stand-alone", locale)[month] for month in (10, 11, 12, 1)]
    cells = [format_decimal(value, locale=locale, numbering_system="default") for value in WHOLE]
    return (
        delimited(words[:2], zip(names, cells, strict=True), locale),
        {"kind": "bar", "labels": True},
        [*zip(names, WHOLE, strict=True)],
    )


def weighed(locale, words):
    """Return JSON lines in which each number has its unit."""
    cells = [f"{format_decimal(value, locale=locale, numbering_system='default')} kg" for value in WEIGHTS]
    lines = [
        json.dumps({words[3]: town, words[1]: cell}, ensure_ascii=False)
        for town, cell in zip(TOWNS, cells, strict=True)
    ]
    return "\n".join(lines).encode(), {"kind": "bar", "labels": True}, [*zip(TOWNS, WEIGHTS, strict=True)]


KINDS = {"csv": (money, dated, named), "xlsx": (shares,), "jsonl": (weighed,)}
FILES = [(locale, suffix, make) for locale in PLACES for suffix, makes in KINDS.items() for make in makes]
FEW = {("de", dated), ("ar_EG", named), ("ru", shares), ("ja", money)}


def labels(spec):
    """Return the words of a picture, those of several lines joined."""
    picture = ElementTree.fromstring(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
    return [
        " ".join("".join(text.itertext()).split())
        for text in picture.iter()
        if text.tag.endswith("}text") and "opacity: 0;" not in text.get("style", "")
    ]


def plain(text):
    """Return a text without what separates its words, which lines of a label do."""
    return re.sub(r"[\s\u200e\u200f\u00a0-]", "", text)


@pytest.mark.parametrize(
    ("locale", "suffix", "make"),
    [
        pytest.param(
            *one,
            id=f"{one[0]}-{one[2].__name__}",
            marks=() if (one[0], one[2]) in FEW else pytest.mark.long,
        )
        for one in FILES
    ],
)
async def test_one_call_charts_it(tmp_path, locale, suffix, make):
    words = PLACES[locale][2].split()
    data, asked, expected = make(locale, words)
    (tmp_path / f"a.{suffix}").write_bytes(data)
    sentence = (
        await generate_chart(data=f"a.{suffix}", places=Places(allow=(tmp_path,)), return_spec=True, **asked)
    ).sentence
    told, text = sentence.split("\n\nIts Vega-Lite:\n")
    spec = json.loads(text)
    drawn = [(plain(row["x"]), row["y"]) for row in spec["data"]["values"] if row["y"] is not None]
    if make in (dated, shares):
        drawn = sorted((day[:8], value) for day, value in drawn)
    assert drawn == [(plain(name), pytest.approx(value)) for name, value in expected], told
    shown = [plain(label) for label in labels(spec)]
    assert {plain(number(value)) for _, value in expected} <= set(shown)
    if make in (dated, shares):
        assert "Feb" in "".join(shown)
        assert '"type": "temporal"' in text
    else:
        assert all(any(plain(name) == label for label in shown) for name, _ in expected), shown
    assert words[1 if make is not shares else 2] in " ".join(labels(spec))
    assert "may be" not in told
