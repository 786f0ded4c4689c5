"""saved: writes pictures as files in writable folders, which is the only way in which tools write files."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from secrets import token_hex
from unicodedata import category

from anyio import to_thread

from imagebridge.errors import ArgumentError
from imagebridge.pictures.picture import Picture
from imagebridge.translate.sentences import amount
from imagebridge_tools.apart import apart
from imagebridge_tools.tool_output import ToolOutput, described

from . import folders
from .footprint import not_repeatable

FORMATS = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}
"""The suffixes of names, and the formats that are written for them."""

_SVG = ".svg"
"""The suffix for the SVG that a picture was drawn from, if there is one."""

_SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif"}
_RESERVED = {
    *("con", "prn", "aux", "nul", "conin$", "conout$"),
    *(f"{port}{number}" for port in ("com", "lpt") for number in "0123456789\u00b9\u00b2\u00b3"),
}
"""Names that Windows reserves for devices, whatever their suffix (Microsoft's "Naming Files, Paths, and Namespaces", 2026-11)."""

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
_JOINERS = "\u200c\u200d"
"""Characters that are invisible or change the direction of text, and the ones among them that some scripts need."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Target:
    """Where pictures will be saved: a real folder, and the file's name and suffix, which may be empty."""

    folder: str
    stem: str
    suffix: str
    overwrite: bool

    def name(self, picture: Picture, number: int | None) -> str:
        """Return the name of one file, with its `number` if there are several."""
        several = f"-{number}" if number else ""
        return f"{self.stem}{several}{self.suffix or _SUFFIXES[picture.media_type]}"


def target(
    save_as: str, allow_write: Sequence[Path], *, overwrite: bool = False, svg: bool = False
) -> Target:
    """Check that `save_as` is a path below one of the folders `allow_write`, before anything is created.

    With `svg`, it may end in .svg, because the result is drawn from an SVG.

    Raises:
        ArgumentError: the path is not writable, its folder does not exist, or the file exists and `overwrite` is false.
    """
    not_repeatable()
    if not allow_write:
        raise ArgumentError("save_as", "no folder is writable; start the server with --allow-write FOLDER")
    path = folders.path_of(save_as, "save_as")
    place = folders.place(path, allow_write, "save_as", save_as)
    stem, suffix = _stem_and_suffix(place.name, save_as, svg=svg)
    folder = str(place.parent)
    if not os.path.isdir(folder):
        raise ArgumentError("save_as", f"the folder for {save_as!r} does not exist; use one that does")
    if os.path.isdir(os.path.join(folder, stem + suffix)):
        raise ArgumentError("save_as", f"{save_as!r} is a folder; name a file in it")
    target_file = Target(folder, stem, suffix, overwrite)
    if suffix and not overwrite and os.path.lexists(os.path.join(folder, stem + suffix)):
        raise _exists(stem + suffix)
    return target_file


def _stem_and_suffix(name: str, save_as: str, *, svg: bool) -> tuple[str, str]:
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    elif f".{suffix.lower()}" not in (allowed := (*FORMATS, _SVG) if svg else tuple(FORMATS)):
        raise ArgumentError(
            "save_as", f"{save_as!r} ends in .{suffix}; give one of {', '.join(allowed)}, or none"
        )
    else:
        suffix = f".{suffix}"
    plain = PureWindowsPath(name).name == name and PurePosixPath(name).name == name
    odd = any(sign in ':*?"<>|' or (category(sign) in _UNSEEN and sign not in _JOINERS) for sign in name)
    if (
        not plain
        or odd
        or stem.strip(" .") != stem
        or not stem
        or stem.split(".")[0].strip().lower() in _RESERVED
    ):
        raise ArgumentError(
            "save_as", f"{name!r} is not a valid file name on every system; use letters, digits, - and _"
        )
    return stem, suffix


async def saved(answer: ToolOutput, where: Target) -> ToolOutput:
    """Write the pictures of `answer` to files, and say so in its sentence. Several are numbered: chart-1.png, chart-2.png.

    A picture is converted if the suffix names a different format. The SVG that a picture was drawn from is written
    instead of it, unless the suffix names a different format.

    Raises:
        ArgumentError: a file already exists, or cannot be written.
    """
    if where.suffix.lower() in ("", _SVG):
        if answer.svg:
            return await _saved_svg(answer, answer.svg.encode(), replace(where, suffix=where.suffix or _SVG))
        where = replace(where, suffix="")  # There is none: the API made another kind of picture.
    several = len(answer.pictures) > 1
    files: dict[str, Picture] = {}
    for number, picture in enumerate(answer.pictures, 1):
        wanted = FORMATS.get(where.suffix.lower(), picture.media_type)
        written = picture if wanted == picture.media_type else await apart(_as, picture, wanted)
        files[where.name(written, number if several else None)] = written
    # In one step: a call that is cancelled before it leaves no file, and after it none is missing.
    await to_thread.run_sync(_write_all, where, {name: picture.data for name, picture in files.items()})
    places = [
        f"{os.path.join(where.folder, name)} ({described(picture)}{_first_of(came, picture)})"
        for (name, picture), came in zip(files.items(), answer.pictures, strict=True)
    ]
    return answer._replace(sentence=f"{answer.sentence} Saved as {', '.join(places)}.") if places else answer


def _first_of(came: Picture, saved_picture: Picture) -> str:
    return f", the first of {came.frames} frames" if came.frames > saved_picture.frames else ""


async def _saved_svg(answer: ToolOutput, data: bytes, where: Target) -> ToolOutput:
    name = f"{where.stem}{where.suffix}"
    await to_thread.run_sync(_write_all, where, {name: data})
    place = os.path.join(where.folder, name)
    return answer._replace(sentence=f"{answer.sentence} Saved as {place} (SVG, {amount(len(data))}).")


def _as(picture: Picture, media_type: str) -> Picture:
    """Encode a picture in another format; for JPEG, put a transparent picture on white."""
    from io import BytesIO

    from imagebridge.pictures.decode import opened, srgb, upright
    from imagebridge.pictures.encode import opaque, standard

    image = standard(srgb(upright(opened(picture.data), picture.orientation)))
    form = media_type.removeprefix("image/")
    buffer = BytesIO()
    bare = (opaque(image) if form == "jpeg" else image).copy()
    bare.info = {}
    bare.save(buffer, form.upper(), **({} if form in ("png", "gif") else {"quality": 92}))
    return Picture.from_bytes(buffer.getvalue())


def _write_all(where: Target, files: Mapping[str, bytes]) -> None:
    """Write the files of one answer, or none of them: if one cannot be written, the new ones are removed."""
    with ExitStack() as written:
        for name, data in files.items():
            _write_file(where, name, data)
            if not where.overwrite:
                written.callback(_unlink, where.folder, name)
        written.pop_all()


def _unlink(where: str, name: str) -> None:
    with suppress(OSError), folders.held(where) as folder:
        os.unlink(_path_in(where, name, folder), dir_fd=folder)


def _write_file(where: Target, name: str, data: bytes) -> None:
    """Write a file; replace an existing file atomically, and replace a link instead of following it."""
    try:
        # Checked again if no folder can be held open.
        if os.path.realpath(where.folder) != where.folder:
            raise OSError(0, "its folder has become a link")
        with folders.held(where.folder) as folder:
            path, new = (
                _path_in(where.folder, name, folder),
                _path_in(where.folder, f".{token_hex(8)}.part", folder),
            )
            making = new if where.overwrite else path
            with os.fdopen(os.open(making, _NEW, 0o644, dir_fd=folder), "wb") as file:
                try:
                    file.write(data)
                    file.flush()
                    if where.overwrite:
                        os.replace(new, path, src_dir_fd=folder, dst_dir_fd=folder)
                except BaseException:
                    os.unlink(making, dir_fd=folder)
                    raise
    except FileExistsError:
        raise _exists(name) from None
    except OSError as error:
        raise ArgumentError("save_as", f"{name!r} cannot be written: {error.strerror}") from None


def _path_in(folder: str, name: str, descriptor: int | None) -> str:
    return os.path.join(folder, name) if descriptor is None else name


def _exists(name: str) -> ArgumentError:
    return ArgumentError("save_as", f"{name!r} already exists; use another name, or overwrite=true")
