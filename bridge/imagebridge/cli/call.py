"""`imagebridge call`: calls tools manually and prints what a model would be sent."""

import json
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from imagebridge.errors import beginning
from imagebridge.translate.policy import Policy

from . import event_loop, options

if TYPE_CHECKING:
    from imagebridge.agent.bridge import Bridge
    from imagebridge.events import Answer
    from imagebridge.facts.models import Detail

    from .approval import ApprovalMode
    from .terminal import Terminal


@dataclass(frozen=True, slots=True)
class Wanted:
    """One call: the tool and its arguments."""

    tool: str
    arguments: dict[str, Any]


@click.command("call")
@click.argument("calls", nargs=-1, required=True, metavar="TOOL [JSON] [TOOL JSON]...")
@options.connection
@options.reaching
@click.option(
    "--model",
    metavar="NAME",
    help="Fit pictures to this model.  [default: limits that every vision model accepts]",
)
@options.approving
@options.pictures
@click.option("--chat", is_flag=True, help="Print the messages for Chat Completions instead.")
@click.option("--json", "whole", is_flag=True, help="Do not shorten data URLs on a terminal.")
def command(
    calls: tuple[str, ...],
    chosen: options.ChosenServers,
    model: str | None,
    approve: "ApprovalMode | None",
    detail: "Detail | None",
    save: Path | None,
    share: bool,
    chat: bool,
    whole: bool,
) -> None:
    """Call TOOL with JSON arguments and print the function_call_output that a model would be sent.

    \b
    imagebridge call get_image '{"text": "Hello"}'
    imagebridge call load_image '{"source": "cat.png"}' --allow . --save sent
    imagebridge call browser_navigate '{"url": "https://example.com"}' \\
                     browser_take_screenshot '{}' --server "npx -y @playwright/mcp"
    imagebridge call get_image '{"text": "Hello"}' load_image '{"source": "picture:1"}'
    echo '{"text": "Hello"}' | imagebridge call get_image -

    JSON is one object, or null for no arguments; - reads it from stdin; without JSON, a TOOL gets no arguments. Several
    pairs run in order over one connection and produce an array; if a tool accepts a picture, picture:1 is the
    first one that earlier calls returned. A pipe gets the whole document, on one line; on
    a terminal, data URLs are shortened.

    Exit code: 0 for a result, 1 for an error result, 2 for incorrect usage, arguments that are not JSON, an
    unknown tool, or a server that does not start.
    """
    wanted = wanted_calls(calls)

    from .approval import approval
    from .failure import ERROR, failures
    from .output import show
    from .save import folder, save_pictures
    from .terminal import Terminal

    terminal = Terminal()
    bridge = chosen.bridge(
        Policy(model=model, detail=detail, api="chat" if chat else "responses"),
        approve=approval(approve, terminal),
        on_event=terminal.on_event,
        share=share,
    )
    folder(save)

    async def run() -> bool:
        async with AsyncExitStack() as stack:
            with terminal.busy("starting the server") as say:
                await stack.enter_async_context(bridge)
                _check(wanted, bridge)
                answers: list[Answer] = []
                for number, one in enumerate(wanted, 1):
                    say(f"{one.tool} is running")
                    answers.append(await _called(bridge, number, one, model))
            _thumbnails(answers, terminal)
            for number, answer in enumerate(answers, 1):
                save_pictures(save, number, answer.translation.pictures, terminal)
            document = bridge.items(answers, api="chat" if chat else "responses")
            show(document[0] if len(document) == 1 and not chat else document, whole=whole)
        return any(answer.is_error for answer in answers)

    with failures():
        if event_loop.run(run):
            sys.exit(ERROR)


def wanted_calls(words: Sequence[str]) -> list[Wanted]:
    """Read TOOL JSON pairs from the command line.

    Raises:
        click.UsageError: one of several tools has no arguments, or arguments are not a JSON object.
    """
    if len(words) == 1:
        return [Wanted(words[0], {})]
    if len(words) % 2:
        raise click.UsageError(
            f"{words[-1]!r} has no arguments: write a JSON object after each tool, '{{}}' for none"
        )
    if list(words[1::2]).count("-") > 1:
        raise click.UsageError("stdin can be read only once: use - for the arguments of only one call")
    return [Wanted(tool, _arguments(tool, text)) for tool, text in zip(words[::2], words[1::2], strict=True)]


def _arguments(tool: str, text: str) -> dict[str, Any]:
    """Read the arguments of one call; `-` reads them from stdin, and null or blank text means none."""
    try:
        text = sys.stdin.read() if text == "-" else text
        value: object = json.loads(text, parse_constant=_refused) if text.strip() else None
        # A lone surrogate, such as \\ud800, is valid JSON but cannot be sent.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise click.UsageError(
            f"the arguments of {tool} are not JSON: {error}\nReceived: {beginning(text, 200)}\n"
            'Write an object in single quotes, such as \'{"text": "Hello"}\'.'
        ) from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise click.UsageError(
            f'the arguments of {tool} must be a JSON object such as \'{{"text": "Hello"}}\', not {beginning(text, 200)}'
        )
    return cast("dict[str, Any]", value)


def _refused(constant: str) -> object:
    raise ValueError(f"{constant} is not a JSON value")


def _check(wanted: list[Wanted], bridge: "Bridge") -> None:
    """Refuse unknown names before the first call runs."""
    from .failure import Failure, unknown_tool

    names = [tool["name"] for tool in bridge.tools]
    for one in wanted:
        if one.tool not in names:
            raise Failure(unknown_tool(one.tool, names))


async def _called(bridge: "Bridge", number: int, wanted: Wanted, model: str | None) -> "Answer":
    """Run one call as if a model had made it, so that the output is exactly what a loop would send."""
    call = {
        "type": "function_call",
        "call_id": f"call_{number}",
        "name": wanted.tool,
        "arguments": json.dumps(wanted.arguments),
    }
    (answer,) = await bridge.answers({"model": model, "output": [call]})
    return answer


def _thumbnails(answers: "list[Answer]", terminal: "Terminal") -> None:
    for answer in answers:
        for picture in answer.translation.pictures:
            terminal.thumbnail(picture.picture.data)
