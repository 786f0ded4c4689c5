"""The stderr of a server or relay, which its host keeps as a log: if nobody reads it, nothing is blocked.

A pipe accepts about 64 kB and then blocks its writers: a thread that logs an error, and every child process that has
inherited it. MCP lets the host decide whether to read it (2025-11-25, transports, stdio: it MAY capture or ignore it).
"""

import atexit
import logging
import os
import stat
import sys
import threading
import time
from contextlib import suppress

from imagebridge.translate.terminal_codes import STEERING

_KEPT = 1 << 18
"""The maximum number of bytes queued for a slow host; further lines are left out and counted."""

_READ = 1 << 16
"""The maximum number of bytes read or written at once."""

_LAST = 0.5
"""The time allowed, in seconds, for the last lines to reach the host when this process exits."""

_logs: "list[HostLog]" = []


class StderrRecords(logging.Handler):
    """Writes records to stderr; to a terminal, without control characters, because records quote other programs."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        stream = sys.stderr
        try:
            text = self.format(record)
            stream.write((text.translate(STEERING) if stream.isatty() else text) + "\n")
            stream.flush()
        except Exception:  # noqa: BLE001  # as in every handler: a failure to log has no other effect
            self.handleError(record)


def keep_stderr_writable() -> None:
    """Replace stderr, for this process and its children, with a pipe that is always read, and pass on what it receives.

    A file or a terminal is left alone: it accepts writes, or the user can see why it does not.
    """
    try:
        mode = os.fstat(2).st_mode
    except OSError:  # It is closed.
        return
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        reading, writing = os.pipe()
        log = HostLog(reading, os.dup(2))
        os.dup2(writing, 2)
        os.close(writing)
        log.begin()
        if not _logs:
            atexit.register(finish_stderr)
        _logs.append(log)


def finish_stderr() -> None:
    """Give the last lines some time to reach the host. Anything written to stderr after that is lost."""
    if _logs and sys.stderr:
        sys.stderr.flush()
    while _logs:
        _logs.pop().finish()


class HostLog:
    """Passes lines from a pipe to the host in two threads: one always reads, the other may wait."""

    def __init__(self, reading: int, host: int) -> None:
        self._reading = reading
        self._host = host
        self._changed = threading.Condition()
        self._waiting = bytearray()
        self._last = b"\n"
        self._left_out = 0
        self._skipping = False
        self._ended = self._unheard = False
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._collect, self._pass_on)]

    def begin(self) -> None:
        """Pass on everything from now on."""
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Release the pipe, and wait for the last lines."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        # Standard output may have been redirected to the log too.
        with suppress(OSError):
            if os.path.sameopenfile(1, 2):
                os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        stop = time.monotonic() + _LAST
        for thread in self._threads:
            thread.join(max(0.0, stop - time.monotonic()))

    def _collect(self) -> None:
        while chunk := os.read(self._reading, _READ):
            with self._changed:
                self._add(chunk)
                self._changed.notify()
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _add(self, chunk: bytes) -> None:
        if self._skipping:
            _, end, chunk = chunk.partition(b"\n")
            self._skipping = not end
        if self._unheard or not chunk:
            return
        # Nothing may overtake the note about what was left out before it.
        if self._left_out or len(self._waiting) + len(chunk) > _KEPT:
            self._skipping = not chunk.endswith(b"\n")
            self._left_out += chunk.count(b"\n") + self._skipping
        else:
            self._waiting += chunk

    def _pass_on(self) -> None:
        try:
            while chunk := self._next():
                while chunk:
                    chunk = chunk[os.write(self._host, chunk) :]
        except OSError:
            self._unheard = True
        os.close(self._host)

    def _next(self) -> bytes:
        """Return the next bytes to write, or nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._left_out or self._ended)
            chunk = bytes(self._waiting[:_READ])
            del self._waiting[:_READ]
            if self._left_out and not self._waiting:
                lines = "1 line" if self._left_out == 1 else f"{self._left_out:,} lines"
                start = "" if (chunk or self._last).endswith(b"\n") else "\n"
                chunk += f"{start}({lines} of this log left out: they were not read in time)\n".encode()
                self._left_out = 0
            self._last = chunk[-1:]
            return chunk
