"""Without the number of stderr, what is printed goes nowhere, as on Windows in a program without a console."""

import subprocess
import sys

import pytest

CODE = """
import fcntl, os, sys
from imagebridge_server.startup import start

kept, opened = os.dup(1), os.open
os.close(2)
sys.stderr = None


def above(*arguments):
    number = opened(*arguments)
    higher = fcntl.fcntl(number, fcntl.F_DUPFD, 3)
    os.close(number)
    return higher


os.open = above
start._occupy_closed_streams()
print("lost", file=sys.stderr, flush=True)
start.divert_stdout()
os.write(1, b"lost")
os.write(kept, b"ended")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the numbers of closed streams are taken away with fcntl")
def test_a_number_that_cannot_be_taken():
    ended = subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, b"ended")
