"""The classic function-calling program, in which a function returns a picture.

Only the three marked lines differ from the usual one, whose picture ends up as base64 text that costs
hundreds of thousands of tokens and that the model cannot see. Run it with OPENAI_API_KEY set.
"""

import json
import sys

from openai import OpenAI
from PIL import Image, ImageDraw

from imagebridge import function_call_output, tool_result  # changed: 1 of 3

TOOLS = [
    {
        "type": "function",
        "name": "get_image",
        "description": "Returns a picture of a sign that shows the given text.",
        "parameters": {
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
            "additionalProperties": False,
        },
        "strict": True,
    }
]


def get_image(text: str) -> Image.Image:
    """Draw a sign."""
    sign = Image.new("RGB", (640, 200), "#14532d")
    ImageDraw.Draw(sign).text((320, 100), text, "white", font_size=64, anchor="mm")
    return sign


def main() -> None:
    client = OpenAI()
    model = sys.argv[1] if len(sys.argv) > 1 else "gpt-6-luna"
    items = [{"role": "user", "content": "Get a picture of a sign that says HELLO and tell me its colours."}]
    response = client.responses.create(model=model, input=items, tools=TOOLS)
    items += response.output

    for item in response.output:
        if item.type == "function_call":
            picture = get_image(**json.loads(item.arguments))
            result = tool_result("The sign.", picture)  # changed: 2 of 3
            items.append(function_call_output(result, item.call_id))  # changed: 3 of 3

    response = client.responses.create(model=model, input=items, tools=TOOLS)
    print(response.output_text)


if __name__ == "__main__":
    main()
