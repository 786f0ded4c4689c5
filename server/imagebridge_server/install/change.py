"""Adds our entry to a host's file or removes it: the change is computed first, and written on request."""

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
    """The current and the new content of a file; `server` is the entry that changes.

    copied: whether another copy is made, because the first backup does not contain the current entry.
    done_with: a backup that is no longer needed after the change.
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
        """The change to the entry as a diff; empty if nothing changes.

        The diff shows nothing else from the file, because other entries contain secrets, often on the same line.
        """
        if self.new == self.old.text:
            return ""
        keys = (*self.host.keys, self.server)
        old, new = (entry_lines(text, self.host.form, keys) for text in (self.old.text, self.new))
        whole = difflib.unified_diff(old, new, n=len(old), lineterm="")
        changed_lines = [line for line in whole if not line.startswith(("---", "+++", "@@"))]
        return "\n".join([f"--- {self.path}", f"+++ {self.path}", f"@@ {'.'.join(keys)} @@", *changed_lines])

    def write(self) -> Path | None:
        """Write the file; return the path of the first backup, or None if there is none or nothing changed.

        Raises:
            BridgeError: the file cannot be written; the old file is unchanged.
        """
        if self.new == self.old.text:
            return None
        saved = replaced(self.path, self.old.encoded(self.new), wrapped=self.server if self.copied else "")
        if self.done_with:
            self.done_with.unlink(missing_ok=True)
        return saved


def installed(host: HostFile, path: Path, entry: ServerEntry) -> FileChange:
    """Return the change that adds our entry to a host's file, or updates it.

    Raises:
        BridgeError: the file cannot be read, or cannot be changed without changing other parts.
    """
    return _changed(host, path, host.entry(entry))


def uninstalled(host: HostFile, path: Path) -> FileChange:
    """Return the change that removes our entry from a host's file; the change is empty if there is no entry.

    Raises:
        BridgeError: as `installed`.
    """
    return _changed(host, path, None)


def is_installed(host: HostFile, path: Path) -> bool:
    """Return whether a host's file contains our entry.

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
"""The names of start-up timeouts in configurations of hosts; the user's value is kept."""


def _merged(old: object, new: dict[str, Any]) -> dict[str, Any]:
    """Return our new entry with the user's additions to the old one, such as variables."""
    if not isinstance(old, dict):
        return new
    old_entry = cast("dict[str, Any]", old)
    merged = {**old_entry, **new, **{key: old_entry[key] for key in _PATIENCE if key in old_entry}}
    for key in ("env", "envs"):
        if isinstance(old_entry.get(key), dict):
            merged[key] = {**old_entry[key], **(new.get(key) or {})}
    return merged
