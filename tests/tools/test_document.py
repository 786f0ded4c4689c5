"""load_file: documents and texts as they are."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
import samples
from long_rows import one_in
from PIL import Image
from workbooks import Formatted, Formula, with_notes_and_drawing, workbook

from imagebridge.errors import ArgumentError
from imagebridge_tools import document, load_file
from imagebridge_tools.files.source import Places
from imagebridge_tools.tool_output import File

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

PDF = b"%PDF-1.7\n" + b"x" * 100


@pytest.fixture
def folder(tmp_path):
    return tmp_path.resolve()


async def read(folder, name, data, **choices):
    (folder / name).write_bytes(data)
    return await load_file(name, Places(allow=(folder,)), **choices)


@pytest.mark.parametrize(
    ("name", "data", "media_type", "text", "words"),
    [
        ("a.csv", b"x,y\n1,2\n", "text/csv", "x,y\n1,2\n", "8 characters in 2 lines"),
        ("a.json", b'{"a": 1}', "application/json", '{"a": 1}', "8 characters in 1 line"),
        ("a.py", b"x = 1\r\ny = 2", "text/plain", "x = 1\ny = 2", "11 characters in 2 lines"),
        ("utf8.txt", "\ufeffé".encode(), "text/plain", "é", "1 character in 1 line"),
        ("utf16.txt", "é€".encode("utf-16"), "text/plain", "é€", "2 characters in 1 line"),
        ("utf32.txt", "é€".encode("utf-32"), "text/plain", "é€", "2 characters in 1 line"),
        ("west.txt", "é€".encode("cp1252"), "text/plain", "é€", "2 characters in 1 line, read as cp1252"),
        ("empty.md", b"", "text/markdown", "", "0 characters in 0 lines"),
        ("a.svg", b"<svg xmlns='x'/>", "image/svg+xml", "<svg xmlns='x'/>", "16 characters in 1 line"),
    ],
)
async def test_texts(folder, name, data, media_type, text, words):
    answer = await read(folder, name, data)
    assert answer.files == (File((folder / name).as_uri(), name, media_type, text),)
    assert answer.sentence == f"{name}: {media_type}, {words}."
    assert answer.pictures == ()


async def test_a_long_text_comes_in_pieces(folder, monkeypatch):
    monkeypatch.setattr(document, "CHARACTERS", 4)
    pieces = [await read(folder, "a.txt", b"abcdefghij", start=start) for start in (1, 5, 9)]
    assert pieces == [await read(folder, "a.txt", b"abcdefghij", part=part) for part in (1, 2, 3)]
    with pytest.raises(ArgumentError, match="part: is 4; the text has 3 parts"):
        await read(folder, "a.txt", b"abcdefghij", part=4)
    assert [piece.files[0].content for piece in pieces] == ["abcd", "efgh", "ij"]
    assert [piece.sentence.partition("; characters ")[2] for piece in pieces] == [
        "1 to 4 follow, call again with start=5 for more.",
        "5 to 8 follow, call again with start=9 for more.",
        "9 to 10 follow, which are the last.",
    ]


async def test_pages_by_number_are_offered_where_the_part_ends_with_a_page(folder):
    data = (Path(__file__).parent.parent / "bridge" / "documents" / "written" / "talk.pptx").read_bytes()
    one, two = [await read(folder, "a.pptx", data, attach=0, room=200, part=part) for part in (1, 2)]
    assert "Call again with part=2 for the next part, or with slides by number: pages=2." in one.sentence
    assert "slide 2 of 2. Call again with part=3 for the next part." in two.sentence


@pytest.mark.parametrize(
    ("pages", "following"),
    one_in(3, [("1", "2"), ("1-2", "3-4"), ("2-4", "5-6"), ("4-3", "5-6"), ("1, 3", "4-5"), ("6", ""), ("4-6", ""), ("", "")]),
)  # fmt: skip
async def test_after_pages_those_that_follow_are_told(folder, pages, following):
    answer = await read(folder, "a.pdf", samples.pdf(6), attach=0, pages=pages)
    told = re.findall(r"Call again with pages=(\S+) for more\.", answer.sentence)
    assert told == ([following] if following else [])


class TestTables:
    LONG = "day;region;sales\n" + "".join(
        f"{n % 28 + 1:02}.01.2026;{'NS'[n % 2]};{n},5 €\n" for n in range(2000)
    )
    BOOK = workbook({
        "Sales": [["k", "share"], ["a", Formatted(0.25, "0%")], ["b", None]],
        "Costs": [["k", "n"], ["a", 3]],
        "Empty": [],
    })  # fmt: skip

    async def test_a_long_one_is_described_and_its_first_rows_come(self, folder):
        answer = await read(folder, "a.csv", self.LONG.encode())
        assert answer.sentence.splitlines() == [
            (
                f"a.csv: text/csv, {len(self.LONG):,} characters in 2,001 lines; a table of 2,000 rows and 3 columns; these are "
                "rows 1 to 50, as CSV. Call again with rows=51-100 for more. start=1 returns the text unchanged."
            ),
            "Columns:",
            "- day: dates, 2026-01-01 to 2026-01-28, 28 different; read as dates (day, month, year)",
            "- region: names, 'N' (1,000), 'S' (1,000)",
            "- sales: numbers in €, 0.5 to 1,999.5, mean 1,000, sum 2,000,000; read as numbers in €, '1000,5 €' as 1,000.5",
        ]
        (file,) = answer.files
        assert file[:3] == ((folder / "a.csv").as_uri(), "a.csv", "text/csv")
        assert file.content.splitlines()[:2] == ["day,region,sales", '01.01.2026,N,"0,5 €"']
        assert len(file.content.splitlines()) == 51

    @pytest.mark.parametrize(
        ("rows", "first", "last", "words"),
        [
            ("51-52", "50,5 €", "51,5 €", "rows 51 to 52, as CSV. Call again with rows=53-54 for more."),
            ("1999", "1998,5 €", "1999,5 €", "rows 1,999 to 2,000, as CSV. start=1"),
            ("1999-9999", "1998,5 €", "1999,5 €", "rows 1,999 to 2,000, as CSV. start=1"),
        ],
    )
    async def test_other_rows(self, folder, rows, first, last, words):
        answer = await read(folder, "a.csv", self.LONG.encode(), rows=rows)
        lines = answer.files[0].content.splitlines()
        assert (first in lines[1], last in lines[-1]) == (True, True)
        assert words in answer.sentence
        assert "Columns" not in answer.sentence

    async def test_start_gives_its_text(self, folder):
        answer = await read(folder, "a.csv", self.LONG.encode(), start=1)
        assert answer.files[0].content == self.LONG

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("a.json", json.dumps({"results": [{"k": f"name {n}", "s": {"v": n}} for n in range(999)]})),
            ("a.jsonl", "".join(json.dumps({"k": f"name {n}", "s": {"v": n}}) + "\n" for n in range(999))),
            ("a.tsv", "k\ts.v\n" + "".join(f"name {n} {'x' * 30}\t{n}\n" for n in range(999))),
        ],
    )
    async def test_other_forms_of_a_long_one(self, folder, name, data):
        answer = await read(folder, name, data.encode())
        assert "a table of 999 rows and 2 columns" in answer.sentence
        assert "- s.v: numbers, 0 to 998, mean 499, sum 498,501" in answer.sentence
        assert answer.files[0].content.startswith("k,s.v\nname 0")

    async def test_what_is_long_and_no_table_is_text(self, folder):
        answer = await read(folder, "a.json", json.dumps({"text": "x" * 30_000}).encode())
        assert answer.files[0].content.startswith('{"text"')

    async def test_a_short_workbook_comes_whole(self, folder):
        answer = await read(folder, "a.xlsx", self.BOOK)
        assert answer.sentence.splitlines()[1:] == [
            "- 'Sales': 2 rows and 2 columns, as CSV",
            "- 'Costs': 1 row and 2 columns, as CSV",
            "- 'Empty': empty",
        ]
        uri = (folder / "a.xlsx").as_uri()
        assert answer.files == (
            File(f"{uri}#Sales", "a.xlsx", "text/csv", "k,share\na,25%\nb,\n"),
            File(f"{uri}#Costs", "a.xlsx", "text/csv", "k,n\na,3\n"),
        )

    async def test_of_formulas_without_values_it_is_said_that_their_column_is_empty(self, folder):
        answer = await read(
            folder, "a.xlsx", workbook({"S": [["k", "n"], ["a", Formula()], ["b", Formula()]]})
        )
        assert answer.files[0].content == "k,n\na,\nb,\n"
        assert (
            "- 'S': 2 rows and 2 columns, as CSV; 'n' is empty: its formulas have no stored values:"
            in answer.sentence
        )

    async def test_hidden_sheets_are_named(self, folder):
        data = workbook({"A": [["k"], ["a"]], "B": [["k"], ["b"]]}, hidden_sheets=("B",))
        assert (await read(folder, "a.xlsx", data)).sentence.splitlines()[1:] == [
            "- 'A': 1 row and 1 column, as CSV",
            "- hidden: 'B'; use sheet to read one",
        ]
        answer = await read(folder, "a.xlsx", data, rows="1")
        assert "Its sheets are 'A', 'B' (hidden); use sheet to read another." in answer.sentence
        assert (await read(folder, "a.xlsx", data, sheet="B")).files[0].content == "k\nb\n"

    async def test_a_sheet_and_its_rows(self, folder):
        answer = await read(folder, "a.xlsx", self.BOOK, sheet="costs", rows="1")
        assert answer.files[0].content == "k,n\na,3\n"
        assert "Its sheets are 'Sales', 'Costs', 'Empty'; use sheet to read another." in answer.sentence

    async def test_a_sheet_that_holds_no_table_comes_as_it_stands(self, folder):
        data = workbook({"About": [["Read me", None, "first"]], "T": [["k"], ["a"]]})
        answer = await read(folder, "a.xlsx", data)
        assert answer.sentence.splitlines()[1:] == [
            "- 'About': 1 row, not a table, as CSV",
            "- 'T': 1 row and 1 column, as CSV",
        ]
        assert [file.content for file in answer.files] == ["Read me,,first\n", "k\na\n"]
        alone = await read(folder, "a.xlsx", data, sheet="About")
        assert alone.files[0].content == "Read me,,first\n"

    async def test_what_a_sheet_without_a_table_has_besides_its_cells_is_said(self, folder):
        rows = {"About": [["Read me", None, "#REF!"]], "Blank": []}
        data = with_notes_and_drawing(workbook(rows, hidden_columns=[(3, 3)]), {"A1": "Late"})
        answer = await read(folder, "a.xlsx", data)
        notes = "; hidden in the sheet but included here: 1 column; cell notes: A1: Late"
        assert answer.sentence.splitlines()[1:] == [
            f"- 'About': 1 row, not a table, as CSV{notes}",
            "- 'Blank': empty",
        ]
        alone = await read(folder, "a.xlsx", data, sheet="About")
        assert alone.sentence.endswith(f"not a table, as CSV{notes}.")
        assert answer.files[0].content == alone.files[0].content == "Read me,,#REF!\n"

    async def test_a_long_workbook_is_described(self, folder):
        rows = [["day", "n"], *([date(2026, 1, 1 + n % 31), n] for n in range(3000))]
        answer = await read(folder, "a.xlsx", workbook({"Long": rows, "Other": [["a"], [1]]}))
        assert "a table of 3,000 rows and 2 columns; these are rows 1 to 50, as CSV" in answer.sentence
        assert "- day: dates, 2026-01-01 to 2026-01-31, 31 different" in answer.sentence
        assert "Its sheets are 'Long', 'Other'; use sheet to read another." in answer.sentence

    @pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
    async def test_a_row_that_is_too_long_comes_by_part(self, folder, name):
        long = " ".join(f"word{n}" for n in range(1_500))
        rows = [["k", "t"], ["a", long], ["b", "short"]]
        made = {"a.csv": f"k,t\na,{long}\nb,short\n".encode(), "a.xlsx": workbook({"S": rows})}
        given, pieces = {}, []
        while True:
            answer = await read(folder, name, made[name], room=6_000, **given)
            pieces.append(answer.files[0].content)
            assert len(json.dumps(answer.sentence + pieces[-1])) < 6_000
            found = re.search(r"Call again with rows=1 and part=(\d+) for the rest of it\.", answer.sentence)
            if not found:
                break
            given = {"rows": "1", "part": int(found[1])}
        assert "".join(pieces) == f"k,t\na,{long}\n"
        assert len(pieces) > 2
        assert "of row 1 of 2, as CSV. Call again with rows=2 for more." in answer.sentence
        with pytest.raises(ArgumentError, match=f"part: is 9; the row has {len(pieces)} parts"):
            await read(folder, name, made[name], room=6_000, rows="1", part=9)
        with pytest.raises(ArgumentError, match="part: is 2; row 2 is returned in full"):
            await read(folder, name, made[name], room=6_000, rows="2", part=2)

    @pytest.mark.parametrize(
        ("name", "choices", "words"),
        [
            ("a.csv", {"rows": "x"}, "rows: is 'x'; give the first and the last row"),
            ("a.csv", {"rows": "0-3"}, "rows: is '0-3'"),
            ("a.csv", {"rows": "9-3"}, "rows: is '9-3'"),
            ("a.csv", {"rows": "9999"}, "rows: starts at 9,999; a.csv has 2,000 rows"),
            ("a.csv", {"rows": "1", "start": 1}, "rows: is for tables and start is for text"),
            ("a.csv", {"sheet": "x"}, "sheet: applies only to workbooks, and a.csv is not one; leave it out"),
            ("a.xlsx", {"sheet": "Cost"}, "did you mean 'Costs'?"),
            ("a.xlsx", {"start": 1}, "start: applies only to text; a.xlsx is a workbook"),
            ("a.md", {"rows": "1"}, "rows: applies to tables, but a.md"),
        ],
    )
    async def test_what_is_refused(self, folder, name, choices, words):
        data = {"a.csv": self.LONG.encode(), "a.xlsx": self.BOOK, "a.md": b""}[name]
        with pytest.raises(ArgumentError, match=re.escape(words)):
            await read(folder, name, data, **choices)


async def test_documents_come_as_bytes(folder):
    answer = await read(folder, "a.bin", PDF)
    assert answer.files == (File((folder / "a.bin").as_uri(), "a.bin", "application/pdf", PDF),)
    assert answer.sentence == "a.bin: PDF, 109 bytes, attached."


async def test_a_data_url(folder):
    answer = await load_file("data:text/csv,a%2Cb")
    assert answer.files[0].content == "a,b"


@pytest.mark.parametrize(
    ("name", "data", "choices", "argument", "words"),
    [
        ("a.png", None, {}, "source", "is a picture of type image/png; load_image shows it"),
        ("a.mp3", b"ID3" + bytes(20), {}, "source", "is a file of type audio/mpeg; supported are PDF"),
        ("a.exe", b"MZ\0\1" * 9, {}, "source", "is in an unknown format; supported are PDF"),
        ("a.pdf", PDF + bytes(700_000), {}, "source", "cannot be read (the file is damaged there)"),
        ("a.pdf", PDF, {"start": 2}, "start", "applies to text"),
        ("a.txt", b"abc", {"start": 4}, "start", "is 4; a.txt has 3 characters"),
        ("a.txt", b"abc", {"start": 0}, "start", "characters are counted from 1"),
    ],
)
async def test_bad_input(folder, name, data, choices, argument, words):
    if data is None:
        Image.new("RGB", (2, 2)).save(folder / name)
        data = (folder / name).read_bytes()
    with pytest.raises(ArgumentError) as caught:
        await read(folder, name, data, **choices)
    assert caught.value.argument == argument
    assert words in caught.value.problem
