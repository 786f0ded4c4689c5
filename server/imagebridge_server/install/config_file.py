"""A configuration file read and replaced: its encoding, line ends, rights and links kept, its old text saved first."""

import codecs
import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from imagebridge.errors import BridgeError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Content(NamedTuple):
    """The text of a file, and how its bytes are to be written again."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    def encoded(self, text: str) -> bytes:
        """Return `text` as bytes of the same kind."""
        return self.mark + text.encode(self.encoding)


def content(path: Path) -> Content:
    """Read a file; one that does not exist is empty.

    Raises:
        BridgeError: it cannot be read, is a folder, or is in no Unicode encoding.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Content("")
    except OSError as error:
        raise BridgeError(f"{path} cannot be read: {error.strerror or error}") from error
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise BridgeError(
            f"{path} is not {encoding.upper()} text, so it was not changed; save it as UTF-8 and try again"
        ) from error
    if "\0" in text:
        raise BridgeError(
            f"{path} contains zero bytes, so it was not changed; save it as UTF-8 and try again"
        )
    return Content(text, encoding, mark)


def replaced(path: Path, data: bytes, *, wrapped: str = "") -> Path | None:
    """Replace the file by `data` in one step; return where it is kept as it was before the first change, None where it is new.

    A link stays a link: the file it leads to is replaced. Missing folders are made.

    Args:
        path: the file.
        data: what it is to hold.
        wrapped: a server that the first copy knows otherwise, or not: the file is copied once more for it.

    Raises:
        BridgeError: it cannot be written; the old file is as it was.
    """
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        saved = _saved(target) if target.exists() else None
        if wrapped:
            shutil.copy2(target, backup(path, wrapped))
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if saved:
                shutil.copymode(target, name)
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise BridgeError(f"{path} cannot be written: {error.strerror or error}") from error
    return saved


def backup(path: Path, wrapped: str = "") -> Path:
    """Return where a file is kept as it was before the first change that this package made to it, or before a server was wrapped."""
    target = Path(os.path.realpath(path))
    server = f".{quote(wrapped, safe='')}" if wrapped else ""
    return target.with_name(f"{target.name}.imagebridge{server}.backup")


def _saved(target: Path) -> Path:
    """Copy the file beside itself, once: a later copy would hold our own changes."""
    copy = backup(target)
    if not copy.exists():
        shutil.copy2(target, copy)
    return copy
