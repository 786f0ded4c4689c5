"""Requests to the scripted endpoint, for its tests."""

from base64 import b64encode
from io import BytesIO

from openai import OpenAI
from PIL import Image

from imagebridge.testing import Endpoint

MODEL = "gpt-5.6-luna"
LOOK = ("look", {"at": "the sky"})
TOOLS = [
    {
        "type": "function",
        "name": "look",
        "description": "Look.",
        "parameters": {"type": "object", "properties": {"at": {"type": "string"}}},
        "strict": False,
    }
]


def url(colour="red", size=(640, 480), kind="PNG", mode="RGB") -> str:
    file = BytesIO()
    Image.new(mode, size, colour).save(file, kind)
    return f"data:image/{kind.lower()};base64,{b64encode(file.getvalue()).decode()}"


def picture(*arguments, detail="high") -> dict:
    return {"type": "input_image", "image_url": url(*arguments), "detail": detail}


def input_text(words: object) -> dict:
    return {"type": "input_text", "text": words}


def user(content: object = "Look.") -> dict:
    return {"role": "user", "content": content}


def call(call_id: object = "call_1", name: object = "look", **more) -> dict:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}"} | more


def output(value: object, call_id: object = "call_1", **more) -> dict:
    return {"type": "function_call_output", "call_id": call_id, "output": value} | more


def body(*items: object, **more) -> dict:
    return {"model": MODEL, "input": list(items)} | more


def calling(*call_ids: str, name="look") -> dict:
    """A message of Chat Completions that calls a tool."""
    calls = [
        {"id": one, "type": "function", "function": {"name": name, "arguments": "{}"}} for one in call_ids
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def answering(content: object, call_id: object = "call_1") -> dict:
    """A tool message of Chat Completions."""
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def chat(*messages: object, **more) -> dict:
    return {"model": MODEL, "messages": list(messages), "reasoning_effort": "none"} | more


def connected(endpoint: Endpoint) -> OpenAI:
    return OpenAI(base_url=endpoint.base_url, api_key="test")
