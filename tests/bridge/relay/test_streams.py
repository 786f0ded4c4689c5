"""Lines over pipes arrive complete and in order, however they are processed and however slowly they are read."""

import contextlib
import os
import random
import sys
import weakref
from functools import partial

import anyio
import anyio.lowlevel
import pytest

from imagebridge.client import lines as cut_lines
from imagebridge.client.lines import LongLine
from imagebridge.relay import child_server
from imagebridge.relay.child_server import child
from imagebridge.relay.streams import Input, LineReader, PipeOutput, StandardOutput

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        os.name == "nt", reason="pipes there are read in threads, which tests/bridge/relay covers"
    ),
]


@pytest.fixture(autouse=True, params=["called back", "told"])
def loop(request, monkeypatch):
    """The loop that calls back for each chunk, and one that only tells when something can be read."""
    if request.param == "told":
        monkeypatch.setattr(Input, "_called_back", lambda *_: None)


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        with contextlib.suppress(OSError):
            os.close(end)


async def later(found, line):
    await anyio.lowlevel.checkpoint()
    found.append(line)


@pytest.mark.parametrize("slow", [0.0, 0.5, 1.0], ids=["at once", "mixed", "waited for"])
async def test_each_line_comes_once_and_in_order(pipe, slow):
    reading, writing = pipe
    dice = random.Random(1)
    lines = [b"%d " % number + b"x" * dice.choice([0, 1, 5_000, 200_000]) for number in range(200)]
    found = []

    def take(line):
        if dice.random() < slow:
            return partial(later, found, line)
        found.append(line)
        return None

    output = PipeOutput(writing)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(LineReader(Input(reading).follow).each, take)
        for line in lines:
            if rest := output.send(line + b"\n"):
                tasks.start_soon(rest)
        while output._left:  # noqa: ASYNC110
            await anyio.sleep(0.01)
        await output.aclose()
    assert found == lines


async def test_what_is_sent_while_the_pipe_is_full_waits_its_turn(pipe):
    reading, writing = pipe
    output, found = PipeOutput(writing), []
    first = output.send(b"1" * 5_000_000 + b"\n")
    second = output.send(b"2\n")
    assert first
    assert second
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(LineReader(Input(reading).follow).each, found.append)
        await second()
        await first()
        assert output.send(b"3\n") is None
        await output.aclose()
    assert found == [b"1" * 5_000_000, b"2", b"3"]


@pytest.mark.parametrize("kind", [PipeOutput, StandardOutput])
async def test_what_nobody_reads_is_lost_and_breaks_nothing(pipe, kind):
    reading, writing = pipe
    os.close(reading)
    output = kind(writing)
    for line in (b"short\n", b"x" * 5_000_000 + b"\n"):
        if rest := output.send(line):
            await rest()
    assert not output._left


async def test_a_line_is_whole_where_the_descriptor_does_not_wait(pipe):
    """Whoever started this process may have left it so."""
    reading, writing = pipe
    os.set_blocking(writing, False)
    output, found = StandardOutput(writing), []
    lines = [b"1" * 5_000_000, b"2", b"3" * 300_000]
    async with anyio.create_task_group() as tasks:
        for line in lines:
            tasks.start_soon(output.send(line + b"\n"))
        tasks.start_soon(LineReader(Input(reading).follow).each, found.append)
        while output._left:  # noqa: ASYNC110
            await anyio.sleep(0.01)
        os.close(writing)
    assert found == lines


async def test_a_slow_reader_gets_all_that_a_server_wrote_before_its_end(monkeypatch):
    """The rest waits in the pipe, however long the first line takes: many looks at whether more has come."""
    monkeypatch.setattr(child_server, "_LOOK", 0.001)
    found = []

    async def slowly(server, line):
        while server.process.returncode is None:  # noqa: ASYNC110
            await anyio.sleep(0.001)
        for _ in range(0 if found else 100):
            await anyio.sleep(0.001)
        found.append(line)

    async with child([sys.executable, "-c", "for n in range(30_000): print(n)"]) as server:
        await server.lines.each(partial(partial, slowly, server))
    assert found == [b"%d" % number for number in range(30_000)]


async def test_a_last_line_may_lack_its_end_and_empty_ones_are_left_out(pipe):
    reading, writing = pipe
    os.write(writing, b"\n a\r\n\n  \nb")
    os.close(writing)
    found = []
    await LineReader(Input(reading).follow).each(found.append)
    assert found == [b" a\r", b"b"]


async def test_in_place_of_a_line_that_is_too_long_its_beginning_comes(pipe, monkeypatch):
    monkeypatch.setattr(cut_lines, "MAX_LINE", 100_000)
    reading, writing = pipe
    output, found = PipeOutput(writing), []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(LineReader(Input(reading).follow).each, found.append)
        if rest := output.send(b"a\n" + b"b" * 3_000_000 + b"\nc\n" + b"d" * 3_000_000):
            await rest()
        await output.aclose()
    assert found == [b"a", LongLine(b"b" * 1_000), b"c", LongLine(b"d" * 1_000)]


async def test_closing_ends_who_follows(pipe):
    end = Input(pipe[0])
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(LineReader(end.follow).each, pytest.fail)
        await anyio.wait_all_tasks_blocked()
        await end.aclose()
        await end.aclose()


async def test_a_fault_is_raised_where_the_lines_are_followed(pipe):
    os.write(pipe[1], b"a\nb\n")

    def take(line):
        raise ValueError(line)

    with pytest.raises(ValueError, match="b'a'"):
        await LineReader(Input(pipe[0]).follow).each(take)


class Work:
    """What is left of a line, and what it holds."""

    async def __call__(self):
        await anyio.lowlevel.checkpoint()


async def test_what_is_done_is_not_held_until_the_next_line(pipe):
    reading, writing = pipe
    held = []

    def take(line):
        work = Work()
        held.append(weakref.ref(work))
        return work

    source = Input(reading)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(LineReader(source.follow).each, take)
        os.write(writing, b"{}\n")
        with anyio.fail_after(60):
            while not held or held[0]():
                await anyio.lowlevel.checkpoint()
        await source.aclose()


async def test_a_regular_file_is_read_too(tmp_path):
    file = tmp_path / "asked"
    file.write_bytes(b"a\n" + b"b" * 300_000)
    found = []
    descriptor = os.open(file, os.O_RDONLY)
    await LineReader(Input(descriptor).follow).each(found.append)
    os.close(descriptor)
    assert found == [b"a", b"b" * 300_000]
