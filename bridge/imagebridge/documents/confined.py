"""Runs readers that are not written in Python in a separate process, so that a hostile file crashes only that process.

A PDF of 2 kB can have more parts than fit into any memory, and a sheet with two distant cells can have a billion empty
ones between them; either would crash the process that reads it. One process handles all reads for a result, because
starting it takes longer than most reads.
"""

import os
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from typing import IO, TYPE_CHECKING, TypeVar, cast

from imagebridge.errors import DocumentError
from imagebridge.pictures.work_processes import ending_with_work, is_given_up

from . import reading_process

if TYPE_CHECKING:
    from subprocess import Popen
    from threading import Thread

SECONDS = 30.0
"""The time limit for one read, in seconds. Most reads take a tenth of a second, and so does starting the process."""

MEMORY = 1_050_000_000
"""The memory limit for the process's data, in bytes, on systems that can enforce one."""

NATIVE = frozenset(("pdf", "workbook"))
"""The documents whose readers are not written in Python."""

_BROKEN = (
    "cannot be read: it crashed the process that read it, or took too much memory; ask for a smaller one"
)

Returned = TypeVar("Returned")


def confined(function: Callable[[], Returned]) -> Returned:
    """Call `function`, a partial of a module's function, in a separate process, and return its result.

    Raises:
        DocumentError: the call took too long or too much memory, its process crashed or could not be started, or the
            work that it was part of was cancelled.
        Exception: any exception that the function itself raises.
    """
    # Only now: few results contain such a document.
    import pickle

    request = pickle.dumps(function)
    with in_one_process() as confinement:
        answer = confinement.answer(request)
    raised, returned = pickle.loads(answer)  # written by this same program
    if raised is not None:
        raise raised
    return returned


class Confinement:
    """One process for all reads in its context, which run in one thread. Leaving the context ends the process."""

    def __init__(self) -> None:
        self._process: Popen[bytes] | None = None
        self._ending = ExitStack()

    def __enter__(self) -> None:
        self._before = _OPEN.set(self)

    def __exit__(self, *_: object) -> None:
        _OPEN.reset(self._before)
        self._end()

    def answer(self, request: bytes) -> bytes:
        """Return the process's answer. If a process fails that was used before, try once more with a new one.

        Raises:
            DocumentError: for the same reasons as `confined`.
        """
        is_used = self._process is not None
        answer = self._asked(request)
        if not answer and is_used and not is_given_up():
            answer = self._asked(request)
        if is_given_up():
            raise DocumentError("was not read, because the call was cancelled")
        if not answer:
            raise DocumentError(_BROKEN)
        return answer

    def _asked(self, request: bytes) -> bytes:
        """Return an answer, or nothing if the process ended.

        Raises:
            DocumentError: the read took too long, or no process can be started.
        """
        from threading import Timer

        process = self._process or self._start()
        late: list[bool] = []

        def stop() -> None:
            late.append(True)
            process.kill()

        timer = Timer(SECONDS, stop)
        timer.daemon = True
        answer = b""
        try:
            _begin(timer)
            with suppress(OSError):  # It ended before it read everything.
                reading_process.write(cast("IO[bytes]", process.stdin), request)
                answer = reading_process.message(cast("IO[bytes]", process.stdout))
        finally:
            timer.cancel()
            if not answer:
                self._end()
        if not answer and late:
            raise DocumentError(
                f"cannot be read: it took longer than {SECONDS:g} seconds; ask for a smaller one"
            )
        return answer

    def _start(self) -> "Popen[bytes]":
        import subprocess

        try:
            process = subprocess.Popen(
                [sys.executable, "-P", reading_process.__file__, str(os.getpid()), str(SECONDS), str(MEMORY)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        except OSError as error:
            raise DocumentError(
                f"cannot be read: a process to read it could not be started ({error.strerror})"
            ) from error
        self._process = process
        self._ending.enter_context(ending_with_work(process))
        return process

    def _end(self) -> None:
        """Kill the process and close its pipes; nobody is waiting for its output."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):  # Closing flushes; nobody is left to read it.
                    pipe.close()
        self._ending.close()


def _begin(thread: "Thread") -> None:
    try:
        thread.start()
    except RuntimeError as error:  # as many as the system allows are already running
        raise DocumentError(
            f"cannot be read: a thread to monitor it could not be started ({error})"
        ) from error


_OPEN: ContextVar[Confinement | None] = ContextVar("imagebridge.documents.confined", default=None)


@contextmanager
def in_one_process() -> Generator[Confinement]:
    """Use one process for all reads in this block: the process of the surrounding context, if there is one."""
    if around := _OPEN.get():
        yield around
        return
    confinement = Confinement()
    with confinement:
        yield confinement
