"""A picture that is returned again is shrunk only once, and never confused with another."""

from io import BytesIO
from random import Random

from PIL import Image

from imagebridge.pictures.base64 import sample
from imagebridge.pictures.picture import Picture
from imagebridge.repair.shrinking import shrunk

LIMIT = 60_000


def noise(seed):
    """A PNG of 300 kB; those of two seeds differ in the middle alone, between bytes that are equal."""
    side, same = 320, 100
    ends = Random(0).randbytes(side * same * 3)
    middle = Random(seed).randbytes(side * (side - 2 * same) * 3)
    buffer = BytesIO()
    pixels = ends + middle + ends
    Image.frombytes("RGB", (side, side), pixels).save(buffer, "PNG", compress_level=0)
    return Picture.from_bytes(buffer.getvalue())


def test_a_picture_that_comes_again_is_not_made_again():
    assert shrunk(noise(1), LIMIT, 2_000) is shrunk(noise(1), LIMIT, 2_000)


def test_another_limit_makes_another_picture():
    assert shrunk(noise(1), LIMIT, 2_000).size > 2 * shrunk(noise(1), LIMIT // 3, 2_000).size
    assert shrunk(noise(1), LIMIT, 100).width == 100


def test_pictures_that_look_alike_by_a_sample_are_not_taken_for_each_other():
    one, other = noise(1), noise(2)
    assert sample(one.data_url)[:2] == sample(other.data_url)[:2]
    assert shrunk(one, LIMIT, 2_000) != shrunk(other, LIMIT, 2_000)


def test_a_picture_that_fits_stays_the_very_same():
    picture = noise(1)
    assert shrunk(picture, picture.size, 320) is picture
