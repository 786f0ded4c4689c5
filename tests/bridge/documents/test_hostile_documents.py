"""Documents that are designed to be expensive are read, or rejected with a message, in proportion to their size."""

import base64
import time

import pytest
from handmade_documents import LINKS, NOTES, NUMBERS, RELATIONS, item, packed, paragraph, related, run, word
from long_rows import one_in
from workbooks import open_workbook

from imagebridge import Policy, function_call_output
from imagebridge.documents import markdown, packages
from imagebridge.documents.document_types import document_type
from imagebridge.documents.excerpt import excerpt
from imagebridge.documents.open_sheets import open_sheets
from imagebridge.documents.sheet_markup import SheetMarkup, sheet_markup
from imagebridge.errors import DocumentError

SECONDS = 30.0
"""CPU seconds that only work which grows with the square takes; the slowest of these takes two."""

DIGITS = "9" * 5_000
"""More than Python makes a number of."""

DRAWN = (
    "xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main' "
    "xmlns:c='http://schemas.openxmlformats.org/drawingml/2006/chart' "
    f"xmlns:p='http://schemas.openxmlformats.org/presentationml/2006/main' xmlns:r='{LINKS}'"
)
OPEN = " ".join(
    f"xmlns:{prefix}='urn:oasis:names:tc:opendocument:xmlns:{name}:1.0'"
    for prefix, name in {"text": "text", "table": "table", "draw": "drawing", "style": "style", "office": "office"}.items()
)  # fmt: skip


def slide(shapes, more=None):
    main = f"<Relationship Id='m' Type='{LINKS}/officeDocument' Target='ppt/presentation.xml'/>"
    first = f"<Relationship Id='s' Type='{LINKS}/slide' Target='s.xml'/>"
    return packed(
        {
            "_rels/.rels": f"<Relationships {RELATIONS}>{main}</Relationships>",
            "ppt/presentation.xml": f"<p:presentation {DRAWN}><p:sldId r:id='s'/></p:presentation>",
            "ppt/_rels/presentation.xml.rels": f"<Relationships {RELATIONS}>{first}</Relationships>",
            "ppt/s.xml": f"<p:sld {DRAWN}><p:spTree>{shapes}</p:spTree></p:sld>",
            "ppt/_rels/s.xml.rels": f"<Relationships {RELATIONS}>{related('chart', 'c.xml')}</Relationships>",
        }
        | (more or {})
    )


def paragraphs(inside):
    return slide(f"<p:sp><p:txBody>{inside}</p:txBody></p:sp>")


def opened(body, more=None):
    content = f"<office:document-content {OPEN}><office:body><office:text>{body}</office:text></office:body></office:document-content>"
    return packed(
        {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content} | (more or {})
    )


def book(chapter, times=1):
    return packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": "<c><rootfile full-path='o.opf'/></c>",
            "o.opf": "<p><item id='a' href='c.xhtml'/>" + "<itemref idref='a'/>" * times + "</p>",
            "c.xhtml": chapter,
        }
    )


def cell(how):
    return f"<w:tbl><w:tr>{'<w:tc><w:tcPr>' + how + '</w:tcPr>' + paragraph(run('a')) + '</w:tc>'}</w:tr></w:tbl>"


def chart(points, *, times=1):
    series = f"<c:ser><c:val>{points}</c:val></c:ser>" * times
    return slide(
        "<p:graphicFrame><c:chart r:id='chart'/></p:graphicFrame>",
        {"ppt/c.xml": f"<c:chartSpace {DRAWN}><c:plotArea>{series}</c:plotArea></c:chartSpace>"},
    )


def with_numbers(numbers):
    return word(item("a", 0), {"word/numbering.xml": numbers}, related("numbering", "numbering.xml"))


LONG_NUMBERS = {
    "span of a cell": (cell(f"<w:gridSpan w:val='{DIGITS}'/>"), word),
    "cells before a row": (f"<w:tbl><w:tr><w:trPr><w:gridBefore w:val='{DIGITS}'/></w:trPr><w:tc>{paragraph(run('a'))}</w:tc></w:tr></w:tbl>", word),
    "level of a heading": (paragraph(run("a"), f"<w:outlineLvl w:val='{DIGITS}'/>"), word),
    "depth of an item": (paragraph(run("a"), f"<w:numPr><w:ilvl w:val='{DIGITS}'/><w:numId w:val='1'/></w:numPr>"), word),
    "begin of a list": (NUMBERS.replace('w:start w:val="3"', f'w:start w:val="{DIGITS}"'), with_numbers),
    "longest begin of a list": (NUMBERS.replace('w:start w:val="3"', f'w:start w:val="{DIGITS[:4_300]}"'), with_numbers),
    "depth of a list": (NUMBERS.replace('w:ilvl="0"', f'w:ilvl="{DIGITS}"'), with_numbers),
    "depth on a slide": (f"<a:p><a:pPr lvl='{DIGITS}'/><a:r><a:t>a</a:t></a:r></a:p>", paragraphs),
    "begin of a list on a slide": (f"<a:p><a:pPr><a:buAutoNum startAt='{DIGITS}'/></a:pPr><a:r><a:t>a</a:t></a:r></a:p>", paragraphs),
    "span on a slide": (f"<p:graphicFrame><a:tbl><a:tr><a:tc gridSpan='{DIGITS}'><a:p><a:r><a:t>a</a:t></a:r></a:p></a:tc></a:tr></a:tbl></p:graphicFrame>", slide),
    "place in a chart": (f"<c:pt idx='{DIGITS}'><c:v>1</c:v></c:pt><c:pt idx='0'><c:v>a</c:v></c:pt>", chart),
    "level of an open heading": (f"<text:h text:outline-level='{DIGITS}'>a</text:h>", opened),
    "spaces": (f"<text:p>a<text:s text:c='{DIGITS}'/></text:p>", opened),
    "columns": (f"<table:table><table:table-row><table:table-cell table:number-columns-repeated='{DIGITS}'><text:p>a</text:p></table:table-cell></table:table-row></table:table>", opened),
    "number of an item": ("<ol start=--5><li>a", book),
    "figure": (f"<p>a ![x](figure:{DIGITS})", book),
}  # fmt: skip


@pytest.mark.parametrize("what", LONG_NUMBERS)
def test_a_number_of_any_length(what):
    inside, made = LONG_NUMBERS[what]
    assert "a" in excerpt(made(inside)).text


def of_main(text):
    main = f"<Relationship Id='m' Type='{LINKS}/officeDocument' Target='word/document.xml'/>"
    return packed(
        {"_rels/.rels": f"<Relationships {RELATIONS}>{main}</Relationships>", "word/document.xml": text}
    )


DECLARED = "<!DOCTYPE d [<!ENTITY a 'spoken'>]><d>&a;</d>"


@pytest.mark.parametrize(
    "text",
    [
        DECLARED,
        "<?xml version='1.0'?>" + " " * 5_000 + DECLARED,
        "<!--" + "x" * 70_000 + "-->" + DECLARED,
        ("<?xml version='1.0' encoding='utf-16'?>" + DECLARED).encode("utf-16-le"),
        ("<?xml version='1.0' encoding='utf-16'?>" + DECLARED).encode("utf-16-be"),
        ("<?xml version='1.0' encoding='utf-16'?>" + DECLARED).encode("utf-16"),
        "<!DOCTYPE d [<!ATTLIST d a CDATA 'spoken'>]><d/>",
    ],
    ids=["at once", "behind spaces", "behind a comment", "utf-16-le", "utf-16-be", "utf-16", "attributes"],
)
def test_declarations_are_refused_wherever_they_stand(text):
    with pytest.raises(DocumentError, match="declares entities"):
        excerpt(of_main(text))


def test_a_document_type_without_declarations_is_read():
    assert excerpt(of_main("<!DOCTYPE d SYSTEM 'd.dtd'><d/>")).text == ""


def times(opening, middle, count, closing):
    return opening * count + middle + closing * count


FOOT = "".join(paragraph(f"<w:r><w:footnoteReference w:id='{n}'/></w:r>") for n in range(10_000))
FEET = NOTES.replace(
    NOTES[NOTES.index("<w:footnote ") : NOTES.index("</w:footnotes>")],
    "".join(f"<w:footnote w:id='{n}'>{paragraph(run('a'))}</w:footnote>" for n in range(10_000)),
)
STYLE = word(
    paragraph(run("a"), "<w:pStyle w:val='s0'/>"),
    {
        "word/styles.xml": FEET[: FEET.index("<w:footnote ")].replace("footnotes", "styles")
        + "".join(f"<w:style w:styleId='s{n}'><w:basedOn w:val='s{n + 1}'/></w:style>" for n in range(3_000))
        + "</w:styles>"
    },
    related("styles", "styles.xml"),
)
FORMULA = (
    "<m:oMath xmlns:m='m'>" + times("<m:sSup><m:e>", "<m:t>x</m:t>", 60, "</m:e></m:sSup>") + "</m:oMath>"
)
WIDE = "<w:tr>" + "<w:tc><w:tcPr><w:gridSpan w:val='200'/></w:tcPr><w:p/></w:tc>" * 1_000 + "</w:tr>"
REPEATED = "<table:table-cell table:number-columns-repeated='1000'><text:p>x</text:p></table:table-cell>"
COSTLY = {
    "a formula in a formula": word(paragraph(FORMULA)),
    "styles of styles": STYLE,
    "many notes": word(FOOT, {"word/footnotes.xml": FEET}, related("footnotes", "footnotes.xml")),
    "wide rows": word(f"<w:tbl>{WIDE * 20}</w:tbl>"),
    "depths of lists": word("".join(item("a", n) for n in range(10_000)), {"word/numbering.xml": NUMBERS}, related("numbering", "numbering.xml")),
    "far points of a chart": chart("<c:pt idx='4999'><c:v>1</c:v></c:pt>", times=10_000),
    "one place of a chart": chart("<c:pt idx='0'><c:v>1</c:v></c:pt>" * 30_000),
    "repeated rows": opened(f"<table:table>{('<table:table-row table:number-rows-repeated=' + repr('1000') + '>' + REPEATED * 20 + '</table:table-row>') * 50}</table:table>"),
    "tables in repeated cells": opened(times("<table:table><table:table-row><table:table-cell table:number-columns-repeated='9'>", "<text:p>x</text:p>", 14, "</table:table-cell></table:table-row></table:table>")),
    "deletions that stand everywhere": opened("<text:tracked-changes><text:changed-region text:id='a'><text:deletion><text:p>" + "x" * 100_000 + "</text:p></text:deletion></text:changed-region></text:tracked-changes><text:p>" + "<text:change text:change-id='a'/>" * 20_000 + "</text:p>"),
    "comments in words": book("<html><body><b></b>" + "a<!-- -->" * 100_000),
    "ends of nothing": book("<html><body><b></b>" + "a</i>" * 60_000),
    "lists in one item": book("<html><ul><li>" + "<ul></ul>" * 30_000),
    "comments without an end": book("<html><body>" + "<!--" * 100_000),
    "sections without an end": book("<html><body>" + "<![CDATA[" * 100_000),
    "sections of no name": book("<html><body>" + "<![" * 10_000),
    "tags without an end": book("<html><body>" + "<a " * 200_000),
    "quotes without an end": book("<html><body>" + "<a x='" * 200_000),
    "ends without an end": book("<html><body>" + "</" * 200_000),
    "tables in tables": book("<table><tr><td>" * 60 + "x"),
    "rows that span": book("<table><tr>" + "<td rowspan=9999 colspan=200>x" * 500 + "<tr>" * 20_000),
    "edges of cells": b"{\\rtf1 \\trowd " + b"".join(b"\\cellx%d0 " % n for n in range(60_000)) + b"\\intbl " + b"a\\cell " * 60_000 + b"\\row " * 1_000 + b"}",
    "beginnings of figures": book("<p>" + "![" * 60_000),
}  # fmt: skip


@pytest.mark.parametrize("what", one_in(8, COSTLY))
def test_work_grows_with_the_size(what, monkeypatch):
    monkeypatch.setattr(markdown, "_SPREAD", 50_000)
    began = time.process_time()
    read = excerpt(COSTLY[what], room=200_000)
    assert time.process_time() - began < SECONDS
    assert len(read.text) <= 100_000


def sheet(data, styles="<cellXfs><xf numFmtId='9'/></cellXfs>", before=""):
    """A workbook with what its sheet and its styles say."""
    return packed(
        {
            "xl/workbook.xml": f"<workbook xmlns:r='{LINKS}'><sheets><sheet name='S' r:id='worksheet'/></sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f"<Relationships {RELATIONS}>{related('worksheet', 's.xml')}</Relationships>",
            "xl/styles.xml": f"{before}<styleSheet>{styles}</styleSheet>",
            "xl/s.xml": f"<worksheet>{data}</worksheet>",
        }
    )


CELL = "<c r='B3' s='0'><v>1</v></c>"
NOTHING = SheetMarkup({}, 0, {})


@pytest.mark.parametrize(
    ("workbook", "said"),
    [
        (sheet(CELL), SheetMarkup({(2, 1): "0%"}, 0, {})),
        (sheet("<!--" + "<c " * 300_000 + "-->" + CELL), SheetMarkup({(2, 1): "0%"}, 0, {})),
        (sheet("<!--hidden=" + "<row " * 300_000 + "-->"), NOTHING),
        (sheet("<c r='A1'><f/>" + " " * 300_000 + "</c>"), SheetMarkup({}, 0, {(0, 0): "A1"})),
        (sheet(("<c r='A1'><f/>" + " " * 3_000 + "x") * 100), NOTHING),
        (sheet("<c r='A1'>" + "<f " * 300_000), NOTHING),
        (sheet("<" + "a" * 300_000 + CELL), SheetMarkup({(2, 1): "0%"}, 0, {})),
        (sheet("<c r='A1' t='e'><f>" + " " * 3_000 + "x</f><v>#N/A</v></c>" + "<c t='e' r='B1'>" + " " * 300_000), SheetMarkup({}, 0, {}, (), {(0, 0): "#N/A"})),
        (sheet("<col hidden='1' min='1' max='2'/>" + "<col hidden='1' " * 100_000), SheetMarkup({}, 0, {}, (), {}, ((0, 1),))),
        (sheet("<c r='B3' s='29999'/>" * 30_000, "<cellXfs>" + "<xf numFmtId='9'/>" * 30_000 + "</cellXfs>"), SheetMarkup({(2, 1): "0%"}, 0, {})),
        (sheet(CELL, "<numFmts><numFmt numFmtId='9' formatCode='&a;'/></numFmts>" + "<cellXfs><xf numFmtId='9'/></cellXfs>", "<!DOCTYPE s [<!ENTITY a '0%'>]>"), NOTHING),
        (sheet(CELL, f"<cellXfs><xf numFmtId='{DIGITS}'/></cellXfs>"), NOTHING),
        (sheet(CELL, "<a>" * 300 + "</a>" * 300), NOTHING),
    ],
    ids=[
        *("one cell", "cells in a comment", "rows in a comment", "space after a formula", "space that ends in none"),
        *("formulas without an end", "a long name", "errors without an end", "columns without an end", "many styles", "entities", "a long number", "depth"),
    ],
)  # fmt: skip
def test_the_markup_of_a_sheet_costs_as_much_as_it_is_long(workbook, said):
    began = time.process_time()
    assert sheet_markup(workbook, "S", lambda code: code or None) == said
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("kind", ["string' calcext:value-type='error", "percentage"])
def test_the_repetitions_of_an_open_workbook_are_bounded(kind, monkeypatch):
    monkeypatch.setattr(markdown, "_SPREAD", 1_000)
    cell = f"<table:table-cell table:number-columns-repeated='{10**8}' office:value-type='{kind}'/>"
    rows = f"<table:table-row table:number-rows-repeated='{10**8}'>{cell * 3}</table:table-row>" * 3
    found = open_sheets(open_workbook({"S": rows}), str)("S")
    assert len(found.shown) + len(found.formats) <= 1_009


@pytest.mark.parametrize(
    ("before", "inside", "said"),
    [
        ("<!DOCTYPE d [<!ENTITY a 'b'>]>", "", "declares entities"),
        ("", "<table:table-row-group>" * 300 + "</table:table-row-group>" * 300, "is nested too deeply"),
        ("", "<table:table-row>", "is not well-formed"),
    ],
)
def test_an_open_workbook_that_cannot_be_parsed_is_told_of(before, inside, said):
    assert said in open_sheets(open_workbook({"S": inside}, before), str)("S").beside[0]


def test_pages_are_told_by_their_beginning_in_one_look():
    assert document_type(b"<!---->" * 500, "a.php") is None
    assert document_type(b"<!-- a --> <!-- b -->\n<!doctype html>", "a.php") == "html"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (word("<w:p/>" * 10_000), "has over 10,000 elements"),
        (book("<html><body>" + "<b></b>" * 2_000, times=1_000), "has over 10,000 elements"),
        (book("<html>" + times("<p>", "", 3, "</p>")).replace(b"PK\x01\x02", b"PK\x01\x03", 1), "is damaged"),
        (b"{\\rtf1 " + b"\\b " * 5_000_001 + b"}", "has over 5,000,000 control words"),
        (word(times("<w:sdt>", "", 250, "</w:sdt>")), "nested too deeply"),
    ],
    ids=["one part", "one chapter many times", "list of parts", "words of control", "depth"],
)
def test_what_is_too_much_is_said(document, words, monkeypatch):
    monkeypatch.setattr(packages, "MAX_ELEMENTS", 10_000)
    with pytest.raises(DocumentError, match=words):
        excerpt(document)


@pytest.mark.parametrize("target", ["../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "%2e%2e/%2e%2e/etc/passwd"])  # fmt: skip
def test_names_lead_nowhere_but_into_the_package(target):
    image = related("image", target)
    drawing = f"<w:drawing><a:blip xmlns:a='a' xmlns:r='{LINKS}' r:embed='image'/></w:drawing>"
    read = excerpt(word(paragraph(f"<w:r>{drawing}</w:r>"), None, image))
    assert (list(read.figures), "is missing" in read.missing[1]) == ([], True)


def test_a_result_keeps_what_stands_beside_a_hostile_document():
    inside, made = LONG_NUMBERS["span of a cell"]
    blob = base64.b64encode(made(inside)).decode()
    resource = {"type": "resource", "resource": {"uri": "file:///a.docx", "blob": blob}}
    made = function_call_output(
        {"content": [{"type": "text", "text": "beside"}, resource]}, "c", Policy(documents="pages")
    )
    assert "beside" in str(made["output"])


class TestCellRoom:
    def test_cells_stand_once_in_any_case(self, monkeypatch):
        monkeypatch.setattr(markdown, "_SPREAD", 10)
        room = markdown.CellRoom()
        assert [room.times(5), room.times(0), room.times(3, 4), room.times(9)] == [5, 1, 2, 3]
        assert room.times(9) == 1

    def test_a_mostly_empty_table_is_not_filled_up(self):
        rows = [["x"] * 200, *[["y"]] * 2_000]
        made = markdown.table(rows)
        assert len(made) < 20_000
        assert made.splitlines()[2:4] == ["| y |", "| y |"]
