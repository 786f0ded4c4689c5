"""Tiny requests that show what an endpoint really refuses, one for each rule that OpenAI does not document.

A probe is a pair of bodies: one violates exactly one rule, the other is the same without the violation. A refusal of
the bad body is only meaningful if the good one is accepted.
"""

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from struct import pack
from typing import Literal

from imagebridge.facts.limits import MAX_TOOLS
from imagebridge.facts.models import chat_tools_of
from imagebridge.pictures.base64 import to_base64
from imagebridge.rules import RULES, Api, Evidence, refusals
from imagebridge.wire import JsonObject

ProbeVerdict = Literal["refused", "accepted", "unclear", "not probed"]


@dataclass(frozen=True, slots=True)
class Probe:
    """Two bodies that test a rule: `bad` violates this rule and no other, `good` violates none."""

    rule: str
    api: Api
    bad: JsonObject
    good: JsonObject


@dataclass(frozen=True, slots=True)
class EndpointAnswer:
    """An endpoint's answer: its HTTP status, which is None if there was no answer, and its message."""

    status: int | None
    message: str = ""

    @property
    def verdict(self) -> ProbeVerdict:
        """Whether the body was refused (400, on some servers 422), accepted, or neither."""
        if self.status in (400, 422):
            return "refused"
        return "accepted" if self.status is not None and 200 <= self.status < 300 else "unclear"

    def __str__(self) -> str:
        return " ".join(f"{self.status or 'no answer'}: {self.message}".split()).rstrip(": ")


@dataclass(frozen=True, slots=True)
class ProbeOutcome:
    """How an endpoint treats one rule: a row for `imagebridge.rules`."""

    rule: str
    source: Evidence
    seen: ProbeVerdict
    date: date
    answer: str
    expected: ProbeVerdict = "refused"


Send = Callable[[Api, JsonObject], Awaitable[EndpointAnswer]]
"""Posts a body to an API endpoint. Never raises, whatever the endpoint does."""

UNPROBED = {
    "picture-as-text": "the API accepts any text; the rule is about what a model can see",
    "remote-picture": "it applies only to the local endpoint, which downloads nothing",
    "lone-reasoning": "it needs a reasoning item that the endpoint itself generated",
}
"""Rules that no small request can test, and why."""


async def probe_endpoint(model: str, send: Send, today: date) -> AsyncIterator[ProbeOutcome]:
    """Probe each rule whose source is a report or our own strictness, in the order of `RULES`."""
    prepared = {probe.rule: probe for probe in probes(model)}
    controls: list[tuple[JsonObject, EndpointAnswer]] = []
    for rule in RULES:
        if rule.source == "documented":
            continue
        probe = prepared.get(rule.id)
        if probe is None:
            why = UNPROBED.get(rule.id, f"it does not apply to {model}")
            yield ProbeOutcome(rule.id, rule.source, "not probed", today, why)
            continue
        control = next((reply for body, reply in controls if body == probe.good), None)
        if control is None:
            control = await send(probe.api, probe.good)
            controls.append((probe.good, control))
        if control.verdict == "accepted":
            reply = await send(probe.api, probe.bad)
            yield ProbeOutcome(rule.id, rule.source, reply.verdict, today, str(reply))
        else:
            yield ProbeOutcome(
                rule.id, rule.source, "unclear", today, f"the correct request was answered with {control}"
            )


def probes(model: str) -> list[Probe]:
    """Return the probes that are meaningful for `model`: those whose bad body violates exactly their rule."""
    every = [*_responses(model), *_pictures(model), *_chat(model)]
    return [probe for probe in every if {one.rule for one in refusals(probe.bad, probe.api)} == {probe.rule}]


_SCHEMA: JsonObject = {"type": "object", "properties": {"at": {"type": "string"}}}


def _tool(name: str = "look", **more: object) -> JsonObject:
    return {"type": "function", "name": name, "description": "Look.", "parameters": _SCHEMA} | more


_USER = {"role": "user", "content": "Say ok."}
_CALL = {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"}


def _output(value: object, **more: object) -> JsonObject:
    return {"type": "function_call_output", "call_id": "call_1", "output": value} | more


def _body(model: str, *items: object, tools: list[JsonObject] | None = None) -> JsonObject:
    return {
        "model": model,
        "input": list(items),
        "tools": tools or [_tool()],
        "tool_choice": "none",
        "max_output_tokens": 16,
        "store": False,
    }


def _responses(model: str) -> Iterator[Probe]:
    good = _body(model, _USER, _CALL, _output("ok"))
    bad = {
        "unknown-part": [_USER, _CALL, _output([{"type": "output_text", "text": "ok"}])],
        "unknown-parameter": [_USER, _CALL, _output("ok", is_error=False)],
        "empty-output": [_USER, _CALL, _output([])],
        "output-without-call": [_USER, _output("ok")],
        "unanswered-call": [_USER, _CALL],
        "repeated-output": [_USER, _CALL, _output("ok"), _output("ok")],
        "mismatched-output": [_USER, _CALL, _output("ok", type="custom_tool_call_output")],
    }
    for rule, items in bad.items():
        yield Probe(rule, "responses", _body(model, *items), good)
    tools = {
        "too-many-tools": [_tool(f"look_{number}") for number in range(MAX_TOOLS + 1)],
        "tool-twice": [_tool(), _tool()],
        "tool-field": [_tool(annotations={})],
        "tool-schema": [_tool(parameters={"type": "object"})],
        "schema-combination": [_tool(parameters={**_SCHEMA, "anyOf": [{"required": ["at"]}]})],
        "array-items": [_tool(parameters={**_SCHEMA, "properties": {"at": {"type": "array"}}})],
        "strict-schema": [_tool(strict=True)],
    }
    for rule, definitions in tools.items():
        yield Probe(rule, "responses", {**good, "tools": definitions}, good)


def _picture_body(model: str, url: str, detail: str) -> JsonObject:
    picture = {"type": "input_image", "image_url": url, "detail": detail}
    return _body(model, _USER, _CALL, _output([picture]))


def _pictures(model: str) -> Iterator[Probe]:
    small = png(32, 32)
    good = _picture_body(model, _url(small), "low")
    bad = {
        "data-url": f"data:image;base64,{to_base64(small)}",
        "broken-picture": _url(small[:44]),
        "picture-bomb": _url(png(13_400, 13_400)),
        "animated-picture": _url(png(32, 32, frames=2)),
        "mislabelled-picture": _url(small, "image/jpeg"),
    }
    for rule, url in bad.items():
        yield Probe(rule, "responses", _picture_body(model, url, "low"), good)
    # 175 x 175 patches; the control has the same detail.
    large, fitting = _url(png(5_600, 5_600)), _url(small)
    yield Probe(
        "too-many-patches",
        "responses",
        _picture_body(model, large, "original"),
        _picture_body(model, fitting, "original"),
    )


def _chat(model: str) -> Iterator[Probe]:
    function = {"name": "look", "arguments": "{}"}
    calling = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
    }
    answer: JsonObject = {"role": "tool", "tool_call_id": "call_1", "content": "ok"}
    picture = {"type": "image_url", "image_url": {"url": _url(png(32, 32)), "detail": "low"}}
    schema = _tool()
    definition = {
        "type": "function",
        "function": {name: schema[name] for name in ("name", "description", "parameters")},
    }
    common: JsonObject = {
        "model": model,
        "tools": [definition],
        "tool_choice": "none",
        "max_completion_tokens": 16,
    }
    if chat_tools_of(model) == "without effort":
        common["reasoning_effort"] = "none"
    bad = {
        "chat-tool-picture": [_USER, calling, {**answer, "content": [picture]}],
        "chat-output-without-call": [_USER, answer],
        "chat-repeated-output": [_USER, calling, answer, answer],
    }
    for rule, messages in bad.items():
        yield Probe(
            rule, "chat", {**common, "messages": messages}, {**common, "messages": [_USER, calling, answer]}
        )


def _url(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{to_base64(data)}"


@cache
def png(width: int, height: int, frames: int = 1) -> bytes:
    """Return a black 1-bit PNG with `frames` equal frames; a few kB at any size."""
    pixels = zlib.compress(bytes(1 + (width + 7) // 8) * height, 9)
    # The numbering continues over frames and the data of all but the first (PNG 3, 11.3.2): 0, then 1 and 2, 3 and 4.
    controls = [
        pack(">IIIIIHHBB", max(0, 2 * at - 1), width, height, 0, 0, 1, 2, 0, 0) for at in range(frames)
    ]
    animated = frames > 1
    chunks = [_chunk(b"IHDR", pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))]
    chunks += [_chunk(b"acTL", pack(">II", frames, 0)), _chunk(b"fcTL", controls[0])] if animated else []
    chunks.append(_chunk(b"IDAT", pixels))
    for at in range(1, frames):
        chunks += [_chunk(b"fcTL", controls[at]), _chunk(b"fdAT", pack(">I", 2 * at) + pixels)]
    return b"\x89PNG\r\n\x1a\n" + b"".join([*chunks, _chunk(b"IEND", b"")])


def _chunk(name: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))
