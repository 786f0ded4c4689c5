"""How servers that speak OpenAI's APIs accept pictures in tool outputs: a dated table.

Read 2026-11-29 in the servers' issue trackers and documentation; versions change, so each row names its source.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from imagebridge.errors import nearest

Mode = Literal["native", "user_message", "text"]
"""How pictures are sent: in the tool's output, in a user message after the outputs, or not at all."""


@dataclass(frozen=True, slots=True)
class EndpointKind:
    """One kind of server: its mode in the Responses API and in Chat Completions, and the source."""

    responses: Mode
    chat: Mode
    source: str


ENDPOINTS: dict[str, EndpointKind] = {
    "openai": EndpointKind(
        "native", "user_message", "OpenAI's guides, 2026-09; chat: openai 3.54 types, tool content is text"
    ),
    "azure": EndpointKind(
        "native", "user_message", "assumed to be like OpenAI: no reports either way, 2026-11"
    ),
    "deepseek": EndpointKind(
        "user_message", "user_message", "api-docs.deepseek.com/guides/vision.md: user role"
    ),
    "llama.cpp": EndpointKind(
        "user_message",
        "native",
        "ggml-org/llama.cpp#23542, PR #27958: chat accepts pictures in every role; PR #22575: outputs accept pictures "
        "but not files; earlier builds refuse pictures too (seen on 2026-09-23)",
    ),
    "lm-studio": EndpointKind(
        "user_message", "user_message", "lmstudio bug-tracker#2248: arrays in outputs refused"
    ),
    "mistral": EndpointKind(
        "native",
        "user_message",
        "docs.mistral.ai, studio/conversations/responses, 2026-11: data URLs in function results, files too; "
        "chat assumed",
    ),
    "mlx-vlm": EndpointKind(
        "user_message", "user_message", "Blaizzy/mlx-vlm#1761: arrays written as JSON text"
    ),
    "ollama": EndpointKind(
        "native", "user_message", "ollama's openai/responses.go: pictures and files in an output are decoded"
    ),
    "openrouter": EndpointKind("user_message", "user_message", "assumed: nothing found, 2026-11"),
    "vllm": EndpointKind(
        "text", "user_message", "vllm-project/vllm#46631 (Responses), #43203 (chat tool role)"
    ),
    "xai": EndpointKind("user_message", "user_message", "docs.x.ai: pictures in the user role"),
    # For servers that are not listed, the mode itself can be named.
    "native": EndpointKind("native", "native", "named by the caller"),
    "user_message": EndpointKind("user_message", "user_message", "named by the caller"),
    "text": EndpointKind("text", "text", "named by the caller"),
}


@lru_cache
def endpoint_kind(name: str | None) -> EndpointKind:
    """Return the row for a server, or OpenAI's row for None.

    Raises:
        ValueError: the server is unknown; the message lists the known ones.
    """
    kind = ENDPOINTS.get((name or "openai").lower())
    if kind is None:
        near = nearest(name or "", ENDPOINTS)
        hint = f"; did you mean {near!r}?" if near else "."
        raise ValueError(f"unknown server {name!r}{hint} Available: {', '.join(ENDPOINTS)}")
    return kind
