"""`imagebridge tools`: prints the tools that a model could call."""

import click

from . import event_loop, options


@click.command("tools")
@options.connection
def command(chosen: options.ChosenServers) -> None:
    """Print the tools of MCP servers as a JSON array of definitions, as the Responses API accepts them in `tools=`.

    \b
    imagebridge tools
    imagebridge tools --server "npx -y @playwright/mcp" --server https://example.com/mcp

    Names that the API refuses are printed in a valid form, which `imagebridge call` also accepts.

    Exit code: 0, or 2 for incorrect usage or a server that does not start.
    """
    from .failure import failures
    from .output import show
    from .terminal import Terminal

    wanted = chosen.bridge()

    async def run() -> None:
        with Terminal().busy("starting the server"):
            async with wanted as bridge:
                definitions = bridge.tools
        show(definitions)

    with failures():
        event_loop.run(run)
