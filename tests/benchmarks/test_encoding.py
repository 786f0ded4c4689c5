"""Measures each encoding: `uv run pytest -m benchmark -n 0 -s tests/benchmarks/test_encoding.py`.

The collection is the test images of Pillow's source distribution, or the folder that IMAGEBRIDGE_COLLECTION names, and
screens, charts, icons and photographs made here. Only what came without loss counts: PNG, BMP, GIF, PNM.
"""

import io
import json
import os
import tarfile
import urllib.request
from collections import defaultdict
from pathlib import Path
from random import Random
from urllib.parse import urljoin

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from imagebridge.errors import PictureError
from imagebridge.pictures import kinds
from imagebridge.pictures.decode import opened, srgb
from imagebridge.pictures.encode import as_picture, is_flat, standard

pytestmark = pytest.mark.benchmark

INDEX = "https://pypi.org/pypi/pillow/json"
LOSSLESS = (kinds.PNG, kinds.BMP, kinds.GIF, kinds.PNM)


def collection(folder):
    """Yield the names and the opaque pixels of what came without loss."""
    given = os.environ.get("IMAGEBRIDGE_COLLECTION")
    if given is None:
        with urllib.request.urlopen(INDEX, timeout=60) as answer:
            links = json.load(answer)["urls"]
        link = next(one["url"] for one in links if one["packagetype"] == "sdist")
        with urllib.request.urlopen(urljoin(INDEX, link), timeout=300) as answer:
            packed = io.BytesIO(answer.read())
        with tarfile.open(fileobj=packed) as archive:
            archive.extractall(folder)  # the index's own file; the argument `filter` came with 3.11.4
        given = next(folder.glob("*illow-*/Tests/images"))
    for path in sorted(Path(given).rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        if kinds.kind(data[:70_000]) not in LOSSLESS:
            continue
        try:
            image = standard(srgb(opened(data)))
        except PictureError:
            continue
        if image.mode in ("L", "RGB") and image.width * image.height > 1:
            yield path.name, image


def words(width, height, size, ink, paper):
    page = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(page)
    for line in range(0, height, 18):
        pen.text(
            (12, line), f"{line:5} the quick brown fox jumps over the lazy dog " * (width // 300 + 1), ink
        )
    pen.rectangle((width // 2, height // 3, width - 20, height // 2), fill="#3367d6")
    return page.resize((size, size * height // width), Image.Resampling.LANCZOS) if size else page


def made():
    """Yield pictures as screens, charts, icons and cameras make them, by group."""
    for width, height in ((400, 300), (1280, 800), (1920, 1200)):
        yield "screen", words(width, height, 0, "#222222", "white")
        yield "screen", words(width, height, 0, "#d4d4d4", "#1e1e1e")
        yield "screen made smaller", words(width, height, width * 2 // 3, "red", "#f0f0ff")
    noise = Random(4)
    for side in (16, 32, 64, 128, 256, 400):
        icon = Image.frombytes("RGB", (8, 8), noise.randbytes(192))
        yield "icon", icon.resize((side, side), Image.Resampling.BICUBIC)
        yield "busy icon", Image.frombytes("RGB", (side, side), noise.randbytes(3 * side * side))
    for width, height in ((300, 200), (640, 480), (1600, 1200)):
        chart = Image.new("RGB", (width, height), "white")
        pen = ImageDraw.Draw(chart)
        for at in range(0, width, 7):
            pen.line(
                (at, height, at + 3, noise.randrange(height)),
                fill=noise.choice(("red", "blue", "#0a0")),
                width=1,
            )
        yield "chart", chart
        heat = Image.frombytes("RGB", (40, 30), noise.randbytes(3600))
        yield "heat map", heat.resize((width, height), Image.Resampling.NEAREST)
    for width, height in ((320, 240), (640, 480), (2000, 1500)):
        soft = Image.frombytes("RGB", (32, 24), noise.randbytes(2304)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        grain = Image.frombytes("RGB", (width, height), noise.randbytes(3 * width * height))
        yield "photograph", Image.blend(soft, grain, 0.06).filter(ImageFilter.GaussianBlur(0.6))


def error(image, data):
    """Return the mean and the largest difference of a channel, 0 to 255."""
    shown = Image.open(io.BytesIO(data)).convert(image.mode)
    difference = ImageChops.difference(image, shown)
    highest = difference.getextrema()
    most = max(one[1] for one in highest) if image.mode == "RGB" else highest[1]
    return sum(ImageStat.Stat(difference).mean) / len(image.getbands()), most


def jpeg(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85, **options)
    return buffer.getvalue()


def size_group(image):
    pixels = image.width * image.height
    return next(name for most, name in ((3e3, "to 3 k"), (4e4, "to 40 k"), (1.6e5, "to 160 k"), (1e6, "to 1 M"), (9e9, "over 1 M")) if pixels <= most)  # fmt: skip


def test_what_each_encoding_takes_and_loses(tmp_path, measured):
    found = defaultdict(list)
    pictures = [("Pillow's", name, image) for name, image in collection(tmp_path)]
    pictures += [(group, group, image) for group, image in made()]
    for group, name, image in pictures:
        chosen = as_picture(image, lossless=True)
        buffer = io.BytesIO()
        image.save(buffer, "PNG", compress_level=6)
        halved, full = jpeg(image), jpeg(image, subsampling=0)
        errors = [error(image, data) for data in (chosen.data, halved, full)]
        form = chosen.media_type.removeprefix("image/")
        found[group, size_group(image)].append(
            (name, form, chosen.size, len(buffer.getvalue()), len(halved), len(full), errors)
        )
        if form == "jpeg" and errors[0][0] > 3:
            print(
                f"JPEG with a mean error of {errors[0][0]:.1f}: {name} {image.mode} {image.size} flat={is_flat(image)}"
            )
    print(f"\n{len(pictures)} pictures; bytes a picture, mean error (largest of any) in 255ths")
    print(
        f"{'group':20} {'pixels':9} {'n':>4} {'as JPEG':>7} {'chosen':>16} {'PNG':>8} {'JPEG 4:2:0':>18} {'JPEG 4:4:4':>18}"
    )
    for (group, size), rows in sorted(found.items()):
        mean = [sum(row[at] for row in rows) // len(rows) for at in range(2, 6)]
        lost = [
            (sum(row[6][at][0] for row in rows) / len(rows), max(row[6][at][0] for row in rows))
            for at in range(3)
        ]
        jpegs = sum(row[1] == "jpeg" for row in rows)
        print(
            f"{group:20} {size:9} {len(rows):4} {jpegs:7} {mean[0]:8} {lost[0][0]:3.1f} ({lost[0][1]:3.1f}) {mean[1]:8}"
            f" {mean[2]:8} {lost[1][0]:4.1f} ({lost[1][1]:4.1f}) {mean[3]:8} {lost[2][0]:4.1f} ({lost[2][1]:4.1f})"
        )
    # What is drawn keeps its pixels, whatever its size; what is small does, whatever it shows.
    drawn = ("screen", "screen made smaller", "icon", "busy icon", "chart", "heat map")
    kept = [
        row[6][0][0]
        for (group, size), rows in found.items()
        for row in rows
        if group in drawn or size in ("to 3 k", "to 40 k", "to 160 k")
    ]
    measured("encoding", max(kept), f"{len(kept)} pictures")
