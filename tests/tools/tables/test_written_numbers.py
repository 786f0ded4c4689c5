"""Numbers as people write them: one reading for a whole column, which is stated; unclear columns stay text."""

import json

import pytest
from babel import Locale
from babel.numbers import format_currency, format_decimal, format_percent
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebridge.errors import ArgumentError
from imagebridge_tools import generate_chart
from imagebridge_tools.tables.table import table

pytestmark = pytest.mark.anyio

MONEY = {
    "en_US": "USD", "en_GB": "GBP", "de": "EUR", "de_CH": "CHF", "fr": "EUR", "es": "EUR", "it": "EUR", "pt_BR": "BRL",
    "nl": "EUR", "sv": "SEK", "pl": "PLN", "ru": "RUB", "tr": "TRY", "cs": "CZK", "fi": "EUR", "da": "DKK", "el": "EUR",
    "hi": "INR", "ar": "EGP", "he": "ILS", "en_IN": "INR", "nb": "NOK", "ro": "RON", "th": "THB", "uk": "UAH",
}  # fmt: skip
VALUES = [1234.5, -87.25, 12345678.9, 0.5, 999]


def column(*cells, separator="", name="v"):
    """Return a column as it is read, of rows or of a file with this separator, and how, in words."""
    text = "\n".join(f'{at}{separator}"{cell}"' for at, cell in enumerate(cells))
    found = table(f"at{separator}{name}\n{text}" if separator else [{name: cell} for cell in cells])
    return [*found.columns[name]], found.description({name})


@pytest.mark.parametrize(
    ("cells", "read", "how"),
    [
        (("64.5%", "3 %", "0"), [64.5, 3, 0], "percent, '64.5%' as 64.5"),
        (("%64,5", "%3"), [64.5, 3], "percent, '%64,5' as 64.5"),
        (("+5.2%", "−3.1%", "-0.8%"), [5.2, -3.1, -0.8], "percent"),
        (("$1,299.00", "$9.99", "-$310"), [1299.0, 9.99, -310], "numbers in $, '$1,299.00' as 1,299"),
        (("1.299,00 €", "89,90 €"), [1299.0, 89.9], "numbers in €, '1.299,00 €' as 1,299"),
        (("CHF 1’234.50", "CHF 12"), [1234.5, 12], "numbers in CHF"),
        (("R$ 1.234,50", "R$ 2,00"), [1234.5, 2.0], "numbers in R$"),
        (("12 zł", "1 234,50 zł"), [12, 1234.5], "numbers in zł"),
        (("£3/kWh", "£4/kWh"), [3, 4], "numbers in £/kWh"),
        (("1335,50", "349,25"), [1335.5, 349.25], "numbers, '1335,50' as 1,335.5"),
        (("2 102 650", "522 250"), [2102650, 522250], "numbers, '2 102 650' as 2,102,650"),
        (("1,234,567", "98,765", "432"), [1234567, 98765, 432], "numbers, '1,234,567' as 1,234,567"),
        (("12,34,567", "1,23,456.5"), [1234567, 123456.5], "numbers"),
        (
            ("(450)", "1,200", "(1,010)"),
            [-450, 1200, -1010],
            "numbers: '(1,010)' as -1,010, but it may be -1.01",
        ),
        (("$(450.5)", "($3)"), [-450.5, -3], "numbers in $"),
        (("12-", "3"), [-12, 3], "numbers, '12-' as -12"),
        (("12.5 kg", "3kg", "0"), [12.5, 3, 0], "numbers in kg"),
        (("5 km/h", "12 km/h"), [5, 12], "numbers in km/h"),
        (("21.5°C", "-3 °C"), [21.5, -3], "numbers in °C"),
        (("300 K", "273.15 K"), [300, 273.15], "numbers in K"),
        (("1 item", "2 items"), [1, 2], "numbers in item"),
        (("3 m", "5 m"), [3, 5], "numbers in m"),
        (("1.2k", "3M", "950", "2B"), [1200, 3_000_000, 950, 2_000_000_000], "numbers, '1.2k' as 1,200"),
        (("$1.2M", "$3bn"), [1_200_000, 3_000_000_000], "numbers in $"),
        (("1,5 Mio. €", "2 Mrd. €"), [1_500_000, 2_000_000_000], "numbers in €"),
        (("١٬٢٣٤٫٥", "٢"), [1234.5, 2], "numbers"),
        (("1,5", None, "—", "n/a", "#DIV/0!"), [1.5, None, None, None, None], "numbers"),
    ],
)
def test_one_reading_for_a_column(cells, read, how):
    found, told = column(*cells)
    assert found == read
    assert told.startswith(f"; 'v' read as {how}")


@pytest.mark.parametrize(
    ("separator", "cells", "read", "how"),
    [
        (",", ("1.234", "2.567"), [1.234, 2.567], "'1.234' as 1.234, but it may be 1,234"),
        (";", ("1.234", "2.567"), [1234, 2567], "'1.234' as 1,234, but it may be 1.234"),
        (",", ("1,234", "2,567"), [1234, 2567], "'1,234' as 1,234, but it may be 1.234"),
        (";", ("1,234", "2,567"), [1.234, 2.567], "'1,234' as 1.234, but it may be 1,234"),
        ("", ("1,234", "(780)"), [1234, -780], "'1,234' as 1,234, but it may be 1.234"),
        ("", ("1,234", "2,567"), [1234, 2567], "'1,234' as 1,234, but it may be 1.234"),
        (",", ("1.234", "2.5"), [1.234, 2.5], ""),
        (";", ("1.234", "0.567"), [1.234, 0.567], ""),
        (";", ("1.234.567", "2.567"), [1234567, 2567], "'1.234.567' as 1,234,567"),
    ],
)
def test_what_is_ambiguous_is_said(separator, cells, read, how):
    found, told = column(*cells, separator=separator)
    assert found == read
    assert told.endswith(how)


def test_other_columns_settle_the_sign_of_decimals():
    german = table('a,b\n"1.234","1,5"\n"2.345","2,5"')
    assert german.columns == {"a": [1234, 2345], "b": [1.5, 2.5]}
    english = table("a;b\n1.234;1.5\n2.345;2.5")
    assert english.columns == {"a": [1.234, 2.345], "b": [1.5, 2.5]}


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (("5 kg", "300 g"), "'5 kg' and '300 g' have different units"),
        (("$5", "€7"), "'$5' and '€7' have different units"),
        (("5 kg", "7"), "'5 kg' and '7' have different units"),
        (("12%", "fifteen", "9%"), "'fifteen' is not a number like '12%'"),
        (("1.234,5", "1,234.5"), "no single way of separating thousands and decimals fits both '1.234,5'"),
    ],
)
def test_what_is_no_column_of_numbers_is_said(cells, why):
    found, told = column(*cells)
    assert found == [*cells]
    assert why in told


@pytest.mark.parametrize(
    "cells",
    [
        ("01234", "98765"),
        ("12a", "14b"),
        ("5G", "4G"),
        ("A12", "B7"),
        ("Room 5", "Room 7"),
        ("1st", "2nd"),
        ("5 pm", "6 pm"),
        ("10 Downing Street", "12 Downing Street"),
        ("3/4", "1/2"),
        ("1:30", "2:45"),
        ("+49 30 1234567", "+49 30 7654321"),
        ("192.168.0.1", "192.168.0.2"),
        ("--5", "-(5)"),
        ("(5", "5)"),
        ("1 2 3", "4 5 6"),
        ("x" * 41, "5 kg"),
    ],
)
def test_what_is_no_number_stays_what_it_is(cells):
    assert column(*cells)[0] == [*cells]


@pytest.mark.parametrize("name", ["phone", "zip code", "Version"])
def test_columns_of_codes_stay(name):
    assert column("555 123 456", "555 123 457", name=name) == (["555 123 456", "555 123 457"], "")


@pytest.mark.parametrize("locale", MONEY)
def test_decimals_and_money_in_many_languages(locale):
    money = MONEY[locale]
    assert column(*(format_decimal(value, locale=locale) for value in VALUES))[0] == pytest.approx(VALUES)
    for sort in ("standard", "accounting"):
        cells = [format_currency(value, money, locale=locale, format_type=sort) for value in VALUES]
        assert column(*cells)[0] == pytest.approx(VALUES), cells
    form = (
        Locale.parse(locale).percent_formats[None].pattern.replace("#,##,##0", "#,##0").replace("0", "0.##")
    )
    cells = [format_percent(value / 100, form, locale) for value in VALUES]
    assert column(*cells)[0] == pytest.approx(VALUES), cells


@given(
    st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=8),
    st.sampled_from([*MONEY]),
    st.sampled_from(",;"),
)
@settings(deadline=None)
def test_what_is_read_is_never_another_number_in_silence(values, locale, separator):
    cells = [format_decimal(value, locale=locale) for value in values]
    found, told = column(*cells, separator=separator)
    unread = all(cell is None or isinstance(cell, str) for cell in found)
    assert unread or "may be" in told or found == pytest.approx([float(value) for value in values]), cells


class TestCharts:
    DATA = "browser,share\nChrome,64.5%\nSafari,18.2%\nOpera,\n"

    async def spec(self, **arguments):
        sentence = (await generate_chart(**arguments, return_spec=True)).sentence
        told, spec = sentence.split("\n\nIts Vega-Lite:\n")
        return told, json.loads(spec)

    async def test_the_axis_says_what_its_numbers_are_of(self):
        told, spec = await self.spec(kind="bar", data=self.DATA)
        assert spec["encoding"]["y"]["title"] == "share (%)"
        assert [row["y"] for row in spec["data"]["values"]] == [64.5, 18.2, None]
        assert "left out: 1 row without a number; 'share' read as percent, '64.5%' as 64.5" in told

    async def test_a_title_of_ones_own_stays(self):
        _, spec = await self.spec(kind="bar", data=self.DATA, titles={"y": "Users"})
        assert spec["encoding"]["y"]["title"] == "Users"

    async def test_a_format_of_percent_shows_shares(self):
        _, spec = await self.spec(kind="bar", data=self.DATA, formats={"y": ".0%"})
        assert spec["encoding"]["y"]["title"] == "share"
        assert [row["y"] for row in spec["data"]["values"]] == [0.645, 0.182, None]

    async def test_several_fields_of_one_unit(self):
        rows = [{"m": "Jan", "a": "5 kg", "b": "3 kg"}, {"m": "Feb", "a": "6 kg", "b": "4 kg"}]
        told, spec = await self.spec(kind="bar", data=rows, columns={"x": "m", "y": ["a", "b"]})
        assert spec["encoding"]["y"]["title"] == "a, b (kg)"
        assert "'a' read as numbers in kg" in told
        assert "'b' read as numbers in kg" in told

    async def test_names_keep_their_words(self):
        _, spec = await self.spec(
            kind="bar",
            data=[{"box": "10 kg", "n": 3}, {"box": "5 kg", "n": 4}],
            columns={"x": "box", "y": "n"},
        )
        assert [row["x"] for row in spec["data"]["values"]] == ["10 kg", "5 kg"]

    @pytest.mark.parametrize(
        ("columns", "words"),
        [
            (
                {"x": "k", "y": "v"},
                "y is 'v', which does not contain numbers: 'fifteen' is not a number like '12%'",
            ),
            (
                {"x": "k"},
                "no numeric field is left for y; 'v' does not contain numbers: 'fifteen' is not a number",
            ),
        ],
    )
    async def test_the_cell_that_is_no_number_is_named(self, columns, words):
        with pytest.raises(ArgumentError) as caught:
            await generate_chart(kind="bar", data="k,v\na,12%\nb,fifteen\nc,9%\n", columns=columns)
        assert words in caught.value.problem
