"""The endpoint's Files API, through the SDK: what it keeps and rejects, and requests that refer to files by id."""

import pytest
from openai import APIStatusError, OpenAI
from samples import drawing, file, pdf

from imagebridge.testing import Endpoint
from imagebridge.testing.server import form

PNG = file(drawing(), "PNG")
AN_HOUR = {"anchor": "created_at", "seconds": 3_600}


@pytest.fixture(scope="module")
def endpoint():
    with Endpoint(["Seen."] * 3) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def client(endpoint):
    with OpenAI(base_url=endpoint.base_url, api_key="test", max_retries=0) as client:
        yield client


def uploaded(client, purpose="vision", content=PNG, name="a.png", **more):
    return client.files.create(file=(name, content), purpose=purpose, **more)


def asked(client, *parts, **more):
    return client.responses.create(model="gpt-5.4", input=[{"role": "user", "content": list(parts)}], **more)


def refused(do):
    with pytest.raises(APIStatusError) as error:
        do()
    return error.value.status_code, error.value.body["message"], error.value.param, error.value.code


def test_a_file_is_kept_found_listed_and_deleted(endpoint, client):
    tricky = b"\r\n--x\r\n\0" + PNG + b"\r\n"
    made = uploaded(client, "user_data", tricky, "grün.png", expires_after=AN_HOUR)
    assert (made.filename, made.bytes, made.purpose) == ("grün.png", len(tricky), "user_data")
    assert made.expires_at == made.created_at + 3_600
    assert endpoint.files[-1].content == tricky
    assert client.files.retrieve(made.id) == made
    assert made in client.files.list().data
    assert client.files.delete(made.id).deleted
    assert made not in client.files.list().data
    gone = (404, f"No such File object: {made.id}", "id", None)
    assert refused(lambda: client.files.retrieve(made.id)) == gone
    assert refused(lambda: client.files.delete(made.id)) == gone


@pytest.mark.parametrize(
    ("more", "message", "param", "code"),
    [
        ({"purpose": "fun"}, ("Invalid value: 'fun'. Supported values are: 'assistants', 'batch', 'fine-tune', "
         "'vision', 'user_data', 'evals'."), "purpose", "invalid_value"),
        ({"expires_after": {"anchor": "created_at", "seconds": 60}}, ("Invalid 'expires_after[seconds]': integer below "
         "minimum value. Expected a value >= 3600, but got 60 instead."), "expires_after[seconds]",
         "integer_below_min_value"),
        ({"expires_after": {"anchor": "created_at", "seconds": 2_592_001}}, ("Invalid 'expires_after[seconds]': integer "
         "above maximum value. Expected a value <= 2592000, but got 2592001 instead."), "expires_after[seconds]",
         "integer_above_max_value"),
        ({"expires_after": {"seconds": 3_600}}, "Missing required parameter: 'expires_after[anchor]'.",
         "expires_after[anchor]", "missing_required_parameter"),
    ],
)  # fmt: skip
def test_an_upload_that_is_refused(client, more, message, param, code):
    assert refused(lambda: uploaded(client, **more)) == (400, message, param, code)


def test_the_model_sees_a_picture_by_its_id(endpoint, client):
    made = uploaded(client)
    by_id = {"type": "input_image", "file_id": made.id, "detail": "low"}
    document = {"type": "input_file", "file_id": uploaded(client, "user_data", pdf(), "a.pdf").id}
    first = asked(client, by_id, document)
    assert endpoint.requests[-1]["input"][0]["content"] == [by_id, document]
    picture = endpoint.seen[-1]
    assert (picture.bytes, picture.detail, picture.path) == (PNG, "low", "input[0].content[0].image_url")
    count = client.responses.input_tokens.count(model="gpt-5.4", input=[{"role": "user", "content": [by_id]}])
    assert count.input_tokens >= picture.tokens
    # The server goes on with what it kept.
    asked(client, {"type": "input_text", "text": "And?"}, previous_response_id=first.id)
    chat = {"type": "file", "file": {"file_id": document["file_id"]}}
    messages = [{"role": "user", "content": [chat]}]
    assert (
        client.chat.completions.create(model="gpt-5.4", messages=messages).choices[0].message.content
        == "Seen."
    )


@pytest.mark.parametrize(
    ("purpose", "content", "spoil", "message"),
    [
        ("batch", PNG, None, "File '{}' has the purpose 'batch'. Supported purposes are: 'vision', 'user_data', 'assistants'."),
        ("vision", PNG, "deleted", "File '{}' was not found."),
        ("vision", PNG, "expired", "File '{}' was not found."),
        ("vision", b"no picture", None, "The image data you provided does not represent a valid image."),
        ("vision", PNG[:-30], None, "The image data you provided does not represent a valid image."),
    ],
)  # fmt: skip
def test_an_id_that_may_not_be_used(endpoint, client, purpose, content, spoil, message):
    made = uploaded(client, purpose, content)
    if spoil == "deleted":
        client.files.delete(made.id)
    elif spoil == "expired":
        endpoint.files[-1].expires_at = made.created_at
    status, said, param, code = refused(lambda: asked(client, {"type": "input_image", "file_id": made.id}))
    assert said.startswith(message.format(made.id))
    assert (status, code) == (400, "invalid_value")
    assert param == ("input[0].content[0].file_id" if "File '" in message else "input")


def test_an_unknown_id(client):
    output = {
        "type": "function_call_output",
        "call_id": "c",
        "output": [{"type": "input_file", "file_id": "file-x"}],
    }
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    assert refused(lambda: client.responses.create(model="gpt-5.4", input=[call, output])) == (
        400,
        "File 'file-x' was not found.",
        "input[1].output[0].file_id",
        "invalid_value",
    )


def test_without_a_files_api():
    with Endpoint([], files=False) as endpoint, OpenAI(base_url=endpoint.base_url, api_key="test") as client:
        assert refused(lambda: uploaded(client)) == (404, "Invalid URL (POST /v1/files)", None, None)
    assert endpoint.files == []


def test_a_multipart_body_is_read_as_it_was_written():
    head = b'--x\r\nContent-Disposition: form-data; name="'
    body = (
        head
        + b'purpose"\r\n\r\nvision\r\n'
        + head
        + b'file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\r\n--y\r\n\r\n'
        + head
        + b'image[]"; filename="b"\r\n\r\n\r\n--x--\r\n'
    )
    assert form(body) == [
        ("purpose", "", "text/plain", b"vision"),
        ("file", "a.png", "image/png", b"\x89PNG\r\n\x1a\r\n--y\r\n"),
        ("image[]", "b", "text/plain", b""),
    ]
    assert form(body[:-6]) is None
    assert form(b"{}") is None
