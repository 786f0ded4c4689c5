"""The options that several commands share, and their meanings."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import wraps
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack, cast

import click

from imagebridge.errors import nearest
from imagebridge.facts.models import DEFAULTS, listed
from imagebridge.requirements import CLIENT, need
from imagebridge.translate.policy import Policy

if TYPE_CHECKING:
    from imagebridge.agent.bridge import Bridge
    from imagebridge.agent.hooks import Approve, OnServerEvent

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Folder(click.Path):
    """An existing folder. An empty name, such as the value of an unset variable, is not the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path of the folder."""
        if not value:
            self.fail("the folder name is empty; name a folder, or leave the option out", param, ctx)
        return super().convert(value, param, ctx)


_FOLDER = _Folder(exists=True, file_okay=False, resolve_path=True, path_type=Path)


class Seconds(click.FloatRange):
    """A number of seconds above 0."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number."""
        seconds = super().convert(value, param, ctx)
        if isnan(seconds):
            self.fail(f"{value} is not a number of seconds", param, ctx)
        return seconds


_DEFAULT = Policy()


class Hooks(TypedDict, total=False):
    """The hooks through which a command hears from its bridge."""

    approve: "Approve | None"
    on_event: "OnServerEvent | None"


@dataclass(frozen=True, slots=True)
class ChosenServers:
    """The MCP servers that a command uses, and how, from the options of `connection` and `reaching`.

    env: variables for servers that are started. allow, allow_write, allow_https: what our own server may read and
    write. timeout: seconds for a server to start, and for each call.
    """

    servers: tuple[str, ...] = ()
    config: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    allow: tuple[Path, ...] = ()
    timeout: float = 60
    allow_write: tuple[Path, ...] = ()
    allow_https: bool = False

    def check(self) -> None:
        """Refuse options that cannot be combined.

        Raises:
            click.UsageError: --allow, --allow-write or --allow-https is used with --server or --config.
        """
        ours = {"--allow": self.allow, "--allow-write": self.allow_write, "--allow-https": self.allow_https}
        option = next((name for name, value in ours.items() if value), None)
        if option and (self.servers or self.config):
            raise click.UsageError(
                f"{option} is for imagebridge's own server, which --server and --config replace; "
                "add it to the command line of your server instead"
            )

    def bridge(self, policy: Policy = _DEFAULT, *, share: bool = False, **hooks: "Unpack[Hooks]") -> "Bridge":
        """Return the bridge to the servers, not yet open.

        Raises:
            click.UsageError: see `check`.
            RequirementError: mcp is missing or too old.
        """
        self.check()
        need(CLIENT)
        from imagebridge.agent.bridge import Bridge
        from imagebridge.client.connect import own_server

        folders = [("--allow", folder) for folder in self.allow]
        folders += [("--allow-write", folder) for folder in self.allow_write]
        words = [word for name, folder in folders for word in (name, str(folder))]
        own = own_server(*words, *(["--allow-https"] if self.allow_https else []))
        return Bridge(
            *(self.servers or (() if self.config else (own,))),
            config=self.config,
            policy=policy,
            timeout=self.timeout,
            share=share or "local",
            env=self.env,
            **hooks,
        )


def _variables(
    _context: click.Context, _parameter: click.Parameter, words: tuple[str, ...]
) -> dict[str, str]:
    """Parse NAME=VALUE, or NAME for its value in this environment.

    Raises:
        click.BadParameter: there is no name, or no such variable.
    """
    variables: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name.strip() or "\0" in word:
            raise click.BadParameter(f"{word!r} has no variable name; write NAME or NAME=VALUE")
        if not equals and name not in os.environ:
            raise click.BadParameter(f"{name} is not set here; set it, or write {name}=VALUE")
        variables[name] = value if equals else os.environ[name]
    return variables


def connection(command: _Command) -> _Command:
    """Add --server, --config, --env, --allow and --timeout: the command receives them as `chosen`, its `ChosenServers`."""

    @wraps(command)
    def with_chosen(**values: Any) -> Any:
        names = [one.name for one in fields(ChosenServers) if one.name in values]
        return command(chosen=ChosenServers(**{name: values.pop(name) for name in names}), **values)

    decorated = cast("_Command", with_chosen)
    for option in (
        click.option(
            "--timeout",
            type=Seconds(),
            default=60.0,
            show_default=True,
            metavar="SECONDS",
            help="How long a server may take to start and to answer each call.",
        ),
        click.option(
            "--allow",
            type=_FOLDER,
            multiple=True,
            metavar="DIR",
            help="A folder that imagebridge's own server may read files from. Can be repeated.",
        ),
        click.option(
            "--env",
            multiple=True,
            callback=_variables,
            metavar="NAME[=VALUE]",
            help="An environment variable to pass to the servers that are started, with this value or the "
            "current one. Apart from these, servers receive only variables for paths, the desktop, proxies "
            "(without a password), certificates and the language, and no keys. Can be repeated.",
        ),
        click.option(
            "--config",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help="The servers in a host's configuration file, such as mcp.json or claude_desktop_config.json.",
        ),
        click.option(
            "--server",
            "servers",
            multiple=True,
            metavar="CMD|URL",
            help="An MCP server: the command line that starts it, or its http(s) address. Can be repeated. "
            "Without it, imagebridge's own server is started.",
        ),
    ):
        decorated = option(decorated)
    return decorated


def reaching(command: _Command) -> _Command:
    """Add --allow-write and --allow-https to the options of `connection`: where our own server writes, and whether it fetches files."""
    for option in (
        click.option(
            "--allow-https",
            is_flag=True,
            help="Let imagebridge's own server fetch files from public https addresses.",
        ),
        click.option(
            "--allow-write",
            type=_FOLDER,
            multiple=True,
            metavar="DIR",
            help="A folder in which imagebridge's own server may write pictures (save_as). Can be repeated.",
        ),
    ):
        command = option(command)
    return command


def approving(command: _Command) -> _Command:
    """Add --approve: which calls run without asking."""
    return click.option(
        "--approve",
        type=click.Choice(["ask", "all", "none"]),
        help="For tools that say they may destroy something: ask before each call, run all calls, or "
        "refuse them.  "
        "[default: ask on a terminal, else all]",
    )(command)


def pictures(command: _Command) -> _Command:
    """Add --detail, --save and --share: how pictures are sent, where they are saved, and which servers receive them."""
    for option in (
        click.option(
            "--share",
            is_flag=True,
            help="Share pictures between all servers, including those over the network. Without it, only "
            "servers on this machine receive pictures from others.",
        ),
        click.option(
            "--save",
            type=click.Path(file_okay=False, path_type=Path),
            metavar="DIR",
            help="Write each picture, as it is sent, to this folder: call_1-1.png and so on. Those of earlier "
            "runs are kept; new ones get the next numbers.",
        ),
        click.option(
            "--detail",
            type=click.Choice(["low", "high", "auto", "original"]),
            help="How closely the model looks.  [default: the tool's choice, else high]",
        ),
    ):
        command = option(command)
    return command


VARIABLE = "IMAGEBRIDGE_MODEL"


def default_model() -> str:
    """Return `IMAGEBRIDGE_MODEL` if it is set, otherwise the newest of `DEFAULTS`."""
    return os.environ.get(VARIABLE, "").strip() or DEFAULTS[-1].name


def nearest_model(name: str) -> str | None:
    """Return the OpenAI model that an unlisted name probably means; None if no name is similar, or if the name is listed."""
    names = listed()
    return nearest(name, names, 0.8) if name not in names else None
