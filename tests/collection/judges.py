"""Independent decoders as references: libvips and OpenCV for the output, Chromium for the input."""

import base64
import logging
import re
import shutil
import struct
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy
import pyvips

# Both tell on stderr what they make of broken files; here it is told by the judges.
logging.getLogger("pyvips").setLevel(logging.CRITICAL)
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
SIDE = 1_200
"""Pixels of a side up to which pictures are compared in full; decoders scale in ways of their own."""
SMALL = 40
"""Pixels of the square in which larger ones are compared, and of the squares that are looked at one by one."""
NEAR = 6
"""Mean difference up to which two decoders' pictures are the same: scaling and colour profiles differ."""
NEAR_ANYWHERE = 60
"""The same for the place in which they differ most."""
MOST_FRAMES = 9
HANGS = 300_000
"""Milliseconds in which the browser has to start, and to show a file, on the slowest machine."""


@lru_cache(64)
def taken(data):
    """Return the reason why a strict decoder rejects the file, or "" if libvips and OpenCV accept all of it."""
    try:
        pyvips.Image.new_from_buffer(data, "", fail_on="error").avg()
    except pyvips.Error as error:
        return f"libvips: {str(error).strip().splitlines()[-1].strip()}"
    # OpenCV 5.0 asks of a GIF that its first frame fills the screen, and of a WebP for 32 bytes: no other decoder does.
    passed = data[:3] == b"GIF" or (data[8:12] == b"WEBP" and len(data) < 32)
    if not passed and cv2.imdecode(numpy.frombuffer(data, numpy.uint8), cv2.IMREAD_UNCHANGED) is None:
        return "OpenCV"
    return ""


@lru_cache(64)
def by_vips(data):
    """Return the whole file as libvips decodes it, on white, or None if it rejects the file.

    What has no one reading is no reading either: numbers whose black and white is anybody's choice, inks without
    a profile.
    """
    if _scaled(data):
        return None
    try:
        image = pyvips.Image.new_from_buffer(data, "", fail_on="error").autorot()
        profiled = image.get_typeof("icc-profile-data") != 0
        if image.format not in ("uchar", "ushort") or (image.interpretation == "cmyk" and not profiled):
            return None
        image = (image.icc_transform("srgb") if profiled else image).colourspace("srgb")
        image = image.flatten(background=[255, 255, 255]) if image.hasalpha() else image
        pixels = numpy.asarray(image.cast("uchar").numpy())
    except (pyvips.Error, ValueError):
        return None
    return pixels.reshape(*pixels.shape[:2], -1)[:, :, :3] + numpy.zeros(3, numpy.uint8)


def by_opencv(data):
    """Return a file as OpenCV decodes it, on white, or None if it rejects the file or is known to interpret it
    differently.

    It leaves opacity of 16 bits out, and takes Lab for the light of some display.
    """
    buffer = numpy.frombuffer(data, numpy.uint8)
    try:
        found = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
        if found is None or _in_lab(data) or _scaled(data):
            return None
        if found.ndim == 3 and found.shape[2] == 4:
            alpha = found[:, :, 3:] / 255
            white = (found[:, :, 2::-1] * alpha + 255 * (1 - alpha)).astype(numpy.uint8)
            return white if found.dtype == numpy.uint8 else None
        found = cv2.imdecode(buffer, cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if found is None else found[:, :, ::-1]


def _scaled(data):
    """Return whether a PNM specifies its own white, which neither libvips nor OpenCV shows as white."""
    said = re.match(rb"P[2356]\s+(?:#[^\n]*\n\s*)*\d+\s+\d+\s+(?:#[^\n]*\n\s*)*(\d+)\s", data)
    return said is not None and int(said[1]) not in (255, 65_535)


def _in_lab(data):
    """Return whether a TIFF contains Lab colours, according to its first directory (tag 262, value 8)."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    return order is not None and struct.pack(f"{order}HHIH", 262, 3, 1, 8) in data


def beyond_browsers(data):
    """Return whether a file contains information that Chromium ignores: a WebP's rotation, or the inks of its colours."""
    try:
        image = pyvips.Image.new_from_buffer(data, "")
        turned = image.get_typeof("orientation") != 0 and image.get("orientation") != 1
        return image.interpretation == "cmyk" or (turned and data[8:12] == b"WEBP")
    except pyvips.Error:
        return False


def difference(one, other):
    """Describe how two pictures differ, or return an empty text if they are the same apart from rounding."""
    (down, across), (rows, columns) = one.shape[:2], other.shape[:2]
    if abs(down * columns - rows * across) > 1.5 * max(down, across, rows, columns):
        return f"{across}x{down} pixels instead of {columns}x{rows}"
    if one.shape != other.shape or max(one.shape) > SIDE:
        one, other = (cv2.resize(each, (SMALL, SMALL), interpolation=cv2.INTER_AREA) for each in (one, other))
    elif min(one.shape[:2]) > 2 * SMALL:
        # A JPEG that was made from a busy picture differs from pixel to pixel.
        half = (one.shape[1] // 2, one.shape[0] // 2)
        one, other = (cv2.resize(each, half, interpolation=cv2.INTER_AREA) for each in (one, other))
    apart = abs(one.astype(numpy.float32) - other)
    tiles = (min(SMALL, apart.shape[1]), min(SMALL, apart.shape[0]))
    mean, most = apart.mean(), cv2.resize(apart, tiles, interpolation=cv2.INTER_AREA).max()
    if mean > NEAR or most > NEAR_ANYWHERE:
        return f"mean difference {mean:.0f} of 255, {most:.0f} at most"
    return ""


class Shown(NamedTuple):
    """The frames that a browser shows: their number (0 if it cannot show all of the file), and the first as pixels."""

    count: int = 0
    pictures: tuple[numpy.ndarray, ...] = ()


_PAGE = """async ([encoded, type, side, most]) => {
    const data = Uint8Array.from(atob(encoded), c => c.charCodeAt(0));
    const drawn = (shown, width, height) => {
        const scale = Math.min(1, side / Math.max(width, height));
        const across = Math.max(1, Math.round(width * scale)), down = Math.max(1, Math.round(height * scale));
        const canvas = new OffscreenCanvas(across, down);
        const context = canvas.getContext('2d', {willReadFrequently: true});
        context.fillStyle = 'white';
        context.fillRect(0, 0, across, down);
        context.imageSmoothingQuality = 'high';
        context.drawImage(shown, 0, 0, across, down);
        const pixels = context.getImageData(0, 0, across, down).data;
        let text = '';
        for (let at = 0; at < pixels.length; at += 32768) text += String.fromCharCode(...pixels.subarray(at, at + 32768));
        return [btoa(text), across, down];
    };
    let decoder, frames = 1;
    const made = [];
    try {
        if (await ImageDecoder.isTypeSupported(type)) {
            decoder = new ImageDecoder({data, type});
            (await decoder.decode({frameIndex: 0, completeFramesOnly: true})).image.close();
            // Until then the number of frames may grow (WebCodecs, ImageTrack.frameCount).
            await decoder.completed;
            frames = decoder.tracks.selectedTrack.frameCount;
        }
        const shown = new Image();
        shown.src = URL.createObjectURL(new Blob([data], {type}));
        await shown.decode();
        made.push(drawn(shown, shown.naturalWidth, shown.naturalHeight));
        URL.revokeObjectURL(shown.src);
    } catch (error) {
        decoder?.close();
        return [0, []];
    }
    try {
        for (let at = 1; at < Math.min(frames, most); at++) {
            const {image} = await decoder.decode({frameIndex: at, completeFramesOnly: true});
            made.push(drawn(image, image.displayWidth, image.displayHeight));
            image.close();
        }
    } catch (error) {
        frames = made.length;
    }
    decoder?.close();
    return [frames, made];
}"""


class Browser:
    """A page of Chromium that decodes files."""

    def __init__(self, chromium):
        self._chromium, self._page = chromium, None

    def _open(self):
        self._page = self._chromium.new_page()
        self._page.set_default_timeout(HANGS)
        # ImageDecoder is for secure pages alone.
        self._page.route(
            "https://collection.test/",
            lambda route: route.fulfill(body="<html></html>", content_type="text/html"),
        )
        self._page.goto("https://collection.test/")

    def shown(self, data, media_type, most=MOST_FRAMES):
        """Return a file as the browser shows it, with its first `most` frames."""
        from playwright.sync_api import Error
        from playwright.sync_api import TimeoutError as TooLong

        if self._page is None:
            self._open()
        encoded = base64.b64encode(data).decode()
        try:
            # Of what a page evaluates the end is waited for without a bound; of a function that gives something, with one.
            answer = self._page.wait_for_function(_PAGE, arg=[encoded, media_type, SIDE, most])
            count, made = answer.json_value()
            answer.dispose()
        except TooLong:  # no verdict: the test fails
            raise
        except Error:  # the page has died of the file
            self._page = None
            return Shown()
        return Shown(count, tuple(_pixels(*one) for one in made))


def _pixels(encoded, across, down):
    found = numpy.frombuffer(base64.b64decode(encoded), numpy.uint8).reshape(down, across, 4)
    return numpy.ascontiguousarray(found[:, :, :3])


@contextmanager
def browser():
    """Yield Chromium as a reference decoder."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "install Chromium (Debian: apt-get install chromium): it is one of the judges"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"], timeout=HANGS)
        yield Browser(chromium)
        chromium.close()
