"""What a model sees of each kind of result through frameworks: alone, behind the relay, and with an adapter."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections import Counter

import pytest
from compat.frameworks import FRAMEWORKS, HERE, LOCKS
from environments import environment_with
from kinds_seen import is_right
from relaying import TESTS
from servers import kinds

from imagebridge.testing import Endpoint

pytestmark = pytest.mark.compat

# Not by PYTHONPATH: frameworks hand few variables on.
SERVER = f"import runpy, sys; sys.path.insert(0, {str(TESTS)!r}); runpy.run_module('servers.kinds', run_name='__main__')"
KINDS = [sys.executable, "-c", SERVER]
WAYS = [(framework, how) for framework in FRAMEWORKS for how in framework.least]


class Model:
    """A model that calls the tool that it is asked to, once; `outputs` is what accepted requests showed it then."""

    def __init__(self):
        self.outputs = {}

    def step(self, body):
        asked = re.findall(r"Call the tool (\w+)", json.dumps(body["input"]))[-1]
        shown = [item["output"] for item in body["input"] if item.get("type") == "function_call_output"]
        if not shown:
            return [(asked, {})]
        output = shown[-1]
        self.outputs[asked] = [{"type": "input_text", "text": output}] if isinstance(output, str) else output
        return "Done."

    def endpoint(self):
        return Endpoint([self.step] * 10 * len(kinds.KINDS))


@pytest.fixture(scope="module")
def environments(wheel, tmp_path_factory):
    """Make an environment of a framework with its locked versions, once; return its folder of programs."""
    made = {}

    def environment(framework):
        if framework.name not in made:
            folder = tmp_path_factory.mktemp("compat") / framework.name
            lock = LOCKS / f"{framework.name}.txt"
            made[framework.name] = environment_with(folder, "-r", lock, f"{wheel}{framework.extra}")
        return made[framework.name]

    return environment


def server(framework, how):
    """The words that start the server of every kind."""
    if how != "relay":
        return KINDS
    host = ["--host", framework.host] if framework.host else []
    return [sys.executable, "-m", "imagebridge", "proxy", *host, "--", *KINDS]


def asked(framework, how, programs):
    """Run the framework's program; return what the model was shown of each kind, and the program's errors."""
    model = Model()
    endpoint = model.endpoint().start()
    environment = os.environ | {
        "COMPAT_SERVER": shlex.join(server(framework, how)),
        "COMPAT_KINDS": " ".join(kinds.KINDS),
    }
    try:
        done = subprocess.run(
            [programs / "python", "-W", "ignore", HERE / "programs" / framework.program, how, endpoint.base_url],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        endpoint.stop()
    assert done.returncode == 0, done.stderr[-3_000:]
    return model.outputs, done.stderr


@pytest.mark.parametrize(("framework", "how"), WAYS, ids=[f"{one.name}-{how}" for one, how in WAYS])
def test_kinds_that_arrive_right(framework, how, environments, record_property):
    outputs, errors = asked(framework, how, environments(framework))
    judged = Counter(is_right(kind, outputs.get(kind, [])) for kind in kinds.KINDS)
    wrong = [kind for kind in kinds.KINDS if not is_right(kind, outputs.get(kind, []))]
    record_property("right", judged[True])
    record_property("wrong", " ".join(wrong))
    assert judged[True] >= framework.least[how], (wrong, errors[-3_000:])
