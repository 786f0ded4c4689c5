"""`imagebridge doctor`: what is installed, what is configured, and which servers answer."""

import datetime
import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib import metadata
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import click

from imagebridge.check.probes import EndpointAnswer, ProbeOutcome, probe_endpoint
from imagebridge.errors import beginning
from imagebridge.pictures import fonts
from imagebridge.requirements import (
    API,
    CHARTS,
    CLIENT,
    DOCUMENTS,
    QR_CODES,
    RUN,
    Feature,
    Version,
    install_command,
    is_older,
    lacking,
    need,
    release,
)
from imagebridge.translate.sentences import location

from . import event_loop, options
from .api import api_failures, client, message
from .failure import ERROR
from .output import show
from .terminal import Terminal, say

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from imagebridge.agent.bridge import Bridge
    from imagebridge.rules import Api
    from imagebridge.wire import JSON

State = Literal["ok", "note", "missing", "failed"]

_PACKAGES = ("imagebridge", "mcp", "openai", "pillow")

_IMAGES = "IMAGEBRIDGE_IMAGE_MODEL"
_DEFAULT_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of the report. "note" means that something was not tried, "missing" that an optional part is absent."""

    state: State
    text: str

    def __str__(self) -> str:
        return f"{self.state:<8} {' '.join(self.text.split())}"


@click.command("doctor")
@options.connection
@click.option(
    "--live", is_flag=True, help="Send about twenty tiny requests and print which rules the endpoint applies."
)
@click.option(
    "--model",
    metavar="NAME",
    help="The model to ask with --live.  [default: IMAGEBRIDGE_MODEL, else a current one]",
)
@click.option("--json", "as_json", is_flag=True, help="With --live: print the table as JSON.")
def command(
    chosen: options.ChosenServers,
    live: bool,
    model: str | None,
    as_json: bool,
) -> None:
    """Report what is installed and configured and which servers answer: one line each, ok, note, missing or failed.

    \b
    imagebridge doctor
    imagebridge doctor --server "npx -y @playwright/mcp" --server https://example.com/mcp
    OPENAI_BASE_URL=http://localhost:8000/v1 imagebridge doctor --live --model my-model

    A note marks a setting that was not tried: without --live, no request is sent to the endpoint.

    --live needs OPENAI_API_KEY. Each rule that OpenAI itself does not document is broken once, next to a
    request that keeps it: 400 confirms the rule, an answer refutes it, anything else leaves it unclear.

    Exit code: 0 if nothing failed (--live: nothing is unclear), 1 otherwise, 2 for incorrect usage or a missing key.
    """
    from .failure import ERROR

    if live:
        from .options import default_model

        sys.exit(chart(model or default_model(), as_json=as_json))
    if as_json or model:
        raise click.UsageError("--json and --model need --live")
    failed = False
    for row in report_lines(chosen):
        say(str(row))
        failed = failed or row.state == "failed"
    if failed:
        sys.exit(ERROR)


def report_lines(chosen: options.ChosenServers) -> Iterator[ReportLine]:
    """Yield the lines of the report, each as soon as it is known."""
    chosen.check()
    yield ReportLine("ok", f"python {platform.python_version()} ({sys.executable})")
    for package in _PACKAGES:
        yield _package(package)
    yield from _features(CLIENT, RUN, CHARTS, DOCUMENTS, QR_CODES)
    for extra, packages in sorted(_extras().items()):
        yield _extra(extra, packages)
    yield _fonts()
    yield _key()
    yield ReportLine("note", _endpoint())
    yield from _models()
    yield from _servers(chosen)


def _servers(chosen: options.ChosenServers) -> Iterator[ReportLine]:
    """Check each server separately, so that a failing server does not affect the others."""
    if lacking(CLIENT):
        return
    from imagebridge.agent.bridge import Bridge
    from imagebridge.client.config import configured
    from imagebridge.errors import BridgeError

    env, timeout, config = chosen.env, chosen.timeout, chosen.config
    for server in chosen.servers:
        yield _server(server, Bridge(server, timeout=timeout, env=env))
    if config:
        try:
            named = configured(config, timeout=timeout)
        except BridgeError as error:
            yield ReportLine("failed", str(error))
            return
        for name, entry in named.items():
            if entry.problem:
                yield ReportLine("failed", f"{name} of {config.name}: {entry.problem}")
                continue
            yield _server(f"{name} of {config.name}", Bridge(entry.server, timeout=entry.timeout, env=env))
    elif not chosen.servers:
        yield _server("imagebridge's own", chosen.bridge())


def _package(name: str) -> ReportLine:
    version = _version(name)
    return (
        ReportLine("ok", f"{name} {version}")
        if version
        else ReportLine("failed", f"{name} is not installed: pip install {name}")
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _features(*features: Feature) -> Iterator[ReportLine]:
    """Report the commands and our own server's tools that are unavailable because a package is missing or too old."""
    for feature in features:
        if problem := lacking(feature):
            yield ReportLine("missing", problem)


def _extras() -> dict[str, dict[str, Version]]:
    """Return the packages of each extra with their lowest versions, from the metadata of the installed distribution."""
    versions: dict[str, dict[str, Version]] = {}
    for requirement in metadata.requires("imagebridge") or ():
        name, _, condition = requirement.partition(";")
        extra = re.search(r"extra\s*==\s*[\"']([\w.-]+)[\"']", condition)
        package = re.match(r"[\w.-]+", name.strip())
        if extra and package:
            lowest = re.search(r">=\s*([\d.]+)", name)
            versions.setdefault(extra[1], {})[package[0]] = release(lowest[1]) if lowest else ()
    return versions


def _extra(extra: str, packages: Mapping[str, Version]) -> ReportLine:
    absent = [package for package, lowest in packages.items() if is_older(_version(package), lowest)]
    if absent:
        return ReportLine("missing", f"extra {extra} ({', '.join(absent)}): {install_command(extra)}")
    return ReportLine(
        "ok", f"extra {extra}: {', '.join(f'{package} {_version(package)}' for package in packages)}"
    )


_SCRIPTS = {"Chinese": "\u5317", "Japanese": "\u3055", "Korean": "\uc11c"}
"""Scripts that the included font lacks, each with a sample letter."""


def _fonts() -> ReportLine:
    """Report whether texts beyond the Latin alphabet can be drawn."""
    from PIL import features

    if not features.check("freetype2"):
        return ReportLine("failed", "fonts: this build of Pillow cannot draw text (no FreeType)")
    lacking = [script for script, letter in _SCRIPTS.items() if fonts.holding(letter)[1]]
    if not lacking:
        return ReportLine("ok", f"fonts: for {', '.join(_SCRIPTS)}")
    return ReportLine(
        "missing",
        f"fonts: none for {', '.join(lacking)}, which would be drawn as boxes; install them with: "
        f"{install_command(fonts.EXTRA)}",
    )


def _key() -> ReportLine:
    if os.environ.get("OPENAI_API_KEY", "").strip():
        return ReportLine("note", "OPENAI_API_KEY is set; --live tries it")
    return ReportLine("missing", "OPENAI_API_KEY is not set; `ask` and --live need it")


def _endpoint() -> str:
    from imagebridge.translate.sentences import location

    from .options import VARIABLE, default_model

    base_url = os.environ.get("OPENAI_BASE_URL", "").strip()
    url = (
        f"{location(base_url)} (OPENAI_BASE_URL)"
        if base_url
        else f"{_DEFAULT_URL} (OPENAI_BASE_URL is not set)"
    )
    named = f" ({VARIABLE})" if os.environ.get(VARIABLE, "").strip() else ""
    return f"endpoint {url}, model {default_model()}{named}; --live tries it"


def _at_openai(url: str) -> bool:
    """Return whether OpenAI, or one of its regional endpoints, serves the models at this address."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host == "api.openai.com" or host.endswith(".api.openai.com")


def _models() -> Iterator[ReportLine]:
    """Report configured models that have been shut down, or soon will be, if OpenAI serves them."""
    from imagebridge.facts.models import ending, last_day

    from .options import VARIABLE, default_model

    if not _at_openai(os.environ.get("OPENAI_BASE_URL", "").strip() or _DEFAULT_URL):
        return
    today = datetime.date.today()  # a date from OpenAI, which names no time zone
    for variable, name in ((VARIABLE, default_model()), (_IMAGES, os.environ.get(_IMAGES, "").strip())):
        if ends := ending(name, today):
            ended = (last_day(name) or today) <= today
            yield ReportLine("failed" if ended else "ok", f"model {ends}: set {variable} to another")


def _server(name: str, bridge: "Bridge") -> ReportLine:
    """Start or reach one server."""
    from imagebridge.errors import BridgeError, ServerError

    async def offered() -> list[str]:
        async with bridge:
            return [tool["name"] for tool in bridge.tools]

    try:
        tools = event_loop.run(offered)
    except ServerError as error:
        last = f" ({error.stderr.strip().splitlines()[-1]})" if error.stderr.strip() else ""
        return ReportLine("failed", f"server {name}: {error.problem}{last}")
    except BridgeError as error:
        return ReportLine("failed", f"server {name}: {error}")
    count = f"{len(tools)} tool{'' if len(tools) == 1 else 's'}"
    return ReportLine("ok", f"server {name}: {count}{': ' + ', '.join(tools) if tools else ''}")


_PATHS: "dict[Api, str]" = {"responses": "/responses", "chat": "/chat/completions"}


_SECONDS = 60.0
"""The time allowed for one request, in seconds."""


_ANSWER = 100
"""The maximum number of characters of an endpoint's message in the table."""


def chart(model: str, *, as_json: bool) -> int:
    """Probe the endpoint that the environment names, print the table, and return the exit code.

    Raises:
        Failure: there is no key.
        RequirementError: openai is missing.
    """
    need(API)
    with api_failures():
        base_url, outcomes = event_loop.run(_probed, model)
    if as_json:
        rows = [{**asdict(one), "date": one.date.isoformat()} for one in outcomes]
        show({"base_url": base_url, "model": model, "rules": rows}, whole=True)
    else:
        say(f"# {base_url}, {model}")
        for line in probe_table(outcomes):
            say(line)
    return ERROR if any(one.seen == "unclear" for one in outcomes) else 0


async def _probed(model: str) -> tuple[str, list[ProbeOutcome]]:
    async with client() as openai:
        patient = openai.with_options(timeout=_SECONDS, max_retries=1)

        async def send(api: "Api", body: "JSON") -> EndpointAnswer:
            return await _posted(patient, api, body)

        outcomes: list[ProbeOutcome] = []
        with Terminal().busy("sending the first request") as say:
            async for outcome in probe_endpoint(model, send, date.today()):
                say(f"{outcome.rule}: {outcome.seen}")
                outcomes.append(outcome)
        return location(str(openai.base_url)), outcomes


async def _posted(openai: "AsyncOpenAI", api: "Api", body: "JSON") -> EndpointAnswer:
    from openai import APIConnectionError, APIStatusError

    try:
        await openai.post(_PATHS[api], body=body, cast_to=object)
    except APIStatusError as error:
        return EndpointAnswer(error.status_code, message(error))
    except APIConnectionError as error:
        return EndpointAnswer(None, f"{error} {error.__cause__ or ''}")
    return EndpointAnswer(200)


def probe_table(outcomes: Sequence[ProbeOutcome]) -> list[str]:
    """Return the lines of a table with a header: rule, source, expected, seen, date, answer."""
    rows = [("rule", "source", "expected", "seen", "date", "answer")]
    for one in outcomes:
        answer = beginning(one.answer, _ANSWER)
        rows.append((one.rule, one.source, one.expected, one.seen, one.date.isoformat(), answer))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
