"""The text of RTF files: paragraphs, headings, lists, tables, footnotes and pictures (RTF 1.9.1, 2008)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from imagebridge.errors import DocumentError

from .markdown import BlockList, link
from .rtf_tables import RtfTable
from .rtf_words import (
    BULLETS,
    CHARSETS,
    DESCRIBED,
    PICTURES,
    READ,
    SIGNS,
    SILENT,
    TAKEN,
    TOKEN,
    known_encoding,
)
from .sections import DocumentContents, Section

_DEEPEST = 500

MAX_RTF = 60_000_000
"""The maximum size of a file, in bytes."""

_WORDS = 5_000_000
"""The maximum number of control words and groups in a file: a non-ASCII letter may take one."""

_PROPERTIES = 4_000
"""How many bytes of a picture's properties are searched for its description."""

_LINK = re.compile(r'HYPERLINK\s+(?!\\)"?([^"\s]+)')


def rtf_contents(data: bytes) -> DocumentContents:
    """Read an RTF file.

    Raises:
        DocumentError: the file is too large, or nested too deeply.
    """
    if len(data) > MAX_RTF:
        raise DocumentError(f"has {len(data):,} bytes; the limit for RTF is {MAX_RTF:,}")
    if data.count(b"\\") + data.count(b"{") > _WORDS:
        raise DocumentError(f"has over {_WORDS:,} control words, which is the limit for RTF")
    found = DocumentContents("RTF document", "", 1, lambda _: Section("", ""))
    found.read = lambda _: Section("", _RtfReader(data, found).text())
    return found


_HEADING = re.compile(r"heading (\d)\b", re.IGNORECASE)


@dataclass(slots=True)
class _Group:
    """The state inside a pair of braces. `taken`: the destination that starts here, if any."""

    where: str = "text"
    taken: str = ""
    marked: bool = False
    skip: int = 1
    encoding: str = "cp1252"
    hidden: bool = False
    struck: bool = False
    raised: str = ""


class _RtfReader:
    """One file being converted to text. The last list in `_words` belongs to the current paragraph or note."""

    def __init__(self, data: bytes, found: DocumentContents) -> None:
        self._data = data
        self._found = found
        self._blocks = BlockList()
        self._words: list[list[str]] = [[]]
        self._group = _Group()
        self._stack: list[_Group] = []
        self._bytes = bytearray()
        self._to_skip = 0
        self._page = "cp1252"
        self._fonts: dict[int, str] = {}
        self._styles: dict[int, int] = {}
        self._number = 0
        self._level = 0
        self._style = 0
        self._label = ""
        self._depth = 0
        self._in_table = False
        self._table = RtfTable(found.cells)
        self._after: list[str] = []
        self._notes = 0
        self._author = ""
        self._link = ""
        self._links: list[str] = []
        self._beside: dict[str, dict[str, None]] = {"header": {}, "footer": {}}
        self._hex: list[bytes] = []
        self._form = self._described = ""

    def text(self) -> str:
        """Return the whole text."""
        for match in self._tokens():
            word, number, byte, symbol, brace, plain = match.groups()
            if byte is not None:
                self._letters(bytes.fromhex(byte.decode()))
            elif plain is not None:
                self._letters(plain)
            elif symbol is not None and symbol in b"\\{}":
                self._letters(symbol)
            else:
                self._flush()
                if brace is not None:
                    self._brace(brace)
                elif symbol is not None:
                    self._symbol(symbol.decode("latin-1"))
                elif word is not None:
                    self._control(word.decode(), int(number) if number else None)
        self._flush()
        while self._stack:  # A truncated file ends inside its groups.
            self._brace(b"}")
        self._paragraph()
        self._end_table()
        head, foot = (" / ".join(self._beside[name]) for name in ("header", "footer"))
        lines = (
            f"[Header: {head}]" if head else "",
            self._blocks.text(),
            f"[Footer: {foot}]" if foot else "",
        )
        return "\n\n".join(filter(None, lines))

    def _tokens(self) -> Iterator[re.Match[bytes]]:
        at = 0
        while match := TOKEN.match(self._data, at):
            at = match.end()
            if match[1] == b"bin":
                at += max(0, int(match[2] or 0))
                if self._group.where == "pict":
                    self._hex.append(self._data[match.end() : at].hex().encode())
            else:
                if match[1] == b"picprop" and (said := DESCRIBED.search(self._data, at, at + _PROPERTIES)):
                    self._described = self._plain_text(said[1])
                yield match

    def _plain_text(self, data: bytes) -> str:
        """Decode bytes in which only letters are escaped."""
        letters = re.sub(rb"\\'([0-9a-f]{2})", lambda one: bytes.fromhex(one[1].decode()), data)
        text = letters.decode(self._page, "replace")
        return re.sub(r"\\u(-?\d{1,5}) ?\??", lambda one: chr(int(one[1]) % 65_536), text)

    # The content of the file.

    def _letters(self, letters: bytes) -> None:
        skipped = min(self._to_skip, len(letters))
        self._to_skip -= skipped
        if self._group.where == "pict":
            self._hex.append(letters)
        elif self._group.where != "silent":
            self._bytes += letters[skipped:]

    def _flush(self) -> None:
        """Decode the bytes collected so far, because a character may take several."""
        if self._bytes:
            text = self._bytes.decode(self._group.encoding, "replace")
            self._bytes.clear()
            self._add(text)

    def _add(self, text: str) -> None:
        group = self._group
        if group.where == "styles":
            if heading := _HEADING.match(text):
                self._styles[self._number] = int(heading[1])
        elif group.where == "text" and group.hidden:
            self._found.notes.append("Hidden text is left out.")
        elif group.where == "text":
            if (bare := text.strip()) and (group.struck or group.raised):
                shown = f"~~{bare}~~" if group.struck else bare
                shown = f"<{group.raised}>{shown}</{group.raised}>" if group.raised else shown
                text = text.replace(bare, shown, 1)
            self._words[-1].append(text)

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._group.marked = True
        elif symbol in "\r\n":
            self._paragraph()
        elif symbol in SIGNS:
            self._add(SIGNS[symbol])

    def _brace(self, brace: bytes) -> None:
        self._to_skip = 0
        if brace == b"{":
            if len(self._stack) >= _DEEPEST:
                raise DocumentError("is nested too deeply to be a document")
            self._stack.append(self._group)
            self._group = replace(self._group, taken="", marked=False)
        elif self._stack:
            ended, self._group = self._group, self._stack.pop()
            if ended.taken:
                self._take(ended.taken)

    def _control(self, word: str, number: int | None) -> None:
        group = self._group
        marked, group.marked = group.marked, False
        if group.where == "silent":
            return
        if word in SILENT or (marked and word not in READ):
            group.where = "silent"
        elif group.where == "pict" and word not in PICTURES:
            return
        elif word in TAKEN and group.where == "text":
            group.taken = TAKEN[word]
            self._plain()
            self._words.append([])
        elif word == "pict":
            group.where, group.taken = "pict", "pict"
            self._hex, self._form, self._described = [], "", ""
        elif word in SIGNS:
            self._add(SIGNS[word])
        else:
            self._act(word, number)

    def _act(self, word: str, number: int | None) -> None:
        """Apply a control word; most only affect appearance."""
        group = self._group
        if self._table.define(word, number):
            return
        match word:
            case "par" | "sect":
                self._paragraph()
            # LibreOffice writes one inside a label, to which it belongs.
            case "pard" if group.taken != "listtext":
                self._in_table, self._level, self._style, self._depth = False, 0, 0, 0
            case "intbl":
                self._in_table = True
            case "cell":
                self._cell()
            case "row":
                self._table.row()
            case "nestcell":
                self._end_nested("; ")
            case "nestrow":
                self._end_nested("\n")
            case "ilvl":
                self._depth = min(max(number or 0, 0), 8)
            case "fonttbl" | "stylesheet":
                group.where = "fonts" if word == "fonttbl" else "styles"
            case "fldrslt":
                self._begin_result()
            case "plain":
                self._plain()
            case "v":
                group.hidden = number != 0
            case "strike" | "deleted":
                group.struck = number != 0
            case "super" | "sub":
                group.raised = word[:3] if number != 0 else ""
            case "nosupersub":
                group.raised = ""
            case "u" if number is not None:
                self._unicode(number)
            case "uc":
                group.skip = min(max(1 if number is None else number, 0), 10)
            case "mac":
                self._page = group.encoding = "mac-roman"
            case form if form in PICTURES:
                self._form = form
            case _ if number is not None:
                self._number_set(word, number)
            case _:
                pass

    def _plain(self) -> None:
        """Reset the character format, so that the following words are visible and neither struck through nor raised."""
        group = self._group
        group.hidden, group.struck, group.raised = False, False, ""

    def _number_set(self, word: str, number: int) -> None:
        """Handle the number of the font, style or encoding that is selected or being defined."""
        group = self._group
        match word:
            case "f" if group.where == "fonts":
                self._number = number
            case "s" if group.where == "styles":
                self._number = number
            case "f":
                group.encoding = self._fonts.get(number, self._page)
            case "s":
                self._style = number
            case "fcharset":
                self._fonts[self._number] = CHARSETS.get(number, self._page)
            case "ansicpg":
                self._page = group.encoding = f"cp{number}" if known_encoding(f"cp{number}") else "cp1252"
            case "outlinelevel":
                level = number + 1 if 0 <= number < 9 else 0
                if group.where == "styles":
                    self._styles[self._number] = level
                else:
                    self._level = level
            case _:
                pass

    def _take(self, taken: str) -> None:
        """Move the words of a finished destination to where they belong."""
        if taken == "pict":
            return self._picture()
        text = "".join(self._words.pop()).strip()
        match taken:
            case "listtext":
                self._label = " ".join(text.split())
            case "footnote":
                self._notes += 1
                self._words[-1].append(f"[^{self._notes}]")
                self._after.append(f"[^{self._notes}]: {text}")
            case "atnauthor":
                self._author = text
            case "annotation":
                self._after.append(f"> Comment{f' ({self._author})' if self._author else ''}: {text}")
            case "shptxt":
                self._after.append(text)
            case "fldinst":
                found = _LINK.search(text)
                self._link = found[1] if found else ""
            case "fldrslt":
                self._words[-1].append(link(text, self._links.pop()))
            case _:
                if text:
                    self._beside[taken][" ".join(text.split())] = None
        return None

    def _picture(self) -> None:
        if self._group.where != "text":
            return
        digits = re.sub(rb"[^0-9a-fA-F]", b"", b"".join(self._hex))
        data = bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
        if self._form == "wmetafile":
            data = b"\xd7\xcd\xc6\x9a" + data  # In RTF it lacks the header that files have.
        if data:
            self._words[-1].append(self._found.figures.add(data, self._described, lambda: data))

    # Paragraphs and tables.

    def _end_nested(self, sign: str) -> None:
        """End a cell or row of a nested table; empty ones are dropped."""
        if "".join(self._words[-1][-1:]).strip(" ;\n"):
            self._add(sign)

    def _paragraph(self) -> None:
        if len(self._words) > 1 or self._in_table:
            self._words[-1].append("\n")
            return
        text = "".join(self._words[0]).strip()
        self._words[0].clear()
        self._end_table()
        level = self._level or self._styles.get(self._style, 0)
        if level and text:
            self._blocks.heading(level, f"{self._label} {text}")
        elif self._label:
            numbered = any(sign.isalnum() for sign in self._label) and self._label not in BULLETS
            self._blocks.item(self._depth, self._label if numbered else "-", text)
        else:
            self._blocks.add(text)
        self._label = ""
        self._end_notes()

    def _cell(self) -> None:
        if len(self._words) == 1:
            self._table.cell(f"{self._label} {''.join(self._words[0])}".strip())
            self._words[0].clear()
            self._label = ""

    def _end_table(self) -> None:
        if text := self._table.ended():
            self._blocks.add(text)
            self._end_notes()

    def _end_notes(self) -> None:
        for text in self._after:
            self._blocks.add(text)
        self._after = []

    def _unicode(self, number: int) -> None:
        code = number + 65_536 if number < 0 else number
        self._to_skip = self._group.skip
        words = self._words[-1]
        if 0xDC00 <= code < 0xE000 and words and "\ud800" <= words[-1][-1:] < "\udc00":
            pair = words.pop() + chr(code)
            self._add(pair.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
        else:
            self._add("•" if 0xF000 <= code < 0xF100 else chr(code) if 0 < code < 0x110000 else "\ufffd")

    def _begin_result(self) -> None:
        """Start collecting the words that link to the address in the preceding field."""
        address, self._link = self._link, ""
        if address and self._group.where == "text":
            self._group.taken = "fldrslt"
            self._links.append(address)
            self._words.append([])
