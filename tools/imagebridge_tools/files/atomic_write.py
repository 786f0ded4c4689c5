"""A file that appears whole or not at all, so that several processes may read and write it."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

UNFINISHED = "new-"
"""How a file's name begins until it is whole. One that stays so was left by a process that was killed."""


def write_whole(file: "Path | str", data: bytes) -> None:
    """Write a file in one step, in place of one that is there; only its owner may read it, from the start.

    Raises:
        OSError: it cannot be written; what was there is as it was.
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
