"""The command line: `imagebridge-server [--allow DIR]...`."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from imagebridge import __version__

from .install.command import commands
from .settings import ALLOW, Settings, SettingsError


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--allow",
    metavar="DIR",
    multiple=True,
    help=f"A folder whose pictures and tables may be read. Repeat it for more; adds to {ALLOW}. "
    "Without any, no file is read.",
)
@click.version_option(__version__, prog_name="imagebridge-server")
@click.pass_context
def command(context: click.Context, allow: tuple[str, ...]) -> None:
    """Serve imagebridge's tools over MCP on stdin and stdout, or write the server into a host's configuration.

    The tools draw charts and load pictures; with OPENAI_API_KEY set they create pictures too.
    """
    if context.invoked_subcommand:
        return
    try:
        settings = Settings.from_environment(os.environ, allow)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    # Only now: help, version and mistakes should not wait for MCP.
    from .serving import serve

    serve(settings)


def _for_a_host(arguments: Sequence[str]) -> list[str]:
    """Check the server's own arguments and return them with absolute folders: a host starts anywhere.

    Raises:
        click.UsageError: they are wrong.
    """
    serving = click.Command("imagebridge-server", params=command.params)
    context = serving.make_context("imagebridge-server", list(arguments))
    folders: tuple[str, ...] = context.params["allow"]
    try:
        Settings.from_environment({}, folders)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    return [part for folder in folders for part in ("--allow", str(Path(folder).expanduser().absolute()))]


for _one in commands(_for_a_host):
    command.add_command(_one)
