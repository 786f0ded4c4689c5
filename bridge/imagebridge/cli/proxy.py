"""`imagebridge proxy`: a relay in front of an MCP server, whose results it repairs for a host."""

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .terminal import say

if TYPE_CHECKING:
    from imagebridge.relay.relay_options import RelayOptions

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?P<value>[^\x00-\x1f\x7f]*)")
"""A field of RFC 9110, section 5."""


@click.command("proxy", context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.option(
    "--host",
    metavar="NAME",
    help="Repair for this host, whatever the client calls itself. Without it, what the client says it is decides; "
    "an unknown one gets what no host refuses.",
)
@click.option("--url", default="", metavar="URL", help="A server behind Streamable HTTP in place of COMMAND.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME=VALUE",
    help="Send this header to the server behind --url. ${NAME} in it, or in URL, is the value of an environment "
    "variable: what stands in a command is seen by every user of the machine.",
)
@click.option(
    "--http",
    "address",
    default="",
    metavar="HOST:PORT",
    help="Serve the relay at http://HOST:PORT/mcp, not on stdin and stdout.",
)
@click.option(
    "--no-auth",
    is_flag=True,
    help="Let --http listen where other machines reach it, though it asks nobody who they are.",
)
@click.option("--explain", is_flag=True, help="Tell each change on stderr.")
@click.option("--names", is_flag=True, help="Give tools names and schemas that OpenAI's API takes.")
@click.argument("words", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
def command(
    host: str | None,
    url: str,
    headers: tuple[str, ...],
    address: str,
    *,
    no_auth: bool,
    explain: bool,
    names: bool,
    words: tuple[str, ...],
) -> None:
    """Run an MCP server behind a relay that repairs the results of its tools.

    \b
    imagebridge proxy -- npx -y @playwright/mcp
    imagebridge proxy --host codex --explain -- uvx some-server --option
    imagebridge proxy --url https://example.com/mcp --header 'Authorization=Bearer ${TOKEN}'
    imagebridge proxy --http 127.0.0.1:8000 -- npx -y @playwright/mcp

    Write it in front of a server's command in any host's configuration. Pictures are proven, labelled and
    converted, made as small as the host needs with the factor told, and taken out of texts; links to pictures
    and documents on the server are read; what the host would drop is said in words. All other messages pass
    as they came.

    Exit code: 0 when the host hangs up or the relay is ended, 2 for wrong usage or a server that cannot be started.
    """
    from imagebridge.errors import BridgeError
    from imagebridge.facts.hosts import named

    if url and (words or not url.startswith(("http://", "https://"))):
        raise click.UsageError("--url takes an http(s) address and stands in place of a command")
    if headers and not url:
        raise click.UsageError("--header is sent to the server behind --url, and there is none")
    if no_auth and not address:
        raise click.UsageError("--no-auth is for --http, which is not given")
    if not words and not url:
        raise click.UsageError(
            "no server is given; write its command behind --, as in: imagebridge proxy -- npx -y @playwright/mcp"
        )
    try:
        row = named(host) if host else None
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    from imagebridge.relay.relay_options import RelayOptions

    url, fields = _filled(url), _read(headers)
    if url:
        from imagebridge.client.checked_server import http_problem

        if problem := http_problem(url, fields):
            raise click.UsageError(problem)
    options = RelayOptions(command=words, url=url, headers=fields, host=row, explain=explain, names=names)
    try:
        _serve(options, address, authenticated=not no_auth)
    except BridgeError as error:
        say(f"Error: {error}", err=True)
        _leave(2)
    _leave(0)


def _serve(options: "RelayOptions", address: str, *, authenticated: bool) -> None:
    if address:
        from imagebridge.requirements import HTTP_RELAY, need

        need(HTTP_RELAY)
        from imagebridge.relay import http

        http.serve(options, address, authenticated=authenticated)
    else:
        from imagebridge.relay import stdio

        stdio.serve(options)


def _read(headers: Sequence[str]) -> dict[str, str]:
    """Return the headers by name. No error tells a value: it may be a secret."""
    found: dict[str, str] = {}
    for one in headers:
        header = _HEADER.fullmatch(_filled(one))
        name = one.partition("=")[0].strip()
        if header is None:
            raise click.UsageError(
                f"--header {name}=...: it must be a name, =, and a value without line ends or control characters"
            )
        found[header["name"]] = header["value"].strip()
    return found


def _filled(text: str) -> str:
    """Return a text with the environment's values in place of ${NAME}."""
    for name in _VARIABLE.findall(text):
        if name not in os.environ:
            raise click.UsageError(
                f"the environment variable {name} is not set, which ${{{name}}} stands for"
            )
    return _VARIABLE.sub(lambda found: os.environ[found[1]], text)


def _leave(code: int) -> None:
    """End at once: a thread may still wait for a host that neither reads nor closes its side."""
    from imagebridge.client.host_log import finish_stderr

    finish_stderr()
    os._exit(code)
