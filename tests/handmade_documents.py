"""Hand-made documents that contain only the parts that a test needs."""

import io
import zipfile

SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'


def packed(parts):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in parts.items():
            archive.writestr(name, text, zipfile.ZIP_STORED if name == "mimetype" else None)
    return made.getvalue()


def word(body, more=None, relations="", start=""):
    """A Word document; `relations` are those of its text."""
    main = f"<Relationship Id='m' Type='{LINKS}/officeDocument' Target='word/document.xml'/>"
    return packed(
        {
            "_rels/.rels": f"<Relationships {RELATIONS}>{main}</Relationships>",
            "word/document.xml": f"{start}<w:document {SPACE} xmlns:r='{LINKS}'><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": f"<Relationships {RELATIONS}>{relations}</Relationships>",
        }
        | (more or {})
    )


def run(text, how=""):
    return f"<w:r><w:rPr>{how}</w:rPr><w:t>{text}</w:t></w:r>"


def paragraph(inside, how=""):
    return f"<w:p><w:pPr>{how}</w:pPr>{inside}</w:p>"


def related(kind, target, outside=False):
    mode = " TargetMode='External'" if outside else ""
    return f"<Relationship Id='{kind}' Type='{LINKS}/{kind}' Target='{target}'{mode}/>"


NOTES = f"<w:footnotes {SPACE}><w:footnote w:id='2'>{paragraph(run('By weight.'))}</w:footnote></w:footnotes>"
NUMBERS = f"""<w:numbering {SPACE}><w:abstractNum w:abstractNumId="7">
<w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.(%2)"/></w:lvl>
</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num></w:numbering>"""


def item(text, depth):
    return paragraph(run(text), f"<w:numPr><w:ilvl w:val='{depth}'/><w:numId w:val='1'/></w:numPr>")
