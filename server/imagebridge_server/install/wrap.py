"""Puts the relay in front of a server that a host has, or removes it; only the server's command line changes."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from imagebridge.errors import BridgeError, nearest
from imagebridge.wire import is_list

from .change import FileChange
from .config_file import backup, content
from .editing import FormatError, edited, spliced, value_at
from .host_files import HostFile
from .server_entry import relay

_PROGRAM = re.compile(r"(?:^|[/\\])imagebridge(?:\.exe)?(?:@[^/\\]*)?$")
"""The relay's program on a command line, alone or after `uvx --from` or `python -m`."""


def wrapped(host: HostFile, path: Path, server: str) -> FileChange:
    """Return the change that puts the relay in front of `server`; the change is empty if the relay is already there.

    Raises:
        BridgeError: the file cannot be read or safely changed, or the server is missing or has no command.
    """
    return _changed(host, path, server, into=True)


def unwrapped(host: HostFile, path: Path, server: str) -> FileChange:
    """Return the change that removes the relay; it restores the original bytes if the entry has not changed since.

    Raises:
        BridgeError: as `wrapped`.
    """
    return _changed(host, path, server, into=False)


def _changed(host: HostFile, path: Path, server: str, *, into: bool) -> FileChange:
    old, keys = content(path), (*host.keys, server)
    try:
        entry = value_at(old.text, host.form, keys)
        if not isinstance(entry, dict):
            raise BridgeError(_missing(host, path, server, value_at(old.text, host.form, host.keys)))
        argv = _command_line(host, path, server, cast("dict[str, object]", entry))
        start = _relay(argv)
        table = cast("dict[str, Any]", entry)
        if bool(start) == into:
            return FileChange(path, host, old, old.text, server)
        if into:
            relayed = {**host.patience, **_with_argv(host, table, [*relay(host.name), *argv])}
            new = edited(old.text, host.form, keys, relayed)
            first = backup(path)
            copied = first.exists() and spliced(old.text, content(first).text, host.form, keys) != old.text
            return FileChange(path, host, old, new, server, copied=copied)
        relayed = _with_argv(host, table, argv[start:])
        for copy in (backup(path, server), backup(path)):
            new = _as_before(host, old.text, content(copy).text, keys, relayed)
            if new is not None:
                return FileChange(path, host, old, new, server, done_with=backup(path, server))
        relayed = {key: value for key, value in relayed.items() if host.patience.get(key) != value}
        return FileChange(
            path,
            host,
            old,
            edited(old.text, host.form, keys, relayed),
            server,
            done_with=backup(path, server),
        )
    except FormatError as error:
        raise BridgeError(f"{path} was not changed: {error}") from error


def _as_before(
    host: HostFile, text: str, before: str, keys: tuple[str, ...], entry: dict[str, Any]
) -> str | None:
    """Return a text with the entry as it is written in an earlier text, or None if the entry differs there."""
    earlier = value_at(before, host.form, keys) if before else None
    if not isinstance(earlier, dict):
        return None
    same = _settled(host, cast("dict[str, Any]", earlier)) == _settled(host, entry)
    return spliced(text, before, host.form, keys) if same else None


def _missing(host: HostFile, path: Path, server: str, servers: object) -> str:
    """Return the message for a server that a file does not contain, with the most similar name or all names."""
    if not path.exists():
        return (
            f"{path} does not exist; if {host.title} keeps its servers in another file, pass it with --file"
        )
    names = list(cast("dict[str, object]", servers)) if isinstance(servers, dict) else []
    if server in names:
        return f"{server} in {path} is not a table of settings"
    near = nearest(server, names)
    hint = f"; did you mean {near!r}?" if near else "."
    known = f"It has: {', '.join(names)}." if names else "It has none; pass another file with --file."
    return f"{path} has no server called {server!r} under {'.'.join(host.keys)}{hint} {known}"


def _command_line(host: HostFile, path: Path, server: str, table: dict[str, object]) -> list[str]:
    """Return the command line that starts a server."""
    command = table.get(host.command)
    arguments: object = table.get("args") or ()
    if not is_list(arguments):
        raise BridgeError(f"{server} in {path} has args that are not a list; write them as a list of strings")
    argv = [*command] if is_list(command) else [command, *arguments]
    strings = [one for one in argv if isinstance(one, str)]
    if not strings or len(strings) != len(argv):
        raise BridgeError(
            f"{server} in {path} has no command that the relay can be put in front of; for a server at a "
            "URL, give the host an entry with the command: imagebridge proxy --url URL"
        )
    return strings


def _with_argv(host: HostFile, entry: dict[str, Any], argv: list[str]) -> dict[str, Any]:
    if isinstance(entry[host.command], list):
        return {**entry, host.command: argv}
    changed = {**entry, host.command: argv[0], "args": argv[1:]}
    return {key: value for key, value in changed.items() if key != "args" or value}


def _settled(host: HostFile, entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry for comparison, with an empty list for missing arguments and our timeout for a missing one."""
    return {**host.patience, **entry, "args": entry.get("args") or []}


def _relay(argv: Sequence[str]) -> int:
    """Return how many words of a command line belong to the relay, including options that the user added, or 0."""
    for at, (before, word) in enumerate(pairwise(argv), 1):
        if word == "proxy" and _PROGRAM.search(before) and "--" in argv[at:-1]:
            return argv.index("--", at) + 1
    return 0
