"""The rule against the classic mistake: a picture in a text, which the API accepts but no model can see."""

import re
from collections.abc import Iterator

from imagebridge.rules import sources
from imagebridge.rules.body import OUTPUTS, Body, contents
from imagebridge.rules.rule import Breach, Rule

# How the four formats begin in base64 (PNG, JPEG, GIF, WebP), with enough characters to exclude examples. Sound
# begins like WebP, so the format name after the size is included.
_STARTS = ("iVBORw0KGgo", "/9j", "R0lGOD", "UklGR")
_MORE = r"[A-Za-z0-9+/=\\]"
_BASE64 = (
    rf"(?:(?:iVBORw0KGgo|/9j\\?/|R0lGODdh|R0lGODlh){_MORE}{{11}}|UklGR{_MORE}{{6,12}}XRUJQ){_MORE}{{37}}"
)
_PICTURE = re.compile(rf"(?:\b|(?=/)){_BASE64}")
_WHOLE = re.compile(rf"\s*(?:data:image/[a-z.+-]+;base64,)?{_BASE64}{_MORE}*\s*")
# JSON, or a Python object turned into text. An HTML page with small pictures in it is neither.
_DUMP = re.compile(r"""\s*(?:"|[\[{]\s*(?:[\[{"']|\w{1,80}\()|\w{1,80}\(|(?:meta|content|type|data)=)""")


def _blind(text: str) -> bool:
    """Return whether `text` is a picture in base64, or a dump of content blocks that contains one."""
    if _WHOLE.fullmatch(text):
        return True
    return _DUMP.match(text) is not None and any(_holds(text, start) for start in _STARTS)


def _holds(text: str, start: str) -> bool:
    """Return whether `text` contains a picture that starts with `start`. A pattern alone takes a second for 30 MB."""
    at = text.find(start)
    while at >= 0:
        if _PICTURE.match(text, at):
            return True
        at = text.find(start, at + 1)
    return False


def _output_texts(body: Body) -> Iterator[tuple[str, object]]:
    for item in body.items:
        if item.type in OUTPUTS or item.type == "tool":
            yield contents(item)
    for part in body.parts:
        if part.place in ("output", "tool") and part.type in ("input_text", "text"):
            yield f"{part.path}.text", part.fields.get("text")


def _pictures_as_text(body: Body) -> Iterator[Breach]:
    for path, text in _output_texts(body):
        if isinstance(text, str) and _blind(text):
            yield Breach(
                path,
                f"'{path}' contains a picture as text. The API accepts it, the model cannot see it, and each kilobyte "
                "costs hundreds of tokens. Send it as an input_image part.",
                f"{len(text)} characters; function_call_output() of imagebridge translates the result",
                code="picture_as_text",
            )


BLINDNESS: tuple[Rule, ...] = (
    Rule(
        "picture-as-text",
        "A tool's picture must be a content part, not base64 in text.",
        "ours",
        sources.issue("openai/codex", 4819),
        _pictures_as_text,
    ),
)
