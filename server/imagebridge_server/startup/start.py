"""Starts the server: looks for a card and, if there is one, takes over stdin and stdout and answers the host."""

import os
import signal
import sys
from typing import BinaryIO, NamedTuple, TextIO

from .card import Card
from .host_lines import HostLines
from .launch import Launch
from .opening import Opening

_PAUSE = 0.1
"""Seconds to wait for the host's first requests before loading modules, which would slow down the answers."""


class ServerStart(NamedTuple):
    """One start of the server: the launch for which a card would be kept, and the opening if a card was found."""

    launch: Launch
    opening: Opening | None


def begin() -> ServerStart | None:
    """Start to answer if an earlier start of the same kind kept a card; return None if cards are neither used nor kept."""
    _occupy_closed_streams()
    if sys.stdin is None or sys.stdout is None or os.isatty(0):
        return None
    launch = Launch.current(sys.argv[1:], os.environ)
    card = Card.of(launch) if launch else None
    if not (launch and card):
        return launch and ServerStart(launch, None)
    # While modules load, nobody else handles it, and a stack trace helps nobody.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    opening = Opening(card, *_wire())
    opening.begin()
    opening.settled.wait(_PAUSE)
    return ServerStart(launch, opening)


def _occupy_closed_streams() -> None:
    """Open closed standard streams to the null device, before another file takes their numbers.

    `sys.stdin` and `sys.stdout` stay None, by which commands recognise that they are closed; nobody needs that of stderr.
    """
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stderr is None:
        sys.stderr = _opened_stderr()


def _opened_stderr() -> TextIO:
    try:
        return os.fdopen(2, "w", closefd=False)
    except OSError:  # On Windows, a program without a console has no such number.
        return open(os.devnull, "w")


def _wire() -> tuple[HostLines, BinaryIO]:
    """Return stdin and stdout, and replace them with an empty input and stderr, where modules may print."""
    stdout = os.fdopen(os.dup(1), "wb")
    divert_stdout()
    return taken_stdin(), stdout


def taken_stdin() -> HostLines:
    """Return the lines of stdin, and replace it with an empty input: child processes must not read the host's messages."""
    # Never closed: a thread may still wait for the next line.
    stdin = os.fdopen(os.dup(0), "rb", closefd=False)
    divert(0, os.open(os.devnull, os.O_RDONLY))
    return HostLines(stdin)


def divert(number: int, target: int) -> None:
    """Make a file descriptor refer to the target of another descriptor, which is closed."""
    os.dup2(target, number)
    os.close(target)


def divert_stdout() -> None:
    """Redirect printed text to stderr, or to the null device if stderr is closed."""
    try:
        os.dup2(2, 1)
    except OSError:
        divert(1, os.open(os.devnull, os.O_WRONLY))
