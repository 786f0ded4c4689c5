"""The cost of untrusted input grows linearly: ten times as many blocks take about ten times as long, not a hundred.

`uv run pytest -m benchmark -n 0 -s tests/benchmarks/test_bounds.py`. CPU seconds, the least of three.
"""

import time

import pytest

from imagebridge import chat_messages, function_call_output, repair

pytestmark = pytest.mark.benchmark

FEW, MANY = 2_000, 20_000
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def text(words):
    return {"type": "text", "text": words}


RESULTS = {
    "texts": lambda count: {"content": [text(str(at)) for at in range(count)]},
    "empty texts": lambda count: {"content": [text("")] * count},
    "links": lambda count: {
        "content": [
            {"type": "resource_link", "uri": f"https://e.example/{at}", "name": "a"} for at in range(count)
        ]
    },
    "pictures": lambda count: {"content": [{"type": "image", "data": DOT, "mimeType": "image/png"}] * count},
    "broken pictures": lambda count: {"content": [{"type": "image", "data": "AAAA"}] * count},
    "nulls": lambda count: {"content": [None] * count},
    "structured content": lambda count: {
        "content": [text("x")],
        "structuredContent": {"a": [{"b": at} for at in range(count)]},
    },
    "texts that structured content repeats": lambda count: {
        "content": [text(str(at)) for at in range(count)],
        "structuredContent": {"result": [str(at) for at in range(count)]},
    },
    "texts, and as many blocks in structured content": lambda count: {
        "content": [text(str(at)) for at in range(count)],
        "structuredContent": {"result": [0] * count + [text("0")]},
    },
    "texts, and structured content of nulls": lambda count: {
        "content": [text("{}"), *(text(str(at)) for at in range(count))],
        "structuredContent": {str(at): None for at in range(count)},
    },
}

DOORS = {
    "function_call_output": lambda result: function_call_output(result, "c"),
    "chat_messages": lambda result: chat_messages([("c", result)]),
    "repair": repair,
    "repair for cursor": lambda result: repair(result, "cursor"),
    "repair for claude-code": lambda result: repair(result, "claude-code"),
}


def seconds(door, result):
    taken = []
    for _ in range(3):
        began = time.process_time()
        door(result)
        taken.append(time.process_time() - began)
    return min(taken)


@pytest.mark.parametrize("kind", RESULTS)
@pytest.mark.parametrize("door", DOORS)
def test_the_time_is_linear(door, kind, measured):
    few, many = (seconds(DOORS[door], RESULTS[kind](count)) for count in (FEW, MANY))
    said = f"{kind}: {many * 1000:.0f} ms compared with {few * 1000:.0f} ms"
    measured(door, many / max(few, 0.005), said)
