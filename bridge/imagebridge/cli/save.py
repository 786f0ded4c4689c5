"""Writes pictures into a folder, as sent."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from imagebridge.translate.sentences import amount

from .failure import Failure
from .terminal import Terminal

if TYPE_CHECKING:
    from imagebridge.translate.translation import ShownPicture


def folder(path: Path | None) -> None:
    """Create the folder of --save before any tool runs, so that an unusable name is reported before any work is done.

    Raises:
        Failure: the folder cannot be created.
    """
    if path is None:
        return
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"--save: the folder {path} cannot be created: {error.strerror or error}") from error


def save_pictures(
    path: Path | None, call: int, pictures: "Iterable[ShownPicture]", terminal: Terminal
) -> None:
    """Write a call's pictures as `call_1-1.png` and so on, and report their paths.

    The first number is the call's, or the next one of which the folder has no pictures: those of earlier runs are kept.

    Raises:
        Failure: a file cannot be written.
    """
    if path is None:
        return
    taken: set[str] = set()
    with suppress(OSError):  # Writing fails too, and says why.
        taken = {file.name.partition("-")[0] for file in path.iterdir()}
    while f"call_{call}" in taken:
        call += 1
    for number, shown_picture in enumerate(pictures, 1):
        picture = shown_picture.picture
        size = (picture.width, picture.height)
        write(path, f"call_{call}-{number}", picture.data, picture.media_type, size, terminal)


def write(
    path: Path, name: str, data: bytes, media_type: str, size: tuple[int, int], terminal: Terminal
) -> None:
    """Write one picture of `size` pixels and report its path. An existing file is replaced.

    Raises:
        Failure: the file cannot be written.
    """
    file = path / f"{name}.{extension(media_type)}"
    try:
        with whole(file) as part:
            part.write_bytes(data)
    except OSError as error:
        raise Failure(f"--save: {file} cannot be written: {error.strerror or error}") from error
    terminal.tell(f"saved {file} ({size[0]}x{size[1]}, {amount(len(data))})")


@contextmanager
def whole(file: Path) -> Generator[Path]:
    """Yield a temporary path for a file, which gets its final name once it is complete, in case the disk fills up."""
    if file.exists() and not file.is_file():
        yield file  # A device or a pipe is written directly.
        return
    part = file.with_name(f".{file.name}.part")
    try:
        yield part
        part.replace(file)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def extension(media_type: str) -> str:
    """Return the usual suffix for a file of this type."""
    return {"image/jpeg": "jpg"}.get(media_type, media_type.partition("/")[2])
