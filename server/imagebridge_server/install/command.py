"""The commands `imagebridge-server install HOST`, `uninstall HOST` and `bundle`."""

from collections.abc import Callable, Sequence
from pathlib import Path

import click

import imagebridge
from imagebridge.cli.terminal import plain, say
from imagebridge.errors import BridgeError, nearest
from imagebridge.wire import paired

from .change import FileChange, installed, is_installed, uninstalled
from .host_files import HOST_FILES, HostFile, file_here
from .server_entry import entry
from .wrap import unwrapped, wrapped

_FILE = click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The host's configuration file, if it is not in the standard location.",
)
_WRAP = click.option(
    "--wrap",
    "server",
    metavar="SERVER",
    help="Instead of adding this server, put the relay in front of SERVER, which the host already has, to repair "
    "its results.",
)
_UNWRAP = click.option(
    "--wrap",
    "server",
    metavar="SERVER",
    help="Instead of removing this server, remove the relay that `install HOST --wrap SERVER` put in front of SERVER.",
)
_DRY = click.option("--dry-run", is_flag=True, help="Show the change without writing anything.")

Serving = Callable[[Sequence[str]], list[str]]
"""Checks arguments of the server and returns them in the form that a host needs, with absolute paths."""


def commands(serving: Serving) -> list[click.Command]:
    """Return the commands; `serving` checks the arguments that will be passed to the server."""

    @click.command(
        context_settings={"ignore_unknown_options": True},
        short_help="Add this server to a host's configuration.",
        epilog=f"HOST must be one of {', '.join(host.name for host in HOST_FILES)}.",
    )
    @click.argument("host", required=False)
    @click.argument("options", nargs=-1, type=click.UNPROCESSED)
    @_DRY
    @_WRAP
    @_FILE
    @click.option(
        "--env",
        "variables",
        metavar="NAME=VALUE",
        multiple=True,
        help="An environment variable for the server. Can be repeated.",
    )
    def install(
        host: str | None,
        options: tuple[str, ...],
        dry_run: bool,
        server: str | None,
        file: Path | None,
        variables: tuple[str, ...],
    ) -> None:
        """Add this server to a HOST's configuration; without HOST, list the hosts.

        \b
        imagebridge-server install claude-desktop --allow ~/Pictures --dry-run
        imagebridge-server install codex --env OPENAI_API_KEY=sk-...
        imagebridge-server install librechat --file librechat.yaml
        imagebridge-server install cursor --wrap playwright

        Every other option, such as --allow DIR, is an option of the server and is written into the entry.
        The rest of the file is unchanged, a copy of the old file is kept beside it, and a file that cannot be read is
        left alone.
        """
        if server is not None and (options or variables):
            raise click.UsageError(
                "--wrap changes how another server is started, so it cannot be combined with options of "
                "this server"
            )
        if host is None:
            _list()
            return
        one, path = _host(host, file)
        if server is not None:
            done = f"{one.title} reaches {server} through imagebridge's relay. {one.after}"
            _carry_out(lambda: wrapped(one, path, server), dry_run, done)
            return
        own_entry = entry(serving(options), dict(map(_variable, variables)))
        _carry_out(
            lambda: installed(one, path, own_entry), dry_run, f"{one.title} starts imagebridge. {one.after}"
        )

    @click.command(short_help="Remove this server from a host's configuration.")
    @click.argument("host")
    @_DRY
    @_UNWRAP
    @_FILE
    def uninstall(host: str, dry_run: bool, server: str | None, file: Path | None) -> None:
        """Remove this server from a HOST's configuration or, with --wrap, the relay in front of another server."""
        one, path = _host(host, file)
        if server is not None:
            done = f"After a restart, {one.title} will connect to {server} directly again."
            _carry_out(lambda: unwrapped(one, path, server), dry_run, done)
            return
        _carry_out(
            lambda: uninstalled(one, path),
            dry_run,
            f"After a restart, {one.title} will no longer start imagebridge.",
        )

    return [install, uninstall, bundle]


@click.command(short_help="Pack this server as a single .mcpb file.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write. Default: imagebridge-VERSION.mcpb in this folder.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the unpacked bundle to this folder instead.",
)
def bundle(output: Path | None, folder: Path | None) -> None:
    """Pack this server as one .mcpb file, which desktop hosts install with a click.

    The official packer checks and packs it; npx fetches that from npm.
    """
    from .bundle import laid_out, packed

    if output and folder:
        raise click.UsageError("use --output or --folder, not both")
    target = folder or output or Path(f"imagebridge-{imagebridge.__version__}.mcpb")
    try:
        if folder is None:
            click.echo("Packing ...", err=True)
        (packed if folder is None else laid_out)(target)
    except BridgeError as error:
        raise _failure(error) from error
    say(str(target))


def _host(name: str, file: Path | None) -> tuple[HostFile, Path]:
    """Return the host with the given name and its file."""
    names = [host.name for host in HOST_FILES]
    if name not in names:
        near = nearest(name, names)
        hint = f"; did you mean {near!r}?" if near else "."
        raise click.UsageError(f"unknown host {name!r}{hint} Available: {', '.join(names)}.")
    host = HOST_FILES[names.index(name)]
    path = file or file_here(host)
    if path is None:
        raise click.UsageError(
            f"{host.title} has no standard location for its configuration file; pass its path with --file"
        )
    return host, path.absolute()


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.UsageError(f"--env must be NAME=VALUE, not {text!r}")
    return name, value


def _carry_out(work_out: Callable[[], FileChange], dry_run: bool, done: str) -> None:
    """Show the change and write it."""
    try:
        change = work_out()
        if not change.diff:
            say(f"{change.path}: nothing to change.")
            return
        say(change.diff)
        if dry_run:
            click.echo("\nNothing was written (--dry-run).", err=True)
            return
        saved = change.write()
    except BridgeError as error:
        raise _failure(error) from error
    backup_note = f" A copy of the original file is kept as {saved.name}." if saved else ""
    say(f"\n{done}{backup_note}", err=True)


def _list() -> None:
    """Print each host, its file, and whether the file contains our server."""
    width = max(len(host.name) for host in HOST_FILES)
    for host in HOST_FILES:
        path = file_here(host)
        say(f"{host.name:<{width}}  {_state(host, path):<13}  {path or 'pass its path with --file'}")


def _state(host: HostFile, path: Path | None) -> str:
    if path is None or not path.exists():
        return "no file"
    try:
        return "installed" if is_installed(host, path) else "not installed"
    except BridgeError:
        return "unreadable"


def _failure(error: BridgeError) -> click.ClickException:
    """Return the exception that ends the command, without control characters, because the error quotes a file."""
    return click.ClickException(plain(paired(str(error))))
