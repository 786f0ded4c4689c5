"""Long pages are cut for hosts that would make them too small to read, and stay whole for others."""

import base64
import re

import pytest
from PIL import Image, ImageDraw
from samples import b64, file, pixels

from imagebridge import Policy, output_parts, repair
from imagebridge.facts.hosts import HOSTS

pytestmark = pytest.mark.pure


def page(width, height):
    """A page whose rows (or columns) tell where they are: the red channel counts every 64 pixels."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    for at in range(0, max(width, height), 64):
        box = (0, at, width, at + 63) if height > width else (at, 0, at + 63, height)
        draw.rectangle(box, fill=(at // 64 % 256, 40, 200))
    return {"type": "image", "data": b64(file(image, "PNG")), "mimeType": "image/png"}


def shown(result):
    """The sizes of the pictures, and the texts."""
    sizes = [
        pixels(base64.b64decode(one["data"])).size for one in result["content"] if one["type"] == "image"
    ]
    return sizes, " ".join(one["text"] for one in result["content"] if one["type"] == "text")


SIZES = {"a page": (1280, 9467), "a strip": (9467, 1280)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "host",
    [
        pytest.param(one.name, marks=[] if one.name == "codex" else pytest.mark.long)
        for one in HOSTS
        if one.formats and one.side
    ],
)
def test_every_host_that_makes_pictures_smaller_gets_parts_in_full_size(host, size):
    width, height = SIZES[size]
    sizes, words = shown(repair({"content": [page(width, height)]}, host=host))
    assert len(sizes) == 5
    assert {min(one) for one in sizes} == {1280}
    axis = "y" if height > width else "x"
    length = max(sizes[0])
    assert (
        f"Part 1 of 5: {axis} 0 to {length} of {width}x{height}; at full size, coordinates are those of the whole picture."
        in words
    )
    assert (
        f"Part 5 of 5: {axis} {9467 - length} to 9467 of {width}x{height}; at full size, add {9467 - length} to {axis}."
        in words
    )


def test_a_part_shows_its_place_in_the_whole():
    result = repair({"content": [page(1280, 9467)]}, host="codex")
    first, second = [one for one in result["content"] if one["type"] == "image"][:2]
    assert pixels(base64.b64decode(first["data"])).getpixel((9, 0))[0] == 0
    assert pixels(base64.b64decode(second["data"])).getpixel((9, 0))[0] == 1877 // 64


LAYERS = [
    (1280, 9467, ["unknown", "codex", "claude-code"]),
    pytest.param(2600, 14_000, ["claude-code", "codex"], marks=pytest.mark.long),
    pytest.param(14_000, 2600, ["unknown", "claude-code", "codex"], marks=pytest.mark.long),
]
PLACE = re.compile(r"Part \d of 5: [xy] (\d+) to (\d+) of \d+x\d+; at full size, (?:add \1 to|coordinates)")
FACTORS = re.compile(
    r"Multiply its coordinates by ([\d.]+)(?: across and ([\d.]+) down)? to get full-size coordinates\."
)
SHOWN = re.compile(
    r"picture \d: shown (\d+)x(\d+) of \d+x\d+; multiply (?:coordinates|x) by ([\d.]+)(?: and y by ([\d.]+))?"
)


@pytest.mark.long
@pytest.mark.parametrize(("width", "height", "hosts"), LAYERS)
def test_parts_that_several_layers_make_smaller_are_told_one_factor_each(width, height, hosts):
    result = {"content": [{"type": "text", "text": "A page."}, page(width, height)]}
    for host in hosts:
        result = repair(result, host=host)
    sizes, words = shown(result)
    lengths = [int(end) - int(start) for start, end in PLACE.findall(words)]
    along = int(height > width)
    told = [float(one[along] or one[0]) for one in FACTORS.findall(words)]
    assert told == pytest.approx(
        [length / size[along] for length, size in zip(lengths, sizes, strict=True)], rel=0.002
    )
    # The model's own limits make them smaller once more.
    lines = "\n".join(part.get("text", "") for part in output_parts(result, Policy(model="gpt-5.4-mini")))
    told = [(int(one[along]), float(one[2 + along] or one[2])) for one in SHOWN.findall(lines)]
    assert [factor for _, factor in told] == pytest.approx(
        [length / side for length, (side, _) in zip(lengths, told, strict=True)], rel=0.002
    )
    assert "Multiply" not in lines


def test_a_host_that_fits_pictures_itself_gets_it_whole():
    assert shown(repair({"content": [page(1280, 9467)]}, host="imagebridge")) == ([(1280, 9467)], "")


def test_a_host_without_pictures_is_told():
    sizes, words = shown(repair({"content": [page(1280, 9467)]}, host="cline"))
    assert (sizes, "does not show pictures to its model" in words) == ([], True)


@pytest.mark.long
def test_parts_are_named_by_their_picture_where_there_are_several_and_few_are_cut():
    sizes, words = shown(repair({"content": [page(900, 600), *[page(1280, 9467)] * 3]}, host="codex"))
    assert len(sizes) == 8  # one in five parts: another would make twelve
    assert "Part 5 of 5 of picture 2:" in words
    assert "of picture 3" not in words
