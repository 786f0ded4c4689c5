"""A process with a card answers the host before anything is loaded, and the host may stop it early."""

import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from first_messages import introduction

TESTS = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "imagebridge_server", "--store", "off"]
HELLO = {"method": "initialize", "params": introduction()}
LIST = {"method": "tools/list"}

NOISE = """
import os, sys

class Noise:
    def find_spec(self, name, path=None, target=None):
        if name == "mcp":
            print("loading", name)
            os.write(1, b"at the descriptor\\n")

sys.meta_path.insert(0, Noise())
"""
"""What prints while modules load; Python imports it first."""


class Process:
    """The server, without a client."""

    def __init__(self, environment, command=COMMAND, **choices):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, **choices
        )

    def send(self, message, number=None):
        told = {"jsonrpc": "2.0"} | ({} if number is None else {"id": number}) | message
        self.process.stdin.write(json.dumps(told).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def ask(self, message, number=1):
        self.send(message, number)
        return self.answer()

    def end(self):
        """Hang up, and return what else was said."""
        out, err = self.process.communicate(timeout=600)
        lines = [one for one in err.splitlines() if b"loading" not in one and b"descriptor" not in one]
        assert (self.process.returncode, lines) == (0, [])
        return [json.loads(one) for one in out.splitlines()]


def body(file):
    return json.loads(file.read_bytes().partition(b"\n")[2])


def waited(folder, unlike=b""):
    """Return the one card in a folder, once it is there."""
    stop = time.monotonic() + 120
    while time.monotonic() < stop:
        for file in folder.glob("*.card"):
            if file.read_bytes() != unlike:
                return file
        time.sleep(0.05)
    pytest.fail("no card was kept")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    noise = tmp_path_factory.mktemp("noise")
    (noise / "sitecustomize.py").write_text(NOISE)
    cards = tmp_path_factory.mktemp("cards")
    return {**os.environ, "PYTHONPATH": str(noise), "IMAGEBRIDGE_CARD": str(cards)}


@pytest.fixture(scope="module")
def kept(environment):
    """Return the card that a first start keeps, and what that start has answered."""
    server = Process(environment)
    answers = [server.ask(HELLO), server.ask(LIST)]
    card = waited(Path(environment["IMAGEBRIDGE_CARD"]))
    assert server.end() == []
    return card, answers


def test_a_start_answers_as_the_one_before_it(kept, environment):
    _, answers = kept
    server = Process(environment)
    assert [server.ask(HELLO), server.ask(LIST)] == answers
    call = {"method": "tools/call", "params": {"name": "get_image", "arguments": {"text": "Hello"}}}
    assert [block["type"] for block in server.ask(call)["result"]["content"]] == ["text", "image"]
    assert server.ask(LIST) == answers[1]
    assert server.end() == []


def test_a_host_that_hangs_up_at_once_waits_for_nothing(kept, environment):
    server = Process(environment)
    server.send(HELLO, 1)
    server.send(LIST, 2)
    assert [one["id"] for one in server.end()] == [1, 2]


@pytest.mark.long
def test_a_first_start_without_a_quiet_moment_keeps_a_card_too(environment, tmp_path):
    cards = tmp_path / "cards"
    server = Process(environment | {"IMAGEBRIDGE_CARD": str(cards)})
    answers = [server.ask(HELLO), server.ask(LIST)]
    assert server.end() == []
    assert len(list(cards.glob("*.card"))) == 1
    again = Process(environment | {"IMAGEBRIDGE_CARD": str(cards)})
    assert [again.ask(HELLO), again.ask(LIST)] == answers
    assert again.end() == []


@pytest.mark.long
@pytest.mark.parametrize(
    "said", [b"", pytest.param(b"no JSON\n", marks=pytest.mark.long)], ids=["nothing", "nonsense"]
)
def test_a_start_that_no_host_greets_keeps_none(said, environment, tmp_path):
    cards = tmp_path / "cards"
    server = Process(environment | {"IMAGEBRIDGE_CARD": str(cards)})
    server.process.communicate(said, timeout=600)
    assert not list(cards.glob("*.card"))


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly_while_it_loads(kept, environment, end):
    server = Process(environment)
    assert server.ask(HELLO)["id"] == 1
    server.process.send_signal(end)
    _, err = server.process.communicate(timeout=600)
    assert server.process.returncode == -end
    assert b"Traceback" not in err


@pytest.mark.long
def test_a_card_that_the_server_contradicts_is_written_anew(kept, environment, tmp_path):
    card, answers = kept
    good = body(card)
    wrong = good | {"texts": ['{"tools":[]}' if "inputSchema" in text else text for text in good["texts"]]}
    raw = json.dumps(wrong).encode()
    cards = tmp_path / "cards"
    cards.mkdir(mode=0o700)
    file = cards / card.name
    file.write_bytes(b"%08x\n%b" % (zlib.crc32(raw), raw))
    old = file.read_bytes()
    server = Process(environment | {"IMAGEBRIDGE_CARD": str(cards)})
    assert server.ask(HELLO) == answers[0]
    assert server.ask(LIST)["result"] == {"tools": []}
    assert server.answer() == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    assert server.ask(LIST) == answers[1]
    assert body(waited(cards, unlike=old))["texts"] == good["texts"]
    assert server.end() == []


def test_nothing_but_python_itself_is_loaded_before_the_answer():
    program = (
        "import sys, imagebridge_server.__main__, platformdirs\n"
        "found = {name.partition('.')[0] for name, module in sys.modules.items() if getattr(module, '__file__', None)}\n"
        "print(*sorted(found - sys.stdlib_module_names))"
    )
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    already = {name.partition(".")[0] for name in bare.stdout.split()}
    assert set(run.stdout.split()) - already == {"imagebridge_server", "platformdirs"}


@pytest.mark.long
def test_all_tests_of_the_process_pass_with_a_card(tmp_path):
    cards = tmp_path / "cards"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "long or not long", "-n", "auto",
         "tests/server/test_stdio.py", "tests/server/test_serving.py"],
        cwd=TESTS.parent, env={**os.environ, "IMAGEBRIDGE_TESTED_CARDS": str(cards)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-5000:]
    # See with_card.py: a card that was used is no longer from 1970.
    used = [file.stat().st_mtime > 1 for file in cards.rglob("*.card")]
    assert len(used) > 3
    assert all(used)
