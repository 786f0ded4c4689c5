"""The command line: `imagebridge-server [--allow DIR]... [--allow-write DIR]... [--allow-https]`."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from imagebridge import __version__
from imagebridge.errors import BridgeError, RequirementError
from imagebridge.facts.hosts import NAMES, named
from imagebridge.requirements import SERVER, need

from .http.http_options import check_http_options, http_options, token
from .settings import ALLOW, ALLOW_WRITE, PATIENCE, STORE, STORE_BYTES, STORE_SECONDS, Settings, SettingsError


class _Rarely(click.Group):
    """A command group that imports a command only when it is used, because hosts wait for the server to start."""

    def main(self, *arguments: Any, standalone_mode: bool = True, **others: Any) -> Any:
        """Run the command line; errors are printed without any terminal codes in the text that they quote."""
        try:
            code = super().main(*arguments, standalone_mode=False, **others)
        except click.ClickException as error:
            if not standalone_mode:
                raise
            from imagebridge.cli.terminal import show_error

            show_error(error)
            sys.exit(error.exit_code)
        except click.Abort:
            if not standalone_mode:
                raise
            click.echo("Aborted!", err=True)
            sys.exit(1)
        except OSError as error:
            from imagebridge.cli.full_output import is_full, report

            if not standalone_mode or not is_full(error):
                raise
            sys.exit(report(error))
        if standalone_mode:
            sys.exit(code if isinstance(code, int) else 0)
        return code

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return ["install", "uninstall", "token", "bundle"]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command named by the first argument; if it does not exist, suggest the most similar one."""
        from imagebridge.cli import OPTIONS, check_command

        names = self.list_commands(ctx)
        known = {name: name for name in names}
        known |= {option: f"imagebridge-server --{option}" for option in OPTIONS}
        check_command(ctx, args[0], known, names)
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None if it does not exist."""
        if cmd_name == token.name:
            return token
        from .install.command import commands

        return next((one for one in commands(_for_a_host) if one.name == cmd_name), None)


def _host(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    """Return the name of the host that an option refers to."""
    try:
        return named(name).name if name else None
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@click.group(
    cls=_Rarely, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--allow",
    metavar="DIR",
    multiple=True,
    help=f"A folder whose pictures, tables and documents may be read. Can be repeated; adds to {ALLOW}. "
    "Without one, no files are read.",
)
@click.option(
    "--host",
    metavar="NAME",
    callback=_host,
    help="Fit results to this host, whatever name the client reports: " + ", ".join(NAMES) + ".",
)
@click.option(
    "--allow-write",
    metavar="DIR",
    multiple=True,
    help=f"A folder in which tools may save pictures (save_as). Can be repeated; adds to {ALLOW_WRITE}. "
    "Without one, nothing is written.",
)
@click.option("--allow-https", is_flag=True, help="Fetch pictures and files from public https addresses.")
@click.option(
    "--store",
    metavar="DIR",
    help="Where to keep the tools' pictures, so that image://... can refer to them: a folder, "
    f"s3://bucket/prefix, or off. Default: {STORE}, or the user's cache folder.",
)
@click.option(
    "--store-bytes",
    type=click.IntRange(min=0),
    default=STORE_BYTES,
    show_default=True,
    help="The maximum total size of kept pictures, in bytes.",
)
@click.option(
    "--store-seconds",
    type=click.FloatRange(min=0),
    default=STORE_SECONDS,
    show_default=True,
    help="How long to keep a picture, in seconds.",
)
@click.option(
    "--patience",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=PATIENCE,
    show_default=True,
    help="How long a call may take, in seconds, before it returns a handle for collecting its picture later.",
)
@http_options
@click.version_option(__version__, prog_name="imagebridge-server", message="%(prog)s %(version)s")
@click.pass_context
def command(context: click.Context, http: str | None, **choices: Any) -> None:
    """Serve imagebridge's tools over MCP on stdin and stdout or over HTTP, or add the server to a host's configuration.

    The tools load pictures and documents, look at them closely, change, annotate and compare them, and draw
    charts and QR codes. With OPENAI_API_KEY set, they can also use OpenAI's image models.

    Each start keeps a card, from which the next start answers a host's first requests at once. IMAGEBRIDGE_CARD sets
    the card's folder, or "off" for no card; the default is the user's cache folder.

    \b
    imagebridge-server install cursor --allow ~/Pictures
    imagebridge-server --allow ~/Pictures --allow-write ~/Pictures/new
    imagebridge-server --http 127.0.0.1:8000
    """
    if context.invoked_subcommand:
        return
    settings = _settings(os.environ, **choices)
    check_http_options(context, http)
    if http is None:
        _check_streams()
    if os.isatty(0) and not http:
        click.echo(
            "imagebridge-server is waiting for an MCP host on stdin; press Ctrl+C to stop it. "
            "`imagebridge-server install` lists the hosts it can be added to.",
            err=True,
        )
    # Only now: help, version and usage errors should not wait for MCP.
    try:
        need(SERVER)
    except RequirementError as error:
        raise click.ClickException(str(error)) from error
    if http is None:
        from .stdio import serve

        serve(settings, context.obj)
        return
    from .http import serving

    try:
        serving.serve(settings, http)
    except BridgeError as error:  # The usage is right: the address is in use, for example.
        from imagebridge.cli.failure import Failure

        raise Failure(str(error)) from error
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


def _check_streams() -> None:
    """Refuse to serve without stdin or stdout.

    Raises:
        click.ClickException: one of them is closed.
    """
    closed = [name for name in ("stdin", "stdout") if getattr(sys, name) is None]
    if closed:
        from imagebridge.cli.closed_streams import unserved

        raise unserved(closed, "imagebridge-server")


def _for_a_host(arguments: Sequence[str]) -> list[str]:
    """Check the server's own arguments and return them with absolute folders, because a host may start it anywhere.

    Raises:
        click.UsageError: an argument is invalid.
    """
    serving = click.Command("imagebridge-server", params=command.params)
    context = serving.make_context("imagebridge-server", list(arguments))
    choices = dict(context.params)
    if choices.pop("http"):
        raise click.UsageError("a host starts the server itself and talks to it over stdio; leave out --http")
    check_http_options(context, None)
    _settings({}, **choices)
    return [
        word
        for option in serving.params
        if isinstance(option, click.Option)
        and context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        for word in _command_line(option, context.params[option.name or ""])
    ]


def _command_line(option: click.Option, value: Any) -> list[str]:
    """Return an option as command-line arguments, with folders as absolute paths."""
    flag = option.opts[0]
    if option.is_flag:
        return [flag]
    values = value if option.multiple else [value]
    if option.metavar == "DIR":
        values = [
            one if one == "off" or "://" in one else Path(one).expanduser().absolute() for one in values
        ]
    return [word for one in values for word in (flag, str(one))]


def _settings(
    environment: Mapping[str, str],
    allow: tuple[str, ...],
    allow_write: tuple[str, ...],
    store: str | None,
    **choices: Any,
) -> Settings:
    """Create the settings from the options and the environment.

    Raises:
        click.UsageError: a setting is invalid.
    """
    try:
        return Settings.from_environment(environment, allow, allow_write, store, **choices)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
