"""Records what a call reads and writes, which determines whether its answer may be reused for the same call.

Code that needs this record opens `footprint` around the call; all code that reads or writes files reports to it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Footprint:
    """A record of what a call read and wrote.

    repeatable: whether the same arguments will produce the same answer: nothing else was read, nothing was written, and
    nothing failed that might succeed next time.
    kept: the hashes of the pictures that the call kept in the store, and that its answer names.
    """

    repeatable: bool = True
    kept: list[str] = field(default_factory=list[str])


_FOOTPRINT: ContextVar[Footprint | None] = ContextVar("imagebridge_tools.files.footprint", default=None)


@contextmanager
def footprint() -> Generator[Footprint]:
    """Record what is read, written and kept in the block, including in tasks and threads that are started there."""
    noted = Footprint()
    token = _FOOTPRINT.set(noted)
    try:
        yield noted
    finally:
        _FOOTPRINT.reset(token)


def not_repeatable() -> None:
    """Report that the current call may have a different answer the next time."""
    if noted := _FOOTPRINT.get():
        noted.repeatable = False


def kept(name: str) -> None:
    """Report that the current call keeps a picture with this hash."""
    if noted := _FOOTPRINT.get():
        noted.kept.append(name)
