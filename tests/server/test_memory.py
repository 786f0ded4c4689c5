"""The memory of a server and its workers together, while bombs and large pictures arrive at the same time."""

import sys
from threading import Event, Thread

import bombs
import psutil
import pytest
from anyio import create_task_group
from mcp import Client, StdioServerParameters

pytestmark = [pytest.mark.anyio, pytest.mark.long]

MOST = 1_500_000_000
"""Bytes that the whole tree may hold."""


class Watch:
    """Looks again and again at what a process and all that it started hold, until it ends."""

    def __init__(self, process):
        self.process, self.most, self.ended = process, 0, Event()
        # Other tests may have left processes that stand ready.
        self.others = set(process.children(recursive=True))
        self.thread = Thread(target=self.run, daemon=True)

    def run(self):
        while not self.ended.is_set():
            held = 0
            for one in self.process.children(recursive=True):
                if one in self.others:
                    continue
                try:
                    # What a process shares with nobody; libraries would count for each.
                    held += one.memory_full_info().uss
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            self.most = max(self.most, held)
            self.ended.wait(0.02)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


FILES = {
    "photograph.jpg": lambda: bombs.photograph(12_000, 9_000),
    "progressive.jpg": lambda: bombs.photograph(12_000, 9_000, progressive=True),
    "large.png": lambda: bombs.png(10_000, 6_000),
    "opacity.png": lambda: bombs.png(10_000, 6_000, 8, 6),
    "pages.tif": lambda: bombs.tiff(2_480, 3_508, pages=40),
    "large.webp": lambda: bombs.webp(8_000, 6_000),
    "bomb.webp": lambda: bombs.webp(16_383, 7_000),
    "column.png": lambda: bombs.claiming(1, 100_000_000),
    "column.bmp": lambda: bombs.bmp(1, 100_000_000),
    "tile.tif": lambda: bombs.tiff(8, 8, tile=40_000),
    "frames.gif": lambda: bombs.gif(6_000, 6_000, 10_000),
    "frames.png": lambda: bombs.apng(6_000, 6_000, 10_000),
    "large.jp2": lambda: bombs.jp2(9_000, 9_000),
    "icon.ico": lambda: bombs.ico(bombs.png(12_000, 10_000, 8, 6)),
}
SHOWN = {"photograph.jpg", "progressive.jpg", "large.png", "opacity.png", "pages.tif", "large.webp", "frames.gif", "frames.png"}  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is limited by judging alone")
async def test_the_tree_stays_below_a_gigabyte_and_a_half(tmp_path):
    for name, make in FILES.items():
        (tmp_path / name).write_bytes(make())
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "imagebridge_server", "--allow", str(tmp_path)]
    )
    results = {}

    async def called(client, name):
        results[name] = await client.call_tool("load_image", {"source": name}, read_timeout_seconds=300)

    with Watch(psutil.Process()) as watch:
        async with Client(server) as client:
            async with create_task_group() as group:
                for name in FILES:
                    group.start_soon(called, client, name)
    print(f"\nthe tree held {watch.most / 1e6:.0f} MB at most")
    failed = {name: result.content[0].text for name, result in results.items() if result.is_error}
    assert failed.keys() == FILES.keys() - SHOWN, failed
    assert all(any(block.type == "image" for block in results[name].content) for name in SHOWN)
    assert watch.most < MOST
