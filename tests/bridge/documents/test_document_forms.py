"""Hand-made documents: forms that programs rarely write, and broken, locked or hostile ones."""

from pathlib import Path

import pytest
import samples
from handmade_documents import NOTES, NUMBERS, item, packed, paragraph, related, run, word
from workbooks import workbook

from imagebridge.documents.document_types import document_type
from imagebridge.documents.excerpt import excerpt, json_length
from imagebridge.errors import ArgumentError, DocumentError

WRITTEN = Path(__file__).parent / "written"


@pytest.mark.parametrize(
    ("document", "text", "notes"),
    [
        (
            word(paragraph(run("a ") + f"<w:del>{run('old').replace('w:t>', 'w:delText>')}</w:del><w:ins>{run('new')}</w:ins>")),
            "a ~~old~~new",
            ["Tracked changes"],
        ),
        (word(paragraph(run("seen") + run("hidden", "<w:vanish/>"))), "seen", ["Hidden text is left out"]),
        (word(paragraph(run("x") + run("2", '<w:vertAlign w:val="superscript"/>'))), "x<sup>2</sup>", []),
        (
            word(
                paragraph(run("Iron") + "<w:r><w:footnoteReference w:id='2'/></w:r>"),
                {"word/footnotes.xml": NOTES},
                related("footnotes", "footnotes.xml"),
            ),
            "Iron[^1]\n\n[^1]: By weight.",
            [],
        ),
        (
            word(item("a", 0) + item("b", 1) + item("c", 1) + item("d", 0), {"word/numbering.xml": NUMBERS}, related("numbering", "numbering.xml")),
            "3. a\n    3.(a) b\n    3.(b) c\n4. d",
            [],
        ),
        (
            word(paragraph(f"<w:hyperlink r:id='hyperlink'>{run('here')}</w:hyperlink>"), None, related("hyperlink", "https://e.org/", True)),
            "[here](https://e.org/)",
            [],
        ),
        (
            word(f"<w:tbl><w:tr><w:tc>{paragraph(run('framed'))}</w:tc></w:tr></w:tbl>"),
            "framed",
            [],
        ),
        (word(paragraph("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>")), "a\tb\nc", []),
        (word(""), "", []),
    ],
)  # fmt: skip
def test_word(document, text, notes):
    read = excerpt(document)
    assert read.text == text
    assert len(read.notes) == len(notes)
    assert all(part in note for part, note in zip(notes, read.notes, strict=True))


HTML = {
    "<p>One<p>Two<script>three</script><style>p{}</style>": "One\n\nTwo",
    "<ul><li>a<ul><li>b</ul><li>c</ul>": "- a\n    - b\n- c",
    "<ol start=5><li>a<li>b</ol>": "5. a\n6. b",
    "<table><tr><th>a<th>b<tr><td colspan=2>x</table>": "| a | b |\n| --- | --- |\n| x | x |",
    "<table><tr><td rowspan=2>n<td>1<tr><td>2</table>": "| n | 1 |\n| --- | --- |\n| n | 2 |",
    "<a href='https://e.org'>x</a> &amp; <del>y</del>": "[x](https://e.org) & ~~y~~",
    "<img src='https://e.org/spy.png' alt='spy'>": "![spy](https://e.org/spy.png)",
    "<table><tr><td>a<table><tr><td>in<td>x</table><td>b<tr><td>c<td>d</table>": "| a<br>\\| in \\| x \\|<br>\\| --- \\| --- \\| | b |\n| --- | --- |\n| c | d |",
    "<table><tbody><tr><td>a<td>b</tbody><tfoot><tr><td>c<td>d</tfoot></table>": "| a | b |\n| --- | --- |\n| c | d |",
    "<pre>a\n  b</pre><blockquote><p>q</blockquote>": "```\na\n  b\n```\n\n> q",
    "<p>a<p hidden>b</p>c": "a\n\nc",
    "<math><mi>x</mi><mo>=</mo><mfrac><mn>1</mn><msqrt><mi>y</mi><mo>+</mo><mn>2</mn></msqrt></mfrac></math>": "x=1/(sqrt(y+2))",
    "<math><semantics><msup><mi>x</mi><mn>2</mn></msup><annotation encoding='application/x-tex'>x^2</annotation></semantics></math>": "x^2",
    "<h2>A\n b</h2>x<br>y": "## A b\n\nx\ny",
    "": "",
}


@pytest.mark.parametrize(("source", "text"), HTML.items())
def test_html(source, text):
    assert excerpt(f"<!DOCTYPE html><body>{source}".encode(), "a.html").text == text


def test_a_picture_inside_a_page_is_a_figure():
    url = samples.data_url(samples.file(samples.drawing(), "PNG"), "image/png")
    read = excerpt(f"<html><img alt='A pier' src='{url}'>".encode(), "a.html")
    assert read.text == "![A pier](figure:1)"
    assert read.figures[1].media_type == "image/png"


def book(chapters, contents, more):
    """An EPUB of chapters, by their names, with its table of contents."""
    items = "".join(f"<item id='{name}' href='text/{name}'/>" for name in chapters)
    order = "".join(f"<itemref idref='{name}'/>" for name in chapters)
    return packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": "<c><rootfile full-path='ops/a.opf'/></c>",
            "ops/a.opf": f"<p>{items}<item id='nav' href='nav.xhtml' properties='nav'/>{order}</p>",
            "ops/nav.xhtml": f"<html><nav><ol>{contents}</ol></nav></html>",
            **{f"ops/text/{name}": f"<html><body>{text}</body></html>" for name, text in chapters.items()},
            **more,
        }
    )


def test_a_chapter_without_a_title_is_called_what_the_contents_call_it():
    chapters = {"a.xhtml": "<p>One</p>", "b.xhtml": "<h1>Second</h1>", "c.xhtml": "<p>Three</p>"}
    contents = (
        "<li><a href='text/a.xhtml'>First <b>of all</b></a><ol><li><a href='text/a.xhtml#x'>Deeper</a></li></ol></li>"
        "<li><a href='text/b.xhtml'>Other</a></li>"
    )
    assert excerpt(book(chapters, contents, {})).text == (
        "## Chapter 1: First of all\n\nOne\n\n## Chapter 2\n\n# Second\n\n## Chapter 3\n\nThree"
    )


def test_a_picture_that_an_svg_frames_is_the_figure():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
        '<title>The cover</title><image xlink:href="../c.png"/></svg>'
    )
    cover = {"ops/c.png": samples.file(samples.drawing(), "PNG")}
    read = excerpt(book({"a.xhtml": svg}, "", cover))
    assert read.text == "![The cover](figure:1)"
    assert [(one.width, one.height) for one in read.figures.values()] == [(64, 48)]


RTF = {
    rb"{\fonttbl{\f0\fcharset204 A;}{\f1\fcharset0 B;}}\f0 \'cf\'f0\'e8 {\f1 caf\'e9} \u8364?\par": "При café €",
    rb"{\b bold}\line next\par second": "bold\nnext\n\nsecond",
    rb"\trowd\cellx1\cellx2\intbl a\cell b\cell\row\trowd\intbl c\cell d\cell\row\pard end": "| a | b |\n| --- | --- |\n| c | d |\n\nend",
    rb"\trowd\cellx2000\cellx3000\intbl Sales\cell n\cell\row\trowd\cellx1000\cellx2010\cellx3000\intbl a\cell b\cell c\cell\row\pard": "| Sales | Sales | n |\n| --- | --- | --- |\n| a | b | c |",
    rb"\trowd\clvmgf\cellx1\cellx900\intbl North\cell a\cell\row\trowd\clvmrg\cellx1\cellx900\intbl\cell b\cell\row\pard": "| North | a |\n| --- | --- |\n| North | b |",
    rb"\trowd\clmgf\cellx500\clmrg\cellx900\intbl Both\cell\cell\row\trowd\cellx500\cellx900\intbl a\cell b\cell\row\pard": "| Both | Both |\n| --- | --- |\n| a | b |",
    rb"x{\footnote note}\par y": "x[^1]\n\n[^1]: note\n\ny",
    rb"x{\super 1{\footnote\pard\plain note}}\par y": "x<sup>1</sup>[^1]\n\n[^1]: note\n\ny",
    rb"{\v hidden\plain seen}": "seen",
    rb"{\*\unknown words}seen{\v hidden}": "seen",
    rb"{\stylesheet{\s3\f5 heading 2;}}{\pard\s3 Head\par}\pard body": "## Head\n\nbody",
    rb"\u-10179?\u-8704?": "😀",
    rb"a\\b\{c\}": "a\\b{c}",
    rb'{\field{\*\fldinst {HYPERLINK "https://e.org/" }{{\*\datafield 00}}}{\fldrslt {\cs1\ul the page}}}\par': "[the page](https://e.org/)",
    rb"{\field{\*\fldinst { DATE }}{\fldrslt {5.3.2026}}}": "5.3.2026",
    rb"{\deleted old }new": "~~old~~ new",
    rb"\pard{\pntext\f1\'B7\tab}{\*\pn\pnlvlblt{\pntxtb\'B7}} One\par{\pntext\f1\'B7\tab}Two\par": "- One\n- Two",
    rb"\pard\outlinelevel0{\listtext\pard\plain\tab}\ls1 Head\par\pard\ilvl1{\listtext\pard\plain\'b7\tab}\ls2 Deep\par": "# Head\n\n    - Deep",
    rb"\pard\intbl{\listtext\pard\plain\'b7\tab}\ls1 In\par\pard\intbl a cell\cell\row\pard After\par": "| · In<br>a cell |\n| --- |\n\nAfter",
    rb"{\listtext\'b7\tab}\ls1 One\par{\listtext o\tab}\pard\ls1\ilvl1 Deeper\par{\listtext 1.\tab}\pard\ls2 Next\par": "- One\n    - Deeper\n1. Next",
    b"\\pard Hello \\uc0\\u26085 \\u26412 \\u8364  end\\\nSecond\\\n": "Hello 日本€ end\n\nSecond",
    rb"{\*\shppict{\pict{\*\picprop\shplid1{\sp{\sn shapeType}{\sv 75}}{\sp{\sn wzDescription}{\sv The caf\'e9}}}\pngblip 89504e}}{\nonshppict{\pict\wmetafile8 01}}": "![The café](figure:1)",
    rb"{\*\generator Riched20 10.0}\uc2\u26085\'93\'fa\uc1 end{\*\themedata 504b}": "日end",
    rb"\pard\intbl\itap2{in 1\nestcell{\nonesttables\par}}{\*\nesttableprops\trowd\cellx1\nestrow}\pard\intbl\itap1{after\cell}{\trowd\cellx1\cellx2\row}": "| in 1;<br>after |\n| --- |",
}


@pytest.mark.parametrize(("source", "text"), RTF.items())
def test_rtf(source, text):
    assert excerpt(rb"{\rtf1\ansi\ansicpg1252 " + source + b"}").text == text


def test_a_metafile_is_named_and_not_shown():
    read = excerpt(rb"{\rtf1 a{\pict\emfblip " + (b"\1\0\0\0" + bytes(36) + b" EMF").hex().encode() + b"}}")
    assert read.missing == {1: "it is a Windows metafile (EMF), which cannot be drawn here"}


def presentation(styles, pages):
    spaces = " ".join(
        f"xmlns:{name}='urn:oasis:names:tc:opendocument:xmlns:{long or name}:1.0'"
        for name, long in {
            "office": "",
            "draw": "drawing",
            "text": "",
            "style": "",
            "presentation": "",
        }.items()
    )
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:presentation>{pages}</office:presentation></office:body></office:document-content>"
    )
    return packed({"mimetype": "application/vnd.oasis.opendocument.presentation", "content.xml": content})


def test_a_hidden_slide_is_said_to_be_one():
    style = "<style:style style:name='h'><style:drawing-page-properties presentation:visibility='hidden'/></style:style>"
    frame = "<draw:frame><draw:text-box><text:p>Pier</text:p></draw:text-box></draw:frame>"
    read = excerpt(
        presentation(
            style, f"<draw:page draw:style-name='h'>{frame}</draw:page><draw:page>{frame}</draw:page>"
        )
    )
    assert read.text == "## Slide 1: (hidden)\n\nPier\n\n## Slide 2\n\nPier"


def test_files_that_are_attached_to_a_pdf_are_named():
    data = (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a) 4 0 R]>>>>>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
        b"4 0 obj<</Type/Filespec/F(plan.xml)/UF(plan.xml)/EF<</F 5 0 R>>>>endobj\n"
        b"5 0 obj<</Type/EmbeddedFile/Length 2>>stream\nhi\nendstream endobj\ntrailer<</Root 1 0 R>>\n"
    )
    assert excerpt(data).notes == ("It has attached files, which are not read: plan.xml.",)


def with_annotations(*annotations):
    """A PDF of one page that says "Note the book"."""
    places = b" ".join(b"%d 0 R" % number for number in range(6, 6 + len(annotations)))
    parts = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[%s]>>>>" % places,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[%s]>>"
        % places,
        b"<</Length 44>>stream\nBT /F 9 Tf 9 9 Td (Note the book) Tj ET        \nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *(b"<</Type/Annot/Rect[0 0 9 9]%s>>" % one for one in annotations),
    ]
    objects = b"".join(b"%d 0 obj%s endobj\n" % numbered for numbered in enumerate(parts, 1))
    return b"%PDF-1.7\n" + objects + b"trailer<</Root 1 0 R>>\n"


NOTE, MARK = b"/Subtype/Text/Contents(%s)", b"/Subtype/Highlight/QuadPoints[0 9 9 9 0 0 9 0]/Contents(%s)"


@pytest.mark.parametrize(
    ("annotations", "said"),
    [
        ([NOTE % b"No"], "> Note: No"),
        ([MARK % b"the book", MARK % b"which?"], "> Note: which?"),
        ([b"/Subtype/Widget/FT/Tx/T(story)/V(%s)" % (b"word " * 1_500)], "Form:\n\n- story: " + "word " * 800 + "…"),
        ([NOTE % b"n"] * 502, "> Note: n\n\n[2 more annotations left out]"),
    ],
    ids=["a note whose letters stand on the page", "marked words", "a long field", "many"],
)  # fmt: skip
def test_what_lies_on_a_page_of_a_pdf_is_said(annotations, said):
    assert excerpt(with_annotations(*annotations)).text == f"Note the book\n\n{said}"


OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (OLD + "EncryptedPackage".encode("utf-16-le"), "is locked with a password"),
        (OLD + "WordDocument".encode("utf-16-le"), "save it as .docx or PDF"),
        (word("<w:p>"), "is not well-formed"),
        (word("", start="<!DOCTYPE d [<!ENTITY a 'b'>]>"), "declares entities"),
        (word("<w:sdt>" * 20_000 + "</w:sdt>" * 20_000), "nested too deeply"),
        (word("x" * 60_000_000), "when unpacked"),
        (word("x")[:300], "is damaged"),
        (b"{\\rtf1 " + b"{" * 5000, "nested too deeply"),
        (b"%PDF-1.7\nnothing", "cannot be read"),
        (packed({"mimetype": "application/epub+zip", "META-INF/container.xml": "<c/>", "META-INF/encryption.xml": "<e><EncryptionMethod Algorithm='aes'/></e>"}), "is protected by DRM"),
        (packed({"mimetype": "application/vnd.oasis.opendocument.text", "META-INF/manifest.xml": "<m><encryption-data/></m>"}), "is locked with a password"),
        (b"words", "is not a supported document"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(data, words):
    with pytest.raises(DocumentError, match=words.replace("(", r"\(").replace(")", r"\)")):
        excerpt(data, "a.bin")


def changed(data, at, value):
    """A package with other numbers in the heads of its members: `at` is where they stand in the list of members."""
    made = bytearray(data)
    for sign, place in ((b"PK\x03\x04", at - 2), (b"PK\x01\x02", at)):
        start = -1
        while (start := made.find(sign, start + 1)) >= 0:
            made[start + place : start + place + 2] = value.to_bytes(2, "little")
    return bytes(made)


BOOK = workbook({"S": [["k"], [1]]})
FLAGS, VERSION, METHOD = 8, 6, 10


@pytest.mark.parametrize("data", [word(paragraph(run("x"))), BOOK], ids=["docx", "xlsx"])
@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (FLAGS, 1, "is locked with a password; save a copy without one"),
        (
            METHOD,
            9,
            r"uses a compression method that is not supported \(Deflate64\); open it in its own program",
        ),
        (
            METHOD,
            77,
            r"uses a compression method that is not supported \(method 77\); open it in its own program",
        ),
        (VERSION, 99, r"uses a variant of ZIP that is not supported \(zip file version 9.9\); open it"),
    ],
)
def test_what_is_packed_otherwise_is_not_called_damaged(data, at, value, words):
    with pytest.raises(DocumentError, match=words):
        excerpt(changed(data, at, value))


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.pdf", word(""), "docx"),
        ("a.docx", samples.pdf(), "pdf"),
        ("a.txt", b"<html>", None),
        ("a.php", b"<!doctype html>", "html"),
        ("a.html", b"plain", "html"),
        ("a.zip", packed({"x": "y"}), None),
    ],
)
def test_the_bytes_say_what_a_document_is(name, data, found):
    assert document_type(data, name) == found


class TestParts:
    LONG = word("".join(paragraph(run(f"Paragraph {n} " + "x" * 80)) for n in range(100)))

    def test_all_parts_together_are_the_text(self):
        whole = excerpt(self.LONG).text
        first = excerpt(self.LONG, characters=1_000)
        parts = [excerpt(self.LONG, part=n, characters=1_000).text for n in range(1, first.parts + 1)]
        assert "\n\n".join(parts) == whole
        assert max(map(len, parts)) <= 1_000
        assert first.where() == f"part 1 of {first.parts}"
        assert not first.is_last

    def test_there_is_no_part_after_the_last(self):
        with pytest.raises(ArgumentError, match=r"part: is 2; the text has 1 part$"):
            excerpt(word(paragraph(run("a"))), part=2)

    def test_pages_go_with_what_has_some(self):
        with pytest.raises(ArgumentError, match="pages: applies to PDFs"):
            excerpt(self.LONG, pages="2")

    def test_a_long_pdf_is_read_as_far_as_a_part_goes(self):
        read = excerpt(samples.pdf(9), characters=60)
        assert (read.total, read.parts, read.where()) == (9, 0, "part 1: page 1 of 9")
        assert read.scans == (1,)
        assert excerpt(samples.pdf(9), pages="7-8").sections == (7, 8)
        assert not read.broken

    def test_a_part_tells_whether_its_last_page_goes_on(self):
        talk = (WRITTEN / "talk.pptx").read_bytes()
        parts = [excerpt(talk, part=number, characters=80) for number in (1, 2, 3)]
        assert [(one.sections, one.broken) for one in parts] == [((1,), False), ((2,), True), ((2,), True)]

    @pytest.mark.parametrize("room", [700, 1_500, 4_000])
    def test_as_json_no_part_takes_more_than_its_room_and_no_figure_is_cut(self, room):
        url = samples.data_url(samples.file(samples.drawing(), "PNG"), "image/png")
        words = " ".join(f"語{n} <img alt='a long name of the pier' src='{url}'>" for n in range(60))
        page = f"<!doctype html><p>{words}</p>".encode()
        parts = [excerpt(page, "a.html", room=room)]
        while not parts[-1].is_last:
            parts.append(excerpt(page, "a.html", room=room, part=len(parts) + 1))
        figure = "![a long name of the pier](figure:1)"
        assert " ".join(one.text.strip() for one in parts) == " ".join(f"語{n} {figure}" for n in range(60))
        shown = [one.with_figures(lambda number, caption: "x" * (len(figure) + 150)) for one in parts]
        assert max(map(json_length, shown)) <= room
