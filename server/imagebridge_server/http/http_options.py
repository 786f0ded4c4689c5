"""The options of `imagebridge-server --http`, and the command that creates tokens. This module imports only click."""

import sys
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from imagebridge_server.settings import CALLS, SettingsError

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--http",
        metavar="HOST:PORT",
        help=(
            "Serve Streamable HTTP at this address, under /mcp, instead of using stdin and stdout; port 0 "
            "picks a free port. An address that other machines can reach requires --tokens, --jwt or "
            "--no-auth."
        ),
    ),
    click.option(
        "--tokens",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help=(
            "With --http: accept only callers whose tokens are in this file; each gets its own store and "
            "folders. `imagebridge-server token NAME --tokens FILE` creates a token."
        ),
    ),
    click.option(
        "--jwt",
        metavar="ISSUER",
        help=(
            "With --http: accept only callers with a JSON Web Token that this issuer issued for --public-url. "
            "The issuer's keys are found through its metadata (OAuth or OpenID Connect)."
        ),
    ),
    click.option(
        "--audience",
        metavar="NAME",
        help="With --jwt: the audience that tokens must have, if it is not --public-url.",
    ),
    click.option(
        "--scope",
        "scopes",
        metavar="NAME",
        multiple=True,
        help="With --jwt: a scope that tokens must have. Can be repeated.",
    ),
    click.option(
        "--calls",
        type=click.IntRange(min=1),
        default=CALLS,
        show_default=True,
        help=(
            "With --http: how many requests one caller may have in progress, including waiting ones; any more "
            "are refused."
        ),
    ),
    click.option(
        "--no-auth",
        is_flag=True,
        help=(
            "With --http: accept requests from other machines without authentication. Use this only behind "
            "something that admits only authorised callers."
        ),
    ),
    click.option(
        "--public-url",
        metavar="URL",
        help="With --http: the URL of /mcp as callers see it, if a proxy is in front of the server. "
        "Requests for other host names are refused.",
    ),
    click.option(
        "--origin",
        "origins",
        metavar="URL",
        multiple=True,
        help="With --http: the origin of a web page that may send requests, such as https://host.example. "
        "Can be repeated. Pages served from this machine are always allowed.",
    ),
    click.option(
        "--json",
        "json_response",
        is_flag=True,
        help="With --http: always answer in JSON, without progress reports.",
    ),
)
_NAMES = ("tokens", "jwt", "audience", "scopes", "calls", "no_auth", "public_url", "origins", "json_response")


def http_options(command: Decorated) -> Decorated:
    """Add these options to a command."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


def check_http_options(context: click.Context, http: str | None) -> None:
    """Refuse HTTP options if nothing is served over HTTP.

    Raises:
        click.UsageError: an HTTP option is given.
    """
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if http is None and option.name in _NAMES and given:
            raise click.UsageError(f"{option.opts[0]} needs --http HOST:PORT")


@click.command(short_help="Create a token for a caller that connects over HTTP.")
@click.argument("name")
@click.option(
    "--tokens",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The token file; created if it does not exist.",
)
def token(name: str, tokens: Path) -> None:
    """Create a token for the caller NAME, print it once, and add its hash to FILE.

    Servers that were started with --tokens FILE accept it at once. A caller may have several tokens; to revoke one,
    remove its line from FILE.
    """
    from imagebridge.cli.closed_streams import ClosedStreamError

    from .token_file import add_token

    if sys.stdout is None:
        raise ClosedStreamError("no token was added, because stdout is closed and nobody would see the token")
    try:
        click.echo(add_token(tokens, name))
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
