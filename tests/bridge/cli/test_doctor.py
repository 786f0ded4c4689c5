"""The doctor reports on an installation, and maps the abilities of an endpoint."""

import json
import re
import socket
import sys
from datetime import date
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner
from long_rows import one_in
from PIL import Image

from imagebridge import requirements
from imagebridge.check import probes
from imagebridge.check.probes import UNPROBED, EndpointAnswer, ProbeOutcome
from imagebridge.cli import imagebridge
from imagebridge.cli.options import default_model
from imagebridge.requirements import install_command
from imagebridge.rules import RULES, refusals, without
from imagebridge.testing import Endpoint
from imagebridge.translate.sentences import location

MODEL = "gpt-5.6-luna"
SERVER = Path(__file__).parents[2] / "servers" / "pictures.py"
SAID = [rule for rule in RULES if rule.source != "documented"]
PROBED = [rule.id for rule in SAID if rule.id not in UNPROBED]
KEY = "sk-secret-of-the-test"


def run(*arguments, **environment):
    names = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "IMAGEBRIDGE_MODEL")
    return CliRunner().invoke(imagebridge, ["doctor", *arguments], env=dict.fromkeys(names) | environment)


# What is installed


@pytest.fixture(scope="module")
def report():
    """One report of a server that starts and one that does not."""
    good = f"{sys.executable} {SERVER}"
    return good, run("--server", good, "--server", "no-such-program-anywhere", OPENAI_API_KEY=KEY)


def test_each_thing_has_a_line(report):
    good, result = report
    lines = result.stdout.splitlines()
    assert all(re.match(r"(ok      |note    |missing |failed  ) \S", line) for line in lines)
    for package in ("imagebridge", "mcp", "openai", "pillow"):
        assert f"ok       {package} {metadata.version(package)}" in lines
    assert any(line.startswith("ok       extra heic: pillow-heif ") for line in lines)
    assert re.search(rf"^ok       server {re.escape(good)}: \d+ tools: ", result.stdout, re.MULTILINE)


def test_a_server_that_does_not_start_fails(report):
    _, result = report
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == (
        "failed   server no-such-program-anywhere: cannot be started: 'no-such-program-anywhere' is not an "
        "executable on the PATH"
    )


def test_a_key_is_never_printed(report):
    _, result = report
    assert "note     OPENAI_API_KEY is set; --live tries it" in result.stdout.splitlines()
    assert KEY not in result.output


@pytest.mark.long
def test_a_note_is_all_that_is_said_of_what_was_not_asked():
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        result = run("--server", f"{sys.executable} {SERVER}", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=url)
        nobody.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody has called
            nobody.accept()
    lines = result.stdout.splitlines()
    assert [line for line in lines if line.startswith("note")] == [
        "note     OPENAI_API_KEY is set; --live tries it",
        f"note     endpoint {url} (OPENAI_BASE_URL), model {default_model()}; --live tries it",
    ]
    assert not [line for line in lines if "OPENAI_" in line and not line.startswith("note")]


def test_nothing_missing_is_a_failure_and_secrets_of_the_address_stay_secret():
    url = "https://me:password@host.example:8443/v1/?token=secret"
    result = run("--server", f"{sys.executable} {SERVER}", OPENAI_BASE_URL=url)
    assert result.exit_code == 0
    assert "missing  OPENAI_API_KEY is not set; `ask` and --live need it" in result.stdout
    assert "note     endpoint https://host.example:8443/v1 (OPENAI_BASE_URL), model " in result.stdout
    assert "secret" not in result.output
    assert "password" not in result.output


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("pillow-heif", f"missing  extra heic (pillow-heif): {install_command('heic')}"),
        pytest.param(
            "vl-convert-python",
            (
                "missing  generate_chart needs vl-convert-python 1.9 or newer (none is installed): "
                f"{install_command('server')}"
            ),
            marks=pytest.mark.long,
        ),
        pytest.param(
            "pypdfium2",
            f"missing  render_document needs pypdfium2 5 or newer (none is installed): {install_command('server')}",
            marks=pytest.mark.long,
        ),
    ],
)
def test_what_is_missing_names_the_command(monkeypatch, package, line):
    real = metadata.version

    def version(name):
        if name == package:
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(requirements, "_MET", set())
    result = run("--server", f"{sys.executable} {SERVER}")
    assert line in result.stdout.splitlines()
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--json"], "--json and --model need --live"),
        (["--server", "x", "--allow", "."], "--allow is for imagebridge's own server"),
        (["--live"], "no API key: set OPENAI_API_KEY"),
    ],
    ids=["json", "allow", "key"],
)
def test_wrong_usage(arguments, message):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        ("http://user:word@localhost:8000/v1?key=1#x", "http://localhost:8000/v1"),
        ("nonsense", "nonsense"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url, shown):
    assert location(url).removeprefix("://") == shown


# Probes


@pytest.mark.parametrize("probe", probes.probes(MODEL), ids=lambda probe: probe.rule)
def test_a_probe_breaks_its_rule_and_its_control_none(probe):
    assert {one.rule for one in refusals(probe.bad, probe.api)} == {probe.rule}
    assert refusals(probe.good, probe.api) == []
    assert len(json.dumps(probe.bad)) < 40_000


def test_every_rule_that_is_not_openais_own_word_is_probed_or_says_why_not():
    assert [rule.id for rule in SAID if rule.id in {probe.rule for probe in probes.probes(MODEL)}] == PROBED
    assert set(UNPROBED) < {rule.id for rule in SAID}
    assert len({json.dumps(probe.good) for probe in probes.probes(MODEL)}) == 4


def test_a_picture_of_a_probe_is_a_picture(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(probes.png(33, 7, frames=2))
    with Image.open(path) as image:
        image.seek(1)
        assert (image.size, image.n_frames, image.getpixel((32, 6))) == ((33, 7), 2, 0)


def live(rules, *arguments, model=MODEL):
    """The rows of a run against an endpoint that keeps `rules`."""
    serving = Endpoint(["ok"] * 40, rules=rules).start()
    try:
        environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": serving.base_url}
        result = run("--live", "--model", model, *arguments, **environment)
    finally:
        serving.stop()
    return result, serving


def test_an_endpoint_that_keeps_every_rule():
    result, serving = live(RULES)
    first, head, *rows = result.stdout.splitlines()
    assert result.exit_code == 0
    assert re.fullmatch(rf"# http://127\.0\.0\.1:\d+/v1, {MODEL}", first)
    assert head.split() == ["rule", "source", "expected", "seen", "date", "answer"]
    today = date.today().isoformat()
    seen = {row.split()[0]: re.split(r"  +", row)[1:5] for row in rows}
    assert seen == {
        rule.id: [rule.source, "refused", "not probed" if rule.id in UNPROBED else "refused", today]
        for rule in SAID
    }
    # One request a probe, and one for each of the four controls.
    assert len(serving.requests) == len(PROBED) + 4
    assert KEY not in result.output


@pytest.mark.parametrize(
    "off",
    one_in(6, [PROBED, *([rule] for rule in PROBED)]),
    ids=lambda off: off[0] if len(off) == 1 else "all",
)
def test_a_rule_that_is_not_kept_is_denied_and_no_other(off):
    result, _ = live(without(*off), "--json")
    table = json.loads(result.stdout)
    assert {row["rule"] for row in table["rules"] if row["seen"] == "accepted"} == set(off)
    assert {row["rule"] for row in table["rules"] if row["seen"] == "refused"} == set(PROBED) - set(off)
    assert result.exit_code == 0


def test_a_rule_that_says_nothing_of_the_model_is_not_probed():
    result, _ = live(RULES, "--json", model="gpt-4.1")
    rows = {row["rule"]: row for row in json.loads(result.stdout)["rules"]}
    assert rows["too-many-patches"]["seen"] == "not probed"
    assert rows["too-many-patches"]["answer"] == "it does not apply to gpt-4.1"


def test_an_endpoint_that_does_not_answer_leaves_all_unclear():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        result = run("--live", "--json", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=url)
    rows = [row for row in json.loads(result.stdout)["rules"] if row["rule"] in PROBED]
    assert {row["seen"] for row in rows} == {"unclear"}
    assert all(
        row["answer"].startswith("the correct request was answered with no answer: Connection error.")
        for row in rows
    )
    assert result.exit_code == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "seen"),
    [(400, "refused"), (422, "refused"), (200, "accepted"), (401, "unclear"), (404, "unclear"), (429, "unclear"),
     (500, "unclear"), (None, "unclear")],
)  # fmt: skip
async def test_only_a_refusal_confirms(status, seen):
    """ours: 422 is how servers built on FastAPI refuse a body."""
    goods = [probe.good for probe in probes.probes(MODEL)]

    async def send(api, body):
        return EndpointAnswer(200) if body in goods else EndpointAnswer(status, "so\nit is")

    found = [one async for one in probes.probe_endpoint(MODEL, send, date(2026, 11, 22))]
    assert found[0] == ProbeOutcome(
        "unknown-part", "reported", seen, date(2026, 11, 22), f"{status or 'no answer'}: so it is"
    )
    assert {one.seen for one in found} == {seen, "not probed"}


@pytest.mark.anyio
async def test_a_control_that_is_not_accepted_leaves_its_probes_unclear():
    """A server without Chat Completions says nothing about the rules of that API."""
    asked = []

    async def send(api, body):
        asked.append(api)
        return EndpointAnswer(404, "Not Found") if api == "chat" else EndpointAnswer(200)

    found = {one.rule: one async for one in probes.probe_endpoint(MODEL, send, date(2026, 11, 22))}
    chat = [one for rule, one in found.items() if rule.startswith("chat-")]
    assert [one.seen for one in chat] == ["unclear"] * 3
    assert {one.answer for one in chat} == {"the correct request was answered with 404: Not Found"}
    assert asked.count("chat") == 1
