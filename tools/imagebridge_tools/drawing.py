"""The drawing process: Vega-Lite in on stdin, PNG out on stdout. Started by `worker`,
which runs this file: it imports nothing of the package.


A request is one line, `{"spec": bytes that follow, "pixels": most pixels, "seconds": most seconds}`, and the
spec. The answer is one line, `{"png": bytes that follow, "boxes": characters without a glyph}` or
`{"problem": why not}`, and the picture.
"""

import json
import os
import re
import signal
import sys
from html import escape, unescape
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO
from unicodedata import category

if TYPE_CHECKING:
    from PIL.Image import Image

MEMORY = 1 << 30
"""Bytes of data the process may hold: a bar chart takes a fifth. The address space stays free, V8 reserves 60 GB."""

_SIZE = re.compile(r'<svg[^>]*?\swidth="([\d.]+)"[^>]*?\sheight="([\d.]+)"')
_IMAGE = re.compile(r"<image\b[^>]*>")
_MARKS = re.compile(r'class="mark-(?!group)[a-z]+ role-mark[^"]*"[^>]*[^/]>(?!\s*</g>)')
_TEXT = re.compile(r"<text\b[^>]*>(.*?)</text>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_HREF = re.compile(r"""href\s*=\s*(["'])(.*?)\1""", re.DOTALL)

_CELL = 24
"""Pixels of the square in which one character is drawn to see whether a font has it."""

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Mn", "Me", "Zl", "Zp", "Zs"))
"""Categories of characters that show nothing of their own."""

_EXAMINED = 1000
"""Different characters that are examined at most."""

_BLANK = "the chart came out blank: check that its fields exist and that its filters leave some rows"


class _RefusedError(Exception):
    """A picture that is not drawn; the message is for the model."""


def main() -> None:
    """Answer requests until stdin ends."""
    # Ctrl-C on a terminal reaches this process too: its parent decides when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wire = os.fdopen(os.dup(1), "wb")
    _silence()
    _limit()
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        spec = sys.stdin.buffer.read(request["spec"]).decode()
        _answer(wire, spec, request["pixels"], request["seconds"])


def _silence() -> None:
    """Let the engine print nowhere: not between the answers, and no forty lines of V8's stack when memory runs out."""
    sys.stderr = os.fdopen(os.dup(2), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows: the wall clock and the pixel limit remain.
        return
    for limit, size in ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(limit)[1]
        soft = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(limit, (soft, hard))


def _answer(wire: BinaryIO, spec: str, pixels: int, seconds: float) -> None:
    # The parent ends this process in time; the alarm does it where the parent is gone itself.
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds + 2)
    try:
        png, boxes = _drawn(spec, pixels)
        head = json.dumps({"png": len(png), "boxes": boxes})
    except (ValueError, _RefusedError) as error:
        png, head = b"", json.dumps({"problem": _short(str(error))})
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    wire.write(head.encode() + b"\n" + png)
    wire.flush()


def _short(problem: str) -> str:
    """Return what the engine says without its own name and its stack."""
    lines = [line for line in problem.split("\n    at ")[0].split("\n") if "conversion failed:" not in line]
    said = " ".join(lines).removeprefix("Error: ").strip()
    if said.startswith("TypeError"):
        said = f"Vega-Lite cannot make sense of it ({said}); compare its structure with Vega-Lite 6"
    return said if len(said) <= 300 else f"{said[:150]} ... {said[-150:]}"


def _drawn(spec: str, pixels: int) -> tuple[bytes, str]:
    import vl_convert

    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    _check(svg, pixels)
    return _packed(vl_convert.svg_to_png(svg)), _boxes(svg)


def _check(svg: str, pixels: int) -> None:
    """Refuse a drawing that is too large or would read a file, however its spec came to it."""
    if size := _SIZE.search(svg):
        width, height = float(size[1]), float(size[2])
        if width * height > pixels:
            raise _RefusedError(
                f"the picture would have {width:.0f}x{height:.0f} pixels, over {pixels:,}; make it smaller"
            )
    if not _MARKS.search(svg):
        raise _RefusedError(_BLANK)
    for image in _IMAGE.findall(svg):
        if any(not href.strip().lower().startswith("data:image/") for _, href in _HREF.findall(image)):
            raise _RefusedError(
                "an image mark may only show data: URLs; files and web addresses are not read"
            )


def _boxes(svg: str) -> str:
    """Return the characters of a drawing that come out as boxes, because no font here has them.

    Only the renderer knows which fonts it falls back to: each character is drawn once and compared with one
    that no font has.
    """
    text = "".join(unescape(_TAG.sub("", inner)) for inner in _TEXT.findall(svg))
    doubtful = [c for c in dict.fromkeys(text) if ord(c) > 0xFF and category(c) not in _UNSEEN]
    if not doubtful:
        return ""
    box, *glyphs = _glyphs(["\U0010fffd", *doubtful[:_EXAMINED]])
    return "".join(c for c, glyph in zip(doubtful, glyphs, strict=False) if glyph.tobytes() == box.tobytes())


def _glyphs(characters: list[str]) -> "list[Image]":
    """Draw each character alone."""
    import vl_convert
    from PIL.PngImagePlugin import PngImageFile

    shown = "".join(
        f'<text x="4" y="{number * _CELL + 17}">{escape(c)}</text>' for number, c in enumerate(characters)
    )
    size = f'width="{2 * _CELL}" height="{len(characters) * _CELL}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">{shown}</svg>'
    image = PngImageFile(BytesIO(vl_convert.svg_to_png(svg)))
    return [image.crop((0, top, 2 * _CELL, top + _CELL)) for top in range(0, len(characters) * _CELL, _CELL)]


def _packed(png: bytes) -> bytes:
    """Encode the engine's PNG again: a tenth of its size, and without transparency nobody asked for."""
    from PIL.PngImagePlugin import PngImageFile

    image = PngImageFile(BytesIO(png)).convert("RGBA")
    if image.getcolors(1):
        raise _RefusedError(_BLANK)
    if image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
