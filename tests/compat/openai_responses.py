"""The strict endpoint of `imagebridge.testing`, called by a program that shows its model photographs."""

import json
from itertools import chain, count

from compat.shown import Refused, picture

from imagebridge.testing import Endpoint

OUTPUTS = ("function_call_output", "custom_tool_call_output")
SCRIPT = """\
const {{ name }} = ALL_TOOLS.find((one) => one.name.endsWith({name}));
const result = await tools[name]({arguments});
for (const block of result.content) block.type === "image" ? image(block) : text(block.text);
"""
"""What a model writes for Codex's `exec`."""


class OpenAIResponses:
    """Calls `model.turn(names of tools, results so far)` for each request that offers tools.

    refusals: why requests were refused.
    """

    def __init__(self, model):
        self.model = model
        self._numbers = count(1)
        self._endpoint = Endpoint([self._step] * 100)

    def __enter__(self):
        self.base_url = self._endpoint.start().base_url
        return self

    def __exit__(self, *_):
        self._endpoint.stop()

    @property
    def refusals(self):
        return [str(one) for one in self._endpoint.refusals]

    def _step(self, body):
        later = [item["tools"] for item in body["input"] if item.get("type") == "additional_tools"]
        offered = {}
        for tool in chain(body.get("tools", ()), *later):
            inside = [(one["name"], tool["name"]) for one in tool.get("tools", ())]
            offered |= dict(inside or [(tool.get("name"), None)])
        results = [shown(item["output"]) for item in body["input"] if item.get("type") in OUTPUTS]
        said = self.model.turn(list(offered), results) if offered else "Done."
        return said if isinstance(said, str) else [self._call(offered, *said)]

    def _call(self, offered, name, arguments):
        number = next(self._numbers)
        call = {"call_id": f"call_{number}", "status": "completed"}
        if name in offered:
            call |= {
                "type": "function_call",
                "id": f"fc_{number}",
                "name": name,
                "arguments": json.dumps(arguments),
            }
        else:
            # Code mode: the model writes a program, which calls tools that it was told of by name alone.
            script = SCRIPT.format(name=json.dumps(name), arguments=json.dumps(arguments))
            call |= {"type": "custom_tool_call", "id": f"ctc_{number}", "name": "exec", "input": script}
        space = offered[call["name"]]
        return call | ({"namespace": space} if space else {})


def shown(output):
    """Return the texts and pictures of an output, in order."""
    parts = [{"type": "input_text", "text": output}] if isinstance(output, str) else output
    return [
        part["text"] if part["type"] == "input_text" else of_url(part.get("image_url", "")) for part in parts
    ]


def of_url(url):
    """Return the picture of a data URL."""
    head, _, data = url.partition(";base64,")
    if not head.startswith("data:"):
        raise Refused(f"an address that is not a data URL: {url[:100]}")
    return picture(data, head.removeprefix("data:"))
