"""The command line: `imagebridge-server [--allow DIR]... [--allow-write DIR]... [--allow-https]`."""

import os
from typing import Any

import click

from imagebridge import __version__

from .settings import (
    ALLOW,
    ALLOW_WRITE,
    PATIENCE,
    STORE,
    STORE_BYTES,
    STORE_SECONDS,
    Settings,
    SettingsError,
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--allow",
    metavar="DIR",
    multiple=True,
    help=f"A folder whose pictures and tables may be read. Repeat it for more; adds to {ALLOW}. "
    "Without any, no file is read.",
)
@click.option(
    "--allow-write",
    metavar="DIR",
    multiple=True,
    help=f"A folder below which tools may save pictures (save_as). Repeat it for more; adds to {ALLOW_WRITE}. "
    "Without any, nothing is written.",
)
@click.option("--allow-https", is_flag=True, help="Fetch pictures and files from public https addresses.")
@click.option(
    "--store",
    metavar="DIR",
    help="The folder in which the tools' pictures are kept, to be named as image://..., or off. "
    f"Default: {STORE}, or the user's cache.",
)
@click.option(
    "--store-bytes",
    type=click.IntRange(min=0),
    default=STORE_BYTES,
    show_default=True,
    help="Bytes of kept pictures at most.",
)
@click.option(
    "--store-seconds",
    type=click.FloatRange(min=0),
    default=STORE_SECONDS,
    show_default=True,
    help="Seconds for which a picture is kept.",
)
@click.option(
    "--patience",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=PATIENCE,
    show_default=True,
    help="Seconds after which a call that takes longer is answered with a handle to collect its picture later.",
)
@click.version_option(__version__, prog_name="imagebridge-server")
def command(allow: tuple[str, ...], allow_write: tuple[str, ...], store: str | None, **choices: Any) -> None:
    """Serve imagebridge's tools over MCP on stdin and stdout.

    The tools draw charts and load pictures; with OPENAI_API_KEY set they create pictures too.
    """
    try:
        settings = Settings.from_environment(os.environ, allow, allow_write, store, **choices)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    # Only now: help, version and mistakes should not wait for MCP.
    from .serving import serve

    serve(settings)
