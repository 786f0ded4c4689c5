"""Notes about jobs in the store of their pictures: so that any server which shares the store tells how a job is."""

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
"""Seconds after which a server that makes a picture says again that it does."""

SILENCE = 30.0
"""Seconds without such a word after which a server counts as gone; clocks of machines differ by less."""

_KEPT = 24 * 3600.0
"""Seconds for which a note is kept."""

_NAME = re.compile(r"image://(pending-[0-9a-f]{16})")
_BEGINNING = "pending-"


class JobNote(NamedTuple):
    """What is known of a job: how it is, what it makes, seconds since it began, and what it has made or why it has not."""

    state: Literal["making", "made", "failed", "lost"]
    what: str
    passed: float
    sentence: str = ""
    uris: tuple[str, ...] = ()


class JobNotes:
    """The notes in a store, by the handles of jobs; what blocks here is called in threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def _storage(self) -> ObjectStorage:
        return self._store.storage

    def write(self, handle: str, note: JobNote) -> None:
        """Write how a job is. Where the store does not answer, the next word may reach it."""
        name = _NAME.fullmatch(handle)
        with suppress(OSError):
            if name:
                self._storage.put(name[1], json.dumps({**note._asdict(), "told": time.time()}).encode())

    def read(self, handle: str) -> JobNote | None:
        """Return how a job is, None where nothing is known of it.

        Raises:
            OSError: the store does not answer.
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
        """Return what a job has made.

        Raises:
            ArgumentError: its pictures are not kept any more.
        """
        pictures = tuple(Picture.from_bytes(self._store.read(uri)[1]) for uri in note.uris)
        return ToolOutput(note.sentence, pictures, uris=note.uris)

    def tidy(self) -> None:
        """Take away the notes of long ago."""
        with suppress(OSError):
            for one in list(self._storage.listed(_BEGINNING)):
                if one.given < time.time() - _KEPT:
                    self._storage.delete(one.name)
