"""load_image: loads a picture from any place that tools may read, in an upright form that models accept."""

from math import sqrt
from typing import Annotated, NamedTuple

from imagebridge.errors import ArgumentError, PictureError
from imagebridge.facts import limits
from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import to_base64
from imagebridge.pictures.picture import Picture
from imagebridge.translate.sentences import amount

from .apart import apart
from .arguments import ImageSource
from .declaration import Argument, tool
from .drawing.pixels import MOVING, PAGED, SHOWN, frame_count
from .files.source import NOWHERE, Places, Source, opened
from .lenient_values import number
from .mistakes import Mistakes, Noted
from .tool_output import ToolOutput, described

SMALLEST = 16
"""The minimum value of `max_size`, in pixels."""

_NAMES = {kinds.JP2: "JPEG 2000", kinds.TIFF: "TIFF"}

_LARGE, _LARGE_AREA = 40_000_000, 12_000_000
"""The number of pixels above which a picture is shrunk, and the number to which it is: more than any model sees."""


class LoadedFile(NamedTuple):
    """The result for a file: its pictures, remarks, and the number of original pixels per pixel of a single picture."""

    pictures: tuple[Picture, ...]
    words: str
    scale: float = 1.0


PageNumber = Annotated[int | None, Argument("Show only this page of a TIFF, counted from 1.", least=1)]

FrameNumber = Annotated[
    int | None, Argument("Show only this frame of an animation, counted from 1.", least=1)
]

MaxSize = Annotated[
    int | None,
    Argument(
        "Maximum length of the longer side in pixels.",
        reading=number,
        least=16,
        names=("size", "max_side", "max_width", "max_pixels"),
    ),
]


@tool(
    "Load a picture",
    f"Show a picture: {SHOWN}. It is turned upright, stripped of metadata, and scaled down if it is too "
    "large for a result. "
    "An animation is shown as a sheet of frames, a TIFF as one picture per page. {where}",
    saves=True,
)
async def load_image(
    source: ImageSource,
    places: Places = NOWHERE,
    *,
    page: PageNumber = None,
    frame: FrameNumber = None,
    max_size: MaxSize = None,
    noted: Noted = (),
) -> ToolOutput:
    """Load the picture that `source` names (see `source.opened`).

    All formats that the bridge converts are accepted. Pictures are returned upright and without metadata (location,
    camera, comments), in formats that models accept: an animation as one sheet of its frames, a TIFF as one picture per
    page. `page` and `frame`, counted from 1, select one of them; `max_size` limits the longer side in pixels. `noted`
    contains the mistakes found so far; they are reported together with those found here.

    Raises:
        ArgumentError: `source` may not be read, does not exist, or is not a picture, or the page does not exist; the
        error reports everything that is wrong.
        ApartError: decoding took too long or too much memory.
    """
    mistakes = Mistakes(noted)
    _check(mistakes, page, frame, max_size)
    found = await mistakes.met(_picture(source, places))
    if found and mistakes.found and (page or frame):
        # Nothing will be shown: this only checks whether the page exists.
        picked = page if page and page >= 1 else None, frame if frame and frame >= 1 else None
        await mistakes.met(apart(_check_number, found.data, *picked))
    if found is None or mistakes.found:
        raise mistakes.error()
    name, data, _ = found
    try:
        loaded = await apart(decoded, data, page, frame, max_size)
    except PictureError as error:
        raise ArgumentError(
            "source", f"{name} cannot be shown: {error.reason}; give {error.instead}"
        ) from error
    return ToolOutput(f"{name}: {loaded.words}.", loaded.pictures, scale=loaded.scale)


async def _picture(source: str, places: Places) -> Source:
    found = await opened(source, places)
    known(found.name, found.data)
    return found


def known(name: str, data: bytes, argument: str = "source") -> kinds.FileType:
    """Return the format of a picture, detected from its first bytes.

    Raises:
        ArgumentError: the file is not a picture.
    """
    file_type = kinds.kind(data)
    if file_type is None or file_type.sort != "picture":
        what = f"a file of type {file_type.media_type}" if file_type else _why_unknown(data)
        other = "; load_file reads it" if file_type and file_type.sort == "document" else ""
        raise ArgumentError(argument, f"{name} is {what}; supported are {SHOWN}{other}")
    return file_type


def _check(mistakes: Mistakes, page: int | None, frame: int | None, max_size: int | None) -> None:
    if page is not None and frame is not None:
        mistakes.add(ArgumentError("frame", "is for animations and page is for TIFF; use only one of them"))
    for name, value, least in (("page", page, 1), ("frame", frame, 1), ("max_size", max_size, SMALLEST)):
        if value is not None and value < least:
            mistakes.add(ArgumentError(name, f"is {value}; give {least} or more"))


def decoded(
    data: bytes, page: int | None = None, frame: int | None = None, max_size: int | None = None
) -> LoadedFile:
    """Decode a picture of any format and prepare it for a model. Called in a separate process (see `apart`).

    Raises:
        PictureError: the picture cannot be shown.
        ArgumentError: the requested `page` or `frame` does not exist.
    """
    file_type = known("it", data)
    original = Picture.from_bytes(data) if file_type.media_type in limits.SENDABLE else None
    sentence, scale = _sentence(file_type, data, original), 1.0
    if original:
        data = original.data  # repaired
    if page is not None or frame is not None:
        pictures, done = _one(data, file_type, page, frame)
    elif original and original.frames == 1:
        if (side := _most(original, max_size)) < max(original.width, original.height):
            # At once: a JPEG is decoded at the required scale.
            smaller = _smaller(original, side)
            return LoadedFile(
                (smaller,),
                f"{sentence}; returned as {described(smaller)} without metadata{_view_hint(max_size)}",
                original.width / smaller.width,
            )
        picture, done = _bare(original)
        pictures = (picture,)
    else:
        pictures, done, original_width = _converted(data)
        scale = original_width / pictures[0].width if original_width else 1.0
    small = tuple(_smaller(one, _most(one, max_size)) for one in pictures)
    if small == pictures:
        return LoadedFile(pictures, sentence + done, scale)
    scale = scale * pictures[0].width / small[0].width if len(small) == 1 else 1.0
    made = ", ".join(described(one) for one in small)
    return LoadedFile(small, f"{sentence}{done}; scaled down to {made}{_view_hint(max_size)}", scale)


def _most(picture: Picture, max_size: int | None) -> int:
    """Return the limit for the longer side of a returned picture, in pixels."""
    longer = max(picture.width, picture.height)
    area = picture.width * picture.height
    return min(
        longer, max_size or longer, int(longer * sqrt(_LARGE_AREA / area)) if area > _LARGE else longer
    )


def _view_hint(max_size: int | None) -> str:
    return "" if max_size else "; view_image shows parts of it at full size"


def _smaller(picture: Picture, max_size: int) -> Picture:
    """Shrink `picture` to at most `max_size` pixels on its longer side."""
    from imagebridge.pictures.convert import fitted

    longer = max(picture.width, picture.height)
    if longer <= max_size:
        return picture
    width, height = (max(1, round(side * max_size / longer)) for side in (picture.width, picture.height))
    return fitted(picture, width, height)


def _one(
    data: bytes, file_type: kinds.FileType, page: int | None, frame: int | None
) -> tuple[tuple[Picture, ...], str]:
    """Return one page of a TIFF or one frame of an animation, and a remark on it."""
    from imagebridge.pictures import animation, pages
    from imagebridge.pictures.encode import redrawn

    noun, number, total = _check_number(data, page, frame)
    if file_type in MOVING and total == 1 and file_type.media_type in limits.SENDABLE:
        still, done = _bare(Picture.from_bytes(data))
        return (still,), done
    if file_type not in PAGED and total == 1:
        return _converted(data)[:2]
    at = number - 1
    image = pages.page(data, at)[0] if file_type in PAGED else animation.frame(data, at)
    picture = redrawn(image, lossless=kinds.is_lossless(data))
    return (picture,), f"; {noun} {number} of {total}, returned as {described(picture)} without metadata"


def _check_number(data: bytes, page: int | None, frame: int | None) -> tuple[str, int, int]:
    """Return "page" or "frame", the requested number, and the total.

    Raises:
        ArgumentError: the page or frame does not exist.
    """
    file_type = known("it", data)
    noun, number = ("page", page) if page is not None else ("frame", frame or 1)
    if noun == "page" and file_type in MOVING:
        raise ArgumentError("page", "is for TIFF; a picture in this format has frames, so use frame")
    if noun == "frame" and file_type in PAGED:
        raise ArgumentError("frame", "is for animations; a TIFF has pages, so use page")
    total = frame_count(data)
    if number > total:
        raise ArgumentError(
            noun, f"is {number}; the file has {total} {noun}{'' if total == 1 else 's'}, counted from 1"
        )
    return noun, number, total


def _sentence(file_type: kinds.FileType, data: bytes, original: Picture | None) -> str:
    """Return the format of a file, its size in pixels if known, and its size in bytes."""
    if original:
        return f"{described(original).rsplit(',', 1)[0]}, {amount(len(data))}"
    return f"{_NAMES.get(file_type, file_type.suffix[1:].upper())}, {amount(len(data))}"


def _converted(data: bytes) -> tuple[tuple[Picture, ...], str, int]:
    """Convert a file that no model accepts; return pictures, remarks, and its original width if it was drawn at another size."""
    from imagebridge.pictures.convert import converted

    conversion = converted(to_base64(data), "decoded")
    done = f"; shown: {conversion.sentence}" if conversion.sentence else ""
    if conversion.size:
        done += f"; {conversion.size[0]}x{conversion.size[1]} px according to its header"
    first = conversion.pictures[0]
    result = described(first) if len(conversion.pictures) == 1 else f"{len(conversion.pictures)} pictures"
    return (
        conversion.pictures,
        f"{done}; returned as {result} without metadata",
        conversion.size[0] if conversion.size else 0,
    )


def _why_unknown(data: bytes) -> str:
    return "empty" if not data else "not a picture in a known format"


def _bare(original: Picture) -> tuple[Picture, str]:
    """Return a still picture upright and without metadata, and remarks on the changes. If nothing needs to be changed,
    and models accept the file, its bytes are kept.
    """
    from imagebridge.pictures.convert import light_sentence
    from imagebridge.pictures.decode import load, read, srgb, upright
    from imagebridge.pictures.decoder_errors import decoding
    from imagebridge.pictures.encode import as_picture
    from imagebridge.pictures.metadata import is_noted, profile_name, without_notes

    image = read(original.data)
    turned = original.orientation != 1
    bare = not turned and not is_noted(image)
    if bare and original.plain:
        return original.proven("decoded"), ""
    profile = profile_name(image)
    if not turned and original.plain and (not profile or "sRGB" in profile):
        stripped = without_notes(original.data)
        if stripped and not is_noted(read(stripped)):
            return Picture.from_bytes(stripped, "decoded"), "; metadata removed"
    with decoding("its pixels cannot be converted"):
        lossless = kinds.is_lossless(original.data)
        picture = as_picture(srgb(upright(load(image), original.orientation)), lossless=lossless)
    light = light_sentence(original.data)
    done = (f"; shown: {light}" if light else "") + ("; turned upright" if turned else "")
    if picture.media_type != original.media_type:
        done += f"; returned as {described(picture)}"
    return picture, done if bare else f"{done}; metadata removed"
