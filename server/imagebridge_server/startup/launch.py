"""Identifies this start of the server by everything that its tools and instructions depend on, before any other import.

A card is found by how the server was started (arguments, variables, interpreter), and is valid only while nothing has
changed: the folders that modules come from, this package's module files, and the user's folders.
"""

import json
import os
import sys
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

CARD = "IMAGEBRIDGE_CARD"
"""The environment variable for the folder in which cards are kept; with "off", no cards are kept or used."""

_OURS = ("imagebridge", "imagebridge_tools", "imagebridge_server")
_PAYING = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
"""Variables whose mere presence adds tools (see `Settings.from_environment`); their values are not recorded."""

FileState = tuple[str, int, int]
"""A file's path, the time of its last change in nanoseconds, and its size in bytes."""


class Launch(NamedTuple):
    """One start of the server.

    began: the time of the start in nanoseconds. folder: where cards are kept. command: how the server was started.
    here: the working folder, the base of relative paths. modules: the folders that modules come from, and their state.
    """

    began: int
    folder: str
    command: str
    here: str
    modules: list[list[Any]]

    @classmethod
    def current(cls, arguments: Sequence[str], environment: Mapping[str, str]) -> "Launch | None":
        """Return the start of this process, or None if cards must not be used or kept."""
        chosen = environment.get(CARD, "")
        if chosen == "off":
            return None
        try:
            here = os.getcwd()
        except OSError:  # It was deleted while in use.
            return None
        command = {
            "arguments": list(arguments),
            "variables": {
                name: value
                for name, value in sorted(environment.items())
                if name.startswith("IMAGEBRIDGE_") and name != CARD
            },
            "paying": [bool(environment.get(name)) for name in _PAYING],
            "home": os.path.expanduser("~"),
            "python": [sys.executable, sys.prefix, sys.version, *map(int, sys.flags)],
        }
        folder = os.path.abspath(os.path.expanduser(chosen)) if chosen else _cache()
        if not os.path.isabs(folder):  # A user without a home folder has no cache.
            return None
        return cls(time.time_ns(), folder, json.dumps(command), here, _module_folders(sys.path, here))

    def files(self) -> list[str]:
        """Return the possible paths of this start's card; the first does not depend on the working folder."""
        return [self.file(depends=False), self.file(depends=True)]

    def file(self, *, depends: bool) -> str:
        """Return the path of the card that does, or does not, depend on the working folder."""
        identity = self.command + (self.here if depends else "")
        name = f"{zlib.crc32(identity.encode('utf-8', 'surrogateescape')):08x}.card"
        return os.path.join(self.folder, name)

    def depends(self, folders: Iterable[str]) -> bool:
        """Return whether one of these folders may be relative to the working folder, and so differ elsewhere."""
        return any(os.path.join(folder, "").startswith(os.path.join(self.here, "")) for folder in folders)


def module_files() -> list[FileState] | None:
    """Return the state of the files of this package's loaded modules, or None if a module has no file."""
    found: list[FileState] = []
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] in _OURS:
            state = file_state(getattr(module, "__file__", None) or "")
            if state is None:
                return None
            found.append(state)
    return found


def file_state(path: str) -> FileState | None:
    """Return the state of a file, or None if it does not exist."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return path, found.st_mtime_ns, found.st_size


def _module_folders(path: Sequence[str], here: str) -> list[list[Any]]:
    """Return each folder of the module path, with the time of its last change in nanoseconds.

    Installing, removing or replacing a package changes its folder. The working folder is left out: `python -m` puts
    it first, wherever a host happens to start.
    """
    found: list[list[Any]] = []
    for entry in path:
        if entry not in ("", here):
            state = file_state(entry)
            found.append([entry, state[1] if state else None])
    return found


def _cache() -> str:
    # Only here: it takes longer than everything else in this file.
    from platformdirs import user_cache_dir

    return os.path.join(user_cache_dir("imagebridge", appauthor=False), "cards")
