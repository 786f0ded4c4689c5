"""The loop that people write by hand with the two SDKs. It contains no deliberate errors."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp import Client
    from mcp.types import CallToolResult
    from openai import AsyncOpenAI


async def ask(mcp: "Client", openai: "AsyncOpenAI", model: str, prompt: str, output: Any) -> str:
    """Ask the model, run the tools that it calls, and continue until it answers. `output` turns a result into an output."""
    listed = (await mcp.list_tools()).tools
    tools: list[Any] = [
        {"type": "function", "name": t.name, "description": t.description, "parameters": t.input_schema}
        for t in listed
    ]
    items: list[Any] = [{"role": "user", "content": prompt}]
    while True:
        response = await openai.responses.create(model=model, input=items, tools=tools)
        items += response.output
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            return response.output_text
        for call in calls:
            result = await mcp.call_tool(call.name, json.loads(call.arguments))
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": output(result)})


def parts(result: "CallToolResult") -> list[Any]:
    """Return a part for each block: text and image in the API's form, anything else as JSON."""
    output_parts: list[Any] = []
    for block in result.content:
        if block.type == "text":
            output_parts.append({"type": "input_text", "text": block.text})
        elif block.type == "image":
            url = f"data:{block.mime_type};base64,{block.data}"
            output_parts.append({"type": "input_image", "image_url": url})
        else:
            output_parts.append({"type": "input_text", "text": block.model_dump_json()})
    return output_parts


def dumped(result: "CallToolResult") -> str:
    """Return the whole result as JSON text: the shortest code, and the most common mistake."""
    return json.dumps(result.model_dump(mode="json"))
