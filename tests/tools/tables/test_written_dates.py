"""Dates as people write them: one reading for a whole column, or text and the reason."""

from datetime import date

import pytest
from babel.dates import format_date
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebridge_tools import generate_chart
from imagebridge_tools.tables.table import table

pytestmark = pytest.mark.anyio

DAYS = [date(2026, 1, 28), date(2025, 12, 3), date(2026, 2, 14), date(2026, 3, 31)]
ISO = [day.isoformat() for day in DAYS]
LOCALES = "en_US en_GB de fr es it pt_BR nl sv pl ru ja zh ko tr cs hu fi da el uk ar he id".split()  # noqa: SIM905


def column(*cells, name="d"):
    """Return a column of a table as it is read: its cells and, in words, how."""
    found = table({name: list(cells), "v": [*range(len(cells))]})
    return [*found.columns[name]], found.description({name}, {name: "x"})


@pytest.mark.parametrize(
    ("cells", "read", "how"),
    [
        (("3/15/2026", "1/15/2026"), ["2026-03-15", "2026-01-15"], "dates (month, day, year)"),
        (("28/03/2026", "03/02/2026"), ["2026-03-28", "2026-02-03"], "dates (day, month, year)"),
        (("3/4/26", "3/15/26"), ["2026-03-04", "2026-03-15"], "dates (month, day, year)"),
        (("01.02.2026", "1.3.2026"), ["2026-02-01", "2026-03-01"], "dates (day, month, year)"),
        (("01.02.26", "03.02.70"), ["2026-02-01", "1970-02-03"], "dates (day, month, year)"),
        (("01-15-2026", "01-16-2026"), ["2026-01-15", "2026-01-16"], "dates (month, day, year)"),
        (("15-01-2026", "16-01-2026"), ["2026-01-15", "2026-01-16"], "dates (day, month, year)"),
        (("26-01-15", "26-01-16"), ["2026-01-15", "2026-01-16"], "dates (year, month, day)"),
        (("15-01-26", "16-01-26"), ["2026-01-15", "2026-01-16"], "dates (day, month, year)"),
        (("2026/3/5", "2026/01/25"), ["2026-03-05", "2026-01-25"], "dates (year, month, day)"),
        (("2026-3-5", "2026-01-25"), ["2026-03-05", "2026-01-25"], "dates (year, month, day)"),
        (("2026. 3. 5.", "2026. 1. 25."), ["2026-03-05", "2026-01-25"], "dates (year, month, day)"),
        (("26. 3. 5.", "26. 1. 25."), ["2026-03-05", "2026-01-25"], "dates (year, month, day)"),
        (("2026年3月5日", "2026年1月25日"), ["2026-03-05", "2026-01-25"], "dates (year, month, day)"),
        (("2026年3月", "2026年1月"), ["2026-03", "2026-01"], "dates (year, month, day)"),
        (("Jan 2025", "January 2026"), ["2025-01", "2026-01"], "dates"),
        (("2025 Jan", "2026-Feb"), ["2025-01", "2026-02"], "dates"),
        (("Jan '25", "Feb '26"), ["2025-01", "2026-02"], "dates"),
        (("Jan-25", "Feb-25", "Mar-25", "Jan-26"), ["2025-01", "2025-02", "2025-03", "2026-01"], "dates"),
        (("Nov-99", "Dec-99"), ["1999-11", "1999-12"], "dates"),
        (("5 March 2026", "Mar 9, 2026"), ["2026-03-05", "2026-03-09"], "dates"),
        (("5-Mar-26", "09-Apr-26"), ["2026-03-05", "2026-04-09"], "dates"),
        (("March 5th, 2026", "1st of May 2026"), ["2026-03-05", "2026-05-01"], "dates"),
        (("Thu, Mar 5, 2026", "Friday, Mar 6, 2026"), ["2026-03-05", "2026-03-06"], "dates"),
        (("Sept 5, 2026", "Sep 6, 2026"), ["2026-09-05", "2026-09-06"], "dates"),
        (("5. März 2026", "20. Mai 2026"), ["2026-03-05", "2026-05-20"], "dates"),
        (("5 de março de 2026", "1 de maio de 2026"), ["2026-03-05", "2026-05-01"], "dates in Portuguese"),
        (("1er janvier 2026", "5 mars 2026"), ["2026-01-01", "2026-03-05"], "dates in French"),
        (("sty 2026", "lis 2026"), ["2026-01", "2026-11"], "dates in Polish or Silesian"),
        (("01/2026", "11/2025"), ["2026-01", "2025-11"], "months"),
        (("2026/01", "2025/11"), ["2026-01", "2025-11"], "months"),
        (("2025-Q1", "Q4 2026"), ["2025-01", "2026-10"], "quarters, by their first days"),
        (("2025Q1", "2Q 2026"), ["2025-01", "2026-04"], "quarters, by their first days"),
        (("2026-W02", "2026W03-2"), ["2026-01-05", "2026-01-13"], "weeks, by their first days"),
        (("KW 2 2026", "W10/2026"), ["2026-01-05", "2026-03-02"], "weeks, by their first days"),
        (
            ("1/15/2026 2:30 PM", "1/16/2026 12:00 am"),
            ["2026-01-15T14:30:00", "2026-01-16T00:00:00"],
            "dates (month",
        ),
        (("1/15/26, 2 p.m.", "1/16/26"), ["2026-01-15T14:00:00", "2026-01-16"], "dates (month"),
        (
            ("15.01.2026 14:30", "15.01.2026 14:30:05.25"),
            ["2026-01-15T14:30:00", "2026-01-15T14:30:05.250000"],
            "dates (day",
        ),
        (
            ("15/Jan/2026 14:30 +0200", "15/Jan/2026 14:30Z"),
            ["2026-01-15T14:30:00+0200", "2026-01-15T14:30:00+00:00"],
            "dates",
        ),
        (("3/15/2026", None, "n/a", "—"), ["2026-03-15", None, None, None], "dates (month, day, year)"),
    ],
)
def test_one_reading_for_a_column(cells, read, how):
    found, told = column(*cells)
    assert found == read
    assert told.startswith(f"; 'd' read as {how}")


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (("03/04/2026", "05/06/2026"), "'03/04/2026' may be 2026-04-03 or 2026-03-04; to make it clear, give formats={'x': '%d/%m/%Y'} or formats={'x': '%m/%d/%Y'}"),
        (("13/01/2026", "01/14/2026", "02/02/2026"), "'13/01/2026' and '01/14/2026' are written in different forms"),
        (("2026-01-15", "1/20/2026"), "'2026-01-15' and '1/20/2026' are written in different forms"),
        (("1/15/2026", "2/15/2026", "soon"), "'soon' is not a date like '1/15/2026'"),
        (("1/15/2026", "2/30/2026"), "'2/30/2026' is not a date like '1/15/2026'"),
        (("5 March", "Mar 6"), "they have no year"),
        (("Jan 26", "Jan 27"), "'Jan 26' may be 2026-01 or a day without a year"),
        (("14:30", "15:00"), "they may be times of day or durations, and have no date"),
        (("2:30 PM", "3:30 PM"), "they are times of day without a date"),
        (("15 lis 2026",), "'15 lis 2026' may be 2026-10-15 or 2026-11-15"),
    ],
)  # fmt: skip
def test_what_stays_names_is_said(cells, why):
    found, told = column(*cells)
    assert found == [*cells]
    assert told.startswith(f"; 'd' is shown as text, as written, because {why}")


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("d", ("Oct", "Nov", "Jan")),
        ("d", ("10.1.2", "10.10.1", "9.8.12")),
        ("version", ("10.10.10", "10.11.12")),
        ("d", ("01234", "98765")),
        ("phone", ("10-12-2020", "11-12-2021")),
        ("d", ("555-12-2020", "555-13-2020")),
        ("d", ("+49 30 123456", "+49 30 654321")),
        ("d", ("2025", "2026")),
        ("d", ("1/2", "3/4")),
        ("d", ("Room 12", "Room 14")),
        ("d", ("A/12/2026", "B/12/2026")),
        ("d", ("9 May St", "12 Oak St")),
        ("d", ("2026-01-01 to 2026-02-01", "x" * 70)),
        ("d", (True, "3/15/2026")),
        ("population", (1_417_492_000, 1_400_000_000)),
        ("order", (45_000, 1_700_000_001)),
        ("date", (45_000, 45_001)),
        ("response_time", (120, 90)),
        ("datum", (20261301, 20260101)),
    ],
)
def test_what_is_no_date_stays_what_it_is(name, cells):
    assert column(*cells, name=name) == ([*cells], "")


@pytest.mark.parametrize("name", ["ts", "timestamp", "createdAt time", "event_time", "Date"])
@pytest.mark.parametrize(
    ("factor", "unit"),
    [(1, "seconds"), (1000, "milliseconds"), (10**6, "microseconds"), (10**9, "nanoseconds")],
)
def test_numbers_that_count_time(name, factor, unit):
    found, told = column(1_767_225_600 * factor, 1_767_312_000 * factor, None, name=name)
    assert found == ["2026-01-01", "2026-01-02", None]
    assert told == f"; {name!r} read as {unit} since 1970"


def test_moments_with_parts_of_a_second():
    assert column(1767225600.5, name="time")[0] == ["2026-01-01T00:00:00.500000"]


def test_days_written_as_one_number():
    assert column(20260131, 20260201, name="date")[0] == ["2026-01-31", "2026-02-01"]


@pytest.mark.parametrize("length", ["short", "medium", "long", "full"])
@pytest.mark.parametrize("locale", LOCALES)
def test_every_length_in_many_languages(locale, length):
    cells = [format_date(day, length, locale) for day in DAYS]
    found, told = column(*cells)
    assert found == ISO, (cells, told)


@given(
    st.lists(st.dates(date(1970, 1, 1), date(2069, 12, 31)), min_size=1, max_size=8), st.sampled_from(LOCALES)
)
@settings(deadline=None)
def test_what_is_read_is_never_another_day(days, locale):
    found, told = column(*(format_date(day, "short", locale) for day in days))
    assert (
        "read as" not in told
        or found == [day.isoformat() for day in days]
        or "-" in format_date(days[0], "short", locale)
    )


class TestCharts:
    ROWS = ({"d": "3/15/2026", "v": 3}, {"d": "1/15/2026", "v": 1}, {"d": "12/15/2025", "v": 0})

    async def spec(self, **arguments):
        import json

        sentence = (await generate_chart(**arguments, return_spec=True)).sentence
        told, spec = sentence.split("\n\nIts Vega-Lite:\n")
        return told, json.loads(spec)

    async def test_a_line_in_time(self):
        told, spec = await self.spec(kind="line", data=self.ROWS)
        assert spec["encoding"]["x"]["type"] == "temporal"
        assert [row["x"][:10] for row in spec["data"]["values"]] == ["2026-03-15", "2026-01-15", "2025-12-15"]
        assert "'d' read as dates (month, day, year)" in told

    @pytest.mark.parametrize("kind", ["bar", "box"])
    async def test_places_keep_their_words_in_the_order_of_time(self, kind):
        _, spec = await self.spec(kind=kind, data=self.ROWS)
        assert list(dict.fromkeys(row["x"] for row in spec["data"]["values"])) == [
            "12/15/2025",
            "1/15/2026",
            "3/15/2026",
        ]

    async def test_a_format_settles_what_is_ambiguous(self):
        rows = [{"d": "03/04/2026", "v": 1}, {"d": "05/06/2026", "v": 2}]
        told, spec = await self.spec(kind="line", data=rows, formats={"x": "%d/%m/%Y"})
        assert [row["x"][:10] for row in spec["data"]["values"]] == ["2026-04-03", "2026-06-05"]
        assert "'d' read as dates, as '%d/%m/%Y'" in told

    async def test_a_spec_of_ones_own_has_dates_too(self):
        encoding = {"x": {"field": "d", "type": "temporal"}, "y": {"field": "v", "type": "quantitative"}}
        told, spec = await self.spec(spec={"mark": "line", "encoding": encoding}, data=self.ROWS)
        assert [row["d"] for row in spec["data"]["values"]] == ["2026-03-15", "2026-01-15", "2025-12-15"]
        assert "'d' read as dates (month, day, year)" in told

    async def test_a_spec_of_ones_own_keeps_names(self):
        encoding = {"x": {"field": "d", "type": "nominal"}, "y": {"field": "v", "type": "quantitative"}}
        told, spec = await self.spec(spec={"mark": "bar", "encoding": encoding}, data=self.ROWS)
        assert [row["d"] for row in spec["data"]["values"]] == [row["d"] for row in self.ROWS]
        assert "read as" not in told
