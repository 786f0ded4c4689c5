"""What a model sees of each kind of result through frameworks: alone, behind the relay, and with an adapter."""

import subprocess
import sys

import pytest
from compat.frameworks import FRAMEWORKS
from compat.running import asked, environment, wrong
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


AWKWARD = [sys.executable, str(TESTS / "servers" / "awkward.py")]
CALLS = {
    "named": ("both", {"name": "this", "bridge": "that"}),
    "missing": ("both", {"name": "this"}),
    "unparsed": ("both", "{not JSON"),
}
ADAPTERS = [one for one in FRAMEWORKS if one.extra]
# pydantic-ai writes the arguments of a call anew when it sends it back, which the endpoint takes for another call.
KEPT = [one for one in ADAPTERS if one.name != "pydantic-ai"]


@pytest.mark.parametrize("framework", KEPT, ids=lambda one: one.name)
def test_awkward_calls_are_answered_and_the_run_goes_on(framework, environments):
    program = environments(framework).program
    outputs, _, errors = asked(framework, "adapter", program, tuple(CALLS), AWKWARD, CALLS)
    assert {"named", "missing"} <= set(outputs), errors[-3_000:]
    words = {name: "\n".join(part["text"] for part in parts) for name, parts in outputs.items()}
    assert "this and that" in words["named"]
    assert words["missing"].startswith("Tool error:")
    assert "bridge" in words["missing"]
    # The other frameworks do not hand on what they cannot parse.
    if framework.name == "openai-agents":
        assert words["unparsed"].startswith("Tool error:")


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
