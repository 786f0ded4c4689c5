"""Decoders that are not ours say what a picture is: libvips and OpenCV of what is sent, Chromium of what came."""

import base64
import logging
import shutil
from contextlib import contextmanager

import cv2
import numpy
import pyvips

# Both tell on stderr what they make of broken files; here it is told by the judges.
logging.getLogger("pyvips").setLevel(logging.ERROR)
cv2.setLogLevel(0)
SIDE = 1_200
"""Pixels of a side up to which pictures are compared in full; decoders scale in ways of their own."""
SMALL = 40
"""Pixels of the square in which larger ones are compared."""


def taken(data):
    """Say why a strict decoder refuses the file; empty where libvips and OpenCV take it whole."""
    try:
        pyvips.Image.new_from_buffer(data, "", fail_on="error").avg()
    except pyvips.Error as error:
        return f"libvips: {str(error).strip().splitlines()[-1]}"
    # OpenCV 5.0 asks of a GIF that its first frame fills the screen, which no other decoder does.
    if data[:3] != b"GIF" and cv2.imdecode(numpy.frombuffer(data, numpy.uint8), cv2.IMREAD_UNCHANGED) is None:
        return "OpenCV"
    return ""


def by_vips(data):
    """Return what libvips makes of a whole file, on white; None where it refuses it."""
    try:
        image = pyvips.Image.new_from_buffer(data, "", fail_on="error").autorot().colourspace("srgb")
        image = image.flatten(background=[255, 255, 255]) if image.hasalpha() else image
        pixels = numpy.asarray(image.cast("uchar").numpy())
    except (pyvips.Error, ValueError):
        return None
    return pixels.reshape(*pixels.shape[:2], -1)[:, :, :3] + numpy.zeros(3, numpy.uint8)


def different(one, other):
    """Return the mean difference of two pictures, 0 to 255."""
    if one.shape != other.shape or max(one.shape) > SIDE:
        one, other = (cv2.resize(each, (SMALL, SMALL), interpolation=cv2.INTER_AREA) for each in (one, other))
    return float(abs(one.astype(int) - other.astype(int)).mean())


_PAGE = """async ([encoded, type, side]) => {
    const data = Uint8Array.from(atob(encoded), c => c.charCodeAt(0));
    try {
        const decoder = new ImageDecoder({data, type});
        const {image} = await decoder.decode({frameIndex: 0, completeFramesOnly: true});
        image.close();
        const frames = decoder.tracks.selectedTrack.frameCount;
        const shown = new Image();
        shown.src = URL.createObjectURL(new Blob([data], {type}));
        await shown.decode();
        const scale = Math.min(1, side / Math.max(shown.naturalWidth, shown.naturalHeight));
        const across = Math.max(1, Math.round(shown.naturalWidth * scale));
        const down = Math.max(1, Math.round(shown.naturalHeight * scale));
        const canvas = new OffscreenCanvas(across, down), context = canvas.getContext('2d');
        context.fillStyle = 'white';
        context.fillRect(0, 0, across, down);
        context.imageSmoothingQuality = 'high';
        context.drawImage(shown, 0, 0, across, down);
        const pixels = context.getImageData(0, 0, across, down).data;
        let text = '';
        for (let at = 0; at < pixels.length; at += 32768) text += String.fromCharCode(...pixels.subarray(at, at + 32768));
        return [frames, btoa(text), across, down];
    } catch (error) {
        return [0, String(error)];
    }
}"""


@contextmanager
def browser():
    """Yield a function that gives a file to Chromium: its frames, and the first as pixels; None without Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not path:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = chromium.new_page()
        # ImageDecoder is for secure pages alone.
        page.route(
            "https://collection.test/",
            lambda route: route.fulfill(body="<html></html>", content_type="text/html"),
        )
        page.goto("https://collection.test/")

        def shown(data, media_type):
            encoded = base64.b64encode(data).decode()
            frames, pixels, *size = page.evaluate(_PAGE, [encoded, media_type, SIDE])
            if not frames:
                return 0, None
            across, down = size
            found = numpy.frombuffer(base64.b64decode(pixels), numpy.uint8).reshape(down, across, 4)
            return frames, numpy.ascontiguousarray(found[:, :, :3])

        yield shown
        chromium.close()
