"""What hosts see of the server apart from its tools: fitted results, progress, cancellation, prompts, an icon."""

import json
import re
from base64 import b64encode
from io import BytesIO

import anyio
import pytest
import samples
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from long_rows import one_in
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, Implementation
from PIL import Image

from imagebridge.facts.hosts import host
from imagebridge.pictures.picture import Picture
from imagebridge_server import registration
from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings
from imagebridge_tools.charts import worker

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

ROWS = [{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5}]
ENDLESS = {
    "data": {"sequence": {"start": 0, "stop": 50_000_000}},
    "mark": "bar",
    "encoding": {"x": {"field": "data"}},
}


@pytest.fixture(scope="module", params=["auto", pytest.param("legacy", marks=pytest.mark.long)])
def generation(request):
    return request.param


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("allowed")
    samples.noise(2100, 700).convert("RGB").save(folder / "large.png", compress_level=1)
    Image.new("RGB", (30, 20), "red").save(folder / "red.png")
    frames = [samples.noise(400, 400, seed) for seed in range(9)]
    frames[0].save(folder / "pages.tiff", save_all=True, append_images=frames[1:])
    return folder


def connected(generation, folder, name="mcp", **chosen):
    server = build_server(Settings(allow=(folder,), **chosen))
    return Client(server, mode=generation, client_info=Implementation(name=name, version="1"))


def wire(result):
    return result.model_dump(by_alias=True, mode="json", exclude_none=True)


def message(result):
    return len(json.dumps({"jsonrpc": "2.0", "id": 4_294_967_296, "result": wire(result)}))


def pictures(result):
    return [Picture.from_base64(block.data, "decoded") for block in result.content if block.type == "image"]


async def until(happened):
    with anyio.fail_after(600):
        while not happened():  # noqa: ASYNC110  # what other processes and threads do has no event
            await anyio.sleep(0.01)


class TestFit:
    @pytest.mark.parametrize(
        ("name", "setting", "least", "most", "side"),
        [
            ("claude-ai", None, 0.8 * 1_048_576, 1_048_576, 2000),
            ("imagebridge", None, 1_500_000, 40_000_000, 2100),
            ("imagebridge", "codex", 0.8 * 900_000, 900_000, 2048),
        ],
    )
    async def test_each_client_gets_what_it_takes(self, generation, folder, name, setting, least, most, side):
        async with connected(generation, folder, name, host=setting) as client:
            result = await client.call_tool("load_image", {"source": "large.png"})
        assert not result.is_error
        assert least <= message(result) <= most
        (picture,), text = pictures(result), result.content[0].text
        assert max(picture.width, picture.height) <= side
        if side < 2100:
            assert f"Shown as JPEG, {picture.width}x{picture.height} px, " in text
            assert (
                f"reduced from 2100x700 for this host. Multiply coordinates by {2100 / picture.width:.4g} to"
                in text
            )
        else:
            assert picture.data == (folder / "large.png").read_bytes()
            assert "Shown" not in text

    @pytest.mark.parametrize(
        ("name", "arguments"),
        one_in(
            2,
            [
                ("load_image", {"source": "pages.tiff"}),
                ("load_image", {"source": "x" * 1_200_000}),
                ("load_image", {"source": "red.png", "y" * 1_200_000: 1}),
                ("get_image", {"text": "é" * 1_200_000}),
                ("z" * 1_200_000, {}),
            ],
        ),
        ids=["pages", "path", "argument", "text", "tool"],
    )
    async def test_no_answer_is_larger_than_claude_desktop_takes(self, generation, folder, name, arguments):
        async with connected(generation, folder, "claude-ai") as client:
            result = await client.call_tool(name, arguments)
        assert message(result) <= 1_048_576
        assert result.content[0].type == "text"

    async def test_a_host_without_pictures_is_told_in_words(self, generation, folder):
        async with connected(generation, folder, "copilot-cli") as client:
            result = await client.call_tool("load_image", {"source": "red.png"})
        assert [block.type for block in result.content] == ["text", "text"]
        assert re.match(
            r"\[not shown: picture 1 \(PNG, 30x20 px, .*this host does not show", result.content[1].text
        )


class TestProgress:
    async def test_a_long_call_says_how_long_it_takes(self, generation, folder, monkeypatch):
        monkeypatch.setattr(registration, "TICK", 0.01)
        answer, told = anyio.Event(), []

        async def drawn(*_):
            await answer.wait()
            raise worker.DrawingError("enough")

        async def on_progress(progress, total, message):
            told.append((progress, total, message))
            if len(told) == 3:
                answer.set()

        monkeypatch.setattr(worker, "drawn", drawn)
        async with connected(generation, folder) as client:
            arguments = {"kind": "bar", "data": ROWS}
            result = await client.call_tool("generate_chart", arguments, progress_callback=on_progress)
        assert result.content[0].text == "Tool error:\nenough"
        seconds = [progress for progress, _, _ in told]
        assert seconds == sorted(set(seconds))
        assert told[0][1:] == (None, "Draw a chart: 0 s so far")


class TestCancellation:
    async def test_a_cancelled_chart_ends_its_process(self, generation, folder):
        worker.stop()
        async with connected(generation, folder) as client:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "generate_chart", {"spec": ENDLESS})
                await until(lambda: any(process.busy for process in worker._RUNNING))
                (process,) = worker._RUNNING
                tasks.cancel_scope.cancel()
            await until(lambda: process not in worker._RUNNING)
            assert process._process.returncode is not None
            assert not (await client.call_tool("load_image", {"source": "red.png"})).is_error

    async def test_a_cancelled_thread_is_not_waited_for(self, generation, folder, monkeypatch):
        import threading

        started, end = threading.Event(), threading.Event()

        def stuck(*_, **__):
            started.set()
            end.wait(600)

        monkeypatch.setattr("imagebridge_tools.sample._card", stuck)
        try:
            async with connected(generation, folder) as client:
                with anyio.fail_after(600):
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(client.call_tool, "get_image", {"text": "stuck"})
                        await until(started.is_set)
                        tasks.cancel_scope.cancel()
                    assert not (await client.call_tool("load_image", {"source": "red.png"})).is_error
                # Leaving the connection does not wait for the thread either.
        finally:
            assert not end.is_set()
            end.set()


class TestWhatIsTold:
    async def test_the_first_260_characters_say_where_pictures_are(self, generation, folder):
        """All that Codex's code mode shows its model of a server (run with 0.171.0, 2026-11-29)."""
        async with connected(generation, folder) as client:
            start = client.instructions[:260]
        assert "the text comes first and the pictures follow it" in start
        assert "image(result.content[1])" in start

    async def test_the_instructions_name_tools_that_exist(self, generation, folder):
        async with connected(generation, folder) as client:
            names = {one.name for one in (await client.list_tools()).tools}
            told = set(re.findall(r"\b(?:load|get|generate|create|edit)_[a-z]+\b", client.instructions))
            assert told
            assert told <= names

    async def test_the_icon_is_a_small_picture(self, generation, folder):
        async with connected(generation, folder) as client:
            (icon,) = client.server_info.icons
        picture = Picture.from_base64(icon.src, "decoded")
        assert (picture.media_type, icon.sizes) == (icon.mime_type, [f"{picture.width}x{picture.height}"])
        assert len(icon.src) < 1_000

    async def test_prompts_name_tools_and_places(self, generation, folder):
        async with connected(generation, folder) as client:
            names = {one.name for one in (await client.list_tools()).tools}
            prompts = {prompt.name: prompt for prompt in (await client.list_prompts()).prompts}
            assert list(prompts) == ["describe_image", "compare_images", "chart_file"]
            for name, prompt in prompts.items():
                assert prompt.title
                assert prompt.description
                given = {argument.name: f"the {argument.name}" for argument in prompt.arguments}
                assert all(argument.description for argument in prompt.arguments)
                (said,) = (await client.get_prompt(name, given)).messages
                assert (said.role, said.content.type) == ("user", "text")
                assert all(f"the {argument}" in said.content.text for argument in given)
                assert set(re.findall(r"\b(?:load|generate|get)_[a-z]+\b", said.content.text)) <= names


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("describe", {}, "unknown prompt 'describe'; did you mean 'describe_image'? allowed: "),
        ("chart_file", {}, "chart_file needs path: A CSV, JSON or Excel file in an allowed folder."),
        ("chart_file", {"path": " "}, "chart_file needs path: "),
        (
            "describe_image",
            {"sorce": "a.png"},
            "describe_image has no argument 'sorce'; did you mean 'source'? allowed: ",
        ),
    ],
)
async def test_a_prompt_that_cannot_be_given_says_why(generation, folder, name, arguments, said, caplog):
    async with connected(generation, folder) as client:
        with pytest.raises(MCPError) as error:
            await client.get_prompt(name, arguments)
    assert error.value.code == INVALID_PARAMS
    assert str(error.value).startswith(said)
    assert caplog.text == ""


async def test_paths_stand_in_prompts_as_they_are(generation, folder):
    async with connected(generation, folder) as client:
        (said,) = (await client.get_prompt("describe_image", {"source": "C:\\a\\b.png"})).messages
    assert "'C:\\a\\b.png'" in said.content.text


def noise_url(width, height):
    buffer = BytesIO()
    samples.noise(width, height).convert("RGB").save(buffer, "PNG", compress_level=1)
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
calls = st.one_of(
    st.tuples(st.just("get_image"), st.fixed_dictionaries({"text": st.text(max_size=400)})),
    st.tuples(
        st.just("load_image"),
        st.fixed_dictionaries({"source": st.builds(noise_url, st.integers(1, 1300), st.integers(1, 900))}),
    ),
    st.tuples(
        st.sampled_from(["get_image", "load_image", "generate_chart", "?"]),
        st.dictionaries(
            st.sampled_from(["text", "source", "kind", "data", "spec", "x"]), json_values, max_size=3
        ),
    ),
)


@pytest.mark.long
@pytest.mark.parametrize("name", one_in(2, ["claude-ai", "copilot-cli"]))
def test_no_tool_and_no_argument_brings_more_than_a_host_takes(name, folder):
    with start_blocking_portal() as portal:
        with portal.wrap_async_context_manager(connected("legacy", folder, name)) as client:

            @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
            @given(calls)
            def holds(call):
                result = portal.call(client.call_tool, *call)
                assert message(result) <= host(name).characters
                assert result.content[0].type == "text"
                assert pictures(result) == [] or host(name).formats

            holds()


@pytest.mark.long
async def test_the_largest_chart_fits(folder):
    rows = [{"x": at, "y": at * 7919 % 104729, "kind": f"kind {at % 20}"} for at in range(20_000)]
    arguments = {"kind": "scatter", "data": rows, "columns": {"x": "x", "y": "y", "color": "kind"}}
    async with connected("auto", folder, "claude-ai") as client:
        result = await client.call_tool("generate_chart", arguments | {"width": 4000, "height": 2000})
    assert 500_000 <= message(result) <= 1_048_576
    (picture,) = pictures(result)
    assert f"{picture.width}x{picture.height} px" in result.content[0].text
