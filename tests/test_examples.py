"""Each program of the cookbook runs as its first lines say, against the strict endpoint."""

import ast
import inspect
import json
import re
import subprocess
import sys
from contextlib import contextmanager

import anyio
import httpx2
import pytest
from commands import program, users_variables
from long_rows import one_in
from PIL import Image
from test_readme import CHART, ROOT

from imagebridge.testing import Endpoint, Events, Fault

EXAMPLES = ROOT / "examples"
PAGE = (ROOT / "docs" / "cookbook.md").read_text("utf-8")


def sent(endpoint, kind):
    """Return the bodies that the model was sent, or the paths of other requests."""
    return [exchange for exchange in endpoint.exchanges if exchange.path.endswith(kind)]


def test_the_page_shows_every_program_and_no_other():
    shown = re.findall(r"(?:literalinclude:: |\]\()\.\./examples/([\w.]+)", PAGE)
    assert sorted(shown) == sorted(path.name for path in EXAMPLES.iterdir() if path.is_file())


@pytest.mark.long
def test_two_servers():
    data = [{"hour": 0, "metres": 1.1}, {"hour": 18, "metres": 4.6}]
    steps = [
        [("water_levels", {"day": "2026-11-28"})],
        [("generate_chart", {"kind": "line", "data": data})],
        "At 18:00.",
    ]
    out, endpoint = program(EXAMPLES / "two_servers.py", steps)
    assert re.fullmatch(r"At 18:00\.\nimage/png, 800x500, .* tokens at detail \w+\n", out)
    assert [picture.format for picture in endpoint.seen] == ["PNG"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("y\n", "blurred.jpg is deleted."),
        ("n\n", "the user did not approve this call to delete_picture"),
    ],
    ids=["yes", "no"],
)
def test_approval(answers, told):
    steps = [[("list_pictures", {})], [("delete_picture", {"name": "blurred.jpg"})], "Done."]
    out, endpoint = program(EXAMPLES / "approval.py", steps, typed=answers)
    assert out.endswith("delete_picture with {'name': 'blurred.jpg'}. Run it? [y/N] Done.\n")
    assert told in json.dumps(endpoint.exchanges[-1].body["input"][-1])


@pytest.mark.long
def test_own_server():
    server = f"{sys.executable} {EXAMPLES / 'own_server.py'}"
    command = [sys.executable, "-c", "from imagebridge.cli import main; main()", "call", "--server", server]
    command += ["thermometer", '{"celsius": 21}', "thermometer", '{"celsius": 99}']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    drawn, refused = json.loads(done.stdout)
    assert [part["type"] for part in drawn["output"]] == ["input_text", "input_image"]
    assert refused["output"] == "Tool error:\ncelsius must be from -20 to 50; 99 is not."


@pytest.mark.long
def test_uploads(tmp_path):
    photo = tmp_path / "my pictures" / "photo.png"
    photo.parent.mkdir()
    Image.effect_noise((900, 600), 90).save(photo)
    steps = [[("load_image", {"source": "photo.png"})], "Noise.", "More noise.", "All of them."]
    out, endpoint = program(EXAMPLES / "uploads.py", steps, str(photo))
    assert [line.strip() for line in out.splitlines()[1::2]] == ["Noise.", "More noise.", "All of them."]
    bodies = [exchange.body for exchange in sent(endpoint, "/responses")]
    assert all("base64," not in json.dumps(body) for body in bodies)
    assert "file_id" in json.dumps(bodies[-1])
    assert [stored.deleted for stored in endpoint.files] == [True]


@pytest.mark.long
def test_chat_only():
    out, endpoint = program(EXAMPLES / "chat_only.py", [[CHART], "Two bars."], "a-model-that-sees")
    assert out == "Two bars.\n"
    last = sent(endpoint, "/chat/completions")[-1].body["messages"][-1]
    assert (last["role"], "image_url" in json.dumps(last["content"])) == ("user", True)


@contextmanager
def web_app(endpoint):
    """Serve the application as its first lines say, at a port of its choice."""
    command = [sys.executable, "-m", "uvicorn", "--app-dir", EXAMPLES, "--port", "0", "web_app:app"]
    process = subprocess.Popen(command, env=users_variables(endpoint), stderr=subprocess.PIPE, text=True)
    with process:
        try:
            told = next(
                filter(None, (re.search(r"running on (http://\S+)", line) for line in process.stderr))
            )
            yield told[1]
        finally:
            process.terminate()
            process.stderr.read()


def asked(url):
    """Return the events that the application sends for a question."""
    stream = httpx2.get(f"{url}/ask", params={"q": "Draw."}, timeout=600).text
    return [(kind, json.loads(data)) for kind, data in re.findall(r"event: (\w+)\ndata: (.*)\n\n", stream)]


@pytest.mark.long
def test_web_app():
    with Endpoint([[CHART], "The last."]) as endpoint, web_app(endpoint) as url:
        assert "EventSource" in httpx2.get(url, timeout=600).text
        events = asked(url)
    assert [kind for kind, _ in events if kind != "text"] == ["call", "picture", "end"]
    assert "".join(data for kind, data in events if kind == "text") == "The last."
    assert dict(events)["picture"].startswith("data:image/png;base64,")


FAILED = {
    "id": "resp_1",
    "status": "failed",
    "output": [],
    "error": {"code": "invalid_prompt", "message": "No."},
}


@pytest.mark.parametrize(
    ("fault", "told"),
    one_in(2, [(Fault(401), "401"), (Events([{"type": "response.failed", "response": FAILED}]), "No.")]),
    ids=["API", "bridge"],
)
def test_the_web_app_says_that_a_run_failed(fault, told):
    """A browser that is not told repeats the request, and so the calls and their cost."""
    with Endpoint([[CHART], fault]) as endpoint, web_app(endpoint) as url:
        events = asked(url)
        assert [kind for kind, _ in events] == ["call", "picture", "failed", "end"]
        assert told in dict(events)["failed"]
        assert len(sent(endpoint, "/responses")) == 2
        assert "source.onerror = () => source.close()" in httpx2.get(url, timeout=600).text


@pytest.mark.long
def test_transcript(tmp_path):
    out, _ = program(EXAMPLES / "transcript.py", [[CHART], "The last."], folder=tmp_path)
    page = (tmp_path / "conversation.html").read_text("utf-8")
    assert out == "The last.\n"
    assert page.count('src="data:image/png;base64,') == 1


@pytest.mark.long
def test_notebook(tmp_path, monkeypatch):
    """Run the cells as a kernel does, which awaits what stands outside of functions, and keep what each shows."""
    monkeypatch.chdir(tmp_path)
    shown, names = [], {}

    async def kernel():
        for cell in json.loads((EXAMPLES / "notebook.ipynb").read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                *before, last = ast.parse("".join(cell["source"])).body
                for tree, mode in ((ast.Module(before, []), "exec"), (ast.Expression(last.value), "eval")):
                    value = eval(compile(tree, "cell", mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
                    value = await value if inspect.isawaitable(value) else value
                shown.append(value)

    with Endpoint([[CHART], "The last."]) as endpoint:
        for name, value in users_variables(endpoint).items():
            monkeypatch.setenv(name, value)
        anyio.run(kernel)
    reply, translation, files = shown
    assert "The last." in reply._repr_html_()
    assert "<img " in translation._repr_html_()
    assert [file.name for file in files] == ["shown-1.png"]
    assert all(file.is_file() for file in files)
