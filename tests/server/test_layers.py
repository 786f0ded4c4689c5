"""A picture that passes through our server, a relay and a bridge: points that the model sees map to the original."""

import json
import re
import sys

import pytest
from mcp import StdioServerParameters
from openai import AsyncOpenAI
from PIL import Image, ImageDraw
from relaying import ENVIRONMENT, PROXY
from samples import pixels

from imagebridge import Bridge
from imagebridge.testing import Endpoint

pytestmark = pytest.mark.anyio

SPOT = (3210, 1234)
"""Where the middle of the red spot lies in the original."""

SERVER = [sys.executable, "-m", "imagebridge_server"]


@pytest.fixture
def folder(tmp_path):
    photo = Image.radial_gradient("L").resize((4000, 3000)).convert("RGB")
    ImageDraw.Draw(photo).ellipse((SPOT[0] - 40, SPOT[1] - 40, SPOT[0] + 40, SPOT[1] + 40), fill="red")
    photo.save(tmp_path / "photo.jpg", quality=95)
    return tmp_path


def middle_of_red(image):
    """Return the middle of what is red."""
    red, green, _ = image.convert("RGB").split()
    mask = (
        Image.merge("RGB", (red, green, green)).convert("HSV").split()[1].point(lambda one: 255 * (one > 150))
    )
    left, top, right, bottom = mask.getbbox()
    return (left + right) / 2, (top + bottom) / 2


def factors(words):
    """Return all factors that a text tells, each across and down: sides are whole pixels, so the two may differ a little."""
    told = re.findall(r"[Mm]ultiply (?:its )?(?:coordinates|x) by ([\d.]+)(?: and y by ([\d.]+))?", words)
    return [(float(across), float(down or across)) for across, down in told]


async def shown(arguments, *servers, handles="auto"):
    """Return the picture that the model is sent, all that it reads beside it, and the items of the run."""
    with Endpoint([[("load_image", arguments)], "Done."]) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="test") as client,
            Bridge(*servers, timeout=600, handles=handles) as bridge,
        ):
            reply = await bridge.run(client, model="gpt-5.4", input="Where is the red spot?")
    (picture,) = endpoint.seen
    (output,) = [item["output"] for item in reply.items if item.get("type") == "function_call_output"]
    return picture.image, "\n".join(part.get("text", "") for part in output)


def parameters(folder, *relays):
    command = [*SERVER, "--allow", str(folder)]
    for host in reversed(relays):
        command = [*PROXY, *(["--host", host] if host else []), "--", *command]
    return StdioServerParameters(command=command[0], args=command[1:], env=ENVIRONMENT)


@pytest.mark.parametrize(
    ("relays", "arguments"),
    [
        pytest.param([], {}, marks=pytest.mark.long),
        pytest.param([], {"max_size": 2500}, marks=pytest.mark.long),
        pytest.param(["qwen-code"], {}, marks=pytest.mark.long),
        pytest.param(["claude-desktop"], {}, marks=pytest.mark.long),
        pytest.param(["qwen-code", "claude-desktop"], {}, marks=pytest.mark.long),
        pytest.param(["claude-desktop"], {"max_size": 2500}, marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("handles", [True, pytest.param(False, marks=pytest.mark.long)])
async def test_a_point_leads_to_the_original_by_one_factor(folder, relays, arguments, handles):
    seen, words = await shown(
        {"source": "photo.jpg", **arguments}, parameters(folder, *relays), handles=handles
    )
    assert max(seen.size) < 2_048
    ((across, down),) = factors(words)
    assert "of 4000x3000; multiply" in words
    assert "full size" not in words
    x, y = middle_of_red(seen)
    assert (x * across, y * down) == tuple(pytest.approx(one, abs=2 * across) for one in SPOT)


@pytest.mark.long
async def test_a_tool_that_is_given_the_picture_gets_it_in_the_pixels_that_are_said(folder):
    """What its own server, and another one, is given for `picture:1` is the file that came, whose pixels the line names."""
    server = parameters(folder, "qwen-code")
    async with Bridge(server, timeout=600) as bridge:
        (first,) = await bridge.outputs(asked("load_image", source="photo.jpg"))
        words = "\n".join(part.get("text", "") for part in first["output"])
        (across, _), (width, height) = factors(words)[0], pixels_told(words)
        assert (width, height) == (2048, 1536)
        # From the original to the file, and there a box around the spot.
        x, y = SPOT[0] * width / 4000, SPOT[1] * height / 3000
        region = [x - 5, y - 5, x + 5, y + 5]
        (second,) = await bridge.outputs(asked("view_image", source="picture:1", region=region))
    (part,) = [part for part in second["output"] if part["type"] == "input_image"]
    red, green, blue = pixels(part["image_url"]).convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert (red > 200, green < 60, blue < 60) == (True, True, True)
    assert across == pytest.approx(2.193, abs=0.01)


LONG = (1280, 9467)
BAND = (1000, 7000, 1200, 7040)
"""Where a long page is red: left, top, right and bottom, which is on its fourth part of five."""


@pytest.fixture
def pages(tmp_path):
    """A long page as a raster and as a drawing, each white but for the band."""
    page = Image.new("RGB", LONG, "white")
    ImageDraw.Draw(page).rectangle((BAND[0], BAND[1], BAND[2] - 1, BAND[3] - 1), fill="red")
    page.save(tmp_path / "page.png")
    left, top, right, bottom = BAND
    (tmp_path / "page.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LONG[0]}" height="{LONG[1]}"><rect width="100%" height="100%" '
        f'fill="white"/><rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" fill="red"/></svg>'
    )
    return tmp_path


@pytest.mark.long
@pytest.mark.parametrize("name", ["page.png", "page.svg"])
async def test_a_place_on_a_part_of_a_long_page_is_looked_at_closely(pages, name):
    async with Bridge(parameters(pages), timeout=600) as bridge:
        (first,) = await bridge.outputs(asked("load_image", source=name))
        shown = [pixels(part["image_url"]) for part in first["output"] if part["type"] == "input_image"]
        words = [part["text"] for part in first["output"] if part["type"] == "input_text"]
        (line,) = [text for text in words if text.startswith("part 4 of 5 of picture:1\n")]
        assert len(shown) == 5
        x, y = middle_of_red(shown[3].convert("RGB"))
        down = int(re.search(r"add (\d+) to y", line)[1])
        assert (x, y + down) == pytest.approx((1100, 7020), abs=1)
        region = [x - 150, y + down - 40, x + 150, y + down + 40]
        (second,) = await bridge.outputs(asked("view_image", source="picture:1", region=region))
        (third,) = await bridge.outputs(asked("view_image", source="part 4 of 5 of picture:1"))
        (fourth,) = await bridge.outputs(asked("image_info", source="picture:1"))
    (part,) = [part for part in second["output"] if part["type"] == "input_image"]
    view = pixels(part["image_url"]).convert("RGB")
    scale = view.width / 300
    red, white = (255, 0, 0), (255, 255, 255)
    assert [view.getpixel((at * scale, 40 * scale)) for at in (20, 150, 280)] == [white, red, white]
    assert third["output"] == (
        "Tool error:\nsource: 'part 4 of 5 of picture:1' is part of a picture, but tools receive whole pictures; pass "
        "'picture:1', with coordinates of the whole, as the line beside the part explains"
    )
    assert "1280" in str(fourth["output"])
    assert "9467" in str(fourth["output"])


def asked(tool, **arguments):
    """Return a response of the model that calls a tool."""
    call = {"type": "function_call", "call_id": "call_1", "name": tool, "arguments": json.dumps(arguments)}
    return {"model": "gpt-5.4", "output": [call]}


def pixels_told(words):
    """Return in which pixels a tool gets the picture."""
    found = re.search(r"a tool that is passed picture:1 receives it at (\d+)x(\d+) pixels", words)
    return int(found[1]), int(found[2])
