"""Reports that the output of a command cannot be written because its disk is full or a limit is reached."""

import errno
import os
import sys

import click

_FULL = (errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC))


def is_full(error: OSError) -> bool:
    """Return whether an error without a file's name says so; commands catch the errors of files that they write."""
    return error.errno in _FULL and error.filename is None


def report(error: OSError) -> int:
    """Say so on stderr, discard the rest of the output, and return the exit code."""
    click.echo(f"Error: cannot write the output: {error.strerror}", err=True)
    # What is left in its buffer would be written again at the end. A closed stdout has none.
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
