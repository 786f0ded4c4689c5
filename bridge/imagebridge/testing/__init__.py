"""A strict local stand-in for OpenAI's API, for tests of what sends pictures to it.

Example::

    with Endpoint([[("load_image", {"source": "cat.png"})], "A cat."]) as endpoint:
        client = OpenAI(base_url=endpoint.base_url, api_key="test")
        ...
    assert endpoint.seen[0].size == (640, 480)

For pytest: `pytest_plugins = ["imagebridge.testing.fixtures"]` provides the fixture `endpoint`.
"""

from imagebridge.rules import RULES, Rule, without
from imagebridge.testing.endpoint import Endpoint, Exchange
from imagebridge.testing.seen import SeenPicture, pictures
from imagebridge.testing.steps import Call, Cut, Events, Fault, Late, Odd, Output, Step

__all__ = [
    "RULES",
    "Call",
    "Cut",
    "Endpoint",
    "Events",
    "Exchange",
    "Fault",
    "Late",
    "Odd",
    "Output",
    "Rule",
    "SeenPicture",
    "Step",
    "pictures",
    "without",
]
