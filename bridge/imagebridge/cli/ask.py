"""`imagebridge ask`: a question to a model that may use the tools of MCP servers and sees their pictures."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagebridge.translate.policy import Policy
from imagebridge.translate.sentences import amount

from . import options

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from imagebridge.agent.bridge import Answer, Bridge
    from imagebridge.agent.loop import Reply
    from imagebridge.translate.vision import Detail

    from .approval import Choice
    from .terminal import Terminal


@click.command("ask")
@click.argument("prompt")
@options.connection
@click.option(
    "--model",
    metavar="NAME",
    help="The model to ask.  [default: IMAGEBRIDGE_MODEL, else a current model that sees pictures]",
)
@options.approving
@options.pictures
@click.option(
    "--max-turns",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Requests to the model at most.",
)
@click.option("--json", "as_json", is_flag=True, help="Print {text, items, usage} in place of the text.")
def command(
    prompt: str,
    servers: tuple[str, ...],
    config: Path | None,
    allow: tuple[Path, ...],
    timeout: float,
    model: str | None,
    approve: "Choice | None",
    detail: "Detail | None",
    save: Path | None,
    share: bool,
    max_turns: int,
    as_json: bool,
) -> None:
    """Ask a model, let it call the tools, and print its answer. A prompt of - is read from stdin.

    \b
    imagebridge ask "Draw the word hello and tell me what you see."
    imagebridge ask "Chart sales.csv by month. What stands out?" --allow . --save charts
    imagebridge ask "What does example.com look like?" --server "npx -y @playwright/mcp"

    It needs OPENAI_API_KEY; OPENAI_BASE_URL and the other variables of the OpenAI SDK work too.

    Exit code: 0 for an answer, 1 for an error of the API or too many turns, 2 for wrong usage, no key,
    or a server that does not start.
    """
    text = sys.stdin.read() if prompt == "-" else prompt
    if not text.strip():
        raise click.UsageError("the prompt is empty: write what to ask, or - to read it from stdin")

    import anyio

    from .api import api_failures, client
    from .approval import approval
    from .document import show
    from .failure import failures
    from .models import default_model
    from .saving import folder
    from .terminal import Terminal

    terminal = Terminal()
    bridge = options.bridge(
        servers,
        config,
        allow,
        timeout,
        Policy(detail=detail),
        approve=approval(approve, terminal),
        on_event=terminal.hear,
        share=share,
    )
    folder(save)

    async def run() -> "Reply":
        async with client() as openai:
            return await _asked(bridge, openai, model or default_model(), text, max_turns, save, terminal)

    with failures(), api_failures():
        reply = anyio.run(run)
    if as_json:
        show({"text": reply.text, "items": reply.items, "usage": reply.usage}, whole=True)
    else:
        click.echo(reply.text)


async def _asked(
    bridge: "Bridge",
    openai: "AsyncOpenAI",
    model: str,
    prompt: str,
    max_turns: int,
    save: Path | None,
    terminal: "Terminal",
) -> "Reply":
    """Run the loop and tell of each call on the way."""
    from imagebridge.agent.loop import Answered, Called, Replied
    from imagebridge.errors import BridgeError

    from .saving import save as keep

    number, reply = 0, None
    with terminal.busy("starting the server") as say:
        async with bridge:
            say(f"{model} is thinking")
            async for event in bridge.stream(openai, model=model, input=prompt, max_turns=max_turns):
                match event:
                    case Called(call):
                        say(f"{call.get('name')} is at work")
                    case Answered(answer):
                        number += 1
                        terminal.note(line(answer))
                        for shown in answer.translation.pictures:
                            terminal.thumbnail(shown.picture.data)
                        keep(save, f"call_{number}", answer.translation.pictures, terminal)
                        say(f"{model} is thinking")
                    case Replied(reply):
                        pass
    if reply is None:
        raise BridgeError("the run ended without an answer")
    return reply


def line(answer: "Answer") -> str:
    """Say in one line what a call gave: the tool, seconds, pictures with their sizes, tokens."""
    told = [f"{answer.call.get('name')}: {'error, ' if answer.is_error else ''}{answer.seconds:.1f} s"]
    for shown in answer.translation.pictures:
        picture = shown.picture
        told.append(f"{picture.width}x{picture.height} {picture.media_type} of {amount(picture.size)}")
    if answer.translation.pictures:
        told.append(f"{answer.translation.tokens:,} tokens")
    else:
        output = answer.translation.output
        told.append(f"{len(output) if isinstance(output, str) else 0:,} characters of text")
    return ", ".join(told)
