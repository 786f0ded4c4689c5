"""The relay in front of a server that a host has, and out again: only the words of its command change."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from imagebridge.errors import BridgeError
from imagebridge.wire import is_list

from .change import FileChange
from .config_file import backup, content
from .editing import FormatError, edited, spliced, value_at
from .hosts import HostFile
from .server_entry import relay

_MARK = ("proxy", "--host")


def wrapped(host: HostFile, path: Path, server: str) -> FileChange:
    """Return the change that puts the relay in front of `server`; none where it is there.

    Raises:
        BridgeError: the file cannot be read or safely changed, or there is no such server in it that is started by a
            command.
    """
    return _changed(host, path, server, into=True)


def unwrapped(host: HostFile, path: Path, server: str) -> FileChange:
    """Return the change that takes the relay out: the very bytes of before, where the entry has not changed since.

    Raises:
        BridgeError: as `wrapped`.
    """
    return _changed(host, path, server, into=False)


def _changed(host: HostFile, path: Path, server: str, *, into: bool) -> FileChange:
    old, keys = content(path), (*host.keys, server)
    try:
        entry = value_at(old.text, host.form, keys)
        argv = _command_line(host, path, server, entry)
        start = _relay(argv)
        table = cast("dict[str, Any]", entry)
        if bool(start) == into:
            return FileChange(path, host, old, old.text, server)
        if into:
            relayed = _with_argv(host, table, [*relay(host.name), *argv])
            return FileChange(
                path, host, old, edited(old.text, host.form, keys, {**host.patience, **relayed}), server
            )
        relayed = _with_argv(host, table, argv[start:])
        before = content(backup(path)).text
        old_entry = value_at(before, host.form, keys) if before else None
        patient = (
            {**host.patience, **old_entry} == {**host.patience, **relayed}
            if isinstance(old_entry, dict)
            else False
        )
        if patient and (new := spliced(old.text, before, host.form, keys)) is not None:
            return FileChange(path, host, old, new, server)
        relayed = {key: value for key, value in relayed.items() if host.patience.get(key) != value}
        return FileChange(path, host, old, edited(old.text, host.form, keys, relayed), server)
    except FormatError as error:
        raise BridgeError(f"{path} is not touched: {error}") from error


def _command_line(host: HostFile, path: Path, server: str, entry: object) -> list[str]:
    """Return the words that start a server."""
    if not isinstance(entry, dict):
        raise BridgeError(f"{path} has no server that is called {server!r} under {'.'.join(host.keys)}")
    table = cast("dict[str, object]", entry)
    command = table.get(host.command)
    arguments = table.get("args") or ()
    argv = [*command] if is_list(command) else [command, *(arguments if is_list(arguments) else ())]
    strings = [one for one in argv if isinstance(one, str)]
    if not strings or len(strings) != len(argv):
        raise BridgeError(
            f"{server} in {path} has no command that starts it, so nothing can be put in front of it; servers behind a "
            "URL are not wrapped"
        )
    return strings


def _with_argv(host: HostFile, entry: dict[str, Any], argv: list[str]) -> dict[str, Any]:
    if isinstance(entry[host.command], list):
        return {**entry, host.command: argv}
    arguments = {"args": argv[1:]} if argv[1:] or "args" in entry else {}
    return {**entry, host.command: argv[0], **arguments}


def _relay(argv: Sequence[str]) -> int:
    """Return how many words are the relay's, 0 where it is not in front."""
    for at in range(1, len(argv) - 3):
        ours = any("imagebridge" in word for word in argv[:at])
        if ours and tuple(argv[at : at + 2]) == _MARK and argv[at + 3] == "--":
            return at + 4
    return 0
