"""Keeps a card: the first answers of the server at an earlier start, in a file that only the user can access.

The file contains a line with the checksum, then JSON. It is written atomically; a card that is broken, old, too large
or writable by others is ignored and replaced.
"""

import json
import os
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from .launch import Launch, file_state, module_files

Answers = Mapping[str, Mapping[str, str]]
"""The result of each request as JSON, for each protocol version."""

_FORMAT = 1
_LIMIT = 4_000_000
"""The maximum size of a card in bytes; a typical card has 150,000."""

_KEPT = 50
"""The maximum number of cards in a folder; those that have not been used for the longest time are removed."""


class Card(NamedTuple):
    """The first answers of a server.

    handshake: the answers for protocol versions with `initialize`, newest last. stateless: the answers for versions
    since 2026-07-28. file: where the card is kept.
    """

    handshake: Answers
    stateless: Answers
    file: str = ""

    @classmethod
    def of(cls, launch: Launch) -> "Card | None":
        """Return the card of an earlier start of the same kind, or None if there is no card or anything has changed."""
        for file in launch.files():
            with suppress(
                OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError
            ):
                return cls._parsed(_read(file), launch, file)
        return None

    @classmethod
    def _parsed(cls, data: bytes, launch: Launch, file: str) -> "Card":
        checksum, _, body = data.partition(b"\n")
        if int(checksum, 16) != zlib.crc32(body):
            raise ValueError("broken")
        card_fields = json.loads(body)
        if (
            card_fields["format"] != _FORMAT
            or card_fields["command"] != launch.command
            or card_fields["modules"] != launch.modules
        ):
            raise ValueError("of another start")
        if any(file_state(path) != (path, changed, size) for path, changed, size in card_fields["files"]):
            raise ValueError("of other modules")
        if not all(os.path.isdir(folder) for folder in card_fields["folders"]):
            raise ValueError("a folder is missing")
        texts: list[str] = card_fields["texts"]
        with suppress(OSError):
            os.utime(file)  # It was used: see _clear.
        return cls(
            _with_texts(card_fields["handshake"], texts), _with_texts(card_fields["stateless"], texts), file
        )

    def keep(self, launch: Launch, folders: Iterable[str]) -> bool:
        """Keep this card for later starts of the same kind, and return whether that was possible.

        Args:
            launch: the start that produced the answers.
            folders: the folders that tools read and write, which must exist.
        """
        files = module_files()
        # A file that changed since this process read it is not what has answered.
        if files is None or any(changed >= launch.began for _, changed, _ in files):
            return False
        named = list(folders)
        texts: dict[str, int] = {}
        body = json.dumps(
            {
                "format": _FORMAT,
                "command": launch.command,
                "modules": launch.modules,
                "files": files,
                "folders": named,
                "handshake": _with_text_numbers(self.handshake, texts),
                "stateless": _with_text_numbers(self.stateless, texts),
                "texts": list(texts),
            }
        ).encode()
        if len(body) > _LIMIT - 10:
            return False
        try:
            _write_card(launch.file(depends=launch.depends(named)), b"%08x\n%b" % (zlib.crc32(body), body))
            _clear(launch.folder)
        except OSError:
            return False
        return True

    def drop(self) -> None:
        """Remove the card: the server's answers have changed."""
        with suppress(OSError):
            os.unlink(self.file)


def writable(folder: str) -> bool:
    """Return whether cards can be kept in a folder; a missing folder is created, accessible only to this user."""
    with suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        return _is_ours(os.lstat(folder), stat.S_IFDIR) and os.access(folder, os.W_OK)
    return False


def _with_text_numbers(answers: Answers, texts: dict[str, int]) -> dict[str, dict[str, int]]:
    """Return answers with texts replaced by numbers, because many texts are the same in several versions."""
    return {
        version: {question: texts.setdefault(text, len(texts)) for question, text in known.items()}
        for version, known in answers.items()
    }


def _with_texts(answers: Mapping[str, Mapping[str, int]], texts: list[str]) -> Answers:
    """Return answers with the numbers replaced by their texts."""
    return {
        version: {question: texts[number] for question, number in known.items()}
        for version, known in answers.items()
    }


def _is_ours(state: os.stat_result, kind: int) -> bool:
    """Return whether only this user could have written a file or folder. Windows reserves a user's folders for that user."""
    if stat.S_IFMT(state.st_mode) != kind:
        return False
    if not hasattr(os, "geteuid"):
        return True
    return state.st_uid == os.geteuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _read(file: str) -> bytes:
    """Return the content of a file.

    Raises:
        OSError: the file does not exist, or someone else may have written it.
        ValueError: the file is too large.
    """
    if not _is_ours(os.lstat(os.path.dirname(file)), stat.S_IFDIR):
        raise PermissionError("others can write to the folder")
    # Neither through a link, nor waiting for the other end of a pipe.
    guarded: Any = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(file, os.O_RDONLY | guarded), "rb") as opened:
        state = os.fstat(opened.fileno())
        if not _is_ours(state, stat.S_IFREG):
            raise PermissionError("others can write to the card")
        if state.st_size > _LIMIT:
            raise ValueError("too large")
        return opened.read(_LIMIT)


def _write_card(file: str, data: bytes) -> None:
    folder = os.path.dirname(file)
    if not writable(folder):
        raise PermissionError("others can write to the folder")
    # Only now: reading a card should load as little as possible.
    from imagebridge_tools.files.atomic_write import write_whole

    write_whole(file, data)


def _clear(folder: str) -> None:
    """Remove the cards that have not been used for the longest time, if there are too many."""
    for _, path in sorted(_cards(folder), reverse=True)[_KEPT:]:
        with suppress(OSError):
            os.unlink(path)


def _cards(folder: str) -> Iterator[tuple[float, str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # Another process may have removed it.
                if entry.name.endswith(".card"):
                    yield entry.stat(follow_symlinks=False).st_mtime, entry.path
