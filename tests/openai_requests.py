"""Requests to the scripted endpoint, as the tests of it write them."""

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


def user(content="Look.") -> dict:
    return {"role": "user", "content": content}


def connected(endpoint: Endpoint) -> OpenAI:
    return OpenAI(base_url=endpoint.base_url, api_key="test")
