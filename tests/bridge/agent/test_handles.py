"""Picture handles pass one tool's picture to the next tool by name."""

import gzip
import json
from pathlib import Path
from typing import Annotated, NamedTuple

import anyio
import pytest
from click.testing import CliRunner
from mcp.server import MCPServer
from mcp.types import CallToolResult, ToolAnnotations
from openai import AsyncOpenAI
from pydantic import Field
from samples import SVG, b64, bad_checksum, data_url, drawing, file, photo, pixels

from imagebridge import Bridge, BridgeError, Policy, function_call_output, responses_tools, tool_result
from imagebridge.agent import handles
from imagebridge.agent.handles import Handles
from imagebridge.cli import imagebridge
from imagebridge.client.config import HttpServer, Setup
from imagebridge.errors import ArgumentError
from imagebridge.testing import Endpoint
from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings

pytestmark = pytest.mark.anyio

LARGE = file(photo(3000, 40), "PNG")
SMALL = file(drawing(), "JPEG")


def result(text, *pictures):
    return CallToolResult.model_validate(tool_result(text, *pictures))


def eyes():
    """A server that shows pictures and takes none."""
    server = MCPServer("eyes", log_level="CRITICAL")

    @server.tool()
    def look(far: bool = False) -> CallToolResult:
        """Looks."""
        return result("what I see", LARGE) if far else result("what I see", SMALL)

    return server


def hands(taken):
    """A server that takes pictures, and writes down what it is given."""
    server = MCPServer("hands", log_level="CRITICAL")

    @server.tool()
    def crop(image: str, note: str = "") -> CallToolResult:
        """Crops."""
        taken.append({"image": image, "note": note})
        return result("cropped", pixels(image).crop((0, 0, 8, 8)))

    return server


def call(name, arguments=None, call_id="call_1"):
    return {
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": json.dumps(arguments or {}),
    }


def response(*calls):
    return {"model": "gpt-5.6-luna", "output": list(calls)}


def texts(output):
    parts = output["output"]
    return [parts] if isinstance(parts, str) else [p["text"] for p in parts if p["type"] == "input_text"]


async def test_run_hands_a_picture_on_full_size():
    taken = []
    steps = [[("look", {"far": True})], [("crop", {"image": "picture:1", "note": "picture:1"})], "Done."]
    with Endpoint(steps) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="test") as client,
            Bridge(eyes(), hands(taken)) as bridge,
        ):
            reply = await bridge.run(client, model="gpt-5.6-luna", input="Crop it.")
    assert taken == [{"image": data_url(LARGE, "image/png"), "note": "picture:1"}]
    first, second = [item for item in reply.items if item.get("type") == "function_call_output"]
    assert texts(first) == [
        "what I see",
        "picture:1\npicture 1: shown 2048x27 of 3000x40; multiply x by 1.465 and y by 1.481",
    ]
    assert texts(second) == ["cropped", "picture:2"]
    assert [picture.size for picture in endpoint.seen] == [(2048, 27), (8, 8)]


async def test_users_own_loops_hand_pictures_on():
    taken = []
    async with Bridge(eyes(), hands(taken)) as bridge:
        (shown,) = await bridge.outputs(response(call("look")))
        cropped = await bridge.call("crop", {"image": " Picture:1"})
        (again,) = await bridge.outputs(response(call("crop", {"image": "picture:1"})))
    assert texts(shown) == ["what I see", "picture:1"]
    assert [one["image"] for one in taken] == [data_url(SMALL, "image/jpeg")] * 2
    assert cropped["content"][0]["text"] == "cropped"
    assert texts(again) == ["cropped", "picture:2"]


async def test_a_picture_of_the_users_own_is_handed_on():
    taken = []
    with Endpoint([[("crop", {"image": "picture:1"})], "Done."]) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="test") as client,
            Bridge(hands(taken)) as bridge,
        ):
            mine = await bridge.attach(tool_result("Mine:", LARGE), model="gpt-5.6-luna")
            asked = [{"role": "user", "content": [{"type": "input_text", "text": "Crop it."}, *mine.parts]}]
            reply = await bridge.run(client, model="gpt-5.6-luna", input=asked)
    assert [one["image"] for one in taken] == [data_url(LARGE, "image/png")]
    assert [part["text"] for part in mine.parts if part["type"] == "input_text"] == [
        "Mine:",
        "picture:1\npicture 1: shown 2048x27 of 3000x40; multiply x by 1.465 and y by 1.481",
    ]
    (output,) = [item for item in reply.items if item.get("type") == "function_call_output"]
    assert texts(output) == ["cropped", "picture:2"]
    with pytest.raises(BridgeError, match="the bridge is closed"):
        await bridge.attach(tool_result("Mine:", LARGE))


async def test_where_handles_are_off_a_picture_of_the_users_own_has_none():
    async with Bridge(eyes(), handles=False) as bridge:
        mine = await bridge.attach(tool_result("Mine:", SMALL))
    assert [part["type"] for part in mine.parts] == ["input_text", "input_image"]


def test_blocking():
    taken = []
    with Bridge(eyes(), hands(taken)) as bridge:
        (shown,) = bridge.outputs(response(call("look")))
        bridge.call("crop", {"image": "picture:1"})
        bridge.attach(tool_result("Mine:", LARGE))
        bridge.call("crop", {"image": "picture:2"})
    assert texts(shown)[1] == "picture:1"
    assert [one["image"] for one in taken] == [data_url(SMALL, "image/jpeg"), data_url(LARGE, "image/png")]


async def test_chat_completions_hand_pictures_on():
    taken, messages = [], [{"role": "user", "content": "Crop it."}]
    with Endpoint([[("look", {})], [("crop", {"image": "picture:1"})], "Done."]) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="test") as client,
            Bridge(eyes(), hands(taken)) as bridge,
        ):
            tools = [
                {
                    "type": "function",
                    "function": {key: tool[key] for key in ("name", "description", "parameters")},
                }
                for tool in bridge.tools
            ]
            while True:
                chat = await client.chat.completions.create(
                    model="gpt-5.6-luna", messages=messages, tools=tools, reasoning_effort="none"
                )
                said = chat.choices[0].message
                messages.append(said.to_dict(mode="json"))
                if not said.tool_calls:
                    break
                calls = [
                    call(one.function.name, json.loads(one.function.arguments), one.id)
                    for one in said.tool_calls
                ]
                messages += bridge.items(await bridge.answers(response(*calls)), api="chat")
    assert [one["image"] for one in taken] == [data_url(SMALL, "image/jpeg")]
    named = [
        part["text"]
        for message in messages
        if message["role"] == "user" and isinstance(message["content"], list)
        for part in message["content"]
        if part["type"] == "text" and part["text"].startswith("picture:")
    ]
    assert named == ["picture:1", "picture:2"]
    assert [picture.size for picture in endpoint.seen] == [(64, 48), (8, 8)]


async def test_definitions_say_how_pictures_are_given_where_a_tool_takes_one():
    async with Bridge(eyes(), hands([])) as bridge:
        look, crop = bridge.tools
    assert look["description"] == "Looks."
    assert crop["description"] == (
        'Crops.\nTo pass a picture that was shown earlier, use its name, such as "picture:3".'
    )


@pytest.mark.parametrize("setting", ["auto", False])
async def test_where_handles_are_off_results_are_as_without_them(setting):
    async with Bridge(eyes(), *([hands([])] if setting is False else []), handles=setting) as bridge:
        outputs = await bridge.outputs(response(call("look", {"far": True}), call("look", {}, "call_2")))
        assert "picture:" not in json.dumps(bridge.tools)
    plain = [
        function_call_output(result("what I see", one), f"call_{at}", Policy(model="gpt-5.6-luna"))
        for at, one in enumerate((LARGE, SMALL), 1)
    ]
    assert outputs == plain


async def test_handles_can_be_on_where_no_tool_says_that_it_takes_pictures():
    async with Bridge(eyes(), handles=True) as bridge:
        (output,) = await bridge.outputs(response(call("look")))
    assert texts(output) == ["what I see", "picture:1"]


def many():
    """A server whose calls, which only read, end in the wrong order, and return as many pictures as asked."""
    server = MCPServer("many", log_level="CRITICAL")
    waiting = {at: anyio.Event() for at in range(4)}
    waiting[3].set()

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    async def show(at: int, count: int) -> CallToolResult:
        """Waits for the call after it."""
        await waiting[at].wait()
        if at:
            waiting[at - 1].set()
        return result(f"call {at}", *[SMALL] * count)

    @server.tool()
    def take(image: str) -> str:
        """Takes."""
        return image[:22]

    return server


async def test_concurrent_answers_are_numbered_in_the_order_of_the_calls():
    async with Bridge(many()) as bridge:
        outputs = await bridge.outputs(
            response(
                *[call("show", {"at": at, "count": count}, f"c{at}") for at, count in enumerate((1, 0, 2, 1))]
            )
        )
        assert [texts(output) for output in outputs] == [
            ["call 0", "picture:1"],
            ["call 1"],
            ["call 2", "picture:2", "picture:3"],
            ["call 3", "picture:4"],
        ]
        (taken,) = await bridge.outputs(response(call("take", {"image": "picture:4"})))
        assert taken["output"] == "data:image/jpeg;base64"


async def test_more_calls_than_run_at_once_are_numbered_in_order_too():
    async with Bridge(eyes(), handles=True) as bridge:
        calls = [call("look", {}, f"c{at}") for at in range(40)]
        outputs = await bridge.outputs(response(*calls))
    assert [texts(output)[1] for output in outputs] == [f"picture:{at}" for at in range(1, 41)]


async def test_handles_that_come_on_between_two_calls_keep_neither_waiting():
    mine = Handles()
    mine.open([ONE])
    first, second = mine.numberings(2)
    assert len((await first.translated(tool_result("", SMALL), Policy(), ONE)).parts) == 2
    mine.learn(responses_tools([{"name": "crop", "inputSchema": {"properties": {"image": {}}}}]))
    with anyio.fail_after(600):
        found = await second.translated(tool_result("", SMALL), Policy(), ONE)
    assert [shown.handle for shown in found.pictures] == ["picture:1"]


async def test_conversations_over_one_bridge_share_the_numbers():
    found = []
    async with Bridge(eyes(), handles=True) as bridge:

        async def talk():
            outputs = await bridge.outputs(response(call("look", {}, "a"), call("look", {}, "b")))
            found.extend(texts(output)[1] for output in outputs)

        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(talk)
    assert sorted(found) == sorted(f"picture:{at}" for at in range(1, 17))


async def test_lines_inside_a_result_use_the_same_number():
    server = MCPServer("odd", log_level="CRITICAL")
    hidden = data_url(file(photo(), "PNG"), "image/png")
    bitmap = data_url(file(drawing(), "BMP"), "image/bmp")

    @server.tool()
    def odd() -> CallToolResult:
        """Hides pictures."""
        blocks = [
            {"type": "text", "text": json.dumps({"shot": hidden})},
            {"type": "image", "data": bitmap.partition(",")[2], "mimeType": "image/bmp"},
            {"type": "image", "data": hidden.partition(",")[2], "mimeType": "image/png"},
            {"type": "text", "text": hidden},
        ]
        return CallToolResult.model_validate({"content": blocks})

    policy = Policy(max_pictures=2)
    async with Bridge(eyes(), server, handles=True, policy=policy) as bridge:
        _, output = await bridge.outputs(response(call("look"), call("odd", {}, "call_2")))
    assert texts(output) == [
        '{"shot": "[picture 2 below]"}',
        "picture:2",
        "picture:3 (image/bmp)",
        "[not shown: picture:4 (image/png, 64x48); the limit is 2 pictures per result]",
        "[picture 2 above]",
    ]


async def test_chat_and_servers_that_take_text_alone():
    async with Bridge(eyes(), handles=True) as bridge:
        tool, user = bridge.items(await bridge.answers(response(call("look"))), api="chat")
    size = "image/jpeg, 64x48, 891 bytes, 5 tokens at detail high"
    assert tool["content"] == f"what I see\n[picture 1: {size}; in the user message that follows]"
    assert [part.get("text") for part in user["content"]] == [
        "picture 1 of look (call_1):",
        None,
        "picture:1",
    ]
    async with Bridge(eyes(), handles=True, policy=Policy(server="vllm")) as bridge:
        (output,) = await bridge.outputs(response(call("look")))
    assert output["output"] == (
        f"what I see\n[picture:1: {size}; not sent, because the server accepts only text]"
    )


# Forms


def forms(taken):
    """A server whose tools take pictures in every form."""
    server = MCPServer("forms", log_level="CRITICAL")

    @server.tool()
    def take(
        image_path: str = "",
        image_base64: str = "",
        image_url: str = "",
        png: Annotated[str, Field(json_schema_extra={"contentMediaType": "image/png"})] = "",
        images: list[str] | None = None,
        thing: str = "",
    ) -> str:
        """Takes."""
        if image_path:
            taken.append(Path(image_path))
        return json.dumps([image_path, image_base64, image_url, png, images, thing])

    @server.tool()
    def draw(form: str) -> CallToolResult:
        """Draws."""
        blocks = {
            "svg": [SVG],
            "svgz": [gzip.compress(SVG)],
            "bmp": [file(drawing(), "BMP")],
            "tiff": [file(drawing(), "TIFF", save_all=True, append_images=[drawing(32, 24)])],
            "png": [file(drawing(), "PNG")],
            "broken png": [bad_checksum()],
        }
        return result(form, *blocks[form])

    return server


async def given(bridge, **arguments):
    """What the tool was given, by name."""
    answered = await bridge.call("take", arguments)
    assert not answered.get("isError"), answered
    names = ["image_path", "image_base64", "image_url", "png", "images", "thing"]
    found = dict(zip(names, json.loads(answered["content"][0]["text"]), strict=True))
    return {name: value for name, value in found.items() if name in arguments}


async def test_every_form():
    png = file(drawing(), "PNG")
    files = []
    async with Bridge(forms(files), handles={"take.thing": "base64"}) as bridge:
        await bridge.outputs(response(call("draw", {"form": "png"})))
        found = await given(
            bridge,
            image_path="picture:1",
            image_base64="picture:1",
            image_url="picture:1",
            images=["picture:1", "https://example.org/a.png"],
            thing="picture:1",
        )
        (path,) = files
        assert (path.is_absolute(), path.suffix, path.read_bytes()) == (True, ".png", png)
        assert found == {
            "image_path": str(path),
            "image_base64": b64(png),
            "image_url": data_url(png, "image/png"),
            "images": [data_url(png, "image/png"), "https://example.org/a.png"],
            "thing": b64(png),
        }
        await given(bridge, image_path="picture:1")
        path.write_bytes(b"drawn over")
        await given(bridge, image_path="picture:1")
        assert [one == path for one in files] == [True, True, False]
        assert files[2].read_bytes() == png
    assert not path.parent.exists()


async def test_a_handle_stands_for_the_file_as_the_tool_returned_it():
    async with Bridge(forms([])) as bridge:
        for form in ("svg", "bmp", "tiff", "broken png", "svgz"):
            await bridge.outputs(response(call("draw", {"form": form})))
        assert await given(bridge, image_url="picture:1") == {"image_url": data_url(SVG, "image/svg+xml")}
        assert await given(bridge, image_url="picture:2") == {
            "image_url": data_url(file(drawing(), "BMP"), "image/bmp")
        }
        # Of several pages, each is a picture of its own.
        second = (await given(bridge, image_url="picture:4"))["image_url"]
        assert pixels(second).tobytes() == drawing(32, 24).tobytes()
        # What was mended stays mended, and another type is made only where the tool asks for one.
        mended = (await given(bridge, image_url="picture:5"))["image_url"]
        assert pixels(mended).tobytes() == drawing().tobytes()
        assert (await given(bridge, image_url="picture:6"))["image_url"].startswith("data:image/png;base64,")
        made = (await given(bridge, png="picture:2"))["png"]
        assert made.startswith("data:image/png;base64,")
        assert pixels(made).tobytes() == drawing().tobytes()


# What cannot be given


async def test_names_that_there_are_not_are_answered_with_those_there_are():
    async with Bridge(hands([])) as bridge:
        with pytest.raises(
            ArgumentError, match="image: there is no picture:1; no picture has been shown yet"
        ):
            await bridge.call("crop", {"image": "picture:1"})
    async with Bridge(eyes(), hands([])) as bridge:
        await bridge.outputs(response(call("look"), call("look", {}, "call_2")))
        (output,) = await bridge.outputs(response(call("crop", {"image": "picture:9"})))
    assert output["output"] == (
        "Tool error:\nimage: there is no picture:9; the pictures available are picture:1 to picture:2"
    )


def own():
    return build_server(Settings())


@pytest.mark.parametrize(
    ("server", "tool", "arguments", "told"),
    [
        (
            lambda: hands([]),
            "crop",
            {"image": "picture:9", "note": 5},
            [
                "image: there is no picture:9; no picture has been shown yet",
                "note: 5 is not of type 'string'",
            ],
        ),
        (
            own,  # It judges arguments itself, and is never asked about these.
            "compare_images",
            {"a": "picture:9", "b": "picture:8", "tolerance": "many", "show": "picture:7"},
            [
                "a: there is no picture:9; no picture has been shown yet",
                "b: there is no picture:8; no picture has been shown yet",
                "show: 'picture:7' is not one of ['all', 'side_by_side', 'overlay', 'difference']",
                "tolerance: 'many' is not of type 'integer'",
            ],
        ),
        (
            own,
            "annotate_image",
            {"source": "picture:9", "marks": [{"kind": "boxx", "at": [1, 2]}], "unit": "0-1"},
            [
                "source: there is no picture:9; no picture has been shown yet",
                "the arguments: 'unit' is not a known field; the fields are: source, marks, units",
                "marks[0].kind: 'boxx' is not one of ['box', 'point', 'arrow', 'polygon', 'number', 'text', 'redact']",
            ],
        ),
    ],
)
async def test_what_else_is_wrong_is_told_with_them(server, tool, arguments, told):
    async with Bridge(server()) as bridge:
        with pytest.raises(ArgumentError) as raised:
            await bridge.call(tool, arguments)
        (output,) = await bridge.outputs(response(call(tool, arguments)))
    assert str(raised.value).split("\n") == told
    assert output["output"] == "\n".join(["Tool error:", *told])


async def test_the_oldest_pictures_give_way(monkeypatch):
    monkeypatch.setattr(handles, "MAX_BYTES", len(b64(SMALL)) * 2)
    taken = []
    async with Bridge(eyes(), hands(taken)) as bridge:
        await bridge.outputs(response(*[call("look", {}, f"c{at}") for at in range(3)]))
        await bridge.call("crop", {"image": "picture:2"})
        with pytest.raises(ArgumentError) as raised:
            await bridge.call("crop", {"image": "picture:1"})
    assert str(raised.value) == (
        "image: picture:1 is no longer kept (only the newest pictures are, up to 2 kB); "
        "the pictures available are picture:2 to picture:3"
    )
    assert len(taken) == 1


async def test_the_files_of_pictures_that_gave_way_are_deleted(monkeypatch):
    monkeypatch.setattr(handles, "MAX_BYTES", len(b64(file(drawing(), "PNG"))) * 2)
    files = []
    async with Bridge(forms(files)) as bridge:
        for at in range(1, 5):
            await bridge.outputs(response(call("draw", {"form": "png"})))
            await given(bridge, image_path=f"picture:{at}")
        assert [path.exists() for path in files] == [False, False, True, True]


async def test_a_bridge_that_is_opened_again_goes_on_counting_and_has_forgotten():
    bridge = Bridge(eyes(), hands([]))
    for at in (1, 2):
        async with bridge:
            (output,) = await bridge.outputs(response(call("look")))
            assert texts(output)[1] == f"picture:{at}"
    async with bridge:
        with pytest.raises(ArgumentError, match="picture:2 is no longer kept"):
            await bridge.call("crop", {"image": "picture:2"})


FAR = "https://example.org/mcp"


class Server(NamedTuple):
    """A connection as handles know it."""

    setup: Setup
    name: str


ONE, OTHER = Server(Setup("serve-one"), "one"), Server(Setup(FAR), "far")
HEADED = Server(Setup(HttpServer(FAR)), "headed")
LOUD = Server(Setup(HttpServer(FAR.replace("http", "HTTP"))), "loud")
LOOPBACK = Server(Setup("http://127.0.0.5:80/mcp"), "loopback")


@pytest.mark.parametrize(
    ("share", "origin", "peer", "allowed"),
    [
        ("local", ONE, ONE, True),
        ("local", OTHER, ONE, True),
        ("local", ONE, LOOPBACK, True),
        ("local", ONE, OTHER, False),
        ("local", ONE, HEADED, False),
        ("local", ONE, LOUD, False),
        ("local", OTHER, OTHER, True),
        (True, ONE, OTHER, True),
        (False, ONE, LOOPBACK, False),
        (False, OTHER, OTHER, True),
        (["far"], ONE, OTHER, True),
        (["far"], OTHER, ONE, False),
        ("local", None, ONE, True),
        ("local", None, OTHER, False),
        (["far"], None, OTHER, True),
        (False, None, ONE, False),
    ],
)
async def test_which_servers_may_be_given_pictures_of_others(share, origin, peer, allowed):
    mine = Handles("auto", share)
    mine.open([ONE, OTHER, HEADED, LOUD, LOOPBACK])
    mine.learn(responses_tools([{"name": "crop", "inputSchema": {"properties": {"image": {}}}}]))
    await mine.read(tool_result("", SMALL), Policy(), origin)
    if allowed:
        filled = await mine.filled("crop", {"image": "picture:1"}, peer)
        assert filled == ({"image": data_url(SMALL, "image/jpeg")}, [])
        return
    made, (wrong,) = await mine.filled("crop", {"image": "picture:1"}, peer)
    whose = f"came from the server {origin.name}" if origin else "belongs to the user"
    assert made == {"image": "picture:1"}
    assert str(wrong) == (
        f"image: picture:1 {whose}, and {peer.name} may not receive pictures from elsewhere; "
        "to allow this, use Bridge(share=...) or --share"
    )


async def test_a_path_is_not_given_to_another_machine():
    mine = Handles("auto", True)
    mine.open([OTHER])
    mine.learn(responses_tools([{"name": "crop", "inputSchema": {"properties": {"image_path": {}}}}]))
    await mine.read(tool_result("", SMALL), Policy(), OTHER)
    _, (wrong,) = await mine.filled("crop", {"image_path": "picture:1"}, OTHER)
    assert str(wrong) == (
        "image_path: picture:1 cannot be passed as a file path, because far runs on another machine"
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"handles": "always"},
            TypeError,
            "handles must be \"auto\", True, False or a mapping, not 'always'",
        ),
        ({"handles": {"crop": "path"}}, ValueError, "write it as 'tool.parameter'"),
        ({"handles": {"crop.image": "png"}}, ValueError, "it must be data_url, base64, path or None"),
        ({"share": "far"}, TypeError, 'share must be "local", True, False or a list'),
        (
            {"share": ["eye"]},
            BridgeError,
            "share names an unknown server, 'eye'; did you mean 'eyes'",
        ),
        (
            {"handles": {"corp.image": "path"}},
            BridgeError,
            "handles names an unknown tool, 'corp'; did you mean 'crop'",
        ),
        (
            {"handles": {"crop.imag": None}},
            BridgeError,
            "handles names an unknown parameter, crop.imag; did you mean",
        ),
    ],
)
async def test_settings_that_cannot_be_meant_are_named(arguments, error, message):
    with pytest.raises(error) as raised:
        async with Bridge(eyes(), hands([]), **arguments):
            pass
    assert message in str(raised.value)


async def test_a_picture_goes_back_to_the_server_that_keeps_it_by_its_name_there(tmp_path):
    keeping, other = build_server(Settings(store=tmp_path)), build_server(Settings())
    async with Bridge(keeping, other) as bridge:
        names = [tool["name"] for tool in bridge.tools]
        draw, *_ = (name for name in names if name.endswith("get_image"))
        back, over = (name for name in names if name.endswith("load_image"))
        (drawn,) = await bridge.outputs({"output": [call(draw, {"text": "Hi"})]})
        assert "image://" not in texts(drawn)[0]
        calls = [call(back, {"source": "picture:1"}, "a"), call(over, {"source": "picture:1"}, "b")]
        one, two = await bridge.outputs({"output": calls})
    # The other server has no such picture, and is given its bytes.
    assert [texts(item)[0].split(": PNG")[0] for item in (one, two)] == ["picture:1", "data: URL"]


@pytest.mark.long
def test_over_several_pairs_of_the_command_line():
    arguments = ["call", "get_image", '{"text": "Hi"}', "load_image", '{"source": "picture:1"}']
    done = CliRunner().invoke(imagebridge, arguments)
    assert done.exit_code == 0, done.stderr
    first, second = json.loads(done.stdout)
    assert texts(first)[1:] == ["picture:1"]
    assert texts(second)[1:] == ["picture:2"]
    (drawn,), (loaded,) = (
        [p for p in item["output"] if p["type"] == "input_image"] for item in (first, second)
    )
    assert pixels(loaded["image_url"]).tobytes() == pixels(drawn["image_url"]).tobytes()
