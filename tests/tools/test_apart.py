"""apart: what work in another process may cost, and that the next call is answered."""

import os
import signal
import sys
import time

import pytest

from imagebridge.errors import ArgumentError, PictureError
from imagebridge.translate.picture import Picture
from imagebridge_tools import folders
from imagebridge_tools.apart import ApartError, apart

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
        (os.abort, (), "broke the process"),
        (sys.exit, (), "broke the process"),
        pytest.param(bytearray, (3 << 30,), "too much memory", marks=LINUX),
    ],
)
async def test_a_bomb_costs_one_call(function, arguments, words):
    with pytest.raises(ApartError, match=words):
        await apart(function, *arguments, seconds=0.5 if function is time.sleep else 30)
    assert await apart(abs, -1) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
async def test_a_process_that_died_while_it_waited_costs_nothing():
    os.kill(await apart(os.getpid), signal.SIGKILL)
    assert await apart(abs, -1) == 1


@pytest.mark.parametrize(
    ("function", "arguments", "error"),
    [
        (Picture.from_bytes, (b"x",), PictureError),
        (folders.content, ("x", (), 1, "source"), ArgumentError),
    ],
)
async def test_our_own_errors_come_back_as_they_are(function, arguments, error):
    with pytest.raises(error) as here:
        function(*arguments)
    with pytest.raises(error) as there:
        await apart(function, *arguments)
    assert str(there.value) == str(here.value)
    assert vars(there.value) == vars(here.value)
