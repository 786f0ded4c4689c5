"""Output of a server or relay on stderr is passed on to its host, as fast as that reads it, without blocking."""

import io
import logging
import os
import random
import re
import sys
import threading

import pytest

from imagebridge.client.host_log import HostLog, StderrRecords

LEFT_OUT = re.compile(rb"\(([\d,]+) lines? of this log left out: they were not read in time\)\n")


@pytest.fixture
def ends():
    """Return where a log is written, and where its host reads it."""
    written, writing = os.pipe()
    reading, host = os.pipe()
    HostLog(written, host).begin()
    with os.fdopen(writing, "wb", 0) as log, os.fdopen(reading, "rb", 0) as read:
        yield log, read
        log.close()


def read_to(last, read):
    """Return what a host reads up to its last words."""
    found = b""
    while not found.endswith(last):
        chunk = read.read(1 << 16)
        assert chunk, found[-1000:]
        found += chunk
    return found


@pytest.mark.parametrize(
    "said",
    [b"a line\n", b"no end of line", b"\r10 %\r20 %", b"\n\n\n", b"\xff\0\xe2\x82\n", b"x" * 200_000 + b"\n"],
    ids=lambda said: repr(said[:12]),
)
def test_what_is_written_is_read_as_it_was(ends, said):
    log, read = ends
    log.write(said)
    assert read_to(said, read) == said


@pytest.mark.parametrize("seed", range(4))
def test_what_nobody_reads_is_counted_in_whole_lines(ends, seed):
    log, read = ends
    lines = [b"%06d %s\n" % (number, b"x" * 100) for number in range(20_000)]
    known = set(lines)
    rest, chance = b"".join(lines), random.Random(seed)
    while rest:
        size = chance.choice([7, 1_000, 50_000])
        log.write(rest[:size])
        rest = rest[size:]
    log.close()
    shown, counted = [], 0
    for line in read.read().splitlines(keepends=True):
        if notice := LEFT_OUT.fullmatch(line):
            counted += int(notice[1].replace(b",", b""))
        else:
            shown.append(line)
    whole = [line for line in shown if line in known]
    # A line that is cut off is among those that are counted.
    assert all(any(one.startswith(line.rstrip()) for one in lines) for line in shown if line not in known)
    assert whole == sorted(whole)
    assert counted
    assert len(whole) + counted == len(lines)


def test_a_host_that_closes_its_log_holds_up_nobody(ends):
    log, read = ends
    read.close()

    def write():
        for _ in range(200):
            log.write(b"x" * 10_000 + b"\n")

    writing = threading.Thread(target=write, daemon=True)
    writing.start()
    writing.join(600)
    assert not writing.is_alive()


class TerminalText(io.StringIO):
    """What a terminal is written."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "written"),
    [
        (TerminalText, "s says [2J ]0;x\ta\nb31m: 'é'\n"),
        (io.StringIO, "s says \x1b[2J \x1b]0;x\x07\ta\nb\x9b31m\u202e\u2066: 'é'\n"),
    ],
)
def test_what_is_logged_steers_no_terminal(monkeypatch, stream, written):
    monkeypatch.setattr(sys, "stderr", stream())
    record = logging.LogRecord(
        "imagebridge",
        logging.WARNING,
        "",
        0,
        "%s says %s: %r",
        ("s", "\x1b[2J \x1b]0;x\x07\ta\nb\x9b31m\u202e\u2066", "é"),
        None,
    )
    StderrRecords().handle(record)
    assert sys.stderr.getvalue() == written
