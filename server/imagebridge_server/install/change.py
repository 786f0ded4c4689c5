"""One host's file with our entry in it, or without: worked out first, written when it is wanted."""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from imagebridge.errors import BridgeError

from .config_file import Content, content, replaced
from .editing import FormatError, edited, entry_lines, value_at
from .host_files import HostFile, ServerEntry
from .server_entry import NAME


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a file holds and what it shall hold; `server` is the entry that changes.

    copied: the copy of before the first change does not hold that entry as it is, so one more is made for it.
    done_with: a copy that is of no use after the change.
    """

    path: Path
    host: HostFile
    old: Content
    new: str
    server: str = NAME
    copied: bool = False
    done_with: Path | None = None

    @property
    def diff(self) -> str:
        """The change of the entry as people read one; empty where there is none.

        Nothing else of the file is in it, as other entries hold secrets, often on the same line.
        """
        if self.new == self.old.text:
            return ""
        keys = (*self.host.keys, self.server)
        old, new = (entry_lines(text, self.host.form, keys) for text in (self.old.text, self.new))
        whole = difflib.unified_diff(old, new, n=len(old), lineterm="")
        changed_lines = [line for line in whole if not line.startswith(("---", "+++", "@@"))]
        return "\n".join([f"--- {self.path}", f"+++ {self.path}", f"@@ {'.'.join(keys)} @@", *changed_lines])

    def write(self) -> Path | None:
        """Write the file; return where it is kept as it was before its first change, None where there was none or nothing changed.

        Raises:
            BridgeError: it cannot be written; the old file is as it was.
        """
        if self.new == self.old.text:
            return None
        saved = replaced(self.path, self.old.encoded(self.new), wrapped=self.server if self.copied else "")
        if self.done_with:
            self.done_with.unlink(missing_ok=True)
        return saved


def installed(host: HostFile, path: Path, entry: ServerEntry) -> FileChange:
    """Return the change that adds our entry to a host's file, or brings it up to date.

    Raises:
        BridgeError: the file cannot be read, or not be changed without changing more of it.
    """
    return _changed(host, path, host.entry(entry))


def uninstalled(host: HostFile, path: Path) -> FileChange:
    """Return the change that takes our entry out of a host's file; no change where it is not in it.

    Raises:
        BridgeError: as `installed`.
    """
    return _changed(host, path, None)


def is_installed(host: HostFile, path: Path) -> bool:
    """Tell whether a host's file holds our entry.

    Raises:
        BridgeError: the file cannot be read.
    """
    return value_at(content(path).text, host.form, (*host.keys, NAME)) is not None


def _changed(host: HostFile, path: Path, value: dict[str, Any] | None) -> FileChange:
    old, keys = content(path), (*host.keys, NAME)
    try:
        if value is not None:
            value = _merged(value_at(old.text, host.form, keys), value)
        return FileChange(path, host, old, edited(old.text, host.form, keys, value))
    except FormatError as error:
        raise BridgeError(f"{path} was not changed: {error}") from error


_PATIENCE = ("startup_timeout_sec", "timeout")
"""How long a host waits, under the names that hosts use: what its user wrote stays."""


def _merged(old: object, new: dict[str, Any]) -> dict[str, Any]:
    """Return our new entry with what its user added to the old one: variables above all."""
    if not isinstance(old, dict):
        return new
    old_entry = cast("dict[str, Any]", old)
    merged = {**old_entry, **new, **{key: old_entry[key] for key in _PATIENCE if key in old_entry}}
    for key in ("env", "envs"):
        if isinstance(old_entry.get(key), dict):
            merged[key] = {**old_entry[key], **(new.get(key) or {})}
    return merged
