"""Where a store keeps its objects: a folder of this machine, or a bucket of an object store (see `bucket.py`)."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from .atomic_write import UNFINISHED, write_whole

_HALF = 3600.0
"""Seconds after which what is half-written counts as left by a process that was killed."""

LARGEST = 256_000_000
"""Bytes of an object that are read at most. A picture that tools give is far smaller; whoever can write into a storage can write any."""

TOO_LARGE = f"the object has over {LARGEST:,} bytes"


class StoredObject(NamedTuple):
    """An object: its name, its bytes, and when it was last given, in seconds since 1970."""

    name: str
    size: int
    given: float


class ObjectStorage(Protocol):
    """Objects by name, which appear whole or not at all. What cannot be done raises OSError."""

    pause: float
    """Seconds between two looks at whether there is too much: a look may cost requests."""

    def get(self, name: str) -> bytes:
        """Return an object. Raises FileNotFoundError where there is none, ValueError where it is too large to be ours."""
        ...

    def head(self, name: str, size: int) -> bytes:
        """Return the first bytes of an object, `size` at most."""
        ...

    def put(self, name: str, data: bytes) -> None:
        """Keep an object, in place of one of its name."""
        ...

    def touch(self, name: str, within: float) -> bool:
        """Let an object count as given now; False where it has to be put anew.

        That is where it is not there, or only putting it makes it younger and it was given more than `within` seconds ago.
        """
        ...

    def listed(self, beginning: str = "") -> Iterator[StoredObject]:
        """Yield the objects whose names begin so, in no order."""
        ...

    def delete(self, name: str) -> None:
        """Take an object away, if it is there."""
        ...

    def tidy(self) -> None:
        """Take away what is half-written and belongs to nobody."""
        ...


class FolderStorage:
    """Files of a folder, which several processes may share, and only their owner may read."""

    pause = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> bytes:
        """Return an object. Raises FileNotFoundError where there is none, ValueError where it is too large to be ours."""
        data = self.head(name, LARGEST + 1)
        if len(data) > LARGEST:
            raise ValueError(TOO_LARGE)
        return data

    def head(self, name: str, size: int) -> bytes:
        """Return the first bytes of an object, `size` at most."""
        with (self._folder / name).open("rb") as file:
            return file.read(size)

    def put(self, name: str, data: bytes) -> None:
        """Keep an object, in place of one of its name."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._folder / name, data)

    def touch(self, name: str, within: float) -> bool:  # whatever its age, a file is made younger
        """Let an object count as given now; False where it is not there."""
        try:
            os.utime(self._folder / name)
        except FileNotFoundError:
            return False
        return True

    def listed(self, beginning: str = "") -> Iterator[StoredObject]:
        """Yield the objects whose names begin so, in no order."""
        with suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(OSError):  # another process may have taken it away
                    if entry.name.startswith(beginning) and entry.is_file():
                        state = entry.stat()
                        yield StoredObject(entry.name, state.st_size, state.st_mtime)

    def delete(self, name: str) -> None:
        """Take an object away, if it is there."""
        with suppress(OSError):
            os.unlink(self._folder / name)

    def tidy(self) -> None:
        """Take away what a process left half-written when it was killed."""
        with suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.name.startswith(UNFINISHED) and entry.stat().st_mtime <= time.time() - _HALF:
                        os.unlink(entry.path)
