"""The command line `imagebridge`: only the command in use is imported, and nothing heavy before it runs."""

import sys
from collections.abc import Collection, Mapping
from importlib import import_module

import click

from imagebridge import __version__
from imagebridge.errors import RequirementError, nearest

from .closed_streams import open_streams
from .event_loop import Ended
from .terminal import show_error

COMMANDS = {
    "demo": "Show before and after, as sent to the API; needs no key.",
    "ask": "Ask a model that sees what the tools of MCP servers return.",
    "call": "Call a tool and print what a model would be sent.",
    "tools": "Print the tools of MCP servers in the form that the API accepts.",
    "proxy": "Repair the results of any MCP server for the host that starts it.",
    "serve": "Run imagebridge's own MCP server on stdin and stdout, as imagebridge-server does.",
    "check": "Find what the API would refuse in a request body, and repair it.",
    "doctor": "Report what is installed and which servers answer; test an endpoint's rules.",
}
"""Each command is `command` in the module of the same name. The help texts are here so that `--help` does
not import the commands."""


_OF_THE_SERVER = ("install", "uninstall", "token", "bundle")
"""Commands of imagebridge-server that people look for here."""


OPTIONS = ("help", "version")
"""Options that people write as commands."""


def check_command(ctx: click.Context, name: str, known: Mapping[str, str], offered: Collection[str]) -> None:
    """Refuse a name that is not a command, and suggest the most similar one.

    Args:
        ctx: the context of the group.
        name: the first word after the group's name.
        known: the command line for each name that may be meant.
        offered: the names of the group's own commands.

    Raises:
        click.UsageError: the group has no such command.
    """
    if name in offered or name.startswith("-") or ctx.resilient_parsing:
        return
    near = name if name in known else nearest(name, known)
    hint = f" Did you mean {known[near]!r}?" if near else ""
    ctx.fail(f"No such command {name!r}.{hint}")


class LazyGroup(click.Group):
    """A group that imports its commands when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order in which to try them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; return None if the name is not a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first word names; if it does not exist, suggest the most similar one."""
        programs = {command: command for command in COMMANDS}
        programs |= {command: f"imagebridge-server {command}" for command in _OF_THE_SERVER}
        programs |= {option: f"imagebridge --{option}" for option in OPTIONS}
        check_command(ctx, args[0], programs, COMMANDS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Run 'imagebridge COMMAND --help' for the options of a command, with examples.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def imagebridge() -> None:
    """Pictures from MCP tools, seen by GPT models.

    \b
    imagebridge demo
    imagebridge call get_image '{"text": "Hello"}' --save pictures
    imagebridge ask "What does the start page look like?" --server "npx -y @playwright/mcp"

    Answers go to stdout. Progress and thumbnails go to stderr, and only to a terminal.
    """


def main() -> None:
    """Run the command line and exit with the code that the command's help documents; 130 after Ctrl-C.

    After another signal, the exit code is 128 plus the signal's number, as in shells: 143 after SIGTERM.
    """
    closed = open_streams()
    for stream in (sys.stdout, sys.stderr):
        # A character that the terminal lacks is not a reason to end with a traceback.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        code = imagebridge.main(prog_name="imagebridge", standalone_mode=False, obj=closed)
    except click.ClickException as error:
        show_error(error)
        code = error.exit_code
    except RequirementError as error:
        click.echo(f"Error: {error}", err=True)
        code = 2
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except Ended as error:
        code = 128 + error.number
    except OSError as error:
        from .full_output import is_full, report

        if not is_full(error):
            raise
        code = report(error)
    sys.exit(code if isinstance(code, int) else 0)
