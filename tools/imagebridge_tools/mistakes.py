"""Mistakes: everything that is wrong with the arguments of a call, reported together and before any work."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from imagebridge.errors import ArgumentError, together

Found = TypeVar("Found")

Noted = Sequence[ArgumentError]
"""Mistakes already found in a call: they are reported with those that a tool finds, which then makes nothing."""


class Mistakes:
    """The mistakes in a call, collected while its arguments are read.

    noted: mistakes found before. An argument that is already wrong is not examined again: further findings
        would be about its replacement.
    """

    def __init__(self, noted: Noted = ()) -> None:
        self.found = list(noted)
        self._before = {_argument(one) for one in self.found}
        self._lines = {str(ArgumentError(one.argument, one.problem)) for one in self.found}

    def add(self, error: ArgumentError) -> None:
        """Add a mistake, and those that came with it."""
        alone = ArgumentError(error.argument, error.problem)
        if _argument(error) not in self._before and str(alone) not in self._lines:
            self._lines.add(str(alone))
            self.found.append(alone)
        for one in error.others:
            self.add(one)

    def of(self, read: Callable[[], Found]) -> Found | None:
        """Return the result of `read`, or None if that is a mistake."""
        try:
            return read()
        except ArgumentError as error:
            self.add(error)
            return None

    async def met(self, reading: Awaitable[Found]) -> Found | None:
        """Return what is read, or None if that is a mistake."""
        try:
            return await reading
        except ArgumentError as error:
            self.add(error)
            return None

    async def needed(self, reading: Awaitable[Found], otherwise: Callable[[], object]) -> Found:
        """Return what is read. If that is a mistake, `otherwise` looks for those that do not depend on it.

        Raises:
            ArgumentError: all mistakes found, if nothing could be read.
        """
        found = await self.met(reading)
        if found is None:
            self.of(otherwise)
            raise self.error()
        return found

    def error(self) -> ArgumentError:
        """Return all mistakes, of which there is at least one, as one error."""
        return together(self.found)

    def tell(self) -> None:
        """Raise the mistakes.

        Raises:
            ArgumentError: all of them, if there are any.
        """
        if self.found:
            raise self.error()


def _argument(error: ArgumentError) -> str:
    """Return the name of the argument that an error is about: `marks` for `marks[2].at`."""
    return re.split(r"[.\[]", error.argument, maxsplit=1)[0]
