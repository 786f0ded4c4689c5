"""For any result, the API's rules accept the output, the order is kept, and nothing is lost."""

import json

import pytest
import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types.responses.response_input_item_param import FunctionCallOutput
from pydantic import TypeAdapter
from samples import b64, data_url, drawing, file, photo

from imagebridge import Policy, function_call_output, output_parts, translate
from imagebridge.rules import refusals

pytestmark = pytest.mark.pure

PNG = file(drawing(), "PNG")
FILES = [
    PNG,
    file(photo(), "JPEG"),
    file(photo(), "WEBP"),
    file(drawing(), "GIF"),
    file(drawing(), "BMP"),
    file(drawing(), "TIFF"),
    samples.animation("GIF"),
    samples.oriented(),
    samples.SVG,
    samples.pdf(),
    samples.wav(),
    PNG[:-30],
    b"not a picture",
    b"",
]
OUTPUT = TypeAdapter(FunctionCallOutput)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
# Half surrogates, which `st.text` leaves out and JSON lets through.
wild = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
encoded = st.sampled_from([b64(data) for data in FILES] + [data_url(PNG, "image/gif"), "%%%", b64(PNG)[:-3]])
labels = (
    st.sampled_from(["image/png", "image/jpg", "image/svg+xml", "application/pdf", "text/csv", "", "x"])
    | json_values
)
blocks = st.one_of(
    json_values,
    st.fixed_dictionaries(
        {"type": st.just("text"), "text": st.text(max_size=40) | wild | encoded | json_values}
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["image", "audio"]), "data": encoded | json_values, "mimeType": labels}
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("resource"),
            "resource": json_values
            | st.fixed_dictionaries({"uri": st.text(max_size=20), "mimeType": labels, "blob": encoded})
            | st.fixed_dictionaries({"uri": st.text(max_size=20), "text": st.text(max_size=20)}),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("resource_link"), "uri": json_values, "name": json_values, "size": json_values}
    ),
    st.fixed_dictionaries(
        {"type": st.text(max_size=8)},
        optional={"data": encoded, "annotations": json_values, "_meta": json_values},
    ),
)
results = st.fixed_dictionaries(
    {"content": st.lists(blocks, max_size=4) | json_values},
    optional={"structuredContent": json_values, "isError": st.booleans()},
)
policies = st.builds(
    Policy,
    model=st.sampled_from([None, "gpt-5.6-luna", "gpt-5.4-mini", "gpt-4o", "llama"]),
    detail=st.sampled_from([None, "low", "high", "auto", "original"]),
    proof=st.just("decoded"),
    animation=st.sampled_from(["sheet", "first"]),
    audience=st.sampled_from(["lenient", "strict"]),
    max_pictures=st.sampled_from([None, 0, 1]),
    max_bytes=st.sampled_from([0, 3_000, 40_000_000]),
    max_tokens=st.sampled_from([None, 0, 20]),
    max_text=st.sampled_from([0, 50, 10_000_000]),
)


def body(item, model):
    call = {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"}
    return {"model": model or "gpt-5.4", "input": [{"role": "user", "content": "look"}, call, item]}


@given(results, policies)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_comes_is_accepted(result, policy):
    item = function_call_output(result, "call_1", policy)
    assert refusals(body(item, policy.model)) == []
    assert item["output"]
    json.dumps(item, ensure_ascii=False).encode()
    assert item == function_call_output(result, "call_1", policy)


@pytest.mark.agent  # Older SDKs know an output of text alone.
@given(results, policies)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_comes_is_what_the_sdk_calls_an_output(result, policy):
    OUTPUT.validate_python(function_call_output(result, "call_1", policy), strict=True)


@given(results)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_block_has_its_part_and_its_note(result):
    translation = translate(result)
    content = result["content"]
    if isinstance(content, list):
        assert [note.block for note in translation.notes if note.block is not None] == list(
            range(len(content))
        )
        assert all(note.done for note in translation.notes if note.block is not None and len(content) > 1)


@given(st.lists(st.sampled_from(range(6)), max_size=8))
def test_order_is_kept(order):
    """Texts and pictures stand in the order of their blocks."""
    pictures = [file(drawing(40 + at, 30), "PNG") for at in range(3)]
    kinds = [{"type": "text", "text": f"text {at}"} for at in range(3)]
    kinds += [{"type": "image", "data": b64(data)} for data in pictures]
    expected = [{"type": "input_text", "text": f"text {at}"} for at in range(3)]
    expected += [
        {"type": "input_image", "image_url": data_url(data, "image/png"), "detail": "high"}
        for data in pictures
    ]
    parts = output_parts({"content": [kinds[at] for at in order]})
    assert parts == ([expected[at] for at in order] or [{"type": "input_text", "text": parts[0]["text"]}])


@pytest.mark.parametrize("model", ["gpt-5.6-luna", "gpt-5.4-mini", "gpt-4o", None])
@pytest.mark.parametrize(
    "size",
    [
        (9000, 200),
        *(pytest.param(size, marks=pytest.mark.long) for size in ((200, 9000), (4000, 4000))),
        (2049, 10),
        (1, 1),
    ],
)
def test_every_size_is_accepted_at_every_detail(model, size):
    result = {"content": [{"type": "image", "data": b64(file(drawing(*size), "PNG"))}]}
    for detail in ("low", "high", "auto", "original"):
        item = function_call_output(result, "call_1", Policy(model=model, detail=detail))
        assert refusals(body(item, model)) == []
