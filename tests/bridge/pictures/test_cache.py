"""Expensive results are cached once per content, however many threads request them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import samples

from imagebridge import Policy, output_parts
from imagebridge.errors import PictureError
from imagebridge.pictures import convert, decode, picture, png_rows
from imagebridge.pictures.cache import Cache

pytestmark = pytest.mark.pure

AT_ONCE = 6


def at_once(function):
    """Call a function in several threads at the same time and return what each got."""
    barrier = Barrier(AT_ONCE)

    def run():
        barrier.wait(600)
        return function()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [task.result(10) for task in [pool.submit(run) for _ in range(AT_ONCE)]]


@pytest.fixture
def decoded(monkeypatch):
    """The memories are empty, and each decoding is counted."""
    monkeypatch.setattr(picture, "_PROVEN", picture._Proven(64_000_000))
    monkeypatch.setattr(convert, "_MADE", Cache(64_000_000, lambda _: 1))
    count = []
    for module, name in (
        (decode, "opened"),
        (convert, "opened"),
        (convert, "load"),
        (convert, "drafted"),
        (png_rows, "unpacked"),
    ):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args, real=real: count.append(1) or real(*args))
    return count


CASES = {
    "proven by unpacking": ("PNG", Policy(proof="decoded")),
    "proven by decoding": ("JPEG", Policy(proof="decoded")),
    "converted": ("BMP", Policy()),
    "shrunk": ("PNG", Policy(model="gpt-5.6-luna", detail="low")),
}


@pytest.mark.parametrize("case", CASES)
def test_a_picture_is_decoded_once_for_all_that_show_it_at_the_same_time(case, decoded):
    form, policy = CASES[case]
    encoded = samples.b64(samples.file(samples.drawing(900, 700), form))
    # Every reply brings the same picture as a string of its own.
    results = [{"content": [{"type": "image", "data": "".join(list(encoded))}]} for _ in range(AT_ONCE)]
    made = at_once(lambda: output_parts(results.pop(), policy))
    assert len(decoded) == 1
    assert all(parts == made[0] for parts in made)


def test_what_cannot_be_shown_is_told_each_time():
    broken = {"content": [{"type": "image", "data": samples.b64(b"BM" + bytes(60)), "mimeType": "image/bmp"}]}
    assert len({output_parts(broken)[0]["text"] for _ in range(2)}) == 1


def test_the_longest_unused_give_way():
    memory, made = Cache(3, lambda _: 1), []
    for key in (1, 2, 3, 1, 4, 1, 2):
        memory.once(key, lambda key=key: made.append(key))
    assert made == [1, 2, 3, 4, 2]
    assert not memory._turns._locks


def test_a_failure_is_not_kept():
    memory = Cache(3, lambda _: 1)

    def fail():
        raise PictureError("no")

    for _ in range(2):
        with pytest.raises(PictureError):
            memory.once("a", fail)
    assert memory.once("a", lambda: "made") == "made"
