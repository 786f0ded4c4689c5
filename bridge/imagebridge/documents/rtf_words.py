"""The RTF words that are supported (RTF 1.9.1, 2008)."""

import re

TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z0-9'])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.DOTALL,
)
"""A control word, a byte in hexadecimal, a control symbol, a brace, or text."""

SIGNS = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ", "~": "\xa0", "_": "\u2011", "-": "", "|": "",
}  # fmt: skip

TAKEN = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "header"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "footer"),
    **{name: name for name in ("footnote", "annotation", "atnauthor", "listtext", "shptxt", "fldinst")},
    "pntext": "listtext",
}
"""Destinations whose words are not part of the surrounding text."""

SILENT = frozenset(
    [
        "colortbl",
        "info",
        "generator",
        "listtable",
        "listoverridetable",
        "rsidtbl",
        "revtbl",
        "filetbl",
        "themedata",
        "colorschememapping",
        "latentstyles",
        "datastore",
        "xmlnstbl",
        "mmathPr",
        "objdata",
        "objclass",
        "nonshppict",
        "bkmkstart",
        "bkmkend",
        "pgdsctbl",
        "datafield",
        "template",
        "ftnsep",
        "ftnsepc",
        "aftnsep",
        "aftnsepc",
        "xe",
        "tc",
        "sp",
        "atnid",
        "atrfstart",
        "atrfend",
        "atndate",
        "atnref",
        "background",
        "fontemb",
        "panose",
        "falt",
        "userprops",
        "docvar",
        "picprop",
        "pnseclvl",
        "nesttableprops",
        "blipuid",
    ]
)
"""Destinations that contain no text for the reader."""

READ = frozenset((*TAKEN, "shppict", "shpinst", "shp", "fldrslt"))
r"""Destinations that are read although `\*` marks them as optional; unknown destinations marked so are skipped."""

CHARSETS = {
    0: "cp1252", 77: "mac-roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "big5", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
"""Encodings by the character set of a font."""


DESCRIBED = re.compile(rb"\\sn\s+wzDescription\s*\}\s*\{\\sv\s+([^{}]*)\}")
"""The property of a picture that contains its description."""

BULLETS = frozenset("o\xa7")
"""Letters that are bullets in the fonts of Word's lists, Courier New and Wingdings."""

PICTURES = frozenset(("pngblip", "jpegblip", "emfblip", "wmetafile", "dibitmap"))
"""The formats of pictures."""


def known_encoding(name: str) -> bool:
    """Return whether Python has an encoding with this name."""
    try:
        return "".encode(name) == b""
    except LookupError:
        return False
