"""The drawing process: reads Vega-Lite from stdin and writes PNG to stdout. `worker` runs this file, with folders of
additional fonts as its arguments. It imports nothing from this package, and from the bridge only the code that names
missing characters.

A request is one line, `{"spec": bytes that follow, "scale": pixels of the picture per pixel of the spec, "pixels":
maximum pixels, "seconds": maximum seconds}`, followed by the spec. The answer is one line, `{"png": bytes that follow,
"width":, "height": pixels of the spec, "boxes": [letters without a glyph], "left_out": [emoji without one]}` or
`{"problem": the reason}`, followed by the picture if there is one. A request with `"marks": true` requests the
positions of marks instead; its answer is `{"marks": [see `_lying`]}`.
"""

import json
import os
import re
import signal
import sys
import unicodedata
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from xml.etree import ElementTree

MEMORY = 1 << 30
"""The maximum size of the process's data, in bytes; a bar chart needs a fifth of this. The address space is not limited:
V8 reserves 60 GB."""

FONTS = Path(__file__).parents[1] / "fonts"
"""The folder that contains the bundled font."""

_FONT = "Inter"
_UNSURE = re.compile(r"[^\x00-\u0148\u014a-\u017f\u2212\u2013\u2014\u2018-\u201d\u2026\u20ac]|&#")
"""Matches characters that the bundled font may lack; it contains all others."""

_FAMILY = "font-family="

_SIZE = re.compile(r'<svg[^>]*?\swidth="([\d.]+)"[^>]*?\sheight="([\d.]+)"')
_MARKS = re.compile(r'class="mark-(?!group)[a-z]+ role-mark[^"]*"[^>]*[^/]>(?!\s*</g>)')
NAMED = "#"
"""The prefix of the descriptions of marks whose positions are requested."""

_NO_GLYPH = "No fonts with a "
_NO_FONT = "No match for "
# What resvg 0.5 says if a font lacks a character, or no font has the requested name.

_PICTURES = ("So", "Sk", "Cn")
"""Categories of characters that are pictures, not letters."""

_FORMING = (
    "(?:\u200d.|[\ufe0e\ufe0f\u20e3\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f])*\u200d?"
)
"""Matches characters that modify the preceding emoji: joined emoji, variants, keys, flag letters, skin tones, tags."""

_KEY = "\u20e3"
"""The character that draws a key around the preceding character."""

_PASSES = 20
"""The maximum number of searches for emoji; resvg reports only the first of adjacent ones."""

_FIRST = '{"data": {"values": [{}]}, "mark": "point"}'

_ONE_COLOR = (500, 4, 1 / 75)
"""The maximum bytes of a picture with a single colour: fixed, per row and per pixel, twice those of resvg's pictures."""

_BLANK = "the chart is blank: check that its fields exist and that its filters leave some rows"


class _UndrawableError(Exception):
    """The picture cannot be drawn; the message is for the model."""


def main() -> None:
    """Answer requests until stdin ends."""
    # Ctrl-C on a terminal and the end of a whole service reach this process too: its parent decides when it ends.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP.
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_IGN)
    wire = os.fdopen(os.dup(1), "wb")
    painter = _Painter(_log(), sys.argv[1:])
    _limit()
    painter.svg(
        _FIRST
    )  # Starting V8 takes a second, which is over when the first request arrives, if it arrives late.
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        spec = sys.stdin.buffer.read(request["spec"]).decode()
        _paint(wire, painter, spec, request)


def _log() -> int:
    """Redirect stdout and stderr to a file, to keep the engine's output out of answers and terminals; return the file."""
    sys.stderr = os.fdopen(os.dup(2), "w")
    if hasattr(os, "memfd_create"):
        log = os.memfd_create("log")
    else:
        with TemporaryFile() as file:
            log = os.dup(file.fileno())
    os.dup2(log, 1)
    os.dup2(log, 2)
    return log


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows: the wall clock and the pixel limit remain.
        return
    for limit, size in ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(limit)[1]
        soft = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(limit, (soft, hard))


def _paint(wire: BinaryIO, painter: "_Painter", spec: str, request: dict[str, float]) -> None:
    # The parent ends this process in time; the alarm does it if the parent itself is gone.
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, request["seconds"] + 2)
    try:
        if request.get("marks"):
            _send(wire, {"marks": painter.marks(spec)})
            return
        svg = painter.svg(spec)
        width, height = _checked(svg, request["pixels"] / request["scale"] ** 2)
        png, lacking = painter.png(svg, request["scale"])
        left_out: list[str] = []
        for _ in range(_PASSES):
            emoji = [shown for one in lacking if (shown := _picture(one))]
            if not emoji:
                break
            svg, clusters = _without(svg, emoji)
            left_out += clusters
            png, lacking = painter.png(svg, request["scale"])
        told = {"width": width, "height": height, "boxes": lacking, "left_out": list(dict.fromkeys(left_out))}
        _send(wire, {"png": len(png), **told}, png)
    except (ValueError, ElementTree.ParseError, _UndrawableError) as error:
        _send(wire, {"problem": _engine_message(str(error))})
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)


def _send(wire: BinaryIO, answer: dict[str, Any], png: bytes = b"") -> None:
    wire.write(json.dumps(answer).encode() + b"\n" + png)
    wire.flush()


def _engine_message(problem: str) -> str:
    """Return the engine's message without the engine's name and without a stack trace."""
    lines = [line for line in problem.split("\n    at ")[0].split("\n") if "conversion failed:" not in line]
    message = " ".join(lines).removeprefix("Error: ").strip()
    if message.startswith("TypeError"):
        message = f"Vega-Lite cannot read the spec ({message}); compare its structure with Vega-Lite 6"
    return message if len(message) <= 300 else f"{message[:150]} ... {message[-150:]}"


class _Painter:
    """The engine and the rasteriser. vl-convert's own PNG is ten times as large, and both draw text identically."""

    def __init__(self, log: int, more: list[str]) -> None:
        import vl_convert

        self._log = log
        self._more = more
        for folder in (str(FONTS), *self._more):  # The engine measures text with the fonts that draw it.
            vl_convert.register_font_directory(folder)

    def svg(self, spec: str) -> str:
        """Draw a spec as SVG, without reading files or addresses."""
        import vl_convert

        return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])

    def marks(self, spec: str) -> list[Any]:
        """Return the positions of the marks in a spec whose description starts with `NAMED`."""
        import vl_convert

        graph = vl_convert.vegalite_to_scenegraph(spec, allowed_base_urls=[])
        x, y = graph["origin"]
        return [*_lying(graph["scenegraph"], x, y, [0, 0, 0, 0])]

    def png(self, svg: str, scale: float) -> tuple[bytes, list[str]]:
        """Return the picture of an SVG, and the characters that no available font contains, which show as boxes.

        The system's fonts, of which there may be thousands, are searched only for characters that the bundled font
        lacks.
        """
        if not _UNSURE.search(svg) and svg.count(_FAMILY) == svg.count(f'{_FAMILY}"{_FONT}"'):
            log = ""
            png = self._raster(svg, scale, ours=True, log=False)  # Logging takes a tenth of the time.
        else:
            png, log = self._png_with_log(svg, scale, ours=True)
        if _NO_FONT in log or _NO_GLYPH in log:
            png, log = self._png_with_log(svg, scale, ours=False)
        _check_colors(png)
        return png, _lacking(log, svg) if _NO_GLYPH in log else []

    def _png_with_log(self, svg: str, scale: float, *, ours: bool) -> tuple[bytes, str]:
        os.ftruncate(self._log, 0)
        os.lseek(self._log, 0, os.SEEK_SET)
        png = self._raster(svg, scale, ours=ours, log=True)
        os.lseek(self._log, 0, os.SEEK_SET)
        return png, os.read(self._log, 1 << 20).decode(errors="replace")

    def _raster(self, svg: str, scale: float, *, ours: bool, log: bool) -> bytes:
        import resvg_py

        png = resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=scale,
            skip_system_fonts=ours,
            font_dirs=[str(FONTS)] if ours else [str(FONTS), *self._more],
            sans_serif_family=_FONT,
            serif_family=_FONT if ours else None,
            log_information=log,
        )
        return bytes(png)


def _picture(lacking: str) -> str:
    """Return the part of a missing character that is a picture: an emoji, or the key around a digit."""
    if _KEY in lacking:
        return lacking[1:]
    return lacking if unicodedata.category(lacking[0]) in _PICTURES else ""


def _without(svg: str, emoji: list[str]) -> tuple[str, list[str]]:
    """Remove emoji and the characters that modify them from a drawing; return the drawing and what was removed."""
    one = "|".join(map(re.escape, sorted(emoji, key=len, reverse=True)))
    cluster = re.compile(f"(?:{one}){_FORMING}")
    return cluster.sub("", svg), cluster.findall(svg)


def _lying(mark: dict[str, Any], left: float, top: float, plot: list[float]) -> Iterator[Any]:
    """Yield `[description, plot, box]` for each mark described with `NAMED`; positions are left, top, width, height."""
    for item in mark.get("items", ()):
        x, y = left + (item.get("x") or 0), top + (item.get("y") or 0)
        if mark.get("marktype") == "group":
            own = item.get("width") and item.get("height")
            around = [x, y, item["width"], item["height"]] if own else plot
            for inner in item.get("items", ()):
                yield from _lying(inner, x, y, around)
        elif str(item.get("description", "")).startswith(NAMED):
            wide, high = item.get("width") or 0, item.get("height") or 0
            if mark.get("marktype") == "rule":
                high = item.get("y2", item.get("y", 0)) - item.get("y", 0)
            yield item["description"], plot, [x, min(y, y + high), wide, abs(high)]


def _lacking(log: str, svg: str) -> list[str]:
    from imagebridge.pictures.svg.raster import lacking  # This takes longer than a chart.

    return lacking(log, svg)


def _checked(svg: str, pixels: float) -> tuple[float, float]:
    """Return the size of a drawing; raise an error if it is too large, is empty, or would read any file."""
    size = _SIZE.search(svg)
    width, height = (float(size[1]), float(size[2])) if size else (0.0, 0.0)
    if width * height > pixels:
        raise _UndrawableError(
            f"the picture would have {width:.0f}x{height:.0f} pixels, which is over the limit of "
            f"{pixels:,.0f}; make it smaller"
        )
    if not _MARKS.search(svg):
        raise _UndrawableError(_BLANK)
    if "<image" in svg:
        for _, element in ElementTree.iterparse(BytesIO(svg.encode())):
            for name, address in element.attrib.items():
                local = name.rpartition("}")[2] == "href" and element.tag.rpartition("}")[2] == "image"
                if local and not address.strip().lower().startswith("data:image/"):
                    raise _UndrawableError(
                        "an image mark may only show data: URLs; files and web addresses are not read"
                    )
    return width, height


def _check_colors(png: bytes) -> None:
    """Raise an error if the picture has a single colour; a file too large to be such a picture is not decoded."""
    from PIL.PngImagePlugin import PngImageFile

    image = PngImageFile(BytesIO(png))
    fixed, row, pixel = _ONE_COLOR
    may_be = len(png) < fixed + image.height * (row + image.width * pixel)
    if may_be and image.getcolors(1):
        raise _UndrawableError(_BLANK)


if __name__ == "__main__":
    main()
