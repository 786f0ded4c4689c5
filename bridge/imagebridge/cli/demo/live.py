"""`imagebridge demo --live`: a real model must read a code that appears only in a picture."""

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from imagebridge.cli import event_loop
from imagebridge.cli.options import default_model
from imagebridge.cli.terminal import Terminal, say
from imagebridge.errors import BridgeError, TurnLimitError
from imagebridge.wire import is_json, is_list

if TYPE_CHECKING:
    from mcp.server import MCPServer

    from imagebridge.agent.bridge import Bridge
    from imagebridge.events import Reply

ALPHABET = "ACDEFHJKLMNPRTUVWXY3479"
"""Characters that do not look alike: without 0 and O, 1 and I, 2 and Z, 5 and S, 6 and G, 8 and B, Q."""

LENGTH = 6
PROMPT = "Call show_code and read the code in the picture. Answer with its six characters and nothing else."


@dataclass(frozen=True, slots=True)
class CodeReading:
    """The code that was drawn, and what the model read."""

    code: str
    reply: "Reply"

    @property
    def match(self) -> bool:
        """Whether the answer is the code; spaces, quotes and lower case are accepted."""
        return re.sub(r"[^A-Z0-9]", "", self.reply.text.upper()) == self.code


def read_back() -> int:
    """Show a random code to the default model, print what it read, and return the exit code."""
    from imagebridge.cli.api import api_failures
    from imagebridge.cli.failure import ERROR, BadAnswer, failures

    model = default_model()
    with failures(), api_failures():
        try:
            reading = event_loop.run(_ask_for_code, model)
        except TurnLimitError as error:
            raise BadAnswer(f"{model} keeps calling show_code and never answers") from error
    if not reading.reply.pictures:
        say(f"{model} answered without looking at the picture", err=True)
    usage = reading.reply.usage
    say(f"model   {model}")
    click.echo(f"code    {reading.code}")
    say(f"answer  {reading.reply.text}")
    click.echo(f"tokens  {usage.get('input_tokens', 0):,} in, {usage.get('output_tokens', 0):,} out")
    for shown_picture in reading.reply.pictures:
        picture = (
            f"{shown_picture.picture.width}x{shown_picture.picture.height} {shown_picture.picture.media_type}"
        )
        click.echo(
            f"picture {picture}, {shown_picture.seen.tokens:,} of the input tokens according to OpenAI's formula"
        )
    click.echo("match" if reading.match else "no match")
    return 0 if reading.match else ERROR


async def _ask_for_code(model: str) -> CodeReading:
    from imagebridge.agent.bridge import Bridge
    from imagebridge.cli.api import client
    from imagebridge.client.connect import own_server

    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    terminal = Terminal()
    async with client() as openai:
        with terminal.busy("starting the server") as say:
            async with Bridge(own_server(environment={})) as source, Bridge(_server(source, code)) as bridge:
                say(f"{model} is reading")
                reply = await bridge.run(openai, model=model, input=PROMPT, max_turns=4)
    for picture in reply.pictures:
        terminal.thumbnail(picture.picture.data)
    return CodeReading(code, reply)


def _server(source: "Bridge", code: str) -> "MCPServer":
    """Return a server whose only tool returns the picture that `get_image` draws of the code.

    The model calls a tool without arguments and gets no text: if it called `get_image` itself, it would have
    written the code, and would also read it in the tool's sentence.
    """
    from mcp.server import MCPServer
    from mcp.types import CallToolResult

    server = MCPServer("code", log_level="CRITICAL")

    async def show_code() -> CallToolResult:
        """Show a picture of a code."""
        drawn = await source.call("get_image", {"text": code})
        return CallToolResult.model_validate({"content": _pictures(drawn.get("content"))})

    server.add_tool(show_code)
    return server


def _pictures(content: object) -> list[object]:
    """Return only the image blocks.

    Raises:
        BridgeError: there are none.
    """
    blocks = [block for block in content if is_json(block)] if is_list(content) else []
    image_blocks: list[object] = [block for block in blocks if block.get("type") == "image"]
    if not image_blocks:
        text = " ".join(str(block.get("text", "")) for block in blocks)
        raise BridgeError(f"get_image drew nothing: {text}")
    return image_blocks
