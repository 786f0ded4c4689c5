"""`imagebridge ask`: the answer on stdout, remarks on stderr, the user's own pictures, and every exit code."""

import json
import os
import re
import signal
import subprocess
import threading
from contextlib import suppress

import pytest
import samples
from commands import MAIN, ask, on_terminals, run
from PIL import Image
from samples import data_url, drawing, file, photo

from imagebridge.cli.ask import _close, _server_labels
from imagebridge.cli.terminal import Terminal, plain
from imagebridge.events import Reply
from imagebridge.testing import Cut, Endpoint, Fault, Late

# The answer


@pytest.mark.long
def test_a_pipe_gets_the_text_alone(server):
    steps = [
        [("draw_square", {"side": 64, "colour": "blue"})],
        lambda _: f"I see {endpoint.seen[0].colours[0]}.",
    ]
    with Endpoint(steps) as endpoint:
        result = ask(endpoint, "What is there?", "--server", server)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "I see blue.\n", "")
    assert endpoint.requests[0]["input"] == [{"role": "user", "content": "What is there?"}]
    assert endpoint.requests[0]["model"] == "gpt-6-luna"


def test_a_pipe_gets_nothing_of_what_was_written_on_the_way(server):
    steps = [["Let me look.", ("mixed", {})], Cut("Half of an answer that breaks off here.", 6), "Done."]
    with Endpoint(steps) as endpoint:
        result = ask(endpoint, "What is there?", "--server", server)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "Done.\n", "")


def test_json_holds_items_and_usage_and_pictures_are_saved(server, tmp_path):
    with Endpoint([[("draw_square", {"side": 64}), ("broken", {})], "Two."]) as endpoint:
        options = ["--server", server, "--json", "--save", str(tmp_path), "--model", "gpt-5.4-mini"]
        result = ask(endpoint, "-", *options, stdin="Look.")
    reply = json.loads(result.stdout)
    assert reply.keys() == {"text", "items", "usage"}
    assert reply["text"] == "Two."
    assert [item.get("type", "message") for item in reply["items"]][1:5] == [
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
    ]
    assert reply["usage"]["total_tokens"] > 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["call_1-1.png", "call_2-1.png"]
    assert endpoint.requests[0]["model"] == "gpt-5.4-mini"
    assert endpoint.requests[0]["input"][0]["content"] == "Look."


@pytest.mark.parametrize(("variable", "model"), [("gpt-6-sol", "gpt-6-sol"), ("", "gpt-6-luna")])
def test_the_environment_names_the_model(server, variable, model):
    with Endpoint(["Hello."]) as endpoint:
        ask(endpoint, "Hi", "--server", server, IMAGEBRIDGE_MODEL=variable)
    assert endpoint.requests[0]["model"] == model


@pytest.mark.long
def test_our_own_server_writes_and_fetches_where_it_is_allowed(tmp_path):
    calls = [
        ("make_qr_code", {"text": "a", "save_as": "code.png"}),
        ("load_image", {"source": "https://127.0.0.1/a.png"}),
    ]
    with Endpoint([calls, "Done."]) as endpoint:
        result = ask(
            endpoint, "Go.", "--allow-write", str(tmp_path), "--allow-https", "--approve", "all", "--json"
        )
    assert (tmp_path / "code.png").read_bytes().startswith(b"\x89PNG"), result.output
    # It would fetch, but never from this machine.
    assert "https: addresses are not allowed here" not in result.stdout
    assert "127.0.0.1" in result.stdout


# What ends it early


def refused(_):
    raise RuntimeError("the script says no")


@pytest.mark.parametrize(
    ("steps", "options", "said"),
    [
        ([refused], [], "the API returned 400: imagebridge.testing: step 1 failed"),
        ([[("mixed", {})]] * 2, ["--max-turns", "2"], "after 2 turns; allow more with --max-turns"),
        ([[("mixed", {})]], ["--budget", "9"], "tokens; allow more than 9 with --budget"),
        ([Late("Yes.", 60)], ["--deadline", "0.2"], "within 0.2 seconds; allow more with --deadline"),
    ],
    ids=["refused", "turns", "budget", "deadline"],
)
def test_what_ends_early_is_one_message_and_code_1_and_leaves_its_transcript(
    server, tmp_path, steps, options, said
):
    page = tmp_path / "page.html"
    with suppress(AssertionError):  # of the endpoint, for a step that fails
        with Endpoint(steps) as endpoint:
            result = ask(endpoint, "Hi", "--server", server, "--transcript", str(page), *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert f"no answer</span> {plain_html(result.stderr)}" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("status", "model", "hint"),
    [
        (404, "gpt-6-lunna", " Did you mean 'gpt-6-luna'?"),
        (404, "GPT-6-Sol", " Did you mean 'gpt-6-sol'?"),
        (404, "gpt-6-luna", ""),
        (404, "my-own-model", ""),
        (400, "gpt-6-lunna", ""),
    ],
)
def test_a_model_that_the_api_does_not_know_names_the_nearest(server, status, model, hint):
    with Endpoint([Fault(status, "no such model")]) as endpoint:
        result = ask(endpoint, "Hi", "--server", server, "--model", model)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith(f"Error: the API returned {status}: no such model{hint}\n")


def plain_html(stderr):
    """The message among what went to stderr, up to the first character that HTML escapes."""
    message = next(line for line in stderr.splitlines() if line.startswith("Error: "))
    return re.split("[<>&'\"]", message.removeprefix("Error: "))[0]


def test_an_api_that_is_not_there_is_one_message_and_code_1(server):
    result = run("ask", "Hi", "--server", server, OPENAI_API_KEY="x", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the API cannot be reached at http://127.0.0.1:9/v1/responses" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.long
def test_ctrl_c_leaves_the_transcript_so_far(server, tmp_path):
    page = tmp_path / "page.html"
    asked = threading.Event()

    def second(_):
        asked.set()
        return Late("Never.", 60)

    with suppress(AssertionError), Endpoint([[("draw_square", {"side": 64})], second]) as endpoint:
        environment = os.environ | {"OPENAI_API_KEY": "test", "OPENAI_BASE_URL": endpoint.base_url}
        arguments = [*MAIN, "ask", "Hi", "--server", server, "--transcript", str(page)]
        with subprocess.Popen(
            arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert asked.wait(600)
            # The file is there from the beginning; what is still to come is not in it.
            assert "not finished" in page.read_text("utf-8")
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=600)
    assert (process.returncode, stdout) == (130, "")
    assert re.fullmatch(rf"saved {re.escape(str(page))} \(\d+ kB\)", stderr.strip())
    written = page.read_text("utf-8")
    assert "no answer</span> stopped by the user" in written
    assert written.count("<img ") == 1


def test_an_answer_that_is_cut_off_is_told(capsys):
    reply = Reply("A red", [], {"input_tokens": 1, "output_tokens": 2}, incomplete="max_output_tokens")
    _close(reply, "gpt-5.6-luna", Terminal())
    assert capsys.readouterr() == ("", "the answer is cut off: max_output_tokens\n")


# Pictures of the user's own

BIG = file(photo(300, 200), "PNG")


def attached(folder, *files):
    """Options that attach files of these names and bytes."""
    options = []
    for name, data in files:
        (folder / name).write_bytes(data)
        options += ["--image", str(folder / name)]
    return options


def test_pictures_are_attached_as_the_model_sees_them(server, tmp_path):
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="40" height="30" fill="red"/></svg>'
    small, huge = drawing(), Image.new("RGB", (4000, 100), "teal")
    files = [
        ("a.png", file(small, "PNG")),
        ("b.bmp", file(small.rotate(180), "BMP")),
        ("c.svg", svg),
        ("d.png", file(huge, "PNG")),
    ]
    with Endpoint(["Four."]) as endpoint:
        result = ask(endpoint, "Count.", *attached(tmp_path, *files), "--server", server, "--detail", "low")
    assert (result.exit_code, result.stdout) == (0, "Four.\n"), result.output
    (message,) = endpoint.requests[0]["input"]
    assert message["role"] == "user"
    assert [part.get("text", part.get("detail")) for part in message["content"]] == [
        "Count.",
        "[attached: a.png]",
        "low",
        "[attached: b.bmp]",
        "low",
        "[attached: c.svg]",
        "low",
        "picture 3: drawn 480x360, larger than the 40x30 that it specifies",
        "[attached: d.png]",
        "low",
        (
            "picture 4: shown 512x13 of 4000x100; multiply x by 7.812 and y by 7.692; "
            "text may be too small to read; ask for a part of it"
        ),
    ]
    assert message["content"][2]["image_url"] == data_url(files[0][1], "image/png")
    assert [picture.size for picture in endpoint.seen] == [(64, 48), (64, 48), (480, 360), (512, 13)]
    assert endpoint.seen[0].bytes == files[0][1]


@pytest.mark.long
def test_a_tool_may_be_given_what_is_attached(tmp_path):
    page = tmp_path / "page.html"
    marks = [{"kind": "box", "at": [0, 0, 20, 20]}]
    steps = [[("annotate_image", {"source": "picture:1", "marks": marks})], "Marked."]
    with Endpoint(steps) as endpoint:
        options = [*attached(tmp_path, ("a.png", file(drawing(), "PNG"))), "--transcript", str(page)]
        result = ask(endpoint, "Mark the corner.", *options, "--save", str(tmp_path / "made"))
    assert (result.exit_code, result.stdout) == (0, "Marked.\n"), result.output
    (message,) = endpoint.requests[0]["input"]
    assert [part.get("text") for part in message["content"]] == [
        "Mark the corner.",
        "[attached: a.png]",
        None,
        "picture:1",
    ]
    assert [picture.size for picture in endpoint.seen] == [(64, 48), (64, 48)]
    assert "picture:1" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("no.png", None, "'{}' does not exist"),
        ("a.txt", b"hello", "the file {} cannot be shown: the format is unknown"),
        (
            "a.pdf",
            b"%PDF-1.7\n",
            "the file {} cannot be shown: application/pdf is not a picture format",
        ),
        ("cut.png", BIG[:-4000], "{} cannot be shown: "),
        ("empty.jpg", b"", "{} cannot be shown"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 10 else "",
)
def test_a_file_that_shows_nothing_is_named_before_anything_is_sent(server, tmp_path, name, data, said):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    good = attached(tmp_path, ("good.png", BIG))
    with Endpoint([]) as endpoint:
        options = ["--image", str(tmp_path / name), "--transcript", str(tmp_path / "page.html")]
        result = ask(endpoint, "Look.", *good, *options, "--server", server)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said.format(tmp_path / name) in result.stderr
    assert not (tmp_path / "page.html").exists()


def test_chat_completions_get_the_same(server, tmp_path):
    steps = [[("draw_square", {"side": 64, "colour": "blue"})], "Both."]
    page = tmp_path / "page.html"
    with Endpoint(steps) as endpoint:
        options = [*attached(tmp_path, ("a.png", BIG)), "--chat", "--transcript", str(page)]
        result = ask(endpoint, "What is there?", *options, "--server", server)
    assert (result.exit_code, result.stdout) == (0, "Both.\n"), result.output
    assert {exchange.path for exchange in endpoint.exchanges} == {"/v1/chat/completions"}
    assert endpoint.requests[0]["messages"][0] == {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is there?"},
            {"type": "text", "text": "[attached: a.png]"},
            {"type": "image_url", "image_url": {"url": data_url(BIG, "image/png"), "detail": "high"}},
        ],
    }
    assert [picture.size for picture in endpoint.seen] == [(300, 200), (64, 64)]
    assert page.read_text("utf-8").count("<img ") == 2


def test_uploads_send_pictures_by_id(server, tmp_path):
    noise = file(samples.noise(400, 400), "PNG")
    assert len(noise) > 100_000
    with Endpoint([[("draw_square", {"side": 64})], "Noise."]) as endpoint:
        options = [*attached(tmp_path, ("a.png", noise)), "--uploads"]
        result = ask(endpoint, "What is there?", *options, "--server", server)
    assert (result.exit_code, result.stdout) == (0, "Noise.\n"), result.output
    (stored,) = endpoint.files
    for body in endpoint.requests[-2:]:
        assert body["input"][0]["content"][2] == {
            "type": "input_image",
            "file_id": stored.id,
            "detail": "high",
        }


# Beside the answer


@pytest.mark.parametrize("place", ["no/such/folder/page.html", "."])
def test_a_transcript_that_cannot_be_written_costs_nothing(server, tmp_path, place):
    with Endpoint([]) as endpoint:
        result = ask(endpoint, "Hi", "--server", server, "--transcript", str(tmp_path / place))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--transcript" in result.stderr


def test_a_terminal_sees_the_text_as_it_is_written_and_each_call(server, tmp_path):
    steps = [
        ["Let me look.", ("draw_square", {"side": 64}), ("mixed", {})],
        Cut("Half of an answer that breaks off here.", 6),
        "Red.\x1b[2J\nAll of it.",
    ]
    with Endpoint(steps) as endpoint:
        environment = {"OPENAI_API_KEY": "test", "OPENAI_BASE_URL": endpoint.base_url}
        options = [*attached(tmp_path, ("a.png", BIG)), "--server", server]
        code, answer, beside = on_terminals("ask", "What?", *options, **environment)
    assert code == 0, answer + beside
    assert re.fullmatch(r"Let me look\.\r\nHalf of [a-z ]*\r\nRed\.\[2J\r\nAll of it\.\r\n", answer), answer
    assert re.search(r"attached: 300x200 image/png of \d+ kB, \d+ tokens", beside)
    assert re.search(r"draw_square: \d+\.\d s, 64x64 image/png of \d+ bytes, \d+ tokens", beside)
    assert re.search(r"mixed: \d+\.\d s, \d+ characters of text", beside)
    assert "asking again: " in beside
    assert re.search(r"gpt-6-luna: [\d,]+ tokens in and \d+ out", beside)


def test_nothing_from_outside_steers_the_terminal():
    assert plain("a\x1b]52;c;AAAA\x07\r\x00\x9b2Jb\tc\nd é") == "a]52;c;AAAA2Jb\tc\nd é"


@pytest.mark.parametrize(
    ("server", "name"),
    [
        ("https://me:secret@host.example:8443/mcp?key=secret", "https://host.example:8443/mcp"),
        ("npx -y @playwright/mcp --token secret", "npx -y @playwright/mcp"),
        ("env KEY=secret node server.js", "env"),
        ("uvx server -Ksecret", "uvx server"),
    ],
)
def test_a_transcript_tells_no_secrets_of_a_server(server, name):
    assert _server_labels((server,), None) == (name,)
