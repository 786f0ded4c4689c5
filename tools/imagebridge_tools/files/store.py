"""Store: the pictures that tools gave, by the hash of their bytes, on disk for all servers of one user."""

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from imagebridge.errors import ArgumentError
from imagebridge.pictures.picture import Picture

from .atomic_write import UNFINISHED, write_whole

SCHEME = "image://"

SHORTEST = 8
"""Digits of a hash that name a picture at least."""

_TOLD = 12
"""Digits that results tell: no two of a million pictures share them by chance."""

_NAME = re.compile(r"[0-9a-f]{64}")
_HEAD = 10_000
"""Bytes of the line that describes a picture, at most; the longest origin takes 6,000."""


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """What is known of a kept picture: the SHA-256 of its bytes, its type, pixels and bytes, and what call gave it."""

    hash: str
    media_type: str
    width: int
    height: int
    size: int
    origin: str

    @property
    def uri(self) -> str:
        """The whole name of the picture."""
        return SCHEME + self.hash

    @property
    def short(self) -> str:
        """The name that is short enough for a sentence."""
        return SCHEME + self.hash[:_TOLD]


class Store:
    """Pictures below `folder`, a file each: a line of JSON that describes it, and its bytes.

    Files appear whole or not at all, so that several processes may share a folder, and only their owner may read
    them. `keep` takes the longest unused ones away where all together pass `limit` bytes, and those that were not
    given for `seconds`.
    """

    def __init__(self, folder: Path, limit: int, seconds: float) -> None:
        self._folder = folder
        self._limit = limit
        self._seconds = seconds

    def keep(self, picture: Picture, origin: str) -> StoredPicture:
        """Keep `picture`; `origin` says in words which call gave it. The same bytes are kept once.

        Raises:
            OSError: the folder cannot be written.
        """
        data = picture.data
        note = StoredPicture(
            sha256(data).hexdigest(),
            picture.media_type,
            picture.width,
            picture.height,
            len(data),
            origin[:1000],
        )
        file = self._folder / note.hash
        try:
            os.utime(file)
        except FileNotFoundError:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(file, _head(note) + data)
            self._clear(spared=note.hash)
        return note

    def read(self, uri: str, argument: str = "source") -> tuple[StoredPicture, bytes]:
        """Return the picture that `uri`, or the hash or first digits of it alone, names.

        Raises:
            ArgumentError: no such picture is kept, or several begin with these digits.
        """
        digits = uri.strip().lower().removeprefix(SCHEME)
        if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST},64}}", digits):
            problem = f"{uri[:100]!r} is not a kept picture; they are named image:// and {SHORTEST} to 64 digits 0-9 a-f"
            raise ArgumentError(argument, problem)
        names = [name for name, _ in self._files() if name.startswith(digits)]
        if len(names) > 1:
            raise ArgumentError(
                argument, f"{SCHEME}{digits} begins {len(names)} kept pictures; give more digits"
            )
        try:
            note, data = _parsed((self._folder / names[0]).read_bytes())
        except (IndexError, OSError, ValueError):
            problem = f"{SCHEME}{digits} is not kept here, or no longer; call the tool that gave it again"
            raise ArgumentError(argument, problem) from None
        return note, data

    def listed(self, after: str = "", count: int = 50) -> tuple[list[StoredPicture], str]:
        """Return `count` kept pictures at most that follow the hash `after`, by hash, and the hash to go on from, if any."""
        names = sorted(name for name, _ in self._files() if name > after)
        notes: list[StoredPicture] = []
        for name in names[:count]:
            with suppress(OSError, ValueError), (self._folder / name).open("rb") as file:
                notes.append(StoredPicture(**json.loads(file.readline(_HEAD))))
        return notes, names[count - 1] if len(names) > count else ""

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the name and state of each kept file that is not too old."""
        oldest = time.time() - self._seconds
        with suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(OSError):  # another process may have taken it away
                    if _NAME.fullmatch(entry.name) and (state := entry.stat()).st_mtime >= oldest:
                        yield entry.name, state

    def _clear(self, spared: str) -> None:
        """Take away what is too old or too much, never the picture that was just given."""
        fresh = sorted(self._files(), key=lambda one: one[1].st_mtime, reverse=True)
        room = self._limit
        stay = {spared}
        for name, state in fresh:
            room -= state.st_size
            if room >= 0:
                stay.add(name)
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    stays = _NAME.fullmatch(entry.name) and entry.name in stay
                    # What a process left half-written when it was killed.
                    new = entry.name.startswith(UNFINISHED) and entry.stat().st_mtime > time.time() - 3600
                    if (
                        not stays
                        and not new
                        and (_NAME.fullmatch(entry.name) or entry.name.startswith(UNFINISHED))
                    ):
                        os.unlink(entry.path)


def _head(note: StoredPicture) -> bytes:
    return json.dumps(asdict(note), ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _parsed(content: bytes) -> tuple[StoredPicture, bytes]:
    """Return what a file says and holds. Raises ValueError where its bytes are not those of its hash."""
    head, _, data = content.partition(b"\n")
    note = StoredPicture(**json.loads(head))
    if sha256(data).hexdigest() != note.hash:
        raise ValueError("the file was changed")
    return note, data
