"""What a model sees of each kind of result through frameworks: alone, behind the relay, and with an adapter; and docs/frameworks."""

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

WAYS = [(framework, how) for framework in FRAMEWORKS for how in framework.least]


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


@pytest.mark.parametrize(("framework", "how"), WAYS, ids=[f"{one.name}-{how}" for one, how in WAYS])
def test_kinds_that_arrive_right(framework, how, environments):
    outputs, _, errors = asked(framework, how, environments(framework).program)
    lost = wrong(outputs)
    assert len(kinds.KINDS) - len(lost) >= framework.least[how], (lost, errors[-3_000:])


DOCS = TESTS.parent / "docs"
ADAPTERS_PAGE = (DOCS / "frameworks.md").read_text(encoding="utf-8")
IN_ORDER = ["openai-agents", "langchain", "langchain-mcp-adapters", "pydantic-ai"]
"""The frameworks of the programs on that page."""


def files_of(framework):
    """Return the files that a page of docs/ shows for a framework, its program last."""
    if framework.name in IN_ORDER:
        programs = re.findall(r"```python\n(.*?)```", ADAPTERS_PAGE, re.DOTALL)
        return {"program.py": dict(zip(IN_ORDER, programs, strict=True))[framework.name]}
    name = framework.name.removesuffix("-agents")
    page = (DOCS / "frameworks" / f"{name}.md").read_text(encoding="utf-8")
    names = {"yaml": f"{name}.yaml", "python": "program.py", "js": "program.mjs"}
    return {names[form]: code for form, code in re.findall(r"```(yaml|python|js)\n(.*?)```", page, re.DOTALL)}


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda one: one.name)
def test_the_program_on_its_page_shows_a_picture(framework, environments, tmp_path):
    outputs, printed = shown(environments(framework), files_of(framework), tmp_path)
    assert is_right("text_png_text", outputs), outputs
    assert "Done." in printed


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
OWN = {
    "openai-agents": {"unknown": None},
    "langchain": {"unparsed": None},
    "pydantic-ai": {"unparsed": "JSON"},
}
"""What a framework does itself, before an adapter is asked: it says otherwise, or tells the model nothing."""
ADAPTERS = [one for one in FRAMEWORKS if one.extra]


@pytest.mark.parametrize("framework", ADAPTERS, ids=lambda one: one.name)
def test_mishaps_are_told_and_the_next_run_is_none(framework, environments):
    program = environments(framework).program
    calls = {name: call for name, (call, _) in MISHAPS.items()}
    outputs, _, errors = asked(framework, "adapter", program, tuple(MISHAPS), AWKWARD, calls)
    told = {name: "\n".join(part["text"] for part in parts) for name, parts in outputs.items()}
    expected = {name: words for name, (_, words) in MISHAPS.items()} | OWN[framework.name]
    for name, words in expected.items():
        if words is None:
            assert name not in told
        else:
            assert re.search(words, told.get(name, ""), re.DOTALL), (name, told, errors[-3_000:])


@pytest.mark.parametrize("framework", ADAPTERS, ids=lambda one: one.name)
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
