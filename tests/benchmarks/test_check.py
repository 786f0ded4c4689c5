"""Compares the time of a check with `json.loads` of the same body, and its memory with the size of the body.

`uv run pytest -m benchmark -n 0 -s tests/benchmarks/test_check.py`. Each body has 30 MB.
"""

import io
import json
import tracemalloc

import pytest
from samples import b64, file
from test_translation import MEGABYTE, fastest, noise

from imagebridge.check import check

pytestmark = pytest.mark.benchmark

SIZE = 30 * MEGABYTE
LINE = '2026-11-22 12:00:00 INFO "GET /orders/12345" 200 in {ms: 17}: the cache was warm, nothing to do\n'


def body(*outputs):
    items = [{"role": "user", "content": "Look."}]
    for index, output in enumerate(outputs):
        call = {"type": "function_call", "call_id": f"call_{index}", "name": "look", "arguments": "{}"}
        items += [call, {"type": "function_call_output", "call_id": f"call_{index}", "output": output}]
    return {"model": "gpt-5.6-luna", "input": items}


def pictures(form, count):
    """Outputs of one picture each, together 30 MB of base64, no two the same."""
    per = SIZE / count
    side = {"PNG": (per / 4) ** 0.5, "JPEG": (per * 1.35) ** 0.5}[form]
    outputs = []
    for index in range(count):
        buffer = io.BytesIO()
        noise(int(side), int(side) + index).save(buffer, form)
        part = {"type": "input_image", "detail": "original"}
        part["image_url"] = f"data:image/{form.lower()};base64,{b64(buffer.getvalue())}"
        outputs.append([part])
    return body(*outputs)


def dumped():
    """One picture, turned into text with the blocks around it."""
    data = b64(file(noise(2_730, 2_740), "PNG"))
    blocks = [{"type": "text", "text": "Here."}, {"type": "image", "data": data, "mimeType": "image/png"}]
    return body(json.dumps(blocks))


def dumped_file():
    """A document in an embedded resource, turned into text."""
    blob = b64(b"%PDF-1.7 " + noise(2_730, 2_740).tobytes())
    return body(json.dumps({"type": "resource", "resource": {"uri": "file:///a.pdf", "blob": blob}}))


BODIES = {
    "30 PNGs": lambda: pictures("PNG", 30),
    "one PNG": lambda: pictures("PNG", 1),
    "30 JPEGs": lambda: pictures("JPEG", 30),
    "a dumped picture": dumped,
    "a dumped document": dumped_file,
    "one log": lambda: body(LINE * (SIZE // len(LINE))),
    "a log written as JSON": lambda: body(json.dumps([{"line": LINE}] * (SIZE // 115))),
    "3,000 short texts": lambda: body(*[LINE * 100] * 3_000),
    "one unbroken text": lambda: body("ab" * (SIZE // 2)),
    "a picture in a page": lambda: body(
        f"<p>{LINE}</p><img src='data:image/png;base64,{b64(file(noise(2_730, 2_740), 'PNG'))}'>"
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_large_body(name, measured, rounds):
    written = json.dumps(BODIES[name]())
    assert 0.8 * SIZE < len(written) < 1.3 * SIZE, len(written)
    # Read anew for each round, so that nothing is remembered of the strings.
    read = []
    ours, theirs = fastest(
        lambda: check(read.pop()),
        lambda: json.loads(written),
        rounds=rounds(7),
        given=lambda: read.append(json.loads(written)) or (),
    )
    measured("check", ours / theirs, f"{name}: {ours:.0f} ms compared with {theirs:.0f} ms")


@pytest.mark.parametrize("name", BODIES)
def test_memory(name, measured):
    given = BODIES[name]()
    size = len(json.dumps(given))
    tracemalloc.start()
    check(given)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    measured(
        "check memory", peak / size + 1, f"{name}: {peak / 1e6:.0f} MB beside the body's {size / 1e6:.0f} MB"
    )
