"""Results are fitted to a host: large pictures in a separate process, whose crash does not lose the text."""

import base64
import io

import pytest
import samples
from PIL import Image

from imagebridge.facts.hosts import host
from imagebridge.repair.protocol import repaired_for
from imagebridge_server import results
from imagebridge_tools.apart import ApartError, apart

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

HOST = host("unknown")


def result(width, height):
    """A sentence and a picture, as a tool gives them."""
    picture = samples.noise(width // 10, height // 10).convert("RGB").resize((width, height), Image.NEAREST)
    encoded = base64.b64encode(samples.file(picture, "PNG", compress_level=1)).decode()
    picture_block = {"type": "image", "data": encoded, "mimeType": "image/png"}
    return {"content": [{"type": "text", "text": "A picture."}, picture_block], "isError": False}


@pytest.fixture
def apart_calls(monkeypatch):
    """The pieces of work that went to another process."""
    calls = []

    async def recorded(function, *arguments, **named):
        calls.append(function)
        return await apart(function, *arguments, **named)

    monkeypatch.setattr(results, "apart", recorded)
    return calls


@pytest.mark.parametrize(
    ("width", "height", "where"), [(800, 600, []), (1_900, 1_000, []), (2_500, 1_600, [repaired_for])]
)
async def test_a_result_fits_its_host_wherever_that_is_done(width, height, where, apart_calls):
    given = result(width, height)
    fitted = await results._fitted(given, HOST)
    assert fitted == repaired_for(given, HOST)
    assert apart_calls == where
    shown = Image.open(io.BytesIO(base64.b64decode(fitted["content"][1]["data"])))
    assert max(shown.size) == min(width, HOST.side)


async def test_where_no_process_makes_it_fit_the_words_stay(monkeypatch):
    async def broken(*_, **__):
        raise ApartError(
            "processing the file took longer than 120 seconds and was stopped; use a smaller file"
        )

    monkeypatch.setattr(results, "apart", broken)
    assert await results._fitted(result(2_600, 1_700), HOST) == {
        "content": [
            {"type": "text", "text": "A picture."},
            {
                "type": "text",
                "text": "[not shown: the pictures of this result; processing the file took longer than 120 seconds and was stopped; "
                "use a smaller file]",
            },
        ],
        "isError": False,
    }
