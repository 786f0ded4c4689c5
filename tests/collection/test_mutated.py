"""Files that chance has damaged go through translation; nothing raises, and what is sent is taken by strict decoders.

IMAGEBRIDGE_MUTATED=50000 uv run pytest -m collection -n 0 -s tests/collection/test_mutated.py
"""

import base64
import os
import random
from collections import Counter

import pytest
import samples
from PIL import Image

from imagebridge import Policy, translate

pytestmark = pytest.mark.collection

COUNT = int(os.environ.get("IMAGEBRIDGE_MUTATED", "2000"))
SEED = int(os.environ.get("IMAGEBRIDGE_SEED", "17"))


def sound():
    """Files of every format, each small."""
    drawn, photo = samples.drawing(), samples.photo()
    clear = drawn.convert("RGBA")
    clear.paste((0, 0, 0, 0), (20, 20, 40, 40))
    return {
        "PNG": samples.file(drawn, "PNG"),
        "PNG, palette": samples.file(drawn.convert("P"), "PNG"),
        "PNG, transparent": samples.file(clear, "PNG"),
        "PNG, 16 bits": samples.file(Image.new("I;16", (40, 30), 999), "PNG"),
        "PNG, moving": samples.animation("PNG"),
        "JPEG": samples.file(photo, "JPEG"),
        "JPEG, progressive": samples.file(photo, "JPEG", progressive=True),
        "JPEG, restarts": samples.file(photo, "JPEG", restart_marker_blocks=2),
        "GIF": samples.file(drawn, "GIF"),
        "GIF, moving": samples.animation("GIF"),
        "WebP": samples.file(photo, "WEBP"),
        "WebP, lossless": samples.file(clear, "WEBP", lossless=True),
        "WebP, moving": samples.animation("WEBP"),
        "BMP": samples.file(drawn, "BMP"),
        "ICO": samples.file(clear, "ICO"),
        "TIFF": samples.file(drawn, "TIFF"),
        "TIFF, pages": samples.animation("TIFF"),
        "TIFF, deflate": samples.file(photo, "TIFF", compression="tiff_deflate"),
        "AVIF": samples.file(photo, "AVIF"),
        "JPEG 2000": samples.file(drawn, "JPEG2000"),
    }


def mutated(data, chance):
    """A file with bytes changed, removed, repeated or cut off."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(4, len(made)) if len(made) > 4 else 0
        match chance.randrange(6):
            case 0 | 1:
                made[at : at + 1] = bytes([chance.randrange(256)])
            case 2:
                del made[at : at + chance.randint(1, 20)]
            case 3:
                made[at:at] = chance.randbytes(chance.randint(1, 12))
            case 4:
                piece = made[at : at + chance.randint(1, 200)]
                made[at:at] = piece
            case _:
                del made[max(at, len(made) - chance.choice((1, 2, 4, 12, 60, 999))) :]
    return bytes(made)


def test_nothing_raises_and_nothing_is_sent_that_strict_decoders_refuse(capsys):
    import judges

    files, chance = sound(), random.Random(SEED)
    counts, wrong = Counter(), []
    for number in range(COUNT):
        name = chance.choice(sorted(files))
        data = mutated(files[name], chance)
        for proof in ("structure", "decoded"):
            result = {"content": [{"type": "image", "data": base64.b64encode(data).decode()}]}
            urls = [one.get("image_url", "") for one in translate(result, Policy(proof=proof)).parts]
            sent = [base64.b64decode(url.partition(",")[2]) for url in urls if url]
            counts[proof, "shown" if sent else "told"] += 1
            # At structure only PNG promises anything of its pixels' container.
            for one in sent:
                why = judges.taken(one) if proof == "decoded" else ""
                if why:
                    wrong.append(f"{number} {name} {proof}: {why}")
    with capsys.disabled():
        print(f"\n{COUNT:,} mutated files, seed {SEED}: {dict(counts)}", *wrong, sep="\n")
    assert not wrong
