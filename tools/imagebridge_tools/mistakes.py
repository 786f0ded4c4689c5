"""Mistakes: all that is wrong with the arguments of a call, told at once and before any work."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from imagebridge.errors import ArgumentError, together

Found = TypeVar("Found")

Noted = Sequence[ArgumentError]
"""What is wrong with a call already: it is told with what a tool finds, which then makes nothing."""


class Mistakes:
    """What is wrong with a call, gathered while its arguments are read.

    noted: what was found before. An argument that is wrong already is not looked at again: what else a tool finds
        of it comes of what stands in its place.
    """

    def __init__(self, noted: Noted = ()) -> None:
        self.found = list(noted)
        self._before = {_argument(one) for one in self.found}
        self._lines = {str(ArgumentError(one.argument, one.problem)) for one in self.found}

    def add(self, error: ArgumentError) -> None:
        """Take a mistake, and those that came with it."""
        alone = ArgumentError(error.argument, error.problem)
        if _argument(error) not in self._before and str(alone) not in self._lines:
            self._lines.add(str(alone))
            self.found.append(alone)
        for one in error.others:
            self.add(one)

    def of(self, read: Callable[[], Found]) -> Found | None:
        """Return what `read` returns, None where that is a mistake."""
        try:
            return read()
        except ArgumentError as error:
            self.add(error)
            return None

    async def met(self, reading: Awaitable[Found]) -> Found | None:
        """Return what is read, None where that is a mistake."""
        try:
            return await reading
        except ArgumentError as error:
            self.add(error)
            return None

    async def needed(self, reading: Awaitable[Found], otherwise: Callable[[], object]) -> Found:
        """Return what is read. Where that is a mistake, `otherwise` looks for those that do not depend on it.

        Raises:
            ArgumentError: all that was found, where nothing could be read.
        """
        found = await self.met(reading)
        if found is None:
            self.of(otherwise)
            raise self.error()
        return found

    def error(self) -> ArgumentError:
        """Return all that was found, which is something, as one error."""
        return together(self.found)

    def tell(self) -> None:
        """Raise what was found.

        Raises:
            ArgumentError: all of it, if there is any.
        """
        if self.found:
            raise self.error()


def _argument(error: ArgumentError) -> str:
    """Return the name of the argument that an error is in: `marks` of `marks[2].at`."""
    return re.split(r"[.\[]", error.argument, maxsplit=1)[0]
