"""Axes of dates: for any range, each label together with the title identifies the day."""

import json
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from imagebridge_tools.charts import dates

MS, HOUR, DAY = timedelta(milliseconds=1), timedelta(hours=1), timedelta(days=1)


def every(start, step, count):
    first = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return [first + number * step for number in range(count)]


def monthly(year, count, step=1):
    return [
        datetime(year + number * step // 12, number * step % 12 + 1, 1, tzinfo=UTC) for number in range(count)
    ]


def values(axis):
    """Return the moments of the ticks, in milliseconds."""
    ticks = axis["values"]
    return json.loads(ticks["expr"]) if isinstance(ticks, dict) else ticks


def labels(axis):
    """Return the labels as they are drawn, lines separated by a bar."""
    forms = axis["labelExpr"].split("'")[1::2]
    moments = [datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=value) for value in values(axis)]
    return ["|".join(dates.written(moment, form) for form in forms) for moment in moments]


@pytest.mark.parametrize(
    ("moments", "first", "last", "shared"),
    [
        (every("2026-03-18T06:00:00", 37 * MS, 20), "06:00:00.000", "06:00:00.700", "18 Mar 2026"),
        (every("2026-03-18T23:59:59.99", 5 * MS, 3), "23:59:59.990|18 Mar", "00:00:00.000|19 Mar", "2026"),
        (every("2026-03-18T06:00:00.25", 1500 * MS, 2), "06:00:00.250", "06:00:01.750", "18 Mar 2026"),
        (every("2026-03-18T06:00:00.2501", MS / 4, 9), "06:00:00.250", "06:00:00.252", "18 Mar 2026"),
        (every("2026-03-18T06:00:00.25", MS / 4, 3), "06:00:00.250", "06:00:00.250", "18 Mar 2026"),
        (every("2026-03-18T06:00:00.013", 1013 * MS, 15), "06:00:02", "06:00:14", "18 Mar 2026"),
        (every("2026-03-18T06:00:00", timedelta(seconds=2), 20), "06:00:00", "06:00:35", "18 Mar 2026"),
        (every("2026-03-18T06:00", timedelta(minutes=2), 20), "06:00", "06:35", "18 Mar 2026"),
        (every("2026-03-18T06:13", timedelta(minutes=41), 3), "06:13", "07:35", "18 Mar 2026"),
        (every("2026-03-18T06:00", HOUR, 14), "06:00", "19:00", "18 Mar 2026"),
        (every("2026-03-18T18:00", HOUR, 14), "18:00|18 Mar", "07:00|19 Mar", "2026"),
        (every("2025-12-31T18:00", HOUR, 12), "18:00|31 Dec 2025", "04:00|1 Jan 2026", ""),
        (every("2026-03-18T06:00", HOUR, 48), "06:00|18 Mar", "00:00|20 Mar", "2026"),
        (every("2026-03-09", DAY, 1), "9 Mar", "9 Mar", "2026"),
        (every("2026-01-01", DAY, 1), "1 Jan", "1 Jan", "2026"),
        (every("2026-03-09", DAY, 8), "9 Mar", "16 Mar", "2026"),
        (every("2026-03-09", DAY, 31), "9 Mar", "6 Apr", "2026"),
        (every("2025-12-28", DAY, 8), "28 Dec 2025", "4 Jan 2026", ""),
        (every("2025-12-20", DAY, 25), "20 Dec|2025", "13 Jan|2026", ""),
        (every("2026-01-05", 7 * DAY, 13), "5 Jan", "30 Mar", "2026"),
        (every("2025-11-03", DAY, 400), "Dec|2025", "Dec|2026", ""),
        (monthly(2026, 5), "Jan 2026", "May 2026", ""),
        (monthly(2026, 12), "Jan|2026", "Dec|2026", ""),
        (monthly(2025, 30), "Jan|2025", "May|2027", ""),
        (monthly(2015, 120), "2015", "2024", ""),
        (monthly(1960, 60, 12), "1960", "2015", ""),
        (monthly(1000, 200, 60), "1000", "1900", ""),
    ],
)
def test_the_labels_name_the_day(moments, first, last, shared):
    axis, told = dates.axis(moments, 700, 13)
    shown = labels(axis)
    assert (shown[0], shown[-1], told) == (first, last, shared)
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    "step", [3 * MS, 270 * MS, timedelta(seconds=7), timedelta(minutes=9), 5 * HOUR, DAY, 9 * DAY, 400 * DAY]
)
@pytest.mark.parametrize("count", [2, 5, 40, 700])
@pytest.mark.parametrize("room", [60, 300, 900])
def test_labels_never_touch(step, count, room):
    moments = every("2013-02-27T21:50", step, count)
    axis, _ = dates.axis(moments, room, 13)
    length = max(len(line) for label in labels(axis) for line in label.split("|")) * 13 * 0.5
    span = (moments[-1] - moments[0]).total_seconds() * 1000
    gaps = [(later - earlier) / span * room for earlier, later in pairwise(values(axis))]
    assert 1 <= len(values(axis)) <= 61
    assert all(gap > length for gap in gaps) or room == 60


def test_a_tiny_chart_without_titles_has_the_year_in_its_labels():
    assert labels(dates.axis(every("2026-03-09", DAY, 3), 300, 10, titled=False)[0])[0] == "9 Mar 2026"
    axis, shared = dates.axis(every("2026-03-09T08:00", HOUR, 3), 300, 10, titled=False)
    assert (labels(axis)[0], shared) == ("08:00|9 Mar 2026", "")


def test_a_zone_is_told_in_utc():
    zone = timezone(timedelta(hours=2))
    axis, shared = dates.axis([datetime(2026, 3, 9, 1, tzinfo=zone)], 300, 13)
    assert (labels(axis), shared) == (["23:00"], "8 Mar 2026")


def test_labels_down_the_side_are_as_close_as_lines():
    axis, _ = dates.axis(every("2026-03-09", DAY, 15), 400, 13, down=True)
    assert len(values(axis)) == 15


@pytest.mark.parametrize(
    ("step", "count", "bins"), [(MS, 3, 3), (10 * MS, 30, 15), (MS / 4, 8, 2), (HOUR, 3, 3)]
)
def test_bins_of_parts_of_a_second(step, count, bins):
    moments = every("2026-03-18T06:00", step, count)
    within = dates.bins(moments, 20)
    parts = {within(moment) for moment in moments}
    assert len(parts) == bins
    assert all(start <= moment < end for moment in moments for start, end in [within(moment)])


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%d %b %Y", "05 Mar 2026"),
        ("%-d.%-m.%y", "5.3.26"),
        ("%_d|%e|%0e", " 5| 5|05"),
        ("%A %B %H:%M:%S.%L", "Thursday March 07:08:09.012"),
        ("%-I %p, Q%q %%", "7 AM, Q1 %"),
        ("%c", "3/5/2026, 7:08:09 AM"),
        ("week %V, day %j", "week 10, day 064"),
        ("%s %Q %f%Z", "1772694489 1772694489012 012000+0000"),
        ("by month", "by month"),
    ],
)
def test_formats_as_d3_writes_them(form, text):
    moment = datetime(2026, 3, 5, 8, 8, 9, 12_000, tzinfo=timezone(timedelta(hours=1)))
    assert dates.written(moment, form) == text
