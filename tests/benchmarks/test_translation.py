"""Measures the speed of translation, as ratios within one run: `uv run pytest -m benchmark -n 0 -s tests/benchmarks`.

Both sides of a ratio take turns, and the fastest round of each counts: other work on the machine only adds time.
"""

import gc
import io
import os
import subprocess
import sys
import time
import tracemalloc

import pytest
from PIL import Image
from samples import b64, file

from imagebridge import function_call_output
from imagebridge.pictures.convert import fitted
from imagebridge.pictures.picture import Picture

pytestmark = pytest.mark.benchmark

MEGABYTE = 1_000_000


def noise(width, height, mode="RGB"):
    """Pixels that compress badly, the same in each run."""
    import random

    return Image.frombytes(mode, (width, height), random.Random(7).randbytes(width * height * len(mode)))


def about_a_megabyte(form, **options):
    """A file of this format of about a megabyte, photograph-like."""
    side = {"PNG": 580, "JPEG": 1500, "WEBP": 1500, "GIF": 1000}[form]
    image = noise(side, side) if form == "PNG" else noise(side // 2, side // 2).resize((side, side))
    data = file(image, form, **options)
    assert 0.5 * MEGABYTE < len(data) < 2.6 * MEGABYTE, len(data)
    return data


def result(*encoded):
    return {"content": [{"type": "image", "data": one, "mimeType": "image/png"} for one in encoded]}


def naive(*encoded):
    """What a loop that checks nothing does: the floor."""
    return {
        "type": "function_call_output",
        "call_id": "c",
        "output": [{"type": "input_image", "image_url": f"data:image/png;base64,{one}"} for one in encoded],
    }


def fastest(ours, theirs, rounds=25, given=lambda: ()):
    """Take turns; return the least milliseconds of each. `given` makes the arguments, outside the time."""
    gc.collect()
    gc.disable()
    times = [[], []]
    try:
        for _ in range(rounds):
            for at, side in enumerate((ours, theirs)):
                arguments = given()
                began = time.perf_counter()
                side(*arguments)
                times[at].append(time.perf_counter() - began)
    finally:
        gc.enable()
    return min(times[0]) * 1_000, min(times[1]) * 1_000


@pytest.fixture
def report(measured):
    """Record what a translation takes beside something else, in milliseconds."""

    def record(key, ours, theirs, size):
        measured(key, ours / theirs, f"{ours:.3f} ms compared with {theirs:.3f} ms; {size / MEGABYTE:.2f} MB")

    return record


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_one_picture_with_its_structure_proven(form, forgetful, report, rounds):
    data = about_a_megabyte(form)
    encoded = b64(data)
    # The translation fits nothing here: each picture is within what every model sees.
    assert function_call_output(result(encoded), "c")["output"][0]["image_url"].endswith(encoded)
    ours, theirs = fastest(
        lambda: function_call_output(result(encoded), "c"), lambda: naive(encoded), rounds(25)
    )
    report(form, ours, theirs, len(data))


def test_ten_pngs(forgetful, report, rounds):
    many = [b64(file(noise(580, 560 + at), "PNG")) for at in range(10)]
    ours, theirs = fastest(lambda: function_call_output(result(*many), "c"), lambda: naive(*many), rounds(25))
    report("ten PNGs", ours, theirs, sum(map(len, many)) * 3 // 4)


def test_the_same_picture_again_as_a_new_string(report, rounds):
    encoded = b64(about_a_megabyte("PNG"))
    function_call_output(result(encoded), "c")
    # As a parser hands it over: equal, but another object, just written.
    ours, theirs = fastest(
        lambda again: function_call_output(result(again), "c"),
        naive,
        rounds=rounds(100),
        given=lambda: (encoded[:9] + encoded[9:],),
    )
    report("again", ours, theirs, len(encoded) * 3 // 4)


def test_memory(forgetful, measured):
    encoded = b64(about_a_megabyte("PNG"))
    function_call_output(result(encoded), "c")
    tracemalloc.start()
    item = function_call_output(result(encoded), "c")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert item
    said = f"{peak / MEGABYTE:.2f} MB compared with {len(encoded) / MEGABYTE:.2f} MB"
    measured("translation memory", peak / len(encoded), said)


@pytest.fixture(params=["fitted", "fitted beside work"])
def fitting(request):
    """Return what is measured; another process works on a core meanwhile where it says so."""
    if request.param == "fitted":
        yield request.param
        return
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        yield request.param
        busy.kill()


def test_fitting_thirty_megapixels(forgetful, fitting, report, rounds):
    data = file(noise(1680, 1120).resize((6720, 4480)), "JPEG", quality=85)
    picture = Picture.from_bytes(data)

    def pillow():
        image = Image.open(io.BytesIO(data))
        image.draft("RGB", (2048, 2048))
        image.thumbnail((2048, 2048))
        image.save(io.BytesIO(), "JPEG", quality=85)

    ours, theirs = fastest(lambda: fitted(picture, 2048, 1365), pillow, rounds(6))
    report(fitting, ours, theirs, len(data))


def test_import(measured, rounds):
    """CPU of importing the names of the translation, against an interpreter that imports json and typing."""
    import resource

    def cpu(code):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    pairs = [(cpu("import imagebridge"), cpu("import json, typing")) for _ in range(rounds(15))]
    ours, theirs = min(one for one, _ in pairs), min(other for _, other in pairs)
    measured("import", ours / theirs, f"{ours * 1e3:.0f} ms of CPU compared with {theirs * 1e3:.0f} ms")
