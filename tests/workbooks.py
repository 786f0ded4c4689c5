"""Workbooks as spreadsheet programs write them, hand-made so that every form of a cell is available."""

import io
import zipfile
from datetime import date, datetime
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'

DAY = 14
"""The format of dates that a file names by number alone."""


class Formatted(NamedTuple):
    """A number and the format of its cell: a code, or the number of a built-in format."""

    value: float
    code: str | int


class Formula(NamedTuple):
    """A formula, and its value in the file, if there is one."""

    kept: float | None = None


def serial(moment, base=date(1899, 12, 30)):
    """Return the number of a day in a workbook."""
    day = moment.date() if isinstance(moment, datetime) else moment
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second if isinstance(moment, datetime) else 0
    return (day - base).days + seconds / 86_400


def letters(column):
    """Return the letters of a column, counted from 1."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


class _Styles:
    """The styles of a workbook, numbered in the order of their use."""

    def __init__(self):
        self.codes = ["", DAY]

    def number(self, code):
        if code not in self.codes:
            self.codes.append(code)
        return self.codes.index(code)

    def xml(self):
        own = [code for code in self.codes if isinstance(code, str) and code]
        formats = "".join(
            f"<numFmt numFmtId='{164 + n}' formatCode={quoteattr(code)}/>" for n, code in enumerate(own)
        )
        numbers = [
            164 + own.index(code) if isinstance(code, str) and code else code or 0 for code in self.codes
        ]
        styles = "".join(f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number in numbers)
        return (
            f"<styleSheet {SPACE}><numFmts>{formats}</numFmts><fonts><font/></fonts><fills><fill/></fills>"
            f"<borders><border/></borders><cellXfs>{styles}</cellXfs></styleSheet>"
        )


def _cell(at, value, styles):
    match value:
        case None:
            return ""
        case bool():
            return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
        case Formatted(number, code):
            return f'<c r="{at}" s="{styles.number(code)}"><v>{number!r}</v></c>'
        case date():
            return f'<c r="{at}" s="1"><v>{serial(value)}</v></c>'
        case Formula(kept):
            return f'<c r="{at}"><f>1+2</f>{"" if kept is None else f"<v>{kept}</v>"}</c>'
        case str() if value.startswith("#"):
            return f'<c r="{at}" t="e"><v>{value}</v></c>'
        case str():
            return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f'<c r="{at}"><v>{value!r}</v></c>'


def _row(number, cells, styles, *, hidden):
    state = " hidden='1'" if hidden else ""
    made = "".join(_cell(f"{letters(c)}{number}", value, styles) for c, value in enumerate(cells, 1))
    return f"<row r='{number}'{state}>{made}</row>"


def workbook(sheets, *, hidden_sheets=(), hidden_rows=(), hidden_columns=(), merged=(), before=""):
    """Return an xlsx of sheets of rows. Texts that begin with # are errors.

    `hidden_rows` are numbers of rows of every sheet, `hidden_columns` its ranges of columns, `merged` references such as A2:A4, `before` XML ahead of the
    list of sheets.
    """
    state = {name: " state='hidden'" if name in hidden_sheets else "" for name in sheets}
    listed = "".join(
        f"<sheet name={quoteattr(name)} sheetId='{n}' r:id='r{n}'{state[name]}/>"
        for n, name in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{LINKS}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    styles = _Styles()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        book = f'<Relationship Id="b" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/>'
        packed.writestr("_rels/.rels", f"<Relationships {PACKAGE}>{book}</Relationships>")
        packed.writestr(
            "xl/workbook.xml",
            f'<workbook {SPACE} xmlns:r="{LINKS}">{before}<sheets>{listed}</sheets></workbook>',
        )
        style = f'<Relationship Id="s" Type="{LINKS}/styles" Target="styles.xml"/>'
        packed.writestr(
            "xl/_rels/workbook.xml.rels", f"<Relationships {PACKAGE}>{links}{style}</Relationships>"
        )
        cells = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
        end = f"<mergeCells>{cells}</mergeCells>" if merged else ""
        ranges = "".join(f'<col min="{first}" max="{last}" hidden="1"/>' for first, last in hidden_columns)
        columns = f"<cols>{ranges}</cols>" if ranges else ""
        for n, rows in enumerate(sheets.values(), 1):
            lines = "".join(_row(r, row, styles, hidden=r in hidden_rows) for r, row in enumerate(rows, 1))
            packed.writestr(
                f"xl/worksheets/s{n}.xml",
                f"<worksheet {SPACE}>{columns}<sheetData>{lines}</sheetData>{end}</worksheet>",
            )
        packed.writestr("xl/styles.xml", styles.xml())
    return made.getvalue()


OPEN = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("table", "table"), ("text", "text"), ("draw", "drawing"))
)
CALC = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'


def open_workbook(sheets, before=""):
    """Return an ods of sheets, each as the XML of its content; `before` is XML ahead of all."""
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", kind, zipfile.ZIP_STORED)
        entry = f'<m:file-entry m:full-path="/" m:media-type="{kind}"/>'
        space = 'xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
        packed.writestr("META-INF/manifest.xml", f"<m:manifest {space}>{entry}</m:manifest>")
        tables = "".join(
            f"<table:table table:name={quoteattr(name)}>{inside}</table:table>"
            for name, inside in sheets.items()
        )
        packed.writestr(
            "content.xml",
            f"{before}<office:document-content {OPEN} {CALC}><office:body><office:spreadsheet>{tables}"
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return made.getvalue()


def with_notes_and_drawing(data, notes, *, pictures=0, charts=0, thread=(), more="", styles=True):
    """Return a workbook of `workbook` whose first sheet has notes, by cell, newer comments in pairs, pictures and charts.

    `more` is XML of other things drawn on it; `styles` says whether the workbook keeps its styles.
    """
    parts = {"comments": "../comments.xml", "threadedComment": "../thread.xml", "drawing": "../drawing.xml"}
    relations = "".join(
        f'<Relationship Id="{kind}" Type="{LINKS}/{kind}" Target="{target}"/>'
        for kind, target in parts.items()
    )
    runs = "".join(
        f'<comment ref="{cell}"><text><r><t>{text[:4]}</t></r><r><t>{text[4:]}</t></r></text></comment>'
        for cell, text in notes.items()
    )
    newer = "".join(
        f'<threadedComment ref="{cell}"><text>{text}</text></threadedComment>' for cell, text in thread
    )
    drawn = "<a><pic/></a>" * pictures + "<a><graphicFrame/></a>" * charts + more
    made = io.BytesIO(data if styles else _without(data, "xl/styles.xml"))
    with zipfile.ZipFile(made, "a") as packed:
        packed.writestr(
            "xl/worksheets/_rels/s1.xml.rels", f"<Relationships {PACKAGE}>{relations}</Relationships>"
        )
        packed.writestr("xl/comments.xml", f"<comments {SPACE}><commentList>{runs}</commentList></comments>")
        packed.writestr("xl/thread.xml", f"<ThreadedComments>{newer}</ThreadedComments>")
        packed.writestr("xl/drawing.xml", f"<wsDr>{drawn}</wsDr>")
    return made.getvalue()


def _without(data, name):
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(made, "w") as packed:
        for one in before.namelist():
            if one != name:
                packed.writestr(one, before.read(one))
    return made.getvalue()
