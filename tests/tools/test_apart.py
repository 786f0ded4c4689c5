"""apart: limits for work in another process, and that the next call is answered."""

import os
import subprocess
import sys
import time

import psutil
import pytest
from processes import hold, take_and_free

from imagebridge.errors import ArgumentError, PictureError
from imagebridge.pictures.picture import Picture
from imagebridge_tools.apart import KEPT, ApartError, apart
from imagebridge_tools.files import folders

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="this system limits no memory")


async def test_it_runs_in_another_process_which_is_kept():
    first = await apart(os.getpid)
    assert first != os.getpid()
    assert await apart(os.getpid) == first


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (time.sleep, (60,), "longer than 0.5 seconds"),
        pytest.param(os.abort, (), "crashed the process", marks=pytest.mark.long),
        pytest.param(sys.exit, (), "crashed the process", marks=pytest.mark.long),
        pytest.param(bytearray, (3 << 30,), "too much memory", marks=LINUX),
    ],
)
async def test_a_bomb_costs_one_call(function, arguments, words):
    with pytest.raises(ApartError, match=words):
        await apart(function, *arguments, seconds=0.5 if function is time.sleep else 30)
    assert await apart(abs, -1) == 1


async def test_a_process_that_died_while_it_waited_costs_nothing():
    psutil.Process(await apart(os.getpid)).kill()
    assert await apart(abs, -1) == 1


WORKING = """
import sys
from pathlib import Path
import anyio
from imagebridge_tools.apart import apart

if __name__ == "__main__":
    anyio.run(apart, Path.read_bytes, Path(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the alarm ends it")
async def test_a_process_at_work_ends_with_the_one_that_is_killed(tmp_path):
    (tmp_path / "main.py").write_text(WORKING)
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen([sys.executable, tmp_path / "main.py", tmp_path / "pipe"]) as main:  # noqa: ASYNC220
        # It can be opened once the worker reads it, and written to while the worker lives.
        with (tmp_path / "pipe").open("wb", buffering=0) as pipe:
            main.kill()
            main.wait()
            assert broken(pipe)


def broken(pipe):
    """Tell whether nobody reads a pipe any longer; one that was killed may need some time to be taken away."""
    stop = time.monotonic() + 60
    while time.monotonic() < stop:
        try:
            pipe.write(b"x" * 100)
        except BrokenPipeError:
            return True
        os.sched_yield()
    return False


@pytest.mark.parametrize(
    ("function", "arguments", "error"),
    [
        (Picture.from_bytes, (b"x",), PictureError),
        (folders.read_file, ("x", (), 1, "source"), ArgumentError),
    ],
)
async def test_our_own_errors_come_back_as_they_are(function, arguments, error):
    with pytest.raises(error) as here:
        function(*arguments)
    with pytest.raises(error) as there:
        await apart(function, *arguments)
    assert str(there.value) == str(here.value)
    assert vars(there.value) == vars(here.value)


@LINUX
async def test_a_process_that_would_go_on_holding_much_ends():
    first = await apart(hold, 10_000_000)
    assert await apart(hold, 150_000_000) == first
    assert await apart(os.getpid) != first


@LINUX
@pytest.mark.parametrize("size", [200_000_000, 600_000_000])
async def test_a_process_that_gives_back_what_it_took_is_kept(size):
    first = await apart(os.getpid)
    assert await apart(take_and_free, size) == size
    assert psutil.Process(first).memory_info().rss < KEPT
    assert await apart(os.getpid) == first


@LINUX
async def test_work_that_takes_much_is_done_alone():
    before = psutil.Process().children()
    assert await apart(take_and_free, 900_000_000) == 900_000_000
    with pytest.raises(ApartError, match="too much memory"):
        await apart(take_and_free, 1_100_000_000)
    assert len([one for one in psutil.Process().children() if one not in before]) <= 1
