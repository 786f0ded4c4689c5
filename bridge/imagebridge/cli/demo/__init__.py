"""`imagebridge demo`: before and after, as sent to the API."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagebridge.cli import event_loop
from imagebridge.cli.options import default_model
from imagebridge.requirements import DEMO, need

if TYPE_CHECKING:
    from .before_after import Comparison
    from .journey import Journey

PAGE = Path("demo.html")
_NEXT = """imagebridge call get_image '{"text": "Hello"}' --save pictures"""
_NOWHERE = "http://127.0.0.1:9/v1"
"""The client requires an address, but each endpoint has its own; this one is never used."""


@click.command("demo")
@click.option("--live", is_flag=True, help="Let a real model read a picture. Needs OPENAI_API_KEY.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=f"Write the report to this file as one HTML page.  [default: {PAGE}]",
)
@click.option(
    "--save",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write each picture, as it was sent, to this folder.",
)
def command(live: bool, html: Path | None, save: Path | None) -> None:
    """Send a chart and fifteen awkward tool results to a strict endpoint, by hand and with imagebridge.

    \b
    imagebridge demo
    imagebridge demo --html report.html --save pictures
    imagebridge demo --live

    Without --live no key is needed and no model is involved: a scripted endpoint on this machine answers
    the real OpenAI SDK and refuses what the API refuses. With --live a real model (IMAGEBRIDGE_MODEL, or the
    default model) is shown a picture of a random code and must read it back.

    Exit code: 0 if the endpoint accepted everything that imagebridge sent (--live: the code was read), else 1;
    2 for incorrect usage, a missing key, or a server that does not start.
    """
    need(DEMO)
    if live:
        if html or save:
            raise click.UsageError("--live cannot be combined with --html or --save")
        from .live import read_back

        sys.exit(read_back())
    sys.exit(_wire(html, save))


def _wire(html: Path | None, save: Path | None) -> int:
    """Run the demo without a key and return its exit code."""
    from imagebridge.cli.failure import ERROR, failures
    from imagebridge.cli.save import folder

    from .report import opening

    folder(save)
    if html is not None:
        _probe(html)
    # Before anything slow is imported, so that people know what they are waiting for.
    click.echo(opening(default_model()))

    with failures():
        journey, rows = event_loop.run(_run)
    _save(save, journey, rows)
    _page(html or PAGE, journey, rows)
    # uv sets this variable for what it runs; without it the command is on the PATH.
    runner = "uv run " if "UV_RUN_RECURSION_DEPTH" in os.environ else ""
    click.echo(f"Next, see what a model would receive from a call: {runner}{_NEXT}")
    accepted = journey.picture is not None and all(row.by_us.accepted for row in rows)
    return 0 if accepted else ERROR


async def _run() -> "tuple[Journey, list[Comparison]]":
    from openai import AsyncOpenAI, DefaultAsyncHttpx2Client

    from imagebridge.cli.terminal import Terminal

    from .before_after import compared
    from .journey import journey
    from .report import Report

    report, terminal, model = Report(), Terminal(), default_model()
    # Requests to the endpoint must not go through a proxy, and no key leaves the environment.
    direct = DefaultAsyncHttpx2Client(trust_env=False)
    async with AsyncOpenAI(api_key="none", base_url=_NOWHERE, max_retries=0, http_client=direct) as client:
        with terminal.busy("sending the chart"):
            chart = await journey(client, model)
        report.chart(chart)
        report.heading()
        comparisons: list[Comparison] = []
        async for row in compared(client, model):
            report.row(row)
            comparisons.append(row)
    report.sum(comparisons)
    return chart, comparisons


def _save(path: Path | None, journey: "Journey", rows: "list[Comparison]") -> None:
    """Write the chart and the pictures of each row, in the order of the report."""
    if path is None:
        return
    from imagebridge.cli.save import write
    from imagebridge.cli.terminal import Terminal

    terminal = Terminal()
    pictures_by_tool = [("generate_chart", [journey.picture] if journey.picture else [])]
    pictures_by_tool += [(row.case.tool, list(row.by_us.pictures)) for row in rows]
    for name, pictures in pictures_by_tool:
        for picture in pictures:
            write(path, name.replace(".", "_"), picture.bytes, picture.media_type, picture.size, terminal)


def _probe(path: Path) -> None:
    """Check that the page can be written before anything runs.

    Raises:
        Failure: it cannot be written.
    """
    from imagebridge.cli.failure import Failure

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except OSError as error:
        raise Failure(f"--html: {path} cannot be written: {error.strerror or error}") from error


def _page(path: Path, journey: "Journey", rows: "list[Comparison]") -> None:
    """Write the page and report its path, or why it could not be written: the report above is complete without it."""
    from imagebridge.cli.terminal import say

    from .page import page

    text = page(journey, rows, default_model())
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        say(f"{path} cannot be written: {error.strerror or error}; name another file with --html", err=True)
    else:
        say(f"The same report as a page with pictures: {path}")
