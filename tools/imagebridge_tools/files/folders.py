"""Reads files below allowed folders, and nothing else: every path is checked before and after it is opened."""

import os
import re
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from imagebridge.errors import ArgumentError, nearest

_LISTED = 10
_LOOKED_AT = 2000


class FoundFile(NamedTuple):
    """A file that was read: its real path, and its bytes."""

    path: Path
    data: bytes


def read_file(source: str, allow: Sequence[Path], limit: int, argument: str) -> FoundFile:
    """Read the file that `source` names: an absolute path, one relative to an allowed folder, or a file: URL.

    `limit` is in bytes. Neither the names nor the existence of files outside the allowed folders are ever revealed.

    Raises:
        ArgumentError: the file is not below an allowed folder, does not exist, is not a regular file, or is too large.
    """
    path = path_of(source, argument)
    if not allow:
        raise ArgumentError(
            argument, "no folder is allowed, so files cannot be read; start the server with --allow FOLDER"
        )
    candidates = _candidates(path, allow)
    if not candidates:
        folders = ", ".join(str(folder) for folder in allow)
        raise ArgumentError(argument, f"{source!r} is not in an allowed folder; allowed: {folders}")
    candidate = next((one for one in candidates if os.path.lexists(one)), candidates[0])
    return FoundFile(Path(candidate), _file_bytes(candidate, source, allow, limit, argument))


def place(path: PurePath, allow: Sequence[Path], argument: str, source: str) -> Path:
    """Return the path of a file, which need not exist yet, below the folders `allow`, with the real path of its folder.

    No part of this path is a link: code that opens it with `held` opens the file that was checked here.

    Raises:
        ArgumentError: the file is not in any of these folders.
    """
    candidates = _candidates(path, allow)
    if not candidates:
        folders = ", ".join(str(folder) for folder in allow)
        raise ArgumentError(argument, f"{source!r} is not in a writable folder; writable: {folders}")
    path_here = next((one for one in candidates if os.path.isdir(os.path.dirname(one))), candidates[0])
    if any(path_here in (os.path.abspath(one), os.path.realpath(one)) for one in allow):
        raise ArgumentError(argument, f"{source!r} is a folder; name a file in it")
    folder = _real(os.path.dirname(path_here), source, argument)
    if not any(_below(folder, os.path.realpath(one)) for one in allow):
        raise ArgumentError(argument, f"{source!r} leads out of the writable folders through a link")
    return Path(folder, os.path.basename(path_here))


_FOLDER = sum(getattr(os, flag, 0) for flag in ("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC", "O_PATH"))
"""The flags for opening a folder on the path: links are not followed, and with O_PATH it need not be readable."""


@contextmanager
def held(folder: str) -> Generator[int | None]:
    """Keep a folder open by its real path, no part of which may have become a link; yield None if the system cannot do
    so.

    Raises:
        OSError: the folder does not exist, or a part of its path is now a link.
    """
    if os.open not in os.supports_dir_fd:
        yield None
        return
    root, *parts = Path(folder).parts
    descriptor = os.open(root, _FOLDER)
    try:
        for part in parts:
            inner = os.open(part, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def path_of(source: str, argument: str, system: type[PurePath] = PurePath) -> PurePath:
    """Parse a path or a `file:` URL into a path of type `system`, without accessing the disk.

    Raises:
        ArgumentError: it is another kind of URL, a file on another host, or an invalid path.
    """
    windows = issubclass(system, PureWindowsPath) or (system is PurePath and os.name == "nt")
    native = PureWindowsPath if windows else PurePosixPath
    text = source.strip()
    if not text or "\0" in text:
        raise ArgumentError(argument, "is not a path; give a file path")
    if text[:5].lower() != "file:":
        if "://" in text:
            raise ArgumentError(
                argument, f"{text.split(':', 1)[0]}: addresses are not supported; give a file or a data: URL"
            )
        return native(text)
    try:
        url = urlsplit(text)
    except ValueError as error:
        raise ArgumentError(argument, "is not a valid file: URL") from error
    path = unquote(url.path)
    if "\0" in path:
        raise ArgumentError(argument, "is not a path; give a file path")
    host = "" if url.netloc.lower() == "localhost" else url.netloc
    if not windows:
        if host:
            raise ArgumentError(
                argument, "file: URLs that point to other hosts are not supported; give a path"
            )
        return native(path)
    # file:///C:/x is C:/x, file://server/share/x is \\server\share\x
    return native(f"//{host}{path}" if host else path[1:] if path[2:3] == ":" else path)


def _candidates(path: PurePath, allow: Sequence[Path]) -> list[str]:
    """Return the paths below the allowed folders that `path` may mean, judging only by its text.

    Nothing outside is accessed, not even to check whether it exists: on Windows, checking a share already contacts
    another host.
    """
    paths: list[str] = []
    for folder in allow:
        for root in dict.fromkeys((os.path.abspath(folder), os.path.realpath(folder))):
            candidate = os.path.normpath(os.path.join(root, path))
            if _below(candidate, root) and candidate not in paths:
                paths.append(candidate)
    return paths


def _real(path: str, source: str, argument: str) -> str:
    try:
        return os.path.realpath(path)
    except OSError as error:  # A link became a folder while it was checked.
        raise ArgumentError(
            argument, f"{source!r} changed while it was being checked: {error.strerror}"
        ) from None


def _below(path: str, folder: str) -> bool:
    path, folder = os.path.normcase(path), os.path.normcase(folder)
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)


def _file_bytes(path: str, source: str, allow: Sequence[Path], limit: int, argument: str) -> bytes:
    real = _real(path, source, argument)
    if not any(_below(real, os.path.realpath(folder)) for folder in allow):
        raise ArgumentError(argument, f"{source!r} is a link that leads out of the allowed folders")
    if os.path.isdir(real):
        raise ArgumentError(argument, f"{source!r} is a folder{_holding(real)}")
    # Opening a pipe must not wait for its writer, nor follow a link that was just put there.
    flags = os.O_RDONLY | sum(
        getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY")
    )
    folder, name = os.path.split(real)
    try:
        with held(folder) as holder:
            descriptor = os.open(real if holder is None else name, flags, dir_fd=holder)
    except FileNotFoundError:
        known = os.path.isdir(os.path.dirname(real))
        hint = _nearest(real) if known else f"; allowed folders: {', '.join(map(str, allow))}"
        raise ArgumentError(argument, f"{source!r} does not exist{hint}") from None
    except OSError as error:
        raise ArgumentError(argument, f"{source!r} cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise ArgumentError(argument, f"{source!r} is not a regular file")
        # If no folder can be held open, one on the way may have become a link between the check and the opening.
        if os.path.realpath(path) != real or not os.path.samestat(about, os.stat(real)):
            raise ArgumentError(argument, f"{source!r} changed while it was being opened")
        if about.st_size > limit:
            raise ArgumentError(argument, f"{source!r} is {about.st_size:,} bytes; the limit is {limit:,}")
        return file.read(about.st_size)


def _holding(folder: str) -> str:
    try:
        names = sorted(_names(folder))
    except OSError:
        return ""
    more = ", ..." if len(names) > _LISTED else ""
    return f" containing {', '.join(names[:_LISTED])}{more}; name a file in it" if names else ", and empty"


def _nearest(path: str) -> str:
    """Suggest the most similar name in the same folder."""
    try:
        names = list(_names(os.path.dirname(path)))
    except OSError:
        return ""
    near = nearest(os.path.basename(path), names)
    return f"; did you mean {near!r}?" if near else ""


def _names(folder: str) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in islice(entries, _LOOKED_AT) if not entry.name.startswith(".")]


def matching(pattern: str, allow: Sequence[Path], argument: str) -> list[str]:
    """Return the files that match a path with `*` or `?` in its last part, sorted by name, numbers by value.

    Any other source is returned unchanged. Links are checked when the file is read.

    Raises:
        ArgumentError: no file below an allowed folder has such a name.
    """
    scheme = pattern.strip()[:5].lower()
    other = scheme == "data:" or ("://" in pattern and scheme != "file:")
    last = "" if other else PurePath(pattern).name
    if not {"*", "?"} & set(last):
        return [pattern]
    path = path_of(pattern, argument)
    for folder in _candidates(path.parent, allow):
        if not any(_below(os.path.realpath(folder), os.path.realpath(root)) for root in allow):
            continue
        try:
            names = [name for name in _names(folder) if fnmatchcase(name.casefold(), last.casefold())]
        except OSError:
            continue
        files = [os.path.join(folder, name) for name in names]
        if paths := sorted((one for one in files if not os.path.isdir(one)), key=_numbered):
            return paths
    where = ", ".join(str(folder) for folder in allow) or "none"
    raise ArgumentError(argument, f"no file matches {pattern!r}; allowed folders: {where}")


def _numbered(path: str) -> list[tuple[int, str]]:
    """Return a sort key that puts page 2 before page 10."""
    parts = re.split(r"(\d+)", os.path.basename(path).casefold())
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
