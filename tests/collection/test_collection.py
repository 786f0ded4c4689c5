"""A folder of pictures goes through translation and load_image, and decoders that are not ours judge what came out.

IMAGEBRIDGE_COLLECTION=DIR uv run pytest -m collection -n 0 -s      (without DIR: the test images of Pillow's sources)
"""

import base64
import json
import os
import tarfile
import urllib.request
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from imagebridge import Policy, translate
from imagebridge.errors import ArgumentError, PictureError
from imagebridge.pictures.kinds import kind
from imagebridge_tools.load import decoded

pytestmark = pytest.mark.collection

INDEX = "https://pypi.org/pypi/pillow/json"
WEB = ("PNG", "JPEG", "GIF", "WEBP")
ALLOWED = 0.005
"""Share of the files that a browser shows whole and that may be refused."""
NEAR = 6
"""Mean difference of two decoders' pictures up to which they are the same: scaling and colour profiles differ."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    given = os.environ.get("IMAGEBRIDGE_COLLECTION")
    if given:
        return Path(given)
    made = tmp_path_factory.mktemp("collection")
    with urllib.request.urlopen(INDEX, timeout=60) as answer:
        urls = json.load(answer)["urls"]
    source = next(one["url"] for one in urls if one["packagetype"] == "sdist")
    packed = made / "pillow.tar.gz"
    with urllib.request.urlopen(source, timeout=300) as answer:
        packed.write_bytes(answer.read())
    with tarfile.open(packed) as archive:
        archive.extractall(made, filter="data")
    return next(made.glob("pillow-*/Tests/images"))


def translated(data, proof):
    """What the model gets: the pictures' bytes, and the words."""
    result = {"content": [{"type": "image", "data": base64.b64encode(data).decode()}]}
    parts = translate(result, Policy(proof=proof, detail="original", model="gpt-5.6-luna")).parts
    urls = [part["image_url"] for part in parts if part["type"] == "input_image"]
    words = " ".join(part["text"] for part in parts if part["type"] == "input_text")
    return [base64.b64decode(url.partition(",")[2]) for url in urls], words


def loaded(data):
    try:
        shown = decoded(data)
    except (ArgumentError, PictureError) as error:
        return [], str(error)
    # What is said of every file, its format and size, says nothing of its pixels.
    return [one.data for one in shown.pictures], shown.words if "shown:" in shown.words else ""


def judged(files, shown_by_browser):
    """Yield for each file its format, what became of it at each door, and the files' names by finding."""
    import judges

    for path in files:
        data = path.read_bytes()
        found = kind(data)
        if found is None or found.sort != "picture":
            continue
        form = found.suffix[1:].upper().replace("JPG", "JPEG")
        browsed = shown_by_browser(data, found.media_type) if shown_by_browser else (0, None)
        elsewhere = browsed[1] if browsed[1] is not None or form in WEB else judges.by_vips(data)
        for door in ("structure", "decoded", "load_image"):
            pictures, words = loaded(data) if door == "load_image" else translated(data, door)
            refusals = [why for one in pictures if (why := judges.taken(one))]
            if refusals:
                yield form, door, "sent though refused elsewhere", path, refusals[0]
            elif not pictures and elsewhere is None:
                yield form, door, "refused rightly", path, words
            elif not pictures:
                yield form, door, "refused though shown elsewhere", path, words
            elif (
                elsewhere is not None
                and browsed[0] < 2
                and not words
                and pictures[0] != data  # what is sent as it came is seen as it is seen there
                and (far := judges.different(judges.by_vips(pictures[0]), elsewhere)) > NEAR
            ):
                yield form, door, "different pixels", path, f"mean difference {far:.0f}"
            else:
                yield form, door, "shown", path, words


FINDINGS = (
    "shown",
    "refused rightly",
    "refused though shown elsewhere",
    "sent though refused elsewhere",
    "different pixels",
)


def test_what_decoders_say_of_a_collection(folder, capsys):
    import judges

    counts, told = defaultdict(Counter), []
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with judges.browser() as shown_by_browser:
        for form, door, finding, path, why in judged(files, shown_by_browser):
            counts[form, door][finding] += 1
            if finding not in FINDINGS[:2]:
                told.append(f"{finding}: {door} {path.relative_to(folder)}: {why[:200]}")
    with capsys.disabled():
        print(f"\n{'format':7}{'door':12}" + "".join(f"{one:>32}" for one in FINDINGS))
        for (form, door), found in sorted(counts.items()):
            print(f"{form:7}{door:12}" + "".join(f"{found[one]:32}" for one in FINDINGS))
        print(*told, sep="\n")
    assert sum(map(Counter.total, counts.values())), f"{folder} holds no picture"
    proven = {key: found for key, found in counts.items() if key[1] != "structure"}
    assert not sum(found["sent though refused elsewhere"] for found in proven.values())
    assert not counts["PNG", "structure"]["sent though refused elsewhere"]
    for (form, door), found in proven.items():
        most = ALLOWED * found.total()
        assert form not in WEB or found["refused though shown elsewhere"] <= most, (form, door)
