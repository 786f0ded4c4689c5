"""`imagebridge ask`: asks a model that may use the tools of MCP servers and sees their pictures."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imagebridge.errors import counted
from imagebridge.requirements import ASK, need
from imagebridge.translate.policy import Policy
from imagebridge.translate.sentences import amount
from imagebridge.translate.translation import Text, is_file

from . import event_loop, options

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from imagebridge.agent.bridge import Bridge
    from imagebridge.events import Answer, Event, Reply
    from imagebridge.facts.models import Detail
    from imagebridge.translate.translation import ShownPicture

    from .approval import ApprovalMode
    from .terminal import Terminal
    from .transcript.entries import Transcript


@click.command("ask")
@click.argument("prompt")
@click.option(
    "--image",
    "images",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A picture to show the model with the prompt: PNG, JPEG, WebP, GIF, SVG, HEIC, TIFF and others. "
    "Can be repeated.",
)
@options.connection
@options.reaching
@click.option(
    "--model",
    metavar="NAME",
    help="The model to ask.  [default: IMAGEBRIDGE_MODEL, else a current vision model]",
)
@click.option("--chat", is_flag=True, help="Use Chat Completions, for servers that have no Responses API.")
@options.approving
@options.pictures
@click.option(
    "--uploads",
    is_flag=True,
    help="Upload pictures over 100 kB to the Files API, once each, and keep them there for a day.",
)
@click.option(
    "--max-turns",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="The maximum number of requests to the model.",
)
@click.option(
    "--budget",
    type=click.IntRange(min=1),
    metavar="TOKENS",
    help="Stop sending requests once this many tokens have been spent, input and output together.",
)
@click.option(
    "--deadline",
    type=options.Seconds(),
    metavar="SECONDS",
    help="Time limit for the whole run, once the servers have started.",
)
@click.option(
    "--transcript",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.html",
    help="Write a page with every message, call and picture as the model received it, even if the run fails.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print {text, items, usage} as JSON instead of the text."
)
def command(
    prompt: str,
    images: tuple[Path, ...],
    chosen: options.ChosenServers,
    model: str | None,
    chat: bool,
    approve: "ApprovalMode | None",
    detail: "Detail | None",
    save: Path | None,
    share: bool,
    uploads: bool,
    max_turns: int,
    budget: int | None,
    deadline: float | None,
    transcript: Path | None,
    as_json: bool,
) -> None:
    """Ask a model, let it call the tools, and print its answer. A prompt of - is read from stdin.

    \b
    imagebridge ask "Draw the word hello and tell me what you see."
    imagebridge ask "Chart sales.csv by month. What stands out?" --allow . --save charts
    imagebridge ask "What does example.com look like?" --server "npx -y @playwright/mcp"
    imagebridge ask "Which of the two is newer?" --image a.jpg --image b.heic
    git diff | imagebridge ask - --budget 50000 --transcript review.html

    It needs OPENAI_API_KEY; OPENAI_BASE_URL and the other variables of the OpenAI SDK work too.

    On a terminal, the text appears as it is written, with a line for each call: its time, pictures and tokens.
    A pipe gets only the final text.

    Exit code: 0 for an answer; 1 for an empty answer, an API error, too many turns, or an exceeded budget or deadline;
    2 for incorrect usage, a picture that cannot be shown, a missing key, or a server that does not start.
    """
    text = sys.stdin.read() if prompt == "-" else prompt
    if not text.strip():
        fix = "nothing was read from stdin" if prompt == "-" else "write a prompt, or - to read it from stdin"
        raise click.UsageError(f"the prompt is empty: {fix}")

    # Before starting a server that would never be called.
    need(ASK)
    from .api import api_failures, client
    from .approval import approval
    from .attach import attached
    from .failure import failures
    from .options import default_model
    from .output import show
    from .save import folder
    from .terminal import Terminal, say
    from .transcript import saved
    from .transcript.entries import PromptEntry, Transcript

    terminal = Terminal(live=not as_json)
    model = model or default_model()
    bridge = chosen.bridge(
        Policy(detail=detail),
        approve=approval(approve, terminal),
        on_event=terminal.on_event,
        share=share,
    )
    folder(save)
    api = "chat" if chat else "responses"
    policy = Policy(model=model, detail=detail, api=api, proof="decoded")
    pictures = attached(images, policy) if images else None
    account = Transcript(PromptEntry(text, pictures), model, _server_labels(chosen.servers, chosen.config))
    watch = _RunListener(model, terminal, account, save)
    arguments: dict[str, Any] = {
        "model": model,
        "api": api,
        "max_turns": max_turns,
        "budget": budget,
        "deadline": deadline,
        "uploads": uploads,
    }

    async def run() -> "Reply":
        async with client() as openai:
            return await _run_loop(bridge, openai, watch, arguments)

    with saved(account, transcript, terminal):
        for picture in pictures.pictures if pictures else ():
            terminal.note(f"attached: {described(picture)}, {counted(picture.seen.tokens, 'token')}")
            terminal.thumbnail(picture.picture.data)
        with failures(), api_failures():
            reply = event_loop.run(run)
        if as_json:
            show({"text": reply.text, "items": reply.items, "usage": reply.usage}, whole=True)
        elif reply.text and not terminal.has_shown(reply.text):
            say(reply.text)
        _close(reply, model, terminal)


async def _run_loop(
    bridge: "Bridge", openai: "AsyncOpenAI", watch: "_RunListener", arguments: dict[str, Any]
) -> "Reply":
    """Run the loop and show each event as it happens."""
    from imagebridge.errors import BridgeError

    from .attach import message

    with watch.terminal.busy("starting the server") as say:
        async with bridge:
            if pictures := watch.account.question.attached:
                # Again, because the bridge now has names for them, by which the model can pass them to tools.
                pictures = await bridge.attach(
                    {"content": pictures.blocks}, model=watch.model, api=arguments["api"]
                )
                watch.account.attach(pictures)
            arguments["input"] = [
                message(watch.account.question.text, pictures, chat=arguments["api"] == "chat")
            ]
            say(f"{watch.model} is thinking")
            async for event in bridge.stream(openai, **arguments):
                watch.account.on_event(event)
                if now := watch.on_event(event):
                    say(now)
    if watch.account.reply is None:
        raise BridgeError("the run ended without an answer")
    return watch.account.reply


@dataclass(slots=True)
class _RunListener:
    """Shows a run on the terminal, and saves the pictures."""

    model: str
    terminal: "Terminal"
    account: "Transcript"
    save: Path | None
    _calls: int = field(default=0)

    def on_event(self, event: "Event") -> str:
        """Show an event; return a new description of what is happening, or "" if it has not changed."""
        from imagebridge.events import (
            Answered,
            Called,
            HostedTool,
            ReasoningDelta,
            Responded,
            Retried,
            TextDelta,
        )

        match event:
            case TextDelta(text):
                self.terminal.piece(text)
            case ReasoningDelta():
                return f"{self.model} is reasoning"
            case Responded():
                self.terminal.end()
            case Retried(why):
                self.terminal.end()
                self.terminal.note(f"asking again: {why}")
            case HostedTool(tool, status):
                return f"{tool}: {status}"
            case Called(call):
                return f"{call.get('name')} is running"
            case Answered(answer):
                self._answered(answer)
                return f"{self.model} is thinking"
            case _:
                pass
        return ""

    def _answered(self, answer: "Answer") -> None:
        from .save import save_pictures

        self._calls += 1
        self.terminal.note(line(answer))
        for picture in answer.translation.pictures:
            self.terminal.thumbnail(picture.picture.data)
        save_pictures(self.save, self._calls, answer.translation.pictures, self.terminal)


def _server_labels(servers: tuple[str, ...], config: Path | None) -> tuple[str, ...]:
    """Name the servers without possible secrets in their command lines and addresses."""
    from imagebridge.client.connect import plain

    named = [plain(server) for server in servers]
    return (*named, str(config)) if config else tuple(named) or ("imagebridge-server",)


def line(answer: "Answer") -> str:
    """Describe the result of a call in one line: the tool, seconds, pictures with their sizes and tokens, files, or text."""
    translation = answer.translation
    phrases = [f"{answer.call.get('name')}: {'error, ' if answer.is_error else ''}{answer.seconds:.1f} s"]
    phrases += map(described, translation.pictures)
    phrases += [one.name for one in translation.placed if any(map(is_file, one.parts))]
    if translation.pictures:
        phrases.append(counted(translation.tokens, "token"))
    elif len(phrases) == 1:
        texts = (part for one in translation.placed for part in one.parts if isinstance(part, Text))
        phrases.append(f"{counted(sum(len(text.text) for text in texts), 'character')} of text")
    return ", ".join(phrases)


def described(shown_picture: "ShownPicture") -> str:
    """Return a description of a picture as sent: pixels, type, bytes."""
    picture = shown_picture.picture
    return f"{picture.width}x{picture.height} {picture.media_type} of {amount(picture.size)}"


def _close(reply: "Reply", model: str, terminal: "Terminal") -> None:
    """Print what a run cost, in tokens and, if there is a price, in USD, and whether the answer is cut off.

    Raises:
        BadAnswer: the answer is empty.
    """
    from .failure import BadAnswer

    cost = f", ${reply.cost:.4f}" if reply.cost is not None else ""
    tokens = f"{counted(reply.usage['input_tokens'], 'token')} in and {reply.usage['output_tokens']:,} out"
    terminal.note(f"{model}: {tokens}{cost}")
    if not reply.text:
        why = f": it was cut off ({reply.incomplete})" if reply.incomplete else "; ask again"
        raise BadAnswer(f"the model's answer is empty{why}")
    if reply.incomplete:
        terminal.tell(f"the answer is cut off: {reply.incomplete}")
