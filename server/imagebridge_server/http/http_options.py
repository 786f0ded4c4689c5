"""The options of `imagebridge-server --http`, and the command that makes tokens; loads nothing but click at first."""

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
        help="Serve over Streamable HTTP at this address, under /mcp, in place of stdin and stdout; port 0 is any that "
        "is free. Beyond this machine only with --tokens, --jwt or --no-auth.",
    ),
    click.option(
        "--tokens",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="With --http: answer only callers whose tokens are in this file, each with an own store and own folders. "
        "`imagebridge-server token NAME --tokens FILE` makes one.",
    ),
    click.option(
        "--jwt",
        metavar="ISSUER",
        help="With --http: answer only callers with a JSON web token of this issuer, made out for --public-url. Its keys "
        "are found by its metadata (OAuth or OpenID Connect).",
    ),
    click.option(
        "--audience",
        metavar="NAME",
        help="With --jwt: for whom tokens are made out, where not for --public-url.",
    ),
    click.option(
        "--scope",
        "scopes",
        metavar="NAME",
        multiple=True,
        help="With --jwt: what a token must allow; repeat it for more.",
    ),
    click.option(
        "--calls",
        type=click.IntRange(min=1),
        default=CALLS,
        show_default=True,
        help="With --http: requests of one caller at the same time, those that wait included; more are refused.",
    ),
    click.option(
        "--no-auth",
        is_flag=True,
        help="With --http: answer other machines too and ask nobody who it is. For an address behind something that "
        "lets only the right ones through.",
    ),
    click.option(
        "--public-url",
        metavar="URL",
        help="With --http: the URL of /mcp by which callers know the server, where a proxy stands before it. Requests "
        "under other names are refused.",
    ),
    click.option(
        "--origin",
        "origins",
        metavar="URL",
        multiple=True,
        help="With --http: the origin of a web page that may ask, as in https://host.example; repeat it for more. Pages of "
        "this machine may.",
    ),
    click.option(
        "--json", "json_response", is_flag=True, help="With --http: answer in JSON alone, without progress."
    ),
)
_NAMES = ("tokens", "jwt", "audience", "scopes", "calls", "no_auth", "public_url", "origins", "json_response")


def http_options(command: Decorated) -> Decorated:
    """Give a command these options."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


def check_http_options(context: click.Context, http: str | None) -> None:
    """Refuse what is said about HTTP where nothing is served over it.

    Raises:
        click.UsageError: something is.
    """
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if http is None and option.name in _NAMES and given:
            raise click.UsageError(f"{option.opts[0]} goes with --http HOST:PORT")


@click.command(short_help="Make a token for a caller over HTTP.")
@click.argument("name")
@click.option(
    "--tokens",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file of callers; it is made where there is none.",
)
def token(name: str, tokens: Path) -> None:
    """Print a new token for the caller NAME, once, and add its hash to FILE.

    Servers that were started with --tokens FILE know it at once. A caller may have several; to take one away, remove
    its line from FILE.
    """
    from .token_file import add_token

    try:
        click.echo(add_token(tokens, name))
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
