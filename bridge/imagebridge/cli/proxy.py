"""`imagebridge proxy`: a relay in front of an MCP server, whose results it repairs for a host."""

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .closed_streams import unserved
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
    help="Repair results for this host, whatever the client calls itself. Without it, the host is determined "
    "from the name that the client reports; an unknown client gets only what every host accepts.",
)
@click.option(
    "--url",
    default="",
    metavar="URL",
    help="The URL of a Streamable HTTP server, to use instead of COMMAND.",
)
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME=VALUE",
    help="Send this header to the server at --url. ${NAME} in the header or the URL is replaced with "
    "that environment variable; use this for secrets, because every user of the machine can see a "
    "command's arguments.",
)
@click.option(
    "--http",
    "address",
    default="",
    metavar="HOST:PORT",
    help="Serve the relay at http://HOST:PORT/mcp instead of on stdin and stdout.",
)
@click.option(
    "--no-auth",
    is_flag=True,
    help="Let --http listen on an address that other machines can reach, although the relay does not "
    "authenticate anyone.",
)
@click.option("--explain", is_flag=True, help="Report each change on stderr.")
@click.option(
    "--names", is_flag=True, help="Change tool names and schemas so that OpenAI's API accepts them."
)
@click.argument("words", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def command(
    closed_streams: Sequence[str] | None,
    /,
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

    Put it in front of a server's command in any host's configuration. Pictures are verified, labelled
    correctly, converted, scaled down to what the host accepts (the text says by what factor) and taken out of
    texts; links to pictures and documents on the server are read; what the host would drop is described in
    words. All other messages pass unchanged.

    Exit code: 0 when the host disconnects or the relay is stopped, 2 for incorrect usage or a server that cannot
    be started.
    """
    from imagebridge.errors import BridgeError
    from imagebridge.facts.hosts import named

    if url and (words or not url.startswith(("http://", "https://"))):
        raise click.UsageError(
            "--url must be an http(s) address, and replaces the command: use one or the other"
        )
    if headers and not url:
        raise click.UsageError("--header needs --url: it is sent to that server")
    if no_auth and not address:
        raise click.UsageError("--no-auth needs --http")
    if not words and not url:
        raise click.UsageError(
            "no server was named; write its command after --, as in: imagebridge proxy -- npx -y "
            "@playwright/mcp"
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
        _serve(options, address, closed_streams or (), authenticated=not no_auth)
    except BridgeError as error:
        say(f"Error: {error}", err=True)
        _leave(2)
    _leave(0)


def _serve(
    options: "RelayOptions", address: str, closed_streams: Sequence[str], *, authenticated: bool
) -> None:
    if address:
        from imagebridge.requirements import HTTP_RELAY, need

        need(HTTP_RELAY)
        from imagebridge.relay import http

        http.serve(options, address, authenticated=authenticated)
    else:
        if closed := [name for name in closed_streams if name != "stderr"]:
            raise unserved(closed, "imagebridge proxy")
        from imagebridge.relay import stdio

        if os.isatty(0):
            say("imagebridge proxy is waiting for an MCP host on stdin; press Ctrl+C to stop it.", err=True)
        stdio.serve(options)


def _read(headers: Sequence[str]) -> dict[str, str]:
    """Return the headers by name. Errors never quote a value, which may be a secret."""
    found: dict[str, str] = {}
    for one in headers:
        header = _HEADER.fullmatch(_filled(one))
        name = one.partition("=")[0].strip()
        if header is None:
            raise click.UsageError(
                f"--header {name}=...: it must be NAME=VALUE, without line breaks or control characters"
            )
        found[header["name"]] = header["value"].strip()
    return found


def _filled(text: str) -> str:
    """Return a text with ${NAME} replaced by values from the environment."""
    for name in _VARIABLE.findall(text):
        if name not in os.environ:
            raise click.UsageError(f"${{{name}}} is used, but the environment variable {name} is not set")
    return _VARIABLE.sub(lambda found: os.environ[found[1]], text)


def _leave(code: int) -> None:
    """Exit at once: a thread may still be waiting for a host that neither reads nor closes its side."""
    from imagebridge.client.host_log import finish_stderr

    finish_stderr()
    os._exit(code)
