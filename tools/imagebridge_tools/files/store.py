"""Store: keeps the pictures that tools return, by the hash of their bytes, for all servers of one user or caller."""

import json
import math
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from imagebridge.errors import ArgumentError
from imagebridge.facts.limits import SENDABLE
from imagebridge.pictures import kinds
from imagebridge.pictures.picture import Picture
from imagebridge.translate.picture_lines import KEPT_SCHEME

from . import footprint
from .storage import FolderStorage, ObjectStorage, StoredObject

SHORTEST = 8
"""The minimum number of digits of a hash that may name a picture."""

_TOLD = 12
"""The number of digits in results; no two of a million pictures share these by chance."""

_NAME = re.compile(r"[0-9a-f]{64}")
_HEAD = 10_000
"""The maximum size of the line that describes a picture, in bytes; the longest origin takes 6,000."""


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """The description of a kept picture: the SHA-256 of its bytes, its type and sizes, and the call that returned it."""

    hash: str
    media_type: str
    width: int
    height: int
    size: int
    origin: str

    @property
    def uri(self) -> str:
        """The full name of the picture."""
        return KEPT_SCHEME + self.hash

    @property
    def short(self) -> str:
        """The name that is short enough for a sentence."""
        return KEPT_SCHEME + self.hash[:_TOLD]


class Store:
    """Pictures in `storage` or a folder, one object each: a line of JSON that describes it, and its bytes.

    Objects are never visible while incomplete, so several processes may share a storage. `keep` removes the least
    recently used pictures if all of them exceed `limit` bytes, and those that were not used for `seconds`.
    """

    def __init__(self, storage: ObjectStorage | Path, limit: int, seconds: float) -> None:
        self.storage = FolderStorage(storage) if isinstance(storage, Path) else storage
        self._limit = limit
        self._seconds = seconds
        self._cleared = -math.inf

    def keep(self, picture: Picture, origin: str) -> StoredPicture:
        """Keep `picture`; `origin` describes the call that returned it. The same bytes are kept only once.

        Raises:
            OSError: the storage cannot be written.
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
        if not self.storage.touch(note.hash, self._seconds / 8):
            self.storage.put(note.hash, _head(note) + data)
            if time.monotonic() >= self._cleared + self.storage.pause:
                self._cleared = time.monotonic()
                self._clear(spared=note.hash)
        footprint.kept(note.hash)
        return note

    def still_keeps(self, names: Iterable[str]) -> bool:
        """Mark pictures, by their hashes, as used now; return False if one does not exist, or must be kept again."""
        try:
            return all(self.storage.touch(name, self._seconds / 8) for name in names)
        except OSError:
            return False

    def read(self, uri: str, argument: str = "source") -> tuple[StoredPicture, bytes]:
        """Return the picture that `uri` names; a hash or its first digits alone are also accepted.

        Raises:
            ArgumentError: no such picture is kept, or the hashes of several start with these digits.
        """
        digits = uri.strip().lower().removeprefix(KEPT_SCHEME)
        if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST},64}}", digits):
            problem = (
                f"{uri[:100]!r} is not the name of a kept picture; names consist of image:// and {SHORTEST} to "
                "64 digits 0-9 a-f"
            )
            raise ArgumentError(argument, problem)
        try:
            names = [one.name for one in self._fresh(digits)]
            if len(names) > 1:
                raise ArgumentError(
                    argument, f"{KEPT_SCHEME}{digits} matches {len(names)} kept pictures; give more digits"
                )
            note, data = _parsed(names[0], self.storage.get(names[0]))
        except (IndexError, FileNotFoundError, ValueError):
            problem = (
                f"{KEPT_SCHEME}{digits} is not kept here, or is no longer kept; call the tool that returned it "
                "again"
            )
            raise ArgumentError(argument, problem) from None
        except OSError as error:
            problem = f"{KEPT_SCHEME}{digits} cannot be read: the store is not responding at the moment; call again later"
            raise ArgumentError(argument, problem) from error
        return note, data

    def listed(self, after: str = "", count: int = 50) -> tuple[list[StoredPicture], str]:
        """Return up to `count` kept pictures after the hash `after`, ordered by hash, and the hash to continue from, if
        any.

        Raises:
            OSError: the storage cannot be read.
        """
        names = sorted(one.name for one in self._fresh() if one.name > after)
        notes: list[StoredPicture] = []
        for name in names[:count]:
            with suppress(OSError, ValueError):
                line, _, _ = self.storage.head(name, _HEAD).partition(b"\n")
                notes.append(_note(name, line))
        return notes, names[count - 1] if len(names) > count else ""

    def _fresh(self, beginning: str = "") -> Iterator[StoredObject]:
        """Yield the kept pictures that are not too old and whose names start with `beginning`."""
        oldest = time.time() - self._seconds
        for one in self.storage.listed(beginning):
            if _NAME.fullmatch(one.name) and one.given >= oldest:
                yield one

    def _clear(self, spared: str) -> None:
        """Remove pictures that are too old or exceed the limit, but never the picture that was just returned."""
        room = self._limit
        oldest = time.time() - self._seconds
        for one in sorted(self.storage.listed(), key=lambda one: one.given, reverse=True):
            if not _NAME.fullmatch(one.name):
                continue
            room -= one.size
            if one.name != spared and (room < 0 or one.given < oldest):
                self.storage.delete(one.name)
        self.storage.tidy()


def _head(note: StoredPicture) -> bytes:
    return json.dumps(asdict(note), ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _parsed(name: str, content: bytes) -> tuple[StoredPicture, bytes]:
    """Return the description and the content of an object. Raises ValueError if its bytes do not match its name."""
    head, _, data = content.partition(b"\n")
    note = _note(name, head)
    if sha256(data).hexdigest() != note.hash:
        raise ValueError("the object was changed")
    file_type = kinds.kind(data)
    if file_type is None or file_type.media_type != note.media_type:
        raise ValueError("the object is not a picture of the type stated in its line")
    return note, data


def _note(name: str, line: bytes) -> StoredPicture:
    """Read the line that describes an object. Raises ValueError if it does not describe this picture."""
    try:
        note = StoredPicture(**json.loads(line.decode("utf-8", "replace")))
    except (TypeError, RecursionError) as error:
        raise ValueError("the line does not describe a picture") from error
    if note.hash != name:
        raise ValueError("the line describes another picture")
    numbers: tuple[object, ...] = (note.width, note.height, note.size)
    # Anyone with write access to the storage can write anything, and one line must not break the whole list.
    if not all(type(one) is int and 0 <= one < 2**53 for one in numbers) or not (
        _is_shown(note.media_type) and _is_sound(note.origin)
    ):
        raise ValueError("the line does not describe a picture")
    return note


def _is_shown(media_type: object) -> bool:
    """Return whether pictures of this media type are kept."""
    return isinstance(media_type, str) and media_type in SENDABLE


def _is_sound(origin: object) -> bool:
    """Return whether an origin is a string that can be encoded."""
    return isinstance(origin, str) and not re.search("[\ud800-\udfff]", origin)
