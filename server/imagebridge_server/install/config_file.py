"""Replaces a configuration file: encoding, line endings, permissions and links are kept, and a backup is made."""

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
    """The text of a file, and the encoding and byte order mark to write it with."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    def encoded(self, text: str) -> bytes:
        """Return `text` as bytes in the same encoding."""
        return self.mark + text.encode(self.encoding)


def content(path: Path) -> Content:
    """Read a file; a file that does not exist counts as empty.

    Raises:
        BridgeError: the file cannot be read, is a folder, or is not in a Unicode encoding.
    """
    try:
        if path.exists() and not path.is_file():
            raise BridgeError(f"{path} is not a file that can be changed")
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
    """Replace the file with `data` in one step; return the path of the first backup, or None for a new file.

    If the path is a link, its target is replaced. Missing folders are created.

    Args:
        path: the file.
        data: the new content.
        wrapped: a server whose entry may have changed since the first backup, so that another backup is made.

    Raises:
        BridgeError: the file cannot be written; the old file is unchanged.
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
    """Return the path of the backup from before this package changed a file, or before it wrapped a server."""
    target = Path(os.path.realpath(path))
    server = f".{quote(wrapped, safe='')}" if wrapped else ""
    return target.with_name(f"{target.name}.imagebridge{server}.backup")


def _saved(target: Path) -> Path:
    """Make a copy next to the file, but only once, because a later copy would contain our own changes."""
    copy = backup(target)
    if not copy.exists():
        shutil.copy2(target, copy)
    return copy
