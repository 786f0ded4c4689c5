"""What a model sees of each kind of result through frameworks: alone, with the relay or an adapter, as documented."""

import re
import subprocess
import sys

import pytest
from compat.frameworks import FRAMEWORKS
from compat.running import asked, environment, shown, wrong
from kinds_seen import is_right
from relaying import TESTS
from servers import kinds

pytestmark = pytest.mark.compat

DOCS = TESTS.parent / "docs"
AWKWARD = [sys.executable, str(TESTS / "servers" / "awkward.py")]
BOTH = ("both", {"name": "this", "bridge": "that"})
MISHAPS = {
    "named": (BOTH, "^this and that$"),
    "missing": (("both", {"name": "this"}), "^Tool error:.*bridge"),
    "failing": (("failing", {}), "^Tool error:.*out of ink"),
    "dying": (("dying", {}), "^Tool error:.*awkward"),
    "again": (BOTH, "^this and that$"),
    "unparsed": (("both", "{not JSON"), "^Tool error:.*JSON"),
    "unknown": (("nowhere", {}), "nowhere"),
    "last": (BOTH, "^this and that$"),
}
"""What a model calls, and what it is told."""
UNTOLD = {
    "openai-agents": "unknown",  # It ends the run.
    "langchain": "unparsed",  # It leaves the call out.
    "pydantic-ai": "unparsed",  # It sends back another call than was made, which the endpoint refuses.
}
"""What a framework deals with itself, before an adapter is asked, so that no answer comes."""


def row(framework, *more):
    """Return parameters; with --dist loadgroup one worker, with one environment, runs all that are of a framework."""
    group = pytest.mark.xdist_group(framework.name)
    return pytest.param(framework, *more, id="-".join((framework.name, *more)), marks=group)


EVERY = pytest.mark.parametrize("framework", [row(one) for one in FRAMEWORKS])
ADAPTERS = pytest.mark.parametrize("framework", [row(one) for one in FRAMEWORKS if one.extra])


@pytest.fixture(scope="module")
def environments(wheel, tmp_path_factory):
    """Make an environment of a framework with its locked versions, once."""
    made = {}

    def of(framework):
        if framework.name not in made:
            folder = tmp_path_factory.mktemp("compat") / framework.name
            made[framework.name] = environment(framework, folder, wheel)
        return made[framework.name]

    return of


@pytest.mark.parametrize(("framework", "how"), [row(one, how) for one in FRAMEWORKS for how in one.least])
def test_kinds_that_arrive_right(framework, how, environments):
    outputs, _, errors = asked(framework, how, environments(framework).program)
    lost = wrong(outputs)
    assert len(kinds.KINDS) - len(lost) >= framework.least[how], (lost, errors[-3_000:])


def files_of(framework):
    """Return the files that a page of docs/ shows for a framework, its program last."""
    if "adapter" in framework.least:
        # One page has the programs of all adapters.
        page = (DOCS / "frameworks.md").read_text(encoding="utf-8")
        programs = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        order = ["openai-agents", "langchain", "langchain-mcp-adapters", "pydantic-ai"]
        return {"program.py": dict(zip(order, programs, strict=True))[framework.name]}
    name = framework.name.removesuffix("-agents")
    page = (DOCS / "frameworks" / f"{name}.md").read_text(encoding="utf-8")
    names = {"yaml": f"{name}.yaml", "python": "program.py", "js": "program.mjs"}
    return {names[form]: code for form, code in re.findall(r"```(yaml|python|js)\n(.*?)```", page, re.DOTALL)}


@EVERY
def test_the_program_on_its_page_shows_a_picture(framework, environments, tmp_path):
    outputs, printed = shown(environments(framework), files_of(framework), tmp_path)
    assert is_right("text_png_text", outputs), outputs
    assert "Done." in printed


@ADAPTERS
def test_mishaps_are_told_and_the_next_call_is_made(framework, environments):
    program = environments(framework).program
    calls = {name: call for name, (call, _) in MISHAPS.items()}
    outputs, _, errors = asked(framework, "adapter", program, tuple(MISHAPS), AWKWARD, calls)
    told = {name: "\n".join(part["text"] for part in parts) for name, parts in outputs.items()}
    assert MISHAPS.keys() - told.keys() == {UNTOLD[framework.name]}, errors[-3_000:]
    wrong_words = {
        name: words for name, words in told.items() if not re.search(MISHAPS[name][1], words, re.DOTALL)
    }
    assert wrong_words == {}


@ADAPTERS
def test_a_bridge_that_is_not_open_says_so(framework, environments):
    module = framework.name.replace("-", "_")
    code = (
        "import anyio\n"
        "from imagebridge import Bridge, BridgeError\n"
        f"from imagebridge.frameworks import {module} as adapter\n"
        "try:\n"
        "    bridge = Bridge('x')\n"
        "    adapter.tools(bridge) if hasattr(adapter, 'tools') else "
        "anyio.run(adapter.toolset(bridge).get_tools, None)\n"
        "except BridgeError as error:\n"
        "    print(error)\n"
    )
    python = environments(framework).program[0]
    done = subprocess.run([python, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("the bridge is closed; use it inside its ")
