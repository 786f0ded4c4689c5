"""The output for a person: the answer as it is written, and progress, notes and thumbnails on stderr."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from io import BytesIO, StringIO
from typing import TYPE_CHECKING

import click

from imagebridge.translate.terminal_codes import STEERING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status
    from rich_pixels import Pixels

    from imagebridge.events import Log, Progress

_COLUMNS = 48
"""The width of a thumbnail in columns; a character shows two pixels, one above the other."""

_ROWS = 18


_ESCAPES = {sign: f"\\u{sign:04x}" for sign in STEERING}
"""The characters that control a terminal, with their JSON escapes."""


class Terminal:
    """Stderr, to which only `tell` writes unless it is a terminal; with `live`, also stdout if that is a terminal."""

    def __init__(self, *, live: bool = False) -> None:
        self._console = _console() if sys.stderr.isatty() else None
        self._status: Status | None = None
        self._live = live and sys.stdout.isatty()
        self._open = False
        """Whether a line of stdout has been started."""
        self._pieces: list[str] = []
        self._said = ""

    @property
    def answers(self) -> bool:
        """Whether a person can see questions and answer them."""
        return self._console is not None and sys.stdin.isatty()

    def ask(self, question: str) -> bool:
        """Ask a yes-or-no question; no is the default."""
        self._break()
        status = self._status
        if status is not None:
            status.stop()
        try:
            return click.confirm(plain(question), err=True)
        finally:
            if status is not None:
                status.start()

    def on_event(self, event: "Progress | Log") -> None:
        """Show a call's progress and a server's warnings."""
        from imagebridge.events import Progress

        if isinstance(event, Progress):
            of = f" of {event.total:g}" if event.total else ""
            message = f", {event.message}" if event.message else ""
            if self._status is not None:
                self._status.update(_escaped(f"{event.call.name}: {event.progress:g}{of}{message}"))
        elif event.level not in ("debug", "info", "notice"):
            self.note(f"{event.server}: {event.level}: {event.data}")

    def piece(self, text: str) -> None:
        """Write a piece of the answer to stdout as it arrives; progress waits until the text or its line ends."""
        if not self._live or not text:
            return
        if not self._open and self._status is not None:
            self._status.stop()
        self._open = True
        self._pieces.append(text)
        click.echo(plain(text), nl=False)

    def end(self) -> None:
        """End the text made of pieces; the next piece starts a new one."""
        self._break()
        self._said = "".join(self._pieces) or self._said
        self._pieces.clear()

    def has_shown(self, text: str) -> bool:
        """Return whether this text was the last thing shown, in pieces."""
        return bool(text) and self._said == text

    def _break(self) -> None:
        """End the line of stdout before something else is shown."""
        if not self._open:
            return
        self._open = False
        if not self._pieces[-1].endswith("\n"):
            click.echo()
        if self._status is not None:
            self._status.start()

    @contextmanager
    def busy(self, text: str) -> "Generator[Callable[[str], None]]":
        """Show that something is in progress, until the block exits. Yields a function that changes the description."""
        if self._console is None:
            yield _nothing
            return
        with self._console.status(_escaped(text)) as self._status:
            status = self._status
            try:
                yield lambda now: status.update(_escaped(now))
            finally:
                self._status = None
                self._break()

    def note(self, text: str) -> None:
        """Write a line that matters only to a person who is watching."""
        if self._console is not None:
            self._break()
            self._console.print(plain(text), markup=False, highlight=False, style="dim")

    def tell(self, text: str) -> None:
        """Write a line that also belongs in a log."""
        self._break()
        if self._console is not None:
            self._console.print(plain(text), markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(text, err=True)

    def thumbnail(self, data: bytes) -> None:
        """Show a small picture, if the terminal has colours for it."""
        if self._console is not None and coloured(self._console):
            self._console.print(pixels(data, _COLUMNS, _ROWS))


def _nothing(_: str) -> None:
    pass


def _console() -> "Console":
    from rich.console import Console

    return Console(stderr=True)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(plain(text))


def plain(text: str) -> str:
    """Return a text without the characters that control a terminal; line breaks and tabs stay."""
    return text.translate(STEERING)


def escaped(json_text: str) -> str:
    """Return JSON in which the characters that control a terminal are escaped, with the same meaning."""
    return json_text.translate(_ESCAPES)


def say(text: str, *, err: bool = False) -> None:
    """Write a line for people to stdout, or to stderr with `err`; a pipe gets it unchanged."""
    stream = sys.stderr if err else sys.stdout
    click.echo(plain(text) if stream.isatty() else text, err=err)


def show_error(error: click.ClickException) -> None:
    """Write an error as click does, without terminal control characters: it quotes what the user typed and servers sent."""
    words = StringIO()
    error.show(words)
    click.echo(plain(words.getvalue()), err=True, nl=False)


def coloured(console: "Console") -> bool:
    """Return whether this console shows colours: without them, a thumbnail is a grey block."""
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
