"""A folder of pictures is translated and loaded with load_image, and independent decoders check the output.

IMAGEBRIDGE_COLLECTION=DIR uv run pytest -m collection -n 0 -s      (without DIR: the test images of Pillow's sources)
"""

import faulthandler
import json
import os
import tarfile
import urllib.request
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import urljoin

import doors
import pytest

from imagebridge.pictures import kinds

pytestmark = pytest.mark.collection

INDEX = "https://pypi.org/pypi/pillow/json"
WEB = (kinds.PNG, kinds.JPEG, kinds.GIF, kinds.WEBP)
ALLOWED = 0.005
"""Share of the files of a format that a browser shows whole and that may be refused."""
FINDINGS = (
    "shown",
    "refused rightly",
    "refused though shown elsewhere",
    "sent though refused elsewhere",
    "different pixels",
    "printed on stderr",
)
MISREAD = {
    "hopper_unexpected.ico": "16x16 pixels, which its list calls 16x32: Chromium shows an empty half",
    "mmap_error.bmp": "its pixels are said to begin in its palette: Chromium and OpenCV show the palette as pixels",
    "zackthecat.tif": "old JPEG in a tile: libvips 8.18 shows nothing, libtiff the cat",
    "ojpeg-tile.tif": "the same cat",
    "ycbcr_lzw_broken.tif": "libvips 8.18 shows Y, Cb and Cr as if they were red, green and blue",
    "V5_A8_R8_G8_B8_Rgb_BadMask.bmp": "its mask of opacity is one bit: Chromium takes the byte, OpenCV no opacity",
    "poc_b_506387278.avif": "its container says full range, its stream limited: libavif, libheif and OpenCV go by the "
    "container, and so does Chromium for stills; for sequences it knows no full range",
    "minisblack-2c-8b-alpha.tiff": "two planes of grey and opacity: libvips shows each row twice, OpenCV no opacity",
    "extra_bits_rgb_8b.tiff": "a fourth value of no meaning (ExtraSamples 0): libvips and OpenCV take it for opacity",
    "extra_bits_gray_8b.tiff": "a second value of no meaning (ExtraSamples 0): libvips takes it for opacity",
}
"""Files of Pillow's, libtiff's, libvips', libavif's and image-rs' that other decoders read wrongly, as one can see (2026-11-30, Chromium 149)."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    given = os.environ.get("IMAGEBRIDGE_COLLECTION")
    if given:
        return Path(given)
    made = tmp_path_factory.mktemp("collection")
    with urllib.request.urlopen(INDEX, timeout=600) as answer:
        (url,) = (one["url"] for one in json.load(answer)["urls"] if one["packagetype"] == "sdist")
        url = urljoin(answer.url, url)
    packed = made / "pillow.tar.gz"
    with urllib.request.urlopen(url, timeout=300) as answer:
        packed.write_bytes(answer.read())
    with tarfile.open(packed) as archive:
        archive.extractall(made)  # the index's own file; the argument `filter` came with 3.11.4
    (images,) = made.glob("pillow-*/Tests/images")
    return images


def pictures_in(folder):
    """Return the files that are pictures by their first bytes, with their format."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            kind = kinds.kind(file.read(1 << 16))
        if kind and kind.sort == "picture":
            found[path] = kind
    return found


def references(data, kind, browsed):
    """Return how other decoders see the first picture of a file: one of them has to be what is sent.

    Chromium is the reference for what it decodes; but it turns no WebP by its EXIF, and mixes inks in a way of its
    own, as libvips does not.
    """
    import judges

    seen = list(browsed.pictures[:1])
    if kind not in WEB and not seen:
        seen += [judges.by_vips(data), judges.by_opencv(data)]
    elif seen and judges.beyond_browsers(data):
        seen.append(judges.by_vips(data))
    return [one for one in seen if one is not None]


def verdicts(file, kind, browsed):
    """Yield for each door what is found of a file there, and why."""
    import judges

    data = file.path.read_bytes()
    seen = references(data, kind, browsed)
    for door, (pictures, words) in file.doors.items():
        if door == "frames":
            continue
        refusals = [why for one in pictures if (why := judges.taken(one))]
        if refusals:
            yield door, "sent though refused elsewhere", refusals[0]
        elif not pictures:
            yield door, "refused though shown elsewhere" if seen else "refused rightly", words
        elif not seen or browsed.count > 1 or words or pictures[0] == data or kind is kinds.SVG:
            # What is sent as it came is seen as it is seen there; drawings are in other fonts and sizes.
            yield door, "shown", words
        else:
            apart = [judges.difference(judges.by_vips(pictures[0]), one) for one in seen]
            known = "" in apart or file.path.name in MISREAD
            yield door, "shown" if known else "different pixels", "; ".join(apart)
    if browsed.count > 1:
        yield "frames", *moving(file, browsed)
    if file.printed:
        yield "all", "printed on stderr", file.printed


def moving(file, browsed):
    """Say how the frames of an animation are seen, beside those that a browser shows."""
    import judges

    pictures, words = file.doors["frames"]
    if not pictures:
        return "refused though shown elsewhere", words
    if file.frames != browsed.count:
        return "different pixels", f"{file.frames} frames instead of {browsed.count}"
    for number, (one, other) in enumerate(zip(pictures, browsed.pictures, strict=True), 1):
        apart = judges.difference(judges.by_vips(one), other)
        if apart and file.path.name not in MISREAD:
            return "different pixels", f"frame {number}: {apart}"
    return "shown", ""


def table(counts):
    """Lay out how many files came to each finding."""
    lines = [f"{'format':8}{'door':12}" + "".join(f"{one:>32}" for one in FINDINGS)]
    for (kind, door), found in sorted(counts.items()):
        lines.append(f"{kind:8}{door:12}" + "".join(f"{found[one]:32}" for one in FINDINGS))
    return "\n".join(lines)


def test_what_decoders_say_of_a_collection(folder, capsys):
    import judges

    # Each file has a bound of its own against hangs; a collection may take hours.
    faulthandler.cancel_dump_traceback_later()
    counts, told = defaultdict(Counter), []
    files = pictures_in(folder)
    assert files, f"{folder} holds no picture"
    with judges.browser() as browser:
        for file in doors.through(list(files)):
            kind = files[file.path]
            browsed = browser.shown(file.path.read_bytes(), kind.media_type)
            for door, finding, why in verdicts(file, kind, browsed):
                counts[kind.suffix[1:], door][finding] += 1
                if finding not in FINDINGS[:2]:
                    told.append(f"{finding}: {door} {file.path.relative_to(folder)}: {why[:200]}")
    with capsys.disabled():
        print(f"\n{len(files):,} pictures", table(counts), *told, sep="\n")
    assert not [
        f"{kind} {door}: {finding} {number}"
        for (kind, door), found in counts.items()
        for finding, number in found.items()
        if number > allowed(kind, door, finding) * found.total()
    ]


def allowed(kind, door, finding):
    """Return the share of files that may come to a finding at a door."""
    if finding in FINDINGS[:2]:
        return 1
    if finding == "refused though shown elsewhere":
        return ALLOWED if kind in {one.suffix[1:] for one in WEB} else 1
    # At `structure` only a PNG's walk looks as far as its decoders do.
    if finding == "sent though refused elsewhere" and door == "structure" and kind != "png":
        return 1
    return 0
