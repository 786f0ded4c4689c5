"""A new host needs one row, and another one if the place of its configuration is known; the rest follows."""

import json

import pytest
import samples
from click.testing import CliRunner
from long_rows import one_in
from mcp import Client
from mcp.types import Implementation
from PIL import Image

from imagebridge import repair
from imagebridge.facts import hosts
from imagebridge.facts.hosts import HOSTS, Host
from imagebridge.pictures.picture import Picture
from imagebridge_server import Settings, build_server
from imagebridge_server.cli import command as server_command
from imagebridge_server.install import command
from imagebridge_server.install.host_files import HOST_FILES, HostFile

MADE_UP = Host(
    name="made-up",
    clients=("made-up-app*",),
    characters=60_000,
    side=300,
    formats=frozenset({"image/png", "image/jpeg"}),
    errors="lost",
    blocks=frozenset({"audio"}),
    source="nowhere",
)
ITS_FILE = HostFile(
    name="made-up",
    title="Made-up",
    form="json",
    keys=("servers", "mcp"),
    paths={},
    source="nowhere",
    date="2026-11-30",
    verified=False,
)
AUDIO = {"type": "audio", "data": samples.b64(samples.wav()), "mimeType": "audio/wav"}


@pytest.fixture(autouse=True)
def _rows(monkeypatch):
    monkeypatch.setattr(hosts, "HOSTS", (*HOSTS, MADE_UP))
    monkeypatch.setattr(hosts, "NAMES", (*hosts.NAMES, "made-up"))
    monkeypatch.setattr(command, "HOST_FILES", (*HOST_FILES, ITS_FILE))


def pictures(blocks):
    return [Picture.from_base64(one["data"], "decoded") for one in blocks if one["type"] == "image"]


@pytest.mark.parametrize("name", ["made-up", "Made-Up-App 2.0"])
def test_results_are_fitted_to_it(name):
    block = {"type": "image", "data": samples.b64(samples.file(samples.photo(900, 600), "WEBP"))}
    result = repair({"content": [block, AUDIO], "isError": True}, name)
    (picture,) = pictures(result["content"])
    assert (picture.media_type in MADE_UP.formats, picture.width, picture.height) == (True, 300, 200)
    assert (result["isError"], result["content"][-1]) == (False, AUDIO)
    assert result["content"][0]["text"].startswith("Tool error:")
    assert len(json.dumps(result)) <= MADE_UP.characters


@pytest.mark.anyio
@pytest.mark.parametrize("mode", one_in(2, ["auto", "legacy"]))
async def test_the_server_knows_it_by_what_it_calls_itself(mode, tmp_path):
    Image.new("RGB", (600, 300), "red").save(tmp_path / "red.webp")
    me = Implementation(name="made-up-app", version="1")
    server = build_server(Settings(allow=(tmp_path,)))
    async with Client(server, mode=mode, client_info=me) as client:
        result = await client.call_tool("load_image", {"source": "red.webp"})
    (picture,) = pictures([one.model_dump(by_alias=True) for one in result.content])
    assert (picture.media_type, picture.width) == ("image/png", 300)


def test_its_configuration_is_written(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text('{"servers": {"theme": "dark"}}')
    run = CliRunner().invoke(server_command, ["install", "made-up", "--file", str(file)])
    assert run.exit_code == 0, run.output
    written = json.loads(file.read_text())
    assert (written["servers"]["theme"], list(written["servers"]["mcp"])) == ("dark", ["imagebridge"])
    assert "made-up" in CliRunner().invoke(server_command, ["install"]).output
