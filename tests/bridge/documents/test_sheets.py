"""The sheets of a workbook as tables: what its cells mean, and what they lack."""

from datetime import date

import pytest
from workbooks import Formatted, Formula, with_notes_and_drawing, workbook

from imagebridge.documents.excerpt import excerpt


@pytest.mark.parametrize(
    ("cells", "written"),
    [
        (["a", "b"], ["a", "b"]),
        ([Formatted(0.25, "0%"), Formatted(0.075, 10), Formatted(1, '0.0%"x"')], ["25%", "7.5%", "100%"]),
        ([Formatted(0.25, '0.00"%"'), 3.0, 0.1], ["0.25", "3", "0.1"]),
        ([date(2026, 3, 5), True], ["2026-03-05", "TRUE"]),
        ([Formula(7), "x"], ["7", "x"]),
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
        "[rows hidden in the sheet are included: 1]",
    ]


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
            ["[2 charts and 1 picture on the sheet not shown; save the sheet as PDF to see it whole]"],
        ),
        (
            with_notes_and_drawing(PLAIN, {}, more=BOX + "<sp/><AlternateContent><Choice><pic/></Choice><Fallback><pic/></Fallback></AlternateContent>"),
            ["[text boxes: Read this first]", "[1 picture and 1 shape on the sheet not shown; save the sheet as PDF to see it whole]"],
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
