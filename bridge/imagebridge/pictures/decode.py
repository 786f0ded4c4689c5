"""Decodes bytes to pixels, safely: the first bytes choose the decoder, and the size is limited before decoding."""

import re
import warnings
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from hashlib import sha256
from importlib import import_module
from io import BytesIO
from logging import NullHandler, getLogger
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from imagebridge.errors import PictureError
from imagebridge.requirements import install_command

from . import bitmaps, iso_boxes, kinds, metadata, png
from .colour_spaces import of_png
from .colour_spaces import profile as profile_of
from .containers import orientation, walk
from .cost import MAX_PIXELS, check_memory, check_pixels, memory_of
from .decoder_errors import decoding
from .grey import eight_bits, is_deep

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

# Using one reader directly instead of `Image.open` lets no other decoder try the bytes. It also bypasses
# the check that warns about large pictures on stderr; the rest of it is handled in `load` (TIFF)
# and in containers.py (GIF). Our own limit replaces it.
_READERS: dict[kinds.FileType, tuple[str, str]] = {
    kinds.PNG: ("PIL.PngImagePlugin", "PngImageFile"),
    kinds.JPEG: ("PIL.JpegImagePlugin", "JpegImageFile"),
    kinds.WEBP: ("PIL.WebPImagePlugin", "WebPImageFile"),
    kinds.GIF: ("PIL.GifImagePlugin", "GifImageFile"),
    kinds.BMP: ("PIL.BmpImagePlugin", "BmpImageFile"),
    kinds.TIFF: ("PIL.TiffImagePlugin", "TiffImageFile"),
    kinds.AVIF: ("PIL.AvifImagePlugin", "AvifImageFile"),
    kinds.JP2: ("PIL.Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    kinds.PNM: ("PIL.PpmImagePlugin", "PpmImageFile"),
    kinds.HEIC: ("pillow_heif", "HeifImageFile"),
}


def read(data: bytes) -> "Image":
    """Read only the header of `data`; `load` decodes the pixels.

    Raises:
        PictureError: there is no picture that can be decoded here, or it has more than `MAX_PIXELS`.
    """
    return _within_limit(header(data))


@cache
def _quiet() -> None:
    """Keep Pillow's and libtiff's messages about broken files off stderr: they are reported in place of the pictures.

    Python writes Pillow's log messages to stderr unless logging is configured; libtiff writes directly, unless
    the library that Pillow has loaded is told not to (TIFFSetErrorHandler, TIFFSetWarningHandler).
    """
    getLogger("PIL").addHandler(NullHandler())
    import ctypes

    for path in _libtiff():
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(str(path))
            library.TIFFSetErrorHandler(None)
            library.TIFFSetWarningHandler(None)


def _libtiff() -> list[Path]:
    """Return the paths of the libtiff in a Pillow wheel (Linux, macOS)."""
    import PIL

    package = Path(PIL.__file__).parent
    return [*package.parent.glob("pillow.libs/libtiff*"), *package.glob(".dylibs/libtiff*")]


_WARNED = Lock()  # warning filters belong to the whole process: one thread at a time


@contextmanager
def _unwarned() -> Generator[None]:
    """Keep a reader's Python warnings off stderr."""
    with _WARNED, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def header(data: bytes) -> "Image":
    """Read the header of `data` like `read`, but without limiting the size: other pages may be smaller.

    Raises:
        PictureError: there is no picture that can be decoded here.
    """
    _quiet()
    file_type = kinds.kind(data)
    if file_type is kinds.ICO:
        with decoding("its header cannot be read"):
            return _icon(data)
    if file_type is kinds.BMP:
        with decoding("its header cannot be read"):
            if image := bitmaps.image(data):
                _mend_colours(image, data, kinds.BMP)
                return image
    if file_type not in _READERS:
        raise PictureError(
            f"{file_type.media_type if file_type else 'bytes of no known format'} cannot be decoded"
        )
    module, name = _READERS[file_type]
    try:
        reader = cast("type[ImageFile]", getattr(import_module(module), name))
    except ImportError as error:
        raise PictureError(f"decoding HEIC needs an extra: {install_command('heic')}") from error
    if file_type is kinds.WEBP:
        # Its decoder allocates all pixels as soon as it is created.
        said = walk(data)
        check_memory(said.width, said.height, 16 * said.width * said.height)
    if file_type is kinds.AVIF and (size := iso_boxes.stored_size(data)):
        check_pixels(*size)  # its decoder says that the file is broken
    bare, info = metadata.bare(data, file_type)
    # Only the TIFF reader warns, about tags that have nothing to do with the pixels.
    with decoding("its header cannot be read"), _unwarned() if file_type is kinds.TIFF else nullcontext():
        image = reader(BytesIO(bare))
    image.info.update(info)
    if file_type is kinds.AVIF and (size := iso_boxes.crop(data)):
        image.info[_CROP] = size
    if file_type is kinds.JP2 and (order := iso_boxes.columns(data)) and sorted(order) == _bands(image):
        image.info[_ORDER] = order
    _mend_colours(image, data, file_type)
    return image


_CROP, _ORDER = "crop", "order"
"""The keys in `info` under which `header` tells `load` the size to crop a picture to, and the order of its channels."""


def _bands(image: "Image") -> list[int]:
    return list(range(len(image.getbands())))


def _mend_colours(image: "Image", data: bytes, file_type: kinds.FileType) -> None:
    """Apply colour information that Pillow leaves to its users: colour spaces by number or gamma, and palettes."""
    if (
        file_type is kinds.JP2
        and image.mode == "P"
        and image.palette
        and (colours := iso_boxes.palette(data))
    ):
        # Pillow keeps equal colours once, and then counts incorrectly.
        image.palette.palette = bytearray(colours)
    if file_type is kinds.GIF and image.mode == "L":
        image.palette = None  # the file's, next to a grey one of the frame's own
    if not isinstance(image.info.get("icc_profile", b""), bytes):
        del image.info["icc_profile"]  # a TIFF may have it in any type
    said = png.colours(data) if file_type is kinds.PNG else {}
    if file_type is kinds.PNG and image.mode in ("L", "RGB") and "transparency" in image.info:
        image.info["transparency"] = _in_8_bits(image.info["transparency"], png.read_header(data).bits)
    if b"cICP" in said:
        image.info.pop("icc_profile", None)  # numbers take precedence
    if image.info.get("icc_profile"):
        return
    if file_type is kinds.AVIF:
        profile = profile_of(*iso_boxes.colour(data))
    elif file_type is kinds.PNG:
        profile = of_png(said)
    else:
        profile = bitmaps.profile(data) if file_type is kinds.BMP else b""
    if profile:
        image.info["icc_profile"] = profile


def _in_8_bits(clear: int | tuple[int, ...], bits: int) -> int | tuple[int, ...]:
    """Convert the transparent colour of a PNG to 8 bits, as Pillow does with the pixels but not with this colour."""
    if isinstance(clear, tuple):
        return tuple(one >> (bits - 8) for one in clear)
    return clear * 0xFF // ((1 << bits) - 1)


def _icon(data: bytes) -> "Image":
    """Read the best picture of an ICO or CUR: Pillow's reader trusts the list of sizes, and picks the shallowest."""
    best = bitmaps.icon(data)
    image = _within_limit(header(best.data))
    return image if kinds.kind(best.data) is kinds.PNG else best.shown(load(image))


def _within_limit(image: "Image") -> "Image":
    check_pixels(image.width, image.height)
    return image


def at_page(image: "Image", index: int) -> "Image":
    """Go to a frame or page, counted from 0 as by `frames`; each has its own size.

    Raises:
        PictureError: the page does not exist, its header is broken, or it has more than `MAX_PIXELS`.
    """
    with decoding("its header cannot be read"), _unwarned():
        image.seek(_before(image) + index)
    return _within_limit(image)


def load(image: "Image") -> "Image":
    """Decode the pixels of what `read` returned, at its current frame or page.

    Raises:
        PictureError: the pixels cannot be decoded, or that takes too much memory.
    """
    check_memory(image.width, image.height, memory_of(image))
    covered = _covered(image)
    with decoding("its pixels cannot be decoded"), _unwarned() if hasattr(image, "tag_v2") else nullcontext():
        _prepare(image)
        image.load()
        if size := image.info.get(_CROP):
            return image.crop((0, 0, *size))
        if order := image.info.get(_ORDER):
            return _ordered(image, order)
        return _cleared(image, covered) if covered else image


def _ordered(image: "Image", order: tuple[int, ...]) -> "Image":
    """Return a picture with its channels in their usual order; `order` contains the position of each."""
    from PIL import Image as Images

    ordered = Images.merge(image.mode, [image.getchannel(at) for at in order])
    ordered.info = image.info
    return ordered


def _covered(image: "Image") -> tuple[int, int, int, int] | None:
    """Return the part of a GIF's screen that its frame covers, before decoding; None if it covers all of it."""
    waiting: Any = getattr(image, "tile", None)
    if image.format != "GIF" or not waiting or waiting[0][1] == (0, 0, *image.size):
        return None
    check_memory(image.width, image.height, 13 * image.width * image.height)
    return waiting[0][1]


def _cleared(image: "Image", covered: tuple[int, int, int, int]) -> "Image":
    """Return a GIF that is transparent outside its frame, as in browsers: Pillow fills the screen with a colour."""
    from PIL import Image as Images

    screen = Images.new("RGBA", image.size)
    screen.paste(image.crop(covered).convert("RGBA"), covered)
    screen.info = {key: value for key, value in image.info.items() if key != "transparency"}
    return screen


def _prepare(image: "Image") -> None:
    """Remove what Pillow would read besides a TIFF page, and allocate memory for a large page without its warning."""
    from PIL import Image as Images

    waiting = getattr(image, "tile", None)  # empty once the pixels are there
    size = getattr(image, "_tile_size", None)  # as stored, before it is turned upright
    if waiting and hasattr(image, "tag_v2"):
        metadata.strip_tiff(image)
    if waiting and size and size[0] * size[1] > (Images.MAX_IMAGE_PIXELS or MAX_PIXELS):
        image.im = Images.new(image.mode, size).im


def frames(image: "Image") -> int:
    """Return how many frames or pages the file claims to have, 1 for a still.

    Raises:
        PictureError: the frames cannot be counted.
    """
    with decoding("its frames cannot be counted"), _unwarned():
        return getattr(image, "n_frames", 1) - _before(image)


def _before(image: "Image") -> int:
    """Return how many pictures precede the frames: a PNG may have one for programs that cannot show animations."""
    return 1 if image.info.get("default_image") else 0


def opened(data: bytes) -> "Image":
    """Decode the first frame of `data` completely.

    Raises:
        PictureError: as for `read` and `load`.
    """
    return load(read(data))


_END = b"\xff\xd9"
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_FILLERS = (b"\x00" * 256, b"\xfe\x7f" * 128)
"""Two fillers for a JPEG without an end: if pixels are missing, the two fillers decode to different pixels."""


def ended(data: bytes) -> bytes:
    """Add an end marker to a JPEG that lacks it, if all its pixels are there.

    Raises:
        PictureError: pixels are missing.
    """
    # A lone 0xFF at the end would form a marker with the appended bytes.
    for body in dict.fromkeys((data.rstrip(b"\0\xff"), data.rstrip(b"\xff"))):
        with suppress(PictureError):
            first, second = (_digest(body + _tail(body, filler)) for filler in _FILLERS)
            if first == second:
                return body + _END
    raise PictureError("the JPEG is cut short")


def _tail(body: bytes, filler: bytes) -> bytes:
    """Return pixel data of `filler` with the next restart markers in sequence (T.81 B.1.1.3), and an end marker."""
    last = deque(_RESTART.finditer(body), maxlen=1)
    after = last[0].group()[1] + 1 if last else 0
    return filler + b"".join(bytes((0xFF, 0xD0 | (after + at) % 8)) + filler for at in range(8)) + _END


def _digest(data: bytes) -> bytes:
    return sha256(opened(data).tobytes()).digest()


def drafted(data: bytes, side: int) -> "Image":
    """Decode `data`; a JPEG is decoded at the smallest of its scales (1/2, 1/4, 1/8) that is large enough.

    `side` is the target size of the longer side; half as much again keeps the filter's quality.

    Raises:
        PictureError: as for `read` and `load`.
    """
    image = read(data)
    scale = 1.5 * side / max(image.size)
    with decoding("its pixels cannot be decoded"):
        # Pillow divides by these: a thin picture would become less than a pixel wide.
        image.draft(None, (max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    return load(image)


_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""The operation that turns a picture upright, by EXIF orientation, in Pillow's terms (it rotates counterclockwise)."""


def upright(image: "Image", turned: int | None = None) -> "Image":
    """Return the picture turned upright; `turned` is its EXIF orientation (see `Picture.orientation`).

    Without `turned`, the orientation is read from the EXIF block that Pillow kept. (The decoders of TIFF and HEIC
    return upright pictures and orientation 1.)
    """
    if turned is None:
        exif: object = image.info.get("exif")
        turned = orientation(exif) if isinstance(exif, bytes) else 1
    if turned not in _TURNS:
        return image
    from PIL.Image import Transpose

    return image.transpose(Transpose[_TURNS[turned]])


def srgb(image: "Image") -> "Image":
    """Return the picture in sRGB if a colour profile says that it is in another space.

    A profile that cannot be read, or does not fit the pixels, is ignored: the colours stay unchanged.
    """
    profile, original = image.info.get("icc_profile"), image
    if profile and is_deep(image):
        original = image = eight_bits(image)
    opacity = None
    if profile and image.mode != "RGBA" and image.has_transparency_data:
        image = image.convert("RGBA")
        opacity = image.getchannel("A")
        image = image.convert("L" if original.mode in ("L", "LA") else "RGB")
    if profile and (image.mode == "P" or (profile[16:20] == b"RGB " and image.mode == "L")):
        image = image.convert("RGB")
    if not profile or image.mode not in ("RGB", "RGBA", "L", "CMYK"):
        return original
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        if "sRGB" in ImageCms.getProfileDescription(source):
            return original
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        # Browsers keep the colours that both spaces have; Pillow's own choice makes prints paler or darker.
        relative = ImageCms.Intent.RELATIVE_COLORIMETRIC
        image = ImageCms.profileToProfile(image, source, target, relative, mode) or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return original
    if opacity:
        image.putalpha(opacity)
    return image
