"""`imagebridge check`: finds the problems in a request body before it is sent."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

if TYPE_CHECKING:
    from imagebridge.check.finding import Finding


@click.command("check")
@click.argument("file", metavar="FILE|-")
@click.option("--fix", is_flag=True, help="Print the repaired body; the findings go to stderr.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as a JSON array of objects.")
def command(file: str, fix: bool, as_json: bool) -> None:
    """Find what the API would refuse in a request body, and what a model would misread.

    \b
    imagebridge check request.json
    imagebridge check request.json --fix > repaired.json
    my-agent --print-request | imagebridge check - --json

    FILE contains the JSON body of a request: an object with input (Responses) or messages (Chat
    Completions), or an array of input items or messages. Each line is a finding: path; refused, not seen
    (a picture that the model cannot see) or advice; consequence, fix, and in brackets the rule. --json:
    objects with rule, path, consequence, fix, refused and blind.

    Exit code: 0 if nothing would be refused and every picture would be seen (with --fix: in the repaired body),
    1 otherwise, 2 for incorrect usage, a file that cannot be read, or invalid JSON.
    """
    document = _read_document(file)

    from imagebridge.check import check, fixed

    from .failure import ERROR
    from .output import show
    from .terminal import Terminal

    # What is repaired is decoded, so that every change has a finding.
    findings = _without_model_findings(
        check(_body(document), proof="decoded" if fix else "structure"), document
    )
    _tell(findings, as_json=as_json, err=fix)
    if fix:
        repaired = fixed(_body(document))
        show(repaired if isinstance(document, dict) else next(iter(repaired.values())), whole=True)
        findings = _without_model_findings(check(repaired, proof="decoded"), document)
        for finding in findings:
            if _is_grave(finding):
                Terminal().tell(f"not repaired: {finding}")
    else:
        Terminal().note(_summary(findings))
    if any(map(_is_grave, findings)):
        sys.exit(ERROR)


def _read_document(file: str) -> "dict[str, Any] | list[Any]":
    """Return the JSON object or array in the file.

    Raises:
        Failure: it cannot be read, or contains something else.
    """
    from .failure import Failure

    name = "stdin" if file == "-" else file
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise Failure(f"{name} cannot be read: {error.strerror or error}") from error
    try:
        value: object = json.loads(content)
    except UnicodeDecodeError as error:
        raise Failure(f"{name} is not JSON: it is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise Failure(f"{name} is not valid JSON: {error}") from error
    if not isinstance(value, dict | list):
        raise Failure(
            f"{name} is not a request body: it must be an object with `input` or `messages`, or an array of "
            "input items or messages"
        )
    return cast("dict[str, Any] | list[Any]", value)


def _body(document: "dict[str, Any] | list[Any]") -> dict[str, Any]:
    if isinstance(document, dict):
        return document

    from imagebridge.check.mend import is_chat

    return {"messages" if is_chat(document) else "input": document}


def _without_model_findings(findings: "list[Finding]", document: object) -> "list[Finding]":
    """Leave out findings that an array of items cannot express: those about the model."""
    return [finding for finding in findings if isinstance(document, dict) or finding.path != "model"]


def _tell(findings: "Sequence[Finding]", *, as_json: bool, err: bool) -> None:
    from .terminal import escaped, say

    if as_json:
        written = json.dumps([asdict(finding) for finding in findings], ensure_ascii=False)
        terminal = (sys.stderr if err else sys.stdout).isatty()
        click.echo(escaped(written) if terminal else written, err=err)
        return
    for finding in findings:
        say(str(finding), err=err)


def _is_grave(one: "Finding") -> bool:
    """Return whether the findings mean that the request, or a picture in it, is lost."""
    return one.refused or one.blind


def _summary(findings: "Sequence[Finding]") -> str:
    if not findings:
        return "nothing found"
    refused, blind = (sum(getattr(finding, name) for finding in findings) for name in ("refused", "blind"))
    unseen = f", and {blind} hide a picture from the model" if blind else ""
    return f"{len(findings)} found, of which {refused} would be refused{unseen}"
