"""A person is asked before a tool that may destroy something runs.

`approve` gets each call before it is made. Unless it answers True the call does not run, and the model is told so and goes
on. A plain function may wait for a person: it runs in a thread, one at a time. Run it with OPENAI_API_KEY set.
"""

from mcp.server import MCPServer
from mcp.types import ToolAnnotations
from openai import OpenAI

from imagebridge import Bridge
from imagebridge.events import ToolCall

# Otherwise each request to the API is logged between the questions.
album = MCPServer("album", log_level="WARNING")


@album.tool(annotations=ToolAnnotations(read_only_hint=True))
def list_pictures() -> list[str]:
    """Names of the pictures in the album."""
    return ["beach.jpg", "blurred.jpg", "harbour.jpg"]


@album.tool(annotations=ToolAnnotations(destructive_hint=True))
def delete_picture(name: str) -> str:
    """Delete a picture for good."""
    return f"{name} is deleted."


def ask(call: ToolCall) -> bool:
    """Let calls that destroy nothing run; ask about the others."""
    if not call.destructive:
        return True
    return input(f"{call.name} with {call.arguments}. Run it? [y/N] ").strip().lower() == "y"


with Bridge(album, approve=ask) as bridge:
    reply = bridge.run(OpenAI(), model="gpt-6-luna", input="Tidy up: delete the picture that is blurred.")
print(reply.text)
