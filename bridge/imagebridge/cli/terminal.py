"""What a person sees beside the answer: progress, notes and thumbnails on stderr, where that is a terminal."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status
    from rich_pixels import Pixels

    from imagebridge.agent.hooks import Log, Progress

_COLUMNS = 48
"""Columns of a thumbnail; a character shows two pixels, one above the other."""

_ROWS = 18


class Terminal:
    """Stderr. Where it is no terminal only `tell` writes."""

    def __init__(self) -> None:
        self._console = _console() if sys.stderr.isatty() else None
        self._status: Status | None = None

    @property
    def answers(self) -> bool:
        """Whether a person sees what is asked and can answer."""
        return self._console is not None and sys.stdin.isatty()

    def ask(self, question: str) -> bool:
        """Ask a question that is answered with yes or no; no is the default."""
        status = self._status
        if status is not None:
            status.stop()
        try:
            return click.confirm(question, err=True)
        finally:
            if status is not None:
                status.start()

    def hear(self, event: "Progress | Log") -> None:
        """Show how far a call is, and what a server warns of."""
        from imagebridge.agent.hooks import Progress

        if isinstance(event, Progress):
            of = f" of {event.total:g}" if event.total else ""
            told = f", {event.message}" if event.message else ""
            if self._status is not None:
                self._status.update(_escaped(f"{event.call.name}: {event.progress:g}{of}{told}"))
        elif event.level not in ("debug", "info", "notice"):
            self.note(f"{event.server}: {event.level}: {event.data}")

    @contextmanager
    def busy(self, text: str) -> "Generator[Callable[[str], None]]":
        """Show that something is going on, until the block ends. Yields how to say what it is now."""
        if self._console is None:
            yield _nothing
            return
        with self._console.status(_escaped(text)) as self._status:
            status = self._status
            try:
                yield lambda now: status.update(_escaped(now))
            finally:
                self._status = None

    def note(self, text: str) -> None:
        """Write a line that only a person watching cares for."""
        if self._console is not None:
            self._console.print(text, markup=False, highlight=False, style="dim")

    def tell(self, text: str) -> None:
        """Write a line that also belongs into a log."""
        if self._console is not None:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(text, err=True)

    def thumbnail(self, data: bytes) -> None:
        """Show a picture small, where the terminal has colours for it."""
        if self._console is not None and coloured(self._console):
            self._console.print(pixels(data, _COLUMNS, _ROWS))


def _nothing(_: str) -> None:
    pass


def _console() -> "Console":
    from rich.console import Console

    return Console(stderr=True)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def coloured(console: "Console") -> bool:
    """Tell whether this console shows colours: without them a thumbnail is a grey block."""
    return console.is_terminal and console.color_system is not None and not console.no_color


def pixels(data: bytes, columns: int, rows: int) -> "Pixels":
    """Return an encoded picture as characters: at most `columns` x `rows` of them, on white."""
    from PIL import Image
    from rich_pixels import Pixels

    with Image.open(BytesIO(data)) as image:
        image.draft("RGB", (columns * 4, rows * 8))
        small = image.convert("RGBA")
    small.thumbnail((columns, rows * 2), Image.Resampling.LANCZOS, reducing_gap=2.0)
    page = Image.new("RGBA", small.size, "white")
    page.alpha_composite(small)
    return Pixels.from_image(page)
