"""The cost of a picture is estimated before decoding: bombs are rejected with a message, large pictures shown."""

import base64
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import bombs
import pytest
from long_rows import one_in
from PIL import Image
from samples import claiming, file

from imagebridge import Policy, translate
from imagebridge.errors import PictureError
from imagebridge.pictures import cost
from imagebridge.pictures.decode import drafted, load, read

TOO_MUCH = "MB of memory, over the limit of 900 MB"
SIDES = "over the limit of 500,000 per side"
PIXELS = "over the limit of 120,000,000"
REFUSED = {
    "PNG of one column": (lambda: claiming(1, 100_000_000), SIDES),
    "PNG of opacity and colours": (lambda: bombs.png(12_000, 10_000, 8, 6), TOO_MUCH),
    "PNG whose end is wrong": (lambda: bombs.png_ending_wrongly(8_000, 8_000), TOO_MUCH),
    "JPEG of many scans": (lambda: bombs.jpeg_of_scans(12_000, 10_000, 60), "which takes too long"),
    "GIF of a huge screen": (lambda: bombs.gif(60_000, 60_000, 1), PIXELS),
    "GIF of small frames on a large screen": (lambda: bombs.gif(10_000, 12_000, 10_000), TOO_MUCH),
    "animated PNG": (lambda: bombs.apng(9_000, 9_000, 10_000), TOO_MUCH),
    "BMP of one column": (lambda: bombs.bmp(1, 100_000_000), SIDES),
    "BMP of 1 bit in one row": (lambda: bombs.bmp(100_000_000, 1, 1), SIDES),
    "ICO with a PNG": (lambda: bombs.ico(bombs.png(12_000, 10_000, 8, 6)), TOO_MUCH),
    "TIFF of one tile": (lambda: bombs.tiff(8, 8, tile=40_000), TOO_MUCH),
    "TIFF of one column": (lambda: bombs.tiff(1, 600_000), SIDES),
    "TIFF of 32 bits": (lambda: bombs.tiff(12_000, 10_000, bits=32), TOO_MUCH),
    "JPEG 2000": (lambda: bombs.jp2(9_000, 9_000), TOO_MUCH),
    "JPEG 2000 of one column": (lambda: bombs.jp2(1, 100_000_000), SIDES),
    "AVIF": (lambda: bombs.avif(16_000, 7_000), TOO_MUCH),
    "PNM of one column": (lambda: bombs.pnm(1, 100_000_000), SIDES),
}

LARGE = (
    "PNG whose end is wrong",
    "PNG of opacity and colours",
    "TIFF of 32 bits",
    "ICO with a PNG",
    "animated PNG",
)
"""What takes a second to build or to read."""


def told(data, proof):
    """How many pictures a model sees, and what it is told."""
    result = {"content": [{"type": "image", "data": base64.b64encode(data).decode()}]}
    parts = translate(result, Policy(proof=proof)).parts
    words = [part["text"] for part in parts if part["type"] == "input_text"]
    return len(parts) - len(words), " ".join(words)


@pytest.mark.parametrize("proof", ["structure", "decoded"])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] if name in LARGE else []) for name in REFUSED]
)
def test_a_bomb_is_refused_in_words(name, proof):
    make, words = REFUSED[name]
    data = make()
    if name == "PNG whose end is wrong" and proof == "structure":
        assert TOO_MUCH not in told(data, proof)[1]  # its rows alone tell, and nobody has looked at them
        return
    pictures, said = told(data, proof)
    assert (pictures, words in said) == (0, True), said


@pytest.mark.parametrize(
    "name", one_in(2, [b"iCCP", *(pytest.param(name, marks=pytest.mark.long) for name in (b"zTXt", b"iTXt"))])
)
@pytest.mark.parametrize("proof", one_in(2, ["structure", "decoded"]))
def test_a_chunk_that_unpacks_to_much_goes_and_the_picture_stays(name, proof):
    heads = {b"iCCP": b"x\0\0", b"zTXt": b"x\0\0", b"iTXt": b"x\0\1\0\0\0"}
    data = bombs.png_with(name, heads[name])
    result = {"content": [{"type": "image", "data": base64.b64encode(data).decode()}]}
    (part,) = translate(result, Policy(proof=proof)).parts
    sent = base64.b64decode(part["image_url"].partition(",")[2])
    assert bombs.loaded(sent).convert("RGB").getpixel((20, 10)) == (255, 0, 0)
    assert len(sent) < 1_000


@pytest.mark.long
def test_a_large_photograph_is_decoded_at_the_scale_that_is_seen():
    image = read(bombs.photograph(6_000, 4_000))
    assert cost.memory_of(image) == 4 * 6_000 * 4_000
    small = drafted(bombs.photograph(6_000, 4_000), 1_000)
    assert small.size == (1_500, 1_000)


def test_what_memory_is_thought_to_take():
    def memory(form, mode="RGB", **options):
        return cost.memory_of(read(file(Image.new(mode, (100, 100)), form, **options))) / 10_000

    assert memory("PNG") == memory("JPEG") == memory("BMP") == 4
    assert memory("PNG", "RGBA") == 8
    assert memory("PNG", "L") == 1
    assert memory("PNG", "1") == memory("PNG", "P") == 5
    assert memory("WEBP") == 16
    assert memory("JPEG", progressive=True) == 4 + 2 * 1.5
    assert memory("JPEG", progressive=True, subsampling=0) == 4 + 2 * 3


def test_a_heavy_picture_waits_until_more_is_allowed(monkeypatch):
    with cost.allowing(10_000):
        with pytest.raises(cost.HeavyError):
            load(read(file(Image.new("RGB", (100, 100)), "PNG")))
        assert load(read(file(Image.new("RGB", (10, 10)), "PNG"))).size == (10, 10)
    monkeypatch.setattr(cost, "MAX_MEMORY", 20_000)
    with pytest.raises(PictureError, match="decoding its 100x100 pixels takes 0 MB"):
        load(read(file(Image.new("RGB", (100, 100)), "PNG")))


MEASURED = """
import base64, json, re, sys, time
from pathlib import Path
from imagebridge import Policy, translate
from imagebridge_tools.load import decoded
data = open(sys.argv[1], "rb").read()
result = {"content": [{"type": "image", "data": base64.b64encode(data).decode()}]}
seen = []
def megabytes():
    # Linux counts what the process held that this one was started by, too, except there.
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1]) // 1024
    if sys.platform == "win32":
        import psutil
        return psutil.Process().memory_info().peak_wset // 2**20
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**20  # macOS counts bytes
for door in ("structure", "decoded", "load"):
    began = time.process_time()
    pictures = (
        len(decoded(data).pictures)
        if door == "load"
        else sum(part["type"] == "input_image" for part in translate(result, Policy(proof=door)).parts)
    )
    peak = megabytes()
    seen.append((door, pictures, peak, round(time.process_time() - began, 1)))
print(json.dumps(seen))
"""
LARGE = {
    "JPEG of 108 megapixels": (lambda: bombs.photograph(12_000, 9_000), 1),
    "progressive JPEG of 108 megapixels": (lambda: bombs.photograph(12_000, 9_000, progressive=True), 1),
    "PNG of 60 megapixels": (lambda: bombs.png(10_000, 6_000), 1),
    "PNG of 60 megapixels with opacity": (lambda: bombs.png(10_000, 6_000, 8, 6), 1),
    "TIFF of 40 pages": (lambda: bombs.tiff(2_480, 3_508, pages=40), 27),  # the first 240 megapixels
    "WebP of 48 megapixels": (lambda: bombs.webp(8_000, 6_000), 1),
    "GIF of 10,000 frames": (lambda: bombs.gif(6_000, 6_000, 10_000), 1),
    "animated PNG of 10,000 frames": (lambda: bombs.apng(6_000, 6_000, 10_000), 1),
}


@pytest.mark.long
@pytest.mark.parametrize("name", LARGE)
def test_what_is_large_is_shown_and_takes_no_more_than_a_gigabyte(name, tmp_path):
    make, pictures = LARGE[name]
    (tmp_path / "file").write_bytes(make())
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "file")],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    seen = json.loads(run.stdout)
    print(name, seen)
    assert [one[1] for one in seen] == [pictures] * 3
    assert max(one[2] for one in seen) < 1_050


def test_pictures_are_decoded_side_by_side_or_alone_in_the_order_in_which_they_came():
    turns, began, told, ended = cost._Turns(), [threading.Event() for _ in range(4)], [], threading.Event()

    def decode(number, memory):
        with turns.of(memory), turns.of(10 * memory):  # the inner one is a part of the outer
            told.append(number)
            began[number].set()
            ended.wait()

    half = cost.TOGETHER // 2
    threads = [
        threading.Thread(target=decode, args=one)
        for one in enumerate((half, half, 5 * cost.TOGETHER, half // 9))
    ]
    for number, thread in enumerate(threads):
        thread.start()
        while number > 1 and len(turns._waiting) < number - 1:
            time.sleep(0)
        if number < 2:
            assert began[number].wait(600)
    assert told == [0, 1]
    ended.set()
    for thread in threads:
        thread.join(600)
    assert (told, turns._held) == ([0, 1, 2, 3], 0)


def test_a_turn_of_more_than_is_allowed_is_none():
    with cost.allowing(10_000), pytest.raises(cost.HeavyError), cost.turn(10_001):
        pass
    with cost.turn(5 * cost.MAX_MEMORY):
        assert cost.allowed() == cost.MAX_MEMORY
