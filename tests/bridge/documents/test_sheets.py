"""The sheets of a workbook as tables: the meaning of their cells, and missing cells."""

from datetime import date

import pytest
from workbooks import Formatted, Formula, open_workbook, with_notes_and_drawing, workbook

from imagebridge.documents import packages
from imagebridge.documents.excerpt import excerpt


@pytest.mark.parametrize(
    ("cells", "written"),
    [
        (["a", "b"], ["a", "b"]),
        ([Formatted(0.25, "0%"), Formatted(0.075, 10), Formatted(1, '0.0%"x"')], ["25%", "7.5%", "100%"]),
        ([Formatted(0.25, '0.00"%"'), 3.0, 0.1], ["0.25", "3", "0.1"]),
        ([date(2026, 3, 5), True], ["2026-03-05", "TRUE"]),
        ([Formula(7), "x"], ["7", "x"]),
        (["#DIV/0!", "#N/A", "#REF!"], ["#DIV/0!", "#N/A", "#REF!"]),
    ],
)
def test_cells_stand_as_the_sheet_shows_them(cells, written):
    read = excerpt(workbook({"S": [["k"], *([cell] for cell in cells)]}))
    assert read.text.split("\n\n")[1].splitlines()[2:] == [f"| {one} |" for one in written]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["n"], [Formula()]], "[1 formula (A2) has no stored value: open the workbook in a spreadsheet program, which computes it, and save it]"),
        (
            [[None] * 3, *([None, n, Formula()] for n in range(1, 8))],
            "[7 formulas (C2, C3, C4, C5, C6 and 2 more) have no stored value: open the workbook in a spreadsheet program, which computes them, and save it]",
        ),
        ([["n"], [Formula(3)]], None),
    ],
)  # fmt: skip
def test_formulas_without_a_value_are_said(rows, said):
    _, *others = excerpt(workbook({"S": rows})).text.split("\n\n")
    assert others[1:] == ([said] if said else [])


def test_names_merged_down_a_column_stand_in_each_row_wherever_the_table_begins():
    rows = [[None] * 3, [None, "region", "n"], [None, "North", 1], [None, None, 2]]
    read = excerpt(workbook({"S": rows}, merged=["B3:B4"], hidden_rows=[4]))
    assert read.text.split("\n\n")[1:] == [
        "| region | n |\n| --- | --- |\n| North | 1 |\n| North | 2 |",
        "[hidden in the sheet but included here: 1 row]",
    ]


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        ({"hidden_columns": [(3, 3)]}, ["[hidden in the sheet but included here: 1 column]"]),
        ({"hidden_columns": [(2, 3)], "hidden_rows": [2, 3]}, ["[hidden in the sheet but included here: 2 rows and 2 columns]"]),
        ({"hidden_columns": [(3, 16_384), (1, 1)]}, ["[hidden in the sheet but included here: 1 column]"]),
        ({"hidden_columns": [(4, 16_384)]}, []),
        ({"hidden_columns": [(2, 3)] * 9}, ["[hidden in the sheet but included here: 2 columns]"]),
    ],
    ids=["a column", "rows and columns", "on beyond the last", "beyond the last", "again and again"],
)  # fmt: skip
def test_hidden_columns_with_cells_are_said(hidden, said):
    rows = [[None] * 3, [None, "a", "b"], [None, 1, 2]]
    assert excerpt(workbook({"S": rows}, **hidden)).text.split("\n\n")[2:] == said


def test_columns_that_are_left_out_are_said():
    said = "[columns after the first 200 are left out]"
    for width, others in ((200, []), (201, [said])):
        rows = [[f"c{n}" for n in range(width)], [*range(width)]]
        assert excerpt(workbook({"S": rows})).text.split("\n\n")[2:] == others


BOX = "<sp><p><r><t>Read </t></r><r><t>this</t></r></p><p><t>first</t></p></sp>"
PLAIN = workbook({"S": [["name", "n"], ["a", 1]]})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (with_notes_and_drawing(PLAIN, {}), []),
        (with_notes_and_drawing(PLAIN, {"B2": "Counted twice"}), ["[cell notes: B2: Counted twice]"]),
        (
            with_notes_and_drawing(PLAIN, {"B2": "Get a newer program"}, thread=[("B2", "Why?"), ("A2", "Who?"), ("B2", "So")]),
            ["[cell notes: B2: Why? (reply: So); A2: Who?]"],
        ),
        (
            with_notes_and_drawing(PLAIN, {f"B{n}": "seen" for n in range(1, 41)}),
            ["[cell notes: " + "; ".join(f"B{n}: seen" for n in range(1, 31)) + "; 10 more notes]"],
        ),
        (
            with_notes_and_drawing(PLAIN, {}, pictures=1, charts=2),
            ["[not shown: 2 charts and 1 picture on the sheet; save the sheet as a PDF to see everything]"],
        ),
        (
            with_notes_and_drawing(PLAIN, {}, more=BOX + "<sp/><AlternateContent><Choice><pic/></Choice><Fallback><pic/></Fallback></AlternateContent>"),
            ["[text boxes: Read this first]", "[not shown: 1 picture and 1 shape on the sheet; save the sheet as a PDF to see everything]"],
        ),
        (with_notes_and_drawing(PLAIN, {}, more=BOX * 31), ["[text boxes: " + "Read this first; " * 30 + "1 more text box]"]),
        (with_notes_and_drawing(PLAIN, {"B2": "no styles"}, styles=False), ["[cell notes: B2: no styles]"]),
        (
            with_notes_and_drawing(PLAIN, {"B2": "<broken"}, more=BOX),
            ["[cell notes cannot be read: the file is damaged there]", "[text boxes: Read this first]"],
        ),
    ],
    ids=[
        *("nothing", "a note", "a thread", "many", "pictures and charts", "a text box", "many text boxes"),
        *("no styles", "broken notes"),
    ],
)  # fmt: skip
def test_what_lies_beside_the_cells_is_said(data, said):
    assert excerpt(data).text.split("\n\n")[2:] == said


def line(*cells, more=""):
    return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"


def string(text, inside="", more=""):
    return f"<table:table-cell office:value-type='string'{more}>{inside}<text:p>{text}</text:p></table:table-cell>"


def failed(text, kind="office:value-type='string' office:string-value='' calcext:value-type='error'"):
    return f"<table:table-cell table:formula='of:=1/0' {kind}><text:p>{text}</text:p></table:table-cell>"


def note(*words):
    made = "".join(f"<text:p>{one}</text:p>" for one in words)
    return f"<office:annotation><creator>Ann</creator>{made}</office:annotation>"


NAMES = line(string("k"), string("v"))
NUMBER = "<table:table-cell office:value-type='float' office:value='0'><text:p>0</text:p></table:table-cell>"
SHAPE = "<draw:custom-shape><text:p>Read<text:s/><text:span>this</text:span></text:p><text:p>first</text:p></draw:custom-shape>"
COLLAPSED = " table:visibility='collapse'"


@pytest.mark.parametrize(
    ("inside", "rows", "said"),
    [
        (NAMES + line(string("a"), failed("#DIV/0!")), ["| a | #DIV/0! |"], []),
        (NAMES + line(string("a"), failed("Err:502", "office:value-type='float' office:value='0'")), ["| a | Err:502 |"], []),
        (NAMES + line(failed("#N/A").replace("<table:table-cell ", "<table:table-cell table:number-columns-repeated='2' ")), ["| #N/A | #N/A |"], []),
        (
            NAMES + line(string("a"), "<table:table-cell office:value-type='percentage' office:value='0.25'><text:p>25%</text:p></table:table-cell>"),
            ["| a | 25% |"],
            [],
        ),
        (
            NAMES + line(string("a"), "<table:table-cell table:formula='of:=1'/>"),
            ["| a |  |"],
            ["[1 formula (B2) has no stored value: open the workbook in a spreadsheet program, which computes it, and save it]"],
        ),
        (NAMES + line(string("a", note("Counted", "twice")), NUMBER), ["| a | 0 |"], ["[cell notes: A2: Counted twice]"]),
        (
            NAMES + line("<table:covered-table-cell table:number-columns-repeated='27'/>", f"<table:table-cell>{note('far')}</table:table-cell>"),
            [],
            ["[cell notes: AB2: far]"],
        ),
        (
            f"<table:shapes><draw:frame><draw:text-box><text:p>Above</text:p></draw:text-box></draw:frame><draw:g>{SHAPE}</draw:g></table:shapes>"
            + NAMES + line(string("a", SHAPE), NUMBER),
            ["| a | 0 |"],
            ["[text boxes: Above; Read this first; Read this first]"],
        ),
        (
            "<table:shapes><draw:frame><draw:object/><draw:image/></draw:frame><draw:frame><draw:image/></draw:frame><draw:line/></table:shapes>" + NAMES,
            [],
            ["[not shown: 1 chart and 1 picture and 1 shape on the sheet; save the sheet as a PDF to see everything]"],
        ),
        (
            f"<table:table-column/><table:table-column-group><table:table-column table:number-columns-repeated='1023'{COLLAPSED}/></table:table-column-group>"
            + NAMES
            + line(string("a"), NUMBER, more=" table:visibility='filter' table:number-rows-repeated='2'")
            + line("<table:table-cell/><table:table-cell office:value-type='float' office:value='1'/>", more=COLLAPSED)
            + f"<table:table-row-group>{line(string('b'), NUMBER)}</table:table-row-group>"
            + line("<table:table-cell/>", more=COLLAPSED + " table:number-rows-repeated='1048570'"),
            ["| a | 0 |", "| a | 0 |", "|  | 1 |", "| b | 0 |"],
            ["[hidden in the sheet but included here: 3 rows and 1 column]"],
        ),
    ],
    ids=[
        *("an error", "an older error", "errors repeated", "a percentage", "no stored value", "a note", "a note far right"),
        *("text boxes", "drawings", "hidden"),
    ],
)  # fmt: skip
def test_an_open_workbook_says_as_much(inside, rows, said):
    table, *others = (
        excerpt(open_workbook({"S": inside, "T": NAMES})).text.split("## Sheet 2: T")[0].split("\n\n")[1:]
    )
    assert (table.splitlines()[2:], [one for one in others if one]) == (rows, said)


def test_an_open_workbook_is_parsed_once_for_all_its_sheets(monkeypatch):
    parsed = []
    monkeypatch.setattr(
        packages,
        "xml_root",
        lambda data, name, real=packages.xml_root: parsed.append(name) or real(data, name),
    )
    read = excerpt(open_workbook({name: NAMES + line(string("a", note(name)), NUMBER) for name in "ABC"}))
    assert [f"A2: {name}]" in read.text for name in "ABC"] == [True] * 3
    assert parsed == ["content.xml"]


def test_what_an_open_workbook_does_not_say_because_of_its_size_is_said(monkeypatch):
    monkeypatch.setattr(packages, "MAX_ELEMENTS", 10)
    read = excerpt(open_workbook({"S": NAMES + line(string("a", note("b")), NUMBER)}))
    assert read.text.endswith(
        "| a | 0 |\n\n[cell notes, text boxes, errors and hidden rows and columns are not read: the file has over 10 elements in its parts up to content.xml]"
    )
