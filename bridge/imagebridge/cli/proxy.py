"""`imagebridge proxy`: a relay in front of an MCP server, whose results it repairs for a host."""

import os
import sys

import click


@click.command("proxy", context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.option(
    "--host",
    metavar="NAME",
    help="Repair for this host, whatever the client calls itself. Without it, what the client says it is decides; "
    "an unknown one gets what no host refuses.",
)
@click.option("--url", default="", metavar="URL", help="A server behind Streamable HTTP in place of COMMAND.")
@click.option("--explain", is_flag=True, help="Tell each change on stderr.")
@click.option("--names", is_flag=True, help="Give tools names and schemas that OpenAI's API takes.")
@click.argument("words", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
def command(host: str | None, url: str, *, explain: bool, names: bool, words: tuple[str, ...]) -> None:
    """Run an MCP server behind a relay that repairs the results of its tools.

    \b
    imagebridge proxy -- npx -y @playwright/mcp
    imagebridge proxy --host codex --explain -- uvx some-server --option
    imagebridge proxy --url https://example.com/mcp

    Write it in front of a server's command in any host's configuration. Pictures are proven, labelled and
    converted, made as small as the host needs with the factor told, and taken out of texts; links to pictures
    and documents on the server are read; what the host would drop is said in words. All other messages pass
    as they came.

    Exit code: 0 when the host hangs up, 2 for wrong usage or a server that cannot be started.
    """
    from imagebridge.errors import BridgeError
    from imagebridge.facts.hosts import named

    if url and (words or not url.startswith(("http://", "https://"))):
        raise click.UsageError("--url takes an http(s) address and stands in place of a command")
    if not words and not url:
        raise click.UsageError(
            "no server is given; write its command behind --, as in: imagebridge proxy -- npx -y @playwright/mcp"
        )
    try:
        row = named(host) if host else None
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    from imagebridge.relay.stdio import serve

    try:
        serve(words, url, row, explain=explain, names=names)
    except BridgeError as error:
        click.echo(f"Error: {error}", err=True)
        _leave(2)
    _leave(0)


def _leave(code: int) -> None:
    """End at once: a thread may still wait for a host that neither reads nor closes its side."""
    sys.stderr.flush()
    os._exit(code)
