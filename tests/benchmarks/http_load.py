"""Generates load for a local HTTP server, with raw HTTP/1.1 so that the client costs less than the server."""

import os
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import anyio
import psutil
from http_callers import called
from processes import worked

ENDED = b"0\r\n\r\n"
"""What a body in chunks ends with."""


def written(message, url, token="", version="2026-07-28"):
    """Return the bytes of a request (see `http_callers.called`), as they are sent again and again."""
    headers = message["headers"] | {"mcp-protocol-version": version, "host": urlsplit(url).netloc}
    if token:
        headers["authorization"] = f"Bearer {token}"
    body = message["content"].encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /mcp HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body


def get_image(url, token="", version="2026-07-28"):
    """Return the bytes of a call of `get_image`."""
    return written(called("get_image", {"text": "x"}), url, token, version)


@dataclass
class Load:
    """The result of a load: its total seconds, and those of each answer and rejection (429) from the time it was due."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)

    @property
    def rate(self):
        """Requests per second."""
        return len(self.latencies) / self.seconds

    def share(self, part):
        """Return the seconds within which this fraction of the requests was answered."""
        return sorted(self.latencies)[int(part * (len(self.latencies) - 1))]


async def exchange(connection, request):
    """Send a request, and return the status of its answer, which must be 200 or 429, once its body has arrived."""
    await connection.send(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += await connection.receive()
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    status = int(lines[0].split()[1])
    assert status in (200, 429), received
    length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), None)
    size, end = len(body), body[-len(ENDED) :]
    while size < length if length is not None else end != ENDED:
        part = await connection.receive(262_144)
        size += len(part)
        end = (end + part)[-len(ENDED) :]
    return status


async def loaded(urls, requests, connections, rate=None):
    """Send requests over several connections to each server, and return the results.

    Args:
        urls: where servers are.
        requests: the bytes of each request.
        connections: how many are used at a time with each server; each sends its next request once it has an answer.
        rate: requests per second that are due, whether or not the ones before are answered; None: as fast as it goes.
    """
    load = Load()
    waiting = iter(enumerate(requests))
    begun = time.perf_counter()

    async def work(url):
        where = urlsplit(url)
        async with await anyio.connect_tcp(where.hostname, where.port) as connection:
            for number, request in waiting:
                due = time.perf_counter()
                if rate:
                    due = begun + number / rate
                    await anyio.sleep(max(0.0, due - time.perf_counter()))
                status = await exchange(connection, request)
                (load.latencies if status == 200 else load.refusals).append(time.perf_counter() - due)

    async with anyio.create_task_group() as tasks:
        for url in urls:
            for _ in range(connections):
                tasks.start_soon(work, url)
    load.seconds = time.perf_counter() - begun
    return load


def load(urls, requests, connections, rate=None):
    """Call `loaded` from outside an event loop."""
    return anyio.run(loaded, urls, requests, connections, rate)


def cpu(pid):
    """Return the CPU seconds of a process without its children, with nanosecond precision if the system reports it."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return worked(pid)
    # The clock of a process (Linux, clock_getcpuclockid).
    return time.clock_gettime((~pid << 3) | 2)


def cpu_of_all(pid):
    """Return the CPU seconds of a process and its workers."""
    workers = psutil.Process(pid).children(recursive=True)
    return cpu(pid) + sum(worked(one.pid) for one in workers)


def on_cores(cores, start):
    """Call `start` with its processes restricted to these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        return start()
    finally:
        os.sched_setaffinity(0, before)
