"""`imagebridge doctor --live`: which rules an endpoint really keeps, by a few tiny requests."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

import click

from imagebridge.check.probes import Outcome, Reply, charted
from imagebridge.requirements import API, need
from imagebridge.translate.sentences import location

from . import event_loop
from .api import api_failures, client, message
from .failure import ERROR
from .output import show
from .terminal import Terminal

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from imagebridge.rules import Api, Fields

_PATHS: "dict[Api, str]" = {"responses": "/responses", "chat": "/chat/completions"}

_SECONDS = 60.0
"""How long one request may take."""

_ANSWER = 100
"""Characters of an endpoint's message in the table."""


def chart(model: str, *, as_json: bool) -> int:
    """Probe the endpoint that the environment names, print the table, and return the exit code.

    Raises:
        Failure: there is no key.
        RequirementError: there is no openai.
    """
    need(API)
    with api_failures():
        base_url, outcomes = event_loop.run(_charted, model)
    if as_json:
        rows = [{**asdict(one), "date": one.date.isoformat()} for one in outcomes]
        show({"base_url": base_url, "model": model, "rules": rows}, whole=True)
    else:
        click.echo(f"# {base_url}, {model}")
        for line in table(outcomes):
            click.echo(line)
    return ERROR if any(one.seen == "unclear" for one in outcomes) else 0


async def _charted(model: str) -> tuple[str, list[Outcome]]:
    async with client() as openai:
        patient = openai.with_options(timeout=_SECONDS, max_retries=1)

        async def send(api: "Api", body: "Fields") -> Reply:
            return await _posted(patient, api, body)

        found: list[Outcome] = []
        with Terminal().busy("sending the first request") as say:
            async for outcome in charted(model, send, date.today()):
                say(f"{outcome.rule}: {outcome.seen}")
                found.append(outcome)
        return location(str(openai.base_url)), found


async def _posted(openai: "AsyncOpenAI", api: "Api", body: "Fields") -> Reply:
    from openai import APIConnectionError, APIStatusError

    try:
        await openai.post(_PATHS[api], body=body, cast_to=object)
    except APIStatusError as error:
        return Reply(error.status_code, message(error))
    except APIConnectionError as error:
        return Reply(None, f"{error} {error.__cause__ or ''}")
    return Reply(200)


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the lines of a table with a head: rule, source, expected, seen, date, answer."""
    rows = [("rule", "source", "expected", "seen", "date", "answer")]
    for one in outcomes:
        answer = one.answer if len(one.answer) <= _ANSWER else f"{one.answer[:_ANSWER]}..."
        rows.append((one.rule, one.source, one.expected, one.seen, one.date.isoformat(), answer))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
