"""The strict endpoint, used through the real SDK: Responses, rejections, scripts."""

import json
import threading
from contextlib import nullcontext
from threading import Event
from time import monotonic
from typing import get_args, get_type_hints

import anyio
import httpx2
import pytest
from openai import APITimeoutError, AsyncOpenAI, BadRequestError, OpenAI
from openai.types.responses import Response, response_input_item_param
from openai_requests import LOOK, MODEL, TOOLS, connected, picture, user
from pydantic import BaseModel

from imagebridge.rules import without
from imagebridge.rules.form import ITEMS
from imagebridge.testing import Endpoint
from imagebridge.testing.server import NAME


def output(call_id: str, *parts: dict) -> dict:
    return {"type": "function_call_output", "call_id": call_id, "output": list(parts)}


# Responses


def test_a_conversation_plays_its_steps_in_order():
    with (
        Endpoint([[LOOK, ("look", {"at": "the sea"})], "Red, then blue."]) as endpoint,
        connected(endpoint) as client,
    ):
        items: list = [user()]
        first = client.responses.create(model=MODEL, input=items, tools=TOOLS)
        assert [(call.call_id, call.name, json.loads(call.arguments)) for call in first.output] == [
            ("call_1", "look", {"at": "the sky"}),
            ("call_2", "look", {"at": "the sea"}),
        ]
        items += first.output
        items += [output("call_1", picture("red")), output("call_2", picture("blue"))]
        second = client.responses.create(model=MODEL, input=items, tools=TOOLS)
        assert second.output_text == "Red, then blue."
    assert [len(request["input"]) for request in endpoint.requests] == [1, 5]
    assert [one.colours for one in endpoint.seen] == [("red",), ("blue",)]
    assert endpoint.refusals == []


def test_a_response_is_all_that_the_sdk_declares():
    """spec: every field that `Response` requires, and its types, judged by pydantic."""
    with Endpoint([["Let me see.", LOOK], "Done."]) as endpoint:
        body = {
            "model": MODEL,
            "input": "Look.",
            "tools": TOOLS,
            "instructions": "Be brief.",
            "temperature": 0.5,
        }
        one = httpx2.post(f"{endpoint.base_url}/responses", json=body).json()
        two = httpx2.post(f"{endpoint.base_url}/responses", json={"model": MODEL, "input": "Look."}).json()
    for answer in (one, two):
        Response.model_validate(answer, strict=True)
    assert [item["type"] for item in one["output"]] == ["message", "function_call"]
    assert (one["instructions"], one["temperature"], one["status"]) == ("Be brief.", 0.5, "completed")
    assert one["id"] != two["id"]


def test_usage_counts_text_and_pictures():
    with Endpoint(["a", "b"]) as endpoint, connected(endpoint) as client:
        text = client.responses.create(model=MODEL, input=[user([{"type": "input_text", "text": "x" * 400}])])
        shown = client.responses.create(
            model=MODEL, input=[user([{"type": "input_text", "text": "x" * 400}, picture()])]
        )
        counted = client.responses.input_tokens.count(model=MODEL, input="x" * 400)
    assert text.usage is not None
    assert shown.usage is not None
    assert 100 <= text.usage.input_tokens < 150
    assert 100 <= counted.input_tokens < 150
    # 20 x 15 patches at 1.2 tokens, and the words `input_image` and `high`.
    assert shown.usage.input_tokens - text.usage.input_tokens == pytest.approx(360, abs=8)
    assert shown.usage.total_tokens == shown.usage.input_tokens + shown.usage.output_tokens


def test_streaming_brings_the_same_as_json():
    text = "A long enough answer, with ünïcode, to be cut."
    with Endpoint([[LOOK], text, text]) as endpoint, connected(endpoint) as client:
        with client.responses.stream(model=MODEL, input="Look.", tools=TOOLS) as stream:
            kinds = [event.type for event in stream]
            response = stream.get_final_response()
        assert kinds == [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "response.completed",
        ]
        assert json.loads(response.output[0].arguments) == {"at": "the sky"}
        with client.responses.stream(model=MODEL, input="Look.") as stream:
            words = [event.delta for event in stream if event.type == "response.output_text.delta"]
        assert len(words) > 1
        assert "".join(words) == text == stream.get_final_response().output_text
        events = list(client.responses.create(model=MODEL, input="Look.", stream=True))
        assert [event.sequence_number for event in events] == list(range(len(events)))
        assert events[-1].response.output_text == text
        Response.model_validate(events[-1].response.model_dump(), strict=True)


def test_parse_reads_the_text_as_json():
    class Sky(BaseModel):
        colour: str

    with Endpoint(['{"colour": "blue"}', '{"colour": "red"}']) as endpoint, connected(endpoint) as client:
        parsed = client.responses.parse(model=MODEL, input="The sky?", text_format=Sky)
        assert parsed.output_parsed == Sky(colour="blue")
        with client.responses.stream(model=MODEL, input="The sky?", text_format=Sky) as stream:
            assert stream.get_final_response().output_parsed == Sky(colour="red")


def test_the_async_client_works_the_same():
    async def main() -> list[str]:
        async with AsyncOpenAI(base_url=endpoint.base_url, api_key="test") as client:
            response = await client.responses.create(model=MODEL, input="Look.")
            async with client.responses.stream(model=MODEL, input="Look.") as stream:
                final = await stream.get_final_response()
            return [response.output_text, final.output_text]

    with Endpoint(["One.", "Two."]) as endpoint:
        assert anyio.run(main) == ["One.", "Two."]


def test_previous_response_id_continues_the_conversation():
    with Endpoint([[LOOK], "Red.", "Still red."]) as endpoint, connected(endpoint) as client:
        one = client.responses.create(model=MODEL, input="Look.", tools=TOOLS)
        two = client.responses.create(
            model=MODEL, previous_response_id=one.id, input=[output("call_1", picture())], stream=False
        )
        three = client.responses.create(model=MODEL, previous_response_id=two.id, input="And now?")
        assert two.usage is not None
        assert three.usage is not None
        assert three.usage.input_tokens > 360, "earlier pictures are billed again"
        with pytest.raises(BadRequestError, match="No tool output found for function call call_1"):
            client.responses.create(model=MODEL, previous_response_id=one.id, input="And now?")
        with pytest.raises(BadRequestError, match="No tool call found"):
            client.responses.create(
                model=MODEL, previous_response_id=three.id, input=[output("call_9", picture())]
            )
    assert len(endpoint.seen) == 1


def test_what_is_not_stored_cannot_be_continued():
    with Endpoint(["a"]) as endpoint, connected(endpoint) as client:
        one = client.responses.create(model=MODEL, input="Look.", store=False)
        with pytest.raises(BadRequestError, match="Previous response with id 'resp_1' not found") as caught:
            client.responses.create(model=MODEL, previous_response_id=one.id, input="And?")
    assert (caught.value.code, caught.value.param) == ("previous_response_not_found", "previous_response_id")


def test_a_hand_made_history_and_reasoning_are_accepted():
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "abc"}
    with Endpoint([[reasoning, LOOK], "Red."]) as endpoint, connected(endpoint) as client:
        include = ["reasoning.encrypted_content"]
        response = client.responses.create(model=MODEL, input="Look.", store=False, include=include)
        items = [item.model_dump(exclude_none=True) for item in response.output]
        assert items[0] == reasoning
        made = {"type": "function_call", "call_id": "mine", "name": "look", "arguments": "{}"}
        answers = [output("mine", picture("green")), output("call_1", picture())]
        client.responses.create(model=MODEL, input=[user(), *items, made, *answers], store=False)
    assert [one.call_id for one in endpoint.seen] == ["mine", "call_1"]


def test_arguments_may_be_broken_on_purpose():
    with Endpoint([[("look", '{"at": ')]]) as endpoint, connected(endpoint) as client:
        response = client.responses.create(model=MODEL, input="Look.")
    assert response.output[0].arguments == '{"at": '


def test_a_step_may_look_at_the_request():
    def answer(body):
        return f"You said {body['input']}"

    with (
        Endpoint([answer, lambda body: [(body["tools"][0]["name"], {})]]) as endpoint,
        connected(endpoint) as client,
    ):
        assert client.responses.create(model=MODEL, input="hello").output_text == "You said hello"
        assert client.responses.create(model=MODEL, input="hello", tools=TOOLS).output[0].name == "look"


# Refusals


def test_a_refusal_has_the_form_of_the_api_and_plays_no_step():
    with Endpoint(["Red."]) as endpoint, connected(endpoint) as client:
        with pytest.raises(BadRequestError) as caught:
            client.responses.create(model=MODEL, input=[user([{**picture(), "image_url": "iVBORw0KGgo"}])])
        assert client.responses.create(model=MODEL, input="Again.").output_text == "Red."
    error = caught.value
    assert (error.status_code, error.type, error.code) == (400, "invalid_request_error", "invalid_value")
    assert error.param == "input[0].content[0].image_url"
    assert "but got a value without the 'data:' prefix." in error.message
    assert [refusal.rule for refusal in endpoint.refusals] == ["data-url"]
    assert [bool(exchange.violations) for exchange in endpoint.exchanges] == [True, False]
    assert len(endpoint.requests) == 2
    assert endpoint.seen == []


def test_rules_can_be_switched_off():
    remote = {"type": "input_image", "image_url": "https://example.org/a.png"}
    with Endpoint(["Seen."], rules=without("remote-picture")) as endpoint, connected(endpoint) as client:
        assert client.responses.create(model=MODEL, input=[user([remote])]).output_text == "Seen."
    with Endpoint("Seen.", rules=()) as endpoint:
        answer = httpx2.post(f"{endpoint.base_url}/responses", json={"input": 7, "tools": [1], "model": None})
    assert answer.status_code == 200


def test_streams_and_chat_are_judged_too():
    with Endpoint([]) as endpoint, connected(endpoint) as client:
        with pytest.raises(BadRequestError, match="unsupported MIME type"):
            client.responses.create(
                model=MODEL,
                input=[
                    user(
                        [{"type": "input_image", "image_url": "data:text/plain;base64,aGk=", "detail": "low"}]
                    )
                ],
                stream=True,
            )
        part = {"type": "image_url", "image_url": {"url": "data:text/plain;base64,aGk="}}
        with pytest.raises(BadRequestError, match="unsupported MIME type"):
            client.chat.completions.create(model=MODEL, messages=[user([part])])


def test_leaving_the_block_ends_every_thread_though_a_client_stays_connected():
    with Endpoint(["a"]) as endpoint:
        client = connected(endpoint)
        client.responses.create(model=MODEL, input="Look.")
        running = [thread for thread in threading.enumerate() if thread.name == NAME]
        assert len(running) == 2
    assert not any(thread.is_alive() for thread in running)
    client.close()


def test_a_step_that_hangs_does_not_hold_the_block():
    """The client gives up first; the SDK would try again, so it is told not to."""
    never = Event()
    with Endpoint([lambda _: "late" if never.wait(600) else "later"]) as endpoint:
        hasty = OpenAI(base_url=endpoint.base_url, api_key="test", timeout=0.2, max_retries=0)
        with hasty, pytest.raises(APITimeoutError):
            hasty.responses.create(model=MODEL, input="Look.")
        begun = monotonic()
    assert monotonic() - begun < 60
    never.set()


def test_a_request_beyond_the_last_step_is_named_at_the_end():
    ending = pytest.raises(
        AssertionError, match=r"(?s)unexpected request to /v1/responses after 1 step;.*one more"
    )
    with ending, Endpoint(["Done."]) as endpoint, connected(endpoint) as client:
        client.responses.create(model=MODEL, input="Look.")
        with pytest.raises(BadRequestError, match="unexpected request"):
            client.responses.create(model=MODEL, input=[user("one more")])


REFUSED = [user([{**picture(), "image_url": "x"}])]


def test_steps_left_over_are_named_with_what_was_refused():
    ending = pytest.raises(AssertionError, match=r"(?s)1 of 2 steps was not requested: \('Bye.',\).*data-url")
    with ending, Endpoint(["Hello.", "Bye."]) as endpoint, connected(endpoint) as client:
        with pytest.raises(BadRequestError):
            client.responses.create(model=MODEL, input=REFUSED)
        client.responses.create(model=MODEL, input="Look.")


@pytest.mark.parametrize("before", [[], ["Look."], ["Look.", REFUSED]], ids=["first", "later", "again"])
def test_steps_behind_a_refusal_are_not_left_over(before):
    with Endpoint(["Hello.", "Bye.", "Never."]) as endpoint, connected(endpoint) as client:
        for given in [*before, REFUSED]:
            with pytest.raises(BadRequestError) if given is REFUSED else nullcontext():
                client.responses.create(model=MODEL, input=given)
    assert [one.rule for one in endpoint.refusals] == ["data-url"] * [*before, REFUSED].count(REFUSED)


def test_what_is_no_request_to_a_model_excuses_no_step():
    ending = pytest.raises(AssertionError, match="1 of 1 step was not requested")
    with ending, Endpoint(["Hello."]) as endpoint, connected(endpoint) as client:
        with pytest.raises(BadRequestError):
            client.images.generate(prompt="A cat.", size="7x7")


def test_an_exception_on_its_way_is_not_replaced():
    with pytest.raises(KeyError, match="mine"), Endpoint(["never played"]):
        raise KeyError("mine")


def test_a_step_that_fails_reaches_client_and_test():
    def check(body):
        assert body["input"] == "hello", "no greeting"
        return "Hello."

    ending = pytest.raises(AssertionError, match="step 1 failed: AssertionError: no greeting")
    told = pytest.raises(BadRequestError, match="no greeting")
    with ending, Endpoint([check]) as endpoint, connected(endpoint) as client, told:
        client.responses.create(model=MODEL, input="Go.")


@pytest.mark.parametrize("steps", [7, [7], [("look", {})], [[("look", 7)]], [[("look",)]], {"a": "b"}])
def test_a_wrong_script_is_a_type_error_at_once(steps):
    with pytest.raises(TypeError, match="step"):
        Endpoint(steps)


def test_outside_its_block_an_endpoint_has_no_url():
    endpoint = Endpoint([])
    with pytest.raises(RuntimeError, match="with Endpoint"):
        _ = endpoint.base_url


def test_every_item_that_the_sdk_knows_is_known():
    """spec: the union `ResponseInputItemParam`; a new SDK with a new item turns this red."""
    union = get_args(response_input_item_param.ResponseInputItemParam)
    types = {name for item in union for name in _literals(get_type_hints(item).get("type"))}
    assert types == ITEMS


def _literals(hint) -> set[str]:
    return {
        name for inner in get_args(hint) for name in ({inner} if isinstance(inner, str) else _literals(inner))
    }
