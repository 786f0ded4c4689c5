"""A picture that our server, a relay and a bridge each have in hands: a point that the model sees leads to the original."""

import re
import sys

import pytest
from mcp import StdioServerParameters
from openai import AsyncOpenAI
from PIL import Image, ImageDraw
from relaying import ENVIRONMENT, PROXY

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
            Bridge(*servers, timeout=120, handles=handles) as bridge,
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
        ([], {}),
        ([], {"max_size": 2500}),
        (["qwen-code"], {}),
        (["claude-desktop"], {}),
        (["qwen-code", "claude-desktop"], {}),
        (["claude-desktop"], {"max_size": 2500}),
    ],
)
@pytest.mark.parametrize("handles", [True, False])
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
