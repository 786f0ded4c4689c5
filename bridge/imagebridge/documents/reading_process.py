"""The process that reads for `confined`: it gets functions on stdin, and writes results or errors to stdout, pickled.

It is run as a script; the arguments are its parent's process id, the seconds for a read and the memory limit in
bytes. So it imports nothing from the package before it has bypassed the package's `__init__`.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import IO

_LENGTH = 8
"""The number of bytes before each message that contain its length."""


def write(pipe: IO[bytes], data: bytes) -> None:
    """Write a message."""
    pipe.write(len(data).to_bytes(_LENGTH, "big"))
    pipe.write(data)
    pipe.flush()


def message(pipe: IO[bytes]) -> bytes:
    """Return the next message, or nothing if the other process has closed the pipe."""
    length = int.from_bytes(pipe.read(_LENGTH), "big")
    data = pipe.read(length)
    return data if len(data) == length else b""


def _main(parent: int, seconds: float, memory: int) -> None:
    """Answer requests until stdin is closed."""
    _leave_out_entry()
    from imagebridge.documents.process_limits import alarm, end_with, leave_signals_to_parent, limit_memory

    leave_signals_to_parent()
    end_with(parent)
    with suppress(ValueError, OSError):  # The system cannot limit memory: the time limit remains.
        limit_memory(memory)
    # What a library prints must not end up among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while request := message(sys.stdin.buffer):
        with alarm(seconds):
            write(answers, _answer(request))


def _leave_out_entry() -> None:
    """Make the package importable without running its `__init__`, whose imports take longer than a read."""
    package = ModuleType("imagebridge")
    package.__path__ = [str(Path(__file__).parents[1])]
    sys.modules[package.__name__] = package


def _answer(request: bytes) -> bytes:
    import pickle

    try:
        return pickle.dumps((None, pickle.loads(request)()))  # from `confined`
    except MemoryError:
        os._exit(1)
    except Exception as error:  # noqa: BLE001  # raised again where it was asked for
        return pickle.dumps((error.with_traceback(None), None))


if __name__ == "__main__":
    _main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
