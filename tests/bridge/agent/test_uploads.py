"""Uploads to the endpoint's Files API: once, referenced by id, and as data wherever ids do not work."""

import gc
import hashlib
import weakref
from collections import Counter
from contextlib import AsyncExitStack

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp.server import MCPServer
from mcp.types import CallToolResult
from openai import APIStatusError, AsyncOpenAI, BadRequestError, OpenAI
from PIL import Image
from samples import coloured_noise, data_url, file

from imagebridge import Bridge, tool_result, trim
from imagebridge.agent.uploads import BridgeUploads, Uploads
from imagebridge.testing import Endpoint

pytestmark = pytest.mark.anyio


PNGS = [coloured_noise(seed) for seed in range(4)]
PDF = b"%PDF-1.4\n" + b"%" * 150_000
SMALL = {"type": "input_image", "image_url": data_url(file(Image.new("RGB", (8, 8)), "PNG"), "image/png")}


def image(number):
    return {"type": "input_image", "image_url": data_url(PNGS[number], "image/png"), "detail": "low"}


def paper(name="a.pdf"):
    return {"type": "input_file", "filename": name, "file_data": data_url(PDF, "application/pdf")}


def user(*parts):
    return {"role": "user", "content": list(parts)}


@pytest.fixture
async def openai_of():
    """Makes clients of an endpoint, or of a function that answers, and closes them."""
    async with AsyncExitStack() as stack:

        async def make(target, kind=AsyncOpenAI):
            if isinstance(target, Endpoint):
                client = kind(base_url=target.base_url, api_key="test", max_retries=0)
            else:
                transport = httpx2.AsyncClient(transport=httpx2.MockTransport(target))
                client = kind(
                    base_url="http://localhost/v1", api_key="test", max_retries=0, http_client=transport
                )
            return (
                await stack.enter_async_context(client)
                if kind is AsyncOpenAI
                else stack.enter_context(client)
            )

        yield make


def data_urls(body):
    return str(body).count("base64,")


@pytest.mark.parametrize("kind", [AsyncOpenAI, OpenAI])
async def test_once_by_id_and_deleted_at_the_end(kind, openai_of):
    items = [user(image(0), SMALL, image(1), paper(), image(0))]
    with Endpoint([]) as endpoint:
        async with Uploads(await openai_of(endpoint, kind)) as uploads:
            first = await uploads.sent(items)
            assert await uploads.sent(items) == first
            there = [(one.filename, one.purpose, one.content, one.deleted) for one in endpoint.files]
            by_content = {one.content: one.id for one in endpoint.files}
            assert [one.expires_at - one.created_at for one in endpoint.files] == [86_400] * 3
    names = [f"{hashlib.sha256(data).hexdigest()[:16]}.png" for data in PNGS[:2]]
    assert sorted(there) == sorted(
        [
            (names[0], "vision", PNGS[0], False),
            (names[1], "vision", PNGS[1], False),
            ("a.pdf", "user_data", PDF, False),
        ]
    )
    one, two, document = (by_content[data] for data in (*PNGS[:2], PDF))
    assert first == [
        user(
            {"type": "input_image", "file_id": one, "detail": "low"},
            SMALL,
            {"type": "input_image", "file_id": two, "detail": "low"},
            {"type": "input_file", "file_id": document},
            {"type": "input_image", "file_id": one, "detail": "low"},
        )
    ]
    assert items[0]["content"][0] == image(0)
    assert all(stored.deleted for stored in endpoint.files)


async def test_the_same_picture_at_the_same_time_is_uploaded_once(openai_of):
    with Endpoint([]) as endpoint:
        async with (
            Uploads(await openai_of(endpoint), keep=True) as uploads,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(6):
                tasks.start_soon(uploads.sent, [user(image(0)), user(image(1))])
    assert Counter(one.content for one in endpoint.files) == {PNGS[0]: 1, PNGS[1]: 1}
    assert not any(one.deleted for one in endpoint.files)


@pytest.mark.parametrize(
    ("asked", "uploaded"), [(False, 0), (True, 1), (len(PNGS[0]) - 1, 1), (len(PNGS[0]), 0), (10, 2)]
)
async def test_the_threshold(asked, uploaded, openai_of):
    with Endpoint([]) as endpoint:
        async with Uploads.of_argument(await openai_of(endpoint), asked) as uploads:
            await uploads.sent([user(image(0), SMALL)])
    assert len(endpoint.files) == uploaded


async def test_without_a_files_api_pictures_go_as_data_and_that_is_remembered(openai_of):
    asked = []

    def answer(request):
        asked.append(request.url.path)
        return httpx2.Response(404, json={"detail": "Not Found"})

    client = await openai_of(answer)
    items = [user(image(0)), user(image(1))]
    async with Uploads(client) as uploads:
        assert await uploads.sent(items[:1]) == items[:1]
        assert await uploads.sent(items) == items
    assert asked == ["/v1/files"]


@pytest.mark.parametrize(
    ("answers", "purposes", "by_id"),
    [
        (
            [
                (400, {"error": {"code": "invalidPayload", "message": "Invalid value for the purpose."}}),
                (200, None),
            ],
            2,
            True,
        ),
        ([(400, {"error": {"message": "no"}}), (400, {"error": {"message": "no"}})], 2, False),
        ([(500, {"error": {"message": "broken"}})], 1, False),
    ],
)
async def test_an_upload_that_fails(answers, purposes, by_id, openai_of):
    seen = []

    def answer(request):
        seen.append(b"assistants" in request.content)
        status, body = answers[len(seen) - 1]
        made = {"id": "file-1", "object": "file", "bytes": 1, "created_at": 1, "filename": "a"}
        return httpx2.Response(status, json=body or made)

    client = await openai_of(answer)
    uploads = Uploads(client, keep=True)
    sent = await uploads.sent([user(image(0))])
    assert await uploads.sent([user(image(0))]) == sent
    assert ("file_id" in sent[0]["content"][0]) == by_id
    assert seen == [False, True][:purposes]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"id": null}', b'{"id": ""}', b"{", b""])
async def test_an_answer_that_is_no_file(body, openai_of):
    def answer(request):
        return httpx2.Response(200, content=body, headers={"content-type": "application/json"})

    async with Uploads(await openai_of(answer)) as uploads:
        assert await uploads.sent([user(image(0))]) == [user(image(0))]


async def test_a_client_that_is_closed_already_leaves_its_files_to_expire(openai_of):
    with Endpoint([]) as endpoint:
        async with Uploads(client := await openai_of(endpoint)) as uploads:
            await uploads.sent([user(image(0))])
            await client.close()
    assert not endpoint.files[0].deleted


async def test_ids_are_cleared_where_data_is_refused_as_well(openai_of, caplog):
    with Endpoint("Seen.") as endpoint:
        client = await openai_of(endpoint)
        async with Uploads(client) as uploads:
            items = [user(image(0))]
            sent = await uploads.sent(items)
            endpoint.files[0].purpose = "batch"
            with pytest.raises(BadRequestError) as error:
                await client.responses.create(model="gpt-5.4", input=sent)
            assert uploads.refused(error.value, sent)
            assert await uploads.sent(items) == items
            assert not uploads.refused(error.value, items)
            assert await uploads.sent(items) == sent
            uploads.accepted(sent)
            assert "refused" not in caplog.text
            assert uploads.refused(error.value, sent)
            uploads.accepted(sent)
            uploads.accepted(items)
            assert "file ids were refused" in caplog.text
            assert await uploads.sent(items) == items
        await client.responses.create(model="gpt-5.4", input=items)


async def test_ids_that_are_refused_give_way_to_data(openai_of):
    with Endpoint("Seen.") as endpoint:
        client = await openai_of(endpoint)
        async with Uploads(client) as uploads:
            items = [user(image(0))]
            sent = await uploads.sent(items)
            endpoint.files[0].purpose = "batch"
            with pytest.raises(BadRequestError) as error:
                await client.responses.create(model="gpt-5.4", input=sent)
            assert not uploads.refused(ValueError("something else"), sent)
            assert not uploads.refused(error.value, items)
            assert uploads.refused(error.value, sent)
            # So it is for another request that was under way.
            assert uploads.refused(error.value, sent)
            assert await uploads.sent(items) == items
            await client.responses.create(model="gpt-5.4", input=await uploads.sent(items))
    assert [data_urls(body) for body in endpoint.requests] == [0, 1]
    assert endpoint.files[0].deleted


async def test_an_id_near_its_end_is_not_used(monkeypatch, openai_of):
    with Endpoint([]) as endpoint:
        async with Uploads(await openai_of(endpoint), expires=3_600) as uploads:
            before = await uploads.sent([user(image(0))])
            now = endpoint.files[0].created_at
            monkeypatch.setattr("imagebridge.agent.uploads.time.time", lambda: now + 3_100)
            after = await uploads.sent([user(image(0))])
    assert [one[0]["content"][0]["file_id"] for one in (before, after)] == ["file-1", "file-2"]


async def test_chat_takes_ids_of_files_alone(openai_of):
    url = {"type": "image_url", "image_url": {"url": data_url(PNGS[0], "image/png"), "detail": "high"}}
    document = {"type": "file", "file": {"filename": "a.pdf", "file_data": data_url(PDF, "application/pdf")}}
    with Endpoint("Read.") as endpoint:
        client = await openai_of(endpoint)
        async with Uploads(client) as uploads:
            messages = await uploads.sent([user(url, document)])
            await client.chat.completions.create(model="gpt-5.4", messages=messages)
    assert messages == [user(url, {"type": "file", "file": {"file_id": "file-1"}})]


async def test_what_is_no_base64_goes_as_it_is(openai_of):
    odd = {"type": "input_image", "image_url": "data:image/png;base64," + "!" * 200_000}
    with Endpoint([]) as endpoint:
        async with Uploads(await openai_of(endpoint)) as uploads:
            assert await uploads.sent([user(odd)]) == [user(odd)]
            with pytest.raises(TypeError, match="items must be a list"):
                await uploads.sent("Hello")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uploads(3), "the client must be an AsyncOpenAI or an OpenAI, not int"),
        (
            lambda: Uploads(OpenAI(api_key="x"), threshold=-1),
            "the upload threshold must be a number of bytes, 0 or more, not -1",
        ),
        (
            lambda: Uploads(OpenAI(api_key="x"), expires=60),
            "an uploaded file must expire after 3600 to 2592000 seconds, not 60",
        ),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises((TypeError, ValueError)) as error:
        make()
    assert str(error.value) == message


async def test_clients_that_upload_nothing_are_not_kept(openai_of):
    shared, client = BridgeUploads(), await openai_of(lambda _: httpx2.Response(404))
    kept = weakref.ref(shared.of(client, False, keep=True))
    # A collection does nothing while another thread is in one.
    with anyio.fail_after(60):
        while kept() is not None:
            gc.collect()
            await anyio.lowlevel.checkpoint()
    assert shared.of(client, True, keep=True) is shared.of(client, True, keep=True)
    assert shared.of(client, True, keep=True) is not shared.of(client, 1, keep=True)


async def test_a_loop_by_hand_with_budgets_and_uploads(openai_of):
    server = MCPServer("camera", log_level="CRITICAL")
    shots = iter(range(100))

    @server.tool()
    def look() -> CallToolResult:
        """Looks."""
        return CallToolResult.model_validate(tool_result("A shot.", coloured_noise(next(shots) // 2, 40)))

    with Endpoint([*[[("look", {})]] * 14, "Done."]) as endpoint:
        client = await openai_of(endpoint)
        async with Bridge(server) as bridge, Uploads(client, threshold=1_000) as uploads:
            items = [{"role": "user", "content": "Look around."}]
            while True:
                items = trim(items, max_pictures=4, model="gpt-5.4")
                sent = await uploads.sent(items)
                response = await client.responses.create(
                    model="gpt-5.4", input=sent, tools=bridge.tools, store=False
                )
                items += [item.to_dict(mode="json") for item in response.output]
                outputs = await bridge.outputs(response)
                if not outputs:
                    break
                items += outputs
    assert response.output_text == "Done."
    assert [one.content for one in endpoint.files] == [coloured_noise(seed, 40) for seed in range(7)]
    assert [one.bytes for one in endpoint.seen] == [coloured_noise(seed, 40) for seed in range(7)]
    assert [str(body).count("file-") for body in endpoint.requests][-6:] == [2, 2, 3, 3, 4, 4]
    assert all(data_urls(body) == 0 for body in endpoint.requests)
    said = [
        item["output"][1]["text"]
        for item in endpoint.requests[-1]["input"]
        if item.get("type") == "function_call_output" and "text" in item["output"][1]
    ]
    assert said[1] == "[the same picture as picture 1 of look (call_1), above]"
    assert said[0] == "[no longer shown: picture 1 of look (call_1), image/png, 40x40, 5 kB]"


async def test_the_same_file_under_two_names_is_two_files(openai_of):
    with Endpoint([]) as endpoint:
        async with Uploads(await openai_of(endpoint)) as uploads:
            await uploads.sent([user(paper("a.pdf"), paper("b.pdf"), paper("a.pdf"))])
    assert sorted(one.filename for one in endpoint.files) == ["a.pdf", "b.pdf"]


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, None, True),
        (404, None, True),
        (422, "invalid_value", True),
        (400, "context_length_exceeded", False),
        (413, None, False),
        (429, None, False),
        (500, None, False),
    ],
)
async def test_errors_that_may_be_about_ids(status, code, expected, openai_of):
    def answer(request):
        if request.url.path == "/v1/files":
            made = {"id": "file-1", "object": "file", "bytes": 1, "created_at": 1, "filename": "a"}
            return httpx2.Response(200, json=made)
        return httpx2.Response(status, json={"error": {"message": "no", "code": code}})

    client = await openai_of(answer)
    uploads = Uploads(client, keep=True)
    sent = await uploads.sent([user(image(0))])
    with pytest.raises(APIStatusError) as error:
        await client.responses.create(model="gpt-5.4", input=sent)
    assert uploads.refused(error.value, sent) == expected
