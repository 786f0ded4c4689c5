"""The strict endpoint of `imagebridge.testing`, asked by a program that shows its model photographs."""

import json

from compat.shown import Refused, picture

from imagebridge.testing import Endpoint


class OpenAIResponses:
    """Asks `model.turn(names of tools, results so far)` in each request that offers tools.

    refusals: why requests were refused.
    """

    def __init__(self, model):
        self.model = model
        self._calls = 0
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
        offered = {}
        for tool in body.get("tools", ()):
            inside = [(one["name"], tool["name"]) for one in tool.get("tools", ())]
            offered |= dict(inside or [(tool.get("name"), None)])
        results = [
            shown(item["output"]) for item in body["input"] if item.get("type") == "function_call_output"
        ]
        said = self.model.turn(list(offered), results) if offered else "Done."
        if isinstance(said, str):
            return said
        name, arguments = said
        self._calls += 1
        call = {"type": "function_call", "id": f"fc_{self._calls}", "call_id": f"call_{self._calls}"}
        space = {"namespace": offered[name]} if offered[name] else {}
        return [call | space | {"name": name, "arguments": json.dumps(arguments), "status": "completed"}]


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
