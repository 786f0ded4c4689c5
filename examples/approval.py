"""Asks a person for approval before running a tool that may destroy something.

`approve` receives each call before it runs. Unless it returns True, the call does not run; the model is told so and
continues. A plain function may wait for a person, because it runs in a thread, for one call at a time. Run this program
with OPENAI_API_KEY set.
"""

from mcp.server import MCPServer
from mcp.types import ToolAnnotations
from openai import OpenAI

from imagebridge import Bridge
from imagebridge.events import ToolCall

# Otherwise, each request to the API would be logged between the questions.
album = MCPServer("album", log_level="WARNING")


@album.tool(annotations=ToolAnnotations(read_only_hint=True))
def list_pictures() -> list[str]:
    """List the names of the pictures in the album."""
    return ["beach.jpg", "blurred.jpg", "harbour.jpg"]


@album.tool(annotations=ToolAnnotations(destructive_hint=True))
def delete_picture(name: str) -> str:
    """Delete a picture permanently."""
    return f"{name} is deleted."


def ask(call: ToolCall) -> bool:
    """Approve calls that destroy nothing; ask about all others."""
    if not call.destructive:
        return True
    return input(f"{call.name} with {call.arguments}. Run it? [y/N] ").strip().lower() == "y"


with Bridge(album, approve=ask) as bridge:
    reply = bridge.run(OpenAI(), model="gpt-6-luna", input="Tidy up: delete the picture that is blurred.")
print(reply.text)
