"""Decoders that are not ours say what a picture is: libvips and OpenCV of what is sent, Chromium of what came."""

import base64
import shutil
from contextlib import contextmanager

import cv2
import numpy
import pyvips

SIDE = 48
"""Pixels of the square in which two decoders' pictures are compared."""


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
    """Return what libvips makes of a whole file as a small picture on white; None where it refuses it."""
    try:
        image = pyvips.Image.new_from_buffer(data, "", fail_on="error").autorot().colourspace("srgb")
        image = image.flatten(background=[255, 255, 255]) if image.hasalpha() else image
        image = image.thumbnail_image(SIDE, height=SIDE, size="force").cast("uchar")
        return numpy.asarray(image.numpy()).reshape(SIDE, SIDE, -1)[:, :, :3].astype(int) + numpy.zeros(
            3, int
        )
    except (pyvips.Error, ValueError):
        return None


def different(one, other):
    """Return the mean difference of two small pictures, 0 to 255."""
    return float(abs(one - other).mean())


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
        const canvas = new OffscreenCanvas(side, side), context = canvas.getContext('2d');
        context.fillStyle = 'white';
        context.fillRect(0, 0, side, side);
        context.imageSmoothingQuality = 'high';
        context.drawImage(shown, 0, 0, side, side);
        return [frames, Array.from(context.getImageData(0, 0, side, side).data)];
    } catch (error) {
        return [0, String(error)];
    }
}"""


@contextmanager
def browser():
    """Yield a function that gives a file to Chromium: its frames, and the first as a small picture; None without Chromium."""
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
            frames, pixels = page.evaluate(_PAGE, [encoded, media_type, SIDE])
            if not frames:
                return 0, None
            return frames, numpy.array(pixels).reshape(SIDE, SIDE, 4)[:, :, :3]

        yield shown
        chromium.close()
