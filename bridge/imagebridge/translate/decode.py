"""Bytes become pixels, safely: the decoder is chosen by the first bytes, the size is capped before decoding."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, cast

from imagebridge.errors import PictureError

from . import kinds
from .picture import MAX_PIXELS

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

# Going straight to one reader, and not through `Image.open`, lets no other decoder try the bytes, and
# Pillow's warning about large pictures is replaced by our own limit.
_READERS: dict[kinds.Kind, tuple[str, str]] = {
    kinds.PNG: ("PIL.PngImagePlugin", "PngImageFile"),
    kinds.JPEG: ("PIL.JpegImagePlugin", "JpegImageFile"),
    kinds.WEBP: ("PIL.WebPImagePlugin", "WebPImageFile"),
    kinds.GIF: ("PIL.GifImagePlugin", "GifImageFile"),
    kinds.BMP: ("PIL.BmpImagePlugin", "BmpImageFile"),
    kinds.TIFF: ("PIL.TiffImagePlugin", "TiffImageFile"),
    kinds.AVIF: ("PIL.AvifImagePlugin", "AvifImageFile"),
    kinds.JP2: ("PIL.Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    kinds.ICO: ("PIL.IcoImagePlugin", "IcoImageFile"),
    kinds.PNM: ("PIL.PpmImagePlugin", "PpmImageFile"),
    kinds.HEIC: ("pillow_heif", "HeifImageFile"),
}


@contextmanager
def decoding(what: str) -> Generator[None]:
    """Turn whatever a decoder raises into a `PictureError` that begins with `what`.

    Pillow's readers raise many kinds of exception on bad bytes, and all mean the same here.
    """
    try:
        yield
    except PictureError:
        raise
    except Exception as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise PictureError(f"{what} ({said})") from error


def read(data: bytes) -> "ImageFile":
    """Read the header of `data` and nothing more; the pixels are decoded by `.load()` (see `load`).

    Raises:
        PictureError: no picture that can be decoded here, or more than `MAX_PIXELS`.
    """
    found = kinds.kind(data)
    if found not in _READERS:
        raise PictureError(f"{found.media_type if found else 'bytes of no known format'} cannot be decoded")
    module, name = _READERS[found]
    try:
        reader = cast("type[ImageFile]", getattr(import_module(module), name))
    except ImportError as error:
        raise PictureError('HEIC is decoded with an extra: pip install "imagebridge[heic]"') from error
    with decoding("its header cannot be read"):
        image = reader(BytesIO(data))
    if image.width * image.height > MAX_PIXELS:
        raise PictureError(
            f"it unpacks to {image.width}x{image.height} pixels, over the limit of {MAX_PIXELS:,}"
        )
    return image


def load(image: "Image") -> "Image":
    """Decode the pixels of what `read` returned, the frame it stands at.

    Raises:
        PictureError: the pixels cannot be decoded.
    """
    with decoding("its pixels cannot be decoded"):
        image.load()
    return image


def frames(image: "Image") -> int:
    """Return how many frames or pages the file says it has, 1 for a still.

    Raises:
        PictureError: they cannot be counted.
    """
    with decoding("its frames cannot be counted"):
        return getattr(image, "n_frames", 1)


def opened(data: bytes) -> "Image":
    """Decode `data` fully, its first frame.

    Raises:
        PictureError: as `read` and `load`.
    """
    return load(read(data))


def drafted(data: bytes, side: int) -> "Image":
    """Decode `data`; a JPEG at the smallest of its own scales (1/2, 1/4, 1/8) that leaves a filter enough.

    `side` is what the longer side will be shrunk to; half as much again keeps the filter's quality.

    Raises:
        PictureError: as `read` and `load`.
    """
    image = read(data)
    scale = 1.5 * side / max(image.size)
    image.draft(None, (int(image.width * scale), int(image.height * scale)))
    return load(image)


def upright(image: "Image") -> "Image":
    """Return the picture turned as its EXIF orientation asks."""
    from PIL import ImageOps

    with decoding("its orientation cannot be read"):
        # Pillow copies also a picture that needs no turn.
        return image if image.getexif().get(0x0112, 1) == 1 else ImageOps.exif_transpose(image)


def srgb(image: "Image") -> "Image":
    """Return the picture in sRGB where a colour profile says that it is in another space."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "L", "CMYK"):
        return image
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, source, target, outputMode=mode) or image
    except ImageCms.PyCMSError:
        # A profile that does not fit the pixels says nothing of their colours.
        return image
