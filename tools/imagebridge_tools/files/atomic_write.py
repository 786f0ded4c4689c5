"""Writes files atomically, so that several processes may read and write them."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

UNFINISHED = "new-"
"""The prefix of a file's name until it is complete. A file that still has this prefix was left behind by a killed
process."""


def write_whole(file: "Path | str", data: bytes, *, as_before: bool = False) -> None:
    """Write a file in one step, replacing an existing one; at all times, only its owner may read it.

    Args:
        file: the path of the file.
        data: its content.
        as_before: whether an existing file keeps its permissions, and its owner if possible.

    Raises:
        OSError: the file cannot be written; an existing file is unchanged.
    """
    with NamedTemporaryFile(dir=os.path.dirname(file), prefix=UNFINISHED, delete=False) as made:
        try:
            made.write(data)
            if as_before:
                _adopt(file, made.fileno())
            made.close()
            os.replace(made.name, file)
        except BaseException:
            with suppress(OSError):
                os.unlink(made.name)
            raise


def _adopt(file: "Path | str", descriptor: int) -> None:
    """Copy the permissions and the owner of another file, if it exists, to an open file."""
    with suppress(FileNotFoundError, AttributeError):  # Windows has no owners and permissions of this kind.
        before = os.stat(file)
        with suppress(PermissionError):
            os.fchown(descriptor, before.st_uid, before.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
