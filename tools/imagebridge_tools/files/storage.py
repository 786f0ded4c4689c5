"""The places where a store keeps its objects: a local folder, or a bucket of an object store (see `bucket.py`)."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from .atomic_write import UNFINISHED, write_whole

_HALF = 3600.0
"""The seconds after which an incomplete file is considered to be left behind by a killed process."""

LARGEST = 256_000_000
"""The maximum size of an object, in bytes. Anyone with access to the storage can write objects larger than this."""

TOO_LARGE = f"the object is larger than {LARGEST:,} bytes"


class StoredObject(NamedTuple):
    """An object: its name, its size in bytes, and the time when it was last used, in seconds since 1970."""

    name: str
    size: int
    given: float


class ObjectStorage(Protocol):
    """Storage for objects by name, which are never visible while incomplete. Failures raise OSError."""

    pause: float
    """The minimum interval between two checks for too much content, in seconds; a check may cost requests."""

    def get(self, name: str) -> bytes:
        """Return an object. Raises FileNotFoundError if it does not exist, or ValueError if it is too large."""
        ...

    def head(self, name: str, size: int) -> bytes:
        """Return at most the first `size` bytes of an object."""
        ...

    def put(self, name: str, data: bytes) -> None:
        """Store an object, replacing one with the same name."""
        ...

    def touch(self, name: str, within: float) -> bool:
        """Mark an object as used now; return False if it must be stored again. This is needed if it does not exist, or
        if it was last used more than `within` seconds ago and can only be renewed by storing it.
        """
        ...

    def listed(self, beginning: str = "") -> Iterator[StoredObject]:
        """Yield the objects whose names start with `beginning`, in no particular order."""
        ...

    def delete(self, name: str) -> None:
        """Delete an object, if it exists."""
        ...

    def tidy(self) -> None:
        """Remove incomplete files that killed processes left behind."""
        ...


class FolderStorage:
    """Files in a folder that several processes may share and only their owner may read."""

    pause = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> bytes:
        """Return an object. Raises FileNotFoundError if it does not exist, or ValueError if it is too large."""
        data = self.head(name, LARGEST + 1)
        if len(data) > LARGEST:
            raise ValueError(TOO_LARGE)
        return data

    def head(self, name: str, size: int) -> bytes:
        """Return at most the first `size` bytes of an object."""
        with (self._folder / name).open("rb") as file:
            return file.read(size)

    def put(self, name: str, data: bytes) -> None:
        """Store an object, replacing one with the same name."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._folder / name, data)

    def touch(self, name: str, within: float) -> bool:  # whatever its age, a file is renewed
        """Mark an object as used now; return False if it does not exist."""
        try:
            os.utime(self._folder / name)
        except FileNotFoundError:
            return False
        return True

    def listed(self, beginning: str = "") -> Iterator[StoredObject]:
        """Yield the objects whose names start with `beginning`, in no particular order."""
        with suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(OSError):  # another process may have deleted it
                    if entry.name.startswith(beginning) and entry.is_file():
                        state = entry.stat()
                        yield StoredObject(entry.name, state.st_size, state.st_mtime)

    def delete(self, name: str) -> None:
        """Delete an object, if it exists."""
        with suppress(OSError):
            os.unlink(self._folder / name)

    def tidy(self) -> None:
        """Remove incomplete files that killed processes left behind."""
        with suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.name.startswith(UNFINISHED) and entry.stat().st_mtime <= time.time() - _HALF:
                        os.unlink(entry.path)
