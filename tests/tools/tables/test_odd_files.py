"""Files with one peculiarity each: how their columns are read and described."""

import pytest

from imagebridge_tools.files.encodings import decoded
from imagebridge_tools.tables.table import table

TIMES = ["2026-03-05T10:00:00", "2026-03-06T10:00:00"]
DAYS = ["2026-03-05", "2026-01-25"]
SALES = {"month": ["Jan", "Feb"], "sales": [3, 5]}


def read(data, encoding="utf-8"):
    """Return a file's columns as they are read, and all that is said of them."""
    found = table(decoded(data.encode(encoding)))
    return {name: [*cells] for name, cells in found.columns.items()}, found.description(set(found.columns))


@pytest.mark.parametrize(
    ("written", "cells", "said"),
    [
        (("2026.03.05", "2026.01.25"), DAYS, "year, month, day"),
        (("05.03.26", "25.01.26"), DAYS, "day, month, year"),
        (("٢٠٢٦/٠٣/٠٥", "٢٠٢٦/٠١/٢٥"), DAYS, "year, month, day"),
        (("۱۴۰۴/۱۲/۱۴", "۱۴۰۴/۱۱/۰۵"), None, "may belong to the Persian or the Islamic calendar"),
        (("5 มีนาคม 2569", "25 มกราคม 2569"), DAYS, "dates in Thai, in the Buddhist calendar"),
        (("๕/๓/๒๕๖๙", "๒๕/๑/๒๕๖๙"), DAYS, "dates (day, month, year), in the Buddhist calendar"),
        (("2569-03-05", "2569-01-25"), DAYS, "dates in the Buddhist calendar"),
        (("29/2/2567", "1/3/2567"), ["2024-02-29", "2024-03-01"], "in the Buddhist calendar"),
        (("令和8年3月5日", "平成31年1月25日"), ["2026-03-05", "2019-01-25"], "year, month, day"),
        (("令和元年5月1日", "令和2年5月1日"), ["2019-05-01", "2020-05-01"], "year, month, day"),
        (("民國115年3月5日", "民國115年1月25日"), DAYS, "year, month, day"),
        (("Thu Mar  5 10:00:00 2026", "Fri Mar  6 10:00:00 2026"), TIMES, "read as dates"),
        (("05/Mar/2026:10:00:00", "06/Mar/2026:10:00:00"), TIMES, "read as dates"),
        (("20260305T100000", "20260306T100000"), TIMES, "year, month, day"),
        (("5.3.2026 10.00 Uhr", "6.3.2026 10 Uhr"), None, "'6.3.2026 10 Uhr' is not a date like"),
        (("2026-03-05 11:00 CET", "2026-03-06 12:00 EET"), ["2026-03-05T11:00:00+01:00", "2026-03-06T12:00:00+02:00"], "year, month, day"),
        (("2026-W05", "2025-W52"), ["2026-01-26", "2025-12-22"], "weeks, by their first days"),
        (("Q1 26", "Q4'25"), ["2026-01", "2025-10"], "quarters, by their first days"),
        (("H1 2025", "2026-H2"), ["2025-01", "2026-07"], "half-years, by their first days"),
        (("FY2024", "FY2025"), None, "fiscal years begin on different days"),
        (("2023/24", "2024/25"), None, "fiscal years begin on different days"),
        (("FY25 Q1", "FY25 Q2"), None, "fiscal years begin on different days"),
        (("Jan 2026", "TBD"), ["2026-01", None], "read as dates"),
        (("08:00", "12:30"), None, "may be times of day or durations"),
        (("8:00 AM", "12:30 PM"), None, "they are times of day without a date"),
        (("1:30:00", "26:00:00"), [1.5, 26], "durations in h: '1:30:00' as 1.5"),
        (("1h 30m", "45m"), [90, 45], "durations in min: '1h 30m' as 90"),
        (("PT1M30S", "PT45S"), [90, 45], "durations in s: 'PT1M30S' as 90"),
        (("2d 3h", "1 day 1 hour"), [51, 25], "durations in h"),
        (("-0:30:00", "0:45:30"), [-30, 45.5], "durations in min"),
        (("1:30", "0:01:30"), None, "may be times of day or durations"),
        (("1,200.50 CR", "310.00 DR"), [1200.5, -310], "with credits above zero and debits below"),
        (("1.200,50 Cr", "310,00 Dr"), [1200.5, -310], "credits above zero"),
        (("12 Cr", "3 Cr"), [12, 3], "numbers in Cr"),
        (("1,200.00-", "300.00"), [-1200, 300], "read as numbers"),
        (("(5.2%)", "3.1%"), [-5.2, 3.1], "read as percent"),
        (("1,2E+05", "3,4E-01"), [120000, 0.34], "read as numbers"),
        (("1200*", "50"), [1200, 50], "'1200*' as 1,200"),
        (("1200¹", "50 [a]"), [1200, 50], "read as numbers"),
        (("₹12,34,567", "₹1,23,456.50"), [1234567, 123456.5], "numbers in ₹"),
        (("1.5 lakh", "2 crore"), [150000, 20000000], "read as numbers"),
        (("1400万", "880万人"), None, "have different units"),
        (("1400万", "880万"), [14000000, 8800000], "read as numbers"),
        (("1,200円", "980円"), [1200, 980], "numbers in 円, '1,200円' as 1,200"),
        (("￥1,200", "￥3,980"), [1200, 3980], "numbers in ￥, '￥1,200' as 1,200"),
        (("１２３４", "５６７"), [1234, 567], "read as numbers"),
        (("2\u00a0102\u202f650", "522\u2009250"), [2102650, 522250], "read as numbers"),
        (("1 234,50 TL", "3,00 TL"), [1234.5, 3], "numbers in TL"),
        (("~1200", ">50"), None, ""),
        (("0-9", "10-19"), None, ""),
        (("00123", "00045"), None, ""),
        (("+47 22 33 44 55", "+47 55 66 77 88"), None, ""),
        (("1.2.3", "1.10.0"), None, ""),
        (("true", "false"), None, ""),
    ],
)  # fmt: skip
def test_one_column(written, cells, said):
    columns, told = read("v;k\n" + "".join(f'"{cell}";{at}\n' for at, cell in enumerate(written)))
    assert columns["v"] == (
        list(written)
        if cells is None
        else pytest.approx(cells)
        if isinstance(cells[0], int | float)
        else cells
    )
    assert said in told
    assert ("'v' is shown as text" in told) == (cells is None and bool(said))


@pytest.mark.parametrize(
    ("name", "cells", "kept"),
    [
        ("version", ["3.9", "3.10"], ["3.9", "3.10"]),
        ("Zip code", ["01234", "98765"], ["01234", "98765"]),
        ("month", ["202603", "202601"], ["2026-03", "2026-01"]),
        ("batch", ["202603", "202601"], [202603, 202601]),
        ("time", ["2026030510", "2026030610"], TIMES),
        ("time", ["202603051000", "202603061000"], TIMES),
        ("time", ["20260305100000", "20260306100000"], TIMES),
        ("time", ["2026030510", "2026030575"], ["2034-03-15T10:15:10", "2034-03-15T10:16:15"]),
        ("batch", ["2026030510", "2026030610"], [2026030510, 2026030610]),
        ("Duration", ["1:30", "2:45"], [1.5, 2.75]),
    ],
)
def test_what_the_name_of_a_column_tells(name, cells, kept):
    assert read(f"{name},k\n{cells[0]},a\n{cells[1]},b\n")[0][name] == kept


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        ("month,sales\rJan,3\rFeb,5\r", SALES, ""),
        ("month  sales\nJan       3\nFeb       5\n", SALES, ""),
        ("| month | sales |\n|---|---:|\n| Jan | 3 |\n| Feb | 5 |\n", SALES, ""),
        ('month,sales\n="Jan",3\nFeb,5\n', SALES, ""),
        ("month,sales\nJan,3\n# half time\nFeb,5\n", SALES, "left out: 1 comment"),
        ("# by a, b\nmonth,sales\nJan,3\nFeb,5\n", SALES, "left out: 1 line above the header, '# by a b'"),
        ("month,sales\nJan,3\nFeb,5\n\nPrinted 2026-03-01,page 1\n", SALES, "left out: the last line, 'Printed 2026-03-01 page 1'"),
        ("month,sales\nJan,3\nFeb,5\nSource: the shop,\n", SALES, "left out: the last line, 'Source: the shop'"),
        ("month,sales\nJan,3\n\n\nFeb,5\n", SALES, ""),
        ("month,,sales,,\nJan,,3,,\nFeb,,5,,\n", SALES, ""),
        ("month,sales\nTotal,8\nJan,3\nFeb,5\n", SALES, "left out: the first row, 'Total', which adds up the others"),
        ("month,sales\nJan,3\nFeb,5\nAverage,4\n", SALES, "left out: the last row, 'Average', which averages the others"),
        ("month,sales\n,EUR\nJan,3\nFeb,5\n", {"month": ["Jan", "Feb"], "sales (EUR)": [3, 5]}, "the line below the header contains units"),
        ("2026-01-01,5\n2026-01-02,7\n", {"column 1": ["2026-01-01", "2026-01-02"], "column 2": [5, 7]}, "there is no line of column names"),
        ("name,n\n\"North\nEast\",3\nSouth,5\n", {"name": ["North\nEast", "South"], "n": [3, 5]}, ""),
        ("a,b,c\n1,2\n3,4,5\n6,7,8\n", {"a": [1, 3, 6], "b": [2, 4, 7], "c": [None, 5, 8]}, "line 2 has fewer cells than the header"),
        ("a,b\n" + "1,2\n" * 19 + "1,2,3\n", {"a": [1] * 19, "b": [2] * 19}, "left out: line 21, with 3 cells where the header has 2"),
        (
            "r,m,n\nA,Jan,1\nA,Feb,2\nA total,,3\nB,Jan,4\nB,Feb,5\nB total,,9\nGrand total,,12\n",
            {"r": ["A", "A", "B", "B"], "m": ["Jan", "Feb", "Jan", "Feb"], "n": [1, 2, 4, 5]},
            "left out: 3 rows such as 'A total', which are totals of others",
        ),
        ("# ----\n# shop\n#\n# from 20261101\n# to 20261102\nmonth,sales\nJan,3\nFeb,5\n", SALES, "left out: 5 lines above the header"),
        ("Account:;DE89 3704\nBalance:;1.234,50 EUR\n\nday;for;sum\n01.03.2026;rent;-950,00 EUR\n13.03.2026;pay;2.850,33 EUR\n15.03.2026;food;-87,12 EUR\n", {"day": ["2026-03-01", "2026-03-13", "2026-03-15"], "for": ["rent", "pay", "food"], "sum": [-950, 2850.33, -87.12]}, "left out: 2 lines above the header, 'Account: DE89 3704'"),
        ("From:;2026-11-01\nTo:;2026-11-30\n\nday;text;sales\n01.11.2026;a;3\n13.11.2026;b;5\n\nNot signed:\n", {"day": ["2026-11-01", "2026-11-13"], "text": ["a", "b"], "sales": [3, 5]}, "left out: 2 lines above the header, 'From: 2026-11-01'"),
        ("Balance on 30/11/2026;;;1 234,56\n\nday;text;in;out\n01/11/2026;a;3;\n13/11/2026;b;;5\n", {"day": ["2026-11-01", "2026-11-13"], "text": ["a", "b"], "in": [3, None], "out": [None, 5]}, "left out: 1 line above the header, 'Balance on"),
        ("name,5 km,10 km\nBo,DNF,DNS\nAl,20,41\n", {"name": ["Bo", "Al"], "5 km": ["DNF", "20"], "10 km": ["DNS", "41"]}, ""),
        ("id,How often?,,Age\n,Response,Other (which?),\n7,Daily,at night,34\n8,Weekly,,28\n", {"id": [7, 8], "How often? Response": ["Daily", "Weekly"], "How often? Other (which?)": ["at night", None], "Age": [34, 28]}, "two lines of names are combined"),
        (",month,sales\nA,Jan,\nB,Feb,5\n", {"column 1": ["A", "B"], "month": ["Jan", "Feb"], "sales": [None, 5]}, ""),
        ('day,q1,q2\nStart,Please rate - price,Please rate - service\n"{""ImportId"":""d""}","{""ImportId"":""q1""}","{""ImportId"":""q2""}"\n2026-01-01,4,5\n2026-01-02,3,2\n', {"day": ["2026-01-01", "2026-01-02"], "q1": [4, 3], "q2": [5, 2]}, "left out: 2 lines below the header, 'Start Please rate"),
        ("name,q1,q2\nBo,low,unknown\nAl,3,4\nCy,5,6\n", {"name": ["Bo", "Al", "Cy"], "q1": ["low", "3", "5"], "q2": ["unknown", "4", "6"]}, ""),
        ("day,h\n1.11.2026,8:00\n13.11.2026,7:45\nSumme,15:45\n", {"day": ["2026-11-01", "2026-11-13"], "h": ["8:00", "7:45"]}, "left out: the last row, 'Summe', which adds up the others"),
        ("k,n,m\na,1,2\nb,2,2\nc,4,2\n,7,6\n", {"k": ["a", "b", "c"], "n": [1, 2, 4], "m": [2, 2, 2]}, "left out: the last row, which has no name and adds up the others"),
        ("k,n\na,5\nb,5\nc,5\n,5\n", {"k": ["a", "b", "c", None], "n": [5, 5, 5, 5]}, ""),
        ("k,n\na,0\nb,0\nc,0\n,0\n", {"k": ["a", "b", "c", None], "n": [0, 0, 0, 0]}, ""),
        ("last, first;n\nDoe, Jo;3\nRoe, Al;5\n", {"last, first": ["Doe, Jo", "Roe, Al"], "n": [3, 5]}, ""),
        ("unit,place\t2024\t2025\nPC,AT\t1\t2\nPC,DE\t3\t4\n", {"unit,place": ["PC,AT", "PC,DE"], "2024": [1, 3], "2025": [2, 4]}, ""),
        ("region,2024,2025\nN,1,2\nS,3,4\n", {"region": ["N", "S"], "2024": [1, 3], "2025": [2, 4]}, ""),
        ("store,1,2\nA,5,6\n", {"store": ["A"], "1": [5], "2": [6]}, ""),
    ],
)  # fmt: skip
def test_lines_around_and_within_a_table(text, columns, said):
    found, told = read(text)
    assert found == columns
    assert said in told


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-16-le", "month,sales\nJan,3\nFeb,5\n"),
        ("utf-16-be", "month,sales\nJan,3\nFeb,5\n"),
        ("cp932", "月,売上\n1月,1200\n2月,1350\n"),
        ("euc_jp", "月,売上,地域\n1月,1200,東京\n2月,1350,大阪\n"),
        ("gb18030", "城市,销售额\n北京,1200\n上海,1350\n"),
        ("big5", "城市,銷售額\n台北,1200\n高雄,1350\n"),
        ("cp949", "도시,매출\n서울,1200\n부산,1350\n"),
        ("cp1251", "Город;Продажи\nМосква;1200\nКазань;350\n"),
        ("koi8_r", "Месяц;Продажи;Город\nЯнварь;1200;Москва\nФевраль;1350;Казань\n"),
        ("cp1250", "Miesiąc;Sprzedaż\nstyczeń;1200\nluty;1350\n"),
        ("cp1252", "Stadt;Größe\nKöln;3\nMünchen;5\n"),
        ("cp1252", "ville;coût (€)\nSaint-Étienne;3\nOrléans;5\nBesançon;2\n"),
        ("cp1252", "box;price\na;5 €\nb;7 €\n"),
        ("cp1253", "Μήνας;Πωλήσεις\nΙανουάριος;1200\n"),
        ("cp1254", "ay;satış\nEkim;1\nKasım;2\nAralık;3\n"),
        ("cp1255", "חודש,מכירות\nינואר,1200\nפברואר,1350\n"),
        ("cp1256", "الشهر,المبيعات\nيناير,1200\nفبراير,1350\n"),
        ("cp874", "เดือน,ยอดขาย\nมกราคม,1200\nกุมภาพันธ์,1350\n"),
    ],
)
def test_encodings_that_no_mark_tells(encoding, text):
    data = text.encode(encoding)
    found = decoded(data)
    assert found.text == text
    assert f"the file does not specify its encoding; read as {found.guessed}" in table(found).description(())
    assert decoded(text.encode()).guessed == ""
    assert decoded(text.encode("utf-8-sig")) == (text, "")


@pytest.mark.parametrize("data", [b"MZ\0\1" * 9, b"\0" * 50, b"\xff\xfe", b"", b"\x80\x81\x8d"])
def test_what_is_hardly_text_does_not_raise(data):
    assert isinstance(decoded(data).text, str)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["1\t3\n2\t5\n3\t4\n", "1,2\r3,4\r", "a;b\r\nKöln;3\r\n", "1,2"])
def test_wide_letters_that_no_mark_tells(encoding, text):
    assert decoded(text.encode(encoding)) == (text, encoding)


def test_the_yen_sign_of_japanese_files():
    columns, told = read("品目,価格\nりんご,\\100\nみかん,\\1,250\n".replace("\\1,250", '"\\1,250"'), "cp932")
    assert columns == {"品目": ["りんご", "みかん"], "価格": [100, 1250]}
    assert "'価格' read as numbers in ¥" in told
