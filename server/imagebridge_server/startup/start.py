"""The first step of a start: it looks for the card and, if there is one, takes over stdin and stdout and answers the host."""

import os
import signal
import sys
from typing import BinaryIO, NamedTuple, TextIO

from .card import Card
from .launch import Launch
from .opening import Opening

_PAUSE = 0.1
"""Seconds that the host has for its first requests before loading competes with the answers for the processor."""


class ServerStart(NamedTuple):
    """One start: what a card of it would be kept for, and the opening if a card was found."""

    launch: Launch
    opening: Opening | None


def begin() -> ServerStart | None:
    """Begin to answer if a card was kept for a start like this one; None if cards are neither used nor kept."""
    if os.isatty(0):
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


def _wire() -> tuple[TextIO, BinaryIO]:
    """Return stdin and stdout, and replace them with nothing and stderr: what modules print must not reach the host."""
    stdout = os.fdopen(os.dup(1), "wb")
    divert_stdout()
    return taken_stdin(), stdout


def taken_stdin() -> TextIO:
    """Return stdin, and replace it with nothing: what the host says is for nobody else, child processes included."""
    # Read in the same way as by the SDK.
    stdin = os.fdopen(os.dup(0), encoding="utf-8", errors="replace")
    divert(0, os.open(os.devnull, os.O_RDONLY))
    return stdin


def divert(number: int, target: int) -> None:
    """Make a descriptor refer to the target of another one, which is closed."""
    os.dup2(target, number)
    os.close(target)


def divert_stdout() -> None:
    """Redirect what is printed to stderr, or to nowhere for a host that keeps no stderr."""
    try:
        os.dup2(2, 1)
    except OSError:
        divert(1, os.open(os.devnull, os.O_WRONLY))
