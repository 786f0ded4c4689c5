"""Repeated calls: the earlier answer is returned, unless it depends on more than the arguments."""

import base64
import os
from itertools import product

import anyio
import pytest
import samples
from http_callers import HERE, called, in_memory, result
from long_rows import one_in
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID

from imagebridge_server import Settings, create_app, tools
from imagebridge_server.http import repeated_calls
from imagebridge_server.http.token_file import add_token

# One loop keeps the process that decodes pictures.
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

DRAWING = samples.file(samples.drawing(), "PNG")
PICTURE = f"data:image/png;base64,{base64.b64encode(DRAWING).decode()}"
LONG = f"data:image/png;base64,{base64.b64encode(samples.file(samples.noise(250, 250), 'PNG')).decode()}"
CHART = {"kind": "bar", "data": [{"x": "a", "y": 1}, {"x": "b", "y": 2}]}
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
APPS = {CAPABILITIES: {"extensions": {EXTENSION_ID: {"mimeTypes": [APP_MIME_TYPE]}}}}


@pytest.fixture
def made(monkeypatch):
    """What was made, by the tools themselves: a list that grows."""
    calls = []
    answered = tools.answered

    async def counted(make, *rest, **choices):
        calls.append(make)
        return await answered(make, *rest, **choices)

    monkeypatch.setattr(tools, "answered", counted)
    return calls


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


@pytest.fixture
async def http(tmp_path, store):
    read, write = tmp_path / "read", tmp_path / "write"
    for folder in (read, write):
        folder.mkdir()
    (read / "picture.png").write_bytes(DRAWING)
    async with in_memory(create_app(Settings(store=store, allow=(read,), allow_write=(write,)))) as client:
        yield client


async def asked(http, message, version="2026-07-28", **headers):
    headers = message["headers"] | {"mcp-protocol-version": version} | headers
    return result(await http.post(HERE, content=message["content"], headers=headers))


@pytest.mark.parametrize("version", one_in(2, ["2026-07-28", "2025-11-25"]))
@pytest.mark.parametrize(
    ("tool", "arguments"),
    one_in(
        2,
        [
            ("get_image", {"text": "x"}),
            ("make_qr_code", {"content": "x"}),
            ("generate_chart", CHART),
            ("image_info", {"source": PICTURE}),
            ("view_image", {"source": PICTURE}),
            ("compare_images", {"a": PICTURE, "b": PICTURE}),
        ],
    ),
)
async def test_what_depends_on_the_arguments_alone_is_made_once(http, made, version, tool, arguments):
    first = await asked(http, called(tool, arguments), version)
    assert not first.get("isError")
    assert await asked(http, called(tool, arguments, number=2), version) == first
    assert len(made) == 1


@pytest.mark.parametrize(
    ("tool", "arguments"),
    one_in(
        6,
        [
            ("load_image", {"source": "picture.png"}),
            ("image_info", {"source": "picture.png"}),
            ("compare_images", {"a": PICTURE, "b": "picture.png"}),
            ("contact_sheet", {"sources": ["*.png"]}),
            ("view_image", {"source": "image://{kept}"}),
            ("generate_chart", CHART | {"save_as": "x.png", "overwrite": True}),
            ("make_qr_code", {"content": "x", "saveAs": "x.png", "overwrite": True}),
            ("image_info", {"source": LONG}),
            ("get_image", {"text": ""}),
            ("get_image", {"words": ["x"]}),
        ],
    ),
)
async def test_what_reads_or_writes_or_goes_wrong_is_made_anew(http, made, tool, arguments):
    kept = await asked(http, called("get_image", {"text": "kept"}))
    digits = kept["content"][1]["_meta"]["imagebridge/uri"].removeprefix("image://")
    if "{kept}" in arguments.get("source", ""):
        arguments = {"source": f"image://{digits}"}
    made.clear()
    first = await asked(http, called(tool, arguments))
    assert first.get("isError", False) is (arguments in ({"text": ""}, {"words": ["x"]}))
    assert await asked(http, called(tool, arguments)) == first
    assert len(made) == 2


async def test_hosts_protocols_and_viewers_have_answers_of_their_own(http, made):
    """And arguments that are alike only in Python."""
    kinds = [
        (called("get_image", {"text": text}, client=client, **meta), version)
        for text, client, meta, version in product(
            ("1", 1, 1.0), ("mcp", "codex-mcp-client"), ({}, APPS), ("2026-07-28", "2025-11-25")
        )
    ]
    answers = [await asked(http, *kind) for kind in kinds]
    # In 2025-11-25 no request says who asks.
    count = len(made)
    assert count == 3 * (4 + 1)
    assert [await asked(http, *kind) for kind in kinds] == answers
    assert len(made) == count


class TestKeptPictures:
    @pytest.fixture(autouse=True)
    def unsure(self, monkeypatch):
        monkeypatch.setattr(repeated_calls, "_SURE", 0.0)

    async def test_they_count_as_given_each_time(self, http, made, store):
        await asked(http, called("get_image", {"text": "x"}))
        (file,) = store.iterdir()
        os.utime(file, (0, 0))
        await asked(http, called("get_image", {"text": "x"}))
        assert file.stat().st_mtime > 0
        assert len(made) == 1

    async def test_one_that_is_gone_is_made_and_kept_again(self, http, made, store):
        first = await asked(http, called("get_image", {"text": "x"}))
        (file,) = store.iterdir()
        file.unlink()
        assert await asked(http, called("get_image", {"text": "x"})) == first
        assert (len(made), [*store.iterdir()]) == (2, [file])

    async def test_an_answer_without_a_name_is_not_repeated(self, http, made, store):
        store.write_text("no folder: nothing can be kept")
        nameless = await asked(http, called("get_image", {"text": "x"}))
        assert "image://" not in nameless["content"][0]["text"]
        store.unlink()
        named = await asked(http, called("get_image", {"text": "x"}))
        assert "image://" in named["content"][0]["text"]
        assert len(made) == 2


async def test_no_caller_meets_what_another_one_asked(tmp_path, made):
    file = tmp_path / "tokens.toml"
    tokens = [add_token(file, name) for name in ("alice", "bob")]
    async with in_memory(create_app(Settings(tokens=file, store=tmp_path / "store"))) as http:
        for token, count in zip([*tokens, *tokens], (1, 2, 2, 2), strict=True):
            headers = {"authorization": f"Bearer {token}"}
            await asked(http, called("get_image", {"text": "x"}), **headers)
            assert len(made) == count
    folders = [[*(tmp_path / "store" / "callers" / name).iterdir()] for name in ("alice", "bob")]
    assert [len(files) for files in folders] == [1, 1]


async def test_a_bounded_number_of_bytes_is_remembered(http, made, monkeypatch):
    for text in ("a", "b", "a"):
        await asked(http, called("get_image", {"text": text}))
    assert len(made) == 2
    monkeypatch.setattr(repeated_calls, "REMEMBERED_BYTES", 30_000)
    made.clear()
    app = create_app(Settings())
    async with in_memory(app) as other:
        for text in ("a", "b", "a"):
            await asked(other, called("get_image", {"text": text}))
    # Each takes more than a quarter of it.
    assert len(made) == 3


async def test_calls_that_come_together_are_answered_alike(http):
    answers = []

    async def ask():
        answers.append(await asked(http, called("get_image", {"text": "x"})))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(ask)
    assert all(answer == answers[0] for answer in answers)
