"""opened: the only way to name a picture."""

from io import BytesIO

import pybase64
import pytest
from PIL import Image

from imagebridge.errors import ArgumentError
from imagebridge.pictures.picture import Picture
from imagebridge_tools.files import source
from imagebridge_tools.files.source import NOWHERE, Places, Source, opened
from imagebridge_tools.files.store import Store

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]


@pytest.fixture(scope="module")
def data():
    buffer = BytesIO()
    Image.new("RGB", (6, 4), "red").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def places(tmp_path, data):
    folder = tmp_path.resolve() / "in"
    folder.mkdir()
    (folder / "my cat.png").write_bytes(data)
    return Places(allow=(folder,), store=Store(tmp_path / "store", 1_000_000, 3600))


@pytest.mark.parametrize("name", ["my cat.png", " my cat.png ", "{folder}/my cat.png", "{uri}"])
async def test_a_file(places, data, name):
    file = places.allow[0] / "my cat.png"
    named = name.format(folder=places.allow[0], uri=file.as_uri())
    assert await opened(named, places) == Source("my cat.png", data, file.as_uri())


async def test_a_kept_picture(places, data):
    note = places.store.keep(Picture.from_bytes(data), "")
    for name in (note.uri, note.short, note.uri[:16], note.short.upper()):
        assert await opened(name, places) == Source(note.short, data, note.uri)


@pytest.mark.parametrize(
    "head", ["data:image/png;base64,", "DATA:;base64,", "data:text/plain;charset=x;base64,"]
)
async def test_a_data_url(data, head):
    assert await opened(head + pybase64.b64encode(data).decode()) == Source("data: URL", data)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("my cat.png", "no folder is allowed, so files cannot be read"),
        ("image://01234567", "this server does not keep pictures; give a path or a data: URL"),
        ("https://example.com/cat.png", "start the server with --allow-https"),
        ("HTTPS://example.com/cat.png", "start the server with --allow-https"),
        ("http://example.com/cat.png", "http: addresses are not supported"),
        ("data:image/png;base64,!", "the data: URL cannot be read"),
        ("data:image/png;base64,", "the data: URL cannot be read: it is empty"),
        ("data:," + "x" * 200, "the data: URL has more than 100 bytes"),
    ],
    ids=lambda value: value[:20],
)
async def test_what_is_not_allowed_names_the_argument(monkeypatch, name, words):
    monkeypatch.setattr(source, "FILE_SIZE", 100)
    with pytest.raises(ArgumentError) as caught:
        await opened(name, NOWHERE, "images")
    assert caught.value.argument == "images"
    assert words in caught.value.problem
