"""Footprint: what a call leaves behind, by which the same call may be answered again without being run.

Whoever wants to know it asks for it around the call; all that reads or writes files says so here.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Footprint:
    """What a call left behind.

    repeatable: the same arguments have the same answer the next time: nothing else was read, nothing was written, and
    nothing went wrong that may go well then.
    kept: the hashes of the pictures that the call kept in the store, which its answer names.
    """

    repeatable: bool = True
    kept: list[str] = field(default_factory=list[str])


_FOOTPRINT: ContextVar[Footprint | None] = ContextVar("imagebridge_tools.files.footprint", default=None)


@contextmanager
def footprint() -> Generator[Footprint]:
    """Note what is read, written and kept in the block, in tasks and threads that are started there too."""
    noted = Footprint()
    token = _FOOTPRINT.set(noted)
    try:
        yield noted
    finally:
        _FOOTPRINT.reset(token)


def not_repeatable() -> None:
    """Say that the call under way may have another answer the next time."""
    if noted := _FOOTPRINT.get():
        noted.repeatable = False


def kept(name: str) -> None:
    """Say that the call under way keeps a picture, whose hash this is."""
    if noted := _FOOTPRINT.get():
        noted.kept.append(name)
