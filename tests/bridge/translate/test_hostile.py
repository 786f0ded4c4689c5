"""No server result raises an error in any entry point, and the output can be sent; the surrounding text is kept."""

import gzip
import json
import sys
import zlib

import pytest
from samples import b64

from imagebridge import chat_messages, function_call_output, repair, translate

KEPT = {"type": "text", "text": "kept beside it"}
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="50">'
    + b"".join(
        b'<rect x="%d" y="%d" width="9" height="9" fill="#%06x"/>' % (n, n // 3, n * 7919) for n in range(200)
    )
    + b"</svg>"
)
PACKED = gzip.compress(SVG)

BYTES = {
    "a packed SVG cut short": PACKED[:-12],
    "a packed SVG cut in the middle": PACKED[: len(PACKED) // 2],
    "a packed SVG whose XML does not end": gzip.compress(SVG[:-20]),
    "a packed SVG with a wrong checksum": PACKED[:-8] + bytes(8),
    "an SVG packed twice": gzip.compress(PACKED),
    "an SVG whose name alone is packed": gzip.compress(b"<svg>" + bytes(9)),
    "an SVG after 60 kB of comment, packed and cut": gzip.compress(b"<!--" + bytes(60_000) + b"-->" + SVG)[
        :-9
    ],
    "an SVG in UTF-16 that is cut": SVG.decode().encode("utf-16")[:-31],
    "an archive that names a document": b"PK\x03\x04" + b"word/document.xml" * 9,
    "an archive that names a document late": b"PK\x03\x04" + bytes(9_000) + b"word/document.xml",
    "the start of each picture format and nothing more": b"\x89PNG\r\n\x1a\n",
    "an ISO file of no brand that is known": b"\0\0\0\x18ftypzzzz" + bytes(12),
    "a RIFF of neither sound nor picture": b"RIFF\x08\0\0\0ABCD" + bytes(8),
    "a document's start and no more": b"%PDF-",
    "packed by zlib alone": zlib.compress(SVG),
}


def shapes(data, label):
    """A file in the places where a server may put one."""
    url = f"data:{label};base64,{b64(data)}"
    resource = {"uri": "file:///a", "blob": b64(data), "mimeType": "application/octet-stream"}
    return {
        "an image": {"content": [KEPT, {"type": "image", "data": b64(data), "mimeType": label}]},
        "a resource": {"content": [KEPT, {"type": "resource", "resource": resource}]},
        "a URL in a text": {"content": [KEPT, {"type": "text", "text": url}]},
        "a link": {"content": [KEPT, {"type": "resource_link", "uri": url, "name": "a"}]},
        "structured content": {"content": [KEPT], "structuredContent": {"file": url}},
    }


def nested(levels):
    leaf = 1
    for _ in range(levels):
        leaf = {"a": leaf}
    return leaf


def link(size):
    return {"type": "resource_link", "uri": "file:///a.png", "name": "a.png", "size": size}


HALF = "cut \ud83d here"
RESULTS = {
    f"{name}, as {place}": result
    for name, data in BYTES.items()
    for place, result in shapes(data, "image/svg+xml").items()
} | {
    "a link of 400 digits": {"content": [KEPT, link(10**400)]},
    "a link of 5,000 digits": {"content": [KEPT, link(10**5000)]},
    "a link of a negative size": {"content": [KEPT, link(-(10**400))]},
    "a link of an infinite size": {"content": [KEPT, link(float("inf"))]},
    "a number of 6,000 digits": {"content": [KEPT], "structuredContent": {"n": 10**6000}},
    "not a number": {"content": [KEPT], "structuredContent": {"n": float("nan")}},
    "a number as text": {"content": [KEPT, {"type": "text", "text": 10**6000}]},
    "a priority of 6,000 digits": {"content": [KEPT | {"annotations": {"priority": 10**6000}}]},
    "structured content of 3,000 levels": {"content": [KEPT], "structuredContent": nested(3000)},
    "metadata of 3,000 levels": {"content": [KEPT | {"_meta": nested(3000)}], "_meta": nested(3000)},
    "a block of 3,000 levels": {"content": [KEPT, nested(3000)]},
    "half a character in a text": {"content": [KEPT, {"type": "text", "text": HALF}]},
    "half a character in a name": {"content": [KEPT, link(3) | {"name": HALF, "uri": HALF}]},
    "half a character in a key": {
        "content": [KEPT],
        "structuredContent": {HALF: [HALF]},
        "_meta": {HALF: HALF},
    },
    "half a character in a type": {"content": [KEPT, {"type": HALF, HALF: 1}]},
    "half a character in a resource": {
        "content": [KEPT, {"type": "resource", "resource": {"uri": HALF, "text": HALF}}]
    },
}

ENTRIES = {
    "function_call_output": lambda result: function_call_output(result, "c"),
    "translate": lambda result: translate(result).output,
    "chat_messages": lambda result: chat_messages([("c", result)]),
    "repair": repair,
    "repair for a host": lambda result: repair(result, "claude-desktop"),
    "repair for an unknown host": lambda result: repair(result, "unknown"),
}


@pytest.mark.parametrize("case", RESULTS)
def test_what_a_server_returns_never_raises(case):
    for entry, made in ENTRIES.items():
        sent = json.dumps(made(RESULTS[case]), ensure_ascii=False, allow_nan=False).encode()
        assert b"kept beside it" in sent, entry


@pytest.mark.parametrize(
    ("count", "more"),
    [
        (3, []),
        (
            4,
            [
                "[not shown: 1 more content block; only 3 per result are read; ask the tool for less at a time]"
            ],
        ),
        (
            2_003,
            [
                "[not shown: 2,000 more content blocks; only 3 per result are read; ask the tool for less at a time]"
            ],
        ),
    ],
)
def test_blocks_beyond_what_is_read_are_counted(monkeypatch, count, more):
    monkeypatch.setattr(sys.modules["imagebridge.translate.result"], "_MOST_BLOCKS", 3)
    blocks = [{"type": "text", "text": str(at)} for at in range(count)]
    assert translate({"content": blocks}).output == "\n".join(["0", "1", "2", *more])
