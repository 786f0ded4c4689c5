"""Finds fonts: in packages installed for them, and in the system's folders."""

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from glob import glob
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from imagebridge.requirements import install_command

PACKAGES = ("noto_cjk_sans_otc",)
"""The packages that contain fonts, from `EXTRA` (2026-11-22)."""

EXTRA = "cjk"
"""The extra that installs them."""

_SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC")
"""How the Unicode names of the letters in these fonts start."""

_SYSTEM = {
    "darwin": (
        "/Library/Fonts",
        "/System/Library/Fonts",
        "/System/Library/AssetsV2/com_apple_MobileAsset_Font*",
        "/Network/Library/Fonts",
        "~/Library/Fonts",
    ),
    "win32": (
        "$SYSTEMROOT/Fonts",
        "~/AppData/Local/Microsoft/Windows/Fonts",
        "~/AppData/Roaming/Microsoft/Windows/Fonts",
    ),
    "linux": ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts"),
}
"""The font folders, by `sys.platform`, that resvg 0.5 searches: those of fontdb 0.24, `load_system_fonts` in
https://github.com/RazrFalcon/fontdb/blob/master/src/lib.rs, read on 2026-11-30. On Linux, fontdb first reads
fontconfig's configuration, which may name further folders; it uses these if there is no configuration."""

_LOOKED = 200
"""The maximum number of font files in which a font for text is looked for."""

_SUFFIXES = frozenset({".ttf", ".otf", ".ttc", ".otc"})


def packed() -> list[str]:
    """Return the folders of the installed font packages, without importing them."""
    folders: list[str] = []
    for name in PACKAGES:
        with suppress(ImportError, ValueError):
            package = find_spec(name)
            if package and package.origin:
                folders.append(str(Path(package.origin).parent))
    return folders


def remedy(characters: Iterable[str]) -> str:
    """Return the command that installs fonts for missing characters; "" if no package is known to help."""
    helps = any(unicodedata.name(character, "").startswith(_SCRIPTS) for character in characters)
    return (
        f"{install_command(EXTRA)} adds Chinese, Japanese and Korean characters"
        if helps and not packed()
        else ""
    )


def files() -> Iterator[str]:
    """Yield the font files of packages, then those of the system, which are also used to draw SVGs."""
    yield from _files_in(packed())
    yield from _files_in(_system())


def _system() -> list[str]:
    """Return the system's font folders."""
    return [
        folder
        for one in _SYSTEM.get(sys.platform, _SYSTEM["linux"])
        for folder in sorted(glob(os.path.expandvars(os.path.expanduser(one))))
    ]


def _files_in(parents: Iterable[str]) -> Iterator[str]:
    for folder in parents:
        for inside, folders, names in os.walk(folder):
            folders.sort()
            yield from (
                str(Path(inside, name)) for name in sorted(names) if Path(name).suffix.lower() in _SUFFIXES
            )


@cache
def text_family() -> str:
    """Return the family of one of the system's fonts for Latin text, preferably one without serifs; "" if there is none."""
    from PIL import ImageFont

    families: set[str] = set()
    for file in islice(_files_in(_system()), _LOOKED):
        with suppress(OSError, ValueError):
            font = ImageFont.truetype(file, 16)
            box = bytes(font.getmask("\U0010fffd"))  # pyright: ignore[reportArgumentType]
            if all(bytes(font.getmask(c)) not in (box, b"") for c in "Ag"):  # pyright: ignore[reportArgumentType]
                families.add(font.getname()[0] or "")
    return min(
        families - {""}, key=lambda name: ("Sans" not in name, "Mono" in name, len(name), name), default=""
    )


def holding(characters: str) -> tuple[str, str]:
    """Return the first font file that lacks the fewest of the given characters, and the characters that it lacks.

    Requires a Pillow that can draw text. If there is no font at all, the file name is empty.
    """
    from PIL import ImageFont

    best, lacks = "", characters
    for file in files() if characters else ():
        try:
            # A small size loads fast; fonts that contain only pictures have none.
            font = ImageFont.truetype(file, 16)
            box = bytes(font.getmask("\U0010fffd"))  # pyright: ignore[reportArgumentType]
            here = "".join(c for c in characters if bytes(font.getmask(c)) in (box, b""))  # pyright: ignore[reportArgumentType]
        except (OSError, ValueError):
            continue
        if len(here) < len(lacks):
            best, lacks = file, here
        if not lacks:
            break
    return best, lacks
