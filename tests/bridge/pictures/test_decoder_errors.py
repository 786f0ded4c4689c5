"""Decoders' own messages never reach a model; each is replaced by one of a few explanations."""

import struct

import pytest
import samples
from long_rows import one_in

from imagebridge.errors import PictureError
from imagebridge.pictures.convert import converted
from imagebridge.pictures.decoder_errors import BROKEN, UNKNOWN_FORM, decoding, meaning

EARLY, MEMORY, SIZE = (
    "it ends too early",
    "it would take more memory than is allowed here",
    "it states a size that no picture can have",
)
FRAMES, START, LOCKED = (
    "it has fewer frames than it claims",
    "it does not begin as its format requires",
    "it is locked with a password",
)
MEANT = {
    "decoder error -2": BROKEN,
    "broken data stream when reading image file": BROKEN,
    "unrecognized data stream contents when reading image file": BROKEN,
    "-2": BROKEN,
    "48129": BROKEN,
    "Failed to decode image: BMFF parsing failed": BROKEN,
    "Failed to decode image: Invalid image grid": BROKEN,
    "Failed to decode image: Invalid tone mapped image item": BROKEN,
    "Failed to decode image: Decoding of color planes failed": BROKEN,
    "Failed to decode image: Truncated data": EARLY,
    "Failed to decode image: Not implemented": UNKNOWN_FORM,
    "could not create decoder object": BROKEN,
    "failed to read next frame": FRAMES,
    "failed to decode next frame in WebP file": FRAMES,
    "no more images in GIF file": FRAMES,
    "image not found in GIF frame": BROKEN,
    "APNG contains frame sequence errors": FRAMES,
    "attempt to seek outside sequence": FRAMES,
    "tile cannot extend outside image": BROKEN,
    "Tile offset cannot be negative": BROKEN,
    "Invalid input: Unspecified: Extent in iloc box references data outside of file bounds "
    "(points to file position 1310)": EARLY,
    "Unsupported feature: Unsupported codec: Unsupported codec": UNKNOWN_FORM,
    "Memory allocation error: Security limit exceeded: Number of iloc items exceeds security limit": MEMORY,
    "image file is truncated (12 bytes not processed)": EARLY,
    "image file is truncated": EARLY,
    "Truncated File Read": EARLY,
    "not enough image data": EARLY,
    "image was incomplete": EARLY,
    "Expected to read 4 bytes but only got 2.": EARLY,
    "Reached EOF while reading header": EARLY,
    "buffer is not large enough": EARLY,
    "unpack_from requires a buffer of at least 4 bytes": EARLY,
    "unknown pixel mode": UNKNOWN_FORM,
    "unknown data organization": UNKNOWN_FORM,
    "Unsupported BMP bitfields layout": UNKNOWN_FORM,
    "cannot handle 12-bit layers": UNKNOWN_FORM,
    "unable to determine J2K image mode": UNKNOWN_FORM,
    "not identified by this driver": UNKNOWN_FORM,
    "Missing dimensions": SIZE,
    "Invalid dimensions": SIZE,
    "invalid canvas dimensions": SIZE,
    "Size must be positive": SIZE,
    "Invalid value for samples per pixel": SIZE,
    "not a TIFF IFD": START,
    "not a TIFF file (header b'' not valid)": START,
    "no marker found": START,
    "Failed to load document (PDFium: Incorrect password error).": LOCKED,
    "Failed to load document (PDFium: Data format error).": BROKEN,
}  # fmt: skip


@pytest.mark.parametrize("message", MEANT)
@pytest.mark.parametrize("kind", [OSError, SyntaxError, ValueError, RuntimeError])
def test_a_message_becomes_what_it_means(message, kind):
    with pytest.raises(PictureError) as raised, decoding("its header cannot be read"):
        raise kind(message)
    assert raised.value.reason == f"its header cannot be read ({MEANT[message]})"
    assert str(raised.value.__cause__) == message


OTHERS = {
    KeyError(7): BROKEN,
    IndexError("truncated"): BROKEN,
    ZeroDivisionError("division by zero"): BROKEN,
    TypeError("not supported between instances"): BROKEN,
    UnicodeDecodeError("ascii", b"\xff", 0, 1, "unsupported"): BROKEN,
    MemoryError(): MEMORY,
    struct.error("anything"): EARLY,
}


@pytest.mark.parametrize("error", OTHERS, ids=repr)
def test_what_programs_run_into_speaks_of_the_file(error):
    assert meaning(error) == OTHERS[error]


SOUND = {
    form: samples.file(samples.photo(), form) for form in ("WEBP", "TIFF", "BMP", "AVIF", "JPEG2000", "PPM")
}
SOUND |= {
    "GIF": samples.file(samples.drawing(), "GIF"),
    "GIF, moving": samples.animation("GIF"),
    "WEBP, moving": samples.animation("WEBP"),
    "AVIF, moving": samples.animation("AVIF"),
    "TIFF, JPEG": samples.file(samples.photo(), "TIFF", compression="jpeg"),
    "ICO": samples.file(samples.drawing().convert("RGBA"), "ICO"),
}  # fmt: skip
WORDS = {*MEANT.values()}


@pytest.mark.parametrize("name", one_in(3, SOUND))
def test_whatever_is_wrong_with_a_file_its_reason_is_in_words(name):
    """Damage by a plain table, not by chance: each is cut and changed in the same places on every machine."""
    data, found = SOUND[name], set()
    for part in range(1, 24):
        at = max(4, len(data) * part // 24)
        for damaged in (
            data[:at],
            data[:at] + b"\xff\xff" + data[at + 2 :],
            data[: 4 * part] + b"\0\0" + data[4 * part + 2 :],
        ):
            try:
                converted(samples.b64(damaged), "decoded")
            except PictureError as error:
                found |= {error.reason}
    inside = {reason[reason.index("(") + 1 : -1] for reason in found if reason.endswith(")")}
    assert inside <= WORDS
