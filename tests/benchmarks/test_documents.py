"""Compares the time to read a PDF of 200 pages with pypdfium2 alone, and measures the worker's memory."""

import time
from functools import partial

import anyio
import psutil
import pypdfium2
import pytest
from samples import pdf_of

from imagebridge_tools import load_file
from imagebridge_tools.files.source import Places

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]

PAGES, ROUNDS = 200, 5


def long_pdf():
    """A PDF with fifty lines of text a page."""
    pages = (
        " T* ".join(f"(Page {page} line {line}: {'the quick brown fox ' * 4}) Tj" for line in range(50))
        for page in range(PAGES)
    )
    return pdf_of(*(f"BT /F1 9 Tf 12 TL 40 800 Td {lines} ET" for lines in pages), size=(595, 842))


def plain_text(data):
    with pypdfium2.PdfDocument(data) as document:
        return sum(len(page.get_textpage().get_text_range()) for page in document)


async def test_a_long_pdf_answers_soon(tmp_path, measured, rounds):
    data = long_pdf()
    (tmp_path / "long.pdf").write_bytes(data)
    read = partial(load_file, "long.pdf", Places(allow=(tmp_path,)), attach=0)
    answer = await read()  # The worker starts.
    assert "pages 1-" in answer.sentence
    ours, theirs = [], []
    for _ in range(rounds(ROUNDS)):
        start = time.perf_counter()
        await read()
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        await anyio.to_thread.run_sync(plain_text, data)
        theirs.append(time.perf_counter() - start)
    held = max(child.memory_info().rss for child in psutil.Process().children(recursive=True))
    measured("pdf", min(ours) / min(theirs), f"{min(ours):.2f} s compared with {min(theirs):.2f} s")
    measured("pdf memory", held / 1e6)
