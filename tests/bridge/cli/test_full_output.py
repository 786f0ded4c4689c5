"""A command whose output cannot be written says so, even if its stdout is closed."""

import errno
import sys

from imagebridge.cli.full_output import report


def test_a_full_disk_is_reported_without_stdout(monkeypatch, capsys):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", None)
        assert report(OSError(errno.ENOSPC, "No space left on device")) == 1
    assert capsys.readouterr().err == "Error: cannot write the output: No space left on device\n"
