"""The result for a picture file at each entry point: translation with both proofs, load_image, animation frames.

It is run as a program, as by users, to detect crashes and output on stderr: it reads a list of paths, and writes a line
of JSON for each.
"""

import base64
import faulthandler
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HANGS = 600
"""Seconds in which a file has to go through all doors, on the slowest machine."""
MOST_FRAMES = 9


class Passed(NamedTuple):
    """The result at an entry point: the bytes of the pictures, and the text that describes or replaces them."""

    pictures: list[bytes]
    words: str


class File(NamedTuple):
    """The results for one file at each entry point, and its output on stderr; `frames` counts those of an animation."""

    path: Path
    doors: dict[str, Passed]
    frames: int
    printed: str


def through(paths):
    """Yield the results for each file, from a separate process.

    Raises:
        AssertionError: a file ends the process, or holds it longer than `HANGS`.
    """
    with tempfile.TemporaryFile() as beside:
        child = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=beside,
            text=True,
        )
        with child:
            json.dump([str(path) for path in paths], child.stdin)
            child.stdin.close()
            for path in paths:
                line = child.stdout.readline()
                if not line:
                    beside.seek(0)
                    raise AssertionError(f"{path} ends the process: {beside.read()[-2_000:].decode()}")
                doors, frames, printed = json.loads(line)
                passed = {
                    name: Passed([base64.b64decode(one) for one in pictures], words)
                    for name, (pictures, words) in doors.items()
                }
                yield File(path, passed, frames, printed)


def _translated(data, proof):
    from imagebridge import Policy, translate

    result = {"content": [{"type": "image", "data": base64.b64encode(data).decode()}]}
    parts = translate(result, Policy(proof=proof, detail="original", model="gpt-5.6-luna")).parts
    urls = [part["image_url"] for part in parts if part["type"] == "input_image"]
    words = " ".join(part["text"] for part in parts if part["type"] == "input_text")
    return [url.partition(",")[2] for url in urls], words


def _loaded(data):
    from imagebridge.errors import ArgumentError, PictureError
    from imagebridge_tools.load import decoded

    try:
        shown = decoded(data)
    except (ArgumentError, PictureError) as error:
        return [], str(error)
    # What is said of every file, its format and size, says nothing of its pixels.
    return [one.base64 for one in shown.pictures], shown.words if "shown:" in shown.words else ""


def _frames(data):
    """Return how many frames an animation has, up to one that cannot be decoded, and the first of them, on white."""
    from imagebridge.errors import PictureError
    from imagebridge.pictures import animation, kinds
    from imagebridge.pictures.encode import opaque, standard
    from imagebridge.pictures.picture import sound

    if kinds.kind(data) is kinds.TIFF:
        return 1, ([], "")
    try:
        data = sound(data)
        count = animation.count(data)
        made = []
        for image, _ in animation.shown(data, MOST_FRAMES) if count > 1 else ():
            held = io.BytesIO()
            opaque(standard(image)).save(held, "PNG", compress_level=1)
            made.append(base64.b64encode(held.getvalue()).decode())
    except PictureError as error:
        return 1, ([], str(error))
    return count if len(made) == min(count, MOST_FRAMES) else len(made), (made, "")


def _main():
    for path in json.load(sys.stdin):
        faulthandler.dump_traceback_later(HANGS, exit=True)
        data = Path(path).read_bytes()
        before = os.fstat(2).st_size
        doors = {proof: _translated(data, proof) for proof in ("structure", "decoded")}
        doors["load_image"] = _loaded(data)
        frames, doors["frames"] = _frames(data)
        sys.stderr.flush()
        printed = os.fstat(2).st_size - before
        said = os.pread(2, printed, before).decode("utf-8", "replace") if printed else ""
        print(json.dumps([doors, frames, said]), flush=True)


if __name__ == "__main__":
    _main()
