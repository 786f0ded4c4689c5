"""`ask --transcript`: records a run as it happens and writes it as one page, however the run ends."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagebridge.cli.failure import Failure
from imagebridge.cli.save import whole
from imagebridge.translate.sentences import amount

if TYPE_CHECKING:
    from imagebridge.cli.terminal import Terminal

    from .entries import Transcript


@contextmanager
def saved(transcript: "Transcript", path: Path | None, terminal: "Terminal") -> Generator[None]:
    """Write the page when the block exits, for whatever reason, and report where. Without a path, nothing is written.

    The file is created before the block runs, so that an unusable name is reported early; until the end it
    contains only the question.

    Raises:
        Failure: the file cannot be written.
    """
    if path is None:
        yield
        return
    _write_page(transcript, path)
    problem = "the run ended with an unexpected error"
    try:
        yield
        problem = ""
    except click.ClickException as error:
        problem = error.message
        raise
    except (KeyboardInterrupt, click.Abort):
        problem = "stopped by the user"
        raise
    finally:
        transcript.end(problem)
        _write_page(transcript, path)
        terminal.tell(f"saved {path} ({amount(path.stat().st_size)})")


def _write_page(transcript: "Transcript", path: Path) -> None:
    from .page import page

    try:
        # A lone surrogate, which a model may write as \ud800, cannot be written as UTF-8.
        with whole(path) as part, part.open("w", encoding="utf-8", errors="xmlcharrefreplace") as file:
            file.writelines(page(transcript))
    except OSError as error:
        raise Failure(f"--transcript: {path} cannot be written: {error.strerror or error}") from error
