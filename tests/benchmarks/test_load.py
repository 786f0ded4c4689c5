"""Compares the time to load a picture with Pillow's own load, shrink and save in this process."""

import time
from io import BytesIO

import pytest
from PIL import Image

from imagebridge_tools.files.source import Places
from imagebridge_tools.load import load_image

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]


ROUNDS = 12


@pytest.fixture
def folder(tmp_path):
    # Other pixels in each file: what was made lately is kept, and would be given again.
    for number in range(ROUNDS + 1):
        photo = Image.effect_noise((1000, 750), 60).resize((2000, 1500)).convert("RGB")
        photo.save(tmp_path / f"{number}.jpg", quality=90)
    return tmp_path


async def test_a_jpeg_of_three_megapixels(folder, measured, rounds):
    def pillow(name):
        image = Image.open(folder / name)
        image.load()
        image.resize((1024, 768), Image.Resampling.BICUBIC).save(BytesIO(), "JPEG", quality=85)

    ours, theirs = [], []
    places = Places(allow=(folder,))
    await load_image(f"{ROUNDS}.jpg", places, max_size=1024)
    for number in range(rounds(ROUNDS)):
        start = time.perf_counter()
        pillow(f"{number}.jpg")
        between = time.perf_counter()
        await load_image(f"{number}.jpg", places, max_size=1024)
        theirs.append(between - start)
        ours.append(time.perf_counter() - between)
    measured(
        "load",
        min(ours) / min(theirs),
        f"{min(ours) * 1000:.0f} ms compared with {min(theirs) * 1000:.0f} ms",
    )
