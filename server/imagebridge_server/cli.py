"""The command line: `imagebridge-server [--allow DIR]...`."""

import os

import click

from imagebridge import __version__
from imagebridge.hosts import NAMES

from .settings import ALLOW, Settings, SettingsError


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--allow",
    metavar="DIR",
    multiple=True,
    help=f"A folder whose pictures and tables may be read. Repeat it for more; adds to {ALLOW}. "
    "Without any, no file is read.",
)
@click.option(
    "--host",
    metavar="NAME",
    type=click.Choice(NAMES, case_sensitive=False),
    help="Fit results to this host, whatever the client calls itself: " + ", ".join(NAMES) + ".",
)
@click.version_option(__version__, prog_name="imagebridge-server")
def command(allow: tuple[str, ...], host: str | None) -> None:
    """Serve imagebridge's tools over MCP on stdin and stdout.

    The tools draw charts and load pictures; with OPENAI_API_KEY set they create pictures too.
    """
    try:
        settings = Settings.from_environment(os.environ, allow, host)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    # Only now: help, version and mistakes should not wait for MCP.
    from .serving import serve

    serve(settings)
