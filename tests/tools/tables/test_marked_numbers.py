"""Numbers with marks that are not units, gaps that look like numbers, logs, loggers: read if certain, else reported."""

import pytest
from long_rows import one_in

from imagebridge.errors import ArgumentError
from imagebridge_tools.charts import chart_options, fields, theme
from imagebridge_tools.files.encodings import decoded
from imagebridge_tools.tables.table import table

FRAME = theme.ChartFrame(800, 500, None, None, {}, {}, "light")


def column(*cells):
    """Return a column read from CSV, and the words on how."""
    found = table("k,v\n" + "".join(f"r{at},{cell}\n" for at, cell in enumerate(cells)))
    reading = found.readings.get("v")
    return list(found.columns["v"]), reading and (reading.how or reading.doubt)


@pytest.mark.parametrize(
    ("cells", "read", "how"),
    one_in(2, [
        (["12.3 p", ": c", "10.4", "8.1 b"], [12.3, None, 10.4, 8.1], "numbers, flags such as 'b' left out, ': c' as missing"),
        (["12.9", "11.0 b", ":"], [12.9, 11.0, None], "numbers, flags such as 'b' left out"),
        ([": C", "10.4", "8.1 bP"], [None, 10.4, 8.1], "numbers, flags such as 'bP' left out, ': C' as missing"),
        (["20 C", "21 C", "22"], ["20 C", "21 C", "22"], "'20 C' and '22' have different units"),
        ([": u", "-3 ep", "4 m"], [None, -3, 4], "numbers, flags such as 'm' left out, ': u' as missing"),
        (["12 m", "13 m"], [12, 13], "numbers in m, '12 m' as 12"),
        (["12ms", "20ms"], [12, 20], "numbers in ms"),  # Dates of March in Nheengatu, as CLDR has it.
        (["60 mph", "5 mph"], [60, 5], "numbers in mph"),  # October in Swati.
        (["PHP 12", "PHP 9"], [12, 9], "numbers in PHP"),
        (["5 mars 26", "6 mars 26"], ["2026-03-05", "2026-03-06"], "dates"),
        (["5 m", "300 s", "7"], ["5 m", "300 s", "7"], "'5 m' and '300 s' have different units"),
        (["2+", "3-", "1"], ["2+", "3-", "1"], "'2+' and '3-' are grades; count them"),
        (["2", "3-", "1-"], ["2", "3-", "1-"], "'3-' and '1-' may be grades or negative numbers; count them"),
        (["12.50-", "3.00"], [-12.5, 3], "numbers, '12.50-' as -12.5"),
    ]),
)  # fmt: skip
def test_marks_behind_numbers(cells, read, how):
    found, words = column(*cells)
    assert found == read
    assert words.startswith(how)


def test_flags_of_one_column_prove_those_of_another():
    found = table("land\t2024\t2025\nAT\t: C\t4.8 p\nDE\t3.0 e\t3.1 p\n")
    assert found.columns == {"land": ["AT", "DE"], "2024": [None, 3.0], "2025": [4.8, 3.1]}
    assert found.readings["2025"].how == "numbers, flags such as 'p' left out"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            [3.2, -999, 4.1, -999],
            "; 'v' has -999 in 2 rows, drawn as written: if it marks a missing value, replace it with null",
        ),
        ([32, -9999, 41, 9999], "; 'v' has -9,999 and 9,999 in 2 rows"),
        ([1, 2, 999], "; 'v' has 999 in 1 row"),
        ([700, 850, 999], ""),
        ([-1200, -999, 30], ""),
        ([1, 2, 998], ""),
        ([999, 999, 999], ""),
        (["a", "b", "-999"], ""),
    ],
)
def test_numbers_that_may_stand_for_missing_ones_are_told_and_kept(cells, said):
    found = table({"k": list(range(len(cells))), "v": cells})
    assert list(found.columns["v"]) == cells
    words = found.description({"v"})
    assert words.startswith(said) if said else words == ""


LOGGER = (
    '"TOA5","CR1000","CR1000","12345","CR1000.Std.31","CPU:prog.CR1","1234","Table1"\n'
    '"TIMESTAMP","RECORD","BattV","AirTC_Avg"\n"TS","RN","Volts","Deg C"\n"","","Min","Avg"\n'
    '"2026-03-01 00:00:00",0,12.9,4.31\n"2026-03-01 01:00:00",1,12.8,"NAN"\n"2026-03-01 02:00:00",2,12.8,3.9\n'
)
LINES = 'time=2026-03-01T10:00:00Z level=info msg="a \\"b\\" c" duration=12ms\ntime=2026-03-01T10:00:01Z level=warn duration=350ms\n'


def test_a_table_of_a_data_logger():
    found = table(LOGGER)
    assert dict(found.columns) == {
        "TIMESTAMP (TS)": ["2026-03-01 00:00:00", "2026-03-01 01:00:00", "2026-03-01 02:00:00"],
        "RECORD (RN)": [0, 1, 2],
        "BattV (Volts)": [12.9, 12.8, 12.8],
        "AirTC_Avg (Deg C)": [4.31, None, 3.9],
    }
    assert found.notes[0] == "left out: the logger information in a TOA5 file"
    chart = fields.build_chart(["line"], found, {}, FRAME)
    assert (chart.names["x"], chart.names["y"]) == ("TIMESTAMP (TS)", "BattV (Volts)")


def test_lines_of_a_log():
    found = table(LINES)
    assert dict(found.columns) == {
        "time": ["2026-03-01T10:00:00Z", "2026-03-01T10:00:01Z"],
        "level": ["info", "warn"],
        "msg": ['a "b" c', None],
        "duration": [12, 350],
    }


def test_a_line_that_is_no_pair_is_no_log():
    assert list(table("a=1 b=2,c\nd=3 e=4,5\n").columns) == ["a=1 b=2", "c"]


@pytest.mark.parametrize("text", ["imię;ile\nŁucja;12\n", "město;počet\nPlzeň;7\n", "név;db\nGyőr;12\n"])
def test_few_letters_of_central_europe(text):
    pytest.importorskip("chardet")
    assert decoded(text.encode("cp1250")).text == text


@pytest.mark.parametrize("kinds", [["bar"], ["line"], ["bar", "line"]])
def test_several_currencies_are_not_drawn_on_one_axis(kinds):
    found = table("city,eur,usd,sum\nBerlin,12 €,$13,14 EUR\nParis,14 €,$15,16 EUR\n")
    with pytest.raises(ArgumentError, match=r"y has 'eur' in € and 'usd' in \$, which cannot share an axis"):
        fields.build_chart(kinds, found, {"x": "city", "y": ["eur", "usd"]}, FRAME)
    same = {"x": "city", "y": ["eur", "sum"]}
    assert (
        fields.build_chart(kinds, found, same, FRAME, None, chart_options.Options()).names["y"] == "eur, sum"
    )
