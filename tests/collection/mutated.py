"""Randomly damaged files are translated: nothing raises an error, and independent decoders check the output.

    uv run --group checks python tests/collection/mutated.py --count 50000 --seed 17

File NUMBER of a seed is always the same: `--first NUMBER` continues where a run has stopped, and two processes can
share the work with different seeds. The exit code is 1 if a rule is broken; `--keep DIR` keeps the files that broke it.
"""

import argparse
import base64
import random
import sys
from collections import Counter
from pathlib import Path

from PIL import Image, ImageCms

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import judges
import samples
from fuzz.mutation import with_checksums

from imagebridge import Policy, translate
from imagebridge.pictures import kinds

WEB = ("PNG", "JPEG", "GIF", "WebP")
ALLOWED = 0.005
"""Share of the files of a format that a browser shows whole and that may be refused."""
LEAST = 2
"""Such files of a format that a short run may refuse all the same."""


def sound():
    """Return small files of every format."""
    drawn, photo = samples.drawing(), samples.photo()
    clear = drawn.convert("RGBA")
    clear.paste((0, 0, 0, 0), (20, 20, 40, 40))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    texts = samples.file(drawn, "PNG")
    texts = (
        texts[:33]
        + samples.chunk(b"tEXt", b"Title\0a drawing")
        + samples.chunk(b"pHYs", bytes(9))
        + texts[33:]
    )
    still = samples.file(photo, "JPEG", quality=90)
    return {
        "PNG": samples.file(drawn, "PNG"),
        "PNG, palette": samples.file(drawn.convert("P"), "PNG"),
        "PNG, transparent": samples.file(clear, "PNG"),
        "PNG, texts": texts,
        "PNG, profile": samples.file(photo, "PNG", icc_profile=srgb),
        "PNG, 16 bits": samples.file(Image.new("I;16", (40, 30), 999), "PNG"),
        "PNG, moving": samples.animation("PNG"),
        "JPEG": still,
        "JPEG, progressive": samples.file(photo, "JPEG", progressive=True),
        "JPEG, restarts": samples.file(photo, "JPEG", restart_marker_blocks=2),
        "JPEG, turned": samples.oriented(),
        "JPEG, grey": samples.file(photo.convert("L"), "JPEG"),
        "JPEG, CMYK": samples.file(photo.convert("CMYK"), "JPEG"),
        "GIF": samples.file(drawn, "GIF"),
        "GIF, transparent": samples.file(clear, "GIF"),
        "GIF, moving": samples.animation("GIF"),
        "WebP": samples.file(photo, "WEBP"),
        "WebP, transparent": samples.file(clear, "WEBP"),
        "WebP, lossless": samples.file(clear, "WEBP", lossless=True),
        "WebP, turned": samples.oriented("WEBP"),
        "WebP, moving": samples.animation("WEBP"),
        "BMP": samples.file(drawn, "BMP"),
        "BMP, palette": samples.file(drawn.convert("P"), "BMP"),
        "ICO": samples.file(clear, "ICO"),
        "ICO, bitmaps": samples.file(clear, "ICO", bitmap_format="bmp"),
        "TIFF": samples.file(drawn, "TIFF"),
        "TIFF, pages": samples.animation("TIFF"),
        "TIFF, deflate": samples.file(photo, "TIFF", compression="tiff_deflate"),
        "TIFF, JPEG": samples.file(photo, "TIFF", compression="jpeg"),
        "TIFF, big": samples.file(drawn, "TIFF", big_tiff=True),
        "AVIF": samples.file(photo, "AVIF"),
        "AVIF, transparent": samples.file(clear, "AVIF"),
        "JPEG 2000": samples.file(drawn, "JPEG2000"),
        "SVG": samples.SVG,
    }


def mutated(data, chance):
    """Return a file with bytes changed, removed, repeated or cut off."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        if len(made) <= 4:
            break
        at = chance.randrange(4, len(made))
        match chance.randrange(8):
            case 0 | 1 | 2:
                made[at : at + 1] = bytes([chance.randrange(256)])
            case 3:
                made[at : at + 1] = bytes([made[at] ^ 1 << chance.randrange(8)])
            case 4:
                del made[at : at + chance.randint(1, 20)]
            case 5:
                made[at:at] = chance.randbytes(chance.randint(1, 12))
            case 6:
                made[at:at] = made[at : at + chance.randint(1, 200)]
            case _:
                del made[max(at, len(made) - chance.choice((1, 2, 4, 12, 60, 999))) :]
    return bytes(made)


def file(files, seed, number):
    """Return the name and the bytes of one damaged file."""
    chance = random.Random(f"{seed} {number}")
    name = chance.choice(sorted(files))
    data = mutated(files[name], chance)
    if name.startswith("PNG") and chance.random() < 0.5:
        data = with_checksums(data)
    return name, data


def sent(data, proof):
    """Return the pictures and the text that the model receives."""
    result = {"content": [{"type": "image", "data": base64.b64encode(data).decode()}]}
    parts = translate(result, Policy(proof=proof, detail="original", model="gpt-5.6-luna")).parts
    urls = [one["image_url"] for one in parts if one["type"] == "input_image"]
    words = " ".join(one["text"] for one in parts if one["type"] == "input_text")
    return [base64.b64decode(url.partition(",")[2]) for url in urls], words


def verdict(name, data, browser):
    """Return the outcome for a file, and the reason if it is wrong."""
    try:
        sent(data, "structure")
        pictures, words = sent(data, "decoded")
    except Exception as error:  # noqa: BLE001  # that nothing raises is what is judged
        return "raised", f"{type(error).__name__}: {error}"
    refusals = [why for one in pictures if (why := judges.taken(one))]
    if refusals:
        return "sent though refused", refusals[0]
    if pictures:
        return "shown", ""
    found = kinds.kind(data)
    if not name.startswith(WEB) or found is None:
        return "told", ""
    if browser.shown(data, found.media_type, most=1).count:
        return "refused though shown", words
    return "told", ""


def run(count, seed, first=0, keep=None, told=lambda _: None):
    """Check files `first` to `count`; return the number of each outcome by format, and the files that break a rule."""
    files, counts, wrong = sound(), Counter(), []
    with judges.browser() as browser:
        for number in range(first, count):
            name, data = file(files, seed, number)
            what, why = verdict(name, data, browser)
            form = name.partition(",")[0]
            counts[form, what] += 1
            if why:
                wrong.append((form, what, f"{seed}:{number} {name}: {what}: {why}"))
                told(wrong[-1][2])
                if keep:
                    (keep / f"{seed}-{number}-{what.replace(' ', '-')}.bin").write_bytes(data)
            if (number + 1) % 1_000 == 0:
                told(f"{number + 1:,} of {count:,} files of seed {seed}: {len(wrong)} to look at")
    return counts, wrong


def broken(counts, wrong):
    """Return the lines for files that break a rule; a few may be rejected even if other decoders show them."""
    shown = Counter(form for form, what, _ in wrong if what == "refused though shown")
    lines = [line for _, what, line in wrong if what != "refused though shown"]
    for form, number in shown.items():
        total = sum(many for (other, _), many in counts.items() if other == form)
        if number > max(LEAST, ALLOWED * total):
            lines.append(f"{form}: {number} of {total:,} refused though shown elsewhere")
    return lines


def table(counts):
    """Format the number of files per outcome."""
    whats = ("shown", "told", "refused though shown", "sent though refused", "raised")
    lines = [f"{'format':10}" + "".join(f"{one:>22}" for one in whats)]
    forms = sorted({form for form, _ in counts})
    lines += [f"{form:10}" + "".join(f"{counts[form, one]:22,}" for one in whats) for form in forms]
    return "\n".join(lines)


def _on_stderr(line):
    print(line, file=sys.stderr, flush=True)


def main():
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--count", type=int, default=2_000, help="damaged files")
    options.add_argument("--seed", type=int, default=17)
    options.add_argument("--first", type=int, default=0, help="the number of the first file")
    options.add_argument("--keep", type=Path, help="a folder for files that break a rule")
    given = options.parse_args()
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    counts, wrong = run(given.count, given.seed, given.first, given.keep, told=_on_stderr)
    lines = broken(counts, wrong)
    print(table(counts), *lines, sep="\n")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
