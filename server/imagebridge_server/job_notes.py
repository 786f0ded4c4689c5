"""Keeps notes about jobs in the store, so that every server that shares the store can report a job's state."""

import json
import re
import time
from contextlib import suppress
from typing import Any, Literal, NamedTuple

from imagebridge.pictures.picture import Picture
from imagebridge_tools import ToolOutput
from imagebridge_tools.files.storage import ObjectStorage
from imagebridge_tools.files.store import Store

BEAT = 5.0
"""How often, in seconds, a server confirms that it is still making a picture."""

SILENCE = 30.0
"""Seconds without a confirmation after which a server counts as gone; clocks must not differ by more."""

_KEPT = 24 * 3600.0
"""Seconds for which a note is kept."""

_NAME = re.compile(r"image://(pending-[0-9a-f]{16})")
_BEGINNING = "pending-"


class JobNote(NamedTuple):
    """The known facts about a job: its state, its product, the seconds since it started, and its result or failure."""

    state: Literal["making", "made", "failed", "lost"]
    what: str
    passed: float
    sentence: str = ""
    uris: tuple[str, ...] = ()


class JobNotes:
    """The notes in a store, by the handles of jobs. The methods block, so they are called in threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def _storage(self) -> ObjectStorage:
        return self._store.storage

    def write(self, handle: str, note: JobNote) -> None:
        """Write a job's state. A store that does not respond is ignored: the next confirmation may succeed."""
        name = _NAME.fullmatch(handle)
        with suppress(OSError):
            if name:
                self._storage.put(name[1], json.dumps({**note._asdict(), "told": time.time()}).encode())

    def read(self, handle: str) -> JobNote | None:
        """Return a job's state, or None if nothing is known about it.

        Raises:
            OSError: the store does not respond.
        """
        name = _NAME.fullmatch(handle)
        if name is None:
            return None
        try:
            said: dict[str, Any] = json.loads(self._storage.get(name[1]))
            told = float(said.pop("told"))
            uris = tuple(str(uri) for uri in said["uris"])
            note = JobNote(said["state"], said["what"], said["passed"], said["sentence"], uris)
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
            return None
        if note.state == "making" and told < time.time() - SILENCE:
            return note._replace(state="lost")
        return note

    def answer(self, note: JobNote) -> ToolOutput:
        """Return the result of a job.

        Raises:
            ArgumentError: its pictures are no longer kept.
        """
        pictures = tuple(Picture.from_bytes(self._store.read(uri)[1]) for uri in note.uris)
        return ToolOutput(note.sentence, pictures, uris=note.uris)

    def tidy(self) -> None:
        """Remove old notes."""
        with suppress(OSError):
            for one in list(self._storage.listed(_BEGINNING)):
                if one.given < time.time() - _KEPT:
                    self._storage.delete(one.name)
