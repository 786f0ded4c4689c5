"""Errors as people read them: one traceback whose last line explains the problem, with correct plurals."""

import traceback

import pytest
from eyes import eyes
from long_rows import one_in
from openai import APIStatusError, DefaultHttpx2Client, OpenAI
from pydantic import BaseModel

from imagebridge import Bridge, BridgeError, Policy, function_call_output
from imagebridge.errors import DeadlineError, TurnLimitError, counted
from imagebridge.testing import Cut, Endpoint, Fault, Odd

LOOK = [("look", {"side": 64})]


class Sight(BaseModel):
    """What the model is to answer with."""

    colour: str


def printed(error):
    """Return what Python prints of an exception that nobody catches."""
    return "".join(traceback.format_exception(error))


RUNS = {
    "a request that the API refuses": (
        [Fault(400, "Unknown parameter: 'x'.")],
        {},
        r"400 - .*Unknown parameter",
    ),
    "a picture that it refuses, and the request without it": (
        [LOOK, *[Fault(400, "The image data is not valid.", "invalid_value", "input")] * 2],
        {},
        r"400 - .*The image data is not valid.",
    ),
    "a key that it does not know": ([Fault(401, "Incorrect API key.")], {}, r"401 - .*Incorrect API key."),
    "an address without this API": ([Fault(404)], {}, "Error code: 404"),
    "a server that fails": ([Fault(500)], {}, "Error code: 500"),
    "a stream that breaks off": ([Cut("Red.")], {}, "the stream was cut off"),
    "what is not a response": (
        [Odd("Red.", lambda _: [{"a": 1}])],
        {},
        r"is not a response from this API|is \S+ a Responses API\?",
    ),
    "an answer of another form": (["Red."], {"text_format": Sight}, "does not match text_format"),
    "the last turn": ([LOOK], {"max_turns": 1}, "after 1 turn; raise max_turns"),
    "the last token": ([LOOK], {"budget": 1}, r"raise budget \(now 1\)"),
}


def run(bridge, way, client, **arguments):
    """Run to the end, by either method."""
    arguments = {"model": "gpt-6-luna", "input": "What is there?", **arguments}
    return bridge.run(client, **arguments) if way == "run" else list(bridge.stream(client, **arguments))


@pytest.mark.parametrize("way", ["run", "stream"])
@pytest.mark.parametrize("case", one_in(4, RUNS))
def test_a_run_that_fails_prints_one_traceback(case, way):
    steps, arguments, message = RUNS[case]
    with Endpoint(steps) as endpoint, DefaultHttpx2Client(verify=False) as http, Bridge(eyes()) as bridge:
        client = OpenAI(base_url=endpoint.base_url, api_key="test", max_retries=0, http_client=http)
        with pytest.raises((BridgeError, APIStatusError), match=message) as raised:
            run(bridge, way, client, **arguments)
    assert printed(raised.value).count("Traceback (most recent call last)") == 1


CALLS = {
    "a tool that nobody offers": ("lok", {}, "unknown tool 'lok'; did you mean 'look'?"),
    "a wrong argument": ("look", {"side": "x"}, "side: 'x' is not of type 'integer'"),
    "a call that was not approved": ("look", {"side": 1}, "the user did not approve this call to look"),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_call_that_fails_prints_one_traceback(case):
    name, arguments, message = CALLS[case]
    with Bridge(eyes(), approve=lambda _: False) as bridge, pytest.raises(BridgeError) as raised:
        bridge.call(name, arguments)
    assert printed(raised.value).count("Traceback (most recent call last)") == 1
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("number", "nouns", "words"),
    [
        (0, ["picture"], "0 pictures"),
        (1, ["picture"], "1 picture"),
        (2, ["picture"], "2 pictures"),
        (1_200, ["row"], "1,200 rows"),
        (1, ["entry", "entries"], "1 entry"),
        (3, ["entry", "entries"], "3 entries"),
        (1.0, ["second"], "1 second"),
        (60.0, ["second"], "60 seconds"),
        (0.2, ["second"], "0.2 seconds"),
        (1, ["more mark is", "more marks are"], "1 more mark is"),
    ],
)
def test_a_count_agrees_with_its_noun(number, nouns, words):
    assert counted(number, *nouns) == words


def left_out(policy, *texts):
    """What a model is told of texts that are too long for a policy."""
    result = {"content": [{"type": "text", "text": text} for text in texts]}
    output = function_call_output(result, "call_1", policy)["output"]
    return output if isinstance(output, str) else "\n".join(part.get("text", "") for part in output)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (lambda: str(DeadlineError(1)), "no answer within 1 second;"),
        (lambda: str(TurnLimitError(1)), "after 1 turn;"),
        (lambda: left_out(Policy(max_text=100), "a" * 101), "1 of 101 characters is left out"),
        (lambda: left_out(Policy(max_text=100), "a" * 101, "b"), "1 more text, 1 character, is left out"),
    ],
)
def test_one_of_a_kind_is_in_the_singular(written, words):
    assert words in written()
