"""`imagebridge serve`: our own MCP server, for launchers that run only one program per package."""

import os
import subprocess
import sys

import click


@click.command("serve", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> int:
    """Run imagebridge-server in place of this process: the same options, streams, signals and exit code."""
    words = [sys.executable, "-m", "imagebridge_server", *arguments]
    if os.name != "nt":
        os.execv(sys.executable, words)
    # Windows has no exec that a waiting parent would not mistake for the end.
    return subprocess.run(words, check=False).returncode
