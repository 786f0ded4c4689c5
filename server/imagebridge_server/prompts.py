"""What a person may start from in a host that shows prompts: each is one message that names the tools to call."""

from typing import Annotated

from mcp.server.mcpserver.prompts import Prompt
from pydantic import Field

Place = Annotated[
    str, Field(description="A picture: a path below an allowed folder, a file: URL or a data: URL.")
]
First = Annotated[str, Field(description="The first picture, or the one before.")]
Second = Annotated[str, Field(description="The second picture, or the one after.")]
File = Annotated[str, Field(description="A CSV or JSON file below an allowed folder.")]
Question = Annotated[str, Field(description="What the answer should be about.")]


def prompts() -> list[Prompt]:
    """Return the prompts: describe a picture, compare two, chart a file."""
    return [
        Prompt.from_function(describe_image, title="Describe a picture"),
        Prompt.from_function(compare_images, title="Compare two pictures"),
        Prompt.from_function(chart_file, title="Chart a file"),
    ]


def describe_image(source: Place, question: Question = "") -> str:
    """Load a picture and say what it shows."""
    asked = f" Answer this: {question}" if question else ""
    return (
        f"Call load_image with source {source!r}. Then describe what you see: what it is, the text in it word for "
        "word, and what stands out. Say what you cannot make out instead of guessing. If the sentence gives a factor "
        f"for coordinates, use it for places in the picture.{asked}"
    )


def compare_images(first: First, second: Second) -> str:
    """Load two pictures and say what differs."""
    return (
        f"Compare two pictures. The first is {first!r}, the second {second!r}. If there is a tool that compares "
        "pictures, call it with both; else call load_image for each. Then list what differs, the most important "
        "first, with where it is; say so if nothing does."
    )


def chart_file(path: File, question: Question = "") -> str:
    """Draw a file of rows as a chart and say what it shows."""
    asked = f" It should answer this: {question}" if question else ""
    return (
        f"Call generate_chart with data {path!r} and the kind that suits its columns; leave columns out at first, the "
        "sentence names those it used. Look at the chart: if it is crowded or shows the wrong columns, call again "
        f"with others. Then say in three sentences what it shows, with numbers from it.{asked}"
    )
