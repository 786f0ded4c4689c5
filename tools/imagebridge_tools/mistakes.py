"""Mistakes: collects all errors in the arguments of a call, to report them together and before any work."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from imagebridge.errors import ArgumentError, together

Found = TypeVar("Found")

Noted = Sequence[ArgumentError]
"""Mistakes already found in a call; a tool reports them together with those that it finds, and does nothing else."""


class Mistakes:
    """Collects the mistakes in a call while its arguments are read.

    noted: mistakes found earlier. An argument that already has a mistake is not examined again, because further
    mistakes would be about its replacement.
    """

    def __init__(self, noted: Noted = ()) -> None:
        self.found = list(noted)
        self._before = {_argument(one) for one in self.found}
        self._lines = {str(ArgumentError(one.argument, one.problem)) for one in self.found}

    def add(self, error: ArgumentError) -> None:
        """Add a mistake, and the other mistakes that its error contains."""
        alone = ArgumentError(error.argument, error.problem)
        if _argument(error) not in self._before and str(alone) not in self._lines:
            self._lines.add(str(alone))
            self.found.append(alone)
        for one in error.others:
            self.add(one)

    def of(self, read: Callable[[], Found]) -> Found | None:
        """Return the result of `read`, or record a mistake and return None."""
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
        """Return the result of `reading`. If it fails, `otherwise` looks for mistakes that do not depend on the result.

        Raises:
            ArgumentError: reading failed; the error reports all mistakes.
        """
        found = await self.met(reading)
        if found is None:
            self.of(otherwise)
            raise self.error()
        return found

    def error(self) -> ArgumentError:
        """Return all mistakes as one error; there must be at least one."""
        return together(self.found)

    def tell(self) -> None:
        """Raise all mistakes as one error.

        Raises:
            ArgumentError: there are mistakes; the error reports all of them.
        """
        if self.found:
            raise self.error()


def _argument(error: ArgumentError) -> str:
    """Return the name of the argument that an error is about: `marks` for `marks[2].at`."""
    return re.split(r"[.\[]", error.argument, maxsplit=1)[0]
