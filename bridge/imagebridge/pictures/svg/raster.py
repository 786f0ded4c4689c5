"""Rasterises SVG text to PNG in a separate process, which may hang or crash without affecting this one."""

import os
import re
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from typing import Self

from imagebridge.errors import PictureError
from imagebridge.pictures import fonts
from imagebridge.pictures.cost import HeavyError, allowed
from imagebridge.pictures.work_processes import ending_with_work, is_given_up

SECONDS = 10.0
"""The time limit for one drawing, in seconds; ordinary drawings take hundredths of a second."""

MEMORY = 700_000_000
"""The memory limit for one drawing, in bytes, on systems that can enforce it (not Windows and macOS)."""

_LEAST = 200_000_000
"""The memory that ordinary drawings need, in bytes; if less is allowed, drawing is not attempted."""

_REFUSED = 3
_LOGGED = 65_536
_NO_GLYPH = re.compile(r"No fonts with a (.)/U\+[0-9A-F]{1,6} character were found", re.DOTALL)
_NO_FONT = "No match for "

_HAS_MISSING_DEFAULT = Event()
"""Set once text was not drawn in this process, because the system's settings name a font that is not installed."""


@dataclass(frozen=True, slots=True)
class Raster:
    """A PNG, the characters that no installed font has, and whether text is missing because there is no font at all."""

    png: bytes
    missing: tuple[str, ...]
    fontless: bool


def rasterised(text: str, width: int, height: int) -> Raster:
    """Draw SVG `text` at `width` x `height` pixels. Remove its external references first: files would be read.

    Raises:
        PictureError: drawing takes more than `SECONDS` or `MEMORY`, or the rasteriser refuses the SVG or crashes.
        HeavyError: drawing may take more memory than is currently allowed.
    """
    family = fonts.text_family() if _HAS_MISSING_DEFAULT.is_set() else ""
    raster = _rasterised(text, width, height, family)
    # The system's settings may name fonts that are not installed, and resvg then draws no text at all.
    if raster.fontless and not family and (family := fonts.text_family()):
        _HAS_MISSING_DEFAULT.set()
        return _rasterised(text, width, height, family)
    return raster


def _rasterised(text: str, width: int, height: int, family: str) -> Raster:
    memory = min(MEMORY, allowed())
    if allowed() < _LEAST:
        raise HeavyError
    if is_given_up():
        raise PictureError("the SVG was not drawn, because the call was cancelled")
    command = _command(width, height, memory, family)
    try:
        with (
            _LogPipe() as log,
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log.writing,
                creationflags=subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
            ) as process,
            ending_with_work(process),
        ):
            drawn, _ = process.communicate(text.encode(), SECONDS)
    except subprocess.TimeoutExpired:
        raise PictureError(f"the SVG takes too long to draw: over {SECONDS:g} seconds") from None
    except (OSError, RuntimeError) as error:
        # No process, thread or pipe is available.
        raise PictureError(f"the SVG rasteriser cannot be started ({error})") from error
    code = process.returncode
    if code == _REFUSED:
        raise PictureError(f"the SVG cannot be drawn ({drawn[:120].decode(errors='replace')})")
    if code and memory < MEMORY:
        raise HeavyError
    if code:
        # Killed at a limit, or aborted by the rasteriser itself when it got no memory.
        raise PictureError("the SVG takes too much memory to draw, or crashes the rasteriser")
    return Raster(drawn, tuple(lacking(log.text, text)), _NO_FONT in log.text)


def lacking(log: str, text: str) -> list[str]:
    """Return the characters of SVG `text` that no font has according to resvg's `log`; letters include their marks.

    resvg 0.5 also names a letter if the font has it and lacks only a mark on it, such as a vowel sign.
    """
    marks = "".join(one for one in set(text) if unicodedata.category(one).startswith("M"))
    marked: dict[str, list[str]] = {}
    for whole, letter in re.findall(f"(([^{marks}])[{marks}]+)", text) if marks else ():
        marked.setdefault(letter, []).append(whole)
    letters = dict.fromkeys(_NO_GLYPH.findall(log))
    return list(dict.fromkeys(one for letter in letters for one in marked.get(letter, [letter])))


def _command(width: int, height: int, memory: int, family: str) -> list[str]:
    package = find_spec("resvg_py")
    if package is None or package.origin is None or not sys.executable or getattr(sys, "frozen", False):
        raise PictureError(
            "drawing SVG needs the package resvg-py and a separate Python process, which are not available "
            "here"
        )
    # -I and -S: nothing in the environment and no .pth file may slow or change the start.
    script, folder = Path(__file__).with_name("painter.py"), Path(package.origin).parents[1]
    arguments = (script, folder, width, height, memory, int(SECONDS) + 2, os.getpid(), family)
    return [sys.executable, "-I", "-S", *map(str, arguments)]


class _LogPipe:
    """A pipe that is read to its end but keeps only the first bytes: a hostile file may cause endless logging."""

    def __init__(self) -> None:
        self.text = ""

    def __enter__(self) -> Self:
        reading, self.writing = os.pipe()
        self._reader = Thread(target=self._read, args=(reading,), daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.writing)
        self._reader.join()

    def _read(self, reading: int) -> None:
        with os.fdopen(reading, "rb") as log:
            self.text = log.read(_LOGGED).decode(errors="replace")
            while log.read(_LOGGED):
                pass
