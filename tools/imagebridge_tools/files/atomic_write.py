"""Writes a file that appears complete or not at all, so that several processes may read and write it."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

UNFINISHED = "new-"
"""The beginning of a file's name until it is complete. A file that keeps it was left by a killed process."""


def write_whole(file: "Path | str", data: bytes) -> None:
    """Write a file in one step, replacing an existing one; only its owner may read it, from the start.

    Raises:
        OSError: it cannot be written; an existing file is unchanged.
    """
    with NamedTemporaryFile(dir=os.path.dirname(file), prefix=UNFINISHED, delete=False) as made:
        try:
            made.write(data)
            made.close()
            os.replace(made.name, file)
        except BaseException:
            with suppress(OSError):
                os.unlink(made.name)
            raise
