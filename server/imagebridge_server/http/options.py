"""The options of `imagebridge-server --http`; loads nothing but click."""

from collections.abc import Callable
from functools import reduce
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--http",
        metavar="HOST:PORT",
        help="Serve over Streamable HTTP at this address, under /mcp, in place of stdin and stdout; port 0 is any that "
        "is free. Beyond this machine only with --no-auth.",
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
        "--json", "json_response", is_flag=True, help="With --http: answer in JSON alone, without progress."
    ),
)
_NAMES = ("no_auth", "public_url", "json_response")


def http_options(command: Command) -> Command:
    """Give a command these options."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


def check_http_options(context: click.Context, http: str | None) -> None:
    """Refuse what is said about HTTP where nothing is served over it.

    Raises:
        click.UsageError: something is.
    """
    for option in context.command.params:
        if http is None and option.name in _NAMES and context.params.get(option.name):
            raise click.UsageError(f"{option.opts[0]} goes with --http HOST:PORT")
