"""The corpus of irregular inputs, a short run of random ones, and the command's report of a finding."""

import argparse
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from long_rows import one_in

pytest.importorskip("mcp.client", reason="the reading of JSON-RPC needs mcp 2")

from fuzz import __main__ as command
from fuzz.cases import content, corpus, kind_of, odd_input
from fuzz.kinds import KINDS

FILES = [file for kind in KINDS for file in corpus(kind)]


@pytest.fixture(autouse=True)
def _quiet(caplog):
    """What is wrong with an input may be logged and warned of."""
    caplog.set_level("CRITICAL")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("file", one_in(3, FILES), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_the_corpus(file):
    KINDS[file.parent.name].hold(content(file), False)


@pytest.mark.parametrize("number", one_in(4, range(1, 97)))
def test_what_chance_makes_of_it(number):
    kind = kind_of(None, number)
    KINDS[kind].hold(odd_input(kind, 17, number), False)


def test_an_input_is_always_the_same():
    made = {kind: [odd_input(kind, 3, number) for number in range(5)] for kind in ("pictures", "answers")}
    code = f"import sys; sys.path.insert(0, 'tests'); from fuzz.cases import odd_input; print({{kind: [odd_input(kind, 3, number) for number in range(5)] for kind in {list(made)}}} == {made!r})"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.long
def test_the_command_tells_what_it_tried():
    arguments = ["--kind", "answers", "--count", "20", "--seed", "5", "--first", "7"]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout[:68], done.returncode) == (
        "seed 5, inputs 7 to 26: 20 inputs (20 answers), 0 findings; at most ",
        0,
    ), done.stdout + done.stderr


class Told:
    """A process that tries inputs and says this of them."""

    def __init__(self, *said):
        self.said = list(said)

    def poll(self, seconds):
        return self.said[:1] != ["silence"]

    def recv(self):
        if not self.said:
            raise EOFError
        return self.said.pop(0)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ([("", 0.1, 50.0), ("ValueError: no (x.py:3)", 0.1, 50.0)], "ValueError: no (x.py:3)"),
        ([("", 0.1, 50.0)], "ended its process"),
        ([("", 0.1, 50.0), "silence"], "did not end in 120 seconds"),
    ],
)
def test_a_finding_is_told_with_the_line_that_replays_it(said, problem, capsys):
    run = command.Run(argparse.Namespace(kind="svgs", seed=3, first=8, count=2, minutes=1, keep=False))
    run.follow(Told(*said))
    assert capsys.readouterr().out == (
        f"svgs 9: {problem}\n    uv run python -m tests.fuzz --kind svgs --seed 3 --first 9 --count 1\n"
    )
    assert run.findings == 1
    assert run.is_over()
